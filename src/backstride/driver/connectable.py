"""What can be connected to: the one way from a scan, or from a simulator, to the driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import BaseBleakScanner


class Connectable(Protocol):
    """Anything with a Bluetooth device and the bleak backends that reach it; None is the platform's own.

    What a scan finds is one, and so is a simulated treadmill.
    """

    @property
    def device(self) -> BLEDevice:
        """The device as bleak's scanner describes it."""

    @property
    def backend(self) -> type[BaseBleakClient] | None:
        """The bleak client backend."""

    @property
    def scanner_backend(self) -> type[BaseBleakScanner] | None:
        """The bleak scanner backend that hears the device; None beside a `backend` is none."""

    @property
    def adapter(self) -> str | None:
        """The Bluetooth adapter that was chosen to reach it; None leaves it to the system."""


def is_simulated(target: Connectable) -> bool:
    """Return True if the bleak backend says of itself that what it reaches is no real treadmill (S1)."""
    return bool(getattr(target.backend, "simulated", False))
