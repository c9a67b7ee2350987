"""Ignored commands are said (issue 3, part 8; S10): in words, within 8 s, to the person and through the API."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.service import run_session
from backstride.driver.confirmation import Confirmed, Rejected, Unknown
from backstride.driver.events import ObedienceChanged
from backstride.driver.machine import Machine
from backstride.driver.obedience import Deed
from backstride.errors import SafetyError
from backstride.machines.facts import PauseEffect, load_facts
from backstride.protocol.control_point import OpCode
from backstride.simulator.belt_log import Cause
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed, SpeedUnit
from backstride.workout.compiler import compile_plan
from backstride.workout.envelope import Envelope
from backstride.workout.events import (
    Ask,
    Ended,
    Ending,
    Held,
    PersonNeeded,
    SessionEvent,
    SessionState,
    StateChanged,
    TargetSet,
    Warned,
)
from backstride.workout.inputs import AdjustIncline, Begin, Confirm, Resume
from backstride.workout.session import Session
from tests.support.bench import Heard, altered, altered_facts, hang, starts, targets, until, walking, written
from tests.support.outing import Outing
from tests.support.workout import profile, steady

if TYPE_CHECKING:
    from collections.abc import Callable

State = SessionState
GENERIC = load_facts("generic")
WITHIN = 8.0
SPEED = (OpCode.SET_TARGET_SPEED,)
UPHILL = (steady("1.4", 60.0, "2"), steady("1.6", 60.0, "3"))


def faulty(*faults: str) -> SimulatedTreadmill:
    """A treadmill of which nobody knows beforehand what is wrong with it."""
    return SimulatedTreadmill("generic", faults=faults)


class Diary:
    """What a session tells, with the machine's own clock."""

    def __init__(self, outing: Outing, treadmill: SimulatedTreadmill) -> None:
        self.told: list[tuple[float, SessionEvent]] = []
        outing.session.listen(lambda event, _: self.told.append((treadmill.now, event)))

    def when(self, text: str) -> float:
        return next(at for at, event in self.told if isinstance(event, Warned) and text in event.text)


def written_at(treadmill: SimulatedTreadmill, op_code: int) -> float:
    return next(write.time for write in treadmill.writes if write.value[0] == op_code)


# The incline


def test_an_ignored_incline_is_said_within_eight_seconds_and_a_person_goes_on_without_it(
    virtual_time: Callable[..., Any],
) -> None:
    """S9, S10: nothing increases before; afterwards no incline is written any more, and the speed rises again."""

    async def story() -> None:
        treadmill = faulty("incline-ignored")
        async with Machine.connect(treadmill, facts=GENERIC) as machine, Outing(machine, *UPHILL) as outing:
            diary = Diary(outing, treadmill)
            await outing.start()
            await until(lambda: outing.asking is Ask.RESUME)
            (warned,) = outing.told(Warned)
            assert warned.text == (
                "The treadmill acknowledges the incline but does not move the deck: asked for 2.0 %, it stays at 0.0 %."
            )
            assert warned.rule == "S10"
            assert diary.when("does not move the deck") - written_at(treadmill, 0x03) <= WITHIN
            assert "acknowledges the incline but does not move the deck" in str(machine.obedience)
            (asked,) = outing.told(PersonNeeded)
            assert (
                asked.text == "Nothing increases until you confirm; then the session goes on without incline changes."
            )
            before = len(treadmill.writes)
            await asyncio.sleep(20)
            assert len(treadmill.writes) == before, "S9: held back"
            outing.session.act(Resume())
            assert outing.told(StateChanged)[-1].reason == (
                "you confirmed; the session goes on without incline changes"
            )
            await outing.until_speed(1.6, within=120)
            assert [value[:2] for value in written(treadmill)].count("03") == 1, "S10: never repeated"
            assert str(machine.obedience) == (
                "starts; follows the speed; acknowledges the incline but does not move the deck"
            )
            assert len(outing.told(Warned)) == 1
            outing.session.act(AdjustIncline(Incline(10)))
            await asyncio.sleep(WITHIN)
            assert [value[:2] for value in written(treadmill)].count("03") == 2, "a person's wish is asked for again"
            assert len(outing.told(Warned)) == 2, "and answered"

    virtual_time(story())


def test_an_incline_that_moves_late_mends_the_verdict_and_is_set_again(virtual_time: Callable[..., Any]) -> None:
    """S10: said once each; it is nobody's console (S11)."""

    async def story() -> None:
        treadmill = faulty("incline-ignored")
        async with Machine.connect(treadmill, facts=GENERIC) as machine, Outing(machine, *UPHILL) as outing:
            await outing.start()
            await until(lambda: outing.asking is Ask.RESUME)
            outing.session.act(Confirm())
            await asyncio.sleep(5)
            treadmill.mend()
            treadmill.peripheral.session.set_incline(treadmill.now, Incline(20))
            await until(lambda: treadmill.belt.incline == 3.0, within=120)
            assert [event.text for event in outing.told(Warned)][1:] == ["The treadmill follows the incline after all."]
            assert machine.obedience.incline.deed is Deed.OBEYED
            assert machine.obedience.speed.deed is Deed.OBEYED

    virtual_time(story())


def test_an_incline_that_moves_before_the_person_has_answered_answers_for_them(
    virtual_time: Callable[..., Any],
) -> None:
    async def story() -> None:
        treadmill = faulty("incline-ignored")
        async with Machine.connect(treadmill, facts=GENERIC) as machine, Outing(machine, *UPHILL) as outing:
            await outing.start()
            await until(lambda: outing.asking is Ask.RESUME)
            treadmill.peripheral.session.set_incline(treadmill.now, Incline(20))
            await until(lambda: outing.asking is None)
            assert outing.told(StateChanged)[-1].reason == "the incline is followed"
            await outing.until_speed(1.6, within=120)

    virtual_time(story())


def test_a_slow_deck_is_not_called_disobedient(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(belt={"incline_rate": 0.06}))
        async with Machine.connect(treadmill, facts=GENERIC) as machine, Outing(machine, *UPHILL) as outing:
            heard = Heard(machine)
            await outing.start()
            await until(lambda: treadmill.belt.incline == 2.0, within=60)
            await asyncio.sleep(3)
            assert heard.names == []
            assert outing.told(Warned) == []
            assert machine.obedience.incline.deed is Deed.OBEYED

    virtual_time(story())


def test_a_deck_that_goes_only_so_far_is_told_with_where_it_stays(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("generic")
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            uphill = asyncio.create_task(machine.set_incline(Incline(40)))
            await until(lambda: treadmill.belt.incline >= 2.5)
            treadmill.belt.set_incline(treadmill.now, 2.5)
            assert await uphill == Confirmed(), "it has moved"
            await asyncio.sleep(6)
            assert machine.obedience.incline.deed is Deed.SHORT
            assert "follows the incline, but not above 2.5 %" in str(machine.obedience)

    virtual_time(story())


def test_a_program_that_agrees_to_everything_walks_on_without_the_incline(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = faulty("incline-ignored")
        events: list[SessionEvent] = []
        async with Machine.connect(treadmill, facts=GENERIC) as machine:
            plan = profile(steady("1.2", 30.0, "2"), steady("1.4", 30.0, "3"))
            summary = await run_session(machine, plan, on_event=lambda event, _: events.append(event))
        assert summary.ending == "finished"
        assert int(summary.best_speed or 0) == 140
        assert len([event for event in events if isinstance(event, Warned)]) == 1
        assert [value[:2] for value in written(treadmill)].count("03") == 1

    virtual_time(story())


# The speed


def test_an_ignored_speed_is_said_within_eight_seconds_and_asked_for_again_only_by_a_person(
    virtual_time: Callable[..., Any],
) -> None:
    """S10."""

    async def story() -> None:
        treadmill = faulty("speed-ignored")
        async with (
            Machine.connect(treadmill, facts=GENERIC) as machine,
            Outing(machine, steady("1.4", 300.0)) as outing,
        ):
            diary = Diary(outing, treadmill)
            heard = Heard(machine)
            await outing.start()
            await until(lambda: len(outing.told(Warned)) == 1)
            assert outing.told(Warned)[0].text == (
                "The treadmill acknowledges the speed but does not follow it: "
                "asked for 1.10 km/h, it stays at 0.80 km/h."
            )
            first = next(write.time for write in treadmill.writes if write.value.hex() == "026e00")
            assert diary.when("does not follow it") - first <= WITHIN
            (change,) = heard.events
            assert isinstance(change, ObedienceChanged)
            assert str(change.obedience) == "starts; acknowledges the speed but does not follow it"
            await asyncio.sleep(30)
            assert targets(treadmill).count("026e00") == 1
            assert Held("S10", "nothing increases until you confirm; then the speed is asked for again") in (
                outing.told(Held)
            )
            outing.session.act(Confirm())
            await asyncio.sleep(WITHIN)
            assert targets(treadmill).count("026e00") == 2
            assert len(outing.told(Warned)) == 2, "who tries again hears again"
            treadmill.mend()
            outing.session.act(Confirm())
            await outing.until_speed(1.4)
            assert [event.text for event in outing.told(Warned)][2:] == []

    virtual_time(story())


def test_a_belt_that_follows_late_is_told_and_rises_on(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = faulty("speed-ignored")
        async with (
            Machine.connect(treadmill, facts=GENERIC) as machine,
            Outing(machine, steady("1.4", 300.0)) as outing,
        ):
            await outing.start()
            await until(lambda: len(outing.told(Warned)) == 1)
            treadmill.mend()
            treadmill.peripheral.session.set_speed(treadmill.now, Speed(110))
            await outing.until_speed(1.4)
            assert outing.told(Warned)[1].text == "The treadmill follows the speed after all."
            assert len(outing.told(Warned)) == 2

    virtual_time(story())


def test_the_slowest_speed_a_belt_really_has_is_told_in_the_walkers_unit(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = faulty("floor=1.3")
        async with Machine.connect(treadmill, facts=GENERIC) as machine:
            plan = compile_plan(profile(steady("2.0", 30.0), steady("1.0", 60.0)), machine.capabilities)
            session = Session(machine, plan, Envelope(machine.capabilities), SpeedUnit.MPH)
            events: list[tuple[float, SessionEvent]] = []
            session.listen(lambda event, _: events.append((treadmill.now, event)))
            running = asyncio.create_task(session.run())
            await asyncio.sleep(3)
            session.act(Begin())
            await asyncio.sleep(3 + 5 + 30 + 30 + 30)
            said = [(at, event.text) for at, event in events if isinstance(event, Warned)]
            asked = [at for at, event in events if isinstance(event, TargetSet)]
            assert said[0][1] == (
                "The treadmill follows the speed, but not below 0.8 mph: asked for 0.5 mph, it stays at 0.8 mph."
            )
            assert said[0][0] - asked[0] <= WITHIN
            assert len(said) == 1
            assert str(machine.obedience) == "starts; follows the speed, but not below 1.30 km/h"
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    virtual_time(story())


def test_a_refused_speed_is_said_with_the_reason(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"refused": SPEED}))
        async with (
            Machine.connect(treadmill, facts=GENERIC) as machine,
            Outing(machine, steady("1.4", 300.0)) as outing,
        ):
            await outing.start()
            await asyncio.sleep(1)
            assert outing.told(Warned)[0].text.startswith("The treadmill refuses the speed (the treadmill says that")
            assert outing.told(Held)[-1].reason == "the speed is left as it is in this step; confirm to try again"
            assert machine.obedience.speed.deed is Deed.REFUSED
            await asyncio.sleep(60)
            assert len(targets(treadmill)) == 1
            assert len(outing.told(Warned)) == 1

    virtual_time(story())


def test_a_speed_without_an_answer_is_said_and_then_followed(virtual_time: Callable[..., Any]) -> None:
    """S10: the belt obeys, and what it shows is believed."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"unanswered": SPEED}))
        async with Machine.connect(treadmill, facts=GENERIC) as machine:
            await machine.start()
            await until(lambda: machine.state.speed == 80)
            assert await machine.set_speed(Speed(300)) == Unknown("the treadmill did not answer")
            assert machine.obedience.speed.deed is Deed.OBEYED

    virtual_time(story())


def test_what_the_console_changes_on_the_way_is_not_held_against_the_machine(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S11: speed and incline stay where the console has set them, and nobody says that they were ignored."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            commands = [
                asyncio.create_task(machine.set_speed(Speed(600))),
                asyncio.create_task(machine.set_incline(Incline(100))),
            ]
            await asyncio.sleep(1.5)
            treadmill.console.set_speed(Speed(330))
            treadmill.console.set_incline(Incline(10))
            await asyncio.gather(*commands)
            await asyncio.sleep(20)
            assert heard.names == ["ConsoleSpeed", "ConsoleIncline"]
            assert str(machine.obedience) == "starts"

    virtual_time(story())


# The start


@pytest.mark.parametrize("motion_within", [4.0, 7.0, 20.0])
def test_a_start_without_motion_ends_the_session_within_eight_seconds_with_a_stop(
    virtual_time: Callable[..., Any], motion_within: float
) -> None:
    """S10, S5: however long the machine file says that it takes; and the person hears what to do."""

    async def story() -> None:
        treadmill = faulty("no-motion")
        facts = altered_facts(GENERIC, motion_within=motion_within)
        async with Machine.connect(treadmill, facts=facts) as machine, Outing(machine, steady("1.4", 60.0)) as outing:
            diary = Diary(outing, treadmill)
            await asyncio.sleep(3)
            outing.session.act(Begin())
            await outing.until_state(State.STOPPING)
            started = written_at(treadmill, 0x07)
            assert treadmill.now - started <= WITHIN
            assert diary.when("No motion is seen after Start") - started <= WITHIN
            assert outing.told(Warned)[0].text == (
                "No motion is seen after Start. Stop is sent, because the belt may yet start: stay on the side rails."
            )
            await asyncio.sleep(0)
            assert written(treadmill)[-1] == "0801"
            assert outing.told(StateChanged)[-1].reason == (
                "the belt did not start: the treadmill acknowledged start, but no motion is seen. "
                "See what the console says (safety key, lock, another app), and begin again"
            )
            assert str(machine.obedience) == "acknowledges Start but does not move the belt"
            ended = await outing.ended(within=20)
            assert ended.ending is Ending.ABORTED
            assert ended.belt_standing is True
        assert starts(treadmill) == 1

    virtual_time(story())


def test_a_belt_that_starts_after_it_was_given_up_is_stopped_and_told(virtual_time: Callable[..., Any]) -> None:
    """S1, S5, S10: it moves for nobody."""

    async def story() -> None:
        treadmill = faulty("late-motion=8", "stop-ignored")
        facts = altered_facts(GENERIC, motion_within=20.0)
        async with Machine.connect(treadmill, facts=facts) as machine, Outing(machine, *UPHILL) as outing:
            await asyncio.sleep(3)
            outing.session.act(Begin())
            await outing.until_state(State.STOPPING)
            await until(lambda: machine.state.standing is False)
            treadmill.mend()
            ended = await outing.ended(within=20)
            said = [event.text for event in outing.told(Warned)]
            assert "The belt has started after all; it is being stopped." in said
            assert machine.obedience.start.deed is Deed.OBEYED
            assert ended.belt_standing is True
            assert treadmill.belt.standing

    virtual_time(story())


def test_a_start_without_an_answer_is_stopped_within_eight_seconds_although_the_belt_moves(
    virtual_time: Callable[..., Any],
) -> None:
    """S10: both are needed; and nobody says that the belt stood still."""

    async def story() -> None:
        treadmill = faulty("answer-lost@start")
        async with Machine.connect(treadmill) as machine, Outing(machine, *UPHILL) as outing:
            await asyncio.sleep(3)
            outing.session.act(Begin())
            await outing.until_state(State.STOPPING)
            assert treadmill.now - written_at(treadmill, 0x07) <= WITHIN
            ended = await outing.ended()
            assert ended.reason == (
                "the start was not confirmed: the treadmill did not answer, although the belt moves"
            )
            assert [event.text for event in outing.told(Warned)] == []
            assert treadmill.belt.standing

    virtual_time(story())


@pytest.mark.parametrize("stopped", [False, True])
def test_a_start_that_is_refused_for_want_of_control_moves_the_belt_once_for_one_persons_act(
    virtual_time: Callable[..., Any],
    treadmill: SimulatedTreadmill,
    stopped: bool,  # noqa: FBT001 - a case
) -> None:
    """S1, S2: KingSmith Z1 forgets who has control and answers 0x05 (quirks, entry 3); the Start was not carried out.

    So it is written once more after Request Control, for the same act; a Stop in between takes that back.
    """

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await asyncio.sleep(3)
            hang(treadmill, 1.0)
            treadmill.peripheral.control.owner = None  # without a word
            starting = asyncio.create_task(machine.start())
            await until(lambda: written(treadmill)[1:3] == ["07", "00"])
            if stopped:
                assert await machine.stop() == Confirmed()
            await starting
            await asyncio.sleep(20)
            assert starts(treadmill) == (1 if stopped else 2)
            assert Counter(point.cause for point in treadmill.belt.log.breakpoints)[Cause.START] == (not stopped)
            assert treadmill.belt.standing is stopped

    virtual_time(story())


def test_a_start_that_is_refused_again_is_not_written_a_third_time(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S1, S10: control is granted and the Start refused all the same."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await asyncio.sleep(3)

            def forget() -> None:
                treadmill.peripheral.control.owner = None
                if starts(treadmill) < 2:
                    asyncio.get_running_loop().call_later(0.01, forget)

            treadmill.latency = 0.4
            forget()
            outcome = await machine.start()
            assert isinstance(outcome, Rejected)
            assert outcome.result == 0x05
            await asyncio.sleep(20)
            assert starts(treadmill) == 2
            assert treadmill.belt.standing

    virtual_time(story())


def test_a_start_on_the_console_while_ours_is_asked_again_moves_the_belt_once(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S1, S11: the belt moves by then, or the machine refuses to start twice."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await asyncio.sleep(3)
            hang(treadmill, 3.0)
            treadmill.peripheral.control.owner = None
            starting = asyncio.create_task(machine.start())
            await until(lambda: written(treadmill)[1:3] == ["07", "00"])
            treadmill.console.press_start()
            assert isinstance(await starting, Rejected)
            await asyncio.sleep(20)
            assert starts(treadmill) == 1
            assert Counter(point.cause for point in treadmill.belt.log.breakpoints)[Cause.START] == 1

    virtual_time(story())


def test_a_start_on_the_console_takes_the_place_of_one_that_still_waits(virtual_time: Callable[..., Any]) -> None:
    """S1, S11: before the belt is seen to move; some machines take a second Start for Pause (quirks, entry 31)."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"evicts": False}))
        async with Machine.connect(treadmill), Machine.connect(treadmill) as machine:
            treadmill.peripheral.control.owner = None
            await asyncio.sleep(3)
            hang(treadmill, 0.5)
            starting = asyncio.create_task(machine.start())
            await until(lambda: written(treadmill)[2:] == ["00"])
            treadmill.console.press_start()
            assert isinstance(await starting, Rejected)
            await asyncio.sleep(20)
            assert starts(treadmill) == 0
            assert treadmill.belt.speed == 0.8

    virtual_time(story())


# Stop


def test_a_stop_that_is_acknowledged_without_effect_is_known_of_the_machine(virtual_time: Callable[..., Any]) -> None:
    """S5 says it; the API keeps it."""

    async def story() -> None:
        treadmill = faulty("stop-ignored", "speed-ignored")
        async with Machine.connect(treadmill, facts=GENERIC) as machine:
            heard = Heard(machine)
            assert await machine.start() == Confirmed()
            await until(lambda: machine.state.speed == 80)
            stopping = machine.stop()
            await asyncio.sleep(3)
            assert heard.names == ["StopUnproven"]
            assert str(machine.obedience) == "starts; acknowledges Stop but is not seen to slow down"
            treadmill.console.pull_safety_key()
            assert await stopping == Confirmed()

    virtual_time(story())


# What a stop on the console leaves unknown


@pytest.mark.parametrize("act", ["press_stop", "press_pause", "pull_safety_key"])
def test_s2_after_a_stop_on_the_console_no_target_goes_to_a_belt_that_falls_silent(
    virtual_time: Callable[..., Any], act: str
) -> None:
    """S2, S10: its last record still shows motion, and nothing more comes."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(telemetry={"when_stopped": False}, control={"pause": PauseEffect.STOPS}))
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            await walking(machine)
            before = len(treadmill.writes)
            getattr(treadmill.console, act)()
            for _ in range(40):
                await asyncio.sleep(0.5)
                assert machine.state.standing is not False
                with pytest.raises(SafetyError):
                    await machine.set_speed(Speed(300))
            assert len(treadmill.writes) == before
            assert machine.state.standing is None, "nobody has seen it stand"

    virtual_time(story())


def test_s2_a_belt_that_falls_silent_without_a_word_gets_no_target(virtual_time: Callable[..., Any]) -> None:
    """S2: a machine that only speaks while it moves has said enough by its silence."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(telemetry={"when_stopped": False}))
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            await walking(machine)
            treadmill.peripheral.session.stop(treadmill.now)
            await asyncio.sleep(8)
            assert treadmill.belt.standing
            with pytest.raises(SafetyError):
                await machine.set_speed(Speed(300))

    virtual_time(story())


def test_s2_after_a_stop_on_the_console_a_new_motion_is_seen_as_one(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(telemetry={"when_stopped": False}))
        async with (
            Machine.connect(treadmill, facts=treadmill.facts) as machine,
            Outing(machine, steady("2.0", 300.0)) as outing,
        ):
            await outing.start()
            await outing.until_speed(2.0)
            treadmill.console.press_stop()
            await outing.until_state(State.PAUSED)
            assert outing.asking is None, "nobody knows what the belt does"
            await until(lambda: outing.asking is Ask.RESUME)
            assert treadmill.belt.standing
            assert outing.told(PersonNeeded)[-1].text == (
                "Paused: it was stopped on the console. The treadmill does not tell whether the belt stands: "
                "look first. Start again when you are ready."
            )
            outing.session.act(Resume())
            await outing.until_speed(2.0)
            assert starts(treadmill) == 2
            assert outing.told(Ended) == []

    virtual_time(story())


def test_s2_a_belt_that_goes_on_after_a_stop_on_the_console_is_seen_to_move_again(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S5: a stop that had no effect does not hide the motion for long."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.console.press_stop()
            treadmill.peripheral.session.start(treadmill.now)
            treadmill.peripheral.session.set_speed(treadmill.now, Speed(300))
            await asyncio.sleep(0.1)
            assert machine.state.standing is None
            assert await until(lambda: machine.state.standing is False) <= 6.0

    virtual_time(story())
