"""Charts for a terminal, drawn with block characters: speed and incline over time, planned against walked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from backstride.record.curves import columns
from backstride.units import KM_PER_MILE, Distance, SpeedUnit, format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backstride.record.curves import Curves, Stretch
    from backstride.record.summary import StepSummary

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_EIGHTHS: Final = 8
_TOPS: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40)
_TIME_MARKS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)
_AXIS: Final = 7  # columns that the figures and the axis itself take
_MARK_ROOM: Final = 10  # columns from one time mark to the next, at least
_NARROWEST: Final = 30
_LOWEST: Final = 10
_FRAME: Final = 6  # lines of a chart that hold no data: two titles, two axes, the times, a gap
_FRAME_ALONE: Final = 3  # the same without the incline: title, axis, times
_LABEL: Final = 34
_BAR: Final = 12
_SHORTEST: Final = 8  # of a label, where the terminal is too narrow for anything else
_SPEED, _INCLINE, _TARGET, _PLANNED = "36", "33", "35", "2"  # ANSI colours: cyan, yellow, magenta, faint


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    legend: str
    area: list[float | None]
    target: list[float | None]
    rows: int
    colour: str


def draw_curves(
    curves: Curves, *, width: int = 80, height: int = 20, unit: SpeedUnit = SpeedUnit.MPH, colour: bool = False
) -> str:
    """Draw speed and incline over time.

    Args:
        curves: What to draw. Where a target is given, it is drawn wherever the speed differs from it.
        width: Columns of the terminal, 30 at least.
        height: Lines, 10 at least; the lower third shows the incline, where it is known.
        unit: What the person reads speed in.
        colour: Whether ANSI colours may be used.

    Returns:
        Lines of at most `width` columns, or one sentence where there is nothing to draw.
    """
    if not curves.speed or curves.end <= 0:
        return "There is no speed to draw."
    count = max(width, _NARROWEST) - _AXIS
    rows = max(height, _LOWEST) - _FRAME
    factor = 1 / float(KM_PER_MILE) if unit is SpeedUnit.MPH else 1.0
    slope = _scaled(curves.incline, curves.end, count, 1.0)
    low = rows // 3 if _is_known(slope) else _FRAME_ALONE - _FRAME
    speed = _Panel(
        title=f"Speed, {unit}",
        legend="█ walked  ━ target, where it differs" if curves.target else "",
        area=_scaled(curves.speed, curves.end, count, factor),
        target=_scaled(curves.target, curves.end, count, factor),
        rows=rows - low,
        colour=_SPEED,
    )
    if not _is_known(speed.area) and not _is_known(speed.target):
        return "There is no speed to draw."  # a few seconds in hours of silence are less than a column
    lines = _drawn(speed, curves.end, colour=colour)
    if _is_known(slope):
        incline = _Panel("Incline, %", "", slope, [None] * count, low, _INCLINE)
        lines += ["", *_drawn(incline, curves.end, colour=colour)]
    return "\n".join([*lines, _times(curves.end, count)])


def draw_steps(
    steps: Sequence[StepSummary],
    *,
    width: int = 80,
    unit: SpeedUnit = SpeedUnit.MPH,
    colour: bool = False,
    most: int = 40,
) -> str:
    """Draw one bar for each step: how much of what was planned was walked.

    Args:
        steps: The steps of a summary.
        width: Columns of the terminal.
        unit: What the person reads distances in.
        colour: Whether ANSI colours may be used.
        most: Steps to draw; of a longer plan the rest is counted in the last line.
    """
    shown = steps[:most]
    if not shown:
        return "There are no steps to draw."
    labels = [f"{step.step + 1:>{len(str(len(shown)))}} {step.label}" for step in shown]
    figures = [_figures(step, unit) for step in shown]
    room = max(width, _NARROWEST) - max(map(len, figures)) - 4
    longest = max(map(len, labels))
    label_width = max(min(longest, _SHORTEST), min(longest, _LABEL, room - _BAR))
    bar_width = max(0, room - label_width)
    lines = [_title("Planned against walked", "█ walked  ░ planned", max(width, _NARROWEST))]
    for label, figure, step in zip(labels, figures, shown, strict=True):
        short = label if len(label) <= label_width else label[: label_width - 1] + "…"
        bar = _bar(step, bar_width, colour=colour)
        lines.append(f"{short:<{label_width}}  {bar}  {figure}".rstrip())
    if len(steps) > most:
        lines.append(f"… and {len(steps) - most} more steps")
    return "\n".join(lines)


def _figures(step: StepSummary, unit: SpeedUnit) -> str:
    if step.planned_m is not None:
        figure = f"{Distance(round(step.walked_m)).text(unit)} of {Distance(round(step.planned_m)).text(unit)}"
    elif step.planned_s is not None:
        figure = f"{format_duration(step.walked_s)} of {format_duration(step.planned_s)}"
    else:
        figure = format_duration(step.walked_s)
    return figure if step.how == "completed" else f"{figure}, {step.how}"


def _bar(step: StepSummary, width: int, *, colour: bool) -> str:
    planned, walked = (step.planned_m, step.walked_m) if step.planned_m is not None else (step.planned_s, step.walked_s)
    if not planned:
        return " " * width
    full = min(width, round(walked / planned * width))
    return _painted("█" * full, _SPEED, colour=colour) + _painted("░" * (width - full), _PLANNED, colour=colour)


def _is_known(column_values: Sequence[float | None]) -> bool:
    return any(value is not None for value in column_values)


def _scaled(curve: Sequence[Stretch], end: float, count: int, factor: float) -> list[float | None]:
    return [None if value is None else value * factor for value in columns(curve, end, count)]


def _drawn(panel: _Panel, end: float, *, colour: bool) -> list[str]:
    """Return title, rows and axis of one panel."""
    known = [value for value in (*panel.area, *panel.target) if value is not None]
    top, bottom = _bound(max(known)), -_bound(-min(known)) if min(known) < 0 else 0.0
    labels = {panel.rows: top, math.ceil(panel.rows / 2): (top + bottom) / 2}
    lines = [_title(panel.title, panel.legend, len(panel.area) + _AXIS)]
    for row in range(panel.rows, 0, -1):
        cells = [
            _cell(row, _height(value, bottom, top, panel.rows), _height(target, bottom, top, panel.rows))
            for value, target in zip(panel.area, panel.target, strict=True)
        ]
        label = f"{labels[row]:5.1f} ┤" if row in labels else "      │"
        lines.append((label + _row(cells, panel.colour, colour=colour)).rstrip())
    marks = {column for column, _ in _marks(end, len(panel.area))}
    axis = "".join("┬" if column in marks else "─" for column in range(len(panel.area)))
    return [*lines, f"{bottom:5.1f} ┼{axis}"]


def _bound(value: float) -> float:
    """Return the round figure that an axis for values up to `value` ends with."""
    return next((top for top in _TOPS if top >= value - 1e-9), math.ceil(value / 10) * 10.0)


def _height(value: float | None, bottom: float, top: float, rows: int) -> int | None:
    """Return the height of `value` in eighths of a row; what is known is never invisible."""
    return None if value is None else max(1, round((value - bottom) / (top - bottom) * rows * _EIGHTHS))


def _cell(row: int, area: int | None, target: int | None) -> tuple[str, bool]:
    """Return the character in `row` (from 1 at the bottom), and whether it belongs to the target."""
    below = (row - 1) * _EIGHTHS
    if target is not None and math.ceil(target / _EIGHTHS) == row and (area is None or math.ceil(area / 8) != row):
        return "━", True
    return _BLOCKS[min(max((area or 0) - below, 0), _EIGHTHS)], False


def _row(cells: Sequence[tuple[str, bool]], code: str, *, colour: bool) -> str:
    return "".join(
        _painted("".join(character for character, _ in group), _TARGET if is_target else code, colour=colour)
        for is_target, group in groupby(cells, key=lambda cell: cell[1])
    )


def _painted(text: str, code: str, *, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour and text.strip() else text


def _title(title: str, legend: str, width: int) -> str:
    room = width - len(title) - 1
    return f"{title} {legend:>{room}}" if legend and len(legend) <= room else title


def _marks(end: float, count: int) -> list[tuple[int, int]]:
    """Return column and second of each mark on the time axis."""
    longest = _TIME_MARKS[-1]
    at_most_one_a_column = longest * math.ceil(end / longest / count)
    seconds = next((mark for mark in _TIME_MARKS if mark / end * count >= _MARK_ROOM), at_most_one_a_column)
    times = range(0, math.ceil(end) + 1, seconds)
    return [(column, time) for time in times if (column := round(time / end * count)) < count]


def _times(end: float, count: int) -> str:
    line = " " * _AXIS
    for column, time in _marks(end, count):
        text = format_duration(time)
        if column + len(text) <= count:
            line = line.ljust(_AXIS + column) + text
    return line
