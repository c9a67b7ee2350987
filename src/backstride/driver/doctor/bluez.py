"""Bluetooth on Linux, as BlueZ tells it on the system's bus and the kernel in /sys. It asks, and changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dbus_fast.errors import AuthError

from backstride.driver.bluez_version import bluez_version
from backstride.driver.doctor.snapshot import Access, Adapter, Bluez, Held, Switch
from backstride.driver.watchdog.bluez import BusError, SystemBus
from backstride.protocol import uuids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    Objects = Mapping[str, Mapping[str, Mapping[str, Any]]]

_SERVICE: Final = "org.bluez"
_ADAPTER: Final = "org.bluez.Adapter1"
_DEVICE: Final = "org.bluez.Device1"
_CHARACTERISTIC: Final = "org.bluez.GattCharacteristic1"
_ACCESS_DENIED: Final = "org.freedesktop.DBus.Error.AccessDenied"
_ADAPTER_NAME: Final = re.compile(r"hci\d+")  # beside it lie connections, such as hci0:64
_USERS: Final = ("backstride", "blue", "gnome-control-c", "hass", "node", "python")
"""Beginnings of the names of programs that may be what holds a treadmill; the system's own services are not."""


async def look(known: Collection[str], root: Path = Path("/")) -> Bluez:
    """Return what BlueZ and the kernel tell.

    Args:
        known: Addresses of treadmills, whatever BlueZ knows of their services.
        root: Where the kernel's files lie.
    """
    with ThreadPoolExecutor(1) as aside:
        version = await asyncio.get_running_loop().run_in_executor(aside, bluez_version)
    kernel_adapters, switches = _kernel_adapters(root), _switches(root)
    bus = SystemBus()
    try:
        access, objects, programs = await _ask(bus, root)
    finally:
        bus.close()
    return Bluez(
        access=access,
        version=version,
        adapters=None if objects is None else tuple(_adapters(objects, root)),
        kernel_adapters=kernel_adapters,
        switches=switches,
        held=None if objects is None else tuple(_held(objects, {address.upper() for address in known})),
        programs=programs,
    )


async def _ask(bus: SystemBus, root: Path) -> tuple[Access, Objects | None, tuple[str, ...] | None]:
    """Ask the bus; BlueZ only if it is there, for a question would make the system start it."""
    try:
        await bus.open(lambda *_: None, "/org/bluez")
        if not await bus.ask("NameHasOwner", "s", _SERVICE):
            return Access.NO_SERVICE, None, None
        objects = await bus.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    except BusError as error:
        return _why(error), None, None
    return Access.OPEN, objects, await _programs(bus, root)


def _why(error: BusError) -> Access:
    if error.name == _ACCESS_DENIED or isinstance(error.__cause__, PermissionError | AuthError):
        return Access.DENIED
    if isinstance(error.__cause__, TimeoutError):
        return Access.SILENT
    return Access.SILENT if error.name else Access.NO_BUS


def _adapters(objects: Objects, root: Path) -> Iterator[Adapter]:
    for path, interfaces in sorted(objects.items()):
        if _ADAPTER in interfaces:
            known = interfaces[_ADAPTER]
            roles = _value(known, "Roles")
            name = path.rpartition("/")[2]
            yield Adapter(
                name=name,
                address=_value(known, "Address"),
                powered=_value(known, "Powered"),
                discovering=_value(known, "Discovering"),
                central=None if roles is None else "central" in roles,
                usb=_is_usb(root, name),
            )


def _held(objects: Objects, known: Collection[str]) -> Iterator[Held]:
    for path, interfaces in sorted(objects.items()):
        device = interfaces.get(_DEVICE, {})
        if not _value(device, "Connected"):
            continue
        address = _value(device, "Address") or path.rpartition("/dev_")[2].replace("_", ":")
        if uuids.FITNESS_MACHINE_SERVICE in (_value(device, "UUIDs") or ()) or address.upper() in known:
            yield Held(
                name=_value(device, "Alias") or _value(device, "Name") or address,
                address=address,
                adapter=path.split("/")[-2],
                in_use=_in_use(objects, path),
            )


def _in_use(objects: Objects, device: str) -> bool | None:
    """Tell whether a program takes a device's values: when one ends, BlueZ keeps its link, but no subscription."""
    states = [
        _value(interfaces[_CHARACTERISTIC], "Notifying")
        for path, interfaces in objects.items()
        if path.startswith(f"{device}/") and _CHARACTERISTIC in interfaces
    ]
    return None if not states else any(states)


def _value(properties: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - as wide as the bus is
    return properties[name].value if name in properties else None


# --- who else is on the bus


async def _programs(bus: SystemBus, root: Path) -> tuple[str, ...] | None:
    """Return the programs on the bus that may use Bluetooth; None if the bus does not tell."""
    numbers: set[int] = set()
    try:
        for name in await bus.ask("ListNames"):
            if name.startswith(":"):
                with contextlib.suppress(BusError):  # it has left meanwhile
                    numbers.add(await bus.ask("GetConnectionUnixProcessID", "s", name))
    except BusError:
        return None
    named = ((number, _program(root, number)) for number in sorted(numbers - {os.getpid()}))
    return tuple(f"{name} (process {number})" for number, name in named if name is not None)


def _program(root: Path, number: int) -> str | None:
    """Return what a process is called if it may use Bluetooth, else None."""
    try:
        name = (root / f"proc/{number}/comm").read_text(encoding="utf-8", errors="replace").strip()
        words = (root / f"proc/{number}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:  # it has ended, or is hidden from us
        return None
    if not name.startswith(_USERS) or name == "bluetoothd":
        return None
    return " ".join(filter(None, (Path(words[0]).name, *words[1:3]))) or name


# --- what the kernel and the packages tell


def _kernel_adapters(root: Path) -> tuple[str, ...] | None:
    try:
        names = [entry.name for entry in (root / "sys/class/bluetooth").iterdir()]
    except OSError:
        return None
    return tuple(sorted(name for name in names if _ADAPTER_NAME.fullmatch(name)))


def _is_usb(root: Path, adapter: str) -> bool | None:
    entry = root / "sys/class/bluetooth" / adapter
    return "usb" in str(entry.resolve().relative_to(root.resolve())) if entry.exists() else None


def _switches(root: Path) -> tuple[Switch, ...] | None:
    """Return the switches that block Bluetooth; None where the system shows none of any kind."""
    try:
        entries = sorted((root / "sys/class/rfkill").iterdir())
    except OSError:
        return None
    switches = []
    for entry in entries:
        with contextlib.suppress(OSError):  # unplugged meanwhile
            kind, name, soft, hard = ((entry / what).read_text().strip() for what in ("type", "name", "soft", "hard"))
            if kind == "bluetooth":
                switches.append(Switch(name, soft == "1", hard == "1"))
    return tuple(switches)
