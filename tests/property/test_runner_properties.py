"""Any person, console, belt and link against the runner: what it does to the machine keeps the safety rules.

The belt below knows nothing of the program: it accelerates, obeys or not, and is seen through telemetry that may be
late, missing or wrong. What must hold is checked on the effects alone, against literal figures.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backstride.driver import events as machine
from backstride.driver.confirmation import Command, Confirmed, Outcome, Rejected, Unknown
from backstride.driver.state import MachineState
from backstride.machines.capabilities import Capabilities, SpeedGrid
from backstride.machines.facts import WireUnit
from backstride.units import Distance, Incline, Speed
from backstride.workout.compiler import compile_plan
from backstride.workout.envelope import Envelope
from backstride.workout.events import Ended, Overridden, SessionState, StateChanged
from backstride.workout.inputs import (
    AdjustIncline,
    AdjustSpeed,
    Back,
    Begin,
    Confirm,
    Effect,
    Happened,
    Input,
    Observed,
    Pause,
    PauseBelt,
    PersonInput,
    Resume,
    SetIncline,
    SetSpeed,
    Settled,
    Skip,
    StartBelt,
    Stop,
    StopBelt,
    TakeControl,
    Tick,
)
from backstride.workout.profile import CuePoint, Facing, Limits, Stand, Step
from backstride.workout.runner import Runner
from tests.support.workout import FLAT, GENERIC, GENTLE, kmh, percent, profile, ramp, steady

A_FIFTH_OF_A_MILE = 33  # S8: 0.2 mph in one change, rounded up to 0.01 km/h
HALF_A_MILE = 81  # S8: 0.5 mph in one change, likewise
OFF_TARGET = 48  # S9: 0.3 mph
AT_TARGET = 5  # 0.05 km/h


@dataclass(frozen=True)
class World:
    """A machine, a session, and the literal figures that the rules give for them."""

    capabilities: Capabilities
    steps: tuple[Step, ...]
    fastest: dict[Facing, int]
    steepest: dict[Facing, int]
    rise: int
    limits: Limits | None = None


TURNING = (
    steady("1.5", 20, "1"),
    ramp("3.0", 30, "4", cues=(CuePoint(at=3.5, text="up"),)),
    Stand(until_confirmed=True),
    steady("6.0", 15, "0", facing=Facing.FORWARD),
    steady("2.0", 20, "2", facing=Facing.BACKWARD),
    ramp("1.0", 10),
)
RESTING = (
    Stand(duration=4),
    steady("2.5", distance=Distance(15), duration=None),
    Stand(duration=7),
    steady("4.0", 25),
    steady("1.6", 10),
)
BRISK = (steady("5.5", 90, "9.5"), Stand(until_confirmed=True), steady("5.7", 60, "10"))
DEFAULTS = {Facing.BACKWARD: 579, Facing.FORWARD: 2000}
SLOPES = {Facing.BACKWARD: 100, Facing.FORWARD: 150}
LEVEL = {Facing.BACKWARD: 0, Facing.FORWARD: 0}
WORLDS = (
    World(GENERIC, TURNING, DEFAULTS, SLOPES, A_FIFTH_OF_A_MILE),
    World(GENTLE, TURNING, DEFAULTS, SLOPES, HALF_A_MILE),
    World(FLAT, RESTING, DEFAULTS, LEVEL, A_FIFTH_OF_A_MILE),
    World(GENTLE, BRISK, DEFAULTS, SLOPES, HALF_A_MILE),
    World(
        GENERIC,
        TURNING,
        dict.fromkeys(Facing, 620),
        dict.fromkeys(Facing, 45),
        A_FIFTH_OF_A_MILE,
        Limits(speed=kmh("6.2"), incline=percent("4.5")),
    ),
    World(
        replace(FLAT, speed=SpeedGrid(100, 600, 50)),
        RESTING,
        {Facing.BACKWARD: 579, Facing.FORWARD: 600},
        LEVEL,
        50,
    ),
    World(
        replace(FLAT, speed=SpeedGrid(50, 380, 20, unit=WireUnit.MPH)),
        RESTING,
        {Facing.BACKWARD: 579, Facing.FORWARD: 612},
        LEVEL,
        A_FIFTH_OF_A_MILE,
    ),
)

PERSONS = st.sampled_from(
    [
        *(Begin(), Begin(), Confirm(), Confirm(), Confirm(), Resume(), Resume(), Pause(), Skip(), Back()),
        *(AdjustSpeed(Speed(16)), AdjustSpeed(Speed(100)), AdjustSpeed(Speed(-16)), AdjustSpeed(Speed(-150))),
        *(AdjustIncline(Incline(5)), AdjustIncline(Incline(-10)), AdjustIncline(Incline(30))),
    ]
)


@dataclass
class Belt:
    """What the belt really does."""

    speed: float = 0.0
    target: int = 0
    incline: float = 0.0
    slope: int = 0

    def advance(self, seconds: float) -> None:
        faster, slower = self.speed + 30 * seconds, self.speed - 120 * seconds
        self.speed = min(self.target, faster) if self.speed < self.target else max(self.target, slower)
        up, down = self.incline + 5 * seconds, self.incline - 5 * seconds
        self.incline = min(self.slope, up) if self.incline < self.slope else max(self.slope, down)


@dataclass
class Knowledge:
    """What an onlooker knows of the session, from its inputs and effects."""

    go: bool = False  # a person has said go, and it has not been used
    target: int | None = None  # last speed target, ours or the console's
    slope: int | None = None
    last_rise: float = float("-inf")
    doubt: set[Command] = field(default_factory=set)
    cautious: bool = False
    hands_off: bool = False
    ended: int = 0


class AnySession(RuleBasedStateMachine):
    """Rules make things happen; every effect is checked as it comes."""

    @initialize(world=st.sampled_from(WORLDS), walks=st.integers(0, 60))
    def begin(self, world: World, walks: int) -> None:
        self.world = world
        written = profile(*world.steps, limits=world.limits)
        plan = compile_plan(written, world.capabilities)
        self.now = 1000.0
        self.runner = Runner(plan, Envelope(world.capabilities, world.limits), self.now)
        self.belt, self.known = Belt(), Knowledge()
        self.seen = MachineState(connected=True)
        self.zeros, self.samples, self.connected = 0, 0, True
        self.obeys = True
        self.pending: list[tuple[Command, bool]] = []
        self.telemetry()
        self.telemetry()
        if walks:
            self.give(Begin())
            self.time_passes_in_sight(6 + walks, confirms=True)

    # --- inputs

    def give(self, given: Input) -> None:
        before = self.runner.state
        effects = self.runner.handle(given, self.now)
        if before in {SessionState.FINISHED, SessionState.ABORTED}:
            assert effects == [], "nothing after the end"
        self.note(given)
        if isinstance(given, Stop) and before not in {SessionState.READY, SessionState.FINISHED, SessionState.ABORTED}:
            assert effects[0] == StopBelt(), "S4"
        for effect in effects:
            self.check(effect)
        for effect in effects:
            self.carry_out(effect)

    def note(self, given: Input) -> None:
        """Take down what this input means for the rules."""
        known = self.known
        match given:
            case Begin() | Resume() | Confirm():
                known.go = True
                if self.connected and not known.hands_off:
                    known.cautious = False
                    known.doubt.clear()
            case Pause() | Stop() | Happened(machine.ConsoleStopped() | machine.SafetyKeyPulled()):
                known.go = False
            case Happened(machine.LinkLost()):
                known.go, known.cautious = False, True
            case Happened(machine.LinkRestored()):
                known.hands_off = False
            case Happened(machine.ControlTaken()):
                known.hands_off = True
            case Settled(Command.CONTROL, Confirmed()):
                known.hands_off = False
            case Observed(state):
                self.note_seen(state)
            case _:
                pass

    def note_seen(self, state: MachineState) -> None:
        """A belt that is seen at its target ends the doubt about it."""
        for command, value, target in (
            (Command.SPEED, state.speed, self.known.target),
            (Command.INCLINE, state.incline, self.known.slope),
        ):
            if value is not None and target is not None and abs(value - target) <= AT_TARGET:
                self.known.doubt.discard(command)

    # --- what must hold of every effect

    def check(self, effect: Effect) -> None:
        known = self.known
        match effect:
            case StartBelt():
                assert known.go, "S1: no start without a person, and none twice"
                assert self.runner.state is SessionState.STARTING
                assert self.seen.standing is not False, "S2: no start on a belt that is seen to move"
                known.go = False
            case SetSpeed(speed):
                self.check_target()
                facing = self.runner.plan.steps[self.runner.progress.index or 0].facing
                grid = self.world.capabilities.speed
                assert grid is not None
                assert grid.minimum <= speed <= self.world.fastest[facing], "S7"
                assert grid.snap(speed) == speed, "S7: one of the machine's own steps"
                self.check_speed_rise(int(speed), facing)
                known.target = int(speed)
                known.doubt.discard(Command.SPEED)
            case SetIncline(incline):
                self.check_target()
                facing = self.runner.plan.steps[self.runner.progress.index or 0].facing
                assert 0 <= incline <= self.world.steepest[facing], "S7"
                if incline > max(known.slope or 0, self.belt.slope, self.seen.incline or 0):
                    self.check_ice()
                known.slope = int(incline)
                known.doubt.discard(Command.INCLINE)
            case Overridden(_, speed, incline):
                known.target = known.target if speed is None else int(speed)
                known.slope = known.slope if incline is None else int(incline)
            case StateChanged(SessionState.RUNNING, "the belt moves"):
                known.target = known.slope = None
                known.last_rise, known.cautious = self.now, False
                known.doubt.clear()
            case Ended(_, _, standing):
                known.ended += 1
                assert standing is not True or self.seen.standing is True, "S5"
            case _:
                pass

    def check_target(self) -> None:
        assert self.runner.state is SessionState.RUNNING, "S2"
        assert self.seen.standing is False, "S2: no target to a belt that is not seen to move"
        assert self.connected, "S2"
        assert not self.known.hands_off, "S11"

    def check_speed_rise(self, speed: int, facing: Facing) -> None:
        known = self.known
        if known.target is None:
            return  # the first target after a start is the slowest speed
        base = max(known.target, self.belt.target)
        if speed <= base:
            return
        self.check_ice()
        assert min(abs((self.seen.speed or 0) - value) for value in (known.target, self.belt.target)) <= OFF_TARGET, (
            "S9"
        )
        if facing is Facing.BACKWARD:
            assert speed - base <= self.world.rise, "S8: gentle"
            assert self.now - known.last_rise >= 5.0, "S8: five seconds between two rises"
        known.last_rise = self.now

    def check_ice(self) -> None:
        known = self.known
        assert self.now - (self.seen.at or 0.0) <= 3.0, "S9: old telemetry"
        assert self.seen.samples >= 2, "S9: a fresh link"
        assert self.seen.speed is not None, "S9"
        assert not known.doubt, "S10"
        assert not [command for command, _ in self.pending if command in {Command.SPEED, Command.INCLINE}], "S9"
        assert not known.cautious, "S12"

    # --- the machine

    def carry_out(self, effect: Effect) -> None:
        match effect:
            case StartBelt():
                self.take(Command.START)
                self.belt.target = 80 if self.obeys else self.belt.target
            case SetSpeed(speed):
                self.take(Command.SPEED)
                self.belt.target = int(speed) if self.obeys else self.belt.target
            case SetIncline(incline):
                self.take(Command.INCLINE)
                self.belt.slope = int(incline) if self.obeys else self.belt.slope
            case StopBelt() | PauseBelt():
                for command in (Command.START, Command.SPEED, Command.INCLINE):
                    self.drop(command, "the belt was stopped")
                self.pending.append((Command.STOP if isinstance(effect, StopBelt) else Command.PAUSE, self.obeys))
                self.belt.target = 0 if self.obeys and self.connected else self.belt.target
            case TakeControl():
                self.take(Command.CONTROL)
            case _:
                pass

    def take(self, command: Command) -> None:
        self.drop(command, "a newer command took its place")
        self.pending.append((command, self.obeys))

    def drop(self, command: Command, reason: str) -> None:
        for waiting in [waiting for waiting in self.pending if waiting[0] is command]:
            self.pending.remove(waiting)
            self.settle(command, Unknown(reason), latest=False)

    def settle(self, command: Command, outcome: Outcome, *, latest: bool = True) -> None:
        targets = {Command.SPEED, Command.INCLINE}
        if latest and command in targets and isinstance(outcome, Unknown) and self.known.target is not None:
            self.known.doubt.add(command)
        self.give(Settled(command, outcome))

    def telemetry(self, speed: int | None = None, *, unknown: bool = False) -> None:
        shown = round(self.belt.speed) if speed is None else speed
        self.zeros = self.zeros + 1 if shown == 0 else 0
        self.samples += 1
        standing = self.seen.standing if shown == 0 else False
        state = MachineState(
            at=self.now,
            speed=None if unknown else Speed(shown),
            incline=Incline(round(self.belt.incline)),
            standing=True if self.zeros >= 2 else standing,
            slowing=self.seen.speed is not None and self.seen.speed - shown >= 5,
            samples=self.samples,
        )
        self.seen = state
        self.give(Observed(state))

    # --- what can happen

    @rule(given=PERSONS)
    def a_person_acts(self, given: PersonInput) -> None:
        self.give(given)

    @rule(seconds=st.sampled_from([0, 7, 12]))
    def all_is_put_right(self, seconds: int) -> None:
        """Link, control and machine are there again, and a person says go to whatever is asked."""
        self.obeys = True
        if not self.connected:
            self.the_link_comes_back(early=False)
        for _ in range(3):
            self.now += 1.0
            self.belt.advance(1.0)
            self.telemetry()
        for given in (Confirm(), Resume()):
            self.give(given)
            self.outcomes_come()
        self.time_passes_in_sight(seconds, confirms=True)

    @rule(obeys=st.sampled_from([True, True, True, False]))
    def the_machine_changes_its_mind(self, obeys: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
        self.obeys = obeys

    @rule(seconds=st.sampled_from([0.1, 0.4, 1.0, 2.5, 4.0, 11.0]))
    def time_passes_unseen(self, seconds: float) -> None:
        self.now += seconds
        self.belt.advance(seconds)
        self.give(Tick())

    @rule(seconds=st.sampled_from([6, 15, 30]))
    @precondition(lambda self: self.connected)
    def all_goes_well(self, seconds: int) -> None:
        self.time_passes_in_sight(seconds, confirms=True)

    @rule(seconds=st.sampled_from([2, 6, 6, 15, 30]), confirms=st.booleans())
    @precondition(lambda self: self.connected)
    def time_passes_in_sight(self, seconds: int, confirms: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
        end, ticks_left = self.now + seconds, 100 + 20 * seconds
        record = self.now + 1.0
        while self.now < end:
            ticks_left -= 1
            assert ticks_left > 0, "the runner asks for tick after tick at the same instant"
            deadline = self.runner.next_deadline()
            at = min(record, end if deadline is None else max(deadline, self.now))
            self.belt.advance(at - self.now)
            self.now = at
            self.give(Tick())
            if at == record:
                record += 1.0
                self.telemetry()
            if confirms:
                self.outcomes_come()

    def outcomes_come(self) -> None:
        for waiting in tuple(self.pending):
            command, obeyed = waiting
            if waiting not in self.pending or not obeyed:
                continue
            if command in {Command.STOP, Command.PAUSE} and self.seen.standing is not True:
                continue
            if command is Command.START and self.seen.standing is not False:
                continue
            self.pending.remove(waiting)
            self.settle(command, Confirmed())

    @rule(speed=st.sampled_from([None, None, -1, 0, 60, 400, 579]))
    @precondition(lambda self: self.connected)
    def a_record_comes(self, speed: int | None) -> None:
        """Telemetry: right, without a speed, or one wrong record before a right one."""
        if speed is None:
            self.telemetry()
        elif speed < 0:
            self.telemetry(unknown=True)
        else:
            self.telemetry(speed)
            self.telemetry()

    @rule(unknown=st.booleans(), place=st.integers(0, 3))
    @precondition(lambda self: self.pending)
    def an_outcome_comes(self, unknown: bool, place: int) -> None:  # noqa: FBT001 - hypothesis gives keywords
        waiting = self.pending[place % len(self.pending)]
        command, obeyed = waiting
        if command in {Command.STOP, Command.PAUSE}:
            return
        self.pending.remove(waiting)
        if unknown:
            self.settle(command, Unknown("nothing came"))
        elif not obeyed:
            self.settle(command, Rejected("not now"))
        elif command is not Command.START or self.seen.standing is False:
            self.settle(command, Confirmed())
        else:
            self.pending.append(waiting)

    @rule(speed=st.sampled_from([0, 50, 110, 170, 450, 900]), incline=st.sampled_from([None, None, 0, 30, 120]))
    @precondition(lambda self: self.connected)
    def the_console_sets_a_target(self, speed: int, incline: int | None) -> None:
        if incline is not None:
            self.belt.slope = incline
            self.give(Happened(machine.ConsoleIncline(Incline(incline))))
            return
        if self.belt.target:
            self.belt.target = speed
        self.give(Happened(machine.ConsoleSpeed(Speed(speed))))

    @rule(
        what=st.sampled_from(["stop", "key", "stops", "start", "starts", "control", "link", "link"]),
        speed=st.sampled_from([0, 80, 200]),
    )
    @precondition(lambda self: self.connected)
    def something_comes_between(self, what: str, speed: int) -> None:
        """Console, control or link; `stops` and `starts` without a word."""
        match what:
            case "stop" | "key" | "stops":
                self.belt.target = 0
            case "start" | "starts":
                self.belt.target = self.belt.target or speed
            case _:
                pass
        match what:
            case "stop":
                self.give(Happened(machine.ConsoleStopped(pause=None)))
            case "key":
                self.give(Happened(machine.SafetyKeyPulled()))
            case "start":
                self.give(Happened(machine.ConsoleStarted()))
            case "control":
                self.give(Happened(machine.ControlTaken()))
            case "link":
                self.lose_link()
            case _:
                pass

    def lose_link(self) -> None:
        self.connected = False
        self.seen = replace(self.seen, connected=False, standing=None, slowing=False)
        self.give(Observed(self.seen))
        self.give(Happened(machine.LinkLost("the connection was lost")))
        for command, _ in tuple(self.pending):
            self.drop(command, "the connection was lost")

    @rule(early=st.booleans())
    @precondition(lambda self: not self.connected)
    def the_link_comes_back(self, early: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
        self.connected, self.zeros, self.samples = True, 0, 0
        self.pending.clear()
        self.seen = MachineState()
        if early:
            self.telemetry()
        self.give(Happened(machine.LinkRestored()))

    @rule(fault=st.booleans())
    @precondition(lambda self: self.now > 1400.0)
    def a_person_stops(self, fault: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
        self.give(Stop(fault=fault))

    # --- what must hold always

    @invariant()
    def it_asks_for_a_tick_until_it_is_over(self) -> None:
        over = self.runner.state in {SessionState.FINISHED, SessionState.ABORTED}
        assert (self.runner.next_deadline() is None) is over
        assert self.known.ended == over

    @rule()
    def ticks_at_its_own_instants_move_on(self) -> None:
        began = self.now
        for _ in range(40):
            deadline = self.runner.next_deadline()
            if deadline is None:
                return
            self.belt.advance(max(0.0, deadline - self.now))
            self.now = max(self.now, deadline)
            self.give(Tick())
        assert self.now - began > 3.0, "S6: a program that is busy with itself stops nothing"

    def teardown(self) -> None:
        """Any session that is told to stop ends, as soon as link and belt allow it."""
        if not self.connected:
            self.the_link_comes_back(early=False)
        self.obeys = True
        self.give(Stop())
        self.time_passes_in_sight(40, confirms=True)
        assert self.runner.state in {SessionState.FINISHED, SessionState.ABORTED}
        assert self.known.ended == 1
        for given in (Begin(), Confirm(), Resume(), Tick(), Happened(machine.ConsoleStarted())):
            self.give(given)


TestAnySession = AnySession.TestCase
TestAnySession.settings = settings(
    max_examples=400, stateful_step_count=60, derandomize=True, print_blob=True, deadline=None
)
