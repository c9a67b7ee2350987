"""A fleet as a table on the screen, as lines for a pipe, and as JSON. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.text import Text

from backstride.apps.cli.terminal import plain_table
from backstride.apps.cli.wording import UNKNOWN, distance_text, in_unit, speed_figure
from backstride.apps.mqtt.fleet import Condition, printable
from backstride.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from backstride.apps.mqtt.fleet import Row
    from backstride.apps.mqtt.standstill import Result
    from backstride.units import SpeedUnit

_STYLES: Final = {
    Condition.GONE: "dim",
    Condition.OFFLINE: "bold red",
    Condition.UNREACHABLE: "bold red",
    Condition.UNKNOWN: "yellow",
    Condition.STANDING: "green",
    Condition.MOVING: "bold cyan",
}
_FIGURES: Final = frozenset({Condition.STANDING, Condition.MOVING, Condition.UNKNOWN})  # there is somebody to tell them
_FRAME: Final = 5  # lines of the screen beside treadmills and notices
_RIGHT: Final = (2, 3, 4, 5, 6)
_WITH_KEY: Final = "Space stops all belts at once.   Ctrl-C leaves; the belts go on."
_WITHOUT_KEY: Final = "Ctrl-C leaves; the belts go on.   Stop all of them:  backstride fleet stop --all"


def counted(rows: Sequence[Row]) -> str:
    """Return how many treadmills there are, and how they are, as a sentence."""
    shown = [row for row in rows if row.condition is not Condition.GONE]
    if not shown:
        return "No treadmill is on this broker."
    parts = [
        f"{number} {word}"
        for word, number in (
            ("in a session", sum(row.in_session and row.condition in _FIGURES for row in shown)),
            *((condition.value, sum(row.condition is condition for row in shown)) for condition in Condition),
            ("waiting for a person", sum(bool(row.waits_for) for row in shown)),
            ("in trouble", sum(bool(row.troubles) for row in shown)),
        )
        if number
    ]
    many = "treadmill" if len(shown) == 1 else "treadmills"
    return f"{len(shown)} {many}: {', '.join(parts)}"


def screen(
    rows: Sequence[Row], unit: SpeedUnit, height: int, notices: Sequence[str] = (), *, has_key: bool = False
) -> RenderableType:
    """Return the table as it fits on a screen.

    Args:
        rows: The treadmills.
        unit: Unit of speeds.
        height: Lines of the screen.
        notices: What the person must know of a Stop, and of the table itself.
        has_key: True if the space bar is Stop.
    """
    shown = [row for row in rows if row.condition is not Condition.GONE]
    notices = [notice for notice in notices if notice] or [""]
    room = max(1, height - _FRAME - len(notices))
    if len(shown) > room:  # who needs a look comes first where not all have room
        shown = sorted(shown, key=lambda row: (not row.needs_a_look, not row.in_session))
    left = len(shown) - room
    parts: list[RenderableType] = [Text(counted(rows), style="bold")]
    parts.extend(Text(notice, style="bold yellow") for notice in notices)
    parts.append(table(shown[:room], unit))
    if left > 0:
        parts.append(Text(f"… and {left} more, of whom nobody needs a look before these.", style="dim"))
    parts.append(Text(_WITH_KEY if has_key else _WITHOUT_KEY, style="dim"))
    return Group(*parts)


def table(rows: Sequence[Row], unit: SpeedUnit) -> Table:
    """Return the treadmills as a table."""
    heads = ("Treadmill", "Belt", str(unit), "Incline", "Time", "Distance", "Pulse", "Session", "")
    drawn = plain_table(*heads)
    for index, column in enumerate(drawn.columns):
        column.no_wrap = index < len(heads) - 1
        column.overflow = "ellipsis"
        if index in _RIGHT:
            column.justify = "right"
    for row in rows:
        remark = Text(row.waits_for and in_unit(row.waits_for, unit), style="bold yellow")
        if row.troubles:
            remark = Text(in_unit("; ".join(row.troubles), unit), style="bold red")
        style = "dim" if row.stale and row.condition in _FIGURES else ""
        figures = (Text(figure, style=style) for figure in _figures(row, unit))
        drawn.add_row(Text(row.title), Text(_belt(row), style=_STYLES[row.condition]), *figures, _session(row), remark)
    return drawn


def line(row: Row, unit: SpeedUnit) -> str:
    """Return a treadmill as a line of text, without what changes from second to second."""
    parts = [f"{row.title} ({row.name})" if row.title != row.name else row.name, _belt(row)]
    if (session := _session(row).plain) and row.condition in _FIGURES:
        parts.append(session)
    if row.waits_for:
        parts.append(f"waits: {in_unit(row.waits_for, unit)}")
    return ": ".join(parts[:2]) + "".join(
        f"; {part}" for part in [*parts[2:], *(in_unit(t, unit) for t in row.troubles)]
    )


def as_json(row: Row) -> str:
    """Return a treadmill as a line of JSON (docs/mqtt.md); null is unknown, and what is not fresh is marked."""
    belt, session = row.belt, row.session
    known = belt is not None and row.condition in _FIGURES
    return json.dumps(
        {
            "treadmill": row.name,
            "name": row.title,
            "model": row.model or None,
            "bridge": row.bridge or None,
            "condition": row.condition.value,
            "standing": belt.standing if belt is not None and known else None,
            "stale": row.stale,
            "speed_km_h": None if belt is None or not known or belt.speed is None else int(belt.speed) / 100,
            "incline_percent": None if belt is None or not known or belt.incline is None else int(belt.incline) / 10,
            "heart_rate_bpm": belt.heart_rate_bpm if belt is not None and known else None,
            "session_elapsed_s": belt.session_elapsed_s if belt is not None and known else None,
            "session_distance_m": belt.session_distance_m if belt is not None and known else None,
            "session": None if session is None else session.state,
            "profile": None if session is None else session.profile or None,
            "step": None if session is None else session.step,
            "steps": None if session is None else session.steps,
            "waits_for": row.waits_for or None,
            "troubles": list(row.troubles),
        }
    )


def result_line(result: Result) -> str:
    """Return what came of a Stop for one treadmill as a line of text."""
    called = f"{result.title} ({result.name})" if result.title != result.name else result.name
    return f"{called}: {'stands' if result.stands else 'NOT SEEN TO STAND'}: {result.reason}".replace(
        "stands: the belt stands", "the belt stands"
    )


def summary(results: Sequence[Result]) -> str:
    """Return how many belts stand after a Stop."""
    if not results:
        return "no treadmill is on this broker."
    stand = sum(result.stands for result in results)
    return f"{stand} of {len(results)} stand." + (" LOOK AT THE OTHERS." if stand < len(results) else "")


def result_json(result: Result) -> str:
    """Return the same as a line of JSON."""
    return json.dumps(
        {"treadmill": result.name, "name": result.title, "stands": result.stands, "reason": result.reason}
    )


def _belt(row: Row) -> str:
    return f"{row.condition.value}, NOT FRESH" if row.stale and row.condition in _FIGURES else row.condition.value


def _figures(row: Row, unit: SpeedUnit) -> tuple[str, str, str, str, str]:
    """Return speed, incline, time, distance and pulse; a dash is unknown, and what is of the past is not shown."""
    belt = row.belt
    if belt is None or row.condition not in _FIGURES:
        return (UNKNOWN,) * 5
    elapsed = belt.session_elapsed_s if belt.session_elapsed_s is not None else belt.elapsed_s
    metres = belt.session_distance_m if belt.session_distance_m is not None else belt.distance_m
    return (
        speed_figure(belt.speed, unit),
        UNKNOWN if belt.incline is None else belt.incline.text(),
        UNKNOWN if elapsed is None else format_duration(elapsed),
        distance_text(metres, unit),
        UNKNOWN if belt.heart_rate_bpm is None else str(belt.heart_rate_bpm),
    )


def _session(row: Row) -> Text:
    session = row.session
    if session is None or not row.in_session:
        return Text("")
    place = "" if session.step is None else f" {session.step + 1}/{session.steps}"
    return Text(printable(f"{session.profile} {session.state}{place}"))
