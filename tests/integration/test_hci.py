"""The treadmill on the air, from the other end of HCI and ATT: links, security, range, mains; in virtual time.

What a treadmill has to do over any transport is in tests/conformance, which runs over this one as well.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from bleak import BleakClient
from bleak.exc import BleakDBusError
from bumble.device import Device
from bumble.hci import Address

from backstride.driver.confirmation import Confirmed
from backstride.driver.machine import Machine
from backstride.errors import ConfigError
from backstride.protocol import uuids
from backstride.simulator.hci import HciTreadmill
from backstride.simulator.virtual_link import VirtualLink
from tests.support.bench import altered, until, walking
from tests.support.bumble_client import target_on

if TYPE_CHECKING:
    from collections.abc import Callable


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
