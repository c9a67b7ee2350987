"""Compiling a profile against one machine, before anything moves: what can be walked, what is rounded, how far it is.

The course is found by walking the plan through the same envelope as the runner does, on a machine that obeys at once;
so what is shown is what is walked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from backstride.errors import SafetyError
from backstride.units import Incline, Speed
from backstride.workout.envelope import GENTLE_CHANGE, Envelope
from backstride.workout.plan import CoursePoint, Plan, PlanStep, StepKind, Verdict, wanted_on
from backstride.workout.profile import CuePoint, Facing, Handrails, Ramp, Repeat, Stand, Steady

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backstride.machines.capabilities import Capabilities
    from backstride.workout.profile import Limits, Profile, Step

TICK: Final = 1.0
"""Seconds between two points of the planned course."""

MICROMETRE: Final = 1e-6
"""A distance, in metres, that is nothing: sums of floating-point pieces end beside their mark."""

TURN_TEXT: Final = "Hold the rails and turn round"


def compile_plan(profile: Profile, capabilities: Capabilities, personal: Limits | None = None) -> Plan:
    """Compile `profile` against a machine.

    A plan that cannot run is returned too, so that it can be shown; `Plan.require_runnable` refuses it.

    Args:
        profile: The session.
        capabilities: What the machine can do.
        personal: The walker's own limits; they only tighten.
    """
    envelope = Envelope(capabilities, profile.limits, personal)
    compiler = _Compiler(profile, envelope)
    steps = compiler.steps()
    refusals = compiler.general_refusals() + _refusals(steps)
    course = _Course(envelope)
    placed = tuple(course.place(step) for step in steps) if not refusals else steps
    return Plan(
        name=profile.name,
        summary=profile.summary or "",
        steps=placed,
        course=tuple(course.points),
        total_time=course.at,
        total_distance=course.metres,
        climb=course.climb,
        confirm_limits=_limits_to_confirm(envelope, steps),
        before=capabilities.before,
        refusals=refusals,
    )


def _refusals(steps: Sequence[PlanStep]) -> tuple[str, ...]:
    """Return each reason once, with the first step it stands for and the number of others."""
    refused: dict[str, list[str]] = {}
    for step in steps:
        if step.verdict is Verdict.REFUSED:
            refused.setdefault(step.note, []).append(step.where)
    return tuple(
        f"{where[0]}{f' and {len(where) - 1} more' if len(where) > 1 else ''}: {note}"
        for note, where in refused.items()
    )


def _walks_backward(steps: Sequence[PlanStep]) -> bool:
    return any(step.facing is Facing.BACKWARD and not step.is_stand for step in steps)


def _limits_to_confirm(envelope: Envelope, steps: Sequence[PlanStep]) -> str:
    if not envelope.lifts_backward_limits or not _walks_backward(steps):
        return ""
    bounds = envelope.bounds(Facing.BACKWARD)
    return (
        f"This profile goes beyond the default limits for walking backward: up to {bounds.speed.text()} "
        f"and {bounds.incline.text()}. It is a hard session."
    )


@dataclass(slots=True)
class _Carried:
    """What a step that says nothing keeps from the one before."""

    facing: Facing
    handrails: Handrails = Handrails.BOTH
    speed: Speed = Speed(0)  # a profile's first walking step says its own
    incline: Incline = Incline(0)


@dataclass(slots=True)
class _Compiler:
    """Walks the tree of a profile and yields flat steps."""

    profile: Profile
    envelope: Envelope
    carried: _Carried = field(init=False)
    flat: list[PlanStep] = field(default_factory=list)
    stood: bool = True

    def steps(self) -> tuple[PlanStep, ...]:
        self.carried = _Carried(self.profile.facing)
        for where, step in _flattened(self.profile.steps, "steps"):
            self._add(where, step)
        return tuple(self.flat)

    def general_refusals(self) -> tuple[str, ...]:
        grid = self.envelope.capabilities.speed
        if grid is None:
            return (f"The speed cannot be set: {self.envelope.capabilities.no_speed}.",)
        if _walks_backward(self.flat) and grid.increment > GENTLE_CHANGE:
            coarse = f"This machine changes its speed in steps of {grid.increment}"
            return (f"{coarse}; facing backward a change of more than {GENTLE_CHANGE} is too sudden (S8).",)
        return ()

    def _add(self, where: str, step: Steady | Ramp | Stand) -> None:
        carried = self.carried
        facing = step.facing or carried.facing
        if facing is not carried.facing and not self.stood and not isinstance(step, Stand):
            carried.handrails = Handrails.BOTH  # for the turn, and after it until a step says otherwise
            self._append_stand(where, Stand(until_confirmed=True, cues=(CuePoint(at=0, text=TURN_TEXT),)))
        carried.facing = facing
        carried.handrails = step.handrails or carried.handrails
        if isinstance(step, Stand):
            self._append_stand(where, step)
        else:
            self._append_walk(where, step)

    def _append_stand(self, where: str, step: Stand) -> None:
        self.stood = True
        self.flat.append(
            PlanStep(
                index=len(self.flat),
                where=where,
                kind=StepKind.STAND,
                facing=self.carried.facing,
                handrails=self.carried.handrails,
                duration=step.duration or 0.0,
                length=None,
                until_confirmed=step.until_confirmed,
                speed_from=Speed(0),
                speed=Speed(0),
                incline_from=self._last_incline(),
                incline=self._last_incline(),
                cues=step.cues,
            )
        )

    def _append_walk(self, where: str, step: Steady | Ramp) -> None:
        carried, is_ramp = self.carried, isinstance(step, Ramp)
        asked_speed = (step.to if isinstance(step, Ramp) else step.speed) or carried.speed
        asked_incline = carried.incline if step.incline is None else step.incline
        note, verdict = "", Verdict.AS_WRITTEN
        try:
            speed, speed_note = self._speed(asked_speed, carried.facing)
            incline, incline_note = self._incline(asked_incline, carried.facing)
            note = "; ".join(filter(None, (speed_note, incline_note)))
            verdict = Verdict.ROUNDED if note else Verdict.AS_WRITTEN
        except SafetyError as error:
            speed, incline = asked_speed, asked_incline
            note, verdict = str(error).replace("; nothing was sent", ""), Verdict.REFUSED
        self.flat.append(
            PlanStep(
                index=len(self.flat),
                where=where,
                kind=StepKind.RAMP if is_ramp else StepKind.STEADY,
                facing=carried.facing,
                handrails=carried.handrails,
                duration=step.duration or 0.0,
                length=step.distance,
                until_confirmed=False,
                speed_from=self._ramp_start(speed) if is_ramp else speed,
                speed=speed,
                incline_from=self._last_incline() if is_ramp else incline,
                incline=incline,
                cues=step.cues,
                verdict=verdict,
                note=note,
            )
        )
        self.stood = False
        carried.speed, carried.incline = asked_speed, asked_incline

    def _ramp_start(self, speed: Speed) -> Speed:
        walked = [step for step in self.flat[-1:] if not step.is_stand]
        grid = self.envelope.capabilities.speed
        return walked[0].speed if walked else min(speed, grid.minimum) if grid else speed

    def _last_incline(self) -> Incline:
        return self.flat[-1].incline if self.flat else Incline(0)

    def _speed(self, asked: Speed, facing: Facing) -> tuple[Speed, str]:
        grid = self.envelope.capabilities.speed
        if grid is None:
            return asked, ""
        bounds = self.envelope.bounds(facing)
        snapped = grid.snap(asked, ceiling=bounds.speed)
        if asked > bounds.speed or abs(snapped - asked) > grid.increment / 2 + 1:
            self.envelope.check_speed(asked, facing)
        self.envelope.check_speed(snapped, facing)
        return snapped, "" if snapped == asked else f"{asked} rounded to {snapped}"

    def _incline(self, asked: Incline, facing: Facing) -> tuple[Incline, str]:
        grid = self.envelope.capabilities.incline
        if (deck := self.envelope.capabilities.fixed_incline) is not None:
            self.envelope.check_deck(deck, asked, facing)
            return deck, "" if deck == asked else f"the deck stays at {deck}"
        if grid is None or not grid.reported:
            if asked == 0:
                return asked, ""
            why = self.envelope.capabilities.no_incline or "the machine never tells its inclination (S10)"
            raise SafetyError(f"{asked} cannot be set: {why}.", rule="S7")
        bounds = self.envelope.bounds(facing)
        snapped = grid.snap(asked, ceiling=bounds.incline)
        if asked > bounds.incline or abs(snapped - asked) > grid.increment / 2:
            self.envelope.check_incline(asked, facing)
        self.envelope.check_incline(snapped, facing)
        return snapped, "" if snapped == asked else f"{asked} rounded to {snapped}"


def _flattened(steps: Sequence[Step], where: str) -> Iterator[tuple[str, Steady | Ramp | Stand]]:
    for number, step in enumerate(steps):
        here = f"{where}[{number}]"
        if isinstance(step, Repeat):
            for turn in range(1, step.times + 1):
                yield from _flattened(step.steps, f"{here}.repeat[{turn}/{step.times}].steps")
        else:
            yield here, step


@dataclass(slots=True)
class _Course:
    """Walks the steps as the runner would on a machine that obeys at once, to know time, distance and climb."""

    envelope: Envelope
    at: float = 0.0
    metres: float = 0.0
    climb: float = 0.0
    points: list[CoursePoint] = field(default_factory=list)
    speed: Speed = Speed(0)
    incline: Incline = Incline(0)
    last_rise: float = float("-inf")

    def place(self, step: PlanStep) -> PlanStep:
        """Return `step` with its beginning, estimated duration and metres, and what it reaches."""
        starts, metres = self.at, self.metres
        if step.is_stand:
            self._target(Speed(0), self.incline)
            self.at += step.duration
            self._mark()
            return replace(step, starts=starts)
        if self.speed == 0:
            self._start_belt(step)
        if step.length is None:
            self._walk(step, step.duration)
        else:
            self._walk_metres(step, float(step.length))
        reaches = self.speed if step.speed - self.speed > GENTLE_CHANGE else None
        return replace(step, starts=starts, duration=self.at - starts, metres=self.metres - metres, reaches=reaches)

    def _start_belt(self, step: PlanStep) -> None:
        grid = self.envelope.capabilities.speed
        self._target(grid.minimum if grid else step.speed, self.incline)
        self.last_rise = self.at

    def _walk(self, step: PlanStep, duration: float) -> None:
        end, starts = self.at + duration, self.at
        while self.at < end:
            self._steer(step, (self.at - starts) / duration)
            self._advance(self._stride(step, end - self.at))
        self._steer(step, 1.0)

    def _walk_metres(self, step: PlanStep, length: float) -> None:
        starts = self.metres
        while (left := length - (self.metres - starts)) > MICROMETRE:
            self._steer(step, 1 - left / length)
            self._advance(self._stride(step, left / self.speed.metres_per_second))

    def _stride(self, step: PlanStep, left: float) -> float:
        """Return the seconds to go at once: all that are left if nothing is going to change."""
        settled = step.kind is not StepKind.RAMP and (self.speed, self.incline) == (step.speed, step.incline)
        return left if settled else min(TICK, left)

    def _steer(self, step: PlanStep, progress: float) -> None:
        wanted_speed, wanted_incline = wanted_on(self.envelope.capabilities, step, progress)
        speed = self.envelope.next_speed(self.speed, wanted_speed, step.facing, self.at - self.last_rise)
        self._target(self.speed if speed is None else speed, wanted_incline)

    def _target(self, speed: Speed, incline: Incline) -> None:
        if (speed, incline) == (self.speed, self.incline) and self.points:
            return
        if speed > self.speed:
            self.last_rise = self.at
        self._mark()
        self.speed, self.incline = speed, incline
        self._mark()

    def _mark(self) -> None:
        point = CoursePoint(self.at, self.speed, self.incline, self.metres)
        if not self.points or self.points[-1] != point:
            self.points.append(point)

    def _advance(self, seconds: float) -> None:
        metres = self.speed.metres_per_second * seconds
        self.at += seconds
        self.metres += metres
        self.climb += metres * max(0.0, self.incline.grade)
