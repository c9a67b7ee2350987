"""A session whose link goes and comes back: what is said, held, written, counted, recorded (S5, S6, S9, S11, S12)."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.service import Unattended, run_session
from backstride.driver.machine import Machine
from backstride.units import Incline, Speed
from backstride.workout.events import (
    Ask,
    Ended,
    Ending,
    LinkChanged,
    Overridden,
    Sample,
    SessionState,
    StepEnded,
    Warned,
)
from backstride.workout.inputs import Confirm, Pause, Stop
from tests.support.bench import starts, targets, until, written
from tests.support.outing import Outing
from tests.support.roaming import System
from tests.support.workout import profile, ramp, steady

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backstride.simulator.treadmill import SimulatedTreadmill
    from backstride.workout.events import PersonNeeded

WALKING = (steady("2.0", 300.0),)


async def walking(outing: Outing, kmh: float = 2.0) -> None:
    """Start, and walk until the belt has come to the speed of the first step."""
    await outing.start()
    await outing.until_speed(kmh)


# On return


@pytest.mark.parametrize("copies", [1, 2], ids=["records as they come", "every record twice"])
def test_nothing_is_written_before_two_good_records(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, copies: int
) -> None:
    """S9, S12: not even a lower target; only control is asked for."""

    async def story() -> None:
        system = System()
        async with (
            Machine.connect(system.reaching(treadmill)) as machine,
            Outing(machine, steady("2.0", 40.0), steady("1.0", 300.0)) as outing,
        ):
            await walking(outing)
            await until(lambda: outing.session.runner.progress.walked_s > 38.8)
            system.copies = copies
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            system.records.clear()
            await until(lambda: "026400" in written(treadmill))
            (lower,) = [write for write in treadmill.writes if write.value.hex() == "026400"]
            assert len([at for at in system.records if at <= lower.time]) >= 2
            assert [write.value.hex() for write in treadmill.writes if write.connection == 2] == ["00", "026400"]

    virtual_time(story())


def test_the_same_machine_moving_is_held_until_a_person_confirms(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S12: the plan climbs and quickens, and the belt does neither; when the person has looked it does both."""

    async def story() -> None:
        steps = (steady("1.0", 10.0, incline="1"), ramp("3.0", 60.0, incline="4"), steady("3.0", 300.0))
        async with Machine.connect(treadmill) as machine, Outing(machine, *steps) as outing:
            await outing.start()
            await until(lambda: len(targets(treadmill)) > 3)
            treadmill.drop_link()
            await until(lambda: outing.asking is Ask.RESUME)
            held = targets(treadmill)
            speed, incline = treadmill.belt.target, machine.state.incline
            await asyncio.sleep(200)
            assert targets(treadmill) == held
            assert treadmill.belt.target == speed
            assert machine.state.incline == incline
            assert len(outing.told(Warned)) == 1
            outing.session.act(Confirm())
            await outing.until_speed(3.0)
            assert machine.state.incline == 40

    virtual_time(story())


def test_what_the_console_changed_meanwhile_is_adopted(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S11, S12: speed and incline, held to the end of the step, and never fought."""

    async def story() -> None:
        steps = (steady("2.0", 300.0, incline="3"),)
        async with Machine.connect(treadmill) as machine, Outing(machine, *steps) as outing:
            await walking(outing)
            await until(lambda: machine.state.incline == 30)
            treadmill.leave_range()
            await until(lambda: not machine.is_connected)
            before = targets(treadmill)
            treadmill.console.set_speed(Speed(120))
            treadmill.console.set_incline(Incline(10))
            await asyncio.sleep(30)
            treadmill.enter_range()
            await until(lambda: outing.asking is Ask.RESUME)
            await asyncio.sleep(5)
            outing.session.act(Confirm())
            await asyncio.sleep(60)
            assert {event.change for event in outing.told(Overridden)} == {"speed", "incline"}
            assert targets(treadmill) == before
            assert treadmill.belt.target == 1.2
            assert machine.state.incline == 10

    virtual_time(story())


def test_a_pause_without_a_link_reaches_the_belt_first_thing(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4: on the first link that there is."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await walking(outing)
            treadmill.leave_range()
            await until(lambda: not machine.is_connected)
            outing.session.act(Pause())
            await asyncio.sleep(60)
            treadmill.enter_range()
            await until(lambda: machine.is_connected)
            again = [write for write in treadmill.writes if write.connection > 1]
            assert again[0].value.hex() == "0801"
            await until(lambda: outing.state is SessionState.PAUSED and outing.asking is Ask.RESUME)
            assert treadmill.belt.standing
            assert starts(treadmill) == 1

    virtual_time(story())


# The clock and the record


def test_the_clock_of_a_step_stands_still_without_a_link(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """A gap of a hundred seconds makes the session a hundred seconds longer, and the step not one."""

    async def story() -> None:
        loop = asyncio.get_running_loop()
        async with Machine.connect(treadmill) as machine, Outing(machine, steady("2.0", 60.0)) as outing:
            await outing.start()
            moves = loop.time()
            await asyncio.sleep(30)
            treadmill.leave_range()
            await until(lambda: not machine.is_connected)
            lost = loop.time()
            walked = outing.session.runner.progress.walked_s
            await asyncio.sleep(100)
            assert outing.session.runner.progress.walked_s == walked
            treadmill.enter_range()
            await until(lambda: outing.asking is Ask.RESUME)
            gap = loop.time() - lost
            ended = await outing.ended()
            (step,) = outing.told(StepEnded)
            assert step.walked_s == pytest.approx(60.0, abs=0.01)
            stopped = 4.0  # seconds to see the belt stand
            assert loop.time() - moves == pytest.approx(60 + gap, abs=stopped)
            assert ended.ending is Ending.FINISHED

    virtual_time(story())


class Patient(Unattended):
    """Agrees to everything, a second later."""

    async def ready(self, question: PersonNeeded) -> bool:
        await asyncio.sleep(1)
        return await super().ready(question)


def test_the_record_shows_the_gap_and_invents_nothing(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, tmp_path: Path
) -> None:
    """S10, S12, S13: samples of the gap are stale and make no way; the summary counts it once, and not as walked."""

    async def story() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        async with Machine.connect(treadmill) as machine:
            told: list[tuple[object, float]] = []
            walk = run_session(
                machine,
                profile(steady("2.0", 90.0)),
                person=Patient(),
                records=tmp_path,
                on_event=lambda event, at: told.append((event, at)),
            )
            walking = asyncio.create_task(walk)
            await until(lambda: any(isinstance(event, Sample) and event.speed == 200 for event, _ in told))
            await asyncio.sleep(20)
            treadmill.leave_range()
            loop.call_later(50, treadmill.enter_range)
            summary = await walking
            lost, restored = (at for event, at in told if isinstance(event, LinkChanged))
            assert summary.gaps == 1
            assert summary.gap_s == pytest.approx(restored - lost, abs=4.0)
            assert summary.moving < 105
            assert summary.steps[0].walked_s == pytest.approx(90, abs=0.1)
            assert summary.distance < 95 * 2.0 / 3.6
            return lost, restored

    lost, restored = virtual_time(story())
    (record,) = tmp_path.glob("*.jsonl")
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    links = [(line["t"], line["connected"]) for line in lines if line.get("event") == "link"]
    assert links == [(pytest.approx(lost, abs=0.01), False), (pytest.approx(restored, abs=0.01), True)]
    gap = [line for line in lines if line.get("event") == "sample" and lost < line["t"] < restored]
    assert len(gap) == pytest.approx(restored - lost, abs=1.5)
    assert all(line["stale"] for line in gap)
    assert len({line["distance_m"] for line in gap}) == 1
    after = next(line for line in lines if line.get("event") == "sample" and line["t"] > restored + 2.5)
    assert after["stale"] is False
    assert after["distance_m"] - gap[-1]["distance_m"] < 5
    assert lines[-1]["gaps"] == 1


# Endless, until the person ends it


def test_a_session_waits_for_its_machine_for_an_hour_and_ends_at_once(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S12: an attempt hangs at that instant."""

    async def story() -> None:
        loop, system = asyncio.get_running_loop(), System()
        async with Machine.connect(system.reaching(treadmill)) as machine, Outing(machine, *WALKING) as outing:
            await walking(outing)
            treadmill.leave_range()
            await until(lambda: not machine.is_connected)
            await asyncio.sleep(3600)
            assert outing.state is SessionState.RUNNING
            assert len(outing.told(Warned)) <= 3
            await until(lambda: system.listening[-1][0] == system.connects[-1])  # an attempt, not a scan
            pressed = loop.time()
            outing.session.act(Stop())
            ended = await outing.ended()
            assert ended == Ended(Ending.ABORTED, "you stopped it", belt_standing=None)
            assert loop.time() - pressed <= 5.01
            assert "Unknown whether the belt stands" in outing.told(Warned)[-1].text
            left = loop.time()
        assert loop.time() - left < 0.1

    virtual_time(story())


@pytest.mark.parametrize("back_after", [0.3, 1.4, 2.6])
@pytest.mark.parametrize("pressed_at", [4.0, 12.0, 16.0, 25.0, 41.0])
def test_a_stop_in_the_middle_of_an_attempt_that_has_gone_stale_reaches_the_belt(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, pressed_at: float, back_after: float
) -> None:
    """S4, S6: the machine comes back after the Stop, and five seconds are all there is, whatever was being tried."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await walking(outing)
            treadmill.leave_range()
            await until(lambda: not machine.is_connected)
            await asyncio.sleep(pressed_at)
            outing.session.act(Stop())
            await asyncio.sleep(back_after)
            treadmill.enter_range()
            ended = await outing.ended()
            assert ended == Ended(Ending.STOPPED, "you stopped it", belt_standing=True)
            assert treadmill.belt.standing
            again = [write.value.hex() for write in treadmill.writes if write.connection > 1]
            assert again[0] == "0801"

    virtual_time(story())


@pytest.mark.parametrize("hangs", [False, True], ids=["a link that is lost", "a Bluetooth service that hangs as well"])
def test_a_program_told_to_go_in_the_middle_of_an_attempt_goes_within_five_seconds(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, *, hangs: bool
) -> None:
    """S6."""

    async def story() -> None:
        loop, system = asyncio.get_running_loop(), System()
        told: list[float] = []

        async def program() -> None:
            async with Machine.connect(system.reaching(treadmill)) as machine, Outing(machine, *WALKING) as outing:
                await walking(outing)
                system.hangs_in_cleanup = hangs
                treadmill.leave_range()
                await until(lambda: not machine.is_connected)
                asyncio.get_running_loop().call_later(7, told.append, 7)
                try:
                    await outing.running
                finally:
                    (ended,) = outing.told(Ended)
                    assert ended.belt_standing is None

        running = asyncio.create_task(program())
        await until(lambda: bool(told), within=60)
        running.cancel()
        asked = loop.time()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()
        assert loop.time() - asked <= 5.01 + hangs

    virtual_time(story())


def test_a_trouble_that_lasts_is_told_the_walker_once(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine, Outing(machine, *WALKING) as outing:
            await walking(outing)
            system.fails = FileNotFoundError("/run/dbus/system_bus_socket")
            treadmill.drop_link()
            await asyncio.sleep(600)
            lost, trouble = outing.told(Warned)
            assert (lost.rule, lost.urgent) == ("S12", True)
            assert trouble == Warned(
                "No Bluetooth service answers on this computer; on Linux, install and start BlueZ (bluetoothd).", "S12"
            )
            system.fails = None
            await until(lambda: machine.is_connected)

    virtual_time(story())


def test_a_listener_that_fails_at_such_news_stops_the_belt(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S6."""

    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine, Outing(machine, *WALKING) as outing:
            await walking(outing)

            def broken(event: object, _: float) -> None:
                if isinstance(event, Warned) and "bluetoothd" in event.text:
                    raise ZeroDivisionError

            outing.session.listen(broken)
            system.fails = FileNotFoundError("/run/dbus/system_bus_socket")
            treadmill.drop_link()
            with pytest.raises(ZeroDivisionError):
                await outing.ended(within=10)
            assert outing.told(Ended)[0].belt_standing is None

    virtual_time(story())
