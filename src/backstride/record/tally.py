"""Summing a session up: fed event by event, live or from a record, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from backstride.record.energy import OxygenTally
from backstride.record.fields import number, text
from backstride.record.summary import StepSummary, Summary, average_speed
from backstride.units import Incline, Speed
from backstride.workout.events import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backstride.record.header import PlannedStep

GAP_S: Final = 2.5
"""Samples come once a second; further apart than this, in seconds, some are missing."""

NOT_REACHED: Final = "not reached"
UNDER_WAY: Final = "under way"
_WALKING: Final = (SessionState.STARTING.value, SessionState.RUNNING.value)


@dataclass(slots=True)
class _Counter:
    """Growth of a counter that a machine may carry over from before, or reset on the way."""

    last: float | None = None
    growth: float = 0.0

    def feed(self, value: float | None) -> None:
        if value is None:
            return
        if self.last is not None:
            self.growth += value - self.last if value >= self.last else value
        self.last = value

    def result(self) -> int | None:
        return None if self.last is None else round(self.growth)


@dataclass(slots=True)
class _StepTally:
    label: str
    kind: str
    planned_s: float | None = None
    planned_m: float | None = None
    walked_s: float = 0.0
    walked_m: float = 0.0
    how: str = NOT_REACHED
    visits: int = 0

    def summary(self, step: int, open_s: float, open_m: float) -> StepSummary:
        seconds, metres = self.walked_s + open_s, self.walked_m + open_m
        return StepSummary(
            step=step,
            label=self.label,
            kind=self.kind,
            planned_s=self.planned_s,
            planned_m=self.planned_m,
            walked_s=seconds,
            walked_m=metres,
            average_speed=average_speed(metres, seconds),
            how=self.how,
            visits=self.visits,
        )


@dataclass(slots=True)
class _Open:
    """The step under way: since when, from which distance, and the seconds spent running in it."""

    step: int
    since: float
    distance: float
    backward: bool
    seconds: float = 0.0


@dataclass(slots=True)
class _Last:
    """What the samples so far leave behind for the next one."""

    at: float | None = None
    distance: float = 0.0
    climb: float = 0.0
    blind: bool = False


@dataclass(slots=True)
class _Peaks:
    speed_km_h: float | None = None
    incline_percent: float | None = None
    heart_rate: float | None = None
    heart_rate_sum: float = 0.0
    heart_rate_count: int = 0


@dataclass(slots=True)
class _Counts:
    holds: int = 0
    overrides: int = 0
    warnings: int = 0
    gaps: int = 0
    gap_s: float = 0.0


@dataclass(slots=True)
class _End:
    at: float | None = None
    ending: str | None = None
    reason: str = ""
    belt_standing: bool | None = None


@dataclass(slots=True)
class _Machine:
    energy: _Counter = field(default_factory=_Counter)
    distance: _Counter = field(default_factory=_Counter)
    steps: _Counter = field(default_factory=_Counter)


class Tally:
    """Adds up a session from its events, in the form that `payload` gives them.

    Feed it every event in order, live or from a record; `summary` may be asked at any time.

    Args:
        plan: The steps of the plan in order.
        body_mass_kg: For the estimate of energy; without it none is made.
    """

    def __init__(self, plan: Sequence[PlannedStep] = (), *, body_mass_kg: float | None = None) -> None:
        self._body_mass_kg = body_mass_kg
        self._steps = {
            place: _StepTally(step.label, step.kind, step.seconds, step.metres) for place, step in enumerate(plan)
        }
        self._at = 0.0
        self._started: float | None = None
        self._moving = 0.0
        self._open: _Open | None = None
        self._last = _Last()
        self._peaks = _Peaks()
        self._counts = _Counts()
        self._machine = _Machine()
        self._oxygen = OxygenTally()
        self._linked = True
        self._end = _End()
        self._feeders: dict[object, Callable[[Mapping[str, object], float], None]] = {
            "sample": self._sample,
            "state": self._begin,
            "step": self._step,
            "step_end": self._step_end,
            "held": self._held,
            "console": self._console,
            "warning": self._warning,
            "link": self._link,
            "ended": self._ended,
        }

    def feed(self, values: Mapping[str, object]) -> None:
        """Take one event in; what is not known, or says nothing to a summary, is passed over."""
        at = number(values, "t")
        feeder = self._feeders.get(values.get("event"))
        if at is None or feeder is None:
            return
        self._at = max(self._at, at)
        feeder(values, at)

    @property
    def way(self) -> tuple[float, float]:
        """Metres walked and metres climbed so far: what is wanted every second, without the rest of the summary."""
        return self._last.distance, self._last.climb

    def summary(self) -> Summary:
        """Return the sum of everything fed so far."""
        peaks, counts, machine, end = self._peaks, self._counts, self._machine, self._end
        until = self._at if end.at is None else end.at
        heart = round(peaks.heart_rate_sum / peaks.heart_rate_count) if peaks.heart_rate_count else None
        return Summary(
            at=self._at,
            duration=0.0 if self._started is None else max(0.0, until - self._started),
            moving=self._moving,
            distance=self._last.distance,
            climb=self._last.climb,
            average_speed=average_speed(self._last.distance, self._moving),
            best_speed=None if peaks.speed_km_h is None else Speed(round(peaks.speed_km_h * 100)),
            highest_incline=None if peaks.incline_percent is None else Incline(round(peaks.incline_percent * 10)),
            average_heart_rate=heart,
            highest_heart_rate=None if peaks.heart_rate is None else round(peaks.heart_rate),
            machine_energy=machine.energy.result(),
            machine_distance=machine.distance.result(),
            steps_taken=machine.steps.result(),
            energy=self._oxygen.estimate(self._body_mass_kg),
            ending=end.ending,
            reason=end.reason,
            belt_standing=end.belt_standing,
            holds=counts.holds,
            overrides=counts.overrides,
            warnings=counts.warnings,
            gaps=counts.gaps,
            gap_s=counts.gap_s,
            steps=tuple(self._step_summary(place) for place in sorted(self._steps)),
        )

    def _step_summary(self, place: int) -> StepSummary:
        under_way = self._open
        if under_way is None or under_way.step != place:
            return self._steps[place].summary(place, 0.0, 0.0)
        return self._steps[place].summary(place, under_way.seconds, self._last.distance - under_way.distance)

    def _sample(self, values: Mapping[str, object], at: float) -> None:
        self._begin(values, at)
        last = self._last
        distance = max(number(values, "distance_m") or 0.0, last.distance)
        seconds = at - last.at if last.at is not None else 0.0
        if seconds > 0:
            self._pass_time(values, seconds, distance - last.distance)
        last.at, last.distance = at, distance
        last.climb = max(number(values, "climb_m") or 0.0, last.climb)
        self._machine.energy.feed(number(values, "energy_kcal"))
        self._machine.distance.feed(number(values, "machine_distance_m"))
        self._machine.steps.feed(number(values, "steps"))
        if values.get("stale") is not True:
            self._peak(values)

    def _pass_time(self, values: Mapping[str, object], seconds: float, metres: float) -> None:
        """Account for the time since the last sample, and the distance made in it."""
        blind = self._started is not None and (seconds > GAP_S or values.get("stale") is True)
        if blind:
            self._counts.gaps += not self._last.blind
            self._counts.gap_s += seconds
        self._last.blind = blind
        under_way = self._open
        if under_way is not None and values.get("state") == SessionState.RUNNING and self._linked:
            under_way.seconds += min(seconds, (self._last.at or 0.0) + seconds - under_way.since)
        if metres > 0:
            self._moving += seconds
            percent = number(values, "incline_percent")
            incline = None if percent is None else Incline(round(percent * 10))
            backward = under_way is None or under_way.backward
            self._oxygen.add(seconds, Speed(round(metres / seconds * 360)), incline, backward=backward)

    def _peak(self, values: Mapping[str, object]) -> None:
        peaks = self._peaks
        speed, incline = number(values, "speed_km_h"), number(values, "incline_percent")
        if speed is not None:
            peaks.speed_km_h = max(speed, peaks.speed_km_h or 0.0)
            if speed > 0 and incline is not None:
                known = peaks.incline_percent
                peaks.incline_percent = incline if known is None else max(incline, known)
        # A heart rate of 0 is a strap that nobody wears.
        if rate := number(values, "heart_rate_bpm"):
            peaks.heart_rate = max(rate, peaks.heart_rate or 0.0)
            peaks.heart_rate_sum += rate
            peaks.heart_rate_count += 1

    def _link(self, values: Mapping[str, object], _: float) -> None:
        self._linked = values.get("connected") is not False

    def _begin(self, values: Mapping[str, object], at: float) -> None:
        if self._started is None and values.get("state") in _WALKING:
            self._started = at

    def _step(self, values: Mapping[str, object], at: float) -> None:
        place = _place(values)
        step = self._steps.get(place)
        if step is None:
            step = self._steps[place] = _StepTally(text(values, "label") or "", text(values, "kind") or "")
        step.visits += 1
        step.how = UNDER_WAY
        self._open = _Open(place, at, self._last.distance, backward=values.get("facing") != "forward")

    def _step_end(self, values: Mapping[str, object], _at: float) -> None:
        step = self._steps.get(_place(values))
        if step is not None:
            step.walked_s += number(values, "walked_s") or 0.0
            step.walked_m += number(values, "distance_m") or 0.0
            step.how = text(values, "how") or ""
        self._open = None

    def _held(self, _values: Mapping[str, object], _at: float) -> None:
        self._counts.holds += 1

    def _console(self, _values: Mapping[str, object], _at: float) -> None:
        self._counts.overrides += 1

    def _warning(self, _values: Mapping[str, object], _at: float) -> None:
        self._counts.warnings += 1

    def _ended(self, values: Mapping[str, object], at: float) -> None:
        standing = values.get("belt_standing")
        self._end = _End(
            at,
            text(values, "ending"),
            text(values, "reason") or "",
            standing if isinstance(standing, bool) else None,
        )


def _place(values: Mapping[str, object]) -> int:
    return int(number(values, "step") or 0)
