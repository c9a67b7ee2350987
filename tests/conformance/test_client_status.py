"""A collector's duties towards Fitness Machine Status (FTMS 4.17; fact sheet 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backstride.driver import events
from backstride.driver.confirmation import Confirmed
from backstride.driver.machine import Machine
from backstride.errors import ControlLost
from backstride.protocol import uuids
from backstride.units import Incline, Speed
from tests.conformance.cases import duty
from tests.support.bench import Heard, altered, until, walking

if TYPE_CHECKING:
    from tests.conformance.transports import Bench


def written(bench: Bench) -> list[str]:
    return [write.value.hex() for write in bench.peripheral.writes]


@duty("FTMS/CL/4.17-1", "hears what is done on the console: start, pause, stop, speed, inclination, safety key")
async def test_every_act_on_the_console_is_heard(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        bench.console.press_start()
        await bench.pass_time(10)
        bench.console.set_speed(Speed(420))
        bench.console.set_incline(Incline(20))
        await bench.pass_time(10)
        bench.console.press_pause()
        await bench.pass_time(10)
        bench.console.press_start()
        await bench.pass_time(10)
        bench.console.press_stop()
        await bench.pass_time(10)
        bench.console.pull_safety_key()
        await bench.pass_time(1)
        assert heard.events == [
            events.ConsoleStarted(),
            events.ConsoleSpeed(Speed(420)),
            events.ConsoleIncline(Incline(20)),
            events.ConsoleStopped(pause=True),
            events.ConsoleStarted(),
            events.ConsoleStopped(pause=False),
            events.SafetyKeyPulled(),
        ]
        assert written(bench) == ["00"]


@duty(
    "FTMS/CL/4.17.1-1",
    "accepts that its own changes are told to it as well, and does not take them for the console's",
    facts=altered(control={"echoes_status": True}),
)
async def test_an_echo_of_our_own_change_is_not_the_console_s(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        told = await (await bench.connect()).subscribe(uuids.MACHINE_STATUS)
        heard = Heard(machine)
        await walking(machine)
        await machine.set_incline(Incline(20))
        await machine.stop()
        await bench.pass_time(5)
        assert told.values == ["04", "052c01", "061400", "0201"]
        assert heard.names == []


@duty("FTMS/CL/4.17.1-2", "after Control Permission Lost (0xFF) sends no procedure, until a person takes control back")
async def test_lost_control_is_not_taken_back_unasked(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        await walking(machine)
        before = written(bench)
        bench.console.take_control()
        await bench.pass_time(1)
        assert heard.names == ["ControlTaken"]
        with pytest.raises(ControlLost):
            await machine.set_speed(Speed(400))
        assert written(bench) == before
        assert await machine.take_control() == Confirmed()
        assert await machine.set_speed(Speed(400)) == Confirmed()
        assert written(bench) == [*before, "00", "029001"]


@duty("FACTS/CL/7.5-1", "after Control Permission Lost a Stop goes out all the same, and control is asked for it")
async def test_a_stop_goes_out_without_control(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
        bench.console.take_control()
        await bench.pass_time(1)
        assert await machine.stop() == Confirmed()
        assert written(bench)[3:] == ["0801", "00", "0801"]
        assert bench.belt.standing


@duty("FTMS/CL/4.17-2", "lets reserved and malformed status values, and those of other machines, pass")
async def test_a_status_that_says_nothing_to_a_treadmill_passes(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        for value in ("", "16", "fe0102", "05", "0505", "0614", "0a2c01", "07ff", "1401", "00"):
            bench.send(uuids.MACHINE_STATUS, value)
            await bench.pass_time(0.2)
        assert (heard.names, machine.is_connected) == ([], True)
        await walking(machine)
        assert bench.belt.speed == 3.0


@duty("FTMS/CL/4.17-3", "takes a stop that does not say whether it is a pause for a stop")
async def test_a_stop_without_its_parameter_is_a_stop(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        bench.send(uuids.MACHINE_STATUS, "02")
        await bench.pass_time(0.5)
        assert heard.events == [events.ConsoleStopped(pause=None)]


@duty(
    "FACTS/CL/8-1", "relies on no status: a stop on the console is seen in the telemetry of a machine that tells none"
)
async def test_a_stop_that_no_status_tells_is_seen(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        await walking(machine)
        (connection,) = bench.peripheral.connections
        del connection.subscriptions[uuids.MACHINE_STATUS]
        bench.console.press_stop()
        await until(lambda: machine.state.standing is True, within=8)
        assert bench.belt.standing
