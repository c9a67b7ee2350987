"""Treadmills whose octets are not ours, served by bless through BlueZ, on the first adapter unless it is told another.

Their belts are numbers, and nobody's product.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

from backstride.protocol import uuids
from tests.e2e.interop.foreign import foreign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

bless = foreign("bless")
codec = foreign("deancochran_ftms")
dbus = foreign("dbus_next")
ifit = foreign("ifit.client.protocol")
relay = foreign("ifit.ftms._server")

PROPERTY: Final = bless.GATTCharacteristicProperties
PERMISSION: Final = bless.GATTAttributePermissions


# ifit: codec, handlers and relay


class Equipment:
    """What ifit's relay reaches by iFit's own protocol: a treadmill with a console, and no Start by radio.

    Its mode is unknown at first: of an idle one the relay tells with every record that it was stopped at the console.
    """

    def __init__(self) -> None:
        limits = {"MinKph": 1.0, "MaxKph": 19.0, "MinIncline": -3.0, "MaxIncline": 15.0}
        self.equipment_information = ifit.EquipmentInformation(ifit.SportsEquipment.TREADMILL, {}, values=limits)
        self.kph = 0.0
        self.incline = 0.0
        self.told: list[dict[str, float]] = []

    async def connect(self) -> None:
        """Be there."""

    async def disconnect(self) -> None:
        """Be left alone."""

    async def read_characteristics(self, _names: list[str]) -> dict[str, object]:
        mode = ifit.Mode.ACTIVE if self.kph else ifit.Mode.UNKNOWN
        return {"CurrentKph": self.kph, "CurrentIncline": self.incline, "Distance": 0.01, "Mode": mode}

    async def write_characteristics(self, values: dict[str, float]) -> None:
        self.told.append(values)
        self.kph = values.get("Kph", self.kph)
        self.incline = values.get("Incline", self.incline)


class ServerAsCalled(bless.BlessServer):  # type: ignore[misc, name-defined]  # it is not installed here
    """bless's server with `add_gatt` as ifit calls it: with two arguments, and not awaited (bless 0.3 takes one)."""

    def add_gatt(self, service: str, characteristics: dict[str, Any]) -> None:
        self._wanted = (service, characteristics)

    async def register(self) -> None:
        """Do what was asked for."""
        service, characteristics = self._wanted
        await self.add_new_service(service)
        for uuid, one in characteristics.items():
            await self.add_new_characteristic(service, uuid, one._properties_flags, one.value, one._permissions)  # noqa: SLF001 - bless tells it nowhere else


@contextlib.asynccontextmanager
async def ifit_treadmill(name: str) -> AsyncIterator[Equipment]:
    """Have ifit's relay on the air for the block, all its own but for the server's `add_gatt`."""
    equipment = Equipment()
    theirs, relay.BlessServer = relay.BlessServer, ServerAsCalled
    try:
        running = relay.FtmsBleRelay(equipment, relay.FtmsConfig(name=name, update_interval=0.5))
    finally:
        relay.BlessServer = theirs
    await running._server.register()  # noqa: SLF001 - its own registration cannot run
    await _be_discoverable(running._server)  # noqa: SLF001 - same
    await running.start()
    try:
        yield equipment
    finally:
        await running.stop()
        await _leave_the_bus(running._server)  # noqa: SLF001 - same


# bless and deancochran-ftms


class CodecTreadmill:
    """A machine that deancochran-ftms reads and writes for: 1.0 to 6.0 km/h, and never more than 4.0 by radio.

    Args:
        name: Advertised name.
        adapter: The adapter it is served on.

    Attributes:
        kph: The belt's speed.
        metres: What it has run.
        requests: Op codes that were written.
    """

    MINIMUM: Final = 100
    MAXIMUM: Final = 600
    BY_RADIO: Final = 400
    INTERVAL: Final = 0.5

    def __init__(self, name: str, adapter: str) -> None:
        self.kph = 0.0
        self.metres = 0.0
        self.requests: list[int] = []
        self._server = bless.BlessServer(name=name, loop=asyncio.get_running_loop(), adapter=adapter)
        self._server.read_request_func = lambda one: one.value
        self._server.write_request_func = self._write

    @contextlib.asynccontextmanager
    async def on_air(self) -> AsyncIterator[None]:
        """Be on the air during the block."""
        features = codec.encode_features_raw(codec.FeaturesRaw(machine=1 << 2, target=1 << 0))
        speeds = codec.SupportedRangeRaw("speed", self.MINIMUM, self.MAXIMUM, 10, 100, "km/h")
        constant = (PROPERTY.read, PERMISSION.readable)
        await self._server.add_new_service(uuids.FITNESS_MACHINE_SERVICE)
        for uuid, properties, permissions, value in (
            (uuids.FITNESS_MACHINE_FEATURE, *constant, features),
            (uuids.SUPPORTED_SPEED_RANGE, *constant, codec.encode_supported_range_raw(speeds)),
            (uuids.TREADMILL_DATA, PROPERTY.notify, PERMISSION.readable, b""),
            (uuids.CONTROL_POINT, PROPERTY.write | PROPERTY.indicate, PERMISSION.writeable, b""),
        ):
            await self._server.add_new_characteristic(
                uuids.FITNESS_MACHINE_SERVICE, uuid, properties, bytearray(value), permissions
            )
        await _be_discoverable(self._server)
        await self._server.start()
        running = asyncio.get_running_loop().create_task(self._run())
        try:
            yield
        finally:
            running.cancel()
            await self._server.stop()
            await _leave_the_bus(self._server)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self.INTERVAL)
            self.metres += self.kph / 3.6 * self.INTERVAL
            values = [0] * 30
            values[0], values[2] = round(self.kph * 100), int(self.metres)
            record = codec.MeasurementRaw(kind=0, flags=1 << 2, present=0b101, unavailable=0, values=tuple(values))
            self._send(uuids.TREADMILL_DATA, codec.encode_measurement_raw(record))

    def _write(self, _characteristic: object, value: bytearray) -> None:
        try:
            request = codec.decode_control_request_raw(bytes(value))
            self.requests.append(request.opcode)
            result = self._obey(request.opcode, request.operands)
        except codec.RawCodecError:
            result = 3
        answer = codec.ControlResponseRaw(value[0], result)
        self._send(uuids.CONTROL_POINT, codec.encode_control_response_raw(answer))

    def _obey(self, op_code: int, operands: tuple[int, ...]) -> int:
        """Do it, and return the result code (FTMS Table 4.24)."""
        match op_code, operands:
            case 0, _:
                return 1
            case 2, (hundredths,):
                if not self.MINIMUM <= hundredths <= self.BY_RADIO:
                    return 4
                self.kph = hundredths / 100
                return 1
            case 7, _:
                self.kph = self.MINIMUM / 100
                return 1
            case 8, _:
                self.kph = 0.0
                return 1
        return 2

    def _send(self, uuid: str, value: bytes) -> None:
        self._server.get_characteristic(uuid).value = value
        self._server.update_value(uuids.FITNESS_MACHINE_SERVICE, uuid)


async def _be_discoverable(server: Any) -> None:  # noqa: ANN401 - bless's
    """Let BlueZ advertise as discoverable, which bless leaves to whoever runs it; others' scans pass over the rest."""
    properties = server.adapter.get_interface("org.freedesktop.DBus.Properties")
    await properties.call_set("org.bluez.Adapter1", "Discoverable", dbus.Variant("b", True))  # noqa: FBT003 - D-Bus


async def _leave_the_bus(server: Any) -> None:  # noqa: ANN401 - bless's
    """Close what bless, and the D-Bus library under it, leave open."""
    server.bus.disconnect()
    await server.bus.wait_for_disconnect()
    server.bus._stream.close()  # noqa: SLF001 - there is no other way
    server.bus._sock.close()  # noqa: SLF001 - same
