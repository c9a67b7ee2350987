"""A `Profile` as the text of a profile file."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Final, assert_never

from backstride.units import Distance, Incline, Speed, SpeedUnit
from backstride.workout.profile.models import Ramp, Repeat, Stand, Steady

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.workout.profile.models import CuePoint, Profile, Step

_LINE_BREAKS: Final = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "\x7f\x85\u2028\u2029\ufeff"})


def to_yaml(profile: Profile) -> str:
    """Return `profile` as the text of a file that `load_profile` reads back equal.

    Speeds are written in mph where a tenth of a mile per hour says them exactly, else in km/h.
    """
    lines = [f"name: {_quoted(profile.name)}"]
    if profile.summary:
        lines.append(f"summary: {_quoted(profile.summary)}")
    lines.append(f"facing: {profile.facing}")
    if profile.limits is not None:
        limits = {"speed": _speed(profile.limits.speed), "incline": _incline(profile.limits.incline)}
        lines.append(f"limits: {_group(limits)}")
    if profile.source:
        lines.append(f"source: {_quoted(profile.source)}")
    lines.append("steps:")
    for step in profile.steps:
        lines += (f"  {line}" for line in _step(step))
    return "\n".join(lines) + "\n"


def _step(step: Step) -> Iterator[str]:
    match step:
        case Repeat():
            yield "- repeat:"
            yield f"    times: {step.times}"
            yield "    steps:"
            for inner in step.steps:
                yield from (f"      {line}" for line in _step(inner))
        case Steady():
            yield f"- steady: {_group({'for': _length(step), 'speed': _speed(step.speed), **_walk(step)})}"
        case Ramp():
            yield f"- ramp: {_group({'for': _length(step), 'to': _speed(step.to), **_walk(step)})}"
        case Stand():
            until = "confirmed" if step.until_confirmed else None
            rest = None if step.duration is None else _seconds(step.duration)
            yield f"- stand: {_group({'until': until, 'for': rest, **_pose(step)})}"
        case _:
            assert_never(step)


def _walk(step: Steady | Ramp) -> dict[str, str | None]:
    return {"incline": _incline(step.incline), **_pose(step)}


def _pose(step: Steady | Ramp | Stand) -> dict[str, str | None]:
    return {"facing": step.facing, "handrails": step.handrails, "cues": _cues(step.cues)}


def _cues(cues: tuple[CuePoint, ...]) -> str | None:
    return _group({_seconds(cue.at): _quoted(cue.text) for cue in cues}) if cues else None


def _group(values: dict[str, str | None]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in values.items() if value is not None) + "}"


def _length(step: Steady | Ramp) -> str:
    return _seconds(step.duration or 0.0) if step.distance is None else f"{Distance(step.distance):d} m"


def _seconds(seconds: float) -> str:
    """Return the shortest decimal that reads back as the same float, never with an exponent."""
    return f"{Decimal(repr(float(seconds))).normalize():f} s"


def _speed(speed: Speed | None) -> str | None:
    if speed is None:
        return None
    mph = speed.text(SpeedUnit.MPH)
    return mph if Speed.parse(mph) == speed else speed.text()


def _incline(incline: Incline | None) -> str | None:
    return None if incline is None else incline.text()


def _quoted(text: str) -> str:
    """Return `text` in YAML's double quotes, which read as JSON's do (YAML 1.2, 7.3.1)."""
    return json.dumps(text, ensure_ascii=False).translate(_LINE_BREAKS)
