"""The real bleak on the in-memory backend, in virtual time: it must behave as it does on BlueZ."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import (
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from backstride.machines.facts import ServiceDataForm, load_facts
from backstride.protocol import uuids
from backstride.simulator.memory import Air
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.simulator.virtual_time import virtual_loop
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

CONTROL, DATA, STATUS = uuids.CONTROL_POINT, uuids.TREADMILL_DATA, uuids.MACHINE_STATUS


def in_virtual_time(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=virtual_loop) as runner:
        runner.run(story())


class Inbox:
    """What one client was sent, as hex, with the instant of each arrival."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self.times: list[float] = []

    def __call__(self, _sender: object, value: bytearray) -> None:
        assert type(value) is bytearray
        self.values.append(value.hex())
        self.times.append(asyncio.get_running_loop().time())


def connection(
    treadmill: SimulatedTreadmill,
    *,
    disconnected_callback: Callable[[BleakClient], None] | None = None,
    services: list[str] | None = None,
    timeout: float = 30,
    pair: bool = False,
) -> BleakClient:
    return BleakClient(
        treadmill.device, disconnected_callback, services, timeout=timeout, pair=pair, backend=treadmill.backend
    )


def secured(model: str = "generic") -> SimulatedTreadmill:
    facts = load_facts(model)
    link = facts.link.model_copy(update={"require_encryption": True})
    return SimulatedTreadmill(facts.model_copy(update={"link": link}))


# A session


def test_a_belt_is_started_driven_and_stopped_through_the_real_client() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        answers, data, status = Inbox(), Inbox(), Inbox()
        async with connection(treadmill) as client:
            await client.start_notify(CONTROL, answers)
            await client.start_notify(DATA, data)
            await client.start_notify(STATUS, status)
            for request in ("00", "07", "02a401"):
                await client.write_gatt_char(CONTROL, bytes.fromhex(request), response=True)
            await asyncio.sleep(60)
            assert treadmill.belt.speed == 4.2
            assert data.values[-1].startswith("8c05a401")
            treadmill.console.set_incline(Incline(20))
            await client.write_gatt_char(CONTROL, b"\x08\x01", response=True)
            await asyncio.sleep(10)
        assert treadmill.belt.standing
        assert answers.values == ["800001", "800701", "800201", "800801"]
        assert status.values == ["061400"]
        assert [write.answer is not None for write in treadmill.writes] == [True] * 4
        assert treadmill.writes[-1].time == pytest.approx(treadmill.writes[0].time + 60, abs=0.1)

    in_virtual_time(story)


def test_an_hour_of_records_arrives_second_by_second() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        data = Inbox()
        async with connection(treadmill) as client:
            await client.start_notify(DATA, data)
            await asyncio.sleep(3600.5)
        assert len(data.values) == 3600
        gaps = [later - earlier for earlier, later in zip(data.times, data.times[1:], strict=False)]
        assert max(gaps) == pytest.approx(min(gaps), abs=1e-5)

    in_virtual_time(story)


def test_callbacks_come_from_the_loop_and_never_from_the_caller_s_stack() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        status = Inbox()
        async with connection(treadmill) as client:
            await client.start_notify(STATUS, status)
            treadmill.console.press_start()
            assert status.values == []
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert status.values == ["04"]

    in_virtual_time(story)


def test_a_callback_that_raises_keeps_nobody_else_from_hearing(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        status = Inbox()

        def broken(_sender: object, _value: bytearray) -> None:
            raise LookupError("not my day")

        async with connection(treadmill) as client:
            await client.start_notify(uuids.TRAINING_STATUS, broken)
            await client.start_notify(STATUS, status)
            treadmill.console.press_start()
            await asyncio.sleep(1)
        assert status.values == ["04"]

    in_virtual_time(story)
    assert "not my day" in caplog.text


def test_the_machine_wakes_for_its_own_events_between_two_records() -> None:
    async def story() -> None:
        facts = load_facts("generic")
        telemetry = facts.telemetry.model_copy(update={"interval": 10.0})
        treadmill = SimulatedTreadmill(facts.model_copy(update={"telemetry": telemetry}))
        status = Inbox()
        async with connection(treadmill) as client:
            await client.start_notify(DATA, Inbox())
            await client.start_notify(uuids.TRAINING_STATUS, status)
            begin = asyncio.get_running_loop().time()
            treadmill.console.press_start()
            await asyncio.sleep(5)
        assert status.values == ["000e", "000d"]
        assert status.times == [pytest.approx(begin, abs=1e-4), pytest.approx(begin + 1, abs=1e-4)]

    in_virtual_time(story)


# Discovery


def test_a_scan_finds_name_service_and_service_data() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("ronning-x27-pro")
        found = await BleakScanner.discover(2, return_adv=True, backend=treadmill.scanner_backend)
        device, advertisement = found[treadmill.device.address]
        assert device.name == advertisement.local_name == "FS-5EED27"
        assert advertisement.service_uuids == [uuids.FITNESS_MACHINE_SERVICE]
        assert advertisement.service_data == {uuids.FITNESS_MACHINE_SERVICE: b"\x01\x00\x01"}
        assert advertisement.rssi == -58

    in_virtual_time(story)


def test_an_anonymous_machine_advertises_without_a_name_and_its_client_shows_the_address() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("horizon-omega-z")
        (device,) = await BleakScanner.discover(2, backend=treadmill.scanner_backend)
        assert device.name is None
        async with BleakClient(device, backend=treadmill.backend) as client:
            assert client.name == treadmill.device.address.replace(":", "-")

    in_virtual_time(story)


def test_advertisements_repeat_and_the_service_filter_holds() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        heard: list[str] = []
        matching = BleakScanner(
            lambda device, _data: heard.append(device.address),
            [uuids.FITNESS_MACHINE_SERVICE],
            backend=treadmill.scanner_backend,
        )
        other = BleakScanner(service_uuids=["180d"], backend=treadmill.scanner_backend)
        async with matching, other:
            await asyncio.sleep(10)
        await other.stop()
        before = len(heard)
        await asyncio.sleep(10)
        assert 10 <= before == len(heard) <= 100
        assert other.discovered_devices == []

    in_virtual_time(story)


def test_a_machine_without_service_data_is_seen_all_the_same() -> None:
    async def story() -> None:
        facts = load_facts("generic")
        identity = facts.identity.model_copy(update={"service_data": ServiceDataForm.ABSENT})
        treadmill = SimulatedTreadmill(facts.model_copy(update={"identity": identity}))
        found = await BleakScanner.discover(2, return_adv=True, backend=treadmill.scanner_backend)
        assert [data.service_data for _, data in found.values()] == [{}]

    in_virtual_time(story)


def test_a_machine_hidden_off_or_away_does_not_advertise() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()

        async def seen() -> bool:
            return bool(await BleakScanner.discover(2, backend=treadmill.scanner_backend))

        for away, back in (
            (treadmill.hide, treadmill.show),
            (treadmill.power_off, treadmill.power_on),
            (treadmill.leave_range, treadmill.enter_range),
        ):
            away()
            assert not await seen()
            back()
            assert await seen()

    in_virtual_time(story)


def test_passive_scanning_is_refused_as_on_bluez() -> None:
    with pytest.raises(BleakError, match="or_patterns"):
        BleakScanner(scanning_mode="passive", backend=Air().scanner_backend)


def test_two_machines_share_an_air_and_are_driven_apart() -> None:
    async def story() -> None:
        air = Air()
        one, other = SimulatedTreadmill(air=air), SimulatedTreadmill(air=air, name="The other")
        assert one.device.address != other.device.address
        found = await BleakScanner.discover(2, backend=air.scanner_backend)
        assert sorted(str(device.name) for device in found) == ["Generic treadmill", "The other"]
        async with connection(one), connection(other) as client:
            await client.start_notify(CONTROL, Inbox())
            await client.write_gatt_char(CONTROL, b"\0", response=True)
        assert (len(one.writes), len(other.writes)) == (0, 1)

    in_virtual_time(story)


def test_an_address_is_taken_only_once() -> None:
    air = Air()
    treadmill = SimulatedTreadmill(air=air)
    with pytest.raises(ValueError, match="already"):
        SimulatedTreadmill(air=air, address=treadmill.device.address)


def test_the_address_follows_from_the_model() -> None:
    assert SimulatedTreadmill("bh-t01").device.address == SimulatedTreadmill("bh-t01").device.address


# Connecting


def test_a_client_connects_by_address_alone() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        client = BleakClient(treadmill.device.address, backend=treadmill.backend)
        with pytest.raises(BleakError, match="Not connected"):
            _ = client.name
        async with client:
            assert client.name == "Generic treadmill"
            assert client.mtu_size == 247

    in_virtual_time(story)


def test_an_address_that_nobody_advertises_is_not_found() -> None:
    async def story() -> None:
        client = BleakClient("00:11:22:33:44:55", backend=SimulatedTreadmill().backend, timeout=3)
        with pytest.raises(BleakDeviceNotFoundError):
            await client.connect()
        assert asyncio.get_running_loop().time() == pytest.approx(3, abs=0.01)

    in_virtual_time(story)


def test_a_machine_without_mains_is_not_found_and_one_out_of_range_does_not_answer() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        treadmill.power_off()
        with pytest.raises(BleakDeviceNotFoundError):
            await connection(treadmill).connect()
        treadmill.power_on()
        treadmill.leave_range()
        with pytest.raises(TimeoutError):
            await connection(treadmill, timeout=5).connect()
        treadmill.enter_range()
        async with connection(treadmill) as client:
            assert client.is_connected

    in_virtual_time(story)


def test_a_machine_for_one_client_hides_from_a_second_and_lets_it_wait() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("yesoul-w2-pro")
        async with connection(treadmill):
            assert await BleakScanner.discover(2, backend=treadmill.scanner_backend) == []
            with pytest.raises(TimeoutError):
                await connection(treadmill, timeout=5).connect()
        async with connection(treadmill) as second:
            assert second.is_connected

    in_virtual_time(story)


def test_connecting_twice_is_refused_and_disconnecting_twice_is_not() -> None:
    async def story() -> None:
        client = connection(SimulatedTreadmill())
        await client.disconnect()
        await client.connect()
        with pytest.raises(BleakError, match="already connected"):
            await client.connect()
        await asyncio.gather(client.disconnect(), client.disconnect())
        assert not client.is_connected
        await client.connect()
        await client.disconnect()

    in_virtual_time(story)


def test_a_link_lost_during_discovery_fails_the_connection() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        client = connection(treadmill)
        connecting = asyncio.ensure_future(client.connect())
        await asyncio.sleep(treadmill.latency * 1.5)
        treadmill.drop_link()
        with pytest.raises(BleakError, match="failed to discover services"):
            await connecting
        await asyncio.sleep(1)
        assert not client.is_connected

    in_virtual_time(story)


def test_a_connection_given_up_half_way_leaves_no_link_behind() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("yesoul-w2-pro")
        client = connection(treadmill)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(treadmill.latency * 1.5):
                await client.connect()
        await asyncio.sleep(1)
        assert not client.is_connected
        async with connection(treadmill) as again:
            assert again.is_connected

    in_virtual_time(story)


def test_the_services_have_handles_properties_and_cccds() -> None:
    async def story() -> None:
        async with connection(SimulatedTreadmill()) as client:
            control = client.services.get_characteristic(CONTROL)
            assert control is not None
            assert control.properties == ["write", "indicate"]
            assert control.max_write_without_response_size == 244
            assert [descriptor.uuid for descriptor in control.descriptors] == [uuids.CCCD]
            handles = [*client.services.services, *client.services.characteristics, *client.services.descriptors]
            assert len(handles) == len(set(handles))
            await client.start_notify(CONTROL, Inbox())
            assert await client.read_gatt_descriptor(control.descriptors[0]) == b"\x02\x00"

    in_virtual_time(story)


def test_services_can_be_narrowed() -> None:
    async def story() -> None:
        async with connection(SimulatedTreadmill(), services=["180a"]) as client:
            assert [service.uuid for service in client.services] == [uuids.DEVICE_INFORMATION_SERVICE]
            with pytest.raises(BleakCharacteristicNotFoundError):
                await client.read_gatt_char(CONTROL)

    in_virtual_time(story)


# Reading, writing, subscribing


async def refused(action: Coroutine[Any, Any, object]) -> BleakGATTProtocolErrorCode:
    with pytest.raises(BleakGATTProtocolError) as error:
        await action
    return error.value.code


def test_values_are_read_as_bytearrays() -> None:
    async def story() -> None:
        async with connection(SimulatedTreadmill()) as client:
            value = await client.read_gatt_char(uuids.SUPPORTED_SPEED_RANGE)
            assert value == bytearray.fromhex("5000d0070a00")
            assert type(value) is bytearray

    in_virtual_time(story)


def test_att_errors_arrive_with_their_codes() -> None:
    async def story() -> None:
        code = BleakGATTProtocolErrorCode
        treadmill = SimulatedTreadmill()
        async with connection(treadmill) as client:
            assert await refused(client.read_gatt_char(DATA)) is code.READ_NOT_PERMITTED
            assert await refused(client.write_gatt_char(DATA, b"\0", response=True)) is code.WRITE_NOT_PERMITTED
            assert await refused(client.write_gatt_char(CONTROL, b"\0", response=True)) == 0xFD
            too_long = bytes(513)
            assert await refused(client.write_gatt_char(CONTROL, too_long, response=True)) == 0x0D
            assert await refused(client.write_gatt_char(CONTROL, bytes(245), response=False)) == 0x06
        assert [write.att_error for write in treadmill.writes] == [0xFD]

    in_virtual_time(story)


def test_a_write_command_to_a_characteristic_without_that_property_is_lost_without_a_word() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        answers = Inbox()
        async with connection(treadmill) as client:
            await client.start_notify(CONTROL, answers)
            await client.write_gatt_char(CONTROL, b"\0", response=False)
            await asyncio.sleep(1)
        assert answers.values == []
        assert treadmill.writes[0].att_error == 0x03

    in_virtual_time(story)


def test_a_machine_of_write_commands_refuses_requests() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("bh-t01")
        answers = Inbox()
        async with connection(treadmill) as client:
            await client.start_notify(CONTROL, answers)
            assert await refused(client.write_gatt_char(CONTROL, b"\0", response=True)) == 0x03
            await client.write_gatt_char(CONTROL, b"\0", response=False)
            await asyncio.sleep(1)
        assert answers.values == ["800001"]

    in_virtual_time(story)


def test_subscribing_to_what_cannot_notify_or_twice_fails_as_on_bluez() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        first, second = Inbox(), Inbox()
        async with connection(treadmill) as client:
            with pytest.raises(BleakDBusError, match="NotSupported"):
                await client.start_notify(uuids.FITNESS_MACHINE_FEATURE, first)
            await client.start_notify(DATA, first)
            with pytest.raises(BleakDBusError, match="Already notifying"):
                await client.start_notify(DATA, second)
            await asyncio.sleep(2.5)
            assert (len(first.values), len(second.values)) == (0, 2)
            await client.stop_notify(DATA)
            with pytest.raises(BleakDBusError, match="No notify session"):
                await client.stop_notify(DATA)
            await asyncio.sleep(2.5)
        assert len(second.values) == 2

    in_virtual_time(story)


def test_a_cccd_cannot_be_written_by_hand() -> None:
    async def story() -> None:
        async with connection(SimulatedTreadmill()) as client:
            descriptor = next(iter(client.services.descriptors.values()))
            with pytest.raises(ValueError, match="CCCD"):
                await client.write_gatt_descriptor(descriptor, b"\x01\x00")
            assert await refused(client._backend.write_gatt_descriptor(descriptor, b"\x01\x00")) == 0x03  # noqa: SLF001 - what lies below bleak's own refusal

    in_virtual_time(story)


def test_an_encrypted_control_point_wants_pairing_first() -> None:
    async def story() -> None:
        treadmill = secured()
        answers = Inbox()
        async with connection(treadmill) as client:
            await client.start_notify(CONTROL, answers)
            with pytest.raises(BleakDBusError, match="Not paired"):
                await client.write_gatt_char(CONTROL, b"\0", response=True)
            await client.pair()
            await client.write_gatt_char(CONTROL, b"\0", response=True)
            await asyncio.sleep(1)
            assert answers.values == ["800001"]
            await client.unpair()
            assert not client.is_connected

    in_virtual_time(story)


def test_a_client_may_pair_while_it_connects() -> None:
    async def story() -> None:
        async with connection(secured(), pair=True) as client:
            await client.start_notify(CONTROL, Inbox())
            await client.write_gatt_char(CONTROL, b"\0", response=True)

    in_virtual_time(story)


def test_requests_of_one_client_follow_one_another() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        treadmill.latency = 0.1
        async with connection(treadmill) as client:
            begin = asyncio.get_running_loop().time()
            await asyncio.gather(*(client.read_gatt_char(uuids.MODEL_NUMBER) for _ in range(5)))
            assert asyncio.get_running_loop().time() - begin == pytest.approx(0.5, abs=0.01)

    in_virtual_time(story)


def test_a_cancelled_request_leaves_the_link_usable() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        treadmill.latency = 1.0
        async with connection(treadmill) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await client.read_gatt_char(uuids.MODEL_NUMBER)
            assert await client.read_gatt_char(uuids.MODEL_NUMBER) == b"Generic treadmill"

    in_virtual_time(story)


# Losing the link


def test_a_lost_link_is_told_once_and_the_belt_goes_on() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        lost: list[BleakClient] = []
        client = connection(treadmill, disconnected_callback=lost.append)
        await client.connect()
        treadmill.console.press_start()
        await asyncio.sleep(20)
        treadmill.drop_link()
        treadmill.drop_link()
        await asyncio.sleep(20)
        assert lost == [client]
        assert not client.is_connected
        assert treadmill.belt.speed == 0.8
        with pytest.raises(BleakError, match="Service Discovery has not been performed"):
            await client.read_gatt_char(DATA)
        with pytest.raises(BleakError, match="Not connected"):
            await client.start_notify(DATA, Inbox())
        async with client:
            assert await client.read_gatt_char(uuids.MODEL_NUMBER) == b"Generic treadmill"

    in_virtual_time(story)


def test_one_s_own_disconnection_is_told_too_and_before_disconnect_returns() -> None:
    async def story() -> None:
        lost: list[BleakClient] = []
        client = connection(SimulatedTreadmill(), disconnected_callback=lost.append)
        await client.connect()
        await client.disconnect()
        assert lost == [client]

    in_virtual_time(story)


def test_a_stale_characteristic_says_not_connected() -> None:
    async def story() -> None:
        client = connection(SimulatedTreadmill())
        await client.connect()
        stale = client.services.get_characteristic(DATA)
        assert stale is not None
        await client.disconnect()
        await client.connect()
        services = client.services
        await client.disconnect()
        assert services.get_characteristic(DATA) is not None
        with pytest.raises(BleakError, match="Not connected"):
            await client._backend.read_gatt_char(stale)  # noqa: SLF001 - bleak itself stops before it gets here

    in_virtual_time(story)


def test_what_is_under_way_fails_when_the_link_is_lost() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        treadmill.latency = 1.0
        client = connection(treadmill)
        await client.connect()
        reads = [asyncio.ensure_future(client.read_gatt_char(uuids.MODEL_NUMBER)) for _ in range(2)]
        await asyncio.sleep(0.5)
        treadmill.drop_link()
        results = await asyncio.gather(*reads, return_exceptions=True)
        assert [getattr(result, "code", None) for result in results] == [0x0E, 0x0E]

    in_virtual_time(story)


def test_out_of_range_the_client_learns_of_it_after_two_seconds_and_hears_nothing_meanwhile() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        data = Inbox()
        lost: list[float] = []
        loop = asyncio.get_running_loop()
        client = connection(treadmill, disconnected_callback=lambda _: lost.append(loop.time()))
        await client.connect()
        await client.start_notify(DATA, data)
        await asyncio.sleep(3.5)
        left = loop.time()
        treadmill.leave_range()
        treadmill.leave_range()
        assert await refused(client.read_gatt_char(uuids.MODEL_NUMBER)) == 0x0E
        assert lost == [pytest.approx(left + 2, abs=0.01)]
        assert len(data.values) == 3

    in_virtual_time(story)


def test_a_short_silence_only_delays_what_was_sent() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        data = Inbox()
        async with connection(treadmill) as client:
            await client.start_notify(DATA, data)
            await asyncio.sleep(1.5)
            treadmill.leave_range()
            read = asyncio.ensure_future(client.read_gatt_char(uuids.MODEL_NUMBER))
            await client.write_gatt_char(CONTROL, b"\0", response=False)
            await asyncio.sleep(1.5)
            assert len(data.values) == 1
            treadmill.enter_range()
            assert await read == b"Generic treadmill"
            await asyncio.sleep(3)
            assert client.is_connected
            assert len(data.values) == 6
        assert treadmill.writes == []

    in_virtual_time(story)


def test_a_machine_that_loses_its_mains_brings_the_belt_to_rest() -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        client = connection(treadmill)
        await client.connect()
        treadmill.console.set_speed(Speed.parse("5 km/h"))
        treadmill.console.press_start()
        await asyncio.sleep(30)
        treadmill.power_off()
        await asyncio.sleep(10)
        assert not client.is_connected
        treadmill.power_on()
        await asyncio.sleep(30)
        assert treadmill.belt.standing
        async with connection(treadmill) as again:
            assert again.is_connected

    in_virtual_time(story)


def test_a_treadmill_outlives_an_event_loop_and_its_time_goes_on() -> None:
    treadmill = SimulatedTreadmill()
    treadmill.console.press_start()

    async def leave_without_a_word() -> None:
        await connection(treadmill).connect()
        await asyncio.sleep(60)

    async def come_again() -> None:
        data = Inbox()
        async with connection(treadmill) as client:
            await client.start_notify(DATA, data)
            await asyncio.sleep(10.5)
        assert len(data.values) == 10
        assert treadmill.now >= 70

    in_virtual_time(leave_without_a_word)
    in_virtual_time(come_again)
    assert treadmill.belt.elapsed >= 70
