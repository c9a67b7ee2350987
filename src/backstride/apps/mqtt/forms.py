"""How each payload is written as JSON: its keys, what each may hold, and what it means. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from backstride.apps.mqtt.payloads import (
    IDLE,
    LONGEST_ID,
    LONGEST_PROFILE,
    Abilities,
    Answer,
    BeltState,
    Claim,
    Command,
    Counters,
    InclineSteps,
    Outcome,
    Progress,
    SpeedSteps,
    Verb,
)
from backstride.apps.mqtt.topics import is_slug
from backstride.capture.form import COUNT, SECONDS, TEXT, YES_OR_NO, Codec, Form, Key, many, one_of
from backstride.units import Incline, Speed
from backstride.workout.events import Ask, SessionState

if TYPE_CHECKING:
    from collections.abc import Mapping

_FASTEST: Final = 655.35  # km/h: what the wire can carry (FTMS 4.9)
_STEEPEST: Final = 3276.7  # per cent, likewise
_INSTANT: Final = 1e11  # seconds since 1970; the year 5138


def _nullable(codec: Codec[Any]) -> Codec[Any]:
    """Return the codec of such a value, or null where it is unknown."""
    return Codec(
        {"anyOf": [codec.schema, {"type": "null"}]},
        lambda value: None if value is None else codec.write(value),
        lambda value: None if value is None else codec.read(value),
    )


def _number(value: object, lowest: float, highest: float) -> float:
    """Return a number within bounds; true and false are none, and neither is what is not finite."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not lowest <= value <= highest:
        raise ValueError(f"found {value!r:.60}, expected a number from {lowest:g} to {highest:g}")
    return value


def _words(value: object, longest: int) -> str:
    text = TEXT.read(value)
    if not 1 <= len(text) <= longest or not text.isprintable():
        raise ValueError(f"found {value!r:.60}, expected 1 to {longest} printable characters")
    return text


def _slug(value: object) -> str:
    if not is_slug(text := TEXT.read(value)):
        raise ValueError(f"found {value!r:.60}, expected lower-case letters, digits and dashes")
    return text


def _counts(value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        raise ValueError(f"found {value!r:.60}, expected an object")  # noqa: TRY004 - every codec raises ValueError
    return {TEXT.read(cause): COUNT.read(number) for cause, number in value.items()}


def _bounded(longest: int) -> Codec[str]:
    return Codec(
        {"type": "string", "minLength": 1, "maxLength": longest, "pattern": r"^[^\x00-\x1f]*$"},
        str,
        lambda value: _words(value, longest),
    )


ID: Final = _bounded(LONGEST_ID)
SPEED: Final[Codec[Speed]] = Codec(
    {"type": "number", "minimum": 0, "maximum": _FASTEST},
    lambda speed: int(speed) / 100,
    lambda value: Speed.from_kmh(str(_number(value, 0, _FASTEST))),
)
INCLINE: Final[Codec[Incline]] = Codec(
    {"type": "number", "minimum": -_STEEPEST, "maximum": _STEEPEST},
    lambda incline: int(incline) / 10,
    lambda value: Incline.from_percent(str(_number(value, -_STEEPEST, _STEEPEST))),
)
INSTANT: Final[Codec[float]] = Codec(
    {"type": "number", "minimum": 0, "maximum": _INSTANT},
    lambda instant: round(instant, 3),
    lambda value: float(_number(value, 0, _INSTANT)),
)
_METRES: Final[Codec[float]] = Codec(
    {"type": "number", "minimum": 0}, lambda metres: round(metres, 2), lambda value: float(_number(value, 0, 1e9))
)
_WHOLE_METRES: Final[Codec[int]] = Codec({"type": "integer", "minimum": 0}, int, COUNT.read)
_SLUG: Final[Codec[str]] = Codec({"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}, str, _slug)
_STATES: Final = (IDLE, *SessionState)


def _state(value: object) -> str:
    if value not in _STATES:
        raise ValueError(f"found {value!r:.60}, expected one of: {', '.join(_STATES)}")
    return cast("str", value)


_SPEED_STEPS: Final = Form(
    SpeedSteps,
    Key("minimum", SPEED, "The slowest speed.", key="minimum_km_h"),
    Key("maximum", SPEED, "The fastest speed.", key="maximum_km_h"),
    Key("increment", SPEED, "The distance between two neighbouring speeds.", key="increment_km_h"),
    Key("unit", Codec({"enum": ["km/h", "mph"]}, str, TEXT.read), "The unit in which its steps are even."),
)
_INCLINE_STEPS: Final = Form(
    InclineSteps,
    Key("minimum", INCLINE, "The lowest incline.", key="minimum_percent"),
    Key("maximum", INCLINE, "The highest incline.", key="maximum_percent"),
    Key("increment", INCLINE, "The distance between two neighbouring inclines.", key="increment_percent"),
)

FORMS: Final[Mapping[str, Form[Any]]] = {
    "answer": Form(
        Answer,
        Key("id", ID, "The id of the command."),
        Key("command", TEXT, "What was commanded; empty where that cannot be told."),
        Key("outcome", one_of(Outcome), "What has come of it."),
        Key("reason", TEXT, "Why, as a sentence; may be empty where it is confirmed."),
    ),
    "claim": Form(
        Claim,
        Key("bridge", _SLUG, "The bridge that drives this treadmill."),
        Key("since", INSTANT, "Since when, in seconds since 1970."),
    ),
    "capabilities": Form(
        Abilities,
        Key("name", TEXT, "What its owner calls it, else the name it advertises, else its model."),
        Key("model", TEXT, "The model, as its machine file calls it."),
        Key("bridge", _SLUG, "The bridge that drives it."),
        Key("simulated", YES_OR_NO, "True if it is no real treadmill."),
        Key("speed", _nullable(_SPEED_STEPS.codec), "Speeds it can hold; null where its speed cannot be set."),
        Key("incline", _nullable(_INCLINE_STEPS.codec), "Inclines it can hold; null where none can be set."),
        Key("profiles", many(TEXT), "The sessions that it can be told to walk."),
        Key("allows_start", YES_OR_NO, "True if its belt may be started over MQTT."),
    ),
    "state": Form(
        BeltState,
        Key("at", INSTANT, "When this was so, in seconds since 1970."),
        Key("connected", YES_OR_NO, "True while the radio link to the treadmill is up."),
        Key("standing", _nullable(YES_OR_NO), "True if the belt is seen to stand, false if it is seen to move."),
        Key("stale", YES_OR_NO, "True where the values are older than they should be."),
        Key("speed", _nullable(SPEED), "What the machine reports.", key="speed_km_h"),
        Key("incline", _nullable(INCLINE), "What the machine reports.", key="incline_percent"),
        Key("distance_m", _nullable(_WHOLE_METRES), "The machine's own counter."),
        Key("elapsed_s", _nullable(COUNT), "The machine's own clock."),
        Key("heart_rate_bpm", _nullable(COUNT), "What the machine reports."),
        Key("energy_kcal", _nullable(COUNT), "The machine's own counter."),
        Key(
            "power_w",
            _nullable(Codec({"type": "integer"}, int, lambda value: int(_number(value, -1e6, 1e6)))),
            "Power.",
        ),
        Key("steps", _nullable(COUNT), "The machine's own step counter."),
        Key("session_distance_m", _nullable(_METRES), "Walked in the session; null without one."),
        Key("session_climb_m", _nullable(_METRES), "Climbed in the session; null without one."),
        Key("session_elapsed_s", _nullable(SECONDS), "Seconds since the session was begun; null without one."),
    ),
    "session": Form(
        Progress,
        Key("profile", TEXT, "The session that is chosen, or walked."),
        Key("state", Codec({"enum": list(_STATES)}, str, _state), "Where the session stands."),
        Key("step", _nullable(COUNT), "Number of the step under way, counted from 0."),
        Key("steps", COUNT, "How many steps there are."),
        Key("label", TEXT, "The step as a person reads it."),
        Key("target_speed", _nullable(SPEED), "What the machine was last asked for.", key="target_speed_km_h"),
        Key("target_incline", _nullable(INCLINE), "What the machine was last asked for.", key="target_incline_percent"),
        Key("remaining_s", _nullable(SECONDS), "Seconds to the end of the step; null where nobody can tell."),
        Key("asking", _nullable(one_of(Ask)), "What the session waits for a person to do."),
        Key("question", TEXT, "That as a sentence."),
        Key("reason", TEXT, "Why it is in this state, where there is something to say."),
    ),
    "counters": Form(
        Counters,
        Key(
            "refused",
            Codec({"type": "object", "additionalProperties": COUNT.schema}, dict, _counts),
            "How many messages were refused, by cause.",
        ),
        Key("unanswered", COUNT, "How many of them were not answered: too many, or without an id."),
        Key("dropped", COUNT, "States that were dropped while the broker was away."),
        Key("lost", COUNT, "Events and answers that were dropped because it was away for too long."),
    ),
}
"""Name of a payload, as `topics.TOPICS` says it, to its form."""

ARGUMENTS: Final[Mapping[Verb, Key]] = {
    Verb.SET_SPEED: Key("argument", SPEED, "The speed to walk at for the rest of the step.", key="speed_km_h"),
    Verb.SET_INCLINE: Key("argument", INCLINE, "The incline for the rest of the step.", key="incline_percent"),
    Verb.PROFILE: Key("argument", _bounded(LONGEST_PROFILE), "One of the profiles of `capabilities`.", key="profile"),
}
"""The key that a command has beside the usual ones, where it has one."""


def _verb(verb: Verb) -> Key:
    return Key("verb", Codec({"const": verb.value}, str, lambda _: verb), "What is wanted.", key="command")


COMMANDS: Final[Mapping[Verb, Form[Command]]] = {
    verb: Form(
        Command,
        Key("id", ID, "Any text that the caller never uses again; the answer repeats it."),
        Key("sent_at", INSTANT, "Now, in seconds since 1970, by the caller's clock."),
        _verb(verb),
        *([ARGUMENTS[verb]] if verb in ARGUMENTS else []),
    )
    for verb in Verb
}
"""The form of every command."""
