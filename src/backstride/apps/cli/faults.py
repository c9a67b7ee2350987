"""`--fault`: what is to go wrong with a simulated treadmill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.apps.cli.terminal import console, plain_table
from backstride.simulator.faults import CATALOGUE, FORM, Fault, Kind, Moment

if TYPE_CHECKING:
    from collections.abc import Iterable

LIST: Final = "list"
"""What to type instead of a fault to see them all."""

_HOW: Final = f"""\
Written as {FORM}.
The value is the one shown unless you give another. Without @ it strikes at once; @60 is a minute after the first \
connection. Moments: {", ".join(Moment)}. /SECONDS is how long it lasts, otherwise for good."""


def read_faults(words: Iterable[str]) -> tuple[Fault, ...]:
    """Return the faults that were typed. Raises ConfigError for one that is none."""
    return tuple(map(Fault.parse, words))


def show_catalogue() -> None:
    """Print every kind of fault, and how one is written."""
    table = plain_table("Fault", "What goes wrong")
    for kind in CATALOGUE.values():
        table.add_row(_written(kind), kind.summary)
    out = console()
    out.print(table)
    out.print(f"\n{_HOW}", markup=False)


def _written(kind: Kind) -> str:
    return kind.name if not kind.value else f"{kind.name}={kind.usual:g} ({kind.value})"
