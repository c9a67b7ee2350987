"""Fitness Machine Feature 0x2ACC: what a machine reports and what it lets a client set (FTMS 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import ClassVar, Final

from backstride.protocol.wire import UINT32, Layout, Message, Part


class MachineFeature(IntFlag):
    """What a machine reports (FTMS Table 4.3). A set bit is a claim, not a proof."""

    AVERAGE_SPEED = 1 << 0
    CADENCE = 1 << 1
    TOTAL_DISTANCE = 1 << 2
    INCLINATION = 1 << 3
    ELEVATION_GAIN = 1 << 4
    PACE = 1 << 5
    STEP_COUNT = 1 << 6
    RESISTANCE_LEVEL = 1 << 7
    STRIDE_COUNT = 1 << 8
    EXPENDED_ENERGY = 1 << 9
    HEART_RATE_MEASUREMENT = 1 << 10
    METABOLIC_EQUIVALENT = 1 << 11
    ELAPSED_TIME = 1 << 12
    REMAINING_TIME = 1 << 13
    POWER_MEASUREMENT = 1 << 14
    FORCE_ON_BELT_AND_POWER_OUTPUT = 1 << 15
    USER_DATA_RETENTION = 1 << 16


class TargetSetting(IntFlag):
    """What a client may set through the control point (FTMS Table 4.4)."""

    SPEED_TARGET = 1 << 0
    INCLINATION_TARGET = 1 << 1
    RESISTANCE_TARGET = 1 << 2
    POWER_TARGET = 1 << 3
    HEART_RATE_TARGET = 1 << 4
    TARGETED_EXPENDED_ENERGY = 1 << 5
    TARGETED_STEP_NUMBER = 1 << 6
    TARGETED_STRIDE_NUMBER = 1 << 7
    TARGETED_DISTANCE = 1 << 8
    TARGETED_TRAINING_TIME = 1 << 9
    TARGETED_TIME_TWO_HR_ZONES = 1 << 10
    TARGETED_TIME_THREE_HR_ZONES = 1 << 11
    TARGETED_TIME_FIVE_HR_ZONES = 1 << 12
    INDOOR_BIKE_SIMULATION = 1 << 13
    WHEEL_CIRCUMFERENCE = 1 << 14
    SPIN_DOWN_CONTROL = 1 << 15
    TARGETED_CADENCE = 1 << 16


DEFINED_FEATURES: Final = 0x0001_FFFF
"""The bits either word defines; the others are reserved."""


@dataclass(frozen=True, slots=True)
class Features(Message):
    """The two bit fields of 0x2ACC. Reserved bits (17 to 31) stay in the numbers and mean nothing (FTMP 4.4.1)."""

    layout: ClassVar[Layout] = Layout(Part("machine", UINT32, MachineFeature), Part("target", UINT32, TargetSetting))
    machine: MachineFeature
    target: TargetSetting


def decode_features(value: bytes) -> Features:
    """Read a Feature value of 8 octets; further octets are ignored.

    Raises:
        DecodeError: The value is shorter.
    """
    return Features.read(value)


def encode_features(features: Features) -> bytes:
    """Return the 8 octets of `features`. Raises EncodeError if a bit field does not fit into 32 bits."""
    return features.write()
