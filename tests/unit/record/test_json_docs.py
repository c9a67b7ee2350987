"""docs/json.md says what the program writes: every event, every key, and an example line of each."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backstride.record.energy import EnergyEstimate
from backstride.record.header import SCHEMA, Header
from backstride.record.tally import Tally
from backstride.workout.events import Ask, Ending, SessionEvent, SessionState, payload
from tests.unit.record.walks import PLAN, header

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = (Path(__file__).parents[3] / "docs" / "json.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^#{2,3} (.+?)\n(.*?)(?=^#{2,3} |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL))

# A slotted dataclass is made twice, and the first of the two may linger.
EVENTS = {kind.name: kind for kind in SessionEvent.__subclasses__()}


def written() -> Iterator[tuple[str, dict[str, object]]]:
    for kind in EVENTS.values():
        yield kind.name, payload(kind(*[None] * len(fields(kind))), 0.0)
    summary = Tally(PLAN).summary().to_payload()
    yield "The header", header().to_payload()
    yield "A planned step", PLAN[0].to_payload()
    yield "The summary", summary
    yield "A step in the summary", summary["steps"][0]  # type: ignore[index]  # a list, as the payload says
    yield "The estimate of energy", EnergyEstimate(1.0, 2.0, 3.0).to_payload()


@pytest.mark.parametrize(
    ("section", "values"), list(written()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_key_is_documented_with_an_example(section: str, values: dict[str, object]) -> None:
    text = SECTIONS[section]
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(values)
    (example,) = re.findall(r"^\{.*\}$", text, re.MULTILINE)
    assert list(json.loads(example)) == list(values)


def test_no_event_is_documented_that_does_not_exist() -> None:
    events = SECTIONS.keys() & {name for name in SECTIONS if re.fullmatch("[a-z_]+", name)}
    assert events == EVENTS.keys()


def test_the_example_of_the_header_is_one_we_read() -> None:
    (example,) = re.findall(r"^\{.*\}$", SECTIONS["The header"], re.MULTILINE)
    assert Header.from_payload(json.loads(example)).profile.name == "Retro walk"


def test_the_schema_number_is_the_one_we_write() -> None:
    assert f"`schema` in the header is {SCHEMA}." in DOCUMENT


@pytest.mark.parametrize(
    ("section", "values"), [("sample", SessionState), ("ended", Ending), ("ask", Ask)], ids=["state", "ending", "ask"]
)
def test_every_value_of_a_choice_is_documented(section: str, values: type[SessionState | Ending | Ask]) -> None:
    assert all(f"`{value}`" in SECTIONS[section] for value in values)
