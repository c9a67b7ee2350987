"""Where in the plan the walker is: how far into which step, which cue and which countdown is due. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.workout.plan import Plan, PlanStep

COUNTDOWN_MARKS: Final = (10, 3, 2, 1)
"""Seconds before a change at which it is announced."""

DONE: Final = 1e-6
"""Seconds or metres that are nothing: sums of floating-point pieces end beside their mark."""


@dataclass(slots=True)
class Progress:
    """The position in a plan.

    Attributes:
        index: Number of the step the walker is in; None before the first and after the last.
        step: That step.
        is_stand: True if it is a stand.
    """

    plan: Plan
    index: int | None = field(init=False, default=None)
    step: PlanStep | None = field(init=False, default=None)
    is_stand: bool = field(init=False, default=False)
    walked_s: float = 0.0
    walked_m: float = 0.0
    _pace: float = 0.0
    _cues: int = 0
    _marks: list[int] = field(default_factory=list)

    @property
    def following(self) -> PlanStep | None:
        """The step after this one."""
        number = 0 if self.index is None else self.index + 1
        return self.plan.steps[number] if number < len(self.plan.steps) else None

    def enter(self, index: int | None) -> None:
        """Go to the beginning of a step, or out of the plan."""
        self.index = index
        self.step = step = None if index is None else self.plan.steps[index]
        self.is_stand = step is not None and step.is_stand
        self.walked_s = self.walked_m = 0.0
        self._cues = 0
        self._marks = []
        if step is not None and not step.is_stand and self._changes(step):
            self._marks = [mark for mark in COUNTDOWN_MARKS if mark < step.duration]

    def advance(self, seconds: float, metres: float) -> None:
        """Add walked time and distance to the step."""
        self.walked_s += seconds
        self.walked_m += metres
        if seconds > 0:
            self._pace = metres / seconds

    def fraction(self) -> float:
        """Return how much of the step is done, 0..1."""
        step = self.step
        if step is None:
            return 0.0
        if step.length is not None:
            return min(1.0, self.walked_m / step.length)
        return min(1.0, self.walked_s / step.duration) if step.duration else 0.0

    def is_done(self) -> bool:
        """True once the step's time or distance is used up."""
        step = self.step
        if step is None:
            return False
        if step.length is not None:
            return self.walked_m >= step.length - DONE
        return self.walked_s >= step.duration - DONE

    def seconds_left(self) -> float | None:
        """Return the time to the end of the step, for a step by distance at the present pace.

        None where nobody can tell: in a stand until confirmed, and where a distance is to be walked on a belt that
        stands.
        """
        step = self.step
        if step is None or (step.is_stand and not step.duration):
            return None
        if step.length is None:
            return max(0.0, step.duration - self.walked_s)
        return max(0.0, step.length - self.walked_m) / self._pace if self._pace > 0 else None

    def due_cues(self) -> Iterator[str]:
        """Yield the cues whose offset has come, each once."""
        step = self.step
        while step is not None and self._cues < len(step.cues) and step.cues[self._cues].at <= self.walked_s + DONE:
            yield step.cues[self._cues].text
            self._cues += 1

    def due_countdown(self) -> int | None:
        """Return the countdown mark that has come, once; marks that were missed are left out."""
        due: int | None = None
        if not self._marks:
            return due
        left = self.seconds_left()
        while left is not None and self._marks and left <= self._marks[0] + DONE:
            due = self._marks.pop(0)
        return due

    def next_mark(self) -> float | None:
        """Return the seconds until the next cue, countdown or the end of the step, or None if nothing is to come."""
        step, left = self.step, self.seconds_left()
        instants: list[float] = []
        if step is not None and self._cues < len(step.cues):
            instants.append(step.cues[self._cues].at - self.walked_s)
        if left is not None and not self.is_done():
            instants.append(left - self._marks[0] if self._marks else left)
        return max(0.0, min(instants)) if instants else None

    def _changes(self, step: PlanStep) -> bool:
        """True if the walker will feel the end of `step`."""
        following = self.following
        if following is None or following.is_stand or following.facing is not step.facing:
            return True
        return (following.speed_from, following.incline_from) != (step.speed, step.incline)
