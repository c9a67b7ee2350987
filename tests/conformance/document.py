"""docs/conformance.md, made of the cases and of how each ended on each transport."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.conformance.cases import DUTIES, NOT_APPLICABLE, NOT_CHECKED, SERVER, SOURCES, SUITE
from tests.conformance.transports import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.conformance.cases import Case

    Results = Mapping[tuple[str, str], bool]
    """Whether a case, by its id, passed on a transport, by its name; what did not run is not in it."""

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "conformance.md"

_WORDS: Final = {True: "pass", False: "**fail**", None: "not run"}
_HEAD: Final = """\
# Conformance

Written by a test run, which also fails where this page is not what it would write: `make conformance` writes it anew.
Not a qualification by the Bluetooth SIG: the checks are our own reading of the specifications.

"""
_SERVER: Final = """\
## The treadmill: cases of the FTMS test suite

The simulated treadmill, through bleak's real client. Every case of the suite (FTMS.TS, 2024-10-08) that concerns a
treadmill server is here under its id; what it checks is in `tests/conformance/test_server_*.py`. The suite's text was
not at hand: the numbers of FMSN and CW are taken in the order of the op codes, those of CN in the order of the flags,
but for Elapsed Time, which has BV-12 to itself.

"""
_NOT_APPLICABLE: Final = """\

Not applicable:

"""
_DUTIES: Final = """\
## The client: duties of a collector

Backstride's driver, judged from the treadmill's side of the link. The ids are ours: who demands it, the clause, a
number. FTMP is the Fitness Machine Profile, FTMS the service, both 1.0; FACTS is what our fact sheet adds where these
are silent or machines differ.

"""
_NOT_CHECKED: Final = """\

Without a case, or departed from on purpose:

"""


def recorded() -> dict[tuple[str, str], bool]:
    """Return the results that the document tells, as far as it tells them."""
    results: dict[tuple[str, str], bool] = {}
    columns: list[str] = []
    for line in DOCUMENT.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "id":
            columns = cells[2:]
        for name, cell in zip(columns, cells[2:], strict=False):
            if cell in _WORDS.values():
                results[cells[0], name] = cell == _WORDS[True]
    return {key: passed for key, passed in results.items() if key[1] in COLUMNS}


def is_complete(results: Results, columns: Iterable[str]) -> bool:
    """Tell whether every case has run on every transport of `columns`."""
    return all((case_id, transport) in results for case_id in (*SERVER, *DUTIES) for transport in columns)


def rendered(results: Results) -> str:
    """Return the whole document."""
    server = [SERVER[case_id] for case_id in SUITE if case_id in SERVER]
    return "".join(
        (
            _HEAD,
            _SERVER,
            *_table(server, results),
            _NOT_APPLICABLE,
            *_list(NOT_APPLICABLE),
            "\n",
            _DUTIES,
            *_table(sorted(DUTIES.values(), key=_by_clause), results),
            _NOT_CHECKED,
            *_list(NOT_CHECKED),
        )
    )


def _by_clause(one: Case) -> tuple[int, list[int]]:
    source, _, clause = one.id.split("/")
    return SOURCES.index(source), [int(number) for number in re.findall(r"\d+", clause)]


def row(one: Case, results: Results) -> str:
    """Return the line of one case."""
    cells = (_WORDS[results.get((one.id, transport))] for transport in COLUMNS)
    return f"| {one.id} | {one.demand} | {' | '.join(cells)} |\n"


def _table(cases: Iterable[Case], results: Results) -> Iterable[str]:
    yield f"| id | what it demands | {' | '.join(COLUMNS)} |\n"
    yield f"| --- | --- | {' | '.join('---' for _ in COLUMNS)} |\n"
    for one in cases:
        yield row(one, results)


def _list(reasons: Mapping[str, str]) -> Iterable[str]:
    for name, reason in reasons.items():
        yield f"- {name}: {reason}\n"
