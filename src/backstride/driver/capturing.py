"""What is known of a machine and of this system before a capture of it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bleak.backends import get_default_backend

from backstride.capture.header import Header
from backstride.driver.bluez_version import bluez_version
from backstride.driver.connectable import is_simulated

if TYPE_CHECKING:
    from backstride.driver.connectable import Connectable


def header_of(target: Connectable, note: str = "") -> Header:
    """Return the header of a capture of `target` that begins now.

    Args:
        target: What a scan found, or a simulated treadmill.
        note: What is to be said about the capture.
    """
    backend = target.backend
    return Header.now(
        address=target.device.address,
        name=target.device.name,
        backend=get_default_backend().value if backend is None else backend.__name__,
        bluez=_bluez() if backend is None else None,
        simulated=is_simulated(target),
        note=note,
    )


def _bluez() -> str | None:
    """Return the version of BlueZ, as its own programs say it; None where there is none."""
    version = bluez_version()
    return None if version is None else ".".join(map(str, version))
