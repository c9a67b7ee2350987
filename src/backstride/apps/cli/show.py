"""`backstride show`: one record, as a summary with charts or as comma-separated values."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from backstride.apps.cli.options import Common, Records
from backstride.errors import RecordError

EXAMPLES = "Example:  backstride show last   or   backstride show last --csv > walk.csv"

_LAST = "last"


def command(
    context: typer.Context,
    *,
    which: Annotated[
        str, typer.Argument(metavar="RECORD", help="Path, name or beginning of the name of a record, or 'last'.")
    ],
    csv: Annotated[bool, typer.Option("--csv", help="Print the samples as comma-separated values instead.")] = False,
    width: Annotated[
        int | None, typer.Option(metavar="COLUMNS", min=30, help="Columns of the charts.", show_default=False)
    ] = None,
    record: Records = None,
) -> None:
    """Show a record: summary and charts.

    Speed and incline as they were walked, what the walk came to, and each step against its plan.
    """
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.terminal import CHART_HEIGHT, chart_width, console, show_chart, show_summary, uses_colour
    from backstride.record.charts import draw_curves
    from backstride.record.curves import Curves
    from backstride.record.export import write_csv
    from backstride.record.recording import read_record

    settings = settings_for(Common.of(context), records=record)
    recording = read_record(find_record(which, settings.records))
    if csv:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(newline="")  # the rows bring their own line ends
        write_csv(recording.entries(), sys.stdout)
        return
    out, unit = console(width=width), settings.units
    header = recording.header
    out.print(
        f"{header.profile.name}, {header.started:%d %B %Y, %H:%M}, on {header.machine.name}", style="bold", markup=False
    )
    out.print()
    curves = Curves.of_samples(recording.entries())
    wide = width or chart_width(out)
    show_chart(out, draw_curves(curves, width=wide, height=CHART_HEIGHT, unit=unit, colour=uses_colour(out)))
    out.print()
    show_summary(out, recording.summary(settings.body_mass_kg), unit, running=recording.running)


def find_record(which: str, folder: Path) -> Path:
    """Return the record that `which` means: a path, a name in `folder`, its only beginning, or 'last'.

    Raises:
        RecordError: There is none, or more than one.
    """
    from backstride.record.journal import SUFFIX

    if Path(which).is_file():
        return Path(which)
    paths = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stem) if folder.is_dir() else []
    if which == _LAST and paths:
        from backstride.record.recording import list_records

        return list_records(folder)[0].path
    exact = [path for path in paths if which in {path.name, path.stem}]
    fitting = exact or [path for path in paths if path.name.startswith(which)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(path.stem for path in fitting)
        raise RecordError(f"{which!r} is the beginning of {len(fitting)} records: {names}. Write more of the name.")
    raise RecordError(f"There is no record {which!r} in {folder}; `backstride records` lists what is there.")
