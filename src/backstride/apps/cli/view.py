"""What a screen shows of a walk, kept up to date from its events. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from backstride.apps.cli.wording import in_unit
from backstride.units import Incline, Speed, SpeedUnit, format_duration
from backstride.workout import events
from backstride.workout.events import SessionEvent, SessionState
from backstride.workout.plan import Plan, PlanStep, step_label

if TYPE_CHECKING:
    from backstride.workout.progress import Progress

NOTE_STAYS: Final = 12.0
"""Seconds a note stays on the screen; an urgent one stays three times as long."""

CUE_STAYS: Final = 25.0
"""Seconds a cue stays on the screen."""


class Note(NamedTuple):
    """Something to tell the walker; level ``info``, ``warning`` or ``urgent``."""

    at: float
    text: str
    level: str


@dataclass(slots=True)
class View:
    """A walk as a screen shows it.

    Attributes:
        plan: The session.
        progress: Where in the plan the walker is; only read.
        unit: Unit of speeds.
        machine: What the treadmill is called.
        at: Seconds since the session was made.
        question: What a person is asked, or "".
        countdown: What comes in how many seconds, or "".
    """

    plan: Plan
    progress: Progress
    unit: SpeedUnit
    machine: str
    at: float = 0.0
    state: SessionState = SessionState.READY
    target_speed: Speed | None = None
    target_incline: Incline | None = None
    speed: Speed | None = None
    incline: Incline | None = None
    distance: float = 0.0
    heart_rate: int | None = None
    stale: bool = False
    connected: bool = True
    question: str = ""
    countdown: str = ""
    _cue: tuple[float, str] = (0.0, "")
    _notes: deque[Note] = field(default_factory=lambda: deque(maxlen=4))

    def feed(self, event: SessionEvent, at: float) -> None:
        """Take an event that happened `at` seconds after the session was made."""
        self.at = at
        match event:
            case events.Sample():
                self._sample(event)
            case events.StateChanged(state, reason):
                self._go(state, reason)
            case events.StepStarted():
                self.countdown, self._cue = "", (at, "")
            case events.Cue(text):
                self._cue = (at, text)
            case events.Countdown(seconds, following):
                self.countdown = f"In {seconds} s: {in_unit(following, self.unit)}"
            case events.TargetSet(speed, incline):
                self.target_speed = self.target_speed if speed is None else speed
                self.target_incline = self.target_incline if incline is None else incline
            case events.PersonNeeded(text=text):
                self.question = in_unit(text, self.unit)
            case events.LinkChanged(connected):
                self.connected = connected
                self._notes.clear()
            case _:
                self._remark(event)

    def note(self, text: str, level: str = "info") -> None:
        """Show `text` for a while; level ``info``, ``warning`` or ``urgent``."""
        text = in_unit(text, self.unit)
        if text and (not self._notes or self._notes[-1].text != text):
            self._notes.append(Note(self.at, text, level))

    def _go(self, state: SessionState, reason: str) -> None:
        self.state, self.countdown, self.question = state, "", ""
        if state is SessionState.STARTING:
            self._notes.clear()
        if state in {SessionState.STOPPING, SessionState.ABORTED}:
            self.note(reason.capitalize())

    def _remark(self, event: SessionEvent) -> None:
        match event:
            case events.CommandSettled(command, outcome, reason) if outcome != "confirmed":
                self.note(f"The {command} command is {outcome}: {reason}", "warning")
            case events.Overridden(change):
                self.note(f"The console changed the {change}; it is held to the end of the step")
            case events.Held(_, reason):
                self.note(f"{reason[:1].upper()}{reason[1:]}")
            case events.Warned(text, _, urgent):
                self.note(text, "urgent" if urgent else "warning")
            case events.Ended(_, reason):
                self.question = ""
                self.note(reason.capitalize())
            case _:
                pass

    def _sample(self, sample: events.Sample) -> None:
        self.state = sample.state
        self.target_speed, self.target_incline = sample.target_speed, sample.target_incline
        self.speed, self.incline = sample.speed, sample.incline
        self.distance, self.heart_rate, self.stale = sample.distance, sample.heart_rate_bpm, sample.stale

    @property
    def step(self) -> PlanStep | None:
        """The step under way, or the first before the start."""
        return self.progress.step or (self.plan.steps[0] if self.state is SessionState.READY else None)

    @property
    def heading(self) -> str:
        """What goes on, in a word or two; a belt that is seen to move is not said to stand."""
        in_stand = self.state is SessionState.RUNNING and self.progress.is_stand
        if self.speed and (in_stand or self.state is SessionState.PAUSED):
            return "SLOWING DOWN"
        return "STAND" if in_stand else self.state.value.upper()

    @property
    def step_text(self) -> str:
        """The step under way with its number."""
        step = self.step
        return "" if step is None else f"{step.index + 1} of {len(self.plan.steps)}: {step_label(step, self.unit)}"

    @property
    def next_text(self) -> str:
        """The step after this one."""
        step = self.step
        number = 0 if step is None else step.index + 1
        if number >= len(self.plan.steps):
            return "the end"
        following = self.plan.steps[number]
        turn = "" if step is None or following.facing is step.facing else f", facing {following.facing}"
        return step_label(following, self.unit) + turn

    @property
    def step_left(self) -> str:
        """What is left of the step, in time or, where the distance ends it, in metres."""
        step = self.progress.step
        if step is not None and step.length is not None:
            return f"{max(0, round(step.length - self.progress.walked_m))} m"
        left = self.progress.seconds_left()
        return "" if left is None else format_duration(left + 0.5)

    @property
    def done_seconds(self) -> float:
        """Seconds of the plan that are walked."""
        step = self.progress.step
        if step is None:
            return 0.0 if self.state in {SessionState.READY, SessionState.STARTING} else self.plan.total_time
        return step.starts + self.progress.fraction() * step.duration

    @property
    def session_fraction(self) -> float:
        """The part of the plan that is walked, 0..1."""
        return self.done_seconds / self.plan.total_time if self.plan.total_time else 0.0

    @property
    def cue(self) -> str:
        """The sentence of the profile that holds now, or ""."""
        at, text = self._cue
        return text if self.at - at <= CUE_STAYS else ""

    @property
    def notes(self) -> list[Note]:
        """What the walker should know now, the oldest first."""
        return [note for note in self._notes if self.at - note.at <= NOTE_STAYS * (3 if note.level == "urgent" else 1)]
