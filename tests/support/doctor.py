"""Snapshots of computers and gyms, as literals, for tests of what the doctor makes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backstride.driver.doctor.examination import examine
from backstride.driver.doctor.snapshot import Access, Adapter, Air, Bluez, Host, Sighting, Snapshot, System
from backstride.machines.facts import load_facts

if TYPE_CHECKING:
    from typing import Any

    from backstride.driver.doctor.findings import Check, Finding

DONGLE: Final = Adapter("hci1", "00:1A:7D:DA:71:13", powered=True, discovering=False, central=True, usb=True)
BUILT_IN: Final = Adapter("hci0", "DC:A6:32:00:00:01", powered=True, discovering=False, central=True, usb=False)
WELL: Final = Bluez(Access.OPEN, (5, 82), (BUILT_IN,), ("hci0",), (), (), ())
HEARD: Final = Sighting("Treadmill", "AA:BB:CC:DD:EE:FF", -58, 0.4, True, True, load_facts("horizon-t202"))  # noqa: FBT003 - free, and one
LINUX: Final = Snapshot(
    Host(System.LINUX, "6.12.0", "3.13.1", "3.1.0"),
    WELL,
    Air(8.0, (HEARD,)),
)
MACOS: Final = Snapshot(Host(System.MACOS, "15.3", "3.13.1", "3.1.0"), None, Air(8.0, (HEARD,)))
WINDOWS: Final = Snapshot(Host(System.WINDOWS, "11", "3.13.1", "3.1.0"), None, Air(8.0, (HEARD,)))
EVERY_SYSTEM: Final = (LINUX, MACOS, WINDOWS)


def bluez(**facts: Any) -> Snapshot:  # noqa: ANN401 - whatever BlueZ may tell
    """Return a Linux that is well but for these facts of its BlueZ."""
    return replace(LINUX, bluez=replace(WELL, **facts))


def heard(snapshot: Snapshot = LINUX, **facts: Any) -> Snapshot:  # noqa: ANN401 - whatever is heard
    """Return a computer that hears a treadmill with these facts."""
    return replace(snapshot, air=Air(8.0, (replace(HEARD, **facts),)))


def found(snapshot: Snapshot, check: Check) -> Finding:
    """Return the one finding of a check."""
    (finding,) = (finding for finding in examine(snapshot) if finding.check is check)
    return finding
