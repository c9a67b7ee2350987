"""What can happen to a session: its verbs, each leaving state and effects in order. Pure.

`Conduct` knows how a session starts, enters a step, stands, pauses and ends; `Runner` knows when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.driver.obedience import Obedience
from backstride.driver.state import MachineState
from backstride.machines.facts import PauseEffect
from backstride.workout.envelope import STALE_AFTER, Envelope
from backstride.workout.events import (
    Ask,
    Countdown,
    Cue,
    Ended,
    Ending,
    PersonNeeded,
    Sample,
    SessionState,
    StateChanged,
    StepEnded,
    StepStarted,
    Warned,
)
from backstride.workout.inputs import Effect, PauseBelt, StopBelt
from backstride.workout.odometer import Odometer
from backstride.workout.plan import Plan, step_label
from backstride.workout.plausibility import GroundCheck
from backstride.workout.progress import Progress
from backstride.workout.starting import Starting
from backstride.workout.steering import Steering

if TYPE_CHECKING:
    from backstride.driver.confirmation import Command
    from backstride.units import SpeedUnit
    from backstride.workout.plan import PlanStep

STOP_WITHOUT_LINK: Final = 5.0
"""Seconds to wait for a lost link when the belt is to be stopped, before saying that nobody knows (S6)."""

USE_THE_CONSOLE: Final = "Use the treadmill's own stop button or the safety key."

_ENDED: Final = {
    Ending.FINISHED: SessionState.FINISHED,
    Ending.STOPPED: SessionState.FINISHED,
    Ending.ABORTED: SessionState.ABORTED,
}


class Conduct:
    """The state of one session and the verbs that change it.

    Attributes:
        state: Where the session stands.
        progress: Where in the plan the walker is.
        steering: The targets.
        odometer: Distance and climb.
        asking: What the session waits for a person to do, or None.
        belt: The latest view of the belt.
        linked: False from the loss of the link until it is there again.
        looking: True from the loss of the link until the belt has been seen again (S12).
        halting: Stops and pauses without an outcome; the machine repeats them by itself (S5).
        next_index: The step that follows the stand the session is in.
        give_up_at: When to end without having seen the belt stand, or None.
        moving_since: Since when a belt that should stand has been moving, or None.
        ground: Whether the belt covers the ground that its speed accounts for.
        obedience: What the machine has shown to obey (S10).
        unheeded: Of which commands the walker knows that they came to nothing.
        unit: Unit of speeds in what is told.
    """

    def __init__(self, plan: Plan, envelope: Envelope, unit: SpeedUnit) -> None:
        plan.require_runnable()
        self.plan = plan
        self.state = SessionState.READY
        self.progress = Progress(plan)
        self.steering = Steering(envelope)
        self.odometer = Odometer()
        self.starting = Starting()
        self.asking: Ask | None = None
        self.belt = MachineState()
        self.linked = True
        self.looking = False
        self.halting = 0
        self.next_index = 0
        self.give_up_at: float | None = None
        self.moving_since: float | None = None
        self.ground = GroundCheck()
        self.obedience = Obedience()
        self.unheeded: set[Command] = set()
        self._announced: int | None = None
        self._paused_for = ""
        self._pauses = envelope.capabilities.pause is PauseEffect.PAUSES
        self.unit = unit
        self._ending = (Ending.FINISHED, "")
        self._effects: list[Effect] = []

    def take_effects(self) -> list[Effect]:
        """Return what is to be done and told since the last call, in order."""
        effects, self._effects = self._effects, []
        return effects

    def emit(self, *effects: Effect | None) -> None:
        """Have something done or told; None is nothing."""
        self._effects.extend(effect for effect in effects if effect is not None)

    @property
    def is_over(self) -> bool:
        """True once the session has ended."""
        return self.state in {SessionState.FINISHED, SessionState.ABORTED}

    @property
    def walking(self) -> bool:
        """True while the session runs and the link is up, in a stand as well."""
        return self.state is SessionState.RUNNING and self.belt.connected

    @property
    def in_stand(self) -> bool:
        """True while the session runs through a stand."""
        return self.progress.is_stand and self.state is SessionState.RUNNING

    @property
    def advancing(self) -> bool:
        """True while time counts: on a belt that is not out of sight, and in a stand once the belt stands."""
        return self.walking and not self.looking and (self.belt.standing is True or not self.in_stand)

    # --- starting and stopping the belt

    def start(self, index: int, starting: Starting) -> None:
        """Go on with the step `index` on a standing belt that a person has just started (S1)."""
        if self.progress.index != index:
            self.progress.enter(index)
            self.steering.enter_step()
        self.ask(None)
        self.starting = starting
        self.go(SessionState.STARTING, "")

    def run(self, now: float) -> None:
        """The belt moves: walk."""
        self.go(SessionState.RUNNING, "the belt moves")
        self.steering.belt_started(now)
        if self._announced is None:
            self._announce(self.plan.steps[self.progress.index or 0])
        if self.starting.by_console:
            self.emit(self.steering.started_by_console(self.belt))

    def halt_belt(self) -> None:
        """Bring the belt to a standstill within the session: by Pause where the machine knows pausing."""
        self._halt(PauseBelt() if self._pauses else StopBelt())

    def stop_belt(self) -> None:
        """Stop the belt for good."""
        self._halt(StopBelt())

    def _halt(self, effect: PauseBelt | StopBelt) -> None:
        self.halting += 1
        self.moving_since = None
        self._effects.insert(0, effect)  # before anything is told: Stop waits for nobody (S4)

    def pause(self, reason: str) -> None:
        """Wait, on a belt that stands or is being brought to it, for a person to start again (S2)."""
        self.moving_since = None
        self._paused_for = reason
        self.go(SessionState.PAUSED, reason)
        self.ask(None)

    def lose_sight(self) -> None:
        """The link is gone: look before anything else, and begin no motion that waits (S1, S12)."""
        self.looking = True
        if self.state is SessionState.STARTING:
            self.pause("the connection was lost before the belt moved")

    def may_start(self, now: float) -> bool:
        """Tell whether a person may start the belt: it is seen to stand, or a silence says as much as it can (S2)."""
        quiet = self.steering.envelope.capabilities.silent_when_stopped and self.belt.age(now) > STALE_AFTER
        return self.belt.standing is True or (self.belt.standing is None and self.belt.connected and quiet)

    def ask_after_pause(self, now: float) -> None:
        """Ask for a start once the belt may be started (S2)."""
        if self.asking is None and self.may_start(now):
            look = "" if self.belt.standing else "The treadmill does not tell whether the belt stands: look first. "
            self.ask(Ask.RESUME, f"Paused: {self._paused_for}. {look}Start again when you are ready.")

    def end(self, ending: Ending, reason: str, now: float) -> None:
        """Bring the belt to a standstill; the session is over once that is proven (S5, S6)."""
        self.stop_belt()
        self._leave_step("cut")
        self._ending = (ending, reason)
        self.ask(None)
        self.go(SessionState.STOPPING, reason or "the plan is walked")
        if not self.belt.connected:
            self.give_up_at = now + STOP_WITHOUT_LINK

    def dismiss(self, ending: Ending, reason: str, now: float) -> None:
        """End a session that has moved nothing."""
        self.ask(None)
        self.sample(now)
        self.go(_ENDED[ending], reason)
        self.emit(Ended(ending, reason, self.belt.standing))

    def finish(self, *, standing: bool | None, now: float) -> None:
        """The last word: the belt is seen to stand, or nobody knows."""
        self.give_up_at = None
        ending, reason = self._ending
        if standing is not True:
            ending, reason = Ending.ABORTED, reason or "nobody can see whether the belt has stopped"
            self.warn(f"Unknown whether the belt stands. {USE_THE_CONSOLE}", "S5", urgent=True)
        self.sample(now)
        self.go(_ENDED[ending], reason)
        self.emit(Ended(ending, reason, standing))

    # --- the way through the plan

    def enter(self, index: int) -> None:
        """Enter a step: a stand halts the belt, a walking step goes on from what it does."""
        self.progress.enter(index)
        self.steering.enter_step()
        self.next_index = index + 1
        self._announce(self.plan.steps[index])
        if self.in_stand and self.belt.standing is not True:
            self.halt_belt()

    def repeat_from(self, index: int) -> None:
        """Leave the step unfinished and enter `index`."""
        self._leave_step("repeated")
        self.enter(index)

    def next_step(self, how: str, now: float) -> None:
        """Leave the step, walked or skipped, for the next one, or end."""
        self._leave_step(how)
        following = self.progress.following
        if following is None:
            self.end(Ending.FINISHED, "", now)
        else:
            self.enter(following.index)

    def ask_after_stand(self) -> None:
        """Ask whether to go on from the standing belt, and say how (S3)."""
        if self.next_index < len(self.plan.steps):
            following = self.plan.steps[self.next_index]
            text = f"Next: {following.facing}, {self.label(following)}."
        else:
            text = "Confirm to finish."
        self.ask(Ask.CONFIRM, f"{text} The belt stands until you confirm.")

    def leave_stand(self, starting: Starting, now: float) -> None:
        """Go on from a standing belt; a person has just confirmed it (S3)."""
        self._leave_step("completed")
        if self.next_index >= len(self.plan.steps):
            self.end(Ending.FINISHED, "", now)
        elif self.plan.steps[self.next_index].is_stand:
            self.ask(None)
            self.enter(self.next_index)
        else:
            self.start(self.next_index, starting)

    def mark_progress(self) -> None:
        """Tell the cues and the countdown that have come; those of a stand wait until the belt stands (S3)."""
        if self.in_stand and self.belt.standing is not True:
            return
        for text in self.progress.due_cues():
            self.emit(Cue(text))
        if (seconds := self.progress.due_countdown()) is not None:
            following = self.progress.following
            self.emit(Countdown(seconds, "the end" if following is None else self.label(following)))

    # --- telling

    def ask(self, ask: Ask | None, text: str = "") -> None:
        """Wait for a person to do something, or for nothing any more."""
        self.asking = ask
        if ask is not None:
            self.emit(PersonNeeded(ask, text))

    def warn(self, text: str, rule: str, *, urgent: bool = False) -> None:
        """Tell the walker something they must know at once."""
        self.emit(Warned(text, rule, urgent))

    def go(self, state: SessionState, reason: str) -> None:
        """Change the state."""
        self.state = state
        self.emit(StateChanged(state, reason))

    def label(self, step: PlanStep) -> str:
        """Return a step in a few words, in the walker's unit."""
        return step_label(step, self.unit)

    def sample(self, now: float) -> None:
        """Tell the state of belt and session."""
        belt, targeted = self.belt, self.state is SessionState.RUNNING and not self.in_stand
        self.emit(
            Sample(
                state=self.state,
                step=self.progress.index,
                target_speed=self.steering.speed if targeted else None,
                target_incline=self.steering.incline if targeted else None,
                speed=belt.speed,
                incline=belt.incline,
                distance=self.odometer.distance,
                climb=self.odometer.climb,
                heart_rate_bpm=belt.heart_rate_bpm,
                energy_kcal=belt.energy_kcal,
                steps=belt.steps,
                power_w=belt.power_w,
                machine_distance=belt.distance,
                machine_elapsed_s=belt.elapsed_s,
                stale=not belt.connected or belt.age(now) > STALE_AFTER,
            )
        )

    def _leave_step(self, how: str) -> None:
        """Tell the end of a step whose beginning was told."""
        if self._announced is not None:
            self.emit(StepEnded(self._announced, how, self.progress.walked_s, self.progress.walked_m))
        self._announced = None

    def _announce(self, step: PlanStep) -> None:
        self._announced = step.index
        self.emit(StepStarted(step.index, self.label(step), step.kind, step.facing, step.handrails))
