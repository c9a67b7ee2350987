"""Speed, inclination, distance and duration: exact integers on the wire's own scale.

FTMS carries speed as 0.01 km/h, inclination as 0.1 % and distance as 1 m (FTMS 4.4.1, 4.9, 4.10), so these types
*are* those integers. Text and `Decimal` are rounded half-even on the way in; miles exist in this module only
(1 mi = 1.609344 km exactly). Nothing here uses binary floating point: scaling by floats is how the field sends one
speed in ten one unit wrong.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from enum import Enum
from typing import Final, Self

KM_PER_MILE: Final = Decimal("1.609344")
_SECONDS_PER_HOUR: Final = 3600
_DIGITS = r"\d{1,9}"  # far beyond any treadmill, and short enough that no arithmetic here can overflow
_NUMBER = rf"(?P<number>[+\-\N{{MINUS SIGN}}]?(?:{_DIGITS}(?:[.,]\d{{0,9}})?|[.,]{_DIGITS}))"
_SPEED = re.compile(rf"{_NUMBER}\s*(?P<unit>km/?h|kph|mph|mi/h)", re.IGNORECASE)
_PACE = re.compile(r"(?P<minutes>\d{1,3}):(?P<seconds>[0-5]\d)\s*(?:min)?\s*/\s*(?P<unit>mi|mile|km)", re.IGNORECASE)
_INCLINE = re.compile(rf"{_NUMBER}\s*%", re.IGNORECASE)
_DISTANCE = re.compile(rf"{_NUMBER}\s*(?P<unit>m|km|mi|miles?)", re.IGNORECASE)
_DURATION_PART = re.compile(
    rf"(?P<number>{_DIGITS}(?:[.,]{_DIGITS})?)\s*(?P<unit>hours?|h|minutes?|min|seconds?|sec|s)", re.IGNORECASE
)
_CLOCK = re.compile(r"(?:(?P<hours>\d{1,4}):)?(?P<minutes>\d{1,3}):(?P<seconds>[0-5]\d)")
_METRES_PER_MILE: Final = KM_PER_MILE * 1000
_METRES_PER_FOOT: Final = _METRES_PER_MILE / 5280
_METRES: Final = {
    "m": Decimal(1),
    "km": Decimal(1000),
    "mi": _METRES_PER_MILE,
    "mile": _METRES_PER_MILE,
    "miles": _METRES_PER_MILE,
}


class SpeedUnit(Enum):
    """How a person reads speed; the wire always says km/h."""

    KMH = "km/h"
    MPH = "mph"

    def __str__(self) -> str:
        return self.value


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ".").replace("\N{MINUS SIGN}", "-"))


def _to_int(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_EVEN))


def _exact(value: Decimal | int | str) -> Decimal:
    """Return `value` as a finite Decimal, or raise ValueError (S7: not finite is refused)."""
    try:
        number = _decimal(value) if isinstance(value, str) else Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is not a number") from error
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number


class Speed(int):
    """A belt speed in units of 0.01 km/h, as FTMS carries it (FTMS 4.4.1.1, uint16 on the wire).

    ``Speed(250)`` is 2.50 km/h. Sums and differences of speeds are speeds; everything else about it is an int.
    """

    __slots__ = ()

    @classmethod
    def from_kmh(cls, value: Decimal | int | str) -> Self:
        """Return `value` km/h, rounded half-even to 0.01 km/h. Raises ValueError unless finite."""
        return cls(_to_int(_exact(value) * 100))

    @classmethod
    def from_mph(cls, value: Decimal | int | str) -> Self:
        """Return `value` mph, rounded half-even to 0.01 km/h. Raises ValueError unless finite."""
        return cls(_to_int(_exact(value) * KM_PER_MILE * 100))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2.6 mph``, ``4.2 km/h`` or a pace, ``24:00 /mi`` or ``6:30 /km``.

        Raises:
            ValueError: `text` is none of these, or a pace of zero. The sentence says what is allowed.
        """
        text = text.strip()
        if match := _SPEED.fullmatch(text):
            number = _decimal(match["number"])
            return cls.from_mph(number) if match["unit"].lower().startswith("m") else cls.from_kmh(number)
        if match := _PACE.fullmatch(text):
            seconds = 60 * int(match["minutes"]) + int(match["seconds"])
            if seconds == 0:
                raise ValueError("a pace of 0:00 is no speed")
            length = Decimal(1) if match["unit"].lower() == "km" else KM_PER_MILE
            return cls.from_kmh(length * _SECONDS_PER_HOUR / seconds)
        raise ValueError(f"{text!r} is not a speed; write it as 2.6 mph, 4.2 km/h, 24:00 /mi or 15:00 /km")

    @property
    def kmh(self) -> Decimal:
        """The exact speed in km/h."""
        return Decimal(int(self)) / 100

    @property
    def mph(self) -> Decimal:
        """The speed in mph, unrounded."""
        return Decimal(int(self)) / 100 / KM_PER_MILE

    @property
    def metres_per_second(self) -> float:
        """The speed in m/s, for integration over time."""
        return int(self) / 360

    def text(self, unit: SpeedUnit = SpeedUnit.KMH, *, digits: int | None = None) -> str:
        """Return the speed as a person reads it: ``4.18 km/h`` or ``2.6 mph``, half-even to `digits` decimals.

        Without `digits`: two for km/h, which is exact, and one for mph, which is the step people set.
        """
        if unit is SpeedUnit.MPH:
            return f"{_quantized(self.mph, 1 if digits is None else digits)} mph"
        return f"{_quantized(self.kmh, 2 if digits is None else digits)} km/h"

    def __add__(self, other: int) -> Speed:
        return Speed(int(self) + int(other))

    def __sub__(self, other: int) -> Speed:
        return Speed(int(self) - int(other))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Speed({int(self)})"


class Incline(int):
    """An inclination in units of 0.1 %, as FTMS carries it (FTMS 4.4.1.5, sint16 on the wire); negative is downhill.

    ``Incline(25)`` is 2.5 %: 2.5 m up for 100 m along.
    """

    __slots__ = ()

    @classmethod
    def from_percent(cls, value: Decimal | int | str) -> Self:
        """Return `value` percent, rounded half-even to 0.1 %. Raises ValueError unless finite."""
        return cls(_to_int(_exact(value) * 10))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2 %`` or ``-1.5%``. Raises ValueError, whose sentence says what is allowed."""
        if match := _INCLINE.fullmatch(text.strip()):
            return cls.from_percent(_decimal(match["number"]))
        raise ValueError(f"{text!r} is not an inclination; write it as 2 % or 2.5 %")

    @property
    def percent(self) -> Decimal:
        """The exact inclination in percent."""
        return Decimal(int(self)) / 10

    @property
    def grade(self) -> float:
        """The inclination as a fraction: 0.02 for 2 %."""
        return int(self) / 1000

    def text(self) -> str:
        """Return the inclination as a person reads it: ``2.0 %``."""
        return f"{_quantized(self.percent, 1)} %"

    def __add__(self, other: int) -> Incline:
        return Incline(int(self) + int(other))

    def __sub__(self, other: int) -> Incline:
        return Incline(int(self) - int(other))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Incline({int(self)})"


class Distance(int):
    """A distance in metres, as FTMS carries it (FTMS 4.4.1.4, uint24 on the wire)."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``200 m``, ``1.5 km`` or ``1 mi``, rounded half-even to 1 m. Raises ValueError."""
        if match := _DISTANCE.fullmatch(text.strip()):
            return cls(_to_int(_decimal(match["number"]) * _METRES[match["unit"].lower()]))
        raise ValueError(f"{text!r} is not a distance; write it as 200 m, 1.5 km or 1 mi")

    def text(self, unit: SpeedUnit = SpeedUnit.KMH) -> str:
        """Return the distance as a person reads it: ``200 m``, ``1.50 km`` or, beside mph, ``0.12 mi``."""
        if unit is SpeedUnit.MPH:
            return f"{_quantized(Decimal(int(self)) / _METRES_PER_MILE, 2)} mi"
        if abs(self) < _METRES["km"]:
            return f"{int(self)} m"
        return f"{_quantized(Decimal(int(self)) / _METRES['km'], 2)} km"

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Distance({int(self)})"


def climb_text(metres: float, unit: SpeedUnit) -> str:
    """Return metres climbed as a person reads them: ``24.1 m`` or, beside mph, ``79 ft``."""
    if unit is SpeedUnit.MPH:
        return f"{_quantized(_exact(str(metres)) / _METRES_PER_FOOT, 0)} ft"
    return f"{metres:.1f} m"


def _quantized(value: Decimal, digits: int) -> Decimal:
    rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    return abs(rounded) if rounded == 0 else rounded


def parse_duration(text: str) -> float:
    """Read a duration: ``90 s``, ``3 min``, ``1 h 30 min``, ``1:30`` (minutes:seconds) or ``1:00:00``.

    Returns:
        Seconds.

    Raises:
        ValueError: `text` is none of these. The sentence says what is allowed.
    """
    text = text.strip()
    if match := _CLOCK.fullmatch(text):
        return float(int(match["hours"] or 0) * 3600 + int(match["minutes"]) * 60 + int(match["seconds"]))
    seconds, end = Decimal(0), 0
    while match := _DURATION_PART.match(text, end):
        seconds += _decimal(match["number"]) * {"h": 3600, "m": 60, "s": 1}[match["unit"][0].lower()]
        end = match.end()
        while end < len(text) and text[end] == " ":
            end += 1
    if end == 0 or end != len(text):
        raise ValueError(f"{text!r} is not a duration; write it as 90 s, 3 min, 1 h 30 min or 1:30")
    return float(seconds)


def format_duration(seconds: float) -> str:
    """Return ``1:30`` or ``1:02:03``: minutes and seconds as a console shows them, cut to whole seconds."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
