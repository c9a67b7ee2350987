"""RSC Measurement 0x2A53, RSC Feature 0x2A54 and Sensor Location 0x2A5D: Running Speed and Cadence (RSCS 1.0).

Cadence counts how often one foot lands and a stride is the way between two landings of the same foot (RSCS 1.0), so
a walker of 110 steps a minute has a cadence of 55.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache
from typing import Final

from backstride.errors import DecodeError
from backstride.protocol.wire import UINT8, UINT16, UINT32, Layout, Part


class RscFlag(IntFlag):
    """Bits of the flags octet of a measurement; the others are reserved."""

    STRIDE_LENGTH = 1 << 0
    TOTAL_DISTANCE = 1 << 1
    RUNNING = 1 << 2
    """Clear: walking, or the sensor does not tell (bit 2 of the features)."""


class RscFeature(IntFlag):
    """What a sensor tells and lets a client do; the other bits are reserved."""

    STRIDE_LENGTH = 1 << 0
    TOTAL_DISTANCE = 1 << 1
    WALKING_OR_RUNNING = 1 << 2
    CALIBRATION = 1 << 3
    SEVERAL_LOCATIONS = 1 << 4


class SensorLocation(IntEnum):
    """Where a sensor is worn or mounted; every other number is reserved."""

    OTHER = 0
    TOP_OF_SHOE = 1
    IN_SHOE = 2
    HIP = 3
    FRONT_WHEEL = 4
    LEFT_CRANK = 5
    RIGHT_CRANK = 6
    LEFT_PEDAL = 7
    RIGHT_PEDAL = 8
    FRONT_HUB = 9
    REAR_DROPOUT = 10
    CHAINSTAY = 11
    REAR_WHEEL = 12
    REAR_HUB = 13
    CHEST = 14
    SPIDER = 15
    CHAIN_RING = 16


UNITS_PER_METRE_PER_SECOND: Final = 256
RSC_FLAGS: Final = int(RscFlag.STRIDE_LENGTH | RscFlag.TOTAL_DISTANCE | RscFlag.RUNNING)
_HEAD: Final = (Part("flags", UINT8), Part("speed", UINT16), Part("cadence", UINT8))
_OPTIONAL: Final = (
    (RscFlag.STRIDE_LENGTH, Part("stride_length", UINT16)),
    (RscFlag.TOTAL_DISTANCE, Part("total_distance", UINT32)),
)
_FEATURE: Final = Layout(Part("features", UINT16))
_LOCATION: Final = Layout(Part("location", UINT8))


@dataclass(frozen=True, slots=True)
class RscMeasurement:
    """A value of 0x2A53.

    Attributes:
        speed: In 1/256 m/s.
        cadence: Strides a minute: landings of one foot.
        stride_length: In centimetres, or None if it is not told.
        total_distance: In 0.1 m, or None if it is not told.
        running: True if the person runs, False for walking or if the sensor cannot tell.
    """

    speed: int
    cadence: int
    stride_length: int | None = None
    total_distance: int | None = None
    running: bool = False

    @property
    def flags(self) -> int:
        """The flags octet."""
        stride = RscFlag(0) if self.stride_length is None else RscFlag.STRIDE_LENGTH
        distance = RscFlag(0) if self.total_distance is None else RscFlag.TOTAL_DISTANCE
        return stride | distance | (RscFlag.RUNNING if self.running else 0)


@cache
def rsc_layout(flags: int) -> Layout:
    """Return the layout of a measurement with these flags."""
    return Layout(*_HEAD, *(part for bit, part in _OPTIONAL if flags & bit))


def decode_rsc_measurement(value: bytes) -> RscMeasurement:
    """Read a measurement; reserved flags and octets beyond the fields are ignored.

    Raises:
        DecodeError: The value ends before a field that its flags promise.
    """
    if not value:
        raise DecodeError("the value ends before its flags", field="flags")
    layout = rsc_layout(value[0])
    fields = dict(zip((part.name for part in layout.parts), layout.read(value), strict=True))
    flags = fields.pop("flags")
    return RscMeasurement(**fields, running=bool(flags & RscFlag.RUNNING))


def encode_rsc_measurement(measurement: RscMeasurement) -> bytes:
    """Return the 4 to 10 octets of `measurement`. Raises EncodeError out of range."""
    return rsc_layout(measurement.flags).write(measurement)


def decode_rsc_feature(value: bytes) -> RscFeature:
    """Read 2 octets; further octets are ignored, reserved bits stay. Raises DecodeError if there are fewer."""
    return RscFeature(_FEATURE.read(value)[0])


def encode_rsc_feature(feature: RscFeature) -> bytes:
    """Return the 2 octets of `feature`. Raises EncodeError out of range."""
    return UINT16.write(feature, "features")


def decode_sensor_location(value: bytes) -> int:
    """Return a `SensorLocation`, or a reserved number, from 1 octet. Raises DecodeError if there is none."""
    number: int = _LOCATION.read(value)[0]
    return SensorLocation(number) if number in SensorLocation.__members__.values() else number


def encode_sensor_location(location: int) -> bytes:
    """Return the octet of `location`. Raises EncodeError out of range."""
    return UINT8.write(location, "location")
