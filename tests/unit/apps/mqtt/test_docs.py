"""docs/mqtt.md says what the program does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from backstride.apps.mqtt.desk import BURST, FRESH_FOR
from backstride.apps.mqtt.forms import FORMS
from backstride.apps.mqtt.messages import read, read_command, write
from backstride.apps.mqtt.outbox import EVERY_KEPT, TELEMETRY_KEPT
from backstride.apps.mqtt.payloads import LARGEST_COMMAND, Command, Outcome, Verb
from backstride.apps.mqtt.topics import TOPICS, Channel

TEXT = (Path(__file__).parents[4] / "docs" / "mqtt.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("channel", Channel)
def test_every_topic_is_in_the_table_as_it_is_in_the_program(channel: Channel) -> None:
    rule = TOPICS[channel]
    topic = channel.value.replace("{name}", "BRIDGE" if channel is Channel.BRIDGE else "ID")
    retained = "yes" if rule.retained else "no"
    assert f"| `{topic}` | {rule.payload or 'anything'} | {rule.qos} | {retained} | {rule.why} |" in TEXT


def test_every_command_and_every_outcome_is_explained() -> None:
    rows = "\n".join(line for line in TEXT.splitlines() if line.startswith("| `"))
    for word in (*Verb, *Outcome):
        assert f"`{word}`" in rows


def test_the_command_that_is_shown_can_be_sent() -> None:
    (shown,) = re.findall(r"```json\n(.*?)\n```", TEXT, re.DOTALL)
    assert isinstance(read_command(json.dumps(json.loads(shown)).encode()), Command)


def test_the_payloads_that_are_shown_can_be_read() -> None:
    shown = dict(re.findall(r"^treadmill/den/(\w+) ({.*})$", TEXT, re.MULTILINE))
    kinds = {form.kind: name for name, form in FORMS.items()}
    assert set(kinds.values()) == set(shown)
    for kind, name in kinds.items():
        value = read(kind, shown[name].encode())
        assert json.loads(write(value)) == json.loads(shown[name])


def test_the_bounds_are_those_of_the_program() -> None:
    assert f"more than {FRESH_FOR:g} s old" in TEXT
    assert f"at most {LARGEST_COMMAND:,} octets" in TEXT
    assert f"({EVERY_KEPT:,} for each treadmill), of the states the last {TELEMETRY_KEPT}" in TEXT
    assert BURST == 10
    assert "Five commands a second are taken, ten at once" in TEXT
