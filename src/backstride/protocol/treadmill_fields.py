"""The fields of Treadmill Data 0x2ACD as a table: which flag brings them, how wide they are (FTMS Table 4.5)."""

from __future__ import annotations

from enum import IntFlag
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from backstride.protocol.wire import SINT16, UINT8, UINT16, UINT24, Width
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable


class DataFlag(IntFlag):
    """Bits of the flags word (FTMS Table 4.5)."""

    MORE_DATA = 1 << 0
    """The record goes on in the next notification, and Instantaneous Speed is absent from this one."""
    AVERAGE_SPEED = 1 << 1
    TOTAL_DISTANCE = 1 << 2
    INCLINATION_AND_RAMP_ANGLE = 1 << 3
    ELEVATION_GAIN = 1 << 4
    INSTANTANEOUS_PACE = 1 << 5
    AVERAGE_PACE = 1 << 6
    EXPENDED_ENERGY = 1 << 7
    HEART_RATE = 1 << 8
    METABOLIC_EQUIVALENT = 1 << 9
    ELAPSED_TIME = 1 << 10
    REMAINING_TIME = 1 << 11
    FORCE_ON_BELT_AND_POWER_OUTPUT = 1 << 12
    STEPS = 1 << 13
    """Reserved by the specification; walking pads append a step counter of two or three octets."""


class Field(NamedTuple):
    """One row of FTMS Table 4.5: the field, its flag bit, its type, what it becomes, and its "not available"."""

    name: str
    bit: int
    width: Width
    kind: Callable[[int], int] | None = None
    sentinel: int | None = None

    def present_in(self, flags: int) -> bool:
        """Whether `flags` announce the field; More Data alone announces by being clear (FTMS 4.4.1.2)."""
        return bool((flags ^ MORE_DATA) & self.bit)


MORE_DATA: Final = DataFlag.MORE_DATA.value
STEPS: Final = DataFlag.STEPS.value
RESERVED: Final = 0xE000
"""The flag bits the specification reserves, that of the steps among them."""
FLAGS: Final = UINT16
"""The width of the flags word."""

FIELDS: Final = (
    Field("instantaneous_speed", MORE_DATA, UINT16, Speed),
    Field("average_speed", DataFlag.AVERAGE_SPEED.value, UINT16, Speed),
    Field("total_distance", DataFlag.TOTAL_DISTANCE.value, UINT24),
    Field("inclination", DataFlag.INCLINATION_AND_RAMP_ANGLE.value, SINT16, Incline, sentinel=0x7FFF),
    Field("ramp_angle", DataFlag.INCLINATION_AND_RAMP_ANGLE.value, SINT16, sentinel=0x7FFF),
    Field("positive_elevation_gain", DataFlag.ELEVATION_GAIN.value, UINT16),
    Field("negative_elevation_gain", DataFlag.ELEVATION_GAIN.value, UINT16),
    Field("instantaneous_pace", DataFlag.INSTANTANEOUS_PACE.value, UINT16),
    Field("average_pace", DataFlag.AVERAGE_PACE.value, UINT16),
    Field("total_energy", DataFlag.EXPENDED_ENERGY.value, UINT16, sentinel=0xFFFF),
    Field("energy_per_hour", DataFlag.EXPENDED_ENERGY.value, UINT16, sentinel=0xFFFF),
    Field("energy_per_minute", DataFlag.EXPENDED_ENERGY.value, UINT8, sentinel=0xFF),
    Field("heart_rate", DataFlag.HEART_RATE.value, UINT8),
    Field("metabolic_equivalent", DataFlag.METABOLIC_EQUIVALENT.value, UINT8),
    Field("elapsed_time", DataFlag.ELAPSED_TIME.value, UINT16),
    Field("remaining_time", DataFlag.REMAINING_TIME.value, UINT16),
    Field("force_on_belt", DataFlag.FORCE_ON_BELT_AND_POWER_OUTPUT.value, SINT16, sentinel=0x7FFF),
    Field("power_output", DataFlag.FORCE_ON_BELT_AND_POWER_OUTPUT.value, SINT16, sentinel=0x7FFF),
)
_LEGACY_PACES: Final = {
    "instantaneous_pace": Field("instantaneous_pace_legacy", DataFlag.INSTANTANEOUS_PACE.value, UINT8),
    "average_pace": Field("average_pace_legacy", DataFlag.AVERAGE_PACE.value, UINT8),
}
_LEGACY_FIELDS: Final = tuple(_LEGACY_PACES.get(field.name, field) for field in FIELDS)
STEP_FIELDS: Final = {width.octets: Field("steps", STEPS, width) for width in (UINT16, UINT24)}
BIT_OF_VALUE: Final = {field.name: field.bit for field in (*FIELDS, *_LEGACY_FIELDS, STEP_FIELDS[3])}


def fields_of(flags: int, length: int) -> list[Field]:
    """Return the fields that a value of `length` octets under `flags` consists of, if it is whole."""
    announced = [field for field in FIELDS if field.present_in(flags)]
    size = FLAGS.octets + sum(field.width.octets for field in announced)
    paces = sum(field.name in _LEGACY_PACES for field in announced)
    if paces and not flags & RESERVED and length == size - paces:
        return [_LEGACY_PACES.get(field.name, field) for field in announced]
    if flags & RESERVED == STEPS and length - size in STEP_FIELDS:
        announced.append(STEP_FIELDS[length - size])
    return announced


@lru_cache(maxsize=512)
def announced_fields(flags: int, *, legacy: bool, step_octets: int) -> tuple[Field, ...]:
    """Return the fields that `flags` announce, with paces of one octet if `legacy`, and steps unless they take 0."""
    announced = [field for field in (_LEGACY_FIELDS if legacy else FIELDS) if field.present_in(flags)]
    return (*announced, STEP_FIELDS[step_octets]) if step_octets else tuple(announced)
