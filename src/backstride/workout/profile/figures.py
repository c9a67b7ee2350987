"""How the figures of the format are spelt, read, and put right: times, distances, speeds, paces, inclinations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from backstride.units import Distance, Incline, Speed, parse_duration
from backstride.workout.profile.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DURATION_PATTERN: Final = (
    r"([0-9]+([.,][0-9]+)? *(h|hours?|min|minutes?|s|sec|seconds?) *)+|([0-9]+:)?[0-9]{1,3}:[0-5][0-9]"
)
DISTANCE_PATTERN: Final = r"[0-9]+([.,][0-9]+)? *(m|km|mi|miles?)"
SPEED_PATTERN: Final = r"[0-9]*[.,]?[0-9]+ *(mph|km/h)"
PACE_PATTERN: Final = r"[0-9]{1,3}:[0-5][0-9] */ *(mi|mile|km)"
INCLINE_PATTERN: Final = r"-?[0-9]*[.,]?[0-9]+ *%"

_LONGEST: Final = 40
_FIGURE = re.compile(r"(?P<number>[+\-]?[0-9]*[.,]?[0-9]+)\s*(?P<unit>[^0-9.,:]*)")
_SPEED_UNITS: Final = ("mph", "km/h")
_SYNONYMS: Final = {
    "mins": "min", "min.": "min", "'": "min", "secs": "s", "sek": "s", '"': "s", "hr": "h", "hrs": "h", "std": "h",
    "metre": "m", "metres": "m", "meter": "m", "meters": "m", "kms": "km", "kilometres": "km", "kilometers": "km",
    "kmph": "km/h", "kmh": "km/h", "k/h": "km/h", "km": "km/h", "miles": "mph", "mi": "mph", "m/h": "mph",
    "miles/h": "mph", "percent": "%", "per cent": "%", "°": "%", "deg": "%",
}  # fmt: skip
_TIME_SYNONYMS: Final = {**_SYNONYMS, "m": "min"}


def _short(text: str) -> str:
    if len(text) > _LONGEST:
        raise ValueError("a figure has a few characters only")
    return text


def read_duration(text: str) -> Mapping[str, object]:
    """Return the value of the field ``duration``; raises ValueError."""
    return {"duration": parse_duration(_short(text))}


def read_length(text: str) -> Mapping[str, object]:
    """Return the value of the field ``duration``, or of ``distance``; raises ValueError."""
    try:
        return read_duration(text)
    except ValueError:
        return {"distance": Distance.parse(_short(text))}


def read_incline(text: str) -> Mapping[str, object]:
    """Return the value of the field ``incline``; raises ValueError."""
    return {"incline": Incline.parse(_short(text))}


def read_times(text: str) -> Mapping[str, object]:
    """Return the value of the field ``times``; raises ValueError."""
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise ValueError("not a whole number")
    return {"times": int(text)}


def speed_reader(field: str, *, pace: bool | None) -> Callable[[str], Mapping[str, object]]:
    """Return a reader of `field` that takes paces only, no paces, or (None) both, and raises ValueError."""

    def read(text: str) -> Mapping[str, object]:
        if pace is not None and pace != (":" in text):
            raise ValueError("a speed stands where a pace belongs, or the other way round")
        return {field: Speed.parse(_short(text))}

    return read


def unit_hint(usual: tuple[str, ...], others: tuple[str, ...] = ()) -> Callable[[str], str]:
    """Return what advises on a figure without its unit, or with one that is spelt in another way."""

    def hint(text: str) -> str:
        match = _FIGURE.fullmatch(text.strip()) if len(text) <= _LONGEST else None  # long ones take it hours
        if match is None:
            return ""
        if not match["unit"]:
            choices = " or ".join(f"{match['number']} {unit}" for unit in usual)
            return f"; a number alone has no meaning here, units are required: write {choices}"
        unit = nearest(match["unit"], (*usual, *others), _TIME_SYNONYMS if "min" in usual else _SYNONYMS)
        return f" (did you mean '{match['number']} {unit}'?)" if unit and unit != match["unit"] else ""

    return hint


def speed_hint(text: str) -> str:
    """Return advice on `text`, which is no speed."""
    return "; a pace belongs under the key 'pace'" if ":" in text else unit_hint(_SPEED_UNITS)(text)


def pace_hint(text: str) -> str:
    """Return advice on `text`, which is no pace."""
    if re.fullmatch(r"\s*[0-9]{1,3}:[0-9]{2}\s*", text):
        return f"; units are required: write {text.strip()} /mi or {text.strip()} /km"
    return "; a speed belongs under the key 'speed'" if nearest(text.strip(" 0123456789.,"), _SPEED_UNITS) else ""
