"""Heart Rate Measurement 0x2A37 and Body Sensor Location 0x2A38 (Heart Rate Service 1.0)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache
from typing import Final

from backstride.errors import DecodeError
from backstride.protocol.wire import UINT8, UINT16, Layout, Part


class HeartRateFlag(IntFlag):
    """Bits of the flags octet; the others are reserved."""

    WIDE = 1 << 0
    """The heart rate takes two octets."""
    CONTACT = 1 << 1
    """The sensor touches the skin; means nothing without the next one."""
    CONTACT_TOLD = 1 << 2
    ENERGY_EXPENDED = 1 << 3
    RR_INTERVALS = 1 << 4


class BodySensorLocation(IntEnum):
    """Where a heart rate sensor is worn; every other number is reserved."""

    OTHER = 0
    CHEST = 1
    WRIST = 2
    FINGER = 3
    HAND = 4
    EAR_LOBE = 5
    FOOT = 6


RR_UNITS_PER_SECOND: Final = 1024
HEART_RATE_FLAGS: Final = 0x1F
_FLAGS: Final = Part("flags", UINT8)
_NARROW: Final = Part("heart_rate", UINT8)
_WIDE: Final = Part("heart_rate", UINT16)
_ENERGY: Final = Part("energy_expended", UINT16)
_LOCATION: Final = Layout(Part("location", UINT8))


@dataclass(frozen=True, slots=True)
class HeartRateMeasurement:
    """A value of 0x2A37.

    Attributes:
        heart_rate: In beats per minute; one above 255 goes out in two octets.
        contact: Whether the sensor touches the skin, or None if it cannot tell.
        energy_expended: In kilojoules since it was reset, or None if it is not told.
        rr_intervals: Times between heart beats in 1/1024 s, oldest first.
    """

    heart_rate: int
    contact: bool | None = None
    energy_expended: int | None = None
    rr_intervals: tuple[int, ...] = ()

    @property
    def flags(self) -> int:
        """The flags octet."""
        wide = HeartRateFlag.WIDE if self.heart_rate > UINT8.maximum else HeartRateFlag(0)
        told = HeartRateFlag(0) if self.contact is None else HeartRateFlag.CONTACT_TOLD
        contact = HeartRateFlag.CONTACT if self.contact else HeartRateFlag(0)
        energy = HeartRateFlag(0) if self.energy_expended is None else HeartRateFlag.ENERGY_EXPENDED
        return wide | told | contact | energy | (HeartRateFlag.RR_INTERVALS if self.rr_intervals else 0)


@cache
def heart_rate_layout(flags: int) -> Layout:
    """Return the layout of a measurement with these flags, as far as the RR intervals, which fill the rest."""
    energy = (_ENERGY,) if flags & HeartRateFlag.ENERGY_EXPENDED else ()
    return Layout(_FLAGS, _WIDE if flags & HeartRateFlag.WIDE else _NARROW, *energy)


def rr_intervals_of(value: bytes) -> tuple[int, ...]:
    """Return the whole RR intervals of a measurement in 1/1024 s; none if its flags announce none."""
    if not value or not value[0] & HeartRateFlag.RR_INTERVALS:
        return ()
    begin = heart_rate_layout(value[0]).size
    return tuple(UINT16.read(value, at) for at in range(begin, len(value) - 1, UINT16.octets))


def decode_heart_rate(value: bytes) -> HeartRateMeasurement:
    """Read a measurement; reserved flags and octets beyond the fields are ignored.

    Raises:
        DecodeError: The value ends before a field that its flags promise.
    """
    if not value:
        raise DecodeError("the value ends before its flags", field="flags")
    flags, heart_rate, *energy = heart_rate_layout(value[0]).read(value)
    contact = bool(flags & HeartRateFlag.CONTACT) if flags & HeartRateFlag.CONTACT_TOLD else None
    return HeartRateMeasurement(heart_rate, contact, energy[0] if energy else None, rr_intervals_of(value))


def encode_heart_rate(measurement: HeartRateMeasurement) -> bytes:
    """Return the octets of `measurement`. Raises EncodeError out of range."""
    intervals = (UINT16.write(interval, "rr_interval") for interval in measurement.rr_intervals)
    return heart_rate_layout(measurement.flags).write(measurement) + b"".join(intervals)


def decode_body_sensor_location(value: bytes) -> int:
    """Return a `BodySensorLocation`, or a reserved number, from 1 octet. Raises DecodeError if there is none."""
    number: int = _LOCATION.read(value)[0]
    return BodySensorLocation(number) if number in BodySensorLocation.__members__.values() else number


def encode_body_sensor_location(location: int) -> bytes:
    """Return the octet of `location`. Raises EncodeError out of range."""
    return UINT8.write(location, "location")
