"""The terminal: what it is, and how tables and charts go onto it."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Final

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from backstride.apps.cli.wording import ending_text, summary_rows
from backstride.record.charts import draw_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import RenderableType

    from backstride.record.summary import Summary
    from backstride.units import SpeedUnit

CHART_HEIGHT: Final = 18
_WIDEST: Final = 120


def console(*, width: int | None = None, file: IO[str] | None = None) -> Console:
    """Return standard output, or `file`, with colours where it is a terminal and NO_COLOR does not forbid them."""
    return Console(highlight=False, width=width, file=file)


def whole_screen(out: Console, draw: Callable[[], RenderableType]) -> Live:
    """Return what draws on the whole terminal when it is refreshed, and leaves standard output to everybody else."""
    return Live(
        console=out,
        screen=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
        get_renderable=draw,
    )


def write_lines(*lines: str) -> None:
    """Put lines on standard output, for programs and for people, as they are."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def uses_colour(out: Console) -> bool:
    """Return whether ANSI colours may go to `out`."""
    return out.is_terminal and not out.no_color and out.color_system is not None


def chart_width(out: Console) -> int:
    """Return the columns a chart gets."""
    return min(out.width, _WIDEST)


def show_chart(out: Console, chart: str) -> None:
    """Print a chart as it is drawn."""
    out.print(Text.from_ansi(chart), soft_wrap=True)


def plain_table(*columns: str) -> Table:
    """Return an empty table in the style of all tables here."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column)
    return table


def show_pairs(out: Console, rows: Iterable[tuple[str, str]]) -> None:
    """Print names and values in two columns."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    for name, value in rows:
        grid.add_row(Text(name), Text(value))
    out.print(grid)


def show_summary(out: Console, summary: Summary, unit: SpeedUnit, *, running: bool = False) -> None:
    """Print each step against its plan, and what the session came to, or has come to while it is `running`."""
    show_chart(out, draw_steps(summary.steps, width=chart_width(out), unit=unit, colour=uses_colour(out)))
    out.print()
    style = "bold red" if summary.ending == "aborted" or summary.belt_standing is False else "bold"
    out.print(Text(ending_text(summary, unit, running=running), style=style))
    show_pairs(out, summary_rows(summary, unit))


def say(text: str) -> None:
    """Tell a person at the terminal what is going on, beside the output; nobody else is told."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{text}\n")
