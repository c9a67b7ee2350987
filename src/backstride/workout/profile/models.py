"""What a session profile says, as frozen pydantic models; a file (reader.py) and Python code build the same ones.

What a step does not say is None here: the plan compiler carries it over from the step before.
"""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from backstride.units import Distance, Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Iterator

FASTEST: Final = Speed(2500)
STEEPEST: Final = Incline(400)
STEEPEST_DOWN: Final = Incline(-150)
SHORTEST_STEP: Final = 1.0
LONGEST_STEP: Final = 6 * 3600.0
SHORTEST_DISTANCE: Final = Distance(10)
LONGEST_DISTANCE: Final = Distance(50_000)
LONGEST_SESSION: Final = 24 * 3600.0
MOST_STEPS: Final = 2000
MOST_TIMES: Final = 200
DEEPEST_NESTING: Final = 5

UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 (chapter 5.1, c-printable) does not allow in a file."""


class Facing(StrEnum):
    """Which way the walker looks; forward is towards the console."""

    BACKWARD = "backward"
    FORWARD = "forward"


class Handrails(StrEnum):
    """How many hands hold the handrails."""

    BOTH = "both"
    ONE = "one"
    NONE = "none"


def _refused(sentence: str, **where: object) -> PydanticCustomError:
    """Return the error of a rule between several values; `where` tells a reader of files which of them is at fault."""
    return PydanticCustomError("profile", "{sentence}", {"sentence": sentence, **where})


def _walkable(speed: Speed) -> Speed:
    if not 0 < speed <= FASTEST:
        raise _refused(f"{speed} is outside the speeds a step may have, above 0 and up to {FASTEST}")
    return speed


def _climbable(incline: Incline) -> Incline:
    if not STEEPEST_DOWN <= incline <= STEEPEST:
        raise _refused(f"{incline} is outside the inclinations a step may have, {STEEPEST_DOWN} to {STEEPEST}")
    return incline


def _reachable(distance: Distance) -> Distance:
    if not SHORTEST_DISTANCE <= distance <= LONGEST_DISTANCE:
        raise _refused(f"{distance} is outside {SHORTEST_DISTANCE} to {LONGEST_DISTANCE}")
    return distance


def _printable(text: str) -> str:
    if UNPRINTABLE.search(text):
        raise _refused("control characters are not allowed in a text")
    return text


def _to_millisecond(seconds: float) -> float:
    return round(seconds, 3)


StepSpeed = Annotated[Speed, AfterValidator(_walkable)]
StepIncline = Annotated[Incline, AfterValidator(_climbable)]
StepDistance = Annotated[Distance, AfterValidator(_reachable)]
StepDuration = Annotated[float, Field(strict=True, ge=SHORTEST_STEP, le=LONGEST_STEP), AfterValidator(_to_millisecond)]
CueOffset = Annotated[float, Field(strict=True, ge=0, le=LONGEST_STEP), AfterValidator(_to_millisecond)]

Name = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=80), AfterValidator(_printable)
]
CueText = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
]
LongText = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, max_length=2000), AfterValidator(_printable)
]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class CuePoint(_Model):
    """A sentence for the walker, `at` seconds into its step."""

    at: CueOffset
    text: CueText


class Limits(_Model):
    """What this session must not exceed; it also opens what is above the default limits backward (S7)."""

    speed: StepSpeed | None = None
    incline: StepIncline | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.speed is None and self.incline is None:
            raise _refused("limits need a speed, an incline or both")
        return self


class _Step(_Model):
    """What every step has.

    Attributes:
        line: Line of the step in its file, counted from 1; None for a step built in Python. Steps that differ in
            nothing else are equal.
    """

    line: int | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Step) and type(self) is type(other) and self._said() == other._said()

    def __hash__(self) -> int:
        return hash((type(self), *self._said().values()))

    def _said(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "line"}


class _Posed(_Step):
    """What every step has in which a person stands or walks.

    Attributes:
        facing: Which way to look, or None to keep it.
        handrails: Which hands hold, or None to keep it.
        cues: Sentences for the walker, in the order of their offsets.
    """

    facing: Facing | None = None
    handrails: Handrails | None = None
    cues: tuple[CuePoint, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _sorted_cues(cls, data: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever it was given
        cues = data.get("cues") if isinstance(data, dict) else None
        if isinstance(cues, list | tuple) and all(isinstance(cue, CuePoint) for cue in cues):
            return {**data, "cues": tuple(sorted(cues, key=lambda cue: cue.at))}
        return data

    def _check_cues(self, duration: float | None) -> None:
        offsets = [cue.at for cue in self.cues]
        for before, at in pairwise(offsets):
            if before == at:
                raise _refused(f"two cues stand at {at:g} s of this step", field="cues", at=at)
        if duration is not None and offsets and offsets[-1] >= duration:
            at = offsets[-1]
            raise _refused(f"the cue at {at:g} s is outside its step, which takes {duration:g} s", field="cues", at=at)


class _Walk(_Posed):
    """What a walking step has: exactly one of duration (s) and distance.

    Attributes:
        duration: Seconds, 1 s to 6 h, kept to the millisecond, or None where the step has a distance.
        distance: 10 m to 50 km, or None where the step has a duration.
        incline: Inclination, -15 to 40 %, or None to keep it; of a ramp, the one it ends with.
    """

    duration: StepDuration | None = None
    distance: StepDistance | None = None
    incline: StepIncline | None = None

    @model_validator(mode="after")
    def _has_one_length(self) -> Self:
        if (self.duration is None) == (self.distance is None):
            raise _refused("a walking step needs a duration or a distance, and not both")
        self._check_cues(self.duration)
        return self


class Steady(_Walk):
    """Walk at one speed; without `speed`, at that of the step before."""

    speed: StepSpeed | None = None


class Ramp(_Walk):
    """Walk from the speed and inclination of the step before to others, evenly over the step.

    Attributes:
        to: Speed at the end, or None to change the inclination only.
    """

    to: StepSpeed | None = None

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if self.to is None and self.incline is None:
            raise _refused("a ramp needs a speed or an inclination to go to")
        return self


class Stand(_Posed):
    """Stand on the standing belt. Nothing but a person's confirmation lets the belt start again (S2).

    Attributes:
        until_confirmed: True to wait for the person without counting down.
        duration: Seconds to rest before the person is asked, 1 s to 6 h, or None.
    """

    until_confirmed: bool = False
    duration: StepDuration | None = None

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if not self.until_confirmed and self.duration is None:
            raise _refused("a stand needs a duration, or until_confirmed, or both")
        self._check_cues(self.duration)
        return self


class Repeat(_Step):
    """Walk `steps` `times` times, 1 to 200; repeats nest up to five deep."""

    times: Annotated[int, Field(strict=True, ge=1, le=MOST_TIMES)]
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if _depth(self) > DEEPEST_NESTING:
            raise _refused(f"repeats stand more than {DEEPEST_NESTING} deep in each other")
        if _count(self) > MOST_STEPS:
            raise _refused(f"this makes {_count(self)} steps; a session has at most {MOST_STEPS}")
        return self


Step = Steady | Ramp | Repeat | Stand
"""One entry of `steps`."""

Repeat.model_rebuild()


def _depth(step: Step) -> int:
    return 1 + max(map(_depth, step.steps)) if isinstance(step, Repeat) else 0


def _count(step: Step) -> int:
    return step.times * sum(map(_count, step.steps)) if isinstance(step, Repeat) else 1


def _expanded(steps: tuple[Step, ...]) -> Iterator[Steady | Ramp | Stand]:
    for step in steps:
        if isinstance(step, Repeat):
            for _ in range(step.times):
                yield from _expanded(step.steps)
        else:
            yield step


class Profile(_Model):
    """A session as a person wrote it.

    Attributes:
        name: What the session is called, up to 80 characters.
        summary: What it is for, or "".
        facing: Which way to look where no step says otherwise.
        limits: What the session must not exceed, or None for the default limits.
        source: Where its figures come from, or "".
        steps: At least one walking step; together at most 2000 steps and 24 h when repeats are written out.
    """

    name: Name
    summary: LongText = ""
    facing: Facing = Facing.BACKWARD
    limits: Limits | None = None
    source: LongText = ""
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _can_be_walked(self) -> Self:
        if (count := sum(map(_count, self.steps))) > MOST_STEPS:
            raise _refused(f"the session has {count} steps; at most {MOST_STEPS} are allowed", field="steps")
        total, speed = 0.0, None
        for step in self.expanded():
            seconds, speed = _seconds(step, speed)
            if seconds > LONGEST_STEP:
                raise _refused(f"this step takes {seconds / 3600:.1f} h; at most 6 h are allowed", step=step)
            total += seconds
        if speed is None:
            raise _refused("no step of this session walks", field="steps")
        if total > LONGEST_SESSION:
            raise _refused(f"the session takes {total / 3600:.1f} h; at most 24 h are allowed", field="steps")
        return self

    def expanded(self) -> Iterator[Steady | Ramp | Stand]:
        """Yield the steps in the order in which they are walked, repeats written out."""
        return _expanded(self.steps)


def _seconds(step: Steady | Ramp | Stand, before: Speed | None) -> tuple[float, Speed | None]:
    """Return how long `step` takes by the figures alone, and the speed it leaves for the next walking step."""
    if isinstance(step, Stand):
        return step.duration or 0.0, before
    after = (step.to if isinstance(step, Ramp) else step.speed) or before
    if after is None:
        wanted = "to" if isinstance(step, Ramp) else "speed"
        raise _refused(f"the first walking step must say its speed, under the key '{wanted}'", step=step)
    if step.distance is None:
        return step.duration or 0.0, after
    start = before if isinstance(step, Ramp) and before else after
    return 2 * step.distance / (start.metres_per_second + after.metres_per_second), after
