"""Gathering the facts, whatever the system; on macOS and Windows a scan is all that can be asked (docs/doctor.md)."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backstride.driver.doctor.listening import listen, read
from backstride.driver.doctor.snapshot import Access, Air, Host, Obstacle, Snapshot, System
from backstride.machines.facts import WireUnit

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.driver.discovery import Discovery
    from backstride.driver.doctor.snapshot import Bluez, Patient

if sys.platform == "linux":
    from backstride.driver.doctor.bluez import look as look_at_bluez

_SYSTEMS: Final = {"darwin": System.MACOS, "win32": System.WINDOWS}
_UNREACHED: Final = Air(0, obstacle=Obstacle.OTHER, sentence="Bluetooth itself was not reached.")


async def look_around(
    discovery: Discovery,
    *,
    patients: tuple[Patient, ...] = (),
    seconds: float,
    chosen: str | None = None,
    connect: bool = False,
    console: Callable[[str], WireUnit] = lambda _: WireUnit.KMH,
    root: Path = Path("/"),
) -> Snapshot:
    """Find out what can be found out; nothing is started, moved or written.

    Args:
        discovery: What hears treadmills.
        patients: Treadmills that are asked about; none means whatever is heard.
        seconds: How long to listen; 0 does not.
        chosen: The adapter that the person chose.
        connect: Whether the person asked for a connection to the one patient, to read what it says of itself.
        console: Tells what the console of the treadmill at an address is set to.
        root: Where the kernel's files lie.
    """
    host = _host(root)
    bluez = await _look_at_bluez(patients, root)
    if not seconds:
        return Snapshot(host, bluez, None, chosen, patients)
    if bluez is not None and bluez.access is not Access.OPEN:  # a scan would make the system start BlueZ
        return Snapshot(host, bluez, _UNREACHED, chosen, patients)
    air, heard = await listen(discovery, seconds, _addresses(patients))
    reading = None
    if connect and len(patients) == 1:
        there = [one for one, sighting in zip(heard, air.sightings, strict=True) if patients[0].is_at(sighting)]
        if len(there) == 1:
            reading = await read(there[0], patients[0].facts, console(there[0].address))
    return Snapshot(host, bluez, air, chosen, patients, reading)


async def _look_at_bluez(patients: tuple[Patient, ...], root: Path) -> Bluez | None:
    if sys.platform != "linux":
        return None
    return await look_at_bluez(_addresses(patients), root)


def _addresses(patients: tuple[Patient, ...]) -> list[str]:
    return [patient.address for patient in patients if patient.address is not None]


def _host(root: Path) -> Host:
    try:
        bleak = importlib.metadata.version("bleak")
    except importlib.metadata.PackageNotFoundError:
        bleak = None
    try:
        board = (root / "proc/device-tree/model").read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        board = None
    return Host(
        system=_SYSTEMS.get(sys.platform, System.LINUX),
        release=platform.mac_ver()[0] or platform.release() or None,
        python=platform.python_version(),
        bleak=bleak,
        board=board,
    )
