"""docs/machines.md is what the machine files say, and names everything that is known."""

from __future__ import annotations

import pytest

from backstride.machines.facts import GENERIC, known_machines, load_facts
from backstride.machines.unsupported import unsupported_machines
from tests.machines.account import ACCOUNTS
from tests.machines.document import DOCUMENT, abilities, rank, rendered, strongest
from tests.machines.quirks import entry


def test_the_page_is_what_the_machine_files_say() -> None:
    assert DOCUMENT.read_text("utf-8") == rendered(), "`make machines` writes it anew"


def test_every_model_has_one_line_with_its_id_its_summary_and_what_is_to_be_seen_to() -> None:
    page = rendered().splitlines()
    for facts in map(load_facts, known_machines()):
        (line,) = (line for line in page if f"| `{facts.id}` |" in line)
        assert facts.model in line
        assert facts.summary in line
        assert all(sentence in line for sentence in abilities(facts).before)


def test_every_unsupported_treadmill_says_what_its_owner_sees() -> None:
    page = rendered()
    assert [one.id for one in unsupported_machines() if f"| {one.model} |" not in page or one.seen not in page] == []


def test_what_led_to_no_rule_is_named_with_the_reason() -> None:
    page = rendered()
    without = {number: account for number, account in ACCOUNTS.items() if account.reason}
    assert without
    for number, account in without.items():
        assert f"| {entry(number).model} | {entry(number).name_prefix} | {account.reason} | {account.owner} |" in page


def test_no_line_of_a_table_has_more_cells_than_its_head() -> None:
    cells = {line.count(" | ") for line in rendered().splitlines() if line.startswith("|")}
    assert cells == {7, 3}


@pytest.mark.parametrize("name", known_machines()[1:])
def test_every_provenance_is_a_kind_of_evidence_and_the_strongest_is_not_an_assumption(name: str) -> None:
    facts = load_facts(name)
    assert all(rank(quirk.provenance) >= 0 for quirk in facts.quirks)
    assert "assumed" not in strongest(facts)


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        ("hardware capture", "recorded packets used as test fixtures"),
        ("verified on hardware", "hardware notes"),
        ("issue logs", "issue"),
        ("adapter code + issues", "adapter code"),
        ("adapter code", "blog"),
        ("issue", "issue log of a sister model"),
        ("hardware capture of a sister module", "assumed"),
    ],
)
def test_evidence_has_an_order(stronger: str, weaker: str) -> None:
    assert rank(stronger) < rank(weaker)


def test_what_is_no_kind_of_evidence_is_refused() -> None:
    with pytest.raises(ValueError, match="hearsay"):
        rank("hearsay")


def test_the_generic_treadmill_comes_first() -> None:
    lines = [line for line in rendered().splitlines() if line.startswith("| **")]
    assert f"`{GENERIC}`" in lines[0]
    assert lines[1:] == sorted(lines[1:], key=str.casefold)
