"""`backstride records`: the walks so far."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from backstride.apps.cli.options import Common, Records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from backstride.record.recording import RecordInfo
    from backstride.units import SpeedUnit

EXAMPLES = "Example:  backstride records   and then   backstride show last"

_WIDE = 160  # columns where nobody's terminal sets a limit
_NARROW = 100  # columns below which a record goes by its start, which `show` takes as well, and its profile
_START = len("2026-11-22T10-58-03")
_GIVES_WAY = 1  # the column that is cut off where there is no room
_GAP = 2  # columns between two columns of the table


def command(context: typer.Context, *, record: Records = None) -> None:
    """List the records, the newest first."""
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.terminal import console
    from backstride.record.recording import list_records

    settings = settings_for(Common.of(context), records=record)
    found = list_records(settings.records)
    if not found:
        typer.echo(f"No records in {settings.records} yet.")
        return
    show_records(console(width=None if sys.stdout.isatty() else _WIDE), found, settings.units)
    typer.echo(f"{settings.records}")


def show_records(out: Console, found: Sequence[RecordInfo], unit: SpeedUnit) -> None:
    """Print a table of records, and below it what could not be read, with the reason."""
    from rich.text import Text

    from backstride.apps.cli.terminal import plain_table

    narrow = out.width < _NARROW
    heads = ("Record", "Profile" if narrow else "Treadmill", "Time", "Distance", "End")
    rows = [_row(info, unit, narrow=narrow) for info in found if info.unreadable is None]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    widths[_GIVES_WAY] -= max(0, sum(widths) + _GAP * (len(widths) - 1) - out.width)
    table = plain_table(*heads)
    for column, width in zip(table.columns, widths, strict=True):
        column.no_wrap, column.width = True, max(1, width)
        column.justify = "right" if column.header in {"Time", "Distance"} else "left"
    for row in rows:
        table.add_row(*map(Text, row))
    if rows:
        out.print(table)
    for info in found:
        if info.unreadable is not None:
            out.print(Text(f"Unreadable: {info.unreadable}", style="red"), soft_wrap=True)


def _row(info: RecordInfo, unit: SpeedUnit, *, narrow: bool) -> tuple[str, ...]:
    from backstride.apps.cli.wording import UNKNOWN, distance_text
    from backstride.units import format_duration

    time = UNKNOWN if info.duration_s is None else format_duration(info.duration_s)
    end = info.ending or ("running" if info.running else "interrupted")
    named = (info.path.stem[:_START], info.profile) if narrow else (info.path.stem, info.machine)
    return (*named, time, distance_text(info.distance_m, unit), end)
