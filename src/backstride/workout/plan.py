"""A session as one machine will walk it: flat, immutable, snapped to the machine, with a verdict for every step.

compiler.py makes plans from profiles; the runner walks them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from backstride.errors import PlanError
from backstride.units import Distance, Incline, Speed, SpeedUnit, format_duration

if TYPE_CHECKING:
    from backstride.machines.capabilities import Capabilities
    from backstride.workout.profile import CuePoint, Facing, Handrails


class StepKind(StrEnum):
    """What a step of a plan does."""

    STEADY = "steady"
    RAMP = "ramp"
    STAND = "stand"


class Verdict(StrEnum):
    """What becomes of a step on this machine."""

    AS_WRITTEN = "as written"
    ROUNDED = "rounded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step with everything carried over from the steps before it.

    Attributes:
        where: Path in the profile with the round of each repeat, such as ``steps[2].repeat[1/4].steps[0]``.
        duration: Seconds, measured or, for a step with a `length`, estimated; 0 for a stand until confirmed.
        length: Metres after which the step ends, or None if it ends by time.
        speed_from: Speed wanted at the beginning: equal to `speed` unless this is a ramp.
        speed: Speed wanted at the end; 0 for a stand.
        incline_from: Likewise for the inclination.
        starts: Seconds from the beginning of the session, as planned.
        note: What was rounded, or why the step is refused.
        reaches: Speed at its end where speed may not rise so fast as to come near `speed` (S8), else None.
    """

    index: int
    where: str
    kind: StepKind
    facing: Facing
    handrails: Handrails
    duration: float
    length: Distance | None
    until_confirmed: bool
    speed_from: Speed
    speed: Speed
    incline_from: Incline
    incline: Incline
    cues: tuple[CuePoint, ...] = ()
    starts: float = 0.0
    metres: float = 0.0
    verdict: Verdict = Verdict.AS_WRITTEN
    note: str = ""
    reaches: Speed | None = None

    @property
    def is_stand(self) -> bool:
        """True if the belt stands in this step."""
        return self.kind is StepKind.STAND

    def wanted(self, progress: float) -> tuple[Speed, Incline]:
        """Return speed and inclination wanted after `progress`, the fraction 0..1 of the step that is done."""
        if self.kind is not StepKind.RAMP:
            return self.speed, self.incline
        done = min(1.0, max(0.0, progress))
        speed = self.speed_from + round(done * (self.speed - self.speed_from))
        return speed, self.incline_from + round(done * (self.incline - self.incline_from))


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """A point of the planned course: seconds, targets, metres covered."""

    at: float
    speed: Speed
    incline: Incline
    metres: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled session.

    Attributes:
        course: The targets a runner would set on a machine that obeys at once, at every change.
        confirm_limits: A sentence the walker must agree to because the profile lifts the default limits (S7), or "".
        before: What the walker has to see to on this machine first, in sentences.
    """

    name: str
    summary: str
    steps: tuple[PlanStep, ...]
    course: tuple[CoursePoint, ...]
    total_time: float
    total_distance: float
    climb: float
    confirm_limits: str = ""
    before: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def runnable(self) -> bool:
        """True if every step can be walked on this machine."""
        return not self.refusals

    def require_runnable(self) -> None:
        """Raise PlanError with every reason unless the plan is runnable."""
        if self.refusals:
            reasons = "\n".join(f"  {reason}" for reason in self.refusals)
            raise PlanError(
                f"This session cannot run safely on this machine; nothing was moved.\n{reasons}", reasons=self.refusals
            )


def wanted_on(capabilities: Capabilities, step: PlanStep, progress: float) -> tuple[Speed, Incline]:
    """Return what `step` wants after the fraction `progress`, on the machine's own steps and within the step's ends."""
    if step.kind is not StepKind.RAMP:
        return step.speed, step.incline  # compiled onto the machine's steps already
    speed, incline = step.wanted(progress)
    if capabilities.speed is not None:
        speed = capabilities.speed.snap(speed, ceiling=max(step.speed, step.speed_from))
    if capabilities.incline is not None:
        incline = capabilities.incline.snap(incline, ceiling=max(step.incline, step.incline_from))
    return speed, incline


def step_label(step: PlanStep, unit: SpeedUnit = SpeedUnit.KMH) -> str:
    """Return a step in a few words: ``Steady 4.80 km/h, 2.0 %, 1:30``."""
    if step.is_stand:
        return "Stand until you confirm" if step.until_confirmed else f"Stand {format_duration(step.duration)}"
    extent = format_duration(step.duration) if step.length is None else str(step.length)
    if step.kind is StepKind.RAMP:
        return f"Ramp to {step.speed.text(unit)}, {step.incline}, {extent}"
    return f"Steady {step.speed.text(unit)}, {step.incline}, {extent}"
