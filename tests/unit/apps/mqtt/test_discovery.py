"""What Home Assistant is told of a treadmill, and what it makes of that: judged by its documentation and templates."""

from __future__ import annotations

import copy
import functools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from backstride.apps.mqtt.discovery import PREFIX, HomeAssistant
from backstride.apps.mqtt.messages import read_caller, read_command, write
from backstride.apps.mqtt.payloads import (
    OFFLINE,
    ONLINE,
    Abilities,
    Answer,
    BeltState,
    Command,
    InclineSteps,
    Outcome,
    Progress,
    SpeedSteps,
    Verb,
)
from backstride.apps.mqtt.topics import Channel, Keeping, Topics
from backstride.errors import ConfigError
from backstride.units import Incline, Speed, SpeedUnit
from backstride.workout.events import Ask, SessionState
from tests.support.home_assistant import SCHEMA, UNKNOWN, VALIDATOR, Shown

if TYPE_CHECKING:
    from collections.abc import Callable

TOPICS = Topics()
DEN = Abilities(
    name="Den",
    model="Generic treadmill",
    bridge="cellar",
    simulated=False,
    speed=SpeedSteps(Speed(80), Speed(2000), Speed(10), "km/h"),
    incline=InclineSteps(Incline(0), Incline(150), Incline(5)),
    profiles=("first-steps", "retro-walk", 'a "name"'),
    allows_start=True,
)
IN_MILES = replace(DEN, speed=SpeedSteps(Speed.from_mph("0.5"), Speed.from_mph("12"), Speed.from_mph("0.1"), "mph"))
WALKING = BeltState(
    at=1_700_000_000.0,
    connected=True,
    standing=False,
    stale=False,
    speed=Speed(418),
    incline=Incline(25),
    distance_m=1609,
    elapsed_s=754,
    heart_rate_bpm=104,
    energy_kcal=61,
    power_w=80,
    steps=1900,
    session_distance_m=804.67,
    session_climb_m=20.1,
    session_elapsed_s=600.4,
)
NOTHING_KNOWN = BeltState(
    at=1_700_000_000.0,
    connected=True,
    standing=None,
    stale=False,
    speed=None,
    incline=None,
    distance_m=None,
    elapsed_s=None,
    heart_rate_bpm=None,
    energy_kcal=None,
    power_w=None,
    steps=None,
    session_distance_m=None,
    session_climb_m=None,
    session_elapsed_s=None,
)
SESSION = Progress(
    profile="retro-walk",
    state="running",
    step=1,
    steps=7,
    label="ramp to 4.2 km/h",
    target_speed=Speed(418),
    target_incline=Incline(25),
    remaining_s=61.4,
    asking=Ask.CONFIRM,
    question="Turned round?",
    reason="",
)
IDLE = Progress("", "idle", None, 0, "", None, None, None, None, "", "")
STATED = (
    "speed", "incline", "distance", "time", "heart_rate", "energy", "power", "steps", "moving", "session_distance",
    "session_time",
)  # fmt: skip
"""What comes from the state of the belt."""

AT = 1_700_000_000.123457


@functools.cache
def shown(able: Abilities = DEN, unit: SpeedUnit = SpeedUnit.KMH, *, name: str = "den") -> Shown:
    """Return what Home Assistant shows of a treadmill; what it is told must be as documented."""
    told = Shown.of(HomeAssistant(TOPICS, unit).discovery(able, name))
    assert told.faults == []
    return told


def command(octets: bytes) -> Command:
    """Return what a treadmill's desk reads of a command."""
    read = read_command(octets)
    assert isinstance(read, Command), read
    return read


# --- the message


def test_a_treadmill_is_one_retained_message_on_the_documented_topic() -> None:
    message = HomeAssistant(TOPICS).discovery(DEN, "den")
    assert message.topic == "homeassistant/device/backstride-den/config"
    assert (message.retain, message.qos, message.keeping) == (True, 1, Keeping.LATEST)
    told = json.loads(message.payload)
    assert told["device"] == {"identifiers": ["backstride-den"], "name": "Den", "model": "Generic treadmill"}
    assert told["origin"]["name"] == "Backstride"
    assert told["availability_mode"] == "all"
    assert [one["topic"] for one in told["availability"]] == [
        "backstride/v1/bridge/cellar/availability",
        "backstride/v1/treadmill/den/availability",
    ]


def test_a_simulated_treadmill_says_so() -> None:
    assert shown(replace(DEN, simulated=True)).payload["device"]["model"] == "Generic treadmill (simulated)"


def test_another_prefix_and_another_base_make_other_topics_and_another_device() -> None:
    message = HomeAssistant(Topics("gym/upstairs"), prefix="home/ha").discovery(DEN, "den")
    assert message.topic == "home/ha/device/gym-upstairs-den/config"
    entity = json.loads(message.payload)["components"]["stop"]
    assert entity["unique_id"] == "gym-upstairs-den-stop"
    assert entity["command_topic"] == "gym/upstairs/v1/treadmill/den/stop"


@pytest.mark.parametrize("prefix", ["", "a//b", "home/", "a+", "#", "two words", "x" * 101])
def test_a_prefix_that_cannot_begin_a_topic_is_refused(prefix: str) -> None:
    with pytest.raises(ConfigError, match="--home-assistant"):
        HomeAssistant(TOPICS, prefix=prefix)


def test_who_has_left_for_good_is_taken_away_by_an_empty_retained_message_on_the_same_topic() -> None:
    home = HomeAssistant(TOPICS)
    removal = home.removal("den")
    assert (removal.topic, removal.payload, removal.retain, removal.qos) == (
        home.discovery(DEN, "den").topic,
        b"",
        True,
        1,
    )


def test_identifiers_stay_whatever_is_renamed_restarted_or_changed() -> None:
    """An entity whose identifier changes loses its history, its name and every automation on it."""
    variants = [
        DEN,
        replace(DEN, name="Cellar", model="Another", bridge="attic", allows_start=False, incline=None),
        IN_MILES,
        replace(DEN, speed=None, profiles=()),
    ]
    known: dict[str, tuple[str, str]] = {}
    for able in variants:
        for unit in SpeedUnit:
            told = shown(able, unit)
            assert told.payload["device"]["identifiers"] == ["backstride-den"]
            for key, one in told.entities.items():
                assert known.setdefault(key, (one["unique_id"], one["platform"])) == (one["unique_id"], one["platform"])
    assert {identifier for identifier, _ in known.values()} == {f"backstride-den-{key}" for key in EVERY}
    assert set(known) == EVERY


EVERY = {
    *STATED, "session", "step", "step_label", "step_left", "question", "answer", "link", "stop", "pause", "skip",
    "back", "start", "resume", "confirm", "target_speed", "target_incline", "profile",
}  # fmt: skip


def test_two_treadmills_share_no_identifier_and_no_topic_but_the_bridge() -> None:
    one, other = shown(name="den"), shown(name="attic-treadmill")

    def of(told: Shown) -> set[str]:
        texts = [
            text for entity in told.entities.values() for name, text in entity.items() if name.endswith(("topic", "id"))
        ]
        return {*texts, *told.payload["device"]["identifiers"]}

    assert not of(one) & of(other)


# --- what is there, and what is not


def test_what_a_machine_can_do_is_there() -> None:
    told = shown()
    assert told.on("button") == {"stop", "pause", "skip", "back", "start", "resume", "confirm"}
    assert told.on("number") == {"target_speed", "target_incline"}
    assert told.on("select") == {"profile"}
    assert told.entities["profile"]["options"] == list(DEN.profiles)


def test_s1_nothing_that_starts_a_belt_is_there_where_this_machine_may_not_be_started_over_mqtt() -> None:
    told = shown(replace(DEN, allows_start=False))
    assert told.on("button") == {"stop", "pause", "skip", "back"}
    for key in ("start", "resume", "confirm"):
        assert told.payload["components"][key] == {"platform": "button"}, "taken away, if it was there before"
    commands = {read_command(told.command(key, 1, at=AT)) for key in told.on("button") | told.on("number")}
    assert not {one.verb for one in commands if isinstance(one, Command)} & {Verb.START, Verb.RESUME, Verb.CONFIRM}


def test_a_machine_without_incline_has_no_target_for_it_and_its_sensor_is_off_at_first() -> None:
    told = shown(replace(DEN, incline=None))
    assert told.on("number") == {"target_speed"}
    assert told.payload["components"]["target_incline"] == {"platform": "number"}
    assert told.entities["incline"]["enabled_by_default"] is False
    assert "enabled_by_default" not in shown().entities["incline"]


def test_a_machine_without_control_is_watched_and_can_be_told_to_stop_and_nothing_else() -> None:
    told = shown(replace(DEN, speed=None, incline=None, profiles=()))
    assert told.on("button") == {"stop"}
    assert told.on("number") | told.on("select") == set()
    assert {"speed", "distance", "link"} <= set(told.entities)


@pytest.mark.parametrize(
    "steps",
    [
        SpeedSteps(Speed(400), Speed(400), Speed(10), "km/h"),
        SpeedSteps(Speed(400), Speed(405), Speed(10), "km/h"),
        SpeedSteps(Speed(400), Speed(500), Speed(0), "km/h"),
    ],
)
def test_a_machine_that_leaves_no_choice_of_speed_has_no_number_for_it(steps: SpeedSteps) -> None:
    """Home Assistant refuses a number whose ends are the same."""
    assert "target_speed" not in shown(replace(DEN, speed=steps)).entities


def test_s4_the_button_for_stop_goes_to_the_topic_for_stop_and_does_not_wait_for_the_radio_link() -> None:
    """Home Assistant does not press a button that is unavailable."""
    stop = shown().entities["stop"]
    assert stop["command_topic"] == TOPICS.of(Channel.STOP, "den")
    assert [one["topic"] for one in stop["availability"]] == [TOPICS.of(Channel.BRIDGE, "cellar")]
    assert stop["qos"] == 1


def test_every_command_goes_out_at_least_once_and_is_never_retained() -> None:
    for entity in shown().entities.values():
        assert entity["qos"] == 1
        assert not entity.get("retain", False)
        if entity["platform"] in {"button", "number", "select"} and entity["name"] != "Stop":
            assert entity["command_topic"] == TOPICS.of(Channel.COMMAND, "den")
            assert "availability" not in entity


# --- what is shown


def test_values_are_shown_as_they_are_in_kilometres() -> None:
    told, octets = shown(), write(WALKING)
    states = {key: told.state(key, octets) for key in STATED}
    assert states == {
        "speed": "4.18",
        "incline": "2.5",
        "distance": "1.609",
        "time": "754",
        "heart_rate": "104",
        "energy": "61",
        "power": "80",
        "steps": "1900",
        "moving": "ON",
        "session_distance": "0.805",
        "session_time": "600",
    }
    units = {key: told.entities[key].get("unit_of_measurement") for key in ("speed", "distance", "session_distance")}
    assert units == {"speed": "km/h", "distance": "km", "session_distance": "km"}


def test_values_are_shown_in_miles_for_who_wants_them() -> None:
    told, octets = shown(unit=SpeedUnit.MPH), write(WALKING)
    assert [told.state(key, octets) for key in ("speed", "distance", "session_distance")] == ["2.6", "1.0", "0.5"]
    units = [told.entities[key]["unit_of_measurement"] for key in ("speed", "distance", "session_distance")]
    assert units == ["mph", "mi", "mi"]


@pytest.mark.parametrize("unit", SpeedUnit)
@pytest.mark.parametrize("belt", [NOTHING_KNOWN, replace(WALKING, stale=True)], ids=["unknown", "stale"])
def test_s10_what_is_unknown_or_stale_is_unknown_and_never_zero(belt: BeltState, unit: SpeedUnit) -> None:
    told, octets = shown(unit=unit), write(belt)
    assert {key: told.state(key, octets) for key in STATED} == dict.fromkeys(STATED, UNKNOWN)


@pytest.mark.parametrize("unit", SpeedUnit)
def test_zero_is_shown_as_zero(unit: SpeedUnit) -> None:
    still = replace(
        WALKING, speed=Speed(0), incline=Incline(0), distance_m=0, elapsed_s=0, energy_kcal=0, session_distance_m=0.0
    )
    told, octets = shown(unit=unit), write(replace(still, standing=True, session_elapsed_s=0.0))
    keys = ("speed", "incline", "distance", "time", "energy", "session_distance", "session_time")
    assert [float(told.state(key, octets)) for key in keys] == [0.0] * 7
    assert told.state("moving", octets) == "OFF"


def test_the_session_is_shown_with_its_step_its_targets_and_what_it_asks_for() -> None:
    told, octets = shown(), write(SESSION)
    keys = ("session", "step", "step_label", "step_left", "question", "profile", "target_speed", "target_incline")
    assert [told.state(key, octets) for key in keys] == [
        "running",
        "2",
        "ramp to 4.2 km/h",
        "61",
        "Turned round?",
        "retro-walk",
        "4.18",
        "2.5",
    ]
    told, octets = shown(), write(IDLE)
    assert [told.state(key, octets) for key in keys] == ["idle"] + [UNKNOWN] * 7


def test_every_state_of_a_session_is_one_of_the_options() -> None:
    assert set(shown().entities["session"]["options"]) == {"idle", *SessionState}


def test_a_text_is_never_longer_than_home_assistant_takes() -> None:
    told, long = shown(), "x" * 400
    assert len(told.state("question", write(replace(SESSION, question=long)))) == 255
    assert len(told.state("answer", write(Answer("ha-1", "pause", Outcome.REJECTED, long)))) == 255


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer("ha-1", "pause", Outcome.CONFIRMED, ""), "pause confirmed"),
        (Answer("ha-1", "set_speed", Outcome.REJECTED, "too fast (S7)"), "set_speed rejected: too fast (S7)"),
        (Answer("ha-1", "", Outcome.REJECTED, "no JSON"), "rejected: no JSON"),
    ],
)
def test_what_became_of_the_last_command_is_shown_with_the_reason(answer: Answer, text: str) -> None:
    assert shown().state("answer", write(answer)) == text


def test_the_radio_link_is_shown_above_all_while_it_is_down() -> None:
    link = shown().entities["link"]
    assert (link["payload_on"], link["payload_off"]) == (ONLINE, OFFLINE)
    assert [one["topic"] for one in link["availability"]] == [TOPICS.of(Channel.BRIDGE, "cellar")]


def test_every_sensor_reads_the_topic_that_has_its_value() -> None:
    """A template on another topic's payload would render an error for ever."""
    payloads: dict[Channel, object] = {
        Channel.STATE: WALKING,
        Channel.SESSION: SESSION,
        Channel.ANSWER: Answer("ha-1", "stop", Outcome.CONFIRMED, ""),
    }
    octets = {TOPICS.of(channel, "den"): write(value) for channel, value in payloads.items()}
    octets[TOPICS.of(Channel.LINK, "den")] = ONLINE.encode()
    told = shown()
    for key, entity in told.entities.items():
        if "state_topic" in entity:
            assert told.state(key, octets[entity["state_topic"]]) != UNKNOWN


# --- what is commanded


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.SKIP, Verb.BACK, Verb.START, Verb.RESUME, Verb.CONFIRM])
def test_a_button_sends_a_command_with_an_id_of_its_own_and_the_instant(verb: Verb) -> None:
    told = shown()
    assert command(told.command(verb.value, at=AT)) == Command(f"ha-{AT}", AT, verb)
    assert command(told.command(verb.value, at=AT + 1e-4)).id != f"ha-{AT}"


def test_s4_the_button_for_stop_is_answered_under_its_id() -> None:
    octets = shown().command("stop", at=AT)
    assert read_caller(octets) == f"ha-{AT}"
    assert command(octets).verb is Verb.STOP


@pytest.mark.parametrize("profile", [*DEN.profiles, "naïve \\ walk", "{{ 7 * 7 }}", "two\nlines"])
def test_a_profile_is_chosen_by_its_name_whatever_is_in_it(profile: str) -> None:
    octets = shown().command("profile", profile, at=AT)
    assert json.loads(octets)["profile"] == profile


def test_every_speed_of_the_machine_is_asked_for_exactly() -> None:
    for speed in map(Speed, range(80, 2001, 10)):
        read = command(shown().command("target_speed", float(speed.kmh), at=AT))
        assert (read.verb, read.argument) == (Verb.SET_SPEED, speed)


def test_a_machine_that_counts_in_miles_is_told_its_own_speeds_whatever_unit_is_shown() -> None:
    """S7: every number that can be chosen is one of the machine's own."""
    for unit in SpeedUnit:
        told = shown(IN_MILES, unit)
        number = told.entities["target_speed"]
        assert (number["min"], number["max"], number["step"]) == (0.5, 12.0, 0.1)
        assert number["unit_of_measurement"] == "mph"
        for tenths in range(5, 121):
            read = command(told.command("target_speed", tenths / 10, at=AT))
            assert read.argument == Speed.from_mph(f"{tenths / 10}")
            assert isinstance(read.argument, Speed)
            octets = write(replace(SESSION, target_speed=read.argument))
            assert float(told.state("target_speed", octets)) == tenths / 10


def test_a_machine_that_counts_in_kilometres_has_its_targets_in_kilometres_for_who_sees_miles_too() -> None:
    number = shown(unit=SpeedUnit.MPH).entities["target_speed"]
    assert (number["min"], number["max"], number["step"], number["unit_of_measurement"]) == (0.8, 20.0, 0.1, "km/h")


def test_an_incline_is_asked_for_in_the_machines_own_range_and_steps() -> None:
    told = shown(replace(DEN, incline=InclineSteps(Incline(-30), Incline(150), Incline(5))))
    number = told.entities["target_incline"]
    assert (number["min"], number["max"], number["step"]) == (-3.0, 15.0, 0.5)
    for half in range(-6, 31):
        read = command(told.command("target_incline", half / 2, at=AT))
        assert (read.verb, read.argument) == (Verb.SET_INCLINE, Incline(half * 5))
    assert command(told.command("target_incline", 2, at=AT)).argument == Incline(20), "whole numbers come as such"


# --- the documented form itself


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def _of_sensor(key: str, **values: object) -> Callable[[dict[str, Any]], None]:
    def change(payload: dict[str, Any]) -> None:
        payload["components"][key] = {**payload["components"][key], **values}

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda payload: payload.pop("origin"),
        lambda payload: payload.pop("device"),
        lambda payload: payload["device"].pop("identifiers"),
        lambda payload: payload["components"]["stop"].pop("unique_id"),
        lambda payload: payload["components"]["stop"].pop("command_topic"),
        lambda payload: payload["components"]["speed"].pop("state_topic"),
        lambda payload: payload["components"]["speed"].pop("platform"),
        lambda payload: payload["components"]["speed"].pop("unit_of_measurement"),
        lambda payload: payload["components"]["profile"].pop("options"),
        _of_sensor("speed", unit_of_measurement="kph"),
        _of_sensor("speed", state_class="total_increasing"),
        _of_sensor("energy", state_class="measurement"),
        _of_sensor("energy", unit_of_measurement="Cal"),
        _of_sensor("distance", unit_of_measurement="miles"),
        _of_sensor("time", unit_of_measurement="sec"),
        _of_sensor("session", state_class="measurement"),
        _of_sensor("speed", options=["a"]),
        _of_sensor("speed", entity_category="config"),
        _of_sensor("speed", unit="km/h"),
        _of_sensor("target_speed", step=0),
        _of_sensor("speed", state_topic="backstride/+/state"),
        lambda payload: payload.update(availability_mode="both"),
        lambda payload: payload["components"].update({"two words": {"platform": "button"}}),
    ],
)
def test_the_schema_finds_what_the_documentation_does_not_allow(change: Callable[[dict[str, Any]], object]) -> None:
    payload = copy.deepcopy(shown().payload)
    change(payload)
    assert list(VALIDATOR.iter_errors(payload))


def test_the_prefix_is_the_one_that_home_assistant_listens_to() -> None:
    assert HomeAssistant(TOPICS).prefix == PREFIX == "homeassistant"
