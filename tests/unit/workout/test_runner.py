"""The session as a state machine: what persons, consoles, belts and links bring about, with literal instants."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backstride.driver import events as machine
from backstride.driver.confirmation import Command, Rejected, Unknown
from backstride.driver.state import MachineState
from backstride.errors import PlanError
from backstride.machines.facts import PauseEffect
from backstride.units import Distance, Incline, Speed, SpeedUnit
from backstride.workout.compiler import compile_plan
from backstride.workout.envelope import Envelope
from backstride.workout.events import (
    Ask,
    CommandSettled,
    Countdown,
    Cue,
    Ended,
    Ending,
    Held,
    LinkChanged,
    Overridden,
    PersonNeeded,
    Sample,
    SessionState,
    StateChanged,
    StepEnded,
    StepStarted,
    Warned,
)
from backstride.workout.inputs import (
    AdjustIncline,
    AdjustSpeed,
    AimIncline,
    AimSpeed,
    Back,
    Begin,
    Confirm,
    Observed,
    Pause,
    PauseBelt,
    PersonInput,
    Resume,
    SetIncline,
    SetSpeed,
    Skip,
    StartBelt,
    Stop,
    StopBelt,
    TakeControl,
    Tick,
)
from backstride.workout.profile import CuePoint, Facing, Stand
from backstride.workout.runner import Runner
from tests.support.workout import FLAT, GENERIC, Bench, commands, kmh, only, percent, profile, ramp, steady

State = SessionState
LOST = Unknown("no answer")
SEE_THE_CONSOLE = "See what the console says (safety key, lock, another app), and begin again"
CONSOLE_OR_KEY = "Use the treadmill's own stop button or the safety key."


def state(bench: Bench) -> State:
    return bench.runner.state


def asking(bench: Bench) -> Ask | None:
    return bench.runner.asking


def reasons(bench: Bench) -> list[tuple[State, str]]:
    return [(change.state, change.reason) for change in bench.all(StateChanged)]


def lose_link(bench: Bench) -> None:
    bench.give(Observed(MachineState(connected=False)))
    bench.happen(machine.LinkLost("the Bluetooth connection was lost"))


def restore_link(bench: Bench) -> None:
    bench.samples = 0
    bench.happen(machine.LinkRestored())


def walking(*, seconds: float = 20.0, speed: str = "1.1") -> Bench:
    bench = Bench(steady(speed, 60), ramp("2.0", 60))
    bench.walk()
    bench.pass_time(seconds)
    return bench


def standing() -> Bench:
    """Return a bench in a stand that asks for a confirmation, with a belt that stands."""
    bench = Bench(steady("0.8", 10), Stand(until_confirmed=True), steady("0.8", 30, facing=Facing.FORWARD))
    bench.walk()
    bench.pass_time(11.0)
    assert asking(bench) is Ask.CONFIRM
    return bench


# --- the whole way


def test_a_session_walks_from_a_persons_start_to_a_belt_that_stands() -> None:
    bench = Bench(steady("0.8", 10), ramp("1.4", 10))
    bench.walk()
    bench.pass_time(30.0)
    assert reasons(bench) == [
        (State.STARTING, ""),
        (State.RUNNING, "the belt moves"),
        (State.STOPPING, "the plan is walked"),
        (State.FINISHED, ""),
    ]
    assert bench.all(Ended) == [Ended(Ending.FINISHED, "", belt_standing=True)]
    assert [(ended.step, ended.how, ended.walked_s) for ended in bench.all(StepEnded)] == [
        (0, "completed", 10.0),
        (1, "completed", 10.0),
    ]
    assert bench.speeds() == [(105.0, "0.8"), (116.0, "0.9"), (121.0, "1.2")]


def test_what_is_told_is_in_the_unit_of_the_walker_and_the_plan_is_the_one_given() -> None:
    plan = compile_plan(profile(steady("1.61", 10)), GENERIC)
    runner = Runner(plan, Envelope(GENERIC), 0.0, SpeedUnit.MPH)
    assert runner.plan is plan
    runner.handle(Begin(), 0.0)
    runner.handle(Tick(), 5.0)
    effects = runner.handle(Observed(MachineState(at=5.0, standing=True)), 5.0)
    assert only(effects, StepStarted) == []


def test_a_plan_that_cannot_run_has_no_runner() -> None:
    plan = compile_plan(profile(steady("9")), GENERIC)
    with pytest.raises(PlanError):
        Runner(plan, Envelope(GENERIC), 0.0)


def test_the_shown_step_and_the_samples_follow_the_walk() -> None:
    bench = walking(seconds=3.0)
    assert bench.runner.progress.index == 0
    sample = bench.all(Sample)[-1]
    assert (sample.state, sample.step, sample.target_speed, sample.speed) == (State.RUNNING, 0, 80, 80)
    assert sample.distance == pytest.approx(3 * 0.8 / 3.6, abs=0.3)
    assert not sample.stale


def test_a_sample_comes_every_second_also_after_a_long_silence_of_the_program() -> None:
    bench = Bench(steady("0.8"))
    assert len(only(bench.tick(0.0), Sample)) == 1
    assert len(only(bench.tick(0.5), Sample)) == 0
    assert len(only(bench.tick(7.6), Sample)) == 1
    assert bench.runner.next_deadline() == pytest.approx(109.1)


def test_a_sample_is_taken_with_the_telemetry_of_its_second() -> None:
    bench = Bench(steady("0.8"))
    assert len(only(bench.see("0"), Sample)) == 1
    assert len(only(bench.tick(0.9), Sample)) == 0
    assert len(only(bench.see("0"), Sample)) == 1
    assert len(only(bench.tick(1.2), Sample)) == 0
    assert len(only(bench.tick(0.1), Sample)) == 1


def test_s10_old_telemetry_is_marked_stale_in_the_samples() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    assert [only(bench.tick(after), Sample)[0].stale for after in (1.3, 1.0, 1.0)] == [False, False, True]


def test_cues_and_countdowns_come_once_each() -> None:
    bench = Bench(steady("0.8", 15, cues=(CuePoint(at=0, text="go"), CuePoint(at=7.5, text="on"))), steady("1.0", 12))
    bench.walk()
    bench.pass_time(30.0)
    assert [(at, effect.text) for at, effect in bench.said if isinstance(effect, Cue)] == [(105.0, "go"), (112.5, "on")]
    marks = [(at, effect.seconds) for at, effect in bench.said if isinstance(effect, Countdown) and at > 105.0]
    assert marks == [
        *((110.0, 10), (117.0, 3), (118.0, 2), (119.0, 1)),
        *((122.0, 10), (129.0, 3), (130.0, 2), (131.0, 1)),
    ]
    assert [countdown.next for countdown in bench.all(Countdown)][-5:] == [
        "Steady 1.00 km/h, 0.0 %, 0:12",
        *["the end"] * 4,
    ]


def test_a_step_by_distance_ends_where_its_metres_end() -> None:
    bench = Bench(steady("3.6", distance=Distance(20), duration=None), steady("3.6", 10), facing=Facing.FORWARD)
    bench.walk()
    bench.pass_time(40.0)
    first = bench.all(StepEnded)[0]
    assert first.distance_m == pytest.approx(20.0, abs=0.01)
    assert first.walked_s == pytest.approx(20.0, abs=1.0)


def test_a_step_by_distance_does_not_advance_on_a_belt_that_is_out_of_sight() -> None:
    bench = Bench(steady("3.6", distance=Distance(20), duration=None), facing=Facing.FORWARD)
    bench.walk()
    bench.pass_time(5.0)
    for _ in range(60):
        bench.tick(1.0)
    assert bench.runner.progress.walked_m < 10.0
    assert state(bench) is State.RUNNING


# --- S1: the start


def test_s1_nothing_starts_without_a_person() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.pass_time(600.0)
    assert bench.all(StartBelt) == []


def test_s1_a_start_is_used_once() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    for _ in range(20):
        bench.tick(1.0)
        bench.see("0")
    assert len(bench.all(StartBelt)) == 1
    bench.give(Begin())
    assert bench.all(Held)[-1].reason == "that is not possible while the session is starting"


@pytest.mark.parametrize("given", [Begin(), Confirm(), Resume()])
def test_s1_any_word_of_a_person_for_go_begins_a_session_that_is_ready(given: PersonInput) -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(given)
    assert state(bench) is State.STARTING


def test_s1_a_moving_belt_is_not_begun_on() -> None:
    bench = Bench(steady("0.8"))
    bench.see("2.0")
    assert bench.give(Begin())[0] == Held("S1", "the belt is moving already; stop it on the console first")
    assert state(bench) is State.READY


def test_s1_a_belt_that_moves_before_our_start_gets_none() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(2.0)
    bench.see("1.0")
    assert reasons(bench)[-1] == (State.PAUSED, "the belt moves already")
    bench.tick(10.0)
    assert bench.all(StartBelt) == []


def test_s1_a_countdown_that_nobody_counted_starts_nothing() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(3600.0)
    assert reasons(bench)[-1] == (State.PAUSED, "the start came too late")
    assert bench.all(StartBelt) == []


def test_a_belt_that_does_not_start_ends_the_session_with_a_stop() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(5.0)
    assert commands(bench.settle(Command.START, Rejected("it is busy"))) == [StopBelt()]
    told = f"the belt did not start: it is busy. {SEE_THE_CONSOLE}"
    assert reasons(bench)[-1] == (State.STOPPING, told)
    bench.settle(Command.STOP)
    assert bench.all(Ended) == [Ended(Ending.ABORTED, told, belt_standing=True)]
    assert bench.all(StepEnded) == [], "the step was never begun"


def test_s1_the_outcome_of_an_earlier_start_starts_nothing() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(1.0)
    bench.settle(Command.START)
    assert state(bench) is State.STARTING
    bench.settle(Command.START, LOST)
    assert state(bench) is State.STARTING


@pytest.mark.parametrize("given", [Skip(), Back(), Pause(), AdjustSpeed(Speed(10)), AdjustIncline(Incline(5))])
def test_what_makes_no_sense_before_the_start_is_refused(given: PersonInput) -> None:
    bench = Bench(steady("0.8"))
    assert bench.give(given)[0] == Held("S2", "that is not possible while the session is ready")


def test_a_session_that_has_moved_nothing_ends_without_touching_the_machine() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    assert commands(bench.give(Stop())) == []
    assert bench.all(Ended) == [Ended(Ending.STOPPED, "you stopped it", belt_standing=True)]
    aborted = Bench(steady("0.8"))
    aborted.give(Stop("the program was told to go", fault=True))
    assert aborted.all(Ended) == [Ended(Ending.ABORTED, "the program was told to go", belt_standing=None)]
    assert state(aborted) is State.ABORTED


def test_s6_a_belt_that_moves_is_stopped_even_if_the_session_has_not_begun() -> None:
    bench = Bench(steady("0.8"))
    bench.see("1.0")
    assert commands(bench.give(Stop())) == [StopBelt()]


# --- S4, S5, S6: stopping


def test_s4_stop_is_the_first_of_all_effects() -> None:
    bench = walking()
    assert bench.give(Stop())[0] == StopBelt()
    assert reasons(bench)[-1] == (State.STOPPING, "you stopped it")
    assert bench.all(StepEnded)[-1].how == "cut"


def test_s4_pause_and_a_stand_are_the_first_of_all_effects_too() -> None:
    bench = walking()
    assert bench.give(Pause())[0] == PauseBelt()
    bench = Bench(steady("0.8", 10), Stand(duration=5), steady("0.8"))
    bench.walk()
    bench.tick(10.0)
    assert next(effect for at, effect in bench.said if at == 115.0) == PauseBelt()


def test_s5_stopped_is_not_said_before_the_belt_is_proven_to_stand() -> None:
    bench = walking()
    bench.give(Stop())
    bench.tick(30.0)
    assert state(bench) is State.STOPPING
    bench.see("0")
    assert state(bench) is State.STOPPING
    bench.settle(Command.STOP)
    assert state(bench) is State.FINISHED
    assert bench.all(Ended) == [Ended(Ending.STOPPED, "you stopped it", belt_standing=True)]
    assert bench.runner.next_deadline() is None


def test_s4_stop_may_be_given_again_and_again() -> None:
    bench = walking()
    bench.give(Stop())
    assert commands(bench.give(Stop())) == [StopBelt()]
    bench.settle(Command.STOP, LOST)
    assert state(bench) is State.STOPPING, "the second one is still under way"
    bench.see("0")
    bench.settle(Command.STOP)
    assert state(bench) is State.FINISHED


def test_s5_a_stop_without_proof_is_given_once_more_and_its_belt_watched() -> None:
    bench = walking()
    bench.give(Stop())
    assert commands(bench.settle(Command.STOP, LOST)) == [StopBelt()]
    assert commands(bench.settle(Command.STOP, LOST)) == []
    bench.see("0")
    assert bench.all(Ended)[0].belt_standing is True


def test_s5_a_stop_without_proof_on_a_belt_that_is_seen_to_stand_is_proven() -> None:
    bench = walking()
    bench.give(Stop())
    bench.see("0")
    bench.settle(Command.STOP, LOST)
    assert bench.all(Ended) == [Ended(Ending.STOPPED, "you stopped it", belt_standing=True)]


def test_s6_a_belt_that_nobody_sees_standing_is_said_to_be_unknown_after_five_seconds() -> None:
    bench = walking()
    lose_link(bench)
    bench.give(Stop())
    bench.settle(Command.STOP, LOST)
    assert bench.runner.next_deadline() is not None
    bench.tick(4.9)
    assert state(bench) is State.STOPPING
    bench.tick(0.1)
    assert bench.all(Warned)[-1] == Warned(f"Unknown whether the belt stands. {CONSOLE_OR_KEY}", "S5", urgent=True)
    assert bench.all(Ended) == [Ended(Ending.ABORTED, "you stopped it", belt_standing=None)]


def test_s6_the_deadline_of_a_stop_without_a_link_is_asked_for() -> None:
    bench = walking()
    lose_link(bench)
    bench.now += 0.5
    bench.give(Stop())
    deadlines = set()
    while (deadline := bench.runner.next_deadline()) is not None and deadline < 200.0:
        deadlines.add(deadline)
        bench.now = deadline
        bench.tick()
    assert 130.5 in deadlines


def test_s6_a_link_that_comes_back_in_time_carries_the_stop() -> None:
    bench = walking()
    bench.give(Stop())
    lose_link(bench)
    bench.settle(Command.STOP, LOST)
    bench.tick(3.0)
    bench.samples = 0
    assert commands(bench.happen(machine.LinkRestored())) == [StopBelt()]
    bench.tick(10.0)
    assert state(bench) is State.STOPPING
    bench.settle(Command.STOP)
    assert bench.all(Ended)[0].belt_standing is True


def test_s6_a_stop_on_a_link_of_which_nothing_has_been_seen_yet_is_sent() -> None:
    bench = walking()
    lose_link(bench)
    restore_link(bench)
    assert commands(bench.give(Stop())) == [StopBelt()]
    bench.settle(Command.STOP)
    assert state(bench) is State.FINISHED


def test_s5_the_person_hears_of_a_belt_that_is_not_seen_to_slow_down() -> None:
    bench = walking()
    bench.give(Stop())
    bench.happen(machine.StopUnproven())
    assert bench.all(Warned)[-1] == Warned(f"The belt is not seen to slow down! {CONSOLE_OR_KEY}", "S5", urgent=True)


def test_nothing_happens_after_the_end() -> None:
    bench = walking()
    bench.give(Stop())
    bench.see("0")
    bench.settle(Command.STOP)
    for given in (Begin(), Stop(), Tick(), Resume(), Confirm()):
        assert bench.give(given) == []
    assert bench.happen(machine.ConsoleStarted()) == []
    assert bench.see("5.0") == []


# --- S2: pause and resume


def test_s2_a_pause_halts_the_belt_and_motion_needs_a_new_start() -> None:
    bench = walking()
    at = bench.runner.progress.walked_s
    bench.obey(bench.give(Pause()))
    assert asking(bench) is Ask.RESUME
    bench.pass_time(300.0)
    assert (state(bench), bench.runner.progress.walked_s) == (State.PAUSED, at)
    assert len(bench.all(StartBelt)) == 1
    bench.give(Resume())
    assert asking(bench) is None
    bench.pass_time(5.5)
    assert len(bench.all(StartBelt)) == 2
    assert state(bench) is State.RUNNING
    assert len(bench.all(StepStarted)) == 1, "the step goes on where it was"


def test_s2_a_machine_without_pausing_is_stopped_instead() -> None:
    bench = Bench(steady("0.8"), machine=replace(GENERIC, pause=PauseEffect.STOPS))
    bench.walk()
    assert commands(bench.give(Pause())) == [StopBelt()]


@pytest.mark.parametrize("given", [Resume(), Confirm()])
def test_s2_a_belt_that_is_not_seen_to_stand_is_not_resumed_on(given: PersonInput) -> None:
    bench = walking()
    bench.give(Pause())
    assert bench.give(given)[0] == Held("S2", "the belt is not seen to stand yet")
    assert state(bench) is State.PAUSED


def test_s8_after_a_pause_the_belt_begins_at_its_slowest_again() -> None:
    bench = walking(seconds=20.0)
    bench.obey(bench.give(Pause()))
    bench.give(Resume())
    bench.pass_time(12.0)
    assert bench.speeds()[-2:] == [(130.0, "0.8"), (135.0, "1.1")]


def test_s2_a_belt_that_stops_by_itself_pauses_the_session() -> None:
    bench = walking()
    bench.see("0")
    assert reasons(bench)[-1] == (State.PAUSED, "the belt has stopped")
    assert commands(bench.tick(60.0)) == []


def test_s2_no_target_goes_to_a_belt_that_is_not_seen_to_move() -> None:
    bench = Bench(steady("2.0"))
    bench.walk()
    bench.tick(10.0)
    said = len(bench.said)
    unseen = MachineState(at=bench.now, speed=None, standing=None, samples=9)
    bench.give(Observed(unseen))
    bench.tick(10.0)
    assert commands([effect for _, effect in bench.said[said:]]) == []


def test_s2_even_a_lower_target_does_not_go_to_a_belt_of_which_nobody_can_tell_whether_it_moves() -> None:
    bench = walking()
    bench.give(Observed(MachineState(at=bench.now, speed=kmh("1.1"), standing=None, samples=1)))
    assert commands(bench.give(AdjustSpeed(Speed(-10)))) == []
    assert commands(bench.see("1.1")) == [SetSpeed(Speed(100))]


def test_a_pause_before_the_start_has_gone_out_leaves_the_belt_alone() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    assert commands(bench.give(Pause())) == []
    assert commands(bench.tick(10.0)) == []
    assert state(bench) is State.PAUSED


def test_s2_a_pause_after_the_start_has_gone_out_stops_what_may_come_of_it() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(5.0)
    assert commands(bench.give(Pause())) == [PauseBelt()]
    bench.settle(Command.START, LOST)
    assert state(bench) is State.PAUSED


def test_s2_a_belt_that_moves_in_a_pause_although_nobody_started_it_is_stopped() -> None:
    bench = walking()
    bench.obey(bench.give(Pause()))
    said: list[list[object]] = []
    for _ in range(9):
        bench.now += 1.0
        said.append(list(commands(bench.see("1.0"))))
    assert said == [[], [], [], [StopBelt()], [], [], [], [], []], "the machine repeats a Stop by itself"
    assert bench.all(Warned)[-1] == Warned(
        f"The belt moves although nobody started it. {CONSOLE_OR_KEY}", "S2", urgent=True
    )


def test_s2_a_belt_that_is_slowing_down_in_a_pause_is_left_to_it() -> None:
    bench = walking()
    bench.give(Pause())
    bench.settle(Command.PAUSE)
    for speed in ("1.0", "0.9", "0.8", "0.7", "0.6", "0.5"):
        bench.now += 1.0
        assert commands(bench.see(speed, slowing=True)) == []


# --- S2, S11: the console


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (machine.ConsoleStopped(pause=None), "it was stopped on the console"),
        (machine.ConsoleStopped(pause=True), "it was stopped on the console"),
        (machine.SafetyKeyPulled(), "the safety key was pulled"),
    ],
)
def test_s2_stop_and_safety_key_on_the_console_end_the_motion(event: machine.MachineEvent, reason: str) -> None:
    bench = walking()
    assert commands(bench.happen(event)) == []
    assert reasons(bench)[-1] == (State.PAUSED, reason)
    assert bench.all(PersonNeeded) == []
    bench.see("0")
    assert bench.all(PersonNeeded)[-1] == PersonNeeded(Ask.RESUME, f"Paused: {reason}. Start again when you are ready.")
    assert commands(bench.tick(60.0)) == []


def test_s2_a_stop_on_the_console_ends_a_countdown() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    assert commands(bench.happen(machine.ConsoleStopped(pause=None))) == []
    assert commands(bench.tick(10.0)) == []
    assert state(bench) is State.PAUSED


def test_s2_a_stop_on_the_console_overtakes_our_start_that_is_on_its_way() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(5.0)
    assert commands(bench.happen(machine.ConsoleStopped(pause=None))) == [PauseBelt()]


def test_a_stop_on_the_console_says_nothing_in_a_stand() -> None:
    bench = standing()
    bench.happen(machine.ConsoleStopped(pause=None))
    assert state(bench) is State.RUNNING


def test_s1_a_start_on_the_console_resumes_a_pause_without_a_start_from_us() -> None:
    bench = walking()
    bench.obey(bench.give(Pause()))
    bench.happen(machine.ConsoleStarted())
    bench.happen(machine.ConsoleStarted())
    assert state(bench) is State.STARTING
    bench.tick(3.0)
    bench.see("1.2")
    assert state(bench) is State.RUNNING
    assert len(bench.all(StartBelt)) == 1
    assert bench.all(Overridden) == [Overridden("speed", speed=kmh("1.2"))]
    assert len([change for change in bench.all(StateChanged) if change.state is State.STARTING]) == 2


def test_s11_a_start_on_the_console_during_our_countdown_takes_its_place() -> None:
    bench = Bench(steady("2.0"))
    bench.see("0")
    bench.give(Begin())
    bench.happen(machine.ConsoleStarted())
    bench.tick(10.0)
    bench.see("0", standing=False)
    assert state(bench) is State.RUNNING
    assert (bench.all(StartBelt), bench.all(Overridden)) == ([], [])


@pytest.mark.parametrize("begun", [False, True])
def test_a_start_on_the_console_says_nothing_to_a_session_that_is_ready_or_walks(*, begun: bool) -> None:
    bench = walking() if begun else Bench(steady("0.8"))
    before = state(bench)
    bench.happen(machine.ConsoleStarted())
    assert state(bench) is before


def test_s11_a_speed_set_on_the_console_is_held_to_the_end_of_the_step() -> None:
    bench = walking()
    bench.happen(machine.ConsoleSpeed(kmh("0.9")))
    bench.see("0.9")
    bench.pass_time(39.0)
    assert bench.all(Overridden) == [Overridden("speed", speed=kmh("0.9"))]
    assert bench.speeds()[-1] == (110.0, "1.1")
    bench.pass_time(20.0)
    assert bench.speeds()[-1][0] > 165.0


def test_s11_an_incline_set_on_the_console_is_held_to_the_end_of_the_step() -> None:
    bench = walking()
    bench.happen(machine.ConsoleIncline(percent("3")))
    bench.see(incline="3")
    bench.pass_time(10.0)
    assert bench.all(SetIncline) == []
    bench.happen(machine.ConsoleIncline(percent("3")))
    assert bench.all(Overridden) == [Overridden("incline", incline=percent("3"))]


def test_s11_a_belt_that_leaves_its_target_was_changed_on_the_console() -> None:
    bench = walking()
    bench.see("2.0")
    bench.tick(1.0)
    bench.see("2.0")
    assert bench.all(Overridden) == [Overridden("speed", speed=kmh("2.0"))]
    assert commands(bench.tick(10.0)) == []


@pytest.mark.parametrize("event", [machine.ConsoleSpeed(kmh("2")), machine.ConsoleIncline(percent("2"))])
def test_a_console_that_changes_a_target_in_a_stand_or_a_pause_changes_no_session(event: machine.MachineEvent) -> None:
    stand, pause = standing(), walking()
    pause.give(Pause())
    for bench in (stand, pause):
        bench.happen(event)
        assert bench.all(Overridden) == []


# --- S11: control


def test_s11_while_somebody_else_has_control_nothing_is_set_until_a_person_takes_it_back() -> None:
    bench = walking(seconds=50.0)
    bench.happen(machine.ControlTaken())
    assert asking(bench) is Ask.RESUME
    bench.pass_time(20.0)
    assert bench.speeds()[-1] == (110.0, "1.1"), "the ramp has begun, and nothing was set"
    assert commands(bench.give(Resume())) == [TakeControl()]
    bench.settle(Command.CONTROL)
    assert reasons(bench)[-1] == (State.RUNNING, "you have control again")
    bench.pass_time(6.0)
    assert bench.speeds()[-1][0] > 170.0


def test_s11_control_that_is_not_given_back_is_said_and_may_be_asked_for_again() -> None:
    bench = walking()
    bench.happen(machine.ControlTaken())
    bench.give(Confirm())
    bench.settle(Command.CONTROL, Rejected("another app has it"))
    assert bench.all(Warned)[-1].text == "Control is not given back: another app has it. Confirm to try again."
    assert commands(bench.give(Confirm())) == [TakeControl()]


def test_s11_in_a_pause_control_comes_before_the_start() -> None:
    bench = walking()
    bench.obey(bench.give(Pause()))
    bench.happen(machine.ControlTaken())
    assert commands(bench.give(Resume())) == [TakeControl()]
    bench.settle(Command.CONTROL)
    assert (state(bench), asking(bench)) == (State.PAUSED, Ask.RESUME)
    bench.give(Resume())
    assert state(bench) is State.STARTING


def test_s11_before_the_start_control_comes_first_too() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.happen(machine.ControlTaken())
    assert commands(bench.give(Begin())) == [TakeControl()]
    bench.settle(Command.CONTROL)
    assert (state(bench), asking(bench)) == (State.READY, Ask.START)


def test_s11_in_a_stand_control_comes_before_the_confirmation_and_then_it_is_asked_again() -> None:
    bench = standing()
    bench.happen(machine.ControlTaken())
    assert commands(bench.give(Confirm())) == [TakeControl()]
    bench.settle(Command.CONTROL)
    assert asking(bench) is Ask.CONFIRM
    bench.give(Confirm())
    assert state(bench) is State.STARTING


def test_s11_control_that_is_lost_in_the_countdown_ends_the_countdown() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    bench.happen(machine.ControlTaken())
    assert reasons(bench)[-1] == (State.PAUSED, "somebody else has control")
    assert commands(bench.tick(10.0)) == []


def test_control_that_is_lost_while_stopping_asks_nothing_and_comes_back_without_a_word() -> None:
    bench = walking()
    bench.give(Stop())
    bench.happen(machine.ControlTaken())
    assert asking(bench) is None
    bench.settle(Command.CONTROL)
    assert state(bench) is State.STOPPING


# --- S10: outcomes


@pytest.mark.parametrize("outcome", [Rejected("no"), LOST])
def test_s10_a_command_that_is_not_confirmed_is_said(outcome: Rejected | Unknown) -> None:
    bench = Bench(steady("2.0"))
    bench.walk()
    bench.tick(5.0)
    bench.see("0.8")
    bench.settle(Command.SPEED, outcome)
    assert bench.all(CommandSettled)[-1] == CommandSettled("speed", str(outcome).split(":")[0], outcome.reason)
    assert bench.all(Warned)[-1].text == f"The speed command is not confirmed: {outcome.reason}."
    assert "confirm" in bench.all(Held)[-1].reason


def test_s10_a_person_lets_an_unanswered_belt_rise_again() -> None:
    bench = Bench(steady("2.0"))
    bench.walk()
    bench.now += 5.0
    assert SetSpeed(Speed(110)) in bench.see("0.8")
    bench.settle(Command.SPEED, LOST)
    for _ in range(10):
        bench.now += 1.0
        assert commands(bench.see("0.8")) == []
    bench.give(Confirm())
    assert reasons(bench)[-1] == (State.RUNNING, "you confirmed")
    assert bench.all(SetSpeed)[-1] == SetSpeed(Speed(110))
    assert len(bench.all(SetSpeed)) == 3


def test_with_nothing_to_confirm_a_confirmation_says_so() -> None:
    assert walking().give(Confirm())[0] == Held("S3", "there is nothing to confirm")


def test_outcomes_of_targets_are_not_worth_a_warning_once_the_belt_is_being_stopped() -> None:
    bench = Bench(steady("2.0"))
    bench.walk()
    bench.tick(5.0)
    bench.give(Pause())
    bench.settle(Command.SPEED, LOST)
    bench.settle(Command.PAUSE)
    assert bench.all(Warned) == []


# --- S12: the link


def test_s12_a_lost_link_is_said_at_once_and_stops_the_clock_of_the_step() -> None:
    bench = walking()
    walked = bench.runner.progress.walked_s
    lose_link(bench)
    assert bench.all(LinkChanged) == [LinkChanged(connected=False)]
    assert bench.all(Warned) == [
        Warned(
            f"The Bluetooth connection was lost. The belt may keep moving at its last speed. {CONSOLE_OR_KEY}",
            "S12",
            urgent=True,
        )
    ]
    assert commands(bench.tick(120.0)) == []
    assert bench.runner.progress.walked_s == walked


@pytest.mark.parametrize(
    "given", [Skip(), Back(), AdjustSpeed(Speed(10)), AdjustIncline(Incline(5)), Confirm(), Resume()]
)
def test_s12_without_a_link_a_person_can_only_pause_and_stop(given: PersonInput) -> None:
    bench = walking()
    lose_link(bench)
    assert bench.give(given) == [Held("S12", "there is no connection to the treadmill")]


def test_s12_without_a_link_nothing_begins_and_nothing_resumes() -> None:
    ready, paused = Bench(steady("0.8")), walking()
    paused.obey(paused.give(Pause()))
    for bench, given in ((ready, Begin()), (paused, Resume())):
        lose_link(bench)
        assert bench.give(given)[0] == Held("S12", "there is no connection to the treadmill")


def test_s12_after_a_reconnection_it_looks_first_and_then_holds_until_a_person_confirms() -> None:
    bench = walking(seconds=58.0)
    lose_link(bench)
    bench.tick(10.0)
    restore_link(bench)
    assert bench.all(LinkChanged)[-1] == LinkChanged(connected=True)
    said = len(bench.said)
    bench.tick(5.0)
    bench.see("1.1")
    assert asking(bench) is None
    bench.now += 1.0
    bench.see("1.1")
    assert asking(bench) is Ask.RESUME
    bench.pass_time(30.0)
    assert commands([effect for _, effect in bench.said[said:]]) == []
    bench.give(Resume())
    assert reasons(bench)[-1] == (State.RUNNING, "you confirmed")
    bench.pass_time(2.0)
    assert bench.all(SetSpeed)[-1].speed > 110


def test_s12_until_it_has_looked_nothing_is_set_and_no_time_counts() -> None:
    bench = walking()
    lose_link(bench)
    restore_link(bench)
    walked = bench.runner.progress.walked_s
    bench.now += 1.0
    bench.see("1.1")
    assert commands(bench.give(AdjustSpeed(Speed(-10)))) == []
    bench.now += 1.0
    assert commands(bench.see("1.1")) == [SetSpeed(Speed(100))]
    assert bench.runner.progress.walked_s == walked


def test_s12_telemetry_that_comes_before_the_news_of_the_reconnection_changes_nothing_of_that() -> None:
    bench = walking(seconds=58.0)
    lose_link(bench)
    bench.samples = 0
    for _ in range(4):
        bench.now += 1.0
        assert commands(bench.see("1.1")) == []
    assert [ask for ask in bench.all(PersonNeeded) if ask.ask is Ask.RESUME] == []
    restore_link(bench)
    bench.pass_time(20.0)
    assert len([ask for ask in bench.all(PersonNeeded) if ask.ask is Ask.RESUME]) == 1
    assert bench.speeds()[-1] == (110.0, "1.1")


def test_s12_a_belt_that_was_changed_meanwhile_is_taken_as_it_is() -> None:
    bench = walking()
    lose_link(bench)
    restore_link(bench)
    bench.see("2.0")
    bench.see("2.0")
    assert bench.all(Overridden) == [Overridden("speed", speed=kmh("2.0"))]
    assert bench.speeds()[-1] == (110.0, "1.1")


def test_s2_a_belt_that_stands_after_the_reconnection_stays_standing() -> None:
    bench = walking()
    lose_link(bench)
    restore_link(bench)
    bench.see("0", standing=False)
    bench.see("0")
    assert reasons(bench)[-1] == (State.PAUSED, "the belt has stopped")
    assert commands(bench.tick(60.0)) == []


def test_s2_a_pause_that_never_reached_the_belt_reaches_it_after_the_reconnection() -> None:
    bench = walking()
    lose_link(bench)
    bench.give(Pause())
    bench.settle(Command.PAUSE, LOST)
    restore_link(bench)
    bench.see("1.1")
    assert commands(bench.see("1.1")) == [PauseBelt()]


def test_s3_a_stand_that_never_reached_the_belt_reaches_it_after_the_reconnection() -> None:
    bench = Bench(steady("0.8", 10), Stand(duration=5), steady("0.8"))
    bench.walk()
    bench.now += 9.0
    bench.see()
    assert commands(bench.tick(1.0)) == [PauseBelt()]
    lose_link(bench)
    bench.settle(Command.PAUSE, LOST)
    restore_link(bench)
    bench.see("0.8")
    assert commands(bench.see("0.8")) == [PauseBelt()]


def test_s1_a_link_that_is_lost_in_the_countdown_ends_the_countdown() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    lose_link(bench)
    assert reasons(bench)[-1] == (State.PAUSED, "the connection was lost before the belt moved")
    restore_link(bench)
    bench.see("0")
    bench.see("0")
    assert commands(bench.tick(60.0)) == []


def test_s2_a_belt_that_moves_after_a_start_that_was_lost_with_the_link_is_halted() -> None:
    bench = Bench(steady("0.8"))
    bench.see("0")
    bench.give(Begin())
    bench.tick(5.0)
    lose_link(bench)
    bench.settle(Command.START, LOST)
    assert state(bench) is State.PAUSED
    restore_link(bench)
    bench.see("0.8")
    assert commands(bench.see("0.8")) == [PauseBelt()]


def test_a_link_that_is_lost_twice_while_stopping_keeps_its_deadline() -> None:
    bench = walking()
    bench.give(Stop())
    lose_link(bench)
    bench.tick(3.0)
    lose_link(bench)
    bench.tick(2.0)
    assert bench.all(Ended)[0].belt_standing is None


def test_a_stop_settled_before_the_news_of_the_lost_link_ends_within_five_seconds() -> None:
    bench = walking()
    bench.give(Stop())
    bench.give(Observed(MachineState(connected=False)))
    assert commands(bench.settle(Command.STOP, LOST)) == [StopBelt()]
    bench.settle(Command.STOP, LOST)
    bench.tick(5.0)
    assert bench.all(Ended)[0].ending is Ending.ABORTED


def test_a_link_that_comes_back_before_the_start_is_looked_at_and_asks_nothing() -> None:
    bench = Bench(steady("0.8"))
    lose_link(bench)
    restore_link(bench)
    bench.see("0")
    bench.see("0", standing=False)
    bench.see("2.0")
    assert bench.all(PersonNeeded) == []
    assert state(bench) is State.READY


# --- S3: stands and turns


def test_s3_a_stand_halts_the_belt_and_asks_only_once_it_is_seen_to_stand() -> None:
    bench = Bench(steady("0.8", 10), Stand(until_confirmed=True), steady("0.8", 30, facing=Facing.FORWARD))
    bench.walk()
    bench.now += 9.0
    bench.see()
    assert commands(bench.tick(1.0)) == [PauseBelt()]
    bench.tick(3.0)
    assert asking(bench) is None
    assert bench.give(Confirm())[0] == Held("S3", "the belt is not seen to stand yet")
    bench.see("0")
    assert bench.all(PersonNeeded) == [
        PersonNeeded(Ask.CONFIRM, "Next: forward, Steady 0.80 km/h, 0.0 %, 0:30. The belt stands until you confirm.")
    ]


def test_s3_nobody_is_told_to_turn_round_before_the_belt_stands() -> None:
    bench = Bench(steady("0.8", 10), steady("0.8", 30, facing=Facing.FORWARD))
    bench.walk()
    bench.now += 9.0
    bench.see()
    bench.tick(1.0)
    bench.tick(5.0)
    assert bench.all(Cue) == []
    bench.see("0")
    assert bench.all(Cue) == [Cue("Hold the rails and turn round")]


def test_s3_a_confirmation_starts_the_belt_after_its_own_countdown() -> None:
    bench = standing()
    bench.give(Confirm())
    assert state(bench) is State.STARTING
    bench.pass_time(5.5)
    assert len(bench.all(StartBelt)) == 2
    assert [started.facing for started in bench.all(StepStarted)] == ["backward", "backward", "forward"]
    assert bench.all(StepEnded)[-1].how == "completed"


def test_s2_a_timed_stand_waits_for_a_person_all_the_same_and_asks_for_no_ticks_meanwhile() -> None:
    bench = Bench(steady("0.8", 10), Stand(duration=5), steady("0.8"))
    bench.walk()
    bench.pass_time(11.0)
    assert asking(bench) is None
    bench.pass_time(5.0)
    assert asking(bench) is Ask.CONFIRM
    for _ in range(20):
        deadline = bench.runner.next_deadline()
        assert deadline is not None
        assert deadline > bench.now
        bench.now = deadline
        bench.tick()
    assert bench.now >= 135.0
    assert len(bench.all(StartBelt)) == 1


def test_a_timed_stand_counts_from_the_belt_that_stands() -> None:
    bench = Bench(steady("0.8", 10), Stand(duration=5), steady("0.8"))
    bench.walk()
    bench.now += 9.0
    bench.see()
    bench.tick(1.0)
    bench.tick(30.0)
    assert bench.runner.progress.walked_s == 0.0
    bench.see("0")
    bench.tick(5.0)
    assert asking(bench) is Ask.CONFIRM


def test_a_session_may_begin_and_end_with_a_stand() -> None:
    bench = Bench(Stand(duration=3), steady("0.8", 10), Stand(until_confirmed=True))
    bench.see("0")
    bench.obey(bench.give(Begin()))
    assert (state(bench), bench.all(StartBelt)) == (State.RUNNING, [])
    bench.pass_time(4.0)
    bench.give(Confirm())
    bench.pass_time(17.0)
    assert bench.all(PersonNeeded)[-1].text == "Confirm to finish. The belt stands until you confirm."
    bench.obey(bench.give(Confirm()))
    assert bench.all(Ended) == [Ended(Ending.FINISHED, "", belt_standing=True)]


def test_one_stand_may_follow_another() -> None:
    bench = Bench(steady("0.8", 10), Stand(until_confirmed=True), Stand(until_confirmed=True), steady("0.8"))
    bench.walk()
    bench.pass_time(11.0)
    bench.give(Confirm())
    assert asking(bench) is Ask.CONFIRM
    assert [started.step for started in bench.all(StepStarted)] == [0, 1, 2]
    assert len(bench.all(StartBelt)) == 1
    assert len(bench.all(PauseBelt)) == 1


def test_s2_a_belt_that_moves_in_a_stand_although_nobody_started_it_is_stopped() -> None:
    bench = standing()
    said: list[list[object]] = []
    for _ in range(4):
        bench.now += 1.0
        said.append(list(commands(bench.see("1.0"))))
    assert said == [[], [], [], [StopBelt()]]
    assert bench.give(Confirm())[0] == Held("S3", "the belt is not seen to stand yet")


def test_s3_a_belt_that_does_not_obey_its_halt_is_left_to_the_machines_own_repeats() -> None:
    bench = Bench(steady("0.8", 10), Stand(until_confirmed=True), steady("0.8"))
    bench.walk()
    bench.now += 9.0
    bench.see()
    bench.tick(1.0)
    for _ in range(10):
        bench.now += 1.0
        assert commands(bench.see("0.8")) == []


def test_s3_a_start_on_the_console_ends_a_stand_on_a_standing_belt_only() -> None:
    bench = Bench(steady("0.8", 10), Stand(until_confirmed=True), steady("0.8", 30, facing=Facing.FORWARD))
    bench.walk()
    bench.now += 9.0
    bench.see()
    bench.tick(1.0)
    bench.happen(machine.ConsoleStarted())
    assert bench.runner.progress.index == 1
    assert bench.all(Warned)[-1] == Warned("The belt must stand before it starts again.", "S3")
    bench.see("0")
    bench.happen(machine.ConsoleStarted())
    assert (state(bench), bench.runner.progress.index) == (State.STARTING, 2)
    assert len(bench.all(StartBelt)) == 1


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (Pause(), Held("S2", "the belt stands already")),
        (Skip(), Held("S3", "confirm to go on from a standing belt")),
        (AdjustSpeed(Speed(10)), Held("S2", "no target is set on a standing belt")),
        (AdjustIncline(Incline(5)), Held("S2", "no target is set on a standing belt")),
        (AimSpeed(Speed(100)), Held("S2", "no target is set on a standing belt")),
        (AimIncline(Incline(5)), Held("S2", "no target is set on a standing belt")),
    ],
)
def test_s2_in_a_stand_nothing_moves_the_belt_but_a_confirmation(given: PersonInput, held: Held) -> None:
    assert standing().give(given) == [held]


# --- back and forth


def test_a_skip_goes_to_the_next_step() -> None:
    bench = walking()
    bench.give(Skip())
    assert bench.runner.progress.index == 1
    assert bench.all(StepEnded)[-1].how == "skipped"


def test_a_skip_of_the_last_step_ends_the_session_and_a_skip_to_a_stand_halts_the_belt() -> None:
    last = Bench(steady("0.8", 30))
    last.walk()
    assert commands(last.give(Skip())) == [StopBelt()]
    assert reasons(last)[-1] == (State.STOPPING, "the plan is walked")
    stand = Bench(steady("0.8", 30), Stand(duration=5), steady("0.8"))
    stand.walk()
    assert commands(stand.give(Skip())) == [PauseBelt()]


def test_s8_a_skip_and_a_way_back_rise_as_gently_as_the_plan() -> None:
    bench = Bench(steady("1.4", 60), steady("0.8", 60))
    bench.walk()
    bench.pass_time(20.0)
    bench.obey(bench.give(Skip()))
    bench.obey(bench.give(Back()))
    bench.obey(bench.give(Skip()))
    bench.obey(bench.give(Back()))
    bench.pass_time(10.0)
    assert bench.speeds() == [
        *((105.0, "0.8"), (110.0, "1.1"), (115.0, "1.4"), (125.0, "0.8")),
        *((126.0, "1.1"), (131.0, "1.4")),
    ]


def test_back_means_this_step_again_or_the_one_before_if_this_has_just_begun() -> None:
    bench = Bench(steady("0.8", 20), steady("0.8", 20, "1"), steady("0.8", 20))
    bench.walk()
    bench.pass_time(30.0)
    bench.give(Back())
    assert (bench.runner.progress.index, bench.runner.progress.walked_s) == (1, 0.0)
    bench.pass_time(4.0)
    bench.give(Back())
    assert bench.runner.progress.index == 0
    bench.give(Back())
    assert bench.runner.progress.index == 0
    assert [ended.how for ended in bench.all(StepEnded)] == ["completed", "repeated", "repeated", "repeated"]


def test_s3_back_to_a_stand_halts_the_belt() -> None:
    bench = standing()
    bench.give(Confirm())
    bench.pass_time(8.0)
    assert commands(bench.give(Back())) == [PauseBelt()]
    assert bench.runner.progress.index == 1


def test_s3_back_in_a_stand_asks_to_walk_the_step_before_and_says_which_way_it_faces() -> None:
    bench = standing()
    bench.give(Back())
    assert bench.all(PersonNeeded)[-1].text == (
        "Next: backward, Steady 0.80 km/h, 0.0 %, 0:10. The belt stands until you confirm."
    )
    bench.give(Confirm())
    assert (state(bench), bench.runner.progress.index) == (State.STARTING, 0)


def test_s3_back_in_a_stand_whose_belt_still_moves_asks_once_it_stands() -> None:
    bench = Bench(steady("0.8", 10), Stand(until_confirmed=True), steady("0.8", 30))
    bench.walk()
    bench.now += 9.0
    bench.see()
    bench.tick(1.0)
    bench.give(Back())
    assert bench.all(PersonNeeded) == []
    bench.see("0")
    assert len(bench.all(PersonNeeded)) == 1
    assert "0:10" in bench.all(PersonNeeded)[0].text


def test_a_wish_of_the_walker_is_held_to_the_end_of_the_step() -> None:
    bench = walking()
    bench.obey(bench.give(AdjustSpeed(Speed(-10))))
    bench.obey(bench.give(AdjustIncline(Incline(10))))
    assert commands([effect for at, effect in bench.said if at == bench.now])[-2:] == [
        SetSpeed(Speed(100)),
        SetIncline(Incline(10)),
    ]
    bench.pass_time(45.0)
    assert bench.all(SetIncline)[-1] == SetIncline(Incline(0))


def test_s7_a_wish_beyond_the_limits_is_refused_with_the_reason() -> None:
    assert walking().give(AdjustSpeed(Speed(1000)))[0] == Held(
        "S7", "11.10 km/h is above the limit of 5.79 km/h facing backward (from the default for walking backward)."
    )


def test_a_person_aims_at_a_speed_and_an_incline_and_they_hold_for_the_step() -> None:
    bench = walking()
    bench.obey(bench.give(AimSpeed(Speed(90))))
    bench.obey(bench.give(AimIncline(Incline(15))))
    bench.pass_time(10.0)
    assert bench.all(SetSpeed)[-1] == SetSpeed(Speed(90))
    assert bench.all(SetIncline)[-1] == SetIncline(Incline(15))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (AimSpeed(Speed(1000)), "10.00 km/h is above the limit of 5.79 km/h facing backward"),
        (AimSpeed(Speed(104)), "1.04 km/h is between this machine's steps; the nearest is 1.00 km/h"),
        (AimSpeed(Speed(0)), "0.00 km/h is outside what this machine can do"),
        (AimIncline(Incline(7)), "0.7 % is between this machine's steps"),
        (AimIncline(Incline(120)), "12.0 % is above the limit of 10.0 % facing backward"),
    ],
)
def test_s7_an_aim_that_is_not_allowed_is_refused_with_the_reason_and_never_rounded(
    given: PersonInput, reason: str
) -> None:
    (held,) = walking().give(given)
    assert isinstance(held, Held)
    assert held.rule == "S7"
    assert held.reason.startswith(reason)


def test_a_wish_for_an_incline_that_the_machine_has_not_is_refused() -> None:
    bench = Bench(steady("0.8"), machine=FLAT)
    bench.walk()
    assert bench.give(AdjustIncline(Incline(10)))[0] == Held(
        "S7", "the incline cannot be set: the machine does not offer incline as a target"
    )


# --- ticks


def test_repeated_ticks_at_the_asked_instants_always_move_on() -> None:
    bench = Bench(
        steady("3.6", distance=Distance(20), duration=None),
        Stand(duration=3.3),
        ramp("2.0", 7.7, cues=(CuePoint(at=1.1, text="x"),)),
    )
    bench.walk()
    for _ in range(400):
        deadline = bench.runner.next_deadline()
        if deadline is None:
            break
        assert deadline > bench.now - 1e-9
        before, bench.now = bench.now, max(bench.now, deadline)
        bench.obey(bench.tick())
        if asking(bench) is Ask.CONFIRM:
            bench.give(Confirm())
        if bench.now - before >= 0.5:
            bench.see()
    assert state(bench) is State.FINISHED


def test_while_the_belt_is_out_of_sight_only_the_samples_ask_for_ticks() -> None:
    bench = walking(seconds=59.9995)
    lose_link(bench)
    restore_link(bench)
    for _ in range(10):
        deadline = bench.runner.next_deadline()
        assert deadline is not None
        assert deadline - bench.now > 0.0001
        bench.now = deadline
        bench.tick()
    assert bench.now > 168.0
