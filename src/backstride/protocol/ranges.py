"""The supported ranges 0x2AD4 to 0x2AD8: lowest, highest, smallest step (FTMS 4.11 to 4.15). They have no sentinels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from backstride.protocol.wire import SINT16, UINT8, UINT16, Layout, Message, Part, TwoFormMessage
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SpeedRange(Message):
    """Supported Speed Range 0x2AD4, in 0.01 km/h."""

    layout: ClassVar[Layout] = Layout(
        Part("minimum", UINT16, Speed), Part("maximum", UINT16, Speed), Part("increment", UINT16, Speed)
    )
    minimum: Speed
    maximum: Speed
    increment: Speed


@dataclass(frozen=True, slots=True)
class InclinationRange(Message):
    """Supported Inclination Range 0x2AD5, in 0.1 %; a negative minimum is a deck that declines."""

    layout: ClassVar[Layout] = Layout(
        Part("minimum", SINT16, Incline), Part("maximum", SINT16, Incline), Part("increment", UINT16, Incline)
    )
    minimum: Incline
    maximum: Incline
    increment: Incline


@dataclass(frozen=True, slots=True)
class HeartRateRange(Message):
    """Supported Heart Rate Range 0x2AD7, in beats per minute."""

    layout: ClassVar[Layout] = Layout(Part("minimum", UINT8), Part("maximum", UINT8), Part("increment", UINT8))
    minimum: int
    maximum: int
    increment: int


@dataclass(frozen=True, slots=True)
class PowerRange(Message):
    """Supported Power Range 0x2AD8, in watts. The ends are global, not those at the present speed (FTMS 4.14)."""

    layout: ClassVar[Layout] = Layout(Part("minimum", SINT16), Part("maximum", SINT16), Part("increment", UINT16))
    minimum: int
    maximum: int
    increment: int


@dataclass(frozen=True, slots=True)
class ResistanceRange(TwoFormMessage):
    """Supported Resistance Level Range 0x2AD6, in two forms that only their length tells apart.

    Attributes:
        minimum: Lowest level, in 0.1 in the form of 6 octets and in 1 in that of 3.
        maximum: Highest level, on the same scale.
        increment: Smallest step, on the same scale.
        octets: 6 (GATT XML 2017, FTMS.TS, every machine seen) or 3 (GATT Specification Supplement).
    """

    layouts: ClassVar[Mapping[int, Layout]] = {
        6: Layout(Part("minimum", SINT16), Part("maximum", SINT16), Part("increment", UINT16)),
        3: Layout(Part("minimum", UINT8), Part("maximum", UINT8), Part("increment", UINT8)),
    }
    units_per_level: ClassVar[Mapping[int, int]] = {6: 10, 3: 1}
    minimum: int
    maximum: int
    increment: int
    octets: int = field(default=6, kw_only=True)


def decode_speed_range(value: bytes) -> SpeedRange:
    """Read 6 octets; further octets are ignored. Raises DecodeError if there are fewer."""
    return SpeedRange.read(value)


def encode_speed_range(supported: SpeedRange) -> bytes:
    """Return the 6 octets of `supported`. Raises EncodeError out of range."""
    return supported.write()


def decode_inclination_range(value: bytes) -> InclinationRange:
    """Read 6 octets; further octets are ignored. Raises DecodeError if there are fewer."""
    return InclinationRange.read(value)


def encode_inclination_range(supported: InclinationRange) -> bytes:
    """Return the 6 octets of `supported`. Raises EncodeError out of range."""
    return supported.write()


def decode_heart_rate_range(value: bytes) -> HeartRateRange:
    """Read 3 octets; further octets are ignored. Raises DecodeError if there are fewer."""
    return HeartRateRange.read(value)


def encode_heart_rate_range(supported: HeartRateRange) -> bytes:
    """Return the 3 octets of `supported`. Raises EncodeError out of range."""
    return supported.write()


def decode_power_range(value: bytes) -> PowerRange:
    """Read 6 octets; further octets are ignored. Raises DecodeError if there are fewer."""
    return PowerRange.read(value)


def encode_power_range(supported: PowerRange) -> bytes:
    """Return the 6 octets of `supported`. Raises EncodeError out of range."""
    return supported.write()


def decode_resistance_range(value: bytes) -> ResistanceRange:
    """Read 6 or 3 octets; octets beyond 6 are ignored. Raises DecodeError if there are fewer than 3, or 4 or 5."""
    return ResistanceRange.read(value)


def encode_resistance_range(supported: ResistanceRange) -> bytes:
    """Return the 6 or 3 octets of `supported`. Raises EncodeError out of range."""
    return supported.write()
