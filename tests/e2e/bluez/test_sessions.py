"""Whole sessions on a real stack, in real time: the record, lost links, a lost adapter, two treadmills at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from backstride.apps.service import Unattended, run_session
from backstride.driver.discovery import Discovery
from backstride.driver.machine import Machine
from backstride.units import Speed
from backstride.workout.events import Ask, Ending, SessionState
from backstride.workout.inputs import AdjustSpeed, Confirm, Pause, Resume, Skip, Stop
from tests.e2e.command import events
from tests.support.bench import starts, until, written
from tests.support.outing import Outing
from tests.support.workout import profile, ramp, steady

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.bluez.air import KernelAir

SHORT = profile(steady("0.8", 4.0, incline="1"), ramp("1.2", 8.0), steady("0.8", 4.0))


def recorded(folder: Path) -> list[dict[str, object]]:
    """Return the lines of the only record in a folder."""
    (record,) = folder.iterdir()
    return events(record.read_text("ascii"))


async def test_a_whole_session_is_walked_and_recorded(air: KernelAir, tmp_path: Path) -> None:
    async with (
        air.treadmill(name="Whole") as treadmill,
        Machine.connect(await Discovery().find("Whole")) as machine,
    ):
        summary = await run_session(machine, SHORT, person=Unattended(), records=tmp_path)
        assert treadmill.belt.standing
    assert summary.ending == "finished"
    assert starts(treadmill) == 1
    lines = recorded(tmp_path)
    assert len([line for line in lines if line.get("event") == "sample"]) >= 15
    assert lines[-1]["event"] == "summary"


async def test_a_person_pauses_goes_on_adjusts_skips_and_stops(air: KernelAir) -> None:
    async with (
        air.treadmill(name="Hands") as treadmill,
        Machine.connect(await Discovery().find("Hands")) as machine,
        Outing(machine, steady("0.8", 300.0), steady("1.2", 300.0)) as outing,
    ):
        await outing.start()
        outing.session.act(Pause())
        await outing.until_state(SessionState.PAUSED)
        await until(lambda: treadmill.belt.standing and machine.state.standing is True, 10)
        outing.session.act(Resume())
        await outing.until_state(SessionState.RUNNING)
        await outing.until_speed(0.8)
        outing.session.act(AdjustSpeed(Speed(10)))
        await outing.until_speed(0.9)
        outing.session.act(Skip())
        await outing.until_speed(1.2)
        outing.session.act(Stop("the test is over"))
        assert (await outing.ended(20)).ending is Ending.STOPPED
        assert treadmill.belt.standing


async def test_s12_a_link_lost_by_the_treadmill_is_made_anew_and_asks(air: KernelAir) -> None:
    async with (
        air.treadmill(name="Lost") as treadmill,
        Machine.connect(await Discovery().find("Lost")) as machine,
        Outing(machine, steady("0.8", 3.0), steady("1.2", 300.0)) as outing,
    ):
        await outing.start()
        treadmill.drop_link(out_of_reach_for=2.0)
        await until(lambda: not machine.is_connected, 10)
        await until(lambda: machine.is_connected, 30)
        await until(lambda: outing.asking is Ask.RESUME, 30)
        assert treadmill.belt.target == 0.8
        outing.session.act(Confirm())
        await outing.until_speed(1.2)
        outing.session.act(Stop("the test is over"))
        await outing.ended(20)
        assert treadmill.belt.standing
    assert starts(treadmill) == 1


async def test_s4_a_stop_without_a_link_goes_out_first_on_the_next(air: KernelAir) -> None:
    async with (
        air.treadmill(name="Owed") as treadmill,
        Machine.connect(await Discovery().find("Owed")) as machine,
        Outing(machine, steady("0.8", 300.0)) as outing,
    ):
        await outing.start()
        treadmill.drop_link(out_of_reach_for=1.0)  # five seconds of S6 are for an emulated computer's next link as well
        await until(lambda: not machine.is_connected, 10)
        outing.session.act(Stop("the walker wants off"))
        await until(lambda: treadmill.belt.standing, 30)
        assert (await outing.ended(30)).belt_standing
    second = [write.value.hex() for write in treadmill.writes if write.connection != 1]
    assert second[0] == "0801" or second[:2] == ["00", "0801"]


async def test_s12_an_adapter_that_is_pulled_out_and_put_back(air: KernelAir) -> None:
    async with (
        air.treadmill(name="Adapter") as treadmill,
        Machine.connect(await Discovery().find("Adapter")) as machine,
        Outing(machine, steady("0.8", 300.0)) as outing,
    ):
        await outing.start()
        air.lose(3.0)
        await until(lambda: not machine.is_connected, 10)
        assert not treadmill.belt.standing
        await until(lambda: machine.is_connected, 60)
        assert starts(treadmill) == 1
        outing.session.act(Stop("the test is over"))
        await outing.ended(20)
        assert treadmill.belt.standing


async def test_two_treadmills_at_once_do_not_hear_of_each_other(air: KernelAir) -> None:
    async with (
        air.treadmill(name="One") as one,
        air.treadmill(name="Two") as two,
    ):
        found_one, found_two = await Discovery().find("One"), await Discovery().find("Two")
        async with Machine.connect(found_one) as first, Machine.connect(found_two) as second:
            await asyncio.gather(
                run_session(first, profile(steady("0.8", 4.0)), person=Unattended()),
                run_session(second, profile(steady("1.0", 12.0)), person=Unattended()),
            )
    assert "026400" not in written(one)
    assert "026400" in written(two)
    assert one.belt.standing
    assert two.belt.standing
