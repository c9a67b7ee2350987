"""What can be learned of each fact: said once, for every fact, and the same in the manual."""

from __future__ import annotations

from pathlib import Path

from backstride.learning.decisions import DECISIONS, table
from tests.support.learning import paths

MANUAL = Path(__file__).parents[3] / "docs" / "learn.md"


def test_every_fact_of_a_machine_file_is_decided_on_and_nothing_else() -> None:
    assert set(DECISIONS) == set(paths())


def test_the_manual_has_the_table_as_it_is() -> None:
    assert table() in MANUAL.read_text(encoding="utf-8")
