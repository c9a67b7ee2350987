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
    from collections.abc import Sequence

    from backstride.protocol.ranges import InclinationRange

STANDARD: Final = 10.0
"""Units on the wire per 1 % (FTMS 4.4.1.5)."""

_FIELDS: Final = ("reported", "telemetry_scale", "telemetry_offset", "write_scale", "write_offset", "step")
_NEAR: Final = 0.05
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
        for name in (*_FIELDS, "floor", "below_floor", "levels_on_stop"):
            findings.miss(f"incline.{name}", reason)
        findings.miss("belt.incline_rate", reason)
        return
    rows = [_row(log, deed) for deed in deeds if deed.succeeded is not False]
    _learn_reported(log, findings)
    _learn_scales([row for row in rows if row[0] > 0], reported(log, deeds[0].began), findings)
    _learn_step(rows, inclines, findings)
    _learn_lowest(rows, deeds, inclines, findings)
    _learn_leveling(log, findings)
    _learn_rate(log, deeds, findings)


def _row(log: Log, deed: Deed) -> Row:
    written = int(deed.request.inclination) if isinstance(deed.request, SetTargetInclination) else 0
    return written, reported(log, deed.ended), None if deed.shown is None else deed.shown.number


def _learn_reported(log: Log, findings: Findings) -> None:
    shown = any(number for _, number in log.inclines(0.0, float("inf")))
    seen = "telemetry followed the deck" if shown else "the deck moved, and telemetry said nothing of it"
    findings.learn("incline.reported", shown, seen, How.AIR if shown else How.PERSON)


def _learn_scales(rows: Sequence[Row], at_rest: int | None, findings: Findings) -> None:
    """Find the numbers by which an inclination is meant, from what the console showed, or taking the written for it."""
    read = [(written, told, shown) for written, told, shown in rows if shown]
    if read:
        scale = median(written / shown for written, _, shown in read)
        seen = f"{read[-1][0]} was written where the console showed {read[-1][2]:g} %"
        findings.learn("incline.write_scale", _tidy(scale), seen, How.PERSON)
        findings.learn("incline.write_offset", 0, seen, How.PERSON)
    else:
        for name in ("write_scale", "write_offset"):
            findings.miss(f"incline.{name}", "the console's incline was not told")
    write_scale: float = findings.value("incline.write_scale", STANDARD)
    pairs = [(told, shown or written / write_scale) for written, told, shown in rows if told]
    if not pairs:
        for name in ("telemetry_scale", "telemetry_offset"):
            findings.miss(f"incline.{name}", "telemetry does not tell the incline")
        return
    offset = at_rest or 0
    scale = median((told - offset) / percent for told, percent in pairs)
    seen = f"{pairs[-1][0]} was reported at {pairs[-1][1]:g} %, and {offset} at rest"
    findings.learn("incline.telemetry_scale", _tidy(scale), seen)
    findings.learn("incline.telemetry_offset", offset, seen)


def _tidy(scale: float) -> float:
    """Return a scale as somebody chose it: the standard's where it is near, else to one decimal."""
    return STANDARD if abs(scale / STANDARD - 1) < _NEAR else round(scale, 1)


def _percents(rows: Sequence[Row], findings: Findings) -> list[tuple[int, int]]:
    """Return what was asked for and where the deck went, both in 0.1 %."""
    scale: float = findings.value("incline.write_scale", STANDARD)
    told_scale: float = findings.value("incline.telemetry_scale", STANDARD)
    offset: int = findings.value("incline.telemetry_offset", 0)
    went = []
    for written, told, shown in rows:
        percent = shown if shown is not None else None if told is None else (told - offset) / told_scale
        if percent is not None:
            went.append((round(written * 10 / scale), round(percent * 10)))
    return went


def _learn_step(rows: Sequence[Row], inclines: InclinationRange, findings: Findings) -> None:
    """Find the smallest step the deck really makes."""
    places = sorted({went for asked, went in _percents(rows, findings) if asked >= 0} | {0})
    steps = [later - one for one, later in itertools.pairwise(places)]
    asked = sorted({asked for asked, _ in _percents(rows, findings) if asked >= 0})
    if len(asked) < _TWO or not steps:
        findings.miss("incline.step", "fewer than two inclinations were reached")
        return
    smallest = min(steps)
    seen = f"asked for {_list(asked)} the deck went to {_list(places)} (in %)"
    real = None if smallest <= inclines.increment else Incline(smallest)
    findings.learn("incline.step", real, seen)


def _list(tenths: Sequence[int]) -> str:
    return ", ".join(f"{number / 10:g}" for number in tenths)


def _learn_lowest(rows: Sequence[Row], deeds: Sequence[Deed], inclines: InclinationRange, findings: Findings) -> None:
    """Find out whether the deck goes downhill where it says that it does."""
    if inclines.minimum >= 0:
        findings.learn("incline.floor", None, f"it announces none below {Incline(inclines.minimum)}")
        findings.learn("incline.below_floor", None, f"it announces none below {Incline(inclines.minimum)}")
        return
    below = [(asked, went) for asked, went in _percents(rows, findings) if asked < 0]
    refused = [deed for deed in deeds if _is_decline(deed) and deed.succeeded is False]
    if below and all(abs(went - asked) <= abs(asked) / _TWO for asked, went in below):
        findings.learn("incline.floor", None, f"asked for {_list([a for a, _ in below])} it went there (in %)")
        findings.learn("incline.below_floor", None, "it goes as low as it was asked to")
    elif refused and not below:
        findings.learn("incline.floor", Incline(0), "declines are refused")
        findings.learn("incline.below_floor", None, "declines are refused")
    elif below:
        lowest = min(went for _, went in below)
        findings.learn("incline.floor", Incline(min(0, lowest)), f"it never went below {lowest / 10:g} %")
        findings.learn("incline.below_floor", Incline(below[0][1]), f"asked for a decline it went to {lowest / 10:g} %")
    else:
        for name in ("floor", "below_floor"):
            findings.miss(f"incline.{name}", "no decline was tried")


def _is_decline(deed: Deed) -> bool:
    return isinstance(deed.request, SetTargetInclination) and deed.request.inclination < 0


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
