"""What every front end uses: a prepared walk, run to its end, with its record on disk (safety rules S1, S6, S13)."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.service import Unattended, Walk, prepare, run_session
from backstride.driver.machine import Machine
from backstride.errors import PlanError, ProfileError, SafetyError
from backstride.record.recording import list_records, read_record
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from backstride.workout.events import Ask, PersonNeeded, SessionEvent, SessionState
from backstride.workout.profile import Limits, Stand, shipped_profiles
from tests.support.bench import Address, starts, targets, until, written
from tests.support.workout import profile, steady

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parents[1] / "data" / "profile-example.yaml"


class Somebody:
    """A person who takes two seconds for every answer."""

    def __init__(self, *, refuses: int | None = None) -> None:
        self.asked: list[Ask] = []
        self._refuses = refuses

    async def ready(self, question: PersonNeeded) -> bool:
        self.asked.append(question.ask)
        await asyncio.sleep(2)
        return len(self.asked) - 1 != self._refuses


@pytest.mark.parametrize("name", [str(EXAMPLE), *shipped_profiles()])
def test_a_walk_leaves_a_complete_record_that_agrees_with_the_belt(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, tmp_path: Path, name: str
) -> None:
    """S13: from the first countdown to the summary."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            summary = await run_session(machine, name, records=tmp_path)
            assert summary.ending == "finished"
            assert summary.belt_standing is True
            assert summary.distance == pytest.approx(treadmill.belt.distance, rel=0.03)
            assert summary.climb == pytest.approx(treadmill.belt.ascent, rel=0.05, abs=0.5)

    virtual_time(story())
    (info,) = list_records(tmp_path)
    record = read_record(info.path)
    assert record.complete
    assert not record.torn
    entries = list(record.entries())
    samples = [float(str(entry["t"])) for entry in entries if entry["event"] == "sample"]
    assert max(later - earlier for earlier, later in pairwise(samples)) <= 1.01
    assert [entry["event"] for entry in entries[-2:]] == ["ended", "summary"]
    assert record.summary().distance == pytest.approx(entries[-1]["distance_m"], abs=0.01)


def test_a_person_is_asked_for_the_start_and_for_every_stand(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S1, S3."""

    async def story() -> None:
        walk = profile(steady("2.0", 20.0), Stand(until_confirmed=True), steady("2.0", 20.0))
        person = Somebody()
        async with Machine.connect(treadmill) as machine:
            summary = await run_session(machine, walk, person=person)
        assert summary.ending == "finished"
        assert person.asked == [Ask.START, Ask.CONFIRM]
        assert starts(treadmill) == 2

    virtual_time(story())


def test_a_person_who_does_not_agree_keeps_the_belt_standing(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S1."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            summary = await run_session(machine, "first-steps", person=Somebody(refuses=0))
        assert summary.ending == "stopped"
        assert starts(treadmill) == 0

    virtual_time(story())


def test_a_person_who_does_not_agree_to_go_on_ends_the_walk(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S2, S3."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            summary = await run_session(machine, "first-steps", person=Somebody(refuses=1))
        assert summary.ending == "stopped"
        assert summary.belt_standing is True
        assert starts(treadmill) == 1

    virtual_time(story())


class Forgetful:
    """A person who cannot be asked a second time."""

    def __init__(self) -> None:
        self.questions: list[str] = []

    async def ready(self, question: PersonNeeded) -> bool:
        self.questions.append(question.text)
        if len(self.questions) > 1:
            raise LookupError("gone")
        return True


def test_a_person_who_cannot_be_asked_ends_the_walk_on_a_standing_belt(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S6: a stranger's fault is raised, but the belt comes first."""

    async def story() -> None:
        walk = profile(steady("2.0", 20.0), Stand(until_confirmed=True), steady("2.0", 20.0))
        async with Machine.connect(treadmill) as machine:
            with pytest.raises(LookupError):
                await run_session(machine, walk, person=Forgetful())
        assert treadmill.belt.standing
        assert starts(treadmill) == 1

    virtual_time(story())


def test_s7_limits_above_the_default_are_part_of_the_question(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    person = Forgetful()

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await run_session(machine, "hill", person=person)

    virtual_time(story())
    assert "beyond the default limits for walking backward" in person.questions[0]


def test_a_walk_goes_on_after_a_stop_on_the_console_once_the_belt_stands(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S2: the question for a new start comes when it can be answered, on a standing belt."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            walking = asyncio.ensure_future(run_session(machine, profile(steady("2.0", 60.0))))
            await asyncio.sleep(30)
            treadmill.console.press_stop()
            summary = await asyncio.wait_for(walking, 300)
        assert summary.ending == "finished"
        assert starts(treadmill) == 2

    virtual_time(story())


def test_nobody_starts_a_real_treadmill_unattended(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, tmp_path: Path
) -> None:
    """S1: without a person in so many words a program starts simulators only."""

    async def story() -> None:
        target = Address(treadmill.device, treadmill.backend)
        async with Machine.connect(target) as machine:
            target.backend = None  # from here on it counts as reached over a radio
            assert not machine.is_simulated
            with pytest.raises(SafetyError) as refused:
                await run_session(machine, "first-steps", records=tmp_path)
            assert refused.value.rule == "S1"
            await asyncio.sleep(30)
            assert written(treadmill) == ["00"]
            summary = await run_session(machine, "first-steps", person=Unattended())
            assert summary.ending == "finished"

    virtual_time(story())
    assert list(tmp_path.iterdir()) == []


def test_a_session_that_cannot_run_moves_nothing_and_leaves_no_record(
    virtual_time: Callable[..., Any], tmp_path: Path
) -> None:
    """S7."""

    async def story() -> None:
        treadmill = SimulatedTreadmill("kingsmith-z1")
        async with Machine.connect(treadmill) as machine:
            with pytest.raises(PlanError) as refused:
                await run_session(machine, "retro-walk", records=tmp_path)
            assert any("0.80 km/h" in reason for reason in refused.value.reasons)
            with pytest.raises(ProfileError):
                await run_session(machine, "no-such-profile", records=tmp_path)
        assert written(treadmill) == ["00"]

    virtual_time(story())
    assert list(tmp_path.iterdir()) == []


def test_personal_limits_tighten_what_a_profile_allows(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S7."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            with pytest.raises(PlanError):
                await run_session(machine, "retro-walk", personal=Limits(speed=Speed(300), incline=Incline(150)))
        assert written(treadmill) == ["00"]

    virtual_time(story())


def test_a_cancelled_walk_stops_the_belt_and_closes_its_record(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, tmp_path: Path
) -> None:
    """S6, S13."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            walking = asyncio.create_task(run_session(machine, "retro-walk", records=tmp_path))
            await until(lambda: treadmill.belt.speed > 1.5, within=300)
            began = treadmill.now
            walking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await walking
            assert treadmill.now - began <= 5.0
            assert treadmill.belt.standing

    virtual_time(story())
    (info,) = list_records(tmp_path)
    record = read_record(info.path)
    assert record.complete
    assert (record.summary().ending, record.summary().belt_standing) == ("aborted", True)


def test_an_observer_that_fails_stops_the_belt_and_closes_the_record(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, tmp_path: Path
) -> None:
    """S6, S13."""

    async def story() -> None:
        def broken(_: SessionEvent, at: float) -> None:
            if at > 60:
                raise LookupError("not my day")

        async with Machine.connect(treadmill) as machine:
            with pytest.raises(LookupError, match="not my day"):
                async with asyncio.timeout(300):
                    await run_session(machine, "retro-walk", records=tmp_path, on_event=broken)
            assert treadmill.now < 75  # told as soon as the belt stands
            assert treadmill.belt.standing

    virtual_time(story())
    (info,) = list_records(tmp_path)
    assert read_record(info.path).complete


def test_a_walk_is_steered_by_hand(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    async def story() -> None:
        plan = profile(steady("2.0", 120.0), steady("2.4", 120.0))
        async with Machine.connect(treadmill) as machine:
            walk = Walk(machine, prepare(plan, machine))
            running = asyncio.create_task(walk.run())
            await asyncio.sleep(3)
            walk.confirm()
            await until(lambda: machine.state.speed == Speed(200), within=120)
            walk.adjust_speed(Speed(-50))
            walk.adjust_incline(Incline(10))
            await asyncio.sleep(15)
            assert (treadmill.belt.speed, treadmill.belt.incline) == (1.5, 1.0)
            walk.pause()
            await until(lambda: walk.session.runner.state is SessionState.PAUSED and treadmill.belt.standing)
            await asyncio.sleep(5)
            walk.resume()
            await until(lambda: walk.session.runner.state is SessionState.RUNNING)
            walk.skip()
            await until(lambda: machine.state.speed == Speed(240), within=120)
            walk.back()
            await asyncio.sleep(5)
            before = len(targets(treadmill))
            walk.stop()
            assert (await running).belt_standing is True
            assert len(targets(treadmill)) == before
        assert starts(treadmill) == 2
        assert walk.record is None
        assert walk.summary().ending == "stopped"

    virtual_time(story())
