"""Trying out an unknown treadmill: what is not permitted does not move, and every way out ends with a standing belt."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from backstride.driver.discovery import Discovery
from backstride.driver.probe import Probe
from backstride.errors import SafetyError
from backstride.learning.bench import Choice, Question, Step, Topic
from backstride.learning.log import Shown
from backstride.learning.trials import TRIALS
from backstride.machines.written import as_written, from_written
from backstride.protocol.control_point import (
    Request,
    RequestControl,
    SetTargetInclination,
    SetTargetSpeed,
    StartOrResume,
)
from backstride.simulator.faults import CATALOGUE
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from tests.support.bench import altered, written
from tests.support.learning import Trial, try_out, violations

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.learning.course import Course
    from backstride.learning.onlooker import Onlooker

    Virtual = Callable[[Any], Any]

AT_ONCE = 0.1
"""Seconds until a Stop has reached the treadmill."""


# --- the gate


async def refused(treadmill: SimulatedTreadmill, *requests: Request, permitted: tuple[Request, ...]) -> str | None:
    """Return the rule by which the last of these requests is refused, after the others were carried out."""
    found = await Discovery(scanner=treadmill.scanner_backend, client=treadmill.backend).find(treadmill.address)
    async with Probe.connect(found) as probe:
        await probe.carry_out(RequestControl())
        probe.permit(*permitted)
        for request in requests[:-1]:
            await probe.carry_out(request)
        try:
            await probe.carry_out(requests[-1])
        except SafetyError as error:
            return error.rule
    return None


START = StartOrResume()
SLOW = SetTargetSpeed(Speed(80))
DECLINE = SetTargetInclination(Incline(-5))
STEEP = SetTargetInclination(Incline(55))
FAST = SetTargetSpeed(Speed(301))


@pytest.mark.parametrize(
    ("requests", "permitted", "rule"),
    [
        ((START,), (), "S1"),
        ((START, START), (START,), "S1"),
        ((SLOW,), (START,), "S1"),
        ((DECLINE,), (DECLINE,), "S7"),
        ((STEEP,), (STEEP,), "S7"),
        ((FAST,), (FAST,), "S7"),
        ((START,), (START,), None),
    ],
)
def test_s1_s7_what_nobody_agreed_to_or_is_no_small_motion_is_not_sent(
    virtual_time: Virtual, requests: tuple[Request, ...], permitted: tuple[Request, ...], rule: str | None
) -> None:
    treadmill = SimulatedTreadmill(altered(incline={"minimum": Incline(-50)}))
    assert virtual_time(refused(treadmill, *requests, permitted=permitted)) == rule
    assert len(written(treadmill)) >= len(requests)  # control, and all but the one that was refused
    assert treadmill.belt.standing


def test_a_permission_that_was_withdrawn_is_none(virtual_time: Virtual) -> None:
    async def withdrawn(treadmill: SimulatedTreadmill) -> None:
        found = await Discovery(scanner=treadmill.scanner_backend, client=treadmill.backend).find(treadmill.address)
        async with Probe.connect(found) as probe:
            probe.permit(START)
            probe.withdraw()
            with pytest.raises(SafetyError, match="Nobody has agreed"):
                await probe.carry_out(START)

    virtual_time(withdrawn(SimulatedTreadmill()))


@pytest.mark.parametrize("button", ["press_stop", "pull_safety_key"])
def test_s2_s11_the_consoles_stop_takes_back_what_was_permitted(virtual_time: Virtual, button: str) -> None:
    async def stopped(treadmill: SimulatedTreadmill) -> None:
        found = await Discovery(scanner=treadmill.scanner_backend, client=treadmill.backend).find(treadmill.address)
        async with Probe.connect(found) as probe:
            await probe.carry_out(RequestControl())
            probe.permit(START, SLOW)
            await probe.carry_out(START)
            await probe.watch(5.0)
            getattr(treadmill.console, button)()
            await probe.watch(0.5)
            with pytest.raises(SafetyError, match="Nobody has agreed"):
                await probe.carry_out(SLOW)

    virtual_time(stopped(SimulatedTreadmill()))


def test_s6_a_moving_belt_that_is_told_to_stand_is_ours_to_stop_whoever_started_it(virtual_time: Virtual) -> None:
    async def left_moving(treadmill: SimulatedTreadmill) -> None:
        found = await Discovery(scanner=treadmill.scanner_backend, client=treadmill.backend).find(treadmill.address)
        async with Probe.connect(found) as probe:
            treadmill.console.press_start()
            await probe.watch(6.0)
            assert not probe.may_move
            probe.halt()
            assert probe.has_started
        assert treadmill.belt.standing

    virtual_time(left_moving(SimulatedTreadmill()))


# --- ways out


class Leaving:
    """An onlooker who has had enough at the n-th thing that is put before them, or leaves some steps out."""

    def __init__(self, onlooker: Onlooker, *, quits_at: int | None = None, skips: tuple[str, ...] = ()) -> None:
        self.onlooker = onlooker
        self.quits_at = quits_at
        self.skips = skips
        self.asked = 0
        self.course: Course | None = None
        self.quit_at = float("inf")

    def begun(self, course: Course) -> None:
        self.course = course

    async def agrees(self, step: Step) -> Choice:
        self._count()
        if step.title in self.skips:
            return Choice.SKIP
        return await self.onlooker.agrees(step)

    async def sees(self, question: Question) -> bool | None:
        self._count()
        await asyncio.sleep(1.0)
        return await self.onlooker.sees(question)

    async def reads(self, question: Question) -> Shown | None:
        self._count()
        await asyncio.sleep(1.0)
        return await self.onlooker.reads(question)

    def told(self, text: str) -> None:
        self.onlooker.told(text)

    def _count(self) -> None:
        self.asked += 1
        if self.asked == self.quits_at and self.course is not None:
            self.quit_at = asyncio.get_running_loop().time()
            self.course.quit()


def left(virtual_time: Virtual, facts: Any = "generic", **how: Any) -> tuple[Trial, Leaving]:  # noqa: ANN401
    people: list[Leaving] = []

    def person(onlooker: Onlooker) -> Leaving:
        people.append(Leaving(onlooker, **how))
        return people[0]

    def begun(course: Course) -> None:
        people[0].begun(course)

    trial: Trial = virtual_time(try_out(SimulatedTreadmill(facts), person, begun))
    return trial, people[0]


@pytest.mark.parametrize("moment", range(1, 20))
def test_s4_whoever_quits_at_any_step_or_question_is_obeyed_at_once_and_leaves_a_standing_belt(
    virtual_time: Virtual, moment: int
) -> None:
    trial, person = left(virtual_time, quits_at=moment)
    assert trial.treadmill.belt.standing
    if person.asked < moment:
        assert moment > 10, "there are fewer steps and questions than were thought"
        return
    stops = [write.time for write in trial.treadmill.writes if write.value == b"\x08\x01"]
    assert [at for at in stops if person.quit_at <= at <= person.quit_at + AT_ONCE], "S4: no Stop at once"
    assert trial.result.ended_early == "you stopped it"
    assert trial.result.belt_stands
    assert person.asked == moment  # nothing is asked any more
    assert violations(trial) == []


def titles(virtual_time: Virtual) -> list[str]:
    trial, _ = left(virtual_time)
    return list(dict.fromkeys(step.title for _, step in trial.person.agreed))


def test_each_step_can_be_left_out_and_so_can_all_of_them(virtual_time: Virtual) -> None:
    every = titles(virtual_time)
    assert len(every) >= len(TRIALS) - 2
    for skipped in [*([title] for title in every), every]:
        trial, _ = left(virtual_time, skips=tuple(skipped))
        assert violations(trial) == []
        assert trial.result.belt_stands
        assert trial.result.ended_early is None
        left_out = "you left it out" in trial.result.log.skipped.values()
        assert left_out or skipped == ["Lay the deck flat"]  # a part of a step, which goes on


def test_a_belt_that_runs_away_is_stopped_at_once_and_the_person_is_told(virtual_time: Virtual) -> None:
    trial: Trial = virtual_time(try_out(SimulatedTreadmill(altered(speed={"floor": Speed(600)}))))
    assert trial.result.ended_early == "the belt ran faster than a walk, and was stopped"
    fastest = max(point.speed for point in trial.treadmill.belt.log.breakpoints)
    assert fastest < 5.0  # km/h: on its way to 6
    assert trial.treadmill.belt.standing
    assert trial.result.belt_stands


def test_s12_a_lost_link_is_told_at_once_and_the_belt_is_not_called_standing(virtual_time: Virtual) -> None:
    trial: Trial = virtual_time(try_out(SimulatedTreadmill(faults=["link-lost=600@motion+3"])))
    assert any("connection is lost" in text and "own stop button" in text for text in trial.told)
    assert not trial.result.belt_stands


def test_s11_the_consoles_stop_button_and_the_safety_key_end_a_motion_that_nothing_starts_again(
    virtual_time: Virtual,
) -> None:
    for fault in ("safety-key=30@motion+10", "console-stop@motion+10"):
        trial: Trial = virtual_time(try_out(SimulatedTreadmill(faults=[fault])))
        assert violations(trial) == []
        assert trial.result.belt_stands


NEVER_STANDS = {"stop-ignored", "write-error", "write-lost", "hang"}
OTHERS_MOVE_IT = {"console-start", "console-speed", "console-incline", "other-client", "returns-moving", "unit-mph"}


@pytest.mark.parametrize("kind", CATALOGUE)
def test_whatever_goes_wrong_nothing_moves_unasked_and_a_moving_belt_is_not_called_standing(
    virtual_time: Virtual, kind: str
) -> None:
    trial: Trial = virtual_time(try_out(SimulatedTreadmill(faults=[f"{kind}@motion+3"])))
    if kind not in OTHERS_MOVE_IT:
        assert [one for one in violations(trial) if "S6" not in one] == []
    assert trial.treadmill.belt.standing or not trial.result.belt_stands
    assert from_written(as_written(trial.facts)) == trial.facts  # whatever was seen, a machine file can be written


# --- machines that cannot be tried out


@pytest.mark.parametrize("model", ["kingsmith-z1", "merach-w50", "ypoo-mini-pro"])
def test_a_locked_machine_is_named_as_such_and_nothing_is_started(virtual_time: Virtual, model: str) -> None:
    trial: Trial = virtual_time(try_out(SimulatedTreadmill(model, locked=True)))
    assert "it may be locked until the maker's app unlocks it" in (trial.result.ended_early or "")
    assert "locked" in (trial.facts.control.locked or "")
    assert not [step for _, step in trial.person.agreed if step.moves]
    assert trial.result.belt_stands
    assert "07" not in written(trial.treadmill)


def test_s5_a_belt_that_moves_unseen_is_stopped_and_the_person_is_asked_whether_it_stands(
    virtual_time: Virtual,
) -> None:
    trial: Trial = virtual_time(try_out(SimulatedTreadmill("urevo-spacewalk-e3")))
    assert "nobody can see from here" in (trial.result.ended_early or "")
    assert written(trial.treadmill).count("07") == 1  # it is not started again
    assert Topic.BELT_STANDS in [question.topic for question in trial.person.asked]
    assert trial.treadmill.belt.standing


class Misreading(Leaving):
    """An onlooker who reads one and the same figure from every console."""

    def __init__(self, onlooker: Onlooker, figure: float) -> None:
        super().__init__(onlooker)
        self.figure = figure

    async def reads(self, question: Question) -> Shown | None:
        shown = await super().reads(question)
        return None if shown is None else Shown(self.figure, shown.unit)


@pytest.mark.parametrize("figure", [0.0, -3.0, 0.01, 3.0, 50.0])
def test_whatever_the_person_reads_from_the_console_the_deck_stays_low_and_a_file_is_written(
    virtual_time: Virtual, figure: float
) -> None:
    trial: Trial = virtual_time(try_out(SimulatedTreadmill(), lambda onlooker: Misreading(onlooker, figure)))
    assert from_written(as_written(trial.facts)) == trial.facts
    assert trial.treadmill.belt.standing
    assert violations(trial) == []


def test_a_deck_that_rises_more_than_was_meant_is_laid_flat_next(virtual_time: Virtual) -> None:
    trial: Trial = virtual_time(try_out(SimulatedTreadmill(altered(incline={"write_scale": 1.0}))))
    assert [value for value in written(trial.treadmill) if value.startswith("03")][:2] == ["030500", "030000"]
    assert {value for value in written(trial.treadmill) if value.startswith("03")} == {"030500", "030000"}
    assert trial.facts.incline is not None
    assert trial.facts.incline.write_scale == 1.0


@pytest.mark.parametrize("skipped", ["Lay the deck flat", "A little faster", "Raise the deck a little"])
def test_a_belt_stands_when_the_person_is_sent_to_the_console_whatever_was_left_out(
    virtual_time: Virtual, skipped: str
) -> None:
    trial, _ = left(virtual_time, skips=(skipped,))
    (at,) = [at for at, step in trial.person.agreed if step.title == "The console's own buttons"]
    assert trial.treadmill.belt.log.speed_at(at) == 0.0
    assert "0802" in written(trial.treadmill)  # it was paused before


# --- whoever starts the belt, it is seen to stand at the end, or it is said that it was not


class AtTheConsole(Leaving):
    """Somebody who leaves every motion out, presses the console's own Start in the last step, and acts then."""

    def __init__(self, onlooker: Onlooker, treadmill: SimulatedTreadmill, *, quits_after: float | None) -> None:
        super().__init__(onlooker)
        self.treadmill = treadmill
        self.quits_after = quits_after

    async def agrees(self, step: Step) -> Choice:
        return Choice.GO if step.title == "The console's own buttons" else Choice.SKIP

    async def sees(self, question: Question) -> bool | None:
        if question.topic is not Topic.CONSOLE_DONE:
            return await super().sees(question)
        self.treadmill.console.press_start()
        assert self.course is not None
        if self.quits_after is not None:
            await asyncio.sleep(self.quits_after)
            self.course.quit()
            await asyncio.sleep(60.0)
        await asyncio.sleep(8.0)
        return None


async def meeting(treadmill: SimulatedTreadmill, person: Callable[[Onlooker], Leaving]) -> Trial:
    """Try out a treadmill with this person beside it, who may quit."""
    people: list[Leaving] = []

    def beside(onlooker: Onlooker) -> Leaving:
        people.append(person(onlooker))
        return people[0]

    def begun(course: Course) -> None:
        people[0].begun(course)

    async with asyncio.timeout(3600.0):
        return await try_out(treadmill, beside, begun)


def met(virtual_time: Virtual, treadmill: SimulatedTreadmill, person: Callable[[Onlooker], Leaving]) -> Trial:
    trial: Trial = virtual_time(meeting(treadmill, person))
    return trial


@pytest.mark.parametrize("quits_after", [0.2, 8.0, None])
def test_s6_a_belt_that_the_person_started_on_the_console_is_stopped_as_well(
    virtual_time: Virtual, quits_after: float | None
) -> None:
    treadmill = SimulatedTreadmill(altered(belt={"dead_time": 3.0}))
    trial = met(virtual_time, treadmill, lambda onlooker: AtTheConsole(onlooker, treadmill, quits_after=quits_after))
    assert trial.result.belt_stands
    assert "0801" in written(treadmill)[-2:]
    assert fastest(treadmill) > 0.0 or quits_after == 0.2  # it was running, or about to
    assert treadmill.belt.standing


def fastest(treadmill: SimulatedTreadmill) -> float:
    return max(point.speed for point in treadmill.belt.log.breakpoints)


@pytest.mark.parametrize("quits_after", [0.2, 8.0])
def test_s5_a_belt_started_on_the_console_that_does_not_stop_is_not_called_standing(
    virtual_time: Virtual, quits_after: float
) -> None:
    treadmill = SimulatedTreadmill(altered(belt={"dead_time": 3.0}), faults=["stop-ignored"])
    trial = met(virtual_time, treadmill, lambda onlooker: AtTheConsole(onlooker, treadmill, quits_after=quits_after))
    assert not treadmill.belt.standing
    assert not trial.result.belt_stands


def test_s5_s12_whoever_has_quit_is_told_to_use_the_console_if_the_belt_does_not_slow_down(
    virtual_time: Virtual,
) -> None:
    treadmill = SimulatedTreadmill(faults=["stop-ignored@motion+1"])
    trial = met(virtual_time, treadmill, lambda onlooker: Leaving(onlooker, quits_at=5))
    assert trial.result.ended_early == "you stopped it"
    assert not trial.result.belt_stands
    assert any("own stop button" in text for text in trial.told)


class QuitsAtOnce(Leaving):
    """Somebody who thinks better of the target speed for the standing belt as soon as it was written."""

    async def agrees(self, step: Step) -> Choice:
        choice = await super().agrees(step)
        if step.title.startswith("A target speed") and self.course is not None:
            asyncio.get_running_loop().call_later(0.3, self.course.quit)
        return choice


@pytest.mark.parametrize("dead_time", [1.0, 4.0, 6.0])
@pytest.mark.parametrize("faults", [[], ["answer-lost"], ["answer-late=5"], ["stop-ignored"]])
def test_s5_a_belt_that_a_target_may_start_stands_only_once_it_could_have_moved(
    virtual_time: Virtual, dead_time: float, faults: list[str]
) -> None:
    starts = altered(control={"starts_on_target": True, "motion_within": 7.0}, belt={"dead_time": dead_time})
    treadmill = SimulatedTreadmill(starts, faults=faults)

    async def looked_at_later() -> tuple[Trial, float]:
        trial = await meeting(treadmill, QuitsAtOnce)
        await asyncio.sleep(10.0)
        return trial, treadmill.belt.speed

    trial, speed = virtual_time(looked_at_later())
    assert [value for value in written(treadmill) if value.startswith("02")] != []
    assert speed == 0.0 or not trial.result.belt_stands
    assert faults == ["stop-ignored"] or speed == 0.0


class Ponders(Leaving):
    """Somebody who presses the console's Stop while they think about one step."""

    def __init__(self, onlooker: Onlooker, treadmill: SimulatedTreadmill, title: str) -> None:
        super().__init__(onlooker)
        self.treadmill = treadmill
        self.title = title

    async def agrees(self, step: Step) -> Choice:
        if step.title == self.title:
            await asyncio.sleep(2.0)
            self.treadmill.console.press_stop()
            await asyncio.sleep(20.0)
        return await super().agrees(step)


@pytest.mark.parametrize("title", ["A little faster", "Raise the deck a little"])
def test_s2_a_belt_stopped_on_the_console_while_a_step_is_read_is_told_no_target(
    virtual_time: Virtual, title: str
) -> None:
    treadmill = SimulatedTreadmill(altered(control={"starts_on_target": True}))
    trial = met(virtual_time, treadmill, lambda onlooker: Ponders(onlooker, treadmill, title))
    (at, *_) = [at for at, step in trial.person.agreed if step.title == title]
    starts = [write.time for write in treadmill.writes if write.value == b"\x07"]
    again = min((time for time in starts if time > at), default=float("inf"))
    targets = [write.value.hex() for write in treadmill.writes if at <= write.time < again and write.value[0] in {2, 3}]
    assert targets == []
    assert violations(trial) == []


@pytest.mark.parametrize("after", [0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("fault", ["console-stop", "safety-key=30"])
def test_s2_what_was_agreed_to_before_the_consoles_stop_is_not_sent_after_it(
    virtual_time: Virtual, fault: str, after: float
) -> None:
    treadmill = SimulatedTreadmill(altered(control={"starts_on_target": True}), faults=[f"{fault}@motion+{after}"])
    skips = ("A target speed for the standing belt",)
    trial = met(virtual_time, treadmill, lambda onlooker: Leaving(onlooker, skips=skips))
    assert violations(trial) == []


class Gone(Leaving):
    """Somebody whose terminal is closed while they are asked whether the belt stands, or after they have denied it."""

    def __init__(self, onlooker: Onlooker, *, while_asked: bool) -> None:
        super().__init__(onlooker)
        self.while_asked = while_asked
        self.is_gone = False

    async def sees(self, question: Question) -> bool | None:
        if question.topic is not Topic.BELT_STANDS or self.course is None:
            return await super().sees(question)
        if not self.is_gone:
            self.is_gone = True
            asyncio.get_running_loop().call_later(0.5, partial(self.course.quit, "it closed", asks=False))
            if not self.while_asked:
                return False
        await asyncio.Event().wait()
        return None


@pytest.mark.parametrize("while_asked", [True, False])
def test_s6_nobody_is_waited_for_who_has_gone(virtual_time: Virtual, *, while_asked: bool) -> None:
    treadmill = SimulatedTreadmill("urevo-spacewalk-e3")
    trial = met(virtual_time, treadmill, lambda onlooker: Gone(onlooker, while_asked=while_asked))
    assert trial.result.ended_early is not None
    assert treadmill.belt.standing
    assert not trial.result.belt_stands  # nobody has seen it


def test_s6_whoever_wants_to_leave_twice_is_asked_no_longer(virtual_time: Virtual) -> None:
    class Insists(Leaving):
        async def sees(self, question: Question) -> bool | None:
            if question.topic is Topic.BELT_STANDS and self.course is not None:
                for after in (1.0, 20.0):
                    asyncio.get_running_loop().call_later(after, self.course.quit)
                await asyncio.get_running_loop().create_future()
            return await super().sees(question)

    trial = met(virtual_time, SimulatedTreadmill("urevo-spacewalk-e3"), Insists)
    assert not trial.result.belt_stands
