"""From the log: what the machine's speeds mean, how slow it runs, and how its belt moves. Pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from backstride.learning.amounts import MILE
from backstride.learning.findings import Findings, How
from backstride.learning.log import Deed, Doing, Log
from backstride.machines.facts import WireUnit
from backstride.protocol.control_point import OpCode, SetTargetSpeed
from backstride.units import Speed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backstride.learning.log import Record
    from backstride.protocol.ranges import SpeedRange

METRES_WANTED: Final = 8
"""Metres after which the distance tells kilometres from miles: it comes in whole metres, and they differ by 1.6."""

ALIKE: Final = 1.25
"""Two measures that differ by less than this factor are taken for the same: halfway, as factors go, to a mile."""

LONGER: Final = 1.5
"""By how much longer than seen a start is given time (`motion_within`)."""

_LEAST_PATIENCE: Final = 4.0
_HALF: Final = 2
_NO_MOTION: Final = "the belt was not seen to move"

Point = tuple[float, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A speed that was asked for, and what was reported before and after."""

    deed: Deed
    written: int
    before: int | None
    after: int


def settled_speed(log: Log, at: float) -> int | None:
    """Return the number of the speed that was reported last at an instant, or None."""
    speeds = log.speeds(0.0, at)
    return speeds[-1][1] if speeds else None


def changes(log: Log) -> list[Change]:
    """Return each target speed that was not refused, to a moving belt."""
    found = []
    for deed in log.of(Doing.SPEED):
        after = settled_speed(log, deed.ended)
        if isinstance(deed.request, SetTargetSpeed) and deed.succeeded is not False and after is not None:
            found.append(Change(deed, int(deed.request.speed), settled_speed(log, deed.began), after))
    return found


def obeyed(change: Change) -> bool:
    """Tell whether the belt was seen to change its speed, by telemetry or by the person."""
    return bool(change.deed.person) or (change.before is not None and change.before != change.after)


def learn_units(log: Log, speeds: SpeedRange | None, findings: Findings) -> None:
    """Find out what reported, announced and written speeds mean."""
    factor, seen, how = _true_per_reported(log)
    if factor is None:
        findings.miss("speed.unit", seen)
    else:
        findings.learn("speed.unit", WireUnit.MPH if factor > ALIKE else WireUnit.KMH, seen, how)
    ratio = _reported_per_written(log)
    if ratio is None:
        findings.miss("control.write_unit", "no target speed was seen to change the speed")
    elif factor is None and not _is_alike(ratio, 1):
        findings.miss("control.write_unit", "what reported speeds mean is not known")
    else:
        true = ratio * (factor or 1.0)
        unit = WireUnit.MPH if true > ALIKE else WireUnit.KMH
        findings.learn("control.write_unit", unit, f"a target was reported as {ratio:.2f} times its number")
    if speeds is not None:
        _learn_floor(log, speeds, ratio, findings)


def _is_alike(one: float, other: float) -> bool:
    return other / ALIKE < one < other * ALIKE


def _true_per_reported(log: Log) -> tuple[float | None, str, How]:
    """Return how many km/h a reported number of 1.00 is, and what shows it."""
    metres, accounted = 0.0, 0.0
    for run in log.moving():
        way, by_speed = _ways(run)
        metres, accounted = metres + way, accounted + by_speed
    if metres >= METRES_WANTED and accounted > 0:
        factor = metres / accounted
        seen = f"the distance grew by {metres:.0f} m where the reported speeds account for {accounted:.0f} m"
        for known in (1.0, MILE):
            if _is_alike(factor, known):
                return known, seen, How.AIR
        return None, f"{seen}: neither kilometres nor miles explain that", How.AIR
    return _shown_per_reported(log)


def _ways(run: Sequence[Record]) -> tuple[float, float]:
    """Return the metres a run of records reports, from the first to the last metre in it, and what its speeds say."""
    marks = [
        place
        for place in range(1, len(run))
        if (run[place].data.total_distance or 0) > (run[place - 1].data.total_distance or 0)
    ]
    if len(marks) < _HALF:
        return 0.0, 0.0
    first, last = marks[0], marks[-1]
    metres = float((run[last].data.total_distance or 0) - (run[first].data.total_distance or 0))
    accounted = 0.0
    for one, next_ in zip(run[first:last], run[first + 1 : last + 1], strict=True):
        mean = (int(one.data.instantaneous_speed or 0) + int(next_.data.instantaneous_speed or 0)) / 2
        accounted += mean / 360 * (next_.at - one.at)
    return metres, accounted


def _shown_per_reported(log: Log) -> tuple[float | None, str, How]:
    """Return the same, from what the person read on the console."""
    for deed in reversed(log.of(Doing.SPEED)):
        number = settled_speed(log, deed.ended)
        if deed.shown is None or not deed.shown.unit or not number:
            continue
        shown = deed.shown.number * (MILE if deed.shown.unit == "mph" else 1.0) * 100
        seen = f"the console showed {deed.shown.number:g} {deed.shown.unit} while {number / 100:g} was reported"
        for known in (1.0, MILE):
            if _is_alike(shown / number, known):
                return known, seen, How.PERSON
    return None, "the reported distance did not grow far enough, and the console's speed was not told", How.PERSON


def _reported_per_written(log: Log) -> float | None:
    """Return reported over written numbers, from the change that shows it best."""
    shown = [change for change in changes(log) if obeyed(change) and change.written and change.after]
    for change in reversed(shown):
        ratio = change.after / change.written
        for known in (1.0, MILE, 1 / MILE):
            if _is_alike(ratio, known):
                return known
    return None


def _learn_floor(log: Log, speeds: SpeedRange, ratio: float | None, findings: Findings) -> None:
    """Find the slowest speed that the belt really runs at."""
    slowest = [change for change in changes(log) if change.after]
    starts = [number for deed in log.of(Doing.STARTING) if (number := settled_speed(log, deed.ended))]
    if slowest:
        asked, ran = round(slowest[0].written * (ratio or 1.0)), slowest[0].after
    elif starts:
        asked, ran = int(speeds.minimum), starts[0]
    else:
        findings.miss("speed.floor", _NO_MOTION)
        return
    seen = f"asked for {asked / 100:g} it reported {ran / 100:g}"
    if ran > asked + int(speeds.increment):
        unit: WireUnit = findings.value("speed.unit", WireUnit.KMH)
        findings.learn("speed.floor", unit.from_wire(Speed(ran)), seen)
    else:
        findings.learn("speed.floor", None, f"{seen}, as announced")


# --- how the belt moves


def learn_belt(log: Log, findings: Findings) -> None:
    """Find out how long a start takes, and how quickly the belt changes its speed."""
    unit: WireUnit = findings.value("speed.unit", WireUnit.KMH)
    kmh = MILE if unit is WireUnit.MPH else 1.0
    rising = [deed for deed in log.of(Doing.STARTING, Doing.SPEED) if deed.succeeded is not False]
    _learn_slope("belt.acceleration", (_rise(log, deed) for deed in rising), kmh, findings)
    _learn_slope("belt.braking", (_fall(log, deed) for deed in log.of(Doing.STOPPING)), kmh, findings)
    _learn_starts(log, findings.value("belt.acceleration"), kmh, findings)
    _learn_overshoot(log, rising, kmh, findings)


def _rise(log: Log, deed: Deed) -> list[Point]:
    """Return the points strictly between the speed before and the one after."""
    before, after = settled_speed(log, deed.began) or 0, settled_speed(log, deed.ended) or 0
    between: list[Point] = []
    for at, number in log.speeds(deed.began, deed.ended):
        if number >= after:
            break
        if number > before:
            between.append((at, number))
    return between


def _fall(log: Log, deed: Deed) -> list[Point]:
    before = settled_speed(log, deed.began) or 0
    return [(at, number) for at, number in log.speeds(deed.began, deed.ended) if 0 < number < before]


def _slopes(points: Sequence[Point]) -> list[float]:
    pairs = itertools.pairwise(points)
    return [abs(later[1] - one[1]) / (later[0] - one[0]) / 100 for one, later in pairs if later[0] > one[0]]


def _learn_slope(name: str, ways: Iterable[list[Point]], kmh: float, findings: Findings) -> None:
    slopes = [slope for points in ways for slope in _slopes(points)]
    if not slopes:
        findings.miss(name, "no change of speed lasted for two records")
        return
    measured = round(median(slopes) * kmh, 2)
    if measured > 0:
        findings.learn(name, measured, f"{measured:g} km/h per second, from {len(slopes)} pairs of records")


def _learn_starts(log: Log, acceleration: float | None, kmh: float, findings: Findings) -> None:
    """Find out how long after a Start the first motion is reported, and when it truly began."""
    waits, dead_times = [], []
    for deed in log.of(Doing.STARTING):
        first = next(((at, number) for at, number in log.speeds(deed.began, deed.ended) if number), None)
        if first is None:
            continue
        start = next(write for write in log.answers(OpCode.START_OR_RESUME) if write.at >= deed.began)
        waits.append(first[0] - (start.answered_at or start.at))
        if acceleration and _rise(log, deed):
            dead_times.append(first[0] - first[1] * kmh / 100 / acceleration - start.at)
    if not waits:
        for name in ("control.motion_within", "belt.dead_time"):
            findings.miss(name, _NO_MOTION)
        return
    longest = max(waits)
    within = max(_LEAST_PATIENCE, round(longest * LONGER * 2) / 2)
    seen = f"the first motion was reported {longest:.1f} s after an answered Start, at most, of {len(waits)}"
    findings.learn("control.motion_within", within, f"{seen}; it is given half as long again, and 4 s at least")
    if dead_times:
        findings.learn("belt.dead_time", max(0.0, round(median(dead_times), 1)), "from the first records that moved")
    else:
        findings.miss("belt.dead_time", "the belt was at its speed before a record showed it on the way")


def _learn_overshoot(log: Log, rising: Sequence[Deed], kmh: float, findings: Findings) -> None:
    over = [
        max(number for _, number in speeds) - speeds[-1][1]
        for deed in rising
        if (speeds := log.speeds(deed.began, deed.ended)) and speeds[-1][1]
    ]
    if over:
        highest = round(max(over) * kmh / 100, 2)
        findings.learn("belt.overshoot", highest, f"no record was more than {highest:g} km/h above where it settled")
    else:
        findings.miss("belt.overshoot", _NO_MOTION)
