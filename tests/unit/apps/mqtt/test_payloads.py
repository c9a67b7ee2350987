"""Payloads: as JSON and back, within their schema; and whatever else may come is refused, with the reason."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from backstride.apps.mqtt import payloads
from backstride.apps.mqtt.forms import COMMANDS, FORMS
from backstride.apps.mqtt.messages import (
    read,
    read_availability,
    read_caller,
    read_command,
    read_event,
    write,
    write_command,
    write_event,
)
from backstride.apps.mqtt.payloads import LARGEST_COMMAND, Cause, Command, Unreadable, Verb
from backstride.apps.mqtt.schema import payload_schemas, schema_text
from backstride.apps.mqtt.topics import TOPICS
from backstride.units import Incline, Speed
from backstride.workout.events import Ask, SessionState, TargetSet

ROOT = Path(__file__).parents[4]
SCHEMAS = payload_schemas()
TEXTS = st.text(max_size=20)
IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=payloads.LONGEST_ID)
SLUGS = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8})?", fullmatch=True)
COUNTS = st.integers(0, 10**6)
INSTANTS = st.floats(0, 1e10).map(lambda at: round(at, 3))
METRES = st.floats(0, 1e6).map(lambda metres: round(metres, 2))
SPEEDS = st.integers(0, 2500).map(Speed)
INCLINES = st.integers(-400, 400).map(Incline)
MAYBE = st.none() | COUNTS
PAYLOADS: st.SearchStrategy[Any] = st.one_of(
    st.builds(payloads.Answer, IDS, TEXTS, st.sampled_from(payloads.Outcome), TEXTS),
    st.builds(payloads.Claim, SLUGS, INSTANTS),
    st.builds(
        payloads.Abilities,
        TEXTS,
        TEXTS,
        SLUGS,
        st.booleans(),
        st.none() | st.builds(payloads.SpeedSteps, SPEEDS, SPEEDS, SPEEDS, st.sampled_from(["km/h", "mph"])),
        st.none() | st.builds(payloads.InclineSteps, INCLINES, INCLINES, INCLINES),
        st.lists(TEXTS, max_size=3).map(tuple),
        st.booleans(),
    ),
    st.builds(
        payloads.BeltState,
        at=INSTANTS,
        connected=st.booleans(),
        standing=st.none() | st.booleans(),
        stale=st.booleans(),
        speed=st.none() | SPEEDS,
        incline=st.none() | INCLINES,
        distance_m=MAYBE,
        elapsed_s=MAYBE,
        heart_rate_bpm=MAYBE,
        energy_kcal=MAYBE,
        power_w=st.none() | st.integers(-1000, 1000),
        steps=MAYBE,
        session_distance_m=st.none() | METRES,
        session_climb_m=st.none() | METRES,
        session_elapsed_s=st.none() | METRES,
    ),
    st.builds(
        payloads.Progress,
        profile=TEXTS,
        state=st.sampled_from((payloads.IDLE, *SessionState)),
        step=MAYBE,
        steps=COUNTS,
        label=TEXTS,
        target_speed=st.none() | SPEEDS,
        target_incline=st.none() | INCLINES,
        remaining_s=st.none() | METRES,
        asking=st.none() | st.sampled_from(Ask),
        question=TEXTS,
        reason=TEXTS,
    ),
    st.builds(payloads.Counters, st.dictionaries(TEXTS, COUNTS, max_size=3), COUNTS, COUNTS, COUNTS),
)
ARGUMENTS: dict[Verb, st.SearchStrategy[Any]] = {
    Verb.SET_SPEED: SPEEDS,
    Verb.SET_INCLINE: INCLINES,
    Verb.PROFILE: IDS,
}
COMMANDED = st.sampled_from([verb for verb in Verb if verb is not Verb.STOP]).flatmap(
    lambda verb: st.builds(Command, IDS, INSTANTS, st.just(verb), ARGUMENTS.get(verb, st.none()))
)
WALK = {"id": "a-1", "sent_at": 1.5, "command": "pause"}


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$defs": SCHEMAS["$defs"], "$ref": f"#/$defs/{name}"})


def commanded(**values: object) -> Command | Unreadable:
    return read_command(json.dumps({**WALK, **values}).encode())


@settings(deadline=None)
@given(PAYLOADS)
def test_every_payload_is_read_as_it_was_written_and_fits_its_schema(value: Any) -> None:  # noqa: ANN401 - any of them
    octets = write(value)
    assert read(type(value), octets) == value
    name = next(name for name, form in FORMS.items() if form.kind is type(value))
    validator(name).validate(json.loads(octets))


@settings(deadline=None)
@given(COMMANDED)
def test_every_command_is_read_as_it_was_written_and_fits_its_schema(command: Command) -> None:
    octets = write_command(command)
    assert read_command(octets) == command
    validator("command").validate(json.loads(octets))


def test_every_payload_has_a_form_with_all_its_attributes_and_every_topic_a_schema() -> None:
    for form in FORMS.values():
        assert [key.name for key in form.keys] == [one.name for one in fields(form.kind)]
    assert set(COMMANDS) == set(Verb)
    assert {rule.payload for rule in TOPICS.values() if rule.payload} <= set(SCHEMAS["$defs"])


def test_the_schemas_are_schemas_and_the_committed_file_is_the_generated_one() -> None:
    Draft202012Validator.check_schema(SCHEMAS)
    command = [sys.executable, "-m", "backstride.apps.mqtt"]
    generated = subprocess.run(command, capture_output=True, check=True).stdout
    assert (ROOT / "docs" / "mqtt.schema.json").read_bytes() == generated, "run: make schema"
    assert generated == schema_text().encode()


def test_an_event_is_what_the_record_holds_and_the_version() -> None:
    octets = write_event(TargetSet(speed=Speed(300)), 2.0)
    validator("event").validate(json.loads(octets))
    assert read_event(octets) == {
        "schema": 1,
        "event": "target",
        "t": 2.0,
        "speed_km_h": 3.0,
        "incline_percent": None,
    }


def test_a_reader_passes_over_what_a_later_version_adds_and_refuses_another_schema() -> None:
    assert read(payloads.Claim, b'{"schema":1,"bridge":"den","since":1,"mood":"good"}') == payloads.Claim("den", 1.0)
    with pytest.raises(ValueError, match="schema: found 2"):
        read(payloads.Claim, b'{"schema":2,"bridge":"den","since":1}')
    with pytest.raises(ValueError, match="bridge: "):
        read(payloads.Claim, b'{"schema":1,"bridge":"+/#","since":1}')
    with pytest.raises(ValueError, match="octets"):
        read(payloads.Claim, b" " * (payloads.LARGEST + 1))


def test_availability_is_one_of_two_words() -> None:
    assert read_availability(b"online")
    assert not read_availability(b"offline")
    with pytest.raises(ValueError, match="expected online or offline"):
        read_availability(b"perhaps")


@pytest.mark.parametrize("octets", [b"{}", b'{"event":1,"t":0}', b'{"event":"x","t":-1}', b"[]"])
def test_what_is_no_event_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_event(octets)


# --- what others send


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"pause",
        b"\xff\xfe",
        b"[]",
        b"17",
        b"null",
        b'"stop"',
        b'{"id":"a","id":"b"}',
        b'{"sent_at":NaN}',
        b'{"sent_at":Infinity}',
        b"[" * LARGEST_COMMAND,
        b'{"a":' * 200,
        b'{"id":"a-1","sent_at":1,"command":"pause"',
    ],
)
def test_what_is_no_json_object_is_malformed_and_there_is_nobody_to_answer(octets: bytes) -> None:
    answer = read_command(octets)
    assert isinstance(answer, Unreadable)
    assert (answer.cause, answer.id) == (Cause.MALFORMED, "")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"command": "explode"}, "command: found 'explode', expected one of: start"),
        ({"command": None}, "command: found None"),
        ({"command": ["stop"]}, "command: found"),
        ({"command": {}}, "command: found"),
        ({"sent_at": "now"}, "sent_at: found 'now'"),
        ({"sent_at": True}, "sent_at: found True"),
        ({"sent_at": 1e12}, "sent_at: found"),
        ({"sent_at": -1}, "sent_at: found"),
        ({"command": "set_speed"}, "speed_km_h is missing"),
        ({"command": "set_speed", "speed_km_h": "3"}, "speed_km_h: found '3'"),
        ({"command": "set_speed", "speed_km_h": True}, "speed_km_h: found True"),
        ({"command": "set_speed", "speed_km_h": -0.1}, "speed_km_h: found -0.1"),
        ({"command": "set_speed", "speed_km_h": 10**400}, "speed_km_h: found 1"),
        ({"command": "set_speed", "speed_km_h": 3, "incline_percent": 2}, "'incline_percent' is no key"),
        ({"command": "set_incline", "incline_percent": None}, "incline_percent: found None"),
        ({"command": "profile", "profile": ""}, "profile: found ''"),
        ({"command": "profile", "profile": "a\nb"}, "profile: found"),
        ({"command": "profile", "profile": 7}, "profile: found 7"),
        ({"force": True}, "'force' is no key"),
        ({"schema": 2}, "schema: found 2"),
        ({"schema": True}, "schema: found True"),
    ],
)
def test_a_command_that_is_not_as_documented_is_refused_under_its_id(values: dict[str, object], reason: str) -> None:
    answer = commanded(**values)
    assert isinstance(answer, Unreadable)
    assert (answer.cause, answer.id) == (Cause.WRONG_TYPED, "a-1")
    assert answer.reason.startswith(reason)
    assert not validator("command").is_valid({**WALK, **values}) or values.get("schema") is True


@pytest.mark.parametrize("caller", [None, 7, "", "x" * 65, "a\tb", ["a"], {}])
def test_a_command_without_a_usable_id_is_refused_and_there_is_nobody_to_answer(caller: object) -> None:
    answer = commanded(id=caller)
    assert isinstance(answer, Unreadable)
    assert (answer.cause, answer.id) == (Cause.WRONG_TYPED, "")


def test_a_missing_key_is_named() -> None:
    answer = read_command(b'{"id":"a-1","command":"pause"}')
    assert answer == Unreadable(Cause.WRONG_TYPED, "sent_at is missing", "a-1")


def test_a_command_is_read_up_to_its_bound_and_not_beyond() -> None:
    padded = json.dumps(WALK).encode().ljust(LARGEST_COMMAND)
    assert read_command(padded) == Command("a-1", 1.5, Verb.PAUSE)
    answer = read_command(padded + b" ")
    assert isinstance(answer, Unreadable)
    assert answer.cause is Cause.OVERSIZED


@pytest.mark.parametrize(
    "values",
    [
        {"command": "stop"},
        {"command": "stop", "id": 7},
        {"command": "stop", "sent_at": "yesterday", "schema": 9, "speed_km_h": []},
        {"command": "stop", "id": "a-1", "please": True},
    ],
)
def test_a_stop_is_read_whatever_else_is_wrong_with_it(values: dict[str, object]) -> None:
    """S4."""
    command = read_command(json.dumps(values).encode())
    assert isinstance(command, Command)
    assert command.verb is Verb.STOP
    assert command.id == (values.get("id") if values.get("id") == "a-1" else "")


@given(st.binary(max_size=80))
def test_whatever_octets_come_they_are_a_command_or_say_what_is_wrong(octets: bytes) -> None:
    answer = read_command(octets)
    assert isinstance(answer, Command | Unreadable)
    assert isinstance(read_caller(octets), str)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(list(Verb)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


@settings(deadline=None)  # the other end is a validator of schemas, which takes its time
@given(
    st.dictionaries(
        st.sampled_from(["id", "sent_at", "command", "speed_km_h", "incline_percent", "profile", "schema", "x"]), JSON
    )
)
def test_whatever_object_comes_is_read_exactly_if_it_fits_the_schema(values: dict[str, Any]) -> None:
    octets = json.dumps(values).encode()
    answer = read_command(octets)
    if values.get("command") == Verb.STOP and len(octets) <= LARGEST_COMMAND and b"NaN" not in octets:
        return
    assert isinstance(answer, Command) <= validator("command").is_valid(values)


@pytest.mark.parametrize(
    ("octets", "caller"),
    [(b"", ""), (b'{"id":"x"}', "x"), (b'{"id":1}', ""), (b"\x00" * 5000, ""), (b'{"id":"x"', ""), (b"[[", "")],
)
def test_the_id_in_a_stop_is_found_where_there_is_one(octets: bytes, caller: str) -> None:
    assert read_caller(octets) == caller
