"""The list of cases is whole, and docs/conformance.md is what the run says."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.cases import DUTIES, GROUPS, NOT_APPLICABLE, SERVER, SOURCES, SUITE
from tests.conformance.conftest import HERE, RESULTS, WRITTEN
from tests.conformance.document import DOCUMENT, is_complete, recorded, rendered, row

COUNTS: Final = {"SGGIT/CHA": 8, "CR": 4, "CON": 4, "CN": 12, "TSN": 3, "FMSN": 12, "CW": 10, "SPE": 6}
"""How many cases of each group the fact sheet's section 14 names."""


@pytest.fixture(autouse=True)
def _every_case_is_known() -> None:
    """Load the modules that a run of a few tests has not collected."""
    for module in Path(__file__).parent.glob("test_*.py"):
        import_module(f"tests.conformance.{module.stem}")


def test_the_list_holds_every_case_of_the_sheet() -> None:
    assert {group: len(cases) for group, cases in GROUPS.items()} == COUNTS
    assert len(set(SUITE)) == sum(COUNTS.values()) == 59


def test_every_case_of_the_suite_has_a_test_or_a_reason() -> None:
    assert set(SERVER) | set(NOT_APPLICABLE) == set(SUITE)
    assert not set(SERVER) & set(NOT_APPLICABLE)


def test_a_duty_says_who_demands_it() -> None:
    assert {duty_id.split("/")[0] for duty_id in DUTIES} == set(SOURCES)
    assert {duty_id.split("/")[1] for duty_id in DUTIES} == {"CL"}


def test_the_document_is_what_this_run_would_write(request: pytest.FixtureRequest) -> None:
    """Columns that did not run here are as they were; after a run of some cases only, their lines are compared."""
    ran = request.config.stash[RESULTS]
    results = {**recorded(), **ran}
    if request.config.getoption("--write-conformance", default=False):
        assert is_complete(ran, HERE), "only a run of the whole folder can write the document"
        WRITTEN.write_text(rendered(results), "utf-8")
    document = WRITTEN.read_text("utf-8") if WRITTEN.exists() else DOCUMENT.read_text("utf-8")
    cases = [one for one in (*SERVER.values(), *DUTIES.values()) if all((one.id, name) in ran for name in HERE)]
    outdated = [line for one in cases if (line := row(one, results)) not in document]
    assert not outdated, "docs/conformance.md says otherwise; `make conformance` writes it anew"
    assert not is_complete(ran, HERE) or document == rendered(results), "`make conformance` writes it anew"
