"""Any person, console, belt, link and clock against the runner: what it does to the machine keeps S1 to S13.

The judge (tests/support/runner_judge.py) hears every input and every effect; the belt (tests/support/belt_model.py)
obeys or does not. The rules here only make things happen.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backstride.driver import events as machine
from backstride.driver.confirmation import Command, Confirmed, Outcome, Rejected, Unknown
from backstride.driver.obedience import Deed, Obedience, Shown
from backstride.units import Incline, Speed
from backstride.workout.events import SessionState
from backstride.workout.inputs import (
    AdjustIncline,
    AdjustSpeed,
    AimIncline,
    AimSpeed,
    Back,
    Begin,
    Confirm,
    Happened,
    Input,
    Observed,
    Pause,
    PersonInput,
    Resume,
    Settled,
    Skip,
    Stop,
    Tick,
)
from tests.property.plans import World, worlds
from tests.support.belt_model import Belt, Driver, Waiting, Whim
from tests.support.runner_judge import OVER, JudgedRunner
from tests.support.soak import run_machine, tally

STEPS = "runner steps"
SESSIONS = "runner sessions"
PERSONS = st.sampled_from(
    [
        *(Begin(), Confirm(), Confirm(), Confirm(), Resume(), Pause(), Skip(), Back()),
        *(AdjustSpeed(Speed(16)), AdjustSpeed(Speed(100)), AdjustSpeed(Speed(-16)), AdjustSpeed(Speed(-150))),
        *(AdjustIncline(Incline(5)), AdjustIncline(Incline(-10)), AdjustIncline(Incline(30))),
        *(AimSpeed(Speed(120)), AimSpeed(Speed(480)), AimSpeed(Speed(123)), AimIncline(Incline(20))),
    ]
)
OUTCOMES = st.sampled_from(
    [Confirmed(), Confirmed(), Unknown("nothing came"), Rejected("not now"), Rejected("it was busy", sent=False)]
)
WHIMS = st.sets(st.sampled_from(Whim), max_size=2)
DISTURBANCES = ("pause", "stop", "key", "control", "link", "stall", "unseen start", "silence")
DEEDS = st.sampled_from([Deed.OBEYED, Deed.IGNORED, Deed.REFUSED, Deed.UNANSWERED])
MOST_TICKS_AT_ONCE = 6
MOST_PATIENT = 3000.0  # seconds: the longest plan at the slowest speed


class AnySession(RuleBasedStateMachine):
    """One session from its first telemetry to its end."""

    @initialize(world=worlds(), walks=st.sampled_from([0, 8, 25, 60]), patience=st.integers(0, 3))
    def begin(self, world: World, walks: int, patience: int) -> None:
        self.patient = patience == 3
        self.now = 1000.0
        self.world = world
        self.belt = Belt(slowest=world.figures.slowest)
        self.driver = Driver(self.belt)
        self.another_session(walks)

    @rule(walks=st.sampled_from([0, 8, 25, 60]))
    @precondition(lambda self: self.over and self.driver.connected)
    def another_session(self, walks: int) -> None:
        """A new session on the belt as it is; with `walks` somebody begins it, and walks for so many seconds."""
        tally[SESSIONS] += 1
        self.driver.waiting.clear()
        self.runner = JudgedRunner(self.world.plan, self.world.envelope, self.now)
        self.tell()
        self.tell()
        if walks:
            self.give(Begin())
            self.all_goes_well(walks)

    # --- inputs

    def give(self, given: Input) -> None:
        tally[STEPS] += 1
        for effect in self.runner.handle(given, self.now):
            self.settle(self.driver.carry_out(effect, self.now))

    def settle(self, outcomes: list[tuple[Command, Outcome]]) -> None:
        for command, outcome in outcomes:
            self.give(Settled(command, outcome))

    def happen(self, event: machine.MachineEvent) -> None:
        self.give(Happened(event))

    def tell(self, speed: int | None = None, *, blind: bool = False) -> None:
        self.give(Observed(self.driver.record(self.now, speed=speed, blind=blind)))

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.belt.advance(seconds)

    @property
    def over(self) -> bool:
        return hasattr(self, "runner") and self.runner.state in OVER

    # --- what a person does

    @rule(given=PERSONS)
    def a_person_acts(self, given: PersonInput) -> None:
        self.give(given)

    @rule(after=st.sampled_from([0.0, 0.5, 4.0, 5.2]), what=st.sampled_from(DISTURBANCES), settles=st.booleans())
    @precondition(lambda self: self.driver.connected and not self.over)
    def something_comes_into_a_start(self, after: float, what: str, settles: bool) -> None:  # noqa: FBT001 - same
        """A person starts a standing belt; before it moves, something else happens."""
        self.the_console_stops_the_belt("silent")
        self.live(4, sees=True, settles=True)
        if what == "unseen start":
            self.the_console_starts_the_belt(speed=80, silent=True)
            self.live(2, sees=True, settles=False)
        self.give(Confirm())
        self.live(after, sees=what != "unseen start", settles=settles)
        match what:
            case "pause":
                self.give(Pause())
            case "stop" | "key":
                self.the_console_stops_the_belt(what)
            case "control":
                self.happen(machine.ControlTaken())
            case "link":
                self.the_link_is_lost(said=settles)
            case "stall":
                self.the_loop_is_stalled(11.0)
            case _:
                self.live(6, sees=False, settles=False)

    @rule(fault=st.booleans(), patience=st.integers(0, 9))
    def a_person_stops(self, fault: bool, patience: int) -> None:  # noqa: FBT001 - hypothesis gives keywords
        if patience == 9:  # otherwise most sessions would be over before anything else has happened
            self.give(Stop(fault=fault))

    # --- what time brings

    @rule(seconds=st.sampled_from([0.0, 0.1, 0.4, 1.0, 2.5, 4.0, 11.0, 180.0]))
    def the_loop_is_stalled(self, seconds: float) -> None:
        self.pass_time(seconds)
        self.give(Tick())

    @rule(seconds=st.sampled_from([2, 6, 15, 30]))
    def all_goes_well(self, seconds: int) -> None:
        self.live(seconds, sees=True, settles=True)

    @rule(seconds=st.sampled_from([1, 3, 7, 12]), sees=st.booleans(), settles=st.booleans())
    def time_passes(self, seconds: int, sees: bool, settles: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
        self.live(seconds, sees=sees, settles=settles)

    def live(self, seconds: float, *, sees: bool, settles: bool) -> None:
        """Let time pass, with ticks when they are asked for; with telemetry and outcomes where they are to come."""
        end, record, at_once = self.now + seconds, self.now + 1.0, 0
        while self.now < end and not self.over:
            deadline = self.runner.next_deadline()
            at = min(record, end if deadline is None else max(deadline, self.now))
            at_once = at_once + 1 if at == self.now else 0
            assert at_once <= MOST_TICKS_AT_ONCE, "S6: a program that is busy with itself stops nothing"
            self.pass_time(at - self.now)
            self.give(Tick())
            if at >= record:
                record += 1.0
                if sees and self.driver.connected:
                    self.tell()
            if settles:
                self.settle(self.driver.due(self.now))

    @rule()
    def all_is_put_right(self) -> None:
        """Link, control and machine are there again, and a person says go to whatever is asked."""
        self.driver.whims.clear()
        if not self.driver.connected:
            self.the_link_comes_back(early=False)
        self.live(3, sees=True, settles=True)
        for given in (Confirm(), Resume()):
            self.give(given)
            self.settle(self.driver.due(self.now))
        self.live(8, sees=True, settles=True)

    # --- what the machine does

    @rule(whims=WHIMS)
    def the_machine_changes_its_mind(self, whims: set[Whim]) -> None:
        self.driver.whims = whims

    @rule(speed=st.sampled_from([None, None, 0, 0, 60, 400, 579]), blind=st.booleans(), then=st.none() | PERSONS)
    @precondition(lambda self: self.driver.connected)
    def a_record_comes(self, speed: int | None, blind: bool, then: PersonInput | None) -> None:  # noqa: FBT001 - same
        """Telemetry, right or wrong, and perhaps somebody who acts on it before the next."""
        self.tell(speed, blind=blind and speed is None)
        if then is not None:
            self.give(then)

    @rule(outcome=OUTCOMES, place=st.integers(0, 3))
    @precondition(lambda self: self.driver.waiting)
    def an_outcome_comes(self, outcome: Outcome, place: int) -> None:
        waiting = self.driver.waiting[place % len(self.driver.waiting)]
        if self.is_possible(waiting, outcome):
            self.driver.waiting.remove(waiting)
            self.give(Settled(waiting.command, outcome))

    def is_possible(self, waiting: Waiting, outcome: Outcome) -> bool:
        """Start and Stop are confirmed by telemetry alone, and a Stop is not given up on a link."""
        if waiting.command in {Command.STOP, Command.PAUSE}:
            return isinstance(outcome, Confirmed) and self.driver.may_be_confirmed(waiting)
        if waiting.command is Command.START and isinstance(outcome, Confirmed):
            return self.driver.may_be_confirmed(waiting)
        return True

    # --- what the console does

    @rule(speed=st.sampled_from([0, 50, 110, 170, 450, 900]), silent=st.booleans())
    @precondition(lambda self: self.driver.connected)
    def the_console_sets_a_speed(self, speed: int, silent: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
        if self.belt.target:
            self.belt.target = speed
        if not silent:
            self.happen(machine.ConsoleSpeed(Speed(speed)))

    @rule(incline=st.sampled_from([0, 30, 120]), silent=st.booleans())
    @precondition(lambda self: self.driver.connected)
    def the_console_sets_an_incline(self, incline: int, silent: bool) -> None:  # noqa: FBT001 - same
        self.belt.slope = incline
        if not silent:
            self.happen(machine.ConsoleIncline(Incline(incline)))

    @rule(what=st.sampled_from(["stop", "pause", "key", "silent"]))
    @precondition(lambda self: self.driver.connected)
    def the_console_stops_the_belt(self, what: str) -> None:
        self.belt.target = 0
        if what == "silent":
            return
        self.happen(machine.SafetyKeyPulled() if what == "key" else machine.ConsoleStopped(pause=what == "pause"))
        self.settle(self.driver.give_up("the belt was stopped on the console", *NOT_STOPS))

    @rule(speed=st.sampled_from([0, 80, 200]), silent=st.booleans())
    @precondition(lambda self: self.driver.connected)
    def the_console_starts_the_belt(self, speed: int, silent: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
        self.belt.target = self.belt.target or speed
        if not silent:
            self.happen(machine.ConsoleStarted())

    @rule()
    @precondition(lambda self: self.driver.connected)
    def somebody_takes_control(self) -> None:
        self.happen(machine.ControlTaken())

    # --- what the link does

    @rule(said=st.booleans())
    @precondition(lambda self: self.driver.connected)
    def the_link_is_lost(self, said: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
        """With a word, or silently: a link that is made anew for a Stop is told by its state alone."""
        self.give(Observed(self.driver.lose_link()))
        outcomes = self.driver.give_up("the connection was lost")
        if said:
            self.happen(machine.LinkLost("the connection was lost"))
        self.settle(outcomes)

    @rule(early=st.booleans())
    @precondition(lambda self: not self.driver.connected)
    def the_link_comes_back(self, early: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
        self.driver.make_link()
        if early:
            self.tell()
        self.happen(machine.LinkRestored())

    @rule(command=st.sampled_from([Command.START, Command.SPEED, Command.INCLINE]), deed=DEEDS)
    def the_machine_shows_what_it_obeys(self, command: Command, deed: Deed) -> None:
        obedience = Obedience(**{command.value: Shown(deed, asked=Speed(200), seen=Speed(100))})
        self.happen(machine.ObedienceChanged(command, obedience))

    @rule()
    @precondition(lambda self: self.driver.connected)
    def the_stop_is_not_seen_to_work(self) -> None:
        self.happen(machine.StopUnproven())

    # --- what must hold besides

    @invariant()
    def it_asks_for_a_tick_until_it_is_over(self) -> None:
        assert (self.runner.next_deadline() is None) is self.over
        assert (self.runner.judge.ended is not None) is self.over

    @rule()
    def ticks_at_its_own_instants_move_on(self) -> None:
        began = self.now
        for _ in range(40):
            deadline = self.runner.next_deadline()
            if deadline is None:
                return
            self.pass_time(max(0.0, deadline - self.now))
            self.give(Tick())
        assert self.now - began > 3.0, "S6: a program that is busy with itself stops nothing"

    def teardown(self) -> None:
        """Any session ends: told to stop, or walked by somebody patient; as soon as link and belt allow it."""
        if not hasattr(self, "runner"):
            return
        self.driver.whims.clear()
        if not self.driver.connected:
            self.the_link_comes_back(early=False)
        if self.patient:
            self.walk_on()
        else:
            self.give(Stop())
            self.live(40, sees=True, settles=True)
        assert self.over, "every session ends"
        for given in (Begin(), Confirm(), Resume(), Tick(), Happened(machine.ConsoleStarted())):
            self.give(given)

    def walk_on(self) -> None:
        """Do what the session asks for; a belt that moves too early, or not at all, is stopped first."""
        tired = self.now + MOST_PATIENT
        if self.runner.state is SessionState.READY:
            self.the_console_stops_the_belt("stop")
            self.live(4, sees=True, settles=True)
        while not self.over and self.now < tired:
            if self.runner.asking is not None or self.runner.state is SessionState.READY:
                self.give(Confirm())
            elif self.runner.state is SessionState.STARTING:
                self.live(20, sees=True, settles=True)
                if self.runner.state is SessionState.STARTING:  # it was started on the console, and nothing came of it
                    self.give(Pause())
            self.live(2, sees=True, settles=True)


NOT_STOPS = (Command.START, Command.SPEED, Command.INCLINE)


def test_any_session_keeps_the_rules() -> None:
    run_machine(AnySession, STEPS, examples=400, steps=40, share=1.0)
