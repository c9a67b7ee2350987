"""`backstride records`: the walks so far."""

import sys

import typer

from backstride.apps.cli.options import Common, Records

EXAMPLES = "Example:  backstride records   and then   backstride show last"

_WIDE = 160  # columns where nobody's terminal sets a limit


def command(context: typer.Context, *, record: Records = None) -> None:
    """List the records, the newest first."""
    from rich.text import Text

    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.terminal import console, plain_table
    from backstride.apps.cli.wording import UNKNOWN, distance_text
    from backstride.record.recording import list_records
    from backstride.units import format_duration

    settings = settings_for(Common.of(context), records=record)
    found = list_records(settings.records)
    if not found:
        typer.echo(f"No records in {settings.records} yet.")
        return
    out = console(width=None if sys.stdout.isatty() else _WIDE)
    table = plain_table("Record", "Treadmill", "Time", "Distance", "End")
    for column in table.columns:
        column.no_wrap, column.justify = True, "right" if column.header in {"Time", "Distance"} else "left"
    for info in found:
        if info.unreadable is not None:
            table.add_row(Text(info.path.stem), Text(f"unreadable: {info.unreadable}", style="red"))
            continue
        table.add_row(
            Text(info.path.stem),
            Text(info.machine),
            UNKNOWN if info.duration_s is None else format_duration(info.duration_s),
            distance_text(info.distance_m, settings.units),
            info.ending or "interrupted",
        )
    out.print(table)
    typer.echo(f"{settings.records}")
