"""What bleak does when the radio, the system or the device misbehaves, and what the driver makes of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakDBusError, BleakError

from backstride.capture import events
from backstride.driver.confirmation import Confirmed, Rejected, Unknown
from backstride.driver.discovery import Discovery
from backstride.driver.machine import Machine
from backstride.errors import Disconnected, MachineError, NotFound, SafetyError
from backstride.protocol import uuids
from backstride.simulator.memory import Air, MemoryClient
from backstride.simulator.memory_scanner import MemoryScanner
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Speed
from tests.support.bench import WALK, Address, Heard, altered, walking, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from bleak.backends.characteristic import BleakGATTCharacteristic

FAILED = BleakDBusError("org.bluez.Error.Failed", ["something went wrong"])


class FaultyClient(MemoryClient):
    """bleak on a computer where single operations fail."""

    air = Air()
    faults: dict[str, list[BaseException | None]] = {}  # noqa: RUF012 - set anew by each test

    @classmethod
    def fault(cls, operation: str) -> BaseException | None:
        """Return what goes wrong with this call of an operation, if anything does."""
        coming = cls.faults.get(operation, [])
        return coming.pop(0) if coming else None

    async def connect(self, pair: bool, **kwargs: Any) -> None:  # noqa: ANN401, FBT001 - bleak's signature
        fault = self.fault("connect")
        if fault is None:
            await super().connect(pair, **kwargs)
            return
        if self.fault("connect is half way"):
            await super().connect(pair, **kwargs)
            await self.disconnect()
        raise fault

    async def disconnect(self) -> None:
        if self.fault("disconnect") is not None:
            await asyncio.Event().wait()
        if self.fault("disconnect at once") is not None:
            await asyncio.sleep(1)
        await super().disconnect()

    async def pair(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - bleak's signature
        if (fault := self.fault("pair")) is not None:
            raise fault
        await super().pair(*args, **kwargs)

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **kwargs: Any) -> bytearray:  # noqa: ANN401
        if (fault := self.fault(f"read {characteristic.uuid}")) is not None:
            raise fault
        return await super().read_gatt_char(characteristic, **kwargs)

    async def start_notify(self, characteristic: BleakGATTCharacteristic, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        if (fault := self.fault(f"subscribe {characteristic.uuid}")) is not None:
            raise fault
        await super().start_notify(characteristic, *args, **kwargs)

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:  # noqa: ANN401, FBT001
        if (fault := self.fault("write")) is not None:
            raise fault
        await super().write_gatt_char(characteristic, data, response)


def faulty(treadmill: SimulatedTreadmill, **faults: list[BaseException | None]) -> Address:
    FaultyClient.faults = {operation.replace("_", " "): list(coming) for operation, coming in faults.items()}
    return Address(treadmill.device, FaultyClient)


def test_a_stop_whose_write_failed_is_repeated(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """S4, S5: nobody knows whether it was written."""

    async def story() -> None:
        async with Machine.connect(faulty(treadmill)) as machine:
            heard = Heard(machine)
            await walking(machine)
            FaultyClient.faults["write"] = [FAILED]
            began = treadmill.now
            assert await machine.stop() == Confirmed()
            assert treadmill.writes[-1].time - began < 2.1
            assert heard.names == []

    virtual_time(story())


@pytest.mark.parametrize(
    "error", [FAILED, AttributeError("'NoneType' object has no attribute 'call'"), AssertionError(), EOFError()]
)
def test_a_target_whose_write_failed_is_unknown_and_not_repeated(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, error: BaseException
) -> None:
    """S10."""

    async def story() -> None:
        async with Machine.connect(faulty(treadmill)) as machine:
            await machine.start()
            FaultyClient.faults["write"] = [error]
            assert isinstance(await machine.set_speed(WALK), Unknown)
            await asyncio.sleep(5)
            assert "022c01" not in written(treadmill)
            assert await machine.set_speed(WALK) == Confirmed()

    virtual_time(story())


def test_values_that_cannot_be_read_are_unknown(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        target = faulty(treadmill)
        for uuid in (uuids.MODEL_NUMBER, uuids.FIRMWARE_REVISION, uuids.SUPPORTED_INCLINATION_RANGE):
            FaultyClient.faults[f"read {uuid}"] = [FAILED]
        async with Machine.connect(target) as machine:
            assert machine.identity.model_number is None
            assert machine.capabilities.incline is None
            await walking(machine)

    virtual_time(story())


def test_a_status_that_cannot_be_subscribed_to_is_done_without(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        target = faulty(treadmill)
        FaultyClient.faults[f"subscribe {uuids.MACHINE_STATUS}"] = [FAILED]
        async with Machine.connect(target) as machine:
            await walking(machine)

    virtual_time(story())


def test_a_machine_that_demands_pairing_on_a_system_that_cannot_be_asked(virtual_time: Callable[..., Any]) -> None:
    """macOS pairs by itself; bleak cannot ask it to."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(link={"require_encryption": True}))
        async with Machine.connect(faulty(treadmill, pair=[NotImplementedError()])) as machine:
            outcome = await machine.start()
            assert outcome == Rejected("the treadmill demands pairing first", att_error=0x05)
        assert set(written(treadmill)) == {"00"}

    virtual_time(story())


def test_pairing_that_fails_is_not_tried_again_on_this_link(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(link={"require_encryption": True}))
        refused = BleakDBusError("org.bluez.Error.AuthenticationRejected", ["Authentication Rejected"])
        async with Machine.connect(faulty(treadmill, pair=[refused])) as machine:
            assert isinstance(await machine.start(), Rejected)
            await machine.reconnect()
            assert await machine.start() == Confirmed()

    virtual_time(story())


def test_a_first_attempt_that_breaks_off_does_not_spoil_the_second(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """The disconnection of an attempt that failed is heard, and is not that of the link."""

    async def story() -> None:
        broken_off = BleakError("failed to discover services, device disconnected")
        target = faulty(treadmill, connect=[broken_off], connect_is_half_way=[broken_off])
        async with Machine.connect(target) as machine:
            await walking(machine)
            assert machine.is_connected

    virtual_time(story())


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["no"]), NotFound, "may not use Bluetooth"),
        (BleakError("le-connection-abort-by-remote"), Disconnected, "le-connection-abort-by-remote"),
        (TimeoutError(), NotFound, "not in reach"),
        (KeyError("org.bluez.GattService1"), Disconnected, "No connection to"),
    ],
)
def test_a_connection_that_fails_is_one_sentence(
    virtual_time: Callable[..., Any],
    treadmill: SimulatedTreadmill,
    error: BaseException,
    kind: type[MachineError],
    words: str,
) -> None:
    async def story() -> None:
        with pytest.raises(kind, match=words):
            async with Machine.connect(faulty(treadmill, connect=[error] * 20)):
                pass

    virtual_time(story())


def test_a_disconnection_that_hangs_keeps_nobody_for_long(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with Machine.connect(faulty(treadmill, disconnect=[FAILED])):
            left = treadmill.now
        assert treadmill.now - left == pytest.approx(5.0, abs=0.01)
        treadmill.drop_link()
        await asyncio.sleep(1)

    virtual_time(story())


def test_the_old_link_is_closed_before_a_new_one_is_made(virtual_time: Callable[..., Any]) -> None:
    """A machine that takes one client is not free before, and BlueZ would hand out the old link."""

    async def story() -> None:
        treadmill = SimulatedTreadmill("yesoul-w2-pro")
        async with Machine.connect(faulty(treadmill, disconnect_at_once=[FAILED])) as machine:
            began = treadmill.now
            await machine.reconnect()
            assert treadmill.now - began < 1.5
            assert machine.is_connected

    virtual_time(story())


def test_every_octet_can_be_watched(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    async def story() -> None:
        seen: list[events.Event] = []
        async with Machine.connect(treadmill, trace=seen.append) as machine:
            await walking(machine)
        control = [
            (">" if isinstance(event, events.Asked) else "<", event.value.hex())
            for event in seen
            if isinstance(event, events.Asked | events.Heard)
            and event.uuid == uuids.CONTROL_POINT
            and event.value is not None
        ]
        assert control[:6] == [
            (">", "00"),
            ("<", "800001"),
            (">", "07"),
            ("<", "800701"),
            (">", "022c01"),
            ("<", "800201"),
        ]
        assert sum(isinstance(event, events.Heard) and event.uuid == uuids.TREADMILL_DATA for event in seen) >= 5

    virtual_time(story())


def test_a_machine_that_reads_empty_is_not_unusable(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """Horizon 7.4AT: values that are there and read empty."""

    async def story() -> None:
        for service in treadmill.peripheral.services:
            for one in service.characteristics:
                if one.uuid in {uuids.FITNESS_MACHINE_FEATURE, uuids.MODEL_NUMBER}:
                    object.__setattr__(one, "value", b"")  # a frozen value of the simulator's, made empty
        async with Machine.connect(treadmill) as machine:
            assert machine.identity.model_number is None
            assert await machine.start() == Confirmed()
            with pytest.raises(SafetyError, match="does not offer speed"):
                await machine.set_speed(Speed(300))

    virtual_time(story())


class OtherDevices(MemoryScanner):
    """Air with a bike, a headset, a device with broken service data, and a treadmill known by its name alone."""

    air = Air()

    async def start(self) -> None:
        await super().start()
        self._hear_from("01", "Bike", b"\x01\x20\x00")
        self._hear_from("02", "Headset", None, service=False)
        self._hear_from("03", "Odd", b"")
        self._hear_from("04", "Vague", b"\x01")
        self._hear_from("05", "JFTM T202", None, service=False)

    def _hear_from(self, number: str, name: str, data: bytes | None, *, service: bool = True) -> None:
        advertisement = AdvertisementData(
            local_name=name,
            manufacturer_data={},
            service_data={} if data is None else {uuids.FITNESS_MACHINE_SERVICE: data},
            service_uuids=[uuids.FITNESS_MACHINE_SERVICE] if service else [],
            tx_power=None,
            rssi=-60,
            platform_data=(),
        )
        address = f"D0:5E:00:00:00:{number}"
        device = self.create_or_update_device(address, address, name, None, advertisement)
        self.call_detection_callbacks(device, advertisement)


def test_only_what_may_be_a_treadmill_is_listed(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        found = await Discovery(scanner=OtherDevices).scan(1)
        assert {(item.name, item.is_treadmill, item.available) for item in found} == {
            ("Odd", None, None),
            ("Vague", None, True),
            ("JFTM T202", True, None),
        }

    virtual_time(story())
