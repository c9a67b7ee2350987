"""From the log: how the machine's deck goes up and down, and by which numbers it means it. Pure."""

from __future__ import annotations

import itertools
from statistics import median
from typing import TYPE_CHECKING, Final

from backstride.learning.findings import Findings, How
from backstride.learning.log import Deed, Doing, Log
from backstride.protocol.control_point import SetTargetInclination
from backstride.units import Incline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backstride.protocol.ranges import InclinationRange

STANDARD: Final = 10.0
"""Units on the wire per 1 % (FTMS 4.4.1.5)."""

_FIELDS: Final = ("reported", "telemetry_scale", "telemetry_offset", "write_scale", "write_offset", "step")
_NEAR: Final = 0.05
_EXACT: Final = 1e-9
_TWO: Final = 2

Row = tuple[int, int | None, float | None]
"""What was written, what was reported once the deck had settled, and the per cent that the console showed."""


def followed(log: Log, deed: Deed) -> bool:
    """Tell whether a target inclination moved the deck: telemetry shows it, or the person, or the console."""
    if deed.person:
        return True
    before, after = reported(log, deed.began), reported(log, deed.ended)
    return before is not None and after is not None and before != after


def reported(log: Log, at: float) -> int | None:
    """Return the number of the inclination that was reported last at an instant, or None."""
    inclines = log.inclines(0.0, at)
    return inclines[-1][1] if inclines else None


def learn_deck(log: Log, inclines: InclinationRange | None, findings: Findings) -> None:
    """Find out what inclinations the machine takes, and how it tells them."""
    deeds = [deed for deed in log.of(Doing.INCLINE) if isinstance(deed.request, SetTargetInclination)]
    if inclines is None:
        return
    if not any(followed(log, deed) for deed in deeds):
        reason = "no inclination was seen to move the deck" if deeds else "no inclination was tried"
        for name in (*_FIELDS, "levels_on_stop"):
            findings.miss(f"incline.{name}", reason)
        findings.miss("belt.incline_rate", reason)
        return
    rows = [_row(log, deed) for deed in deeds if deed.succeeded is not False]
    raised = [row for row in rows if row[0] > 0]
    _learn_reported(log, findings)
    _learn_written(raised, inclines, findings)
    _learn_told(raised, log.inclines(0.0, deeds[0].began), findings)
    _learn_step(rows, inclines, findings)
    _learn_leveling(log, findings)
    _learn_rate(log, deeds, findings)


def _row(log: Log, deed: Deed) -> Row:
    written = int(deed.request.inclination) if isinstance(deed.request, SetTargetInclination) else 0
    return written, reported(log, deed.ended), None if deed.shown is None else deed.shown.number


def _learn_reported(log: Log, findings: Findings) -> None:
    shown = len({number for _, number in log.inclines(0.0, float("inf"))}) > 1
    seen = "telemetry followed the deck" if shown else "the deck moved, and telemetry said nothing of it"
    findings.learn("incline.reported", shown, seen, How.AIR if shown else How.PERSON)


def _learn_written(rows: Sequence[Row], inclines: InclinationRange, findings: Findings) -> None:
    """Find the numbers by which an inclination is written, from what the console showed."""
    read = [(written, shown) for written, _, shown in rows if shown is not None]
    if not any(shown for _, shown in read):
        _miss(("write_scale", "write_offset"), "the console's incline was not told", findings)
        return
    places = sorted({shown for _, shown in read} | {0.0})
    steps = [later - one for one, later in itertools.pairwise(places)]
    within = max(inclines.increment / STANDARD, min(steps)) / 2 + _NEAR  # how far a step may take the deck from a line
    for scale, offset in _lines(read):
        if scale > 0 and all(abs((written - offset) / scale - shown) <= within for written, shown in read):
            seen = f"{read[-1][0]} was written where the console showed {read[-1][1]:g} %"
            findings.learn("incline.write_scale", scale, seen, How.PERSON)
            findings.learn("incline.write_offset", offset, seen, How.PERSON)
            return
    _miss(("write_scale", "write_offset"), "what was written and what the console showed lie on no line", findings)


def _lines(read: Sequence[tuple[int, float]]) -> Iterator[tuple[float, int]]:
    """Yield scales and offsets that may be meant: the standard's, another scale, another zero."""
    yield STANDARD, 0
    yield _tidy(median(written / shown for written, shown in read if shown)), 0
    yield STANDARD, round(median(written - STANDARD * shown for written, shown in read))


def _learn_told(rows: Sequence[Row], rest: Sequence[tuple[float, int]], findings: Findings) -> None:
    """Find the numbers by which telemetry tells an inclination."""
    both = ("telemetry_scale", "telemetry_offset")
    if not findings.value("incline.reported"):
        _miss(both, "telemetry does not tell the incline", findings)
        return
    scale, offset = findings.value("incline.write_scale", STANDARD), findings.value("incline.write_offset", 0)
    pairs = [
        (told, (written - offset) / scale if shown is None else shown)
        for written, told, shown in rows
        if told is not None
    ]
    for zero in dict.fromkeys((rest[-1][1] if rest else 0, 0)):  # whoever forgot to lay the deck flat rests elsewhere
        scales = [
            ((told - zero - 0.5) / percent, (told - zero + 0.5) / percent) for told, percent in pairs if percent > 0
        ]
        low = max((low for low, _ in scales), default=0.0)
        high = min((high for _, high in scales), default=0.0)
        if high > 0 and low <= high * (1 + _NEAR):
            seen = f"{pairs[-1][0]} was reported at {pairs[-1][1]:g} %, and {zero} at 0 %"
            findings.learn("incline.telemetry_scale", _roundest(low, high), seen)
            findings.learn("incline.telemetry_offset", zero, seen)
            return
    _miss(both, "what telemetry told, and what the console showed, lie on no line", findings)


def _miss(names: Sequence[str], reason: str, findings: Findings) -> None:
    for name in names:
        findings.miss(f"incline.{name}", reason)


def _roundest(low: float, high: float) -> float:
    """Return the scale between two, as somebody would choose it; the mean to one decimal if they cross."""
    if low <= STANDARD <= high:
        return STANDARD
    for grain in (10, 5, 1, 0.5, 0.25, 0.1):
        number = round((low + high) / 2 / grain) * grain
        if low - _EXACT <= number <= high + _EXACT:
            return float(number)
    return round((low + high) / 2, 1)


def _tidy(scale: float) -> float:
    """Return a scale as somebody chose it: the standard's where it is near, else to one decimal."""
    return STANDARD if abs(scale / STANDARD - 1) < _NEAR else round(scale, 1)


def _percents(rows: Sequence[Row], findings: Findings) -> list[tuple[int, int]]:
    """Return what was asked for and where the deck went, both in 0.1 %."""
    scale: float = findings.value("incline.write_scale", STANDARD)
    zero: int = findings.value("incline.write_offset", 0)
    told_scale: float = findings.value("incline.telemetry_scale", STANDARD)
    offset: int = findings.value("incline.telemetry_offset", 0)
    went = []
    for written, told, shown in rows:
        percent = shown if shown is not None else None if told is None else (told - offset) / told_scale
        if percent is not None:
            went.append((round((written - zero) * 10 / scale), round(percent * 10)))
    return went


def _learn_step(rows: Sequence[Row], inclines: InclinationRange, findings: Findings) -> None:
    """Find the smallest step the deck really makes."""
    places = sorted({went for asked, went in _percents(rows, findings) if asked >= 0} | {0})
    steps = [later - one for one, later in itertools.pairwise(places)]
    asked = sorted({asked for asked, _ in _percents(rows, findings) if asked >= 0} | {0})
    apart = [later - one for one, later in itertools.pairwise(asked)]
    if not steps or not apart or min(apart) >= min(steps) > inclines.increment:
        findings.miss("incline.step", "no two inclinations that lie close enough together were reached")
        return
    smallest = min(steps)
    seen = f"asked for {_list(asked)} the deck went to {_list(places)} (in %)"
    real = None if smallest <= inclines.increment else Incline(smallest)
    findings.learn("incline.step", real, seen)


def _list(tenths: Sequence[int]) -> str:
    return ", ".join(f"{number / 10:g}" for number in tenths)


def _learn_leveling(log: Log, findings: Findings) -> None:
    name = "incline.levels_on_stop"
    for deed in log.of(Doing.STOPPING)[:1]:
        offset: int = findings.value("incline.telemetry_offset", 0)
        before, after = reported(log, deed.began), reported(log, deed.ended)
        if findings.value("incline.reported") and before is not None and after is not None and before != offset:
            seen = f"{before} was reported before a stop, {after} after"
            findings.learn(name, abs(after - offset) < abs(before - offset) / _TWO, seen)
        elif deed.person is not None:
            findings.learn(name, deed.person, "the person looked at the deck after a stop", How.PERSON)
        else:
            findings.miss(name, "the deck was level before the stop, or nobody could tell after it")
        return
    findings.miss(name, "the belt was not stopped")


def _learn_rate(log: Log, deeds: Sequence[Deed], findings: Findings) -> None:
    scale: float = findings.value("incline.telemetry_scale", STANDARD)
    way, seconds = 0, 0.0  # of the longest motion: numbers are rounded at both its ends
    for deed in deeds:
        before, after = reported(log, deed.began), reported(log, deed.ended)
        points = [point for point in log.inclines(deed.began, deed.ended) if point[1] not in {before, after}]
        if len(points) >= _TWO and points[-1][0] - points[0][0] > seconds:
            way, seconds = abs(points[-1][1] - points[0][1]), points[-1][0] - points[0][0]
    if seconds:
        seen = f"{way} on the wire in {seconds:.0f} s of motion"
        findings.learn("belt.incline_rate", round(way / seconds / scale, 2), seen)
    else:
        findings.miss("belt.incline_rate", "no change of the incline lasted for two records")
