"""The session as a pure state machine: inputs with their instant in, effects out, no clock of its own.

``READY → STARTING → RUNNING ⇄ PAUSED → STOPPING → FINISHED | ABORTED``. Motion begins only through a person's `Begin`,
`Resume` or `Confirm` (S1), or through the console. What a person may do is in person.py, what happens then in
conduct.py, which targets are set in steering.py; here is what machine and clock bring about. The shell (session.py)
feeds inputs, carries effects to the machine and arms one timer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backstride.driver import events as machine
from backstride.driver.confirmation import Command, Confirmed, Outcome
from backstride.driver.state import MachineState
from backstride.units import SpeedUnit
from backstride.workout.conduct import STOP_WITHOUT_LINK, USE_THE_CONSOLE, Conduct
from backstride.workout.envelope import ENOUGH_SAMPLES
from backstride.workout.events import Ask, CommandSettled, LinkChanged, SessionState
from backstride.workout.inputs import Effect, Happened, Input, Observed, Settled, Tick
from backstride.workout.obeying import came_to_nothing, did_not_start, learn, watch_ground
from backstride.workout.person import act
from backstride.workout.starting import Starting

if TYPE_CHECKING:
    from backstride.workout.envelope import Envelope
    from backstride.workout.plan import Plan
    from backstride.workout.progress import Progress

SAMPLE_EVERY: Final = 1.0
"""Seconds between two samples of the record."""

SAMPLE_GRACE: Final = 0.3
"""Seconds by which a sample may come earlier or later, to be taken with the telemetry of that second."""

UNASKED_MOTION: Final = 3.0
"""Seconds a belt may move in a pause, not slowing and not started by the console, before it is stopped (S2)."""

State = SessionState


class Runner:
    """Walks one plan on one machine; `handle` is its only way in.

    Args:
        plan: The compiled session. PlanError if it cannot run.
        envelope: The limits of this session on this machine.
        now: The instant from which samples count, in seconds of a monotonic clock.
        unit: Unit of speeds in what is told.
    """

    def __init__(self, plan: Plan, envelope: Envelope, now: float, unit: SpeedUnit = SpeedUnit.KMH) -> None:
        self._conduct = Conduct(plan, envelope, unit)
        self._now = now
        self._sample_at = now - SAMPLE_GRACE

    @property
    def plan(self) -> Plan:
        """The plan that is walked."""
        return self._conduct.plan

    @property
    def state(self) -> SessionState:
        """Where the session stands."""
        return self._conduct.state

    @property
    def progress(self) -> Progress:
        """Where in the plan the walker is; to be read only."""
        return self._conduct.progress

    @property
    def asking(self) -> Ask | None:
        """What the session waits for a person to do."""
        return self._conduct.asking

    def handle(self, given: Input, now: float) -> list[Effect]:
        """Take one input at `now` (seconds, monotonic); return what is to be done and told, in order."""
        if self._conduct.is_over:
            return []
        self._account(now)
        match given:
            case Observed(state):
                self._observed(state, now)
            case Happened(machine.ObedienceChanged() as change):
                learn(self._conduct, change)
            case Happened(event):
                self._happened(event, now)
            case Settled(command, outcome):
                self._settled(command, outcome, now)
            case Tick():
                pass
            case _:
                act(self._conduct, given, now)
        self._proceed(now, fresh=isinstance(given, Observed))
        return self._conduct.take_effects()

    def next_deadline(self) -> float | None:
        """Return the instant at which the runner wants a `Tick`, or None once it is over."""
        conduct = self._conduct
        if conduct.is_over:
            return None
        instants = [self._sample_at + SAMPLE_GRACE]
        if conduct.state is State.STARTING and (mark := conduct.starting.next_mark()) is not None:
            instants.append(mark)
        if conduct.give_up_at is not None:
            instants.append(conduct.give_up_at)
        if conduct.advancing and (left := conduct.progress.next_mark()) is not None:
            instants.append(self._now + left)
        return min(instants)

    # --- what the machine does

    def _observed(self, state: MachineState, now: float) -> None:
        conduct = self._conduct
        conduct.belt = state
        if not state.connected:
            conduct.lose_sight()
            return
        self._look()
        self._follow(state, now)

    def _follow(self, state: MachineState, now: float) -> None:
        """Draw the conclusions from what the belt is seen to do."""
        conduct = self._conduct
        match conduct.state:
            case State.PAUSED:
                self._watch_standing(now)
            case State.RUNNING if conduct.in_stand:
                self._watch_standing(now)
            case State.RUNNING if not conduct.looking and state.standing is True:
                conduct.pause("the belt has stopped")
            case State.RUNNING if not conduct.looking:
                conduct.emit(*conduct.steering.observe(state))
                watch_ground(conduct, now)
            case State.STARTING if state.standing is False and conduct.starting.by_console:
                conduct.run(now)
            case State.STARTING if state.standing is False and not conduct.starting.sent:
                conduct.pause("the belt moves already")
            case State.STOPPING if state.standing is True and conduct.give_up_at is not None:
                conduct.finish(standing=True, now=now)
            case _:
                pass

    def _watch_standing(self, now: float) -> None:
        """Stop a belt that moves in a pause or a stand without anybody having started it (S2)."""
        conduct = self._conduct
        if conduct.belt.standing is not False or conduct.belt.slowing or conduct.halting:
            conduct.moving_since = None
        elif conduct.moving_since is None:
            conduct.moving_since = now
        elif now - conduct.moving_since >= UNASKED_MOTION:
            conduct.warn(f"The belt moves although nobody started it. {USE_THE_CONSOLE}", "S2", urgent=True)
            conduct.stop_belt()

    def _look(self) -> None:
        """After a reconnection, once the belt is seen: hold or lower only, or stay standing (S12)."""
        conduct, belt = self._conduct, self._conduct.belt
        if not (conduct.linked and conduct.looking) or belt.samples < ENOUGH_SAMPLES or belt.standing is None:
            return
        conduct.looking = False
        if belt.standing is True:
            return
        if conduct.in_stand or conduct.state is State.PAUSED:
            conduct.halt_belt()
        elif conduct.state is State.RUNNING:
            conduct.emit(conduct.steering.reconnected(conduct.belt))
            conduct.ask(Ask.RESUME, "Connected again. The speed is held; confirm to let it rise again.")

    def _happened(self, event: machine.MachineEvent, now: float) -> None:
        conduct = self._conduct
        match event:
            case machine.SafetyKeyPulled():
                self._console_stopped("the safety key was pulled")
            case machine.ConsoleStopped():
                self._console_stopped("it was stopped on the console")
            case machine.ConsoleStarted():
                self._console_started(now)
            case machine.ConsoleSpeed(speed) if conduct.walking and not conduct.in_stand:
                conduct.emit(conduct.steering.adopt(speed=speed))
            case machine.ConsoleIncline(incline) if conduct.walking and not conduct.in_stand:
                conduct.emit(conduct.steering.adopt(incline=incline))
            case machine.ControlTaken():
                self._control_taken()
            case machine.LinkLost(reason):
                self._link_lost(reason, now)
            case machine.LinkRestored():
                self._link_restored()
            case machine.StopUnproven():
                conduct.warn(f"The belt is not seen to slow down! {USE_THE_CONSOLE}", "S5", urgent=True)
            case _:
                pass

    def _console_stopped(self, reason: str) -> None:
        """Stop or safety key on the console: the next motion needs a person's start (S2, S11)."""
        conduct = self._conduct
        if conduct.state is State.STARTING and conduct.starting.sent:
            conduct.halt_belt()  # our Start may still be on its way
        if conduct.state is State.STARTING or (conduct.state is State.RUNNING and not conduct.in_stand):
            conduct.pause(reason)

    def _console_started(self, now: float) -> None:
        """A start on the console is a person's start as well (S1, S11): go on from where the session stands."""
        conduct = self._conduct
        if conduct.in_stand and conduct.belt.standing is not True:
            conduct.warn("The belt must stand before it starts again.", "S3")
        elif conduct.in_stand:
            conduct.leave_stand(Starting.on_the_console(), now)
        elif conduct.state is State.PAUSED or (conduct.state is State.STARTING and not conduct.starting.is_used):
            conduct.start(conduct.progress.index or 0, Starting.on_the_console())

    def _control_taken(self) -> None:
        """Somebody else has control: nothing is set until a person has taken it back (S11)."""
        conduct = self._conduct
        conduct.steering.hands_off = True
        conduct.warn("Another app, or the console, has taken control. The belt is left as it is.", "S11")
        if conduct.state is State.STARTING and not conduct.starting.is_used:
            conduct.pause("somebody else has control")
        if conduct.state is not State.STOPPING:
            conduct.ask(Ask.RESUME, "Confirm to take control back.")

    def _control_settled(self, reason: str, *, confirmed: bool) -> None:
        """Go on from where the session stands, if control is ours again; a start still needs a person (S1)."""
        conduct = self._conduct
        conduct.steering.hands_off = not confirmed
        if not confirmed:
            conduct.warn(f"Control is not given back: {reason}. Confirm to try again.", "S11")
        elif conduct.state is State.READY:
            conduct.ask(Ask.START, "You have control again. Start when you are ready.")
        elif conduct.state is State.PAUSED:
            conduct.ask(Ask.RESUME, "You have control again. Start again when you are ready.")
        elif conduct.state is State.RUNNING:
            conduct.ask(None)
            conduct.go(State.RUNNING, "you have control again")

    def _link_lost(self, reason: str, now: float) -> None:
        conduct = self._conduct
        conduct.belt = replace(conduct.belt, connected=False, standing=None, slowing=False)
        conduct.linked = False
        conduct.emit(LinkChanged(connected=False))
        text = f"{reason[:1].upper()}{reason[1:]}. The belt may keep moving at its last speed. {USE_THE_CONSOLE}"
        conduct.warn(text, "S12", urgent=True)
        conduct.lose_sight()
        if conduct.state is State.STOPPING and conduct.give_up_at is None:
            conduct.give_up_at = now + STOP_WITHOUT_LINK

    def _link_restored(self) -> None:
        conduct = self._conduct
        conduct.linked = True
        conduct.emit(LinkChanged(connected=True))
        if not conduct.belt.connected:
            conduct.belt = MachineState()  # a link, and nothing seen on it yet
        self._look()
        if conduct.state is State.STOPPING:
            conduct.give_up_at = None
            conduct.stop_belt()

    def _settled(self, command: Command, outcome: Outcome, now: float) -> None:
        conduct, confirmed = self._conduct, isinstance(outcome, Confirmed)
        word, _, reason = str(outcome).partition(": ")
        conduct.emit(CommandSettled(command.value, word, reason))
        match command:
            case Command.START if conduct.state is State.STARTING and conduct.starting.sent:
                if confirmed:
                    conduct.run(now)
                else:
                    did_not_start(conduct, outcome, reason, now)
            case Command.STOP | Command.PAUSE:
                conduct.halting = max(0, conduct.halting - 1)
                if conduct.state is State.STOPPING:
                    self._stop_settled(confirmed=confirmed, now=now)
            case Command.SPEED | Command.INCLINE:
                if conduct.steering.settled(command, outcome, conduct.belt) and conduct.walking:
                    came_to_nothing(conduct, command, reason)
            case Command.CONTROL:
                self._control_settled(reason, confirmed=confirmed)
            case _:
                pass

    def _stop_settled(self, *, confirmed: bool, now: float) -> None:
        """Finish on proof; without it the stop is given once more, and the session is over soon, seen or not (S6)."""
        conduct = self._conduct
        standing = conduct.belt.standing
        if standing is True or (confirmed and standing is None):
            conduct.finish(standing=True, now=now)
        elif not conduct.halting and conduct.give_up_at is None:
            conduct.give_up_at = now + STOP_WITHOUT_LINK
            conduct.stop_belt()

    # --- what is due

    def _proceed(self, now: float, *, fresh: bool) -> None:
        """Do what is due; a sample waits a little for `fresh` telemetry, and is taken with it."""
        conduct = self._conduct
        if conduct.state is State.STARTING and conduct.starting.has_lapsed(now):
            conduct.pause("the start came too late")
        elif conduct.state is State.STARTING:
            conduct.emit(*conduct.starting.due(now))
        elif conduct.walking:
            self._walk(now)
        elif conduct.give_up_at is not None and now >= conduct.give_up_at:
            conduct.finish(standing=conduct.belt.standing, now=now)
        if conduct.state is State.PAUSED:
            conduct.ask_after_pause(now)
        grace = -SAMPLE_GRACE if fresh else SAMPLE_GRACE
        if now >= self._sample_at + grace and not conduct.is_over:
            self._sample_at = now + SAMPLE_EVERY - (0.0 if fresh else SAMPLE_GRACE)
            conduct.sample(now)

    def _walk(self, now: float) -> None:
        conduct = self._conduct
        conduct.mark_progress()
        if conduct.in_stand:
            self._stand()
        elif conduct.progress.is_done():
            conduct.next_step("completed", now)
            conduct.mark_progress()
        step = conduct.progress.step
        if step is None or step.is_stand or not conduct.advancing:
            return
        if conduct.belt.standing is not False or not conduct.belt.speed or conduct.ground.in_doubt:
            return  # S2: one record of no speed may be a stop
        conduct.emit(*conduct.steering.steer(step, conduct.progress.fraction(), conduct.belt, now))

    def _stand(self) -> None:
        """Wait on a standing belt; it moves again only by a person's confirmation (S2, S3)."""
        conduct = self._conduct
        if conduct.belt.standing is True and conduct.asking is None and conduct.progress.is_done():
            conduct.ask_after_stand()

    def _account(self, now: float) -> None:
        """Add the time since the last input to the walk; a stand counts only once the belt stands."""
        conduct = self._conduct
        seconds, self._now = now - self._now, now
        metres = conduct.odometer.add(conduct.belt, seconds, now)
        if conduct.advancing:
            conduct.progress.advance(seconds, metres)
