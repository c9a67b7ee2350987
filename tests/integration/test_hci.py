"""The treadmill on the air, from the other end of HCI and ATT: links, security, range, mains; in virtual time.

What a treadmill has to do over any transport is in tests/conformance, which runs over this one as well.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from bleak import BleakClient
from bleak.exc import BleakDBusError
from bumble.att import ATT_Error
from bumble.core import UUID
from bumble.device import Device, Peer
from bumble.hci import Address
from bumble.keys import MemoryKeyStore

from backstride.driver.confirmation import Confirmed
from backstride.driver.machine import Machine
from backstride.errors import ConfigError
from backstride.protocol import uuids
from backstride.simulator.hci import HciTreadmill
from backstride.simulator.sensors import Sensor
from backstride.simulator.virtual_link import VirtualLink
from backstride.units import Speed
from tests.support.bench import altered, until, walking
from tests.support.bumble_client import target_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bumble.gatt_client import CharacteristicProxy, DescriptorProxy
    from bumble.keys import KeyStore


@contextlib.asynccontextmanager
async def central(
    link: VirtualLink, treadmill: HciTreadmill, number: int = 1, keys: KeyStore | None = None
) -> AsyncIterator[Peer]:
    """Connect bumble's own central, which knows nothing of ours, and let it discover everything."""
    controller = link.controller(f"foreigner {number}")
    device = Device.with_hci("foreigner", Address(f"C0:00:00:00:EE:{number:02X}"), controller, controller)
    device.keystore = keys
    await device.power_on()
    connection = await device.connect(Address(treadmill.address), timeout=None)
    peer = Peer(connection)
    try:
        await peer.discover_all()  # type: ignore[no-untyped-call]  # bumble's is
        yield peer
    finally:
        await connection.disconnect()
        link.remove_controller(controller)


def characteristic(peer: Peer, service: int, short: int) -> CharacteristicProxy[bytes]:
    """Return the one characteristic of that number in the one service of that number."""
    (found,) = peer.get_services_by_uuid(UUID.from_16_bits(service))
    (one,) = peer.get_characteristics_by_uuid(UUID.from_16_bits(short), found)
    return one


async def refusal(request: Awaitable[object]) -> int | None:
    """Return the error code that a request is answered with, or None if it is granted."""
    try:
        await request
    except ATT_Error as error:
        return int(error.error_code)
    return None


async def advertised(link: VirtualLink, seconds: float = 1.0) -> dict[str, bytes]:
    """Return what a scanner hears: the advertising data of each address."""
    controller = link.controller("scanner")
    scanner = Device.with_hci("scanner", Address("C0:00:00:00:FF:FF"), controller, controller)
    heard: dict[str, bytes] = {}
    scanner.on(scanner.EVENT_ADVERTISEMENT, lambda one: heard.update({str(one.address): one.data_bytes}))
    await scanner.power_on()
    await scanner.start_scanning()
    await asyncio.sleep(seconds)
    await scanner.stop_scanning()
    link.remove_controller(controller)
    return heard


def test_it_advertises_service_kind_and_name_and_cuts_a_name_that_is_too_long(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        link = VirtualLink()
        short, long = HciTreadmill(name="Short"), HciTreadmill("sole-f85", name="A name of more than fifteen")
        async with short.on_air(link), long.on_air(link):
            heard = await advertised(link)
        data = heard[short.address]
        assert bytes.fromhex("03032618") in data
        assert bytes.fromhex("06162618010100") in data
        assert b"\x06\x09Short" in data
        assert b"\x10\x08A name of more " in heard[long.address]
        assert len(heard[long.address]) == 31

    virtual_time(story())


def test_a_machine_that_has_all_the_centrals_it_takes_is_not_heard(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        link, treadmill = VirtualLink(), HciTreadmill(altered(link={"centrals": 2}))
        async with treadmill.on_air(link):
            target = target_on(link, treadmill)
            async with BleakClient(target.device, backend=target.backend):
                assert treadmill.address in await advertised(link)
                async with BleakClient(target.device, backend=target.backend):
                    assert len(treadmill.peripheral.connections) == 2
                    assert treadmill.address not in await advertised(link)
            await asyncio.sleep(1)
            assert treadmill.address in await advertised(link)
        assert await advertised(link) == {}

    virtual_time(story())


def test_each_link_has_its_own_configuration_and_mtu(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        link, treadmill = VirtualLink(), HciTreadmill(altered(link={"mtu": 64}))
        async with treadmill.on_air(link):
            target = target_on(link, treadmill)
            async with (
                BleakClient(target.device, backend=target.backend) as one,
                BleakClient(target.device, backend=target.backend) as other,
            ):
                values: list[bytearray] = []
                await one.start_notify(uuids.TREADMILL_DATA, lambda _, value: values.append(value))
                first, second = treadmill.peripheral.connections
                assert uuids.TREADMILL_DATA in first.subscriptions
                assert second.subscriptions == {}
                assert first.mtu == second.mtu == 64
                await asyncio.sleep(3.5)
                assert len(values) == 3
                assert other.is_connected

    virtual_time(story())


def test_a_control_point_that_demands_encryption_takes_commands_after_pairing(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        link, treadmill = VirtualLink(), HciTreadmill(altered(link={"require_encryption": True}))
        async with treadmill.on_air(link):
            target = target_on(link, treadmill)
            async with BleakClient(target.device, backend=target.backend) as client:
                await client.start_notify(uuids.CONTROL_POINT, lambda *_: None)
                with pytest.raises(BleakDBusError, match="Not paired"):
                    await client.write_gatt_char(uuids.CONTROL_POINT, b"\x00", response=True)
                await client.pair()
                await client.write_gatt_char(uuids.CONTROL_POINT, b"\x00", response=True)
                assert [write.att_error for write in treadmill.writes] == [0x05, None]

    virtual_time(story())


def test_out_of_range_for_a_moment_loses_no_link_and_for_longer_loses_it_at_both_ends(
    virtual_time: Callable[..., Any],
) -> None:
    async def story() -> None:
        link, treadmill = VirtualLink(), HciTreadmill()
        async with treadmill.on_air(link), Machine.connect(target_on(link, treadmill)) as machine:
            treadmill.leave_range()
            await asyncio.sleep(1)
            treadmill.enter_range()
            await asyncio.sleep(5)
            assert len(treadmill.peripheral.connections) == 1
            treadmill.leave_range()
            await until(lambda: not machine.is_connected, 2.1)
            assert treadmill.peripheral.connections == []
            treadmill.enter_range()
            await machine.reconnect()
            assert await machine.start() == Confirmed()

    virtual_time(story())


def test_a_belt_without_mains_comes_to_rest_and_nobody_hears_the_machine(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        link, treadmill = VirtualLink(), HciTreadmill()
        async with treadmill.on_air(link), Machine.connect(target_on(link, treadmill)) as machine:
            await walking(machine)
            treadmill.power_off()
            await until(lambda: not machine.is_connected)
            await asyncio.sleep(5)
            assert treadmill.belt.standing
            assert treadmill.address not in await advertised(link)
            treadmill.power_on()
            await asyncio.sleep(1)
            assert treadmill.address in await advertised(link)
            assert treadmill.belt.standing

    virtual_time(story())


FITNESS_MACHINE, TREADMILL_DATA, CONTROL_POINT, CONFIGURATION = 0x1826, 0x2ACD, 0x2AD9, 0x2902


def configuration(peer: Peer, short: int) -> DescriptorProxy:
    """Return the client configuration of a characteristic of the fitness machine."""
    (one,) = (
        descriptor
        for descriptor in characteristic(peer, FITNESS_MACHINE, short).descriptors
        if descriptor.type == UUID.from_16_bits(CONFIGURATION)
    )
    return one


@pytest.mark.parametrize(
    ("short", "value", "code"),
    [
        (TREADMILL_DATA, "0200", 0x13),  # indications of what is only notified: Value Not Allowed
        (TREADMILL_DATA, "0300", 0x13),
        (CONTROL_POINT, "0100", 0x13),
        (TREADMILL_DATA, "0400", 0x13),  # reserved bits
        (TREADMILL_DATA, "0101", 0x13),
        (TREADMILL_DATA, "", 0x0D),  # Invalid Attribute Value Length
        (TREADMILL_DATA, "01", 0x0D),
        (TREADMILL_DATA, "010000", 0x0D),
    ],
)
def test_a_configuration_that_is_none_is_refused_and_changes_nothing(
    virtual_time: Callable[..., Any], short: int, value: str, code: int
) -> None:
    async def story() -> None:
        link, treadmill = VirtualLink(), HciTreadmill()
        async with treadmill.on_air(link), central(link, treadmill) as peer:
            cccd = configuration(peer, short)
            heard: list[bytes] = []
            peer.gatt_client.notification_subscribers[characteristic(peer, FITNESS_MACHINE, short).handle] = {
                heard.append
            }
            for before in (b"\x00\x00", b"\x01\x00" if short == TREADMILL_DATA else b"\x02\x00"):
                await cccd.write_value(before, with_response=True)
                assert await refusal(cccd.write_value(bytes.fromhex(value), with_response=True)) == code
                assert await cccd.read_value() == before
                heard.clear()
                await asyncio.sleep(3.5)
                assert len(heard) == (3 if before == b"\x01\x00" else 0)

    virtual_time(story())


def test_a_configuration_is_that_of_its_link_alone_and_gone_with_it(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        link, treadmill = VirtualLink(), HciTreadmill()
        async with treadmill.on_air(link), central(link, treadmill, 2) as other:
            async with central(link, treadmill) as one:
                await configuration(one, TREADMILL_DATA).write_value(b"\x01\x00", with_response=True)
                await configuration(other, CONTROL_POINT).write_value(b"\x02\x00", with_response=True)
                told = [
                    [await configuration(peer, short).read_value() for short in (TREADMILL_DATA, CONTROL_POINT)]
                    for peer in (one, other)
                ]
                assert told == [[b"\x01\x00", b"\x00\x00"], [b"\x00\x00", b"\x02\x00"]]
                assert await refusal(configuration(other, TREADMILL_DATA).write_value(b"\x02\x00", with_response=True))
                assert await configuration(one, TREADMILL_DATA).read_value() == b"\x01\x00"
            async with central(link, treadmill) as again:
                assert await configuration(again, TREADMILL_DATA).read_value() == b"\x00\x00"
                assert await configuration(other, CONTROL_POINT).read_value() == b"\x02\x00"
                control = characteristic(again, FITNESS_MACHINE, CONTROL_POINT)
                assert await refusal(control.write_value(b"\x00", with_response=True)) == 0xFD

    virtual_time(story())


def test_a_client_that_has_paired_finds_its_configuration_again_and_nobody_else_does(
    virtual_time: Callable[..., Any],
) -> None:
    async def story() -> None:
        link, treadmill, keys = VirtualLink(), HciTreadmill(), MemoryKeyStore()
        async with treadmill.on_air(link):
            async with central(link, treadmill, keys=keys) as peer:
                await configuration(peer, TREADMILL_DATA).write_value(b"\x01\x00", with_response=True)
                await peer.connection.pair()
                await configuration(peer, CONTROL_POINT).write_value(b"\x02\x00", with_response=True)
            async with central(link, treadmill) as somebody:  # under the same address, without the key
                assert await configuration(somebody, TREADMILL_DATA).read_value() == b"\x00\x00"
            async with central(link, treadmill, number=2) as other:
                await other.connection.pair()
                assert await configuration(other, TREADMILL_DATA).read_value() == b"\x00\x00"
            async with central(link, treadmill, keys=keys) as again:
                assert await configuration(again, TREADMILL_DATA).read_value() == b"\x00\x00"
                await again.connection.encrypt()
                assert await configuration(again, TREADMILL_DATA).read_value() == b"\x01\x00"
                assert await configuration(again, CONTROL_POINT).read_value() == b"\x02\x00"
                heard: list[bytes] = []
                handle = characteristic(again, FITNESS_MACHINE, TREADMILL_DATA).handle
                again.gatt_client.notification_subscribers[handle] = {heard.append}
                await asyncio.sleep(3.5)
                assert len(heard) == 3
                await configuration(again, TREADMILL_DATA).write_value(b"\x00\x00", with_response=True)
            async with central(link, treadmill, keys=keys) as at_last:
                await at_last.connection.encrypt()
                assert await configuration(at_last, TREADMILL_DATA).read_value() == b"\x00\x00"

    virtual_time(story())


def test_a_foreign_client_reads_speed_cadence_and_heart_rate_and_knows_nothing_of_fitness_machines(
    virtual_time: Callable[..., Any],
) -> None:
    async def story() -> None:
        link, treadmill = VirtualLink(), HciTreadmill(sensors=Sensor)
        async with treadmill.on_air(link), central(link, treadmill) as peer:
            assert await characteristic(peer, 0x1814, 0x2A54).read_value() == bytes.fromhex("0700")
            assert await characteristic(peer, 0x1814, 0x2A5D).read_value() == b"\x00"
            assert await characteristic(peer, 0x180D, 0x2A38).read_value() == b"\x01"
            speeds: list[bytes] = []
            hearts: list[bytes] = []
            await characteristic(peer, 0x1814, 0x2A53).subscribe(speeds.append)
            await characteristic(peer, 0x180D, 0x2A37).subscribe(hearts.append)
            await asyncio.sleep(1.1)
            # flags: stride length and total distance; nothing moves
            assert speeds == [bytes.fromhex("03000000000000000000")]
            assert hearts == [bytes.fromhex("063e")]  # contact; 62
            treadmill.console.press_start()
            treadmill.console.set_speed(Speed(360))
            await asyncio.sleep(60)
            # 3.6 km/h is 256/256 m/s; 103.2 steps a minute are 51.6 of each foot, each stride of 116 cm
            assert speeds[-1][:6] == bytes.fromhex("030001347400")
            metres = [int.from_bytes(value[6:], "little") / 10 for value in speeds[-2:]]
            assert metres[1] - metres[0] == pytest.approx(1.0, abs=0.1)
            assert metres[1] == pytest.approx(treadmill.belt.distance, abs=1.0)
            assert 75 < hearts[-1][1] < 83  # on its way to 82: 6.0 of 36.5 ml/kg/min of 123 beats
            treadmill.console.press_stop()
            await asyncio.sleep(600)
            assert speeds[-1][:6] == bytes.fromhex("030000000000")
            assert hearts[-1] == bytes.fromhex("063e")
            assert len(speeds) == len(hearts) == 661

    virtual_time(story())


def test_the_services_of_its_sensors_are_advertised(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        link = VirtualLink()
        both = HciTreadmill(sensors=Sensor, name="A name that is too long")
        pod = HciTreadmill("sole-f85", sensors=[Sensor.RUNNING_SPEED], name="Pod")
        async with both.on_air(link), pod.on_air(link):
            heard = await advertised(link)
        assert bytes.fromhex("0703261814180d18") in heard[both.address]
        assert bytes.fromhex("050326181418") in heard[pod.address]
        assert b"\x0c\x08A name that" in heard[both.address]
        assert len(heard[both.address]) == 31

    virtual_time(story())


@pytest.mark.parametrize("fault", ["adapter-lost=3", "stalled=2"])
def test_what_happens_at_the_other_end_is_refused_in_a_sentence(fault: str) -> None:
    treadmill = HciTreadmill()
    with pytest.raises(ConfigError, match="the computer at the other end"):
        treadmill.strike(fault)


def test_a_transport_that_is_none_is_refused_in_a_sentence(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        with pytest.raises(ConfigError, match="bogus:1 cannot be opened"):
            async with HciTreadmill().on_air("bogus:1"):
                pass

    virtual_time(story())
