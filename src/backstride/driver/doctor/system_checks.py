"""The computer and its Bluetooth: what the facts mean. Pure, and total: whatever is unknown is said to be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from backstride.driver.doctor import remedies
from backstride.driver.doctor.findings import Check, note, ok, trouble, unknown
from backstride.driver.doctor.snapshot import Access, Bluez, Obstacle, System

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.driver.doctor.findings import Finding
    from backstride.driver.doctor.snapshot import Adapter, Air, Host, Snapshot

NEEDED_BLEAK: Final = (3, 1)
"""The oldest bleak whose API is used here (pyproject.toml)."""

NEEDED_BLUEZ: Final = (5, 55)
"""The oldest BlueZ that bleak works with (bleak/backends/bluezdbus/version.py)."""

_LOSES_LINKS: Final = (
    "is reported to lose links by itself and to withhold notifications; 5.66 does not (bluez/bluez issue 509)"
)
_FOUR_TREADMILLS: Final = (
    "crashes where several programs, or one, scan and connect to four treadmills or more at the same time; with one "
    "treadmill it is well (measured: docs/bluez.md)"
)
_FILTERED_SCANS: Final = (
    "crashes when a program scans for certain services alone (bluez/bluez issue 2282); Backstride does not, other "
    "programs may"
)
KNOWN_BLUEZ: Final = {(5, 64): _LOSES_LINKS, (5, 66): _FOUR_TREADMILLS, (5, 87): _FILTERED_SCANS}
"""Releases with a known trouble, and what they do."""

_BAD_MACOS: Final = ("12.0", "12.1", "12.2")  # bleak, docs/troubleshooting: scans without services hear nothing
_NUMBERS: Final = re.compile(r"(\d+)\.(\d+)")
_NOT_LISTENED: Final = "Nobody has listened, and this system tells a program nothing before it does."


def check_system(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield what is found of the computer and its Bluetooth."""
    yield _software(snapshot.host)
    yield from _release(snapshot.host)
    if snapshot.host.system is System.LINUX:
        bluez = snapshot.bluez or Bluez()
        yield _service(bluez)
        yield _permission(bluez)
        yield _version(bluez)
        yield from _adapters(bluez, snapshot.chosen)
        yield _blocked(bluez)
        yield from _power(bluez, snapshot.chosen)
        yield _scanners(bluez, snapshot.chosen)
    else:
        yield from _elsewhere(snapshot.air, snapshot.chosen)
    yield _watchdog(snapshot)


def _software(host: Host) -> Finding:
    if host.bleak is None or host.python is None:
        return unknown(Check.SOFTWARE, "The versions of Python and bleak are not told.", remedies.UPDATE_BLEAK)
    found = f"bleak {host.bleak} on Python {host.python}"
    version = _NUMBERS.match(host.bleak)
    if version is not None and (int(version[1]), int(version[2])) < NEEDED_BLEAK:
        needed = ".".join(map(str, NEEDED_BLEAK))
        return trouble(Check.SOFTWARE, f"{found}: Backstride needs bleak {needed} or later.", remedies.UPDATE_BLEAK)
    return ok(Check.SOFTWARE, f"{found}.")


def _release(host: Host) -> Iterator[Finding]:
    if host.system is System.MACOS:
        if host.release is None:
            yield unknown(Check.SYSTEM, "The release of macOS is not told.")
        elif ".".join(host.release.split(".")[:2]) in _BAD_MACOS:
            meaning = f"macOS {host.release} lets programs hear nothing (mended in 12.3)."
            yield trouble(Check.SYSTEM, meaning, remedies.UPDATE_MACOS)
        else:
            yield ok(Check.SYSTEM, f"macOS {host.release}.")
    if host.board is not None and "Raspberry Pi" in host.board:
        meaning = f"{host.board}: its own Bluetooth and its Wi-Fi share one chip, and at 2.4 GHz disturb one another."
        yield note(Check.SYSTEM, meaning, remedies.USE_OTHER_WIFI)


# --- Linux


def _service(bluez: Bluez) -> Finding:
    match bluez.access:
        case Access.OPEN:
            return ok(Check.SERVICE, "BlueZ is running.")
        case Access.NO_BUS:
            return trouble(Check.SERVICE, "The system's message bus cannot be reached, nor BlueZ.", remedies.START_BUS)
        case Access.NO_SERVICE:
            return trouble(Check.SERVICE, "BlueZ is not running.", remedies.START_BLUEZ)
        case Access.SILENT:
            return trouble(Check.SERVICE, "BlueZ is there, but does not answer.", remedies.RESTART_BLUEZ)
        case Access.DENIED:
            return unknown(Check.SERVICE, "This user may not ask whether BlueZ is running.")
        case None:
            return unknown(Check.SERVICE, "The system's message bus was not asked.")


def _permission(bluez: Bluez) -> Finding:
    if bluez.access is Access.DENIED:
        return trouble(Check.PERMISSION, "This user may not use Bluetooth.", remedies.GET_PERMISSION)
    if bluez.access is Access.OPEN:
        return ok(Check.PERMISSION, "This user may use Bluetooth.")
    return unknown(Check.PERMISSION, "Nobody answered who could give or refuse it.")


def _version(bluez: Bluez) -> Finding:
    if bluez.version is None:
        return unknown(Check.VERSION, "Neither bluetoothctl nor bluetoothd is there to tell it.")
    version = ".".join(map(str, bluez.version))
    if bluez.version < NEEDED_BLUEZ:
        needed = ".".join(map(str, NEEDED_BLUEZ))
        return trouble(Check.VERSION, f"BlueZ {version} is too old: it takes {needed} or later.", remedies.UPDATE_BLUEZ)
    if (trouble_with_it := KNOWN_BLUEZ.get(bluez.version)) is not None:
        return note(Check.VERSION, f"BlueZ {version} {trouble_with_it}.", remedies.OTHER_BLUEZ)
    return ok(Check.VERSION, f"BlueZ {version}; no trouble with it is known.")


def _adapters(bluez: Bluez, chosen: str | None) -> Iterator[Finding]:
    if bluez.adapters is None:
        yield unknown(Check.ADAPTER, "BlueZ has not told which adapters there are.")
        return
    if not bluez.adapters:
        if bluez.kernel_adapters:
            names = ", ".join(bluez.kernel_adapters)
            meaning = f"The system has an adapter ({names}), but BlueZ does not take it up."
            yield trouble(Check.ADAPTER, meaning, remedies.RESTART_BLUEZ)
        else:
            meaning = "This computer has no Bluetooth adapter, or none that the system knows."
            yield trouble(Check.ADAPTER, meaning, remedies.GET_ADAPTER)
        return
    names = ", ".join(map(_described, bluez.adapters))
    if all(adapter.central is False for adapter in _meant(bluez.adapters, chosen)):
        if chosen is None or any(adapter.name == chosen for adapter in bluez.adapters):
            yield trouble(Check.ADAPTER, f"{names}: no Bluetooth Low Energy.", remedies.GET_LOW_ENERGY)
        else:
            yield trouble(Check.ADAPTER, f"There is no adapter {chosen}; there is {names}.", remedies.CHOOSE_OTHER)
    else:
        yield ok(Check.ADAPTER, f"{names}.")
    if len(bluez.adapters) > 1 and chosen is None:
        meaning = (
            f"There are {len(bluez.adapters)} adapters, and bleak takes one that is switched on: any, each time anew."
        )
        yield note(Check.CHOICE, meaning, remedies.CHOOSE_ADAPTER)
    elif chosen is not None:
        yield ok(Check.CHOICE, f"{chosen} was chosen.")


def _described(adapter: Adapter) -> str:
    where = {True: ", USB", False: ", built in", None: ""}[adapter.usb]
    return f"{adapter.name} ({adapter.address or 'address unknown'}{where})"


def _meant(adapters: tuple[Adapter, ...], chosen: str | None) -> tuple[Adapter, ...]:
    """Return the adapters that may be used; none if the chosen one is not there."""
    return tuple(adapter for adapter in adapters if chosen in {None, adapter.name})


def _blocked(bluez: Bluez) -> Finding:
    if bluez.switches is None:
        return unknown(Check.BLOCKED, "The system shows no radio switches (rfkill), as in a container.")
    for switch in bluez.switches:
        if switch.hard:
            meaning = f"Bluetooth is blocked by a switch of the computer ({switch.name})."
            return trouble(Check.BLOCKED, meaning, remedies.TURN_SWITCH)
    for switch in bluez.switches:
        if switch.soft:
            meaning = f"Bluetooth is blocked by the system ({switch.name}), as in flight mode."
            return trouble(Check.BLOCKED, meaning, remedies.UNBLOCK)
    return ok(Check.BLOCKED, "Nothing blocks Bluetooth (rfkill).")


def _power(bluez: Bluez, chosen: str | None) -> Iterator[Finding]:
    meant = _meant(bluez.adapters or (), chosen)
    if any(adapter.powered for adapter in meant):
        yield ok(Check.POWER, "Bluetooth is switched on.")
    elif meant and all(adapter.powered is False for adapter in meant):
        yield trouble(Check.POWER, "Bluetooth is switched off.", remedies.SWITCH_ON)
    else:
        yield unknown(Check.POWER, "No adapter has told whether it is switched on.")


def _scanners(bluez: Bluez, chosen: str | None) -> Finding:
    meant = _meant(bluez.adapters or (), chosen)
    busy = [adapter.name for adapter in meant if adapter.discovering]
    if busy:
        who = f" {_programs(bluez)}" if bluez.programs else ""
        meaning = f"Another program is scanning with {', '.join(busy)}.{who}"
        return note(Check.SCANNERS, meaning, remedies.END_SCANNERS)
    if meant and all(adapter.discovering is False for adapter in meant):
        return ok(Check.SCANNERS, "No other program is scanning.")
    return unknown(Check.SCANNERS, "No adapter has told whether another program is scanning.")


def _programs(bluez: Bluez) -> str:
    return f"On the message bus are: {', '.join(bluez.programs or ())}."


# --- macOS and Windows: what a scan tells


def _elsewhere(air: Air | None, chosen: str | None) -> Iterator[Finding]:
    yield _service_elsewhere(air)
    yield _told(air, Check.PERMISSION, {Obstacle.DENIED, Obstacle.FORBIDDEN}, "This program may use Bluetooth.")
    yield _told(air, Check.ADAPTER, {Obstacle.NO_ADAPTER, Obstacle.NO_LOW_ENERGY}, "There is a Bluetooth adapter.")
    if chosen is not None:
        meaning = f"{chosen} was chosen, but only Linux lets a program choose its adapter."
        yield trouble(Check.CHOICE, meaning, remedies.CHOOSE_OTHER)
    yield unknown(Check.BLOCKED, "This system does not tell a program what blocks Bluetooth; its power switch it does.")
    yield _told(air, Check.POWER, {Obstacle.OFF}, "Bluetooth is switched on.")
    yield unknown(Check.SCANNERS, "This system does not tell a program which others are scanning.")


def _service_elsewhere(air: Air | None) -> Finding:
    if air is None:
        return unknown(Check.SERVICE, _NOT_LISTENED)
    if air.obstacle is Obstacle.OTHER:
        return trouble(Check.SERVICE, air.sentence, remedies.SWITCH_ON)
    if air.obstacle is not None:
        return unknown(Check.SERVICE, f"It could not be asked: {air.sentence}")
    return ok(Check.SERVICE, "The system's Bluetooth answers.")


def _told(air: Air | None, check: Check, theirs: set[Obstacle], all_well: str) -> Finding:
    """Return what a scan says of one check, whose obstacles are `theirs`."""
    if air is None:
        return unknown(check, _NOT_LISTENED)
    if air.obstacle in theirs:
        return trouble(check, air.sentence, _REMEDIES[air.obstacle])
    if air.obstacle is not None:
        return unknown(check, f"It could not be asked: {air.sentence}")
    return ok(check, all_well)


_REMEDIES: Final = {
    Obstacle.NO_ADAPTER: remedies.GET_ADAPTER,
    Obstacle.NO_LOW_ENERGY: remedies.GET_LOW_ENERGY,
    Obstacle.OFF: remedies.SWITCH_ON,
    Obstacle.DENIED: remedies.GET_PERMISSION,
    Obstacle.FORBIDDEN: remedies.ASK_ADMINISTRATOR,
}


def _watchdog(snapshot: Snapshot) -> Finding:
    if snapshot.host.system is not System.LINUX:
        meaning = "There is no watchdog on this system: if the program is killed or hangs, nothing stops the belt (S6)."
        return note(Check.WATCHDOG, meaning, remedies.CLIP_KEY)
    if snapshot.bluez is not None and snapshot.bluez.access is Access.OPEN:
        return ok(Check.WATCHDOG, "A second process stops the belt if the program is killed or hangs (S6).")
    return unknown(Check.WATCHDOG, "It works through BlueZ, which was not reached (S6).", remedies.CLIP_KEY)
