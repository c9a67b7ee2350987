"""Inclines as each machine file has them: what is written moves the deck where it should be, and is read back so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.driver import events
from backstride.driver.confirmation import Confirmed
from backstride.driver.machine import Machine
from backstride.errors import SafetyError
from backstride.machines.facts import WireUnit, known_machines, load_facts
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from tests.support.bench import Heard, walking

if TYPE_CHECKING:
    from collections.abc import Callable


def inclines_written(treadmill: SimulatedTreadmill) -> list[str]:
    return [write.value.hex(" ") for write in treadmill.writes if write.value[0] == 0x03]


def decks() -> list[str]:
    facts = [load_facts(name) for name in known_machines()]
    return [one.id for one in facts if one.incline is not None and one.incline.fixed is None]


@pytest.mark.parametrize("model", decks())
def test_the_deck_goes_where_it_is_told_and_is_seen_there(virtual_time: Callable[..., Any], model: str) -> None:
    """S10, from the lowest inclination to 6 % and back, on every machine whose incline is set."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(model)
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            grid = machine.capabilities.incline
            if grid is None or not grid.reported or machine.capabilities.speed is None:
                return
            await walking(machine)
            for percent in (2, int(grid.minimum) // 10, 0, 6, 3):
                wanted = Incline(percent * 10)
                assert await machine.set_incline(wanted) == Confirmed()
                await asyncio.sleep(25)
                assert treadmill.belt.log.incline_at(treadmill.now) == pytest.approx(percent)
                assert machine.state.incline is not None
                assert abs(machine.state.incline - wanted) <= 1

    virtual_time(story())


@pytest.mark.parametrize(
    ("model", "percent", "octets"),
    [
        ("generic", 3, "03 1e 00"),
        ("bh-t01", 3, "03 1e 00"),
        ("bh-t01", -1, "03 c2 01"),
        ("bh-t01", -3, "03 40 01"),
        ("3g-pro-runner", 1, "03 1a 00"),
        ("3g-pro-runner", 10, "03 74 00"),
        ("kettler", 1, "03 14 00"),
        ("kettler", 10, "03 96 00"),
        ("adidas-t19-t800", 4, "03 28 00"),
    ],
)
def test_an_incline_is_written_by_the_number_the_machine_takes(
    virtual_time: Callable[..., Any], model: str, percent: int, octets: str
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(model)
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            await machine.set_incline(Incline(percent * 10))
        assert inclines_written(treadmill) == [octets]

    virtual_time(story())


def test_a_decline_that_is_told_as_an_incline_is_unknown_to_whoever_comes_later(
    virtual_time: Callable[..., Any],
) -> None:
    """Only the way from the horizontal tells it from 7 % (quirks, entry 4)."""

    async def story() -> None:
        treadmill = SimulatedTreadmill("bh-t01")
        treadmill.console.press_start()
        await asyncio.sleep(5)
        treadmill.console.set_incline(Incline(-10))
        async with Machine.connect(treadmill) as machine:
            await asyncio.sleep(10)
            assert machine.state.incline is None
            treadmill.console.set_incline(Incline(0))
            await asyncio.sleep(10)
            assert machine.state.incline == 0

    virtual_time(story())


def test_s7_a_machine_that_misreads_declines_is_never_told_one(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("jtx-sprint-7")
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            with pytest.raises(SafetyError, match=r"outside what this machine can do, 0\.0 %"):
                await machine.set_incline(Incline(-5))
        assert not inclines_written(treadmill)

    virtual_time(story())


def test_a_decline_sent_to_such_a_machine_by_somebody_else_drives_it_up() -> None:
    treadmill = SimulatedTreadmill("jtx-sprint-7")
    peripheral = treadmill.peripheral
    connection = peripheral.connect()
    treadmill.console.press_start()
    peripheral.control.carry_out(b"\x00", connection.number, 0.0)
    peripheral.control.carry_out(b"\x03\xf6\xff", connection.number, 0.0)
    assert treadmill.belt.log.breakpoints[-1].incline_target == 15


def test_what_the_console_sets_is_told_in_the_machine_s_numbers_and_understood(
    virtual_time: Callable[..., Any],
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("3g-pro-runner")
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            treadmill.console.set_incline(Incline(40))
            await asyncio.sleep(1)
            assert events.ConsoleIncline(Incline(40)) in heard.events

    virtual_time(story())


def test_a_fixed_deck_is_known_although_no_record_tells_it(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("domyos-ts100")
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            assert machine.state.incline == Incline(268)
            assert machine.capabilities.no_incline == "the deck of the Domyos TS100 is fixed at 26.8 %"
            await machine.stop()
            await machine.reset()
            await asyncio.sleep(60)
        assert treadmill.belt.log.incline_at(treadmill.now) == pytest.approx(26.8)

    virtual_time(story())


@pytest.mark.parametrize("model", ["therun-t15", "lifesmart-tm4800"])
def test_a_machine_whose_console_is_in_miles_is_driven_in_miles(virtual_time: Callable[..., Any], model: str) -> None:
    """2 mph are written as 2; the one reports 2 of them as well, the other what they are in km/h."""

    async def story() -> None:
        in_miles = load_facts(model).with_console(WireUnit.MPH)
        treadmill = SimulatedTreadmill(in_miles)
        async with Machine.connect(treadmill, console=WireUnit.MPH) as machine:
            assert machine.facts == in_miles
            assert "taken to be set to miles" in machine.capabilities.before[0]
            assert await machine.start() == Confirmed()
            assert machine.capabilities.speed is not None
            assert await machine.set_speed(machine.capabilities.speed.snap(Speed.from_mph(2))) == Confirmed()
            await asyncio.sleep(5)
            assert treadmill.belt.log.speed_at(treadmill.now) == pytest.approx(3.22, abs=0.03)
            assert machine.state.speed == pytest.approx(322, abs=3)
        written = [write.value for write in treadmill.writes if write.value[0] == 0x02]
        assert int.from_bytes(written[0][1:], "little") == pytest.approx(200, abs=2)

    virtual_time(story())
