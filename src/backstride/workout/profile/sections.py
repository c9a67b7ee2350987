"""The file format as one table: every key, what may be written there, and what it fills in the models.

The reader, its error sentences, the suggestions and the JSON Schema all come from this table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.workout.profile.figures import (
    DISTANCE_PATTERN,
    DURATION_PATTERN,
    INCLINE_PATTERN,
    PACE_PATTERN,
    SPEED_PATTERN,
    pace_hint,
    read_duration,
    read_incline,
    read_length,
    read_times,
    speed_hint,
    speed_reader,
    unit_hint,
)
from backstride.workout.profile.keys import Key, Section, Shape
from backstride.workout.profile.models import (
    MOST_TIMES,
    Facing,
    Handrails,
    Limits,
    Profile,
    Ramp,
    Repeat,
    Stand,
    Steady,
)
from backstride.workout.profile.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

CUE_ALLOWED: Final = "a sentence of up to 200 characters"
CUE_SCHEMA: Final[Mapping[str, object]] = {"type": "string", "minLength": 1, "maxLength": 200}

_WORD_SYNONYMS: Final = {"backwards": "backward", "forwards": "forward", "two": "both", "no": "none", "0": "none"}


def _word(name: str, words: type[StrEnum], help_: str) -> Key:
    *others, last = [word.value for word in words]
    return Key(
        name=name,
        fills=(name,),
        allowed=f"{', '.join(others)} or {last}",
        help=help_,
        schema={"enum": [*others, last]},
        read=lambda text: {name: words(text)},
        hint=lambda text: did_you_mean(text, (*others, last), _WORD_SYNONYMS),
    )


def _until(text: str) -> Mapping[str, object]:
    if text != "confirmed":
        raise ValueError("not the word confirmed")
    return {"until_confirmed": True}


def _text_key(name: str, longest: int, help_: str) -> Key:
    return Key(
        name=name,
        fills=(name,),
        allowed=f"a text of up to {longest} characters",
        help=help_,
        schema={"type": "string", "minLength": 1, "maxLength": longest},
        shape=Shape.TEXT,
        read=lambda text: {name: text},
    )


_FOR: Final = Key(
    name="for",
    fills=("duration", "distance"),
    allowed="a time from 1 s to 6 h, such as 90 s, 3 min or 1:30, or a distance from 10 m to 50 km, such as 200 m",
    help="How long (90 s, 3 min, 1 h 30 min, 1:30) or how far (200 m, 1.5 km, 1 mi) to walk.",
    schema={"type": "string", "pattern": f"^({DURATION_PATTERN}|{DISTANCE_PATTERN})$", "examples": ["90 s", "200 m"]},
    read=read_length,
    hint=unit_hint(("s", "min", "m"), ("h", "km", "mi")),
)
_REST: Final = Key(
    name="for",
    fills=("duration",),
    allowed="a time from 1 s to 6 h, such as 30 s or 3 min",
    help="How long to rest before you are asked to go on: 30 s, 3 min, 1:30.",
    schema={"type": "string", "pattern": f"^({DURATION_PATTERN})$", "examples": ["30 s", "3 min"]},
    read=read_duration,
    hint=unit_hint(("s", "min"), ("h",)),
)
_UNTIL: Final = Key(
    name="until",
    fills=("until_confirmed",),
    allowed="confirmed",
    help="confirmed: stand until you say that you are ready.",
    schema={"const": "confirmed"},
    read=_until,
    hint=lambda text: did_you_mean(text, ["confirmed"]),
)
_INCLINE: Final = Key(
    name="incline",
    fills=("incline",),
    allowed="an inclination from -15 % to 40 %, such as 2 % or 2.5 %",
    help="Inclination in per cent: 2 %, 2.5 %. Without it, that of the step before.",
    schema={"type": "string", "pattern": f"^{INCLINE_PATTERN}$", "examples": ["2 %"]},
    read=read_incline,
    hint=unit_hint(("%",)),
)


def _speed_key(name: str, fills: str, help_: str, *, pace: bool = False) -> Key:
    allowed = "a speed above 0 and up to 25 km/h (15.5 mph), such as 2.6 mph or 4.2 km/h"
    pattern = f"{SPEED_PATTERN}|{PACE_PATTERN}" if pace else SPEED_PATTERN
    return Key(
        name=name,
        fills=(fills,),
        allowed=f"{allowed}, or a pace, such as 24:00 /mi" if pace else allowed,
        help=help_,
        schema={"type": "string", "pattern": f"^({pattern})$", "examples": ["2.6 mph", "4.2 km/h"]},
        read=speed_reader(fills, pace=None if pace else False),
        hint=unit_hint(("mph", "km/h")) if pace else speed_hint,
    )


_PACE: Final = Key(
    name="pace",
    fills=("speed",),
    allowed="a pace up to 25 km/h, such as 24:00 /mi or 15:00 /km",
    help="Pace instead of a speed: 24:00 /mi, 15:00 /km.",
    schema={"type": "string", "pattern": f"^{PACE_PATTERN}$", "examples": ["24:00 /mi", "15:00 /km"]},
    read=speed_reader("speed", pace=True),
    hint=pace_hint,
)
_FACING: Final = _word("facing", Facing, "Which way you look; forward is towards the console. Without it, as before.")
_HANDRAILS: Final = _word("handrails", Handrails, "Which hands hold the handrails. Without it, as before.")
_CUE: Final = Key(
    name="cue",
    fills=("cues",),
    allowed=CUE_ALLOWED,
    help="What to tell the walker at the start of the step.",
    schema=CUE_SCHEMA,
    shape=Shape.CUE,
)
_CUES: Final = Key(
    name="cues",
    fills=("cues",),
    allowed='a group of offsets and sentences, such as {0 s: "Upright", 60 s: "Relax"}',
    help="What to tell the walker, by the time from the start of the step.",
    schema={
        "type": "object",
        "minProperties": 1,
        "patternProperties": {f"^({DURATION_PATTERN})$": CUE_SCHEMA},
        "additionalProperties": False,
    },
    shape=Shape.CUES,
)
_POSE: Final = (_FACING, _HANDRAILS, _CUE, _CUES)
_TIMES: Final = Key(
    name="times",
    fills=("times",),
    allowed=f"a whole number from 1 to {MOST_TIMES}",
    help="How often.",
    schema={"type": "integer", "minimum": 1, "maximum": MOST_TIMES},
    read=read_times,
)
_STEPS: Final = Key(
    name="steps",
    fills=("steps",),
    allowed="a list of steps, each beginning with '- '",
    help="What to walk, in this order.",
    schema={"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}},
    shape=Shape.STEPS,
)


def _section_key(name: str, target: str, help_: str) -> Key:
    return Key(name, (name,), "a group of keys", help_, {"$ref": f"#/$defs/{target}"}, Shape.SECTION)


STEADY: Final = Section(
    name="steady",
    help="Walk at one speed.",
    keys=(
        _FOR,
        _speed_key("speed", "speed", "Speed: 2.6 mph, 4.2 km/h. Without it, that of the step before."),
        _PACE,
        _INCLINE,
        *_POSE,
    ),
    model=Steady,
    needs=(("for",),),
    never_both=(("speed", "pace"),),
)
RAMP: Final = Section(
    name="ramp",
    help="Go evenly from the speed and inclination of the step before to others.",
    keys=(_FOR, _speed_key("to", "to", "Speed at the end: 2.6 mph, 4.2 km/h, 24:00 /mi.", pace=True), _INCLINE, *_POSE),
    model=Ramp,
    needs=(("for",), ("to", "incline")),
)
STAND: Final = Section(
    name="stand",
    help="The belt stands. It starts again only when you say so.",
    keys=(_UNTIL, _REST, *_POSE),
    model=Stand,
    needs=(("until", "for"),),
)
REPEAT: Final = Section(
    name="repeat",
    help="Walk some steps several times.",
    keys=(_TIMES, _STEPS),
    model=Repeat,
    needs=(("times",), ("steps",)),
)
INTERVALS: Final = Section(
    name="intervals",
    help="Work and rest in turn, several times.",
    keys=(
        _TIMES,
        _section_key("work", "steady", "The hard part, with the keys of a steady step."),
        _section_key("rest", "steady", "The easy part, with the keys of a steady step."),
        _STEPS,
    ),
    model=Repeat,
    needs=(("times",), ("work", "steps"), ("rest", "steps")),
    never_both=(("work", "steps"), ("rest", "steps")),
)
STEPS: Final[Mapping[str, Section]] = {section.name: section for section in (STEADY, RAMP, REPEAT, INTERVALS, STAND)}
"""The kinds of steps by their names."""

LIMITS: Final = Section(
    name="limits",
    help="What this session must never exceed. Above 3.6 mph or 10 % backward, a session needs its own limits.",
    keys=(_speed_key("speed", "speed", "The highest speed of this session."), _INCLINE),
    model=Limits,
    needs=(("speed", "incline"),),
)
PROFILE: Final = Section(
    name="profile",
    help="A session on the treadmill.",
    keys=(
        _text_key("name", 80, "What the session is called."),
        _text_key("summary", 2000, "What it is for, in a sentence or two."),
        _word("facing", Facing, "Which way you look where no step says otherwise; backward if not given."),
        _section_key("limits", "limits", LIMITS.help),
        _text_key("source", 2000, "Where the figures come from."),
        _STEPS,
    ),
    model=Profile,
    needs=(("name",), ("steps",)),
)
SECTIONS: Final[Mapping[str, Section]] = {"limits": LIMITS, "work": STEADY, "rest": STEADY}
"""The sections that stand behind a key of shape SECTION."""

KEY_SYNONYMS: Final = {
    "grade": "incline", "inclination": "incline", "slope": "incline", "elevation": "incline", "duration": "for",
    "time": "for", "distance": "for", "length": "for", "seconds": "for", "minutes": "for", "direction": "facing",
    "face": "facing", "hands": "handrails", "rails": "handrails", "say": "cue", "text": "cue", "title": "name",
    "description": "summary", "count": "times", "rounds": "times", "repeats": "times", "workout": "steps",
    "intervals": "steps", "recovery": "rest", "effort": "work", "speed": "to", "pace": "to", "target": "to",
    "end": "to", "walk": "steady", "run": "steady", "pause": "stand", "rest": "stand", "loop": "repeat",
    "sources": "source", "limit": "limits",
}  # fmt: skip
"""What people write for a key, where the likeness of the words would not show it."""
