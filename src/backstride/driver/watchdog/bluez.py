"""The treadmill as BlueZ shows it on the system's bus: what a watchdog needs of it and nothing more.

While a session has its subscriptions, BlueZ tells every value to everybody who listens, so a watchdog sees the belt
without a subscription of its own. One of its own would double every value that the session gets.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from dbus_fast.aio.message_bus import MessageBus
from dbus_fast.constants import BusType, MessageType
from dbus_fast.message import Message
from dbus_fast.signature import Variant

from backstride.protocol import uuids
from backstride.protocol.att import AttError

if TYPE_CHECKING:
    from collections.abc import Mapping

BUS_WITHIN: Final = 5.0
"""Seconds for the system's bus to take us."""

ANSWERS_WITHIN: Final = 6.0
"""Seconds for BlueZ to answer one call; a connection that takes it longer is tried anew."""

RESOLVED_WITHIN: Final = 8.0
"""Seconds from a connection to its services."""

CONNECTED_WITHIN: Final = 1.0
"""Seconds within which a connection that was reported as made is to be seen."""

_LOOK_EVERY: Final = 0.2
_BLUEZ: Final = "org.bluez"
_DEVICE: Final = "org.bluez.Device1"
_ADAPTER: Final = "org.bluez.Adapter1"
_CHARACTERISTIC: Final = "org.bluez.GattCharacteristic1"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_BUS: Final = "org.freedesktop.DBus"
_ATT_ERROR: Final = re.compile(r"ATT error: 0x([0-9a-fA-F]{2})")
_IN_PROGRESS: Final = "org.bluez.Error.InProgress"
_NO_OBJECT: Final = "org.freedesktop.DBus.Error.UnknownObject"


class BusError(Exception):
    """BlueZ refused a call, did not answer it, or is gone.

    Attributes:
        name: Its name for the error, empty if it did not answer.
        att_error: The ATT error that the treadmill gave, or None.
    """

    def __init__(self, message: str, *, name: str = "") -> None:
        super().__init__(message)
        self.name = name
        code = _ATT_ERROR.search(message)
        busy = int(AttError.PROCEDURE_ALREADY_IN_PROGRESS) if name == _IN_PROGRESS else None
        self.att_error = busy if code is None else int(code.group(1), 16)


class Bus(Protocol):
    """What is needed of the system's bus; `SystemBus` is it, and the lowest seam that is not ours."""

    @property
    def is_open(self) -> bool:
        """True while the bus is there."""

    async def open(self, heard: _Heard, path: str) -> None:
        """Connect, and hand to `heard` every change of properties at `path` and below it. Raises BusError."""

    async def call(self, path: str, interface: str, member: str, signature: str = "", *body: Any) -> Any:  # noqa: ANN401
        """Call a method of BlueZ and return the first value of its answer. Raises BusError."""


class _Heard(Protocol):
    def __call__(self, path: str, interface: str, changed: Mapping[str, Any], /) -> None:
        """Take the changed properties of an interface at a path."""


class SystemBus:
    """The system's bus over dbus-fast."""

    def __init__(self) -> None:
        self._bus: MessageBus | None = None

    @property
    def is_open(self) -> bool:
        """True while the bus is there."""
        return self._bus is not None and self._bus.connected

    async def open(self, heard: _Heard, path: str) -> None:
        """Connect, and hand to `heard` every change of properties at `path` and below it. Raises BusError."""
        if self._bus is not None:
            self._bus.disconnect()
        self._bus = MessageBus(bus_type=BusType.SYSTEM)
        try:
            async with asyncio.timeout(BUS_WITHIN):
                await self._bus.connect()
        except Exception as error:
            raise BusError(f"The system's message bus cannot be reached: {error}") from error

        def take(message: Message) -> None:
            if message.member == "PropertiesChanged" and message.path and message.path.startswith(path):
                interface, changed, _ = message.body
                heard(message.path, interface, {key: variant.value for key, variant in changed.items()})

        self._bus.add_message_handler(take)
        rule = f"type='signal',sender='{_BLUEZ}',interface='{_PROPERTIES}',path_namespace='{path}'"
        await self.ask("AddMatch", "s", rule)

    def close(self) -> None:
        """Leave the bus."""
        if self._bus is not None:
            self._bus.disconnect()

    async def ask(self, member: str, signature: str = "", *body: Any) -> Any:  # noqa: ANN401 - as wide as the bus is
        """Call a method of the bus itself and return the first value of its answer. Raises BusError."""
        return await self._call(_BUS, "/org/freedesktop/DBus", _BUS, member, signature, *body)

    async def call(self, path: str, interface: str, member: str, signature: str = "", *body: Any) -> Any:  # noqa: ANN401
        """Call a method of BlueZ and return the first value of its answer. Raises BusError."""
        return await self._call(_BLUEZ, path, interface, member, signature, *body)

    async def _call(
        self,
        destination: str,
        path: str,
        interface: str,
        member: str,
        signature: str,
        *body: Any,  # noqa: ANN401 - as wide as the bus is
    ) -> Any:  # noqa: ANN401
        if self._bus is None or not self._bus.connected:
            raise BusError("The system's message bus is gone.")
        message = Message(
            destination=destination, path=path, interface=interface, member=member, signature=signature, body=list(body)
        )
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                reply = await self._bus.call(message)
        except Exception as error:  # whatever the bus raises when it goes
            raise BusError(f"{member} was not answered: {error}") from error
        if reply.message_type is MessageType.ERROR:
            text = str(reply.body[0]) if reply.body else ""
            raise BusError(f"{member}: {reply.error_name}: {text}", name=reply.error_name or "")
        return reply.body[0] if reply.body else None


class Treadmill:
    """One device on the bus.

    Args:
        bus: The bus.
        device: The device's path.
        on_value: Called with UUID and value of each notification and indication.
        on_link: Called with True when the link is ready for use, and with False when it is gone.
    """

    def __init__(self, bus: Bus, device: str, on_value: _OnValue, on_link: _OnLink) -> None:
        self._bus = bus
        self._device = device
        self._on_value = on_value
        self._on_link = on_link
        self._connected = self._resolved = False
        self._paths: dict[str, str] = {}
        self._flags: frozenset[str] = frozenset()
        self._notifying: set[str] = set()

    async def open(self) -> None:
        """Join the bus and find the treadmill. Raises BusError."""
        self._notifying.clear()
        await self._bus.open(self._changed, self._device)
        await self._look()

    async def connect(self) -> None:
        """Make the link; a device that BlueZ has forgotten is looked for on the air. Raises BusError."""
        try:
            await self._bus.call(self._device, _DEVICE, "Connect")
        except BusError as error:
            if error.name == _NO_OBJECT:
                adapter = self._device.rpartition("/")[0]
                le = {"Transport": Variant("s", "le")}
                with contextlib.suppress(BusError):  # we look already
                    await self._bus.call(adapter, _ADAPTER, "SetDiscoveryFilter", "a{sv}", le)
                    await self._bus.call(adapter, _ADAPTER, "StartDiscovery")
            else:
                await self._give_up_connecting()
            raise
        await self._look()
        for turn in range(int(RESOLVED_WITHIN / _LOOK_EVERY)):
            if self._is_ready:
                return
            if not self._connected and turn * _LOOK_EVERY >= CONNECTED_WITHIN:
                break
            await asyncio.sleep(_LOOK_EVERY)
            await self._look()
        await self._give_up_connecting()
        raise BusError("The treadmill is not connected, or its services are not found.")

    async def _give_up_connecting(self) -> None:
        """Let BlueZ forget an attempt that hangs: the next one would only join it."""
        with contextlib.suppress(BusError):
            await self.disconnect()

    async def disconnect(self) -> None:
        """Take the link down. Raises BusError."""
        await self._bus.call(self._device, _DEVICE, "Disconnect")

    async def subscribe(self) -> None:
        """Take notifications of Treadmill Data and indications of the control point. Raises BusError."""
        for uuid in (uuids.CONTROL_POINT, uuids.TREADMILL_DATA):
            path = self._path(uuid)
            if path in self._notifying:  # it does not hold any more: anew
                self._notifying.discard(path)
                with contextlib.suppress(BusError):
                    await self._bus.call(path, _CHARACTERISTIC, "StopNotify")
            await self._bus.call(path, _CHARACTERISTIC, "StartNotify")
            self._notifying.add(path)

    async def write(self, value: bytes) -> None:
        """Write to the control point. Raises BusError."""
        kind = "request" if "write" in self._flags else "command"
        options = {"type": Variant("s", kind)}
        await self._bus.call(self._path(uuids.CONTROL_POINT), _CHARACTERISTIC, "WriteValue", "aya{sv}", value, options)

    def _path(self, uuid: str) -> str:
        if uuid not in self._paths:
            raise BusError(f"The treadmill has no {uuid}.")
        return self._paths[uuid]

    async def _look(self) -> None:
        """Read from BlueZ what it knows of the treadmill now."""
        objects = await self._bus.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        for path, interfaces in objects.items():
            if path.startswith(self._device) and _CHARACTERISTIC in interfaces:
                properties = interfaces[_CHARACTERISTIC]
                uuid = properties["UUID"].value
                self._paths[uuid] = path
                if uuid == uuids.CONTROL_POINT:
                    self._flags = frozenset(properties["Flags"].value)
        device = objects.get(self._device, {}).get(_DEVICE, {})
        self._linked(**{key: device[key].value for key in ("Connected", "ServicesResolved") if key in device})

    def _changed(self, path: str, interface: str, changed: Mapping[str, Any]) -> None:
        if path == self._device and interface == _DEVICE:
            self._linked(**{key: changed[key] for key in ("Connected", "ServicesResolved") if key in changed})
        elif interface == _CHARACTERISTIC and "Value" in changed:
            for uuid, known in self._paths.items():
                if known == path:
                    self._on_value(uuid, bytes(changed["Value"]))

    def _linked(self, **known: bool) -> None:
        self._connected = known.get("Connected", self._connected)
        self._resolved = known.get("ServicesResolved", self._resolved)
        if not self._connected:
            self._resolved = False
            self._notifying.clear()
        self._on_link(self._is_ready)

    @property
    def _is_ready(self) -> bool:
        """True if there is a link, and the treadmill's characteristics are known."""
        known = self._paths.keys() >= {uuids.CONTROL_POINT, uuids.TREADMILL_DATA}
        return self._connected and self._resolved and known


class _OnValue(Protocol):
    def __call__(self, uuid: str, value: bytes, /) -> None:
        """Take a value."""


class _OnLink(Protocol):
    def __call__(self, up: bool, /) -> None:  # noqa: FBT001 - the link is up or it is not
        """Take the state of the link."""
