"""The driver on a real stack: connect, look, command, hear the console; judged from the treadmill's side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from bleak import BleakClient
from bleak.exc import BleakGATTProtocolError

from backstride.driver.confirmation import Confirmed
from backstride.driver.discovery import Discovery
from backstride.driver.machine import Machine
from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.units import Incline, Speed
from tests.e2e.bluez.agent import agreeing_to_pair
from tests.support.bench import Heard, altered, until, written

if TYPE_CHECKING:
    from tests.e2e.bluez.air import KernelAir


async def test_the_machine_is_known_by_what_it_says_of_itself(air: KernelAir) -> None:
    async with air.treadmill("kingsmith-z1") as treadmill:
        found = await Discovery().find(treadmill.address)
        async with Machine.connect(found) as machine:
            assert not machine.is_simulated
            assert machine.facts.id == "kingsmith-z1"
            speed = machine.capabilities.speed
            assert speed is not None
            assert (speed.minimum, speed.maximum) == (treadmill.facts.speed.minimum, treadmill.facts.speed.maximum)


async def test_every_control_reaches_the_belt(air: KernelAir) -> None:
    async with (
        air.treadmill(name="Controls") as treadmill,
        Machine.connect(await Discovery().find("Controls")) as machine,
    ):
        assert await machine.start() == Confirmed()
        assert await machine.set_speed(Speed(150)) == Confirmed()
        assert treadmill.belt.target == 1.5
        assert await machine.set_incline(Incline(10)) == Confirmed()
        assert await machine.pause() == Confirmed()
        assert treadmill.belt.standing
        assert await machine.start() == Confirmed()
        assert await machine.stop() == Confirmed()
        assert treadmill.belt.standing
    commands = written(treadmill, taken=True)
    assert commands[:5] == ["00", "07", "029600", "030a00", "0802"]
    assert commands[-1] == "0801"
    assert commands.count("07") == 2


async def test_s6_leaving_stops_a_belt_that_was_started(air: KernelAir) -> None:
    async with air.treadmill(name="Leaving") as treadmill:
        async with Machine.connect(await Discovery().find("Leaving")) as machine:
            assert await machine.start() == Confirmed()
        assert treadmill.belt.standing
    assert written(treadmill)[-1] == "0801"


async def test_s11_what_happens_at_the_console_is_heard(air: KernelAir) -> None:
    async with (
        air.treadmill(name="Console") as treadmill,
        Machine.connect(await Discovery().find("Console")) as machine,
    ):
        heard = Heard(machine)
        for press in (
            treadmill.console.press_start,
            lambda: treadmill.console.set_speed(Speed(200)),
            lambda: treadmill.console.set_incline(Incline(20)),
            treadmill.console.pull_safety_key,
            treadmill.console.insert_safety_key,
            treadmill.console.take_control,
        ):
            press()
            await asyncio.sleep(0.5)
        await until(lambda: "ControlTaken" in heard.names, 5)
    assert heard.names == [
        "ConsoleStarted",
        "ConsoleSpeed",
        "ConsoleIncline",
        "SafetyKeyPulled",
        "ControlTaken",
    ]


async def test_att_errors_are_seen_as_what_they_are(air: KernelAir) -> None:
    """0xFD without indications enabled, 0xFE while a procedure runs, 0x80 and more never reach the belt."""
    async with air.treadmill(altered(control={"answer_delay": 1.0}), name="Errors") as treadmill:
        found = await Discovery().find("Errors")
        async with BleakClient(found.device) as client:
            with pytest.raises(BleakGATTProtocolError) as improper:
                await client.write_gatt_char(uuids.CONTROL_POINT, b"\x00", response=True)
            answers = asyncio.Queue[bytes]()
            await client.start_notify(uuids.CONTROL_POINT, lambda _, value: answers.put_nowait(bytes(value)))
            await client.write_gatt_char(uuids.CONTROL_POINT, b"\x00", response=True)
            with pytest.raises(BleakGATTProtocolError) as busy:
                await client.write_gatt_char(uuids.CONTROL_POINT, b"\x07", response=True)
            assert await asyncio.wait_for(answers.get(), 5) == b"\x80\x00\x01"
        assert treadmill.belt.standing
    assert (improper.value.code, busy.value.code) == (0xFD, 0xFE)


async def test_a_control_point_that_demands_encryption_is_paired_with(air: KernelAir) -> None:
    async with (
        agreeing_to_pair(),
        air.treadmill(altered(link={"require_encryption": True}), name="Secret") as treadmill,
    ):
        async with Machine.connect(await Discovery().find("Secret")) as machine:
            (connection,) = treadmill.peripheral.connections
            assert connection.encrypted
            assert await machine.start() == Confirmed()
        assert treadmill.belt.standing
    assert treadmill.writes[0].att_error == AttError.INSUFFICIENT_AUTHENTICATION
    assert written(treadmill, taken=True)[:2] == ["00", "07"]


async def test_lost_links_are_made_anew_one_after_the_other(air: KernelAir) -> None:
    """bluetoothd hangs on a connection that is asked for while it still cleans up after the last one."""
    async with air.treadmill(name="Again") as treadmill:
        async with Machine.connect(await Discovery().find("Again")) as machine:
            for _ in range(8):
                treadmill.drop_link()
                await until(lambda: not machine.is_connected, 5)
                await machine.reconnect()
        assert len({write.connection for write in treadmill.writes}) == 9
