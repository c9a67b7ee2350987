"""What a chart draws: quantities over time, from a plan or from a record, brought down to any number of columns."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

from backstride.record.fields import number
from backstride.record.tally import GAP_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from backstride.record.header import PlannedStep
    from backstride.workout.plan import CoursePoint


class Stretch(NamedTuple):
    """A quantity that goes in a straight line from `first` to `last` between two instants, in seconds."""

    start: float
    end: float
    first: float
    last: float


@dataclass(slots=True)
class Curves:
    """A session as a chart sees it.

    Where a quantity is unknown there is no stretch, and the chart stays empty.

    Attributes:
        speed: Speed in km/h, as planned or as walked.
        target: Speed in km/h that was asked for; empty for a plan.
        incline: Inclination in percent.
        end: Where the time axis ends, in seconds.
    """

    speed: list[Stretch] = field(default_factory=list)
    target: list[Stretch] = field(default_factory=list)
    incline: list[Stretch] = field(default_factory=list)
    end: float = 0.0

    @classmethod
    def of_plan(cls, plan: Iterable[PlannedStep]) -> Self:
        """Return what `plan` asks for; a step whose length nothing tells takes no room."""
        curves = cls()
        for step in plan:
            start, end = curves.end, curves.end + step.expected_seconds
            if step.speed_from is not None and step.speed_to is not None:
                curves.speed.append(Stretch(start, end, float(step.speed_from.kmh), float(step.speed_to.kmh)))
            if step.incline_from is not None and step.incline_to is not None:
                first, last = float(step.incline_from.percent), float(step.incline_to.percent)
                curves.incline.append(Stretch(start, end, first, last))
            curves.end = end
        return curves

    @classmethod
    def of_course(cls, course: Iterable[CoursePoint], end: float) -> Self:
        """Return the course of a compiled plan that takes `end` seconds; each point holds until the next."""
        curves = cls(end=end)
        points = list(course)
        for place, point in enumerate(points):
            until = points[place + 1].at if place + 1 < len(points) else end
            _extend(curves.speed, point.at, until, float(point.speed.kmh))
            _extend(curves.incline, point.at, until, float(point.incline.percent))
        return curves

    @classmethod
    def of_samples(cls, entries: Iterable[Mapping[str, object]]) -> Self:
        """Return what the samples among `entries` show; each holds until the next, but not over a gap."""
        curves = cls()
        earlier: tuple[float, Mapping[str, object]] | None = None
        for entry in entries:
            at = number(entry, "t")
            if entry.get("event") != "sample" or at is None:
                continue
            if earlier is not None:
                curves._add(*earlier, at)
            earlier = (at, entry)
        if earlier is not None:
            curves._add(*earlier, earlier[0] + 1)
        return curves

    def _add(self, start: float, sample: Mapping[str, object], end: float) -> None:
        end = min(end, start + GAP_S)
        _extend(self.target, start, end, number(sample, "target_speed_km_h"))
        if sample.get("stale") is not True:
            _extend(self.speed, start, end, number(sample, "speed_km_h"))
            _extend(self.incline, start, end, number(sample, "incline_percent"))
        self.end = max(self.end, end)


def _extend(curve: list[Stretch], start: float, end: float, value: float | None) -> None:
    """Add a level stretch, joined to the one before where it merely goes on."""
    if value is None or end <= start:
        return
    if curve and curve[-1].end == start and curve[-1].last == value:
        curve[-1] = curve[-1]._replace(end=end)
    else:
        curve.append(Stretch(start, end, value, value))


def columns(curve: Sequence[Stretch], end: float, count: int) -> list[float | None]:
    """Return the mean of `curve` in each of `count` equal parts of the time from 0 to `end`.

    None where it is unknown for half of the part or more, so that a gap stays visible.
    """
    width = end / count
    sums, seconds = [0.0] * count, [0.0] * count
    for stretch in curve:
        slope = (stretch.last - stretch.first) / (stretch.end - stretch.start) if stretch.end > stretch.start else 0.0
        for place in range(max(0, int(stretch.start / width)), min(count, math.ceil(stretch.end / width))):
            start, stop = max(stretch.start, place * width), min(stretch.end, (place + 1) * width)
            if stop > start:
                middle = (start + stop) / 2 - stretch.start
                sums[place] += (stretch.first + slope * middle) * (stop - start)
                seconds[place] += stop - start
    return [total / known if 2 * known > width else None for total, known in zip(sums, seconds, strict=True)]
