"""What a session makes of a machine that does not obey (S9, S10): one warning, what waits, and who may end the wait."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from backstride.driver import events as machine
from backstride.driver.confirmation import Command, Confirmed, Rejected, Unknown
from backstride.driver.obedience import Deed, Obedience, Shown
from backstride.driver.state import MachineState
from backstride.units import Distance, Incline, Speed, SpeedUnit
from backstride.workout.envelope import Envelope
from backstride.workout.events import (
    Ask,
    Held,
    Overridden,
    PersonNeeded,
    SessionState,
    StateChanged,
    Warned,
)
from backstride.workout.inputs import (
    AdjustIncline,
    AdjustSpeed,
    Begin,
    Confirm,
    Observed,
    Pause,
    PauseBelt,
    Resume,
    SetIncline,
    SetSpeed,
    Settled,
    Stop,
    StopBelt,
)
from backstride.workout.profile import Stand
from backstride.workout.runner import Runner
from tests.support.workout import GENERIC, Bench, commands, only, steady

FOLLOWS = Shown(Deed.OBEYED)
FLAT_DECK = Shown(Deed.IGNORED, Incline(20), Incline(0))
DEAF = Shown(Deed.IGNORED, Speed(110), Speed(80))
LOST = Unknown("the treadmill acknowledged it, but nothing follows")
DECK_IS_DEAF = (
    "The treadmill acknowledges the incline but does not move the deck: asked for 2.0 %, it stays at 0.0 %. "
    "The speed is followed."
)
FOR_INCLINE = "Nothing increases until you confirm; then the session goes on without incline changes."
FOR_SPEED = Held("S10", "nothing increases until you confirm; then the speed is asked for again")


def uphill() -> Bench:
    """A session on a belt at 0.8 km/h whose first incline has just gone out."""
    bench = Bench(steady("1.4", 60.0, "2"), steady("1.4", 60.0, "4"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(5.0)
    bench.see("0.8")
    bench.settle(Command.START)
    assert only(bench.settle(Command.SPEED), SetIncline) == [SetIncline(Incline(20))]
    return bench


def learns(bench: Bench, command: Command, **known: Shown) -> None:
    bench.happen(machine.ObedienceChanged(command, Obedience(**known)))


def deaf_deck() -> Bench:
    """The same, once the deck has not moved."""
    bench = uphill()
    bench.now += 6.0
    bench.see("0.8")
    learns(bench, Command.INCLINE, speed=FOLLOWS, incline=FLAT_DECK)
    bench.settle(Command.INCLINE, LOST)
    return bench


def warnings(bench: Bench) -> list[str]:
    return [warned.text for warned in bench.all(Warned)]


def walk_on(bench: Bench, seconds: int, speed: str = "0.8", incline: str = "0") -> list[object]:
    """Let seconds pass with the belt at `speed`; return what went to the machine."""
    sent: list[object] = []
    for _ in range(seconds):
        bench.now += 1.0
        sent += commands(bench.see(speed, incline=incline))
    return sent


# The incline


def test_s10_an_ignored_incline_is_said_once_and_asks_whether_to_go_on_without_it() -> None:
    bench = deaf_deck()
    assert warnings(bench) == [DECK_IS_DEAF]
    assert bench.all(PersonNeeded) == [PersonNeeded(Ask.RESUME, FOR_INCLINE)]


def test_s9_until_then_nothing_increases_and_nothing_is_repeated() -> None:
    assert walk_on(deaf_deck(), 30) == []


@pytest.mark.parametrize("given", [Confirm(), Resume()])
def test_s10_a_person_goes_on_without_the_incline(given: Confirm | Resume) -> None:
    bench = deaf_deck()
    bench.give(given)
    assert bench.all(StateChanged)[-1].reason == "you confirmed; the session goes on without incline changes"
    assert bench.runner.asking is None
    bench.settle(Command.SPEED)
    bench.pass_time(80.0)
    assert bench.all(SetSpeed)[-1] == SetSpeed(Speed(140))
    assert len(bench.all(SetIncline)) == 1, "not in the next step either"
    assert warnings(bench) == [DECK_IS_DEAF]


def test_s10_an_outcome_that_comes_after_the_incline_was_left_out_holds_nothing_back() -> None:
    bench = deaf_deck()
    bench.give(Confirm())
    bench.settle(Command.SPEED)
    bench.give(Settled(Command.INCLINE, LOST))
    assert SetSpeed(Speed(140)) in walk_on(bench, 10, "1.1")


def test_a_persons_wish_asks_a_deaf_deck_again_and_is_answered() -> None:
    bench = deaf_deck()
    bench.give(Confirm())
    bench.settle(Command.SPEED)
    walk_on(bench, 2, "1.1")
    bench.give(AdjustIncline(Incline(10)))
    walk_on(bench, 1, "1.1")
    assert bench.all(SetIncline)[-1] == SetIncline(Incline(10))
    bench.settle(Command.INCLINE, LOST)
    assert warnings(bench) == [DECK_IS_DEAF] * 2


def test_s10_a_deck_that_moves_after_all_is_said_and_set_again() -> None:
    bench = deaf_deck()
    bench.give(Confirm())
    bench.settle(Command.SPEED)
    walk_on(bench, 2, "1.1")
    learns(bench, Command.INCLINE, speed=FOLLOWS, incline=FOLLOWS)
    assert warnings(bench)[1:] == ["The treadmill follows the incline after all."]
    walk_on(bench, 4, "1.1", "2")
    assert bench.all(Overridden) == [], "S11: this was no console"
    bench.speed, bench.incline = Speed(110), Incline(20)
    bench.settle(Command.SPEED)
    bench.pass_time(60.0)
    assert bench.all(SetIncline)[-1] == SetIncline(Incline(40))


def test_a_deck_that_moves_before_the_person_answers_takes_the_question_back() -> None:
    bench = deaf_deck()
    learns(bench, Command.INCLINE, speed=FOLLOWS, incline=FOLLOWS)
    assert bench.runner.asking is None
    assert bench.all(StateChanged)[-1] == StateChanged(SessionState.RUNNING, "the incline is followed")
    assert SetSpeed(Speed(110)) in walk_on(bench, 6, "0.8", "2")


def test_s12_it_does_not_take_back_the_question_of_a_reconnection() -> None:
    bench = deaf_deck()
    bench.give(Observed(MachineState(connected=False)))
    bench.happen(machine.LinkLost("gone"))
    bench.samples = 0
    bench.happen(machine.LinkRestored())
    walk_on(bench, 3)
    learns(bench, Command.INCLINE, incline=FOLLOWS)
    assert bench.runner.asking is Ask.RESUME
    assert walk_on(bench, 10) == []


def test_s12_a_confirmation_after_a_reconnection_does_not_leave_out_an_incline_that_nobody_complained_of() -> None:
    bench = uphill()
    bench.give(Observed(MachineState(connected=False)))
    bench.happen(machine.LinkLost("gone"))
    bench.settle(Command.INCLINE, Unknown("the connection was lost"))
    bench.samples = 0
    bench.happen(machine.LinkRestored())
    walk_on(bench, 3)
    bench.give(Confirm())
    assert len(bench.all(SetIncline)) == 2, "asked for again"


def test_a_refused_incline_holds_nothing_back() -> None:
    bench = uphill()
    bench.see("0.8")
    learns(bench, Command.INCLINE, speed=FOLLOWS, incline=Shown(Deed.REFUSED, Incline(20), reason="no"))
    bench.settle(Command.INCLINE, Rejected("no", result=4))
    assert warnings(bench) == ["The treadmill refuses the incline (no): asked for 2.0 %. The speed is followed."]
    assert bench.all(Held)[-1] == Held("S10", "the incline is left as it is in this step; confirm to try again")
    assert bench.runner.asking is None
    assert SetSpeed(Speed(110)) in walk_on(bench, 6)


# The speed


def slow() -> Bench:
    bench = Bench(steady("1.4", 300.0))
    bench.walk()
    bench.now += 5.0
    assert only(bench.see("0.8"), SetSpeed) == [SetSpeed(Speed(110))]
    return bench


def test_s10_an_ignored_speed_is_said_once_and_waits_for_the_person() -> None:
    bench = slow()
    learns(bench, Command.SPEED, speed=DEAF)
    bench.settle(Command.SPEED, LOST)
    assert warnings(bench) == [
        "The treadmill acknowledges the speed but does not follow it: asked for 1.10 km/h, it stays at 0.80 km/h."
    ]
    assert FOR_SPEED in bench.all(Held)
    assert bench.all(PersonNeeded) == [], "a program that agrees to everything must not ask again and again"
    assert walk_on(bench, 30) == []


def test_s10_who_tries_again_hears_again() -> None:
    bench = slow()
    learns(bench, Command.SPEED, speed=DEAF)
    bench.settle(Command.SPEED, LOST)
    walk_on(bench, 6)
    bench.give(Confirm())
    assert len(bench.all(SetSpeed)) == 3
    bench.settle(Command.SPEED, LOST)
    assert len(set(warnings(bench))) == 1
    assert len(warnings(bench)) == 2


def test_a_speed_that_is_lowered_by_hand_and_ignored_is_said_again() -> None:
    bench = slow()
    learns(bench, Command.SPEED, speed=DEAF)
    bench.settle(Command.SPEED, LOST)
    bench.speed = Speed(130)
    bench.see()
    bench.give(AdjustSpeed(Speed(-20)))
    bench.see()
    bench.settle(Command.SPEED, LOST)
    assert len(warnings(bench)) == 2


def test_s10_a_belt_that_follows_after_all_is_said_once() -> None:
    bench = slow()
    learns(bench, Command.SPEED, speed=DEAF)
    bench.settle(Command.SPEED, LOST)
    for _ in range(2):
        learns(bench, Command.SPEED, speed=FOLLOWS)
    assert warnings(bench)[1:] == ["The treadmill follows the speed after all."]
    assert SetSpeed(Speed(140)) in walk_on(bench, 6, "1.1")


def test_a_belt_with_a_floor_of_its_own_is_said_in_the_walkers_unit_and_once() -> None:
    bench = slow()
    bench.runner = Runner(bench.plan, Envelope(GENERIC), bench.now, SpeedUnit.MPH)
    bench.walk()
    floor = Shown(Deed.SHORT, Speed(80), Speed(130))
    learns(bench, Command.SPEED, speed=floor)
    learns(bench, Command.SPEED, speed=replace(floor, asked=Speed(90)))
    assert warnings(bench) == [
        "The treadmill follows the speed, but not below 0.8 mph: asked for 0.5 mph, it stays at 0.8 mph."
    ]


def test_what_a_machine_shows_while_nobody_walks_is_not_said() -> None:
    bench = slow()
    bench.give(Pause())
    learns(bench, Command.SPEED, speed=DEAF)
    assert warnings(bench) == []


def test_a_machine_that_obeys_is_not_worth_a_word() -> None:
    bench = slow()
    learns(bench, Command.SPEED, speed=FOLLOWS)
    bench.settle(Command.SPEED, Confirmed())
    assert warnings(bench) == []


# The start


def test_s10_a_start_without_motion_is_said_with_what_to_do_and_stopped() -> None:
    bench = Bench(steady("1.4"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(5.0)
    learns(bench, Command.START, start=Shown(Deed.IGNORED))
    assert warnings(bench) == [], "its outcome comes with what to do"
    bench.settle(Command.START, LOST)
    assert warnings(bench) == [
        "No motion is seen after Start. Stop is sent, because the belt may yet start: stay on the side rails."
    ]
    assert bench.runner.state is SessionState.STOPPING


def test_s10_a_belt_that_starts_after_that_is_said_at_once() -> None:
    bench = Bench(steady("1.4"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(5.0)
    bench.settle(Command.START, LOST)
    learns(bench, Command.START, start=FOLLOWS)
    assert bench.all(Warned)[-1] == Warned("The belt has started after all; it is being stopped.", "S10", urgent=True)


def test_a_start_that_is_refused_needs_no_side_rails() -> None:
    bench = Bench(steady("1.4"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(5.0)
    bench.settle(Command.START, Rejected("no", result=4))
    assert warnings(bench) == []


def test_a_start_without_an_answer_on_a_belt_that_moves_is_not_called_motionless() -> None:
    bench = Bench(steady("1.4"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(5.0)
    bench.see("0.8")
    assert commands(bench.settle(Command.START, Unknown("no answer"))) == [StopBelt()]
    assert bench.all(StateChanged)[-1].reason == "the start was not confirmed: no answer"
    assert warnings(bench) == []


# A belt that is to stand


def test_s4_a_pause_in_a_stand_whose_belt_still_moves_goes_out() -> None:
    """The stand has halted it already, and it moves all the same: a person's wish to stop is never held back."""
    bench = Bench(steady("0.8", 10), Stand(until_confirmed=True), steady("0.8", 30))
    bench.walk()
    while not only(bench.tick(1.0), PauseBelt):
        bench.see("0.8")
    bench.see("0.8")
    bench.settle(Command.PAUSE, Unknown("it moves on"))
    assert commands(bench.give(Pause())) == [PauseBelt()]
    assert bench.runner.state is SessionState.RUNNING
    bench.see("0")
    assert bench.give(Pause())[0] == Held("S2", "the belt stands already")


SILENT = replace(GENERIC, silent_when_stopped=True)
LOOK = "The treadmill does not tell whether the belt stands: look first."


def fallen_silent(*, silent_when_stopped: bool) -> Bench:
    bench = Bench(steady("0.8", 60), machine=SILENT if silent_when_stopped else GENERIC)
    bench.walk()
    bench.happen(machine.ConsoleStopped(pause=None))
    bench.give(Observed(MachineState(at=bench.now, speed=Speed(40), standing=None, samples=9)))
    return bench


def test_s2_a_machine_that_is_silent_while_it_stands_may_be_started_by_who_has_looked() -> None:
    bench = fallen_silent(silent_when_stopped=True)
    assert bench.give(Resume())[0] == Held("S2", "the belt is not seen to stand yet")
    bench.tick(3.1)
    assert bench.all(PersonNeeded)[-1].text == (
        f"Paused: it was stopped on the console. {LOOK} Start again when you are ready."
    )
    bench.give(Resume())
    assert bench.runner.state is SessionState.STARTING


def test_s2_a_machine_that_should_speak_and_does_not_may_not_be_started() -> None:
    bench = fallen_silent(silent_when_stopped=False)
    bench.tick(9.0)
    assert bench.all(PersonNeeded) == []
    assert bench.give(Resume())[0] == Held("S2", "the belt is not seen to stand yet")
    bench.give(Stop())


# --- miles taken for kilometres


def goes(bench: Bench, seconds: int, reported: float, truly: float) -> None:
    """Let time pass on a belt that reports one speed and goes another; its machine counts whole metres."""
    for _ in range(seconds):
        bench.now += 1.0
        bench.metres += truly / 3.6
        bench.samples += 1
        speed = Speed(round(reported * 100))
        bench.give(
            Observed(
                MachineState(
                    at=bench.now,
                    speed=speed,
                    incline=Incline(0),
                    standing=False,
                    samples=bench.samples,
                    distance=Distance(int(bench.metres)),
                )
            )
        )


def test_s7_a_belt_that_goes_further_than_its_speed_is_stopped_and_the_session_ends() -> None:
    bench = Bench(steady("2", 300.0))
    bench.walk()
    goes(bench, 9, 0.8, 0.8)
    bench.settle(Command.SPEED)
    assert bench.all(StopBelt) == []
    goes(bench, 30, 2.0, 3.22)
    assert bench.all(StopBelt)
    (warned,) = [one for one in bench.all(Warned) if one.rule == "S7"]
    assert warned.urgent
    assert re.match(r"The belt goes 1\.[4-7] times as far as its speed says", warned.text)
    assert bench.runner.state is SessionState.STOPPING
    assert "see which unit its console shows" in bench.all(StateChanged)[-1].reason


def test_s7_a_speed_that_falls_as_if_to_miles_holds_every_target_back_until_the_distance_has_shown() -> None:
    bench = Bench(steady("2", 60.0), steady("1", 200.0))
    bench.walk()
    bench.pass_time(45.0)
    goes(bench, 12, 2.0, 2.0)
    sent = len(bench.all(SetSpeed))
    goes(bench, 1, 1.24, 2.0)
    (warned,) = [one.text for one in bench.all(Warned) if one.rule == "S7"]
    assert warned.startswith("The speed has dropped as if the treadmill counted in miles now: nothing is set until")
    goes(bench, 8, 1.24, 1.24)
    assert len(bench.all(SetSpeed)) == sent, "the next step would have been slower"
    goes(bench, 30, 1.24, 1.24)
    assert bench.runner.state is SessionState.RUNNING
    assert bench.all(SetSpeed)[sent:] == [SetSpeed(Speed(100))]
