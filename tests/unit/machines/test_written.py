"""Facts as plain values and as the text of a machine file: every shipped one comes back as it was."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest

from backstride.machines.facts import MachineFacts, Quirk, known_machines, load_facts
from backstride.machines.writer import write_facts
from backstride.machines.written import as_written, from_written

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("model", known_machines())
def test_every_machine_file_comes_back_from_the_text_that_is_written_of_it(model: str, tmp_path: Path) -> None:
    facts = load_facts(model)
    path = tmp_path / f"{model}.toml"
    path.write_text(write_facts(facts, comment="For a test.\nIn two lines."), encoding="utf-8")
    assert load_facts(str(path)) == facts


@pytest.mark.parametrize("model", known_machines())
def test_every_machine_file_comes_back_from_the_plain_values_of_a_capture(model: str) -> None:
    facts = load_facts(model)
    assert from_written(json.loads(json.dumps(as_written(facts)))) == facts


def test_a_written_file_says_what_differs_from_the_standard_and_no_more() -> None:
    text = write_facts(MachineFacts(id="mine", model="Mine", summary="As the standard has it."))
    assert tomllib.loads(text) == {"model": "Mine", "summary": "As the standard has it."}


def test_a_written_file_reads_as_the_shipped_ones_do() -> None:
    text = write_facts(load_facts("noblepro"))
    assert 'withheld = {"set target inclination" = "whether' in text
    assert "\n\n[[quirks]]\n" in text
    assert "incline = false" in write_facts(load_facts("citysports-pad"))
    assert "flags = 0x" in write_facts(load_facts("generic")) or "flags" not in write_facts(load_facts("generic"))


def test_quotes_and_line_breaks_in_what_a_machine_says_of_itself_do_no_harm(tmp_path: Path) -> None:
    odd = 'a "quoted"\\ name\nwith [[quirks]] = \x7f'
    quirk = Quirk(text=odd, source=odd, provenance=odd)
    facts = MachineFacts(id="odd", model=odd, summary=odd, quirks=(quirk, quirk))
    path = tmp_path / "odd.toml"
    path.write_text(write_facts(facts), encoding="utf-8")
    assert load_facts(str(path)) == facts
