"""What is known of a machine and of this system before a capture of it begins."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

from bleak.backends import get_default_backend

from backstride.capture.header import Header

if TYPE_CHECKING:
    from backstride.driver.connectable import Connectable

_SAYS_WITHIN: Final = 2.0  # seconds for BlueZ's own tool to say its version


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
        simulated=bool(getattr(backend, "simulated", False)),
        note=note,
    )


def _bluez() -> str | None:
    """Return the version of BlueZ, as its own tool says it; None where there is none."""
    if sys.platform != "linux":
        return None
    try:
        command = ["bluetoothctl", "--version"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=_SAYS_WITHIN, check=False)  # noqa: S603 - no argument comes from outside
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip().rpartition(" ")[2] or None
