"""docs/home-assistant.md says what is there, and its automation says what a session says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from backstride.apps.mqtt.discovery import HomeAssistant
from backstride.apps.mqtt.messages import write_event
from backstride.apps.mqtt.payloads import Abilities, InclineSteps, SpeedSteps
from backstride.apps.mqtt.topics import Channel, Topics
from backstride.units import Incline, Speed
from backstride.workout.events import Ask, Cue, PersonNeeded, SessionEvent, SessionState, StateChanged, Warned
from tests.support.home_assistant import Shown, render

DOC = (Path(__file__).parents[4] / "docs" / "home-assistant.md").read_text("utf-8")
ROW = re.compile(r"^\| (?P<name>[A-Z][a-z ]+) \| (?P<kind>[a-z ]+) \| (?P<when>.+) \|$", re.MULTILINE)
DEN = Abilities(
    name="Den",
    model="Generic treadmill",
    bridge="cellar",
    simulated=False,
    speed=SpeedSteps(Speed(80), Speed(2000), Speed(10), "km/h"),
    incline=InclineSteps(Incline(0), Incline(150), Incline(5)),
    profiles=("first-steps",),
    allows_start=True,
)
BARE = replace(DEN, speed=None, incline=None, profiles=())


def shown(able: Abilities) -> dict[str, dict[str, Any]]:
    """Return the entities of a treadmill by the name that a person reads."""
    return {one["name"]: one for one in Shown.of(HomeAssistant(Topics()).discovery(able, "den")).entities.values()}


def automations() -> list[dict[str, Any]]:
    [block] = re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)
    loaded: list[dict[str, Any]] = YAML(typ="safe").load(block)["automation"]
    return loaded


def test_the_table_has_every_entity_and_no_other() -> None:
    rows = {row["name"]: row["kind"] for row in ROW.finditer(DOC)}
    assert rows == {name: one["platform"].replace("_", " ") for name, one in shown(DEN).items()}


def test_the_table_says_when_an_entity_is_there() -> None:
    bare, no_start, no_session = shown(BARE), shown(replace(DEN, allows_start=False)), shown(replace(DEN, profiles=()))
    for row in ROW.finditer(DOC):
        name, when = row["name"], row["when"]
        starts = "may be started" in when
        assert (name in bare) == when.startswith(("always", "switched off")), name
        assert (name in no_start) == (not starts), name
        assert (name in no_session) == (not starts and "can run a session" not in when), name
        assert (bare.get(name, {}).get("enabled_by_default") is False) == ("switched off" in when), name


def test_the_states_of_a_session_are_all_named() -> None:
    assert all(f"`{state}`" in DOC for state in ("idle", *SessionState))


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Cue("Chin up"), "Chin up"),
        (Warned("The link is lost", "S12", urgent=True), "The link is lost"),
        (PersonNeeded(Ask.CONFIRM, "Turned round?"), "Turned round?"),
        (StateChanged(SessionState.RUNNING), None),
    ],
)
def test_the_automation_says_cues_warnings_and_questions_and_nothing_else(
    event: SessionEvent, said: str | None
) -> None:
    speaking = automations()[0]
    assert speaking["triggers"][0]["topic"] == Topics().of(Channel.EVENT, "den")
    trigger = {"payload_json": json.loads(write_event(event, 1.0))}
    wanted = render(speaking["conditions"][0]["value_template"], trigger=trigger) == "True"
    assert wanted == (said is not None)
    if wanted:
        assert render(speaking["actions"][0]["data"]["message"], trigger=trigger) == said


def test_the_automation_for_a_lost_link_watches_the_entity_that_tells_it() -> None:
    watched = automations()[1]["triggers"][0]["entity_id"]
    assert watched == "binary_sensor.den_" + "Bluetooth link".lower().replace(" ", "_")
    assert shown(DEN)["Bluetooth link"]["platform"] == "binary_sensor"


def test_the_topic_that_forgets_a_treadmill_is_the_one_of_its_discovery() -> None:
    assert f" -r -n -t {HomeAssistant(Topics()).removal('den').topic}\n" in DOC
