"""Payloads as octets and back: what others send is read strictly and within bounds. Pure.

``schema`` is the version of a payload. Of what a bridge sends, a reader passes over the keys that it does not know, for
later versions may have more; a command with such a key is refused.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeVar, cast

from backstride.apps.mqtt.forms import ARGUMENTS, COMMANDS, FORMS, ID
from backstride.apps.mqtt.payloads import (
    LARGEST,
    LARGEST_COMMAND,
    OFFLINE,
    ONLINE,
    SCHEMA,
    Cause,
    Command,
    Unreadable,
    Verb,
)
from backstride.capture.form import SECONDS
from backstride.workout.events import payload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backstride.workout.events import SessionEvent

Value = TypeVar("Value")

_NAMES: Final = {form.kind: name for name, form in FORMS.items()}

# --- writing


def write(value: object) -> bytes:
    """Return the JSON of a payload of ours: of an `Answer`, a `Claim`, the `Abilities`, and so on."""
    return _octets({"schema": SCHEMA, **FORMS[_NAMES[type(value)]].write(value)})


def write_command(command: Command) -> bytes:
    """Return the JSON of a command, for a client."""
    return _octets({"schema": SCHEMA, **COMMANDS[command.verb].write(command)})


def write_event(event: SessionEvent, at: float) -> bytes:
    """Return the JSON of an event of a session, `at` seconds after it was made: what `run --json` prints of it."""
    return _octets({"schema": SCHEMA, **payload(event, at)})


def _octets(values: Mapping[str, object]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode()


# --- reading


def read(kind: type[Value], octets: bytes) -> Value:
    """Return a payload that a bridge has sent.

    Raises:
        ValueError: It is none of this kind; the sentence names the key.
    """
    values = _object(octets, LARGEST)
    version = values.pop("schema", None)
    if version != SCHEMA:
        raise ValueError(f"schema: found {version!r:.60}, expected {SCHEMA}")
    return cast("Value", FORMS[_NAMES[kind]].read(values, frozenset(values)))


def read_event(octets: bytes) -> dict[str, object]:
    """Return an event that a bridge has sent, as docs/json.md describes it. Raises ValueError if it is none."""
    values = _object(octets, LARGEST)
    if not isinstance(values.get("event"), str):
        raise ValueError("event: not a text")  # noqa: TRY004 - what is wrong with the octets
    SECONDS.read(values.get("t"))
    return values


def read_availability(octets: bytes) -> bool:
    """Return True for ``online``. Raises ValueError for what is neither that nor ``offline``."""
    if octets not in {ONLINE.encode(), OFFLINE.encode()}:
        raise ValueError(f"found {octets[:20]!r}, expected {ONLINE} or {OFFLINE}")
    return octets == ONLINE.encode()


def read_command(octets: bytes) -> Command | Unreadable:
    """Return the command, or what is wrong with it. A Stop needs nothing but to say so (S4)."""
    if len(octets) > LARGEST_COMMAND:
        return Unreadable(Cause.OVERSIZED, f"a command has at most {LARGEST_COMMAND} octets")
    try:
        values = _object(octets, LARGEST_COMMAND)
    except ValueError as error:
        return Unreadable(Cause.MALFORMED, f"this is no JSON object: {error}")
    caller = _caller(values)
    if values.get("command") == Verb.STOP:
        return Command(caller, 0.0, Verb.STOP)
    try:
        return _command(values)
    except ValueError as error:
        return Unreadable(Cause.WRONG_TYPED, str(error), caller)


def read_caller(octets: bytes) -> str:
    """Return the id in the payload of a Stop, which may hold anything at all; empty where it holds none."""
    try:
        return _caller(_object(octets, LARGEST_COMMAND))
    except ValueError:
        return ""


def _caller(values: Mapping[str, object]) -> str:
    try:
        return ID.read(values.get("id"))
    except ValueError:
        return ""


def _command(values: Mapping[str, object]) -> Command:
    named = values.get("command")
    if not isinstance(named, str) or named not in set(Verb):
        raise ValueError(f"command: found {named!r:.60}, expected one of: {', '.join(Verb)}")
    version = values.get("schema", SCHEMA)
    if version != SCHEMA or isinstance(version, bool):
        raise ValueError(f"schema: found {version!r:.60}, expected {SCHEMA}")
    verb = Verb(named)
    argument = ARGUMENTS.get(verb)
    if argument is not None and argument.spelling not in values:
        raise ValueError(f"{argument.spelling} is missing")
    return COMMANDS[verb].read(values, frozenset({"schema"}))


def _object(octets: bytes, largest: int) -> dict[str, object]:
    """Return a JSON object. Raises ValueError for everything else, whatever it is."""
    if len(octets) > largest:
        raise ValueError(f"it has {len(octets)} octets, of at most {largest}")
    try:
        values = json.loads(octets, parse_constant=_no_number, object_pairs_hook=_each_key_once)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(values, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - what is wrong with the octets
    return values


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key stands there twice")
    return values
