"""A message bus of its own, and on it what BlueZ shows and answers: the seam below bleak and below the doctor."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final, Self

import pytest
from dbus_fast.aio.message_bus import MessageBus
from dbus_fast.constants import MessageType
from dbus_fast.message import Message
from dbus_fast.signature import Variant

from backstride.protocol import uuids

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

ADAPTER: Final = "/org/bluez/hci0"
DEVICE: Final = f"{ADAPTER}/dev_F0_F1_F2_F3_F4_F5"
ADDRESS: Final = "F0:F1:F2:F3:F4:F5"

_CONFIG: Final = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>{address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    {more}
  </policy>
</busconfig>
"""
_DENY: Final = '<deny send_destination="org.bluez"/>'
_TYPES: Final = {bool: "b", str: "s", int: "n", list: "as", bytes: "ay"}
_VALUES: Final = {
    uuids.FITNESS_MACHINE_FEATURE: bytes.fromhex("0d16000003000000"),
    uuids.SUPPORTED_SPEED_RANGE: bytes.fromhex("5000d0070a00"),  # 0.8 to 20.0 km/h by 0.1
    uuids.SUPPORTED_INCLINATION_RANGE: bytes.fromhex("000096000500"),  # 0 to 15 % by 0.5
    uuids.TREADMILL_DATA: None,
    uuids.CONTROL_POINT: None,
}
_FLAGS: Final = {uuids.TREADMILL_DATA: ["notify"], uuids.CONTROL_POINT: ["write", "indicate"]}


@contextlib.contextmanager
def message_bus(folder: Path, monkeypatch: pytest.MonkeyPatch, *, deny: bool = False) -> Iterator[str]:
    """Run a bus for the block, to which everybody in this process takes the system's for; yield its address."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon: apt-get install dbus")
    address = f"unix:path={folder / 'bus'}"
    config = folder / "bus.conf"
    config.write_text(_CONFIG.format(address=address, more=_DENY if deny else ""), encoding="utf-8")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    command = ("dbus-daemon", f"--config-file={config}", "--nofork", "--print-address")
    with subprocess.Popen(command, stdout=subprocess.PIPE) as daemon:
        try:
            assert daemon.stdout is not None
            daemon.stdout.readline()  # it listens
            yield address
        finally:
            daemon.terminate()


class BluezOnTheBus:
    """BlueZ with an adapter and what it knows of devices.

    Attributes:
        calls: The methods that were called, in order.
        silent: True if it answers nothing.
    """

    def __init__(self, address: str) -> None:
        self.calls: list[str] = []
        self.silent = False
        self._bus = MessageBus(bus_address=address)
        self._objects: dict[str, dict[str, dict[str, Variant]]] = {}
        self._heard: dict[str, dict[str, Variant]] = {}

    async def __aenter__(self) -> Self:
        await self._bus.connect()
        self._bus.add_message_handler(self._answer)
        await self._bus.request_name("org.bluez")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bus.disconnect()
        await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    def adapter(self, path: str = ADAPTER, *, powered: bool = True, discovering: bool = False) -> None:
        """Plug an adapter in."""
        self._add(
            path,
            "Adapter1",
            Address="00:1A:7D:DA:71:13",
            Powered=powered,
            Discovering=discovering,
            Roles=["central", "peripheral"],
        )

    def device(
        self, path: str = DEVICE, *, name: str = "Treadmill", connected: bool = False, fitness: bool = True
    ) -> None:
        """Let BlueZ know a device."""
        self._add(path, "Device1", **_device(path, name, connected=connected, fitness=fitness))

    def services(self, path: str = DEVICE, *, notifying: bool = False) -> None:
        """Let BlueZ know the services of a treadmill."""
        service = f"{path}/service0010"
        self._add(service, "GattService1", UUID=uuids.FITNESS_MACHINE_SERVICE, Primary=True)
        self._objects[service]["org.bluez.GattService1"]["Device"] = Variant("o", path)
        for number, uuid in enumerate(_VALUES):
            char = f"{service}/char{number:04x}"
            self._add(char, "GattCharacteristic1", UUID=uuid, Notifying=notifying, Flags=_FLAGS.get(uuid, ["read"]))
            self._objects[char]["org.bluez.GattCharacteristic1"]["Service"] = Variant("o", service)

    def on_air(self, path: str = DEVICE, *, name: str = "Treadmill", rssi: int = -60, available: bool = True) -> None:
        """Let a treadmill advertise from the next scan on."""
        data = {uuids.FITNESS_MACHINE_SERVICE: Variant("ay", bytes([int(available), 1, 0]))}
        values = _device(path, name, connected=False, fitness=True)
        known = {**_variants(RSSI=rssi, **values), "ServiceData": Variant("a{sv}", data)}
        known["Adapter"] = Variant("o", path.rpartition("/")[0])
        self._heard[path] = known

    # --- inside

    def _add(self, path: str, interface: str, **values: object) -> None:
        self._objects.setdefault(path, {})[f"org.bluez.{interface}"] = _variants(**values)

    def _answer(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL or message.member is None:
            return None
        self.calls.append(message.member)
        if self.silent:
            return True
        handler = getattr(self, f"_on_{message.member}", None)
        if handler is None:
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "not here")
        signature, body = handler(message)
        return Message.new_method_return(message, signature, body)

    def _on_GetManagedObjects(self, _: Message) -> tuple[str, list[Any]]:  # noqa: N802 - as the bus calls it
        return "a{oa{sa{sv}}}", [self._objects]

    def _on_SetDiscoveryFilter(self, _: Message) -> tuple[str, list[Any]]:  # noqa: N802
        return "", []

    def _on_StartDiscovery(self, message: Message) -> tuple[str, list[Any]]:  # noqa: N802
        assert message.path is not None
        asyncio.get_running_loop().call_later(0.05, self._advertise, message.path)
        return "", []

    def _on_StopDiscovery(self, _: Message) -> tuple[str, list[Any]]:  # noqa: N802
        return "", []

    def _on_Connect(self, message: Message) -> tuple[str, list[Any]]:  # noqa: N802
        assert message.path is not None
        self.services(message.path)
        for path in [path for path in self._objects if path.startswith(f"{message.path}/")]:
            self._signal("/", "ObjectManager", "InterfacesAdded", "oa{sa{sv}}", [path, self._objects[path]])
        self._change(message.path, Connected=True, ServicesResolved=True)
        return "", []

    def _on_Disconnect(self, message: Message) -> tuple[str, list[Any]]:  # noqa: N802
        assert message.path is not None
        self._change(message.path, Connected=False, ServicesResolved=False)
        return "", []

    def _on_ReadValue(self, message: Message) -> tuple[str, list[Any]]:  # noqa: N802
        uuid = self._objects[message.path or ""]["org.bluez.GattCharacteristic1"]["UUID"].value
        return "ay", [_VALUES[uuid]]

    def _advertise(self, adapter: str) -> None:
        for path, known in self._heard.items():
            if not path.startswith(f"{adapter}/"):
                continue
            self._objects[path] = {"org.bluez.Device1": known}
            self._signal("/", "ObjectManager", "InterfacesAdded", "oa{sa{sv}}", [path, self._objects[path]])

    def _change(self, path: str, **values: object) -> None:
        changed = _variants(**values)
        self._objects[path]["org.bluez.Device1"].update(changed)
        self._signal(path, "Properties", "PropertiesChanged", "sa{sv}as", ["org.bluez.Device1", changed, []])

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        name = f"org.freedesktop.DBus.{interface}"
        self._bus.send(Message.new_signal(path, name, member, signature, body))


@contextlib.asynccontextmanager
async def bluez_on_a_bus(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, deny: bool = False
) -> AsyncIterator[BluezOnTheBus]:
    """Run a bus with BlueZ on it for the block; with `deny` it lets nobody talk to BlueZ."""
    with message_bus(folder, monkeypatch, deny=deny) as address:
        async with BluezOnTheBus(address) as bluez:
            yield bluez


def _variants(**values: object) -> dict[str, Variant]:
    return {name: Variant(_TYPES[type(value)], value) for name, value in values.items()}


def _device(path: str, name: str, *, connected: bool, fitness: bool) -> dict[str, object]:
    return {
        "Address": path.rpartition("/dev_")[2].replace("_", ":"),
        "AddressType": "random",
        "Name": name,
        "Alias": name,
        "Paired": False,
        "Trusted": False,
        "Blocked": False,
        "LegacyPairing": False,
        "Connected": connected,
        "ServicesResolved": connected,
        "UUIDs": [uuids.FITNESS_MACHINE_SERVICE] if fitness else ["0000110b-0000-1000-8000-00805f9b34fb"],
    }
