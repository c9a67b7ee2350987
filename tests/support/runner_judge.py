"""An independent judge of a runner: hears its inputs and effects, and knows S1 to S13 from their text.

It looks at nothing inside the program: what a session has done follows from its inputs, its effects and the clock. So
it can sit beside any runner: one that a test drives by hand, or one that drives a simulated treadmill.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backstride.driver import events as machine
from backstride.driver.confirmation import Command, Confirmed, Outcome
from backstride.driver.state import MachineState
from backstride.workout.events import (
    CommandSettled,
    Ended,
    Held,
    LinkChanged,
    Overridden,
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
    Begin,
    Confirm,
    Effect,
    Happened,
    Input,
    Observed,
    Pause,
    PauseBelt,
    Resume,
    SetIncline,
    SetSpeed,
    Settled,
    StartBelt,
    Stop,
    StopBelt,
    TakeControl,
    Tick,
)
from backstride.workout.profile import Facing
from backstride.workout.runner import Runner
from tests.support.aim import Aim
from tests.support.figures import AT_TARGET, LEVEL_AT_TARGET, OFF_TARGET, Figures

if TYPE_CHECKING:
    from backstride.workout.envelope import Envelope
    from backstride.workout.plan import Plan

STALE_AFTER: Final = 3.0  # S9
GOOD_SAMPLES: Final = 2  # S9
SPACING: Final = 5.0  # S8
USED_WITHIN: Final = 7.5  # S1: five seconds of countdown, and no start that comes much later than it was asked for
RECORD_EVERY: Final = 1.31  # S13: a second, and the wait for the telemetry of that second
A_TICK: Final = 1e-6

Go = Begin | Resume | Confirm
Halting = StopBelt | PauseBelt
OVER: Final = {SessionState.FINISHED, SessionState.ABORTED}


class Judge:
    """Hears one session from its beginning; AssertionError, with the rule, at the first thing that breaks one."""

    def __init__(self, figures: Figures, now: float) -> None:
        self.figures = figures
        self.seen = MachineState()
        self.last_seen: bool | None = None  # whether the belt stood when it was seen last
        self.state = SessionState.READY
        self.speed, self.slope = Aim(AT_TARGET), Aim(LEVEL_AT_TARGET)
        self.facing: Facing | None = None  # of the last step that was walked
        self.in_stand = False
        self.go_at: float | None = None  # a person's start that has not been used
        self.used = False  # something was started for this session
        self.needs_start = True  # the belt was stopped, or has not been started
        self.moved = False  # it was seen moving since its start
        self.halted = False  # it was told to stand since its start
        self.confirmed_standing = False
        self.cautious = self.lost = self.hands_off = False
        self.last_rise = float("-inf")
        self.last_sample = now
        self.ended: Ended | None = None
        self.violation: AssertionError | None = None
        self._given: Input = Tick()
        self._effects: list[Effect] = []

    def hear(self, given: Input, effects: list[Effect], now: float) -> None:
        """Take one input at `now` and everything that came of it, in order; what was broken once stays broken."""
        if self.violation is not None:
            raise self.violation
        try:
            self._hear(given, effects, now)
        except AssertionError as violation:
            self.violation = violation
            raise

    def _hear(self, given: Input, effects: list[Effect], now: float) -> None:
        if self.ended is not None:
            assert effects == [], "nothing is done or told after the end"
            return
        self._given, self._effects = given, effects
        self._note(given, now)
        self._check_told(given)
        self._check_stop(given)
        for effect in effects:
            self._judge(effect, now)
        ends = [effect for effect in effects if isinstance(effect, Ended)]
        assert not ends or effects[-1] is ends[0], "the end is the last word"
        assert ends or now - self.last_sample <= RECORD_EVERY, "S13: a sample every second"

    # --- what an input means

    def _note(self, given: Input, now: float) -> None:
        states = [effect.state for effect in self._effects if isinstance(effect, StateChanged)]
        match given:
            case Observed(state):
                self._note_seen(state)
            case Happened(event):
                self._note_happened(event, states)
            case Settled(command, outcome):
                self._note_settled(command, outcome)
            case Begin() | Resume() | Confirm() if not refused(self._effects):
                self._note_go(states, now)
            case Pause() | Stop():
                self.go_at = None
            case AdjustSpeed() | AimSpeed() if not refused(self._effects):
                self.speed.held = None
            case AdjustIncline() | AimIncline() if not refused(self._effects):
                self.slope.held = None
            case _:
                pass

    def _note_happened(self, event: machine.MachineEvent, states: list[SessionState]) -> None:
        match event:
            case machine.LinkLost():
                self.seen = replace(self.seen, connected=False, standing=None, slowing=False)
                self.go_at, self.lost, self.cautious = None, True, True
            case machine.LinkRestored() if not self.seen.connected:
                self.seen = MachineState()
            case machine.ConsoleStopped() | machine.SafetyKeyPulled():
                self.go_at, self.needs_start = None, True
            case machine.ConsoleStarted() if SessionState.STARTING in states:
                self._started(by_person_at=None)
            case machine.ControlTaken():
                self.go_at, self.hands_off = None, True
            case _:
                pass

    def _note_seen(self, state: MachineState) -> None:
        self.seen = state
        self.last_seen = self.last_seen if state.standing is None else state.standing
        if not state.connected:
            self.lost = self.cautious = True
            self.needs_start = self.needs_start or not self.moved  # a start that the link took with it is spent (S2)
            return
        if state.samples >= GOOD_SAMPLES and state.standing is not None:
            self.lost = False
        if state.standing is False:
            self.moved = True
        elif state.standing is True and (self.moved or self.halted):
            self.needs_start = True
            if not self.halted and self.state is SessionState.RUNNING:
                self.go_at = None
        self.speed.seen(state.speed)
        self.slope.seen(state.incline)

    def _note_settled(self, command: Command, outcome: Outcome) -> None:
        match command:
            case Command.SPEED:
                self.speed.settled(outcome, self.seen.speed)
            case Command.INCLINE:
                self.slope.settled(outcome, self.seen.incline)
            case Command.CONTROL:
                self.hands_off = not isinstance(outcome, Confirmed)
            case _:
                pass

    def _note_go(self, states: list[SessionState], now: float) -> None:
        if any(isinstance(effect, TakeControl) for effect in self._effects):
            return  # an act is used once: this one takes control back
        if SessionState.STARTING in states:
            self.go_at = now
            self.confirmed_standing = self.seen.standing is True
        elif SessionState.RUNNING in states and self.state is SessionState.RUNNING:
            assert not self.lost, "S12: look first"
            self.cautious = False
            self.speed.believed(self.seen.speed)
            self.slope.believed(self.seen.incline)

    def _started(self, *, by_person_at: float | None) -> None:
        if by_person_at is None:  # on the console
            self.confirmed_standing = self.confirmed_standing or self.seen.standing is True
        self.go_at = None
        self.needs_start = self.moved = self.halted = self.cautious = False
        self.used = True
        self.speed.belt_started()
        self.slope.belt_started()

    # --- what must be told, and Stop

    def _check_told(self, given: Input) -> None:
        match given:
            case Happened(machine.LinkLost()):
                assert LinkChanged(connected=False) in self._effects, "S12: said at once"
                assert urgent("S12", self._effects), "S12: said at once, with what to do"
            case Happened(machine.StopUnproven()):
                assert urgent("S5", self._effects), "S5: the person is told to use the console"
            case Settled(command, outcome):
                told = [effect for effect in self._effects if isinstance(effect, CommandSettled)]
                word = type(outcome).__name__.lower()
                assert [(one.command, one.outcome) for one in told] == [(command.value, word)], "S10: shown"
            case Happened(machine.ConsoleSpeed(speed)) if self._walks and speed and not self.speed.flying:
                told_speeds = [effect.speed for effect in self._effects if isinstance(effect, Overridden)]
                assert speed == self.speed.target or speed in told_speeds, "S11: adopted"
            case _:
                pass

    @property
    def _walks(self) -> bool:
        return self.state is SessionState.RUNNING and not self.in_stand and self.seen.connected

    def _check_stop(self, given: Input) -> None:
        first = self._effects[0] if self._effects else None
        may_move = self.seen.standing is False or (self.used and not self.needs_start)
        if isinstance(given, Stop) and (self.used or self.state is not SessionState.READY or may_move):
            assert first == StopBelt(), "S4: Stop waits for nothing"
        if isinstance(given, Pause) and self.state is not SessionState.READY and may_move:
            assert isinstance(first, Halting), "S4: a wish to halt waits for nothing"
        places = [place for place, effect in enumerate(self._effects) if isinstance(effect, Halting)]
        assert places == list(range(len(places))), "S4: halting comes before anything else"
        if isinstance(given, Pause | Stop) and not refused(self._effects):
            self.needs_start = True

    # --- what must hold of every effect

    def _judge(self, effect: Effect, now: float) -> None:
        match effect:
            case StartBelt():
                self._judge_start(now)
            case StopBelt() | PauseBelt():
                self.needs_start = self.halted = True
                self.go_at = None
            case SetSpeed(speed):
                self._judge_speed(int(speed), now)
            case SetIncline(incline):
                self._judge_incline(int(incline), now)
            case _:
                self._judge_told(effect, now)

    def _judge_told(self, effect: Effect, now: float) -> None:
        match effect:
            case Overridden(change, speed, incline):
                aim, value = (self.speed, speed) if change == "speed" else (self.slope, incline)
                assert value is not None
                aim.overridden(int(value), guessed=not isinstance(self._given, Happened))
            case Sample():
                self._judge_sample(effect, now)
            case Ended():
                self._judge_end(effect)
            case StateChanged(state):
                if (self.state, state) == (SessionState.STARTING, SessionState.RUNNING):
                    self.last_rise = now
                self.state = state
            case StepStarted():
                self._judge_step(effect)
            case StepEnded():
                self.speed.held = self.slope.held = None
            case _:
                pass

    def _judge_start(self, now: float) -> None:
        assert self.go_at is not None, "S1: a start is paid for by one unspent act of a person"
        assert now - self.go_at <= USED_WITHIN, "S1: a start that comes late is nobody's start"
        assert self.seen.connected, "S12: nothing is started without a link"
        assert self.seen.standing is not False, "S2: no start on a belt that is seen to move"
        assert not self.hands_off, "S11: nothing is started while somebody else has control"
        self._started(by_person_at=self.go_at)

    def _judge_step(self, step: StepStarted) -> None:
        self.speed.held = self.slope.held = None
        self.in_stand = step.kind == "stand"
        if self.in_stand:
            halts = any(isinstance(effect, Halting) for effect in self._effects)
            assert self.seen.standing is True or halts, "S3: a stand brings the belt to rest"
            return
        facing = Facing(step.facing)
        if self.facing not in {None, facing}:
            assert self.confirmed_standing, "S3: turning round needs a standing belt and a confirmation on it"
        self.facing = facing

    def _judge_target(self) -> Facing:
        assert self.state is SessionState.RUNNING, "S2: targets belong to a session that runs"
        assert self.seen.connected, "S12: no target without a link"
        assert self.seen.standing is False, "S2: no target to a belt that is not seen to move"
        assert self.seen.speed, "S2: one record of no speed may be a stop"
        assert not self.needs_start, "S2: no target after a stop, before a new start"
        assert not self.in_stand, "S3: no target in a stand"
        assert not self.hands_off, "S11: nothing is set while somebody else has control"
        assert not self.lost, "S12: look first"
        assert self.facing is not None, "no target before a step was told"
        self.confirmed_standing = False
        return self.facing

    def _judge_speed(self, speed: int, now: float) -> None:
        facing, aim, seen = self._judge_target(), self.speed, self.seen.speed
        assert speed in self.figures.speeds, "S7: one of the machine's own steps"
        assert speed <= self.figures.fastest[facing], "S7: inside the limits"
        assert not (aim.doubt and speed == aim.target), "S10: what is unknown is not blindly repeated"
        self._judge_hold(aim, speed, self.figures.slowest)
        if aim.target is None:
            assert speed <= max(self.figures.slowest, seen or 0), "S8: after a start the slowest speed comes first"
        elif speed > (min(aim.target, seen or 0) if self.cautious or aim.doubt else aim.target):
            self._judge_ice(now)
            assert abs((seen or 0) - aim.target) <= OFF_TARGET, "S9: the belt is off its target"
            if facing is Facing.BACKWARD:
                base = max(aim.target, self.figures.slowest)  # a belt on its way from standing may be seen slower
                assert speed - base <= self.figures.rise, "S8: gentle"
                assert now - self.last_rise >= SPACING - A_TICK, "S8: five seconds between two rises"
            self.last_rise = now
        aim.sent(speed)

    def _judge_incline(self, incline: int, now: float) -> None:
        facing, aim, seen = self._judge_target(), self.slope, self.seen.incline
        assert incline in self.figures.inclines, "S7: one of the machine's own steps"
        assert incline <= self.figures.steepest[facing], "S7: inside the limits"
        assert not (aim.doubt and incline == aim.target), "S10: what is unknown is not blindly repeated"
        self._judge_hold(aim, incline, incline)
        base = seen if aim.target is None else aim.target
        if seen is not None and (self.cautious or aim.doubt):
            base = min(seen, seen if base is None else base)
        if base is None or incline > base:
            self._judge_ice(now)
        aim.sent(incline)

    def _judge_hold(self, aim: Aim, value: int, slowest: int) -> None:
        if aim.held is not None:
            assert aim.restarted or value == aim.held, "S11: what the console has set is never fought"
            assert value <= max(aim.held, slowest), "S11: what the console has set is held to the end of the step"

    def _judge_ice(self, now: float) -> None:
        assert self.seen.age(now) <= STALE_AFTER, "S9: old telemetry"
        assert self.seen.samples >= GOOD_SAMPLES, "S9: a fresh link"
        for aim in (self.speed, self.slope):
            assert not aim.flying, "S9: the last command is not confirmed"
            assert not aim.doubt, "S10: unknown blocks increases"
        assert not self.cautious, "S12: hold or lower only, until a person confirms"
        target, seen = self.speed.target, self.seen.speed
        assert seen is not None
        assert target is None or abs(seen - target) <= OFF_TARGET, (
            f"S9: the belt is off its target, {seen} for {target}"
        )

    def _judge_sample(self, sample: Sample, now: float) -> None:
        self.last_sample = now
        assert (sample.speed, sample.incline) == (self.seen.speed, self.seen.incline), "S10: unknown is never zero"
        assert sample.stale is (not self.seen.connected or self.seen.age(now) > STALE_AFTER), "S10: stale is marked"

    def _judge_end(self, ended: Ended) -> None:
        assert self.ended is None, "a session ends once"
        match self._given:
            case Settled(Command.STOP | Command.PAUSE, Confirmed()) if self.seen.standing is None:
                assert ended.belt_standing is self.last_seen, "S5: what was seen until the link went"
            case _:
                assert ended.belt_standing is self.seen.standing, "S5: the last word is what was seen"
        if self.used and ended.belt_standing is not True:
            assert urgent("S5", self._effects), "S5: unknown, and what to do"
            assert self.state is SessionState.ABORTED, "S5: a belt that was not seen to stand is no good end"
        self.ended = ended


def refused(effects: list[Effect]) -> bool:
    """Tell whether a person's act was refused; that an increase waits is no refusal."""
    return bool(effects) and isinstance(effects[0], Held) and not effects[0].reason.startswith("an increase waits")


def urgent(rule: str, effects: list[Effect]) -> bool:
    """Tell whether the person was told to act at once."""
    return any(isinstance(effect, Warned) and effect.urgent and effect.rule == rule for effect in effects)


class JudgedRunner(Runner):
    """A runner that a judge listens to."""

    def __init__(self, plan: Plan, envelope: Envelope, now: float) -> None:
        super().__init__(plan, envelope, now)
        figures = Figures.of(envelope.capabilities, envelope.profile, envelope.personal)
        self.judge = Judge(figures, now)
        self.steps = 0

    def handle(self, given: Input, now: float) -> list[Effect]:
        """Handle as a runner does; AssertionError if that breaks a rule."""
        effects = super().handle(given, now)
        self.steps += 1
        self.judge.hear(given, effects, now)
        return effects
