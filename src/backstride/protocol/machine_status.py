"""Fitness Machine Status 0x2ADA: what happened at the console or through another client (FTMS 4.17).

The numbers are not those of the control point. The parameters are, so each status borrows the layout of its request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Final, get_args

from backstride.errors import DecodeError
from backstride.protocol import control_point
from backstride.protocol.wire import UINT8, Layout, Message, Part, TwoFormMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backstride.protocol.control_point import StopOrPause
    from backstride.units import Distance, Incline, Speed


class StatusCode(IntEnum):
    """Op codes of the machine status (FTMS Table 4.26)."""

    RESET = 0x01
    STOPPED_OR_PAUSED_BY_USER = 0x02
    STOPPED_BY_SAFETY_KEY = 0x03
    STARTED_OR_RESUMED_BY_USER = 0x04
    TARGET_SPEED_CHANGED = 0x05
    TARGET_INCLINE_CHANGED = 0x06
    TARGET_RESISTANCE_LEVEL_CHANGED = 0x07
    TARGET_POWER_CHANGED = 0x08
    TARGET_HEART_RATE_CHANGED = 0x09
    TARGETED_EXPENDED_ENERGY_CHANGED = 0x0A
    TARGETED_NUMBER_OF_STEPS_CHANGED = 0x0B
    TARGETED_NUMBER_OF_STRIDES_CHANGED = 0x0C
    TARGETED_DISTANCE_CHANGED = 0x0D
    TARGETED_TRAINING_TIME_CHANGED = 0x0E
    TARGETED_TIME_TWO_HR_ZONES_CHANGED = 0x0F
    TARGETED_TIME_THREE_HR_ZONES_CHANGED = 0x10
    TARGETED_TIME_FIVE_HR_ZONES_CHANGED = 0x11
    INDOOR_BIKE_SIMULATION_CHANGED = 0x12
    WHEEL_CIRCUMFERENCE_CHANGED = 0x13
    SPIN_DOWN_STATUS = 0x14
    TARGETED_CADENCE_CHANGED = 0x15
    CONTROL_PERMISSION_LOST = 0xFF


class SpinDownStage(IntEnum):
    """Parameter of the spin-down status (FTMS Table 4.27)."""

    REQUESTED = 0x01
    SUCCESS = 0x02
    ERROR = 0x03
    STOP_PEDALING = 0x04


@dataclass(frozen=True, slots=True)
class StatusReset(Message):
    """The machine was reset."""

    code: ClassVar[StatusCode] = StatusCode.RESET


@dataclass(frozen=True, slots=True)
class StoppedOrPausedByUser(Message):
    """The person stopped or paused the belt at the console.

    Attributes:
        control: Which of the two, or None if the machine did not say, or said something reserved.
    """

    code: ClassVar[StatusCode] = StatusCode.STOPPED_OR_PAUSED_BY_USER
    layout: ClassVar[Layout] = control_point.StopOrPauseRequest.layout
    control: StopOrPause | None


@dataclass(frozen=True, slots=True)
class StoppedBySafetyKey(Message):
    """The safety key was pulled."""

    code: ClassVar[StatusCode] = StatusCode.STOPPED_BY_SAFETY_KEY


@dataclass(frozen=True, slots=True)
class StartedOrResumedByUser(Message):
    """The person started the belt, or went on after a pause, at the console."""

    code: ClassVar[StatusCode] = StatusCode.STARTED_OR_RESUMED_BY_USER


@dataclass(frozen=True, slots=True)
class TargetSpeedChanged(Message):
    """The target of the belt's speed is now this, in 0.01 km/h."""

    code: ClassVar[StatusCode] = StatusCode.TARGET_SPEED_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetSpeed.layout
    speed: Speed


@dataclass(frozen=True, slots=True)
class TargetInclineChanged(Message):
    """The target of the inclination is now this, in 0.1 %."""

    code: ClassVar[StatusCode] = StatusCode.TARGET_INCLINE_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetInclination.layout
    inclination: Incline


@dataclass(frozen=True, slots=True)
class TargetResistanceLevelChanged(TwoFormMessage):
    """The target of the resistance level changed.

    Attributes:
        level: The level, in 0.1.
        octets: 1 (uint8, FTMS 1.0) or 2 (sint16, FTMS 1.0.1).
    """

    code: ClassVar[StatusCode] = StatusCode.TARGET_RESISTANCE_LEVEL_CHANGED
    layouts: ClassVar[Mapping[int, Layout]] = control_point.SetTargetResistanceLevel.layouts
    level: int
    octets: int = field(default=2, kw_only=True)


@dataclass(frozen=True, slots=True)
class TargetPowerChanged(Message):
    """The target of the power is now this, in watts."""

    code: ClassVar[StatusCode] = StatusCode.TARGET_POWER_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetPower.layout
    power: int


@dataclass(frozen=True, slots=True)
class TargetHeartRateChanged(Message):
    """The target of the heart rate is now this, in beats per minute."""

    code: ClassVar[StatusCode] = StatusCode.TARGET_HEART_RATE_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetHeartRate.layout
    heart_rate: int


@dataclass(frozen=True, slots=True)
class TargetedExpendedEnergyChanged(Message):
    """The goal of the session is now this, in kilocalories."""

    code: ClassVar[StatusCode] = StatusCode.TARGETED_EXPENDED_ENERGY_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetedExpendedEnergy.layout
    energy: int


@dataclass(frozen=True, slots=True)
class TargetedNumberOfStepsChanged(Message):
    """The goal of the session is now this number of steps."""

    code: ClassVar[StatusCode] = StatusCode.TARGETED_NUMBER_OF_STEPS_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetedNumberOfSteps.layout
    steps: int


@dataclass(frozen=True, slots=True)
class TargetedNumberOfStridesChanged(Message):
    """The goal of the session is now this number of strides."""

    code: ClassVar[StatusCode] = StatusCode.TARGETED_NUMBER_OF_STRIDES_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetedNumberOfStrides.layout
    strides: int


@dataclass(frozen=True, slots=True)
class TargetedDistanceChanged(Message):
    """The goal of the session is now this, in metres."""

    code: ClassVar[StatusCode] = StatusCode.TARGETED_DISTANCE_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetedDistance.layout
    distance: Distance


@dataclass(frozen=True, slots=True)
class TargetedTrainingTimeChanged(Message):
    """The goal of the session is now this, in seconds."""

    code: ClassVar[StatusCode] = StatusCode.TARGETED_TRAINING_TIME_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetedTrainingTime.layout
    time: int


@dataclass(frozen=True, slots=True)
class TargetedTimeInTwoHeartRateZonesChanged(Message):
    """The goal of the session is now these seconds in two heart rate zones."""

    code: ClassVar[StatusCode] = StatusCode.TARGETED_TIME_TWO_HR_ZONES_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetedTimeInTwoHeartRateZones.layout
    fat_burn: int
    fitness: int


@dataclass(frozen=True, slots=True)
class TargetedTimeInThreeHeartRateZonesChanged(Message):
    """The goal of the session is now these seconds in three heart rate zones."""

    code: ClassVar[StatusCode] = StatusCode.TARGETED_TIME_THREE_HR_ZONES_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetedTimeInThreeHeartRateZones.layout
    light: int
    moderate: int
    hard: int


@dataclass(frozen=True, slots=True)
class TargetedTimeInFiveHeartRateZonesChanged(Message):
    """The goal of the session is now these seconds in five heart rate zones."""

    code: ClassVar[StatusCode] = StatusCode.TARGETED_TIME_FIVE_HR_ZONES_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetedTimeInFiveHeartRateZones.layout
    very_light: int
    light: int
    moderate: int
    hard: int
    maximum: int


@dataclass(frozen=True, slots=True)
class IndoorBikeSimulationChanged(Message):
    """What an indoor bike feels like changed; units as in `control_point.SetIndoorBikeSimulation`."""

    code: ClassVar[StatusCode] = StatusCode.INDOOR_BIKE_SIMULATION_CHANGED
    layout: ClassVar[Layout] = control_point.SetIndoorBikeSimulation.layout
    wind_speed: int
    grade: int
    rolling_resistance: int
    wind_resistance: int


@dataclass(frozen=True, slots=True)
class WheelCircumferenceChanged(Message):
    """The circumference of a bike's wheel is now this, in 0.1 mm."""

    code: ClassVar[StatusCode] = StatusCode.WHEEL_CIRCUMFERENCE_CHANGED
    layout: ClassVar[Layout] = control_point.SetWheelCircumference.layout
    circumference: int


@dataclass(frozen=True, slots=True)
class SpinDownStatus(Message):
    """How far the spin-down of a bike has come (FTMS Table 4.27)."""

    code: ClassVar[StatusCode] = StatusCode.SPIN_DOWN_STATUS
    layout: ClassVar[Layout] = Layout(Part("stage", UINT8, SpinDownStage))
    stage: SpinDownStage


@dataclass(frozen=True, slots=True)
class TargetedCadenceChanged(Message):
    """The target of the cadence is now this, in 0.5 per minute."""

    code: ClassVar[StatusCode] = StatusCode.TARGETED_CADENCE_CHANGED
    layout: ClassVar[Layout] = control_point.SetTargetedCadence.layout
    cadence: int


@dataclass(frozen=True, slots=True)
class ControlPermissionLost(Message):
    """This client may no longer control the machine."""

    code: ClassVar[StatusCode] = StatusCode.CONTROL_PERMISSION_LOST


@dataclass(frozen=True, slots=True)
class OtherStatus:
    """A status whose code is reserved."""

    code: int
    parameter: bytes = b""


KnownStatus = (
    StatusReset
    | StoppedOrPausedByUser
    | StoppedBySafetyKey
    | StartedOrResumedByUser
    | TargetSpeedChanged
    | TargetInclineChanged
    | TargetResistanceLevelChanged
    | TargetPowerChanged
    | TargetHeartRateChanged
    | TargetedExpendedEnergyChanged
    | TargetedNumberOfStepsChanged
    | TargetedNumberOfStridesChanged
    | TargetedDistanceChanged
    | TargetedTrainingTimeChanged
    | TargetedTimeInTwoHeartRateZonesChanged
    | TargetedTimeInThreeHeartRateZonesChanged
    | TargetedTimeInFiveHeartRateZonesChanged
    | IndoorBikeSimulationChanged
    | WheelCircumferenceChanged
    | SpinDownStatus
    | TargetedCadenceChanged
    | ControlPermissionLost
)
"""Every status the specification defines."""

MachineStatus = KnownStatus | OtherStatus
"""What a notification of 0x2ADA can say."""

STATUSES: Final[Mapping[int, type[KnownStatus]]] = {kind.code: kind for kind in get_args(KnownStatus)}
"""The class of each status code; a number that is missing here is reserved."""


def decode_machine_status(value: bytes) -> MachineStatus:
    """Read a notification; reserved codes become `OtherStatus`, octets left over are ignored.

    A stop or pause stays one even if the machine does not say which: it is too important to be lost.

    Raises:
        DecodeError: The value is empty, or its parameter is cut off or reserved.
    """
    if not value:
        raise DecodeError("an empty value has no op code", field="op_code")
    kind = STATUSES.get(value[0])
    if kind is None:
        return OtherStatus(value[0], value[1:])
    try:
        return kind.read(value, 1)
    except DecodeError:
        if kind is StoppedOrPausedByUser:
            return StoppedOrPausedByUser(None)
        raise


def encode_machine_status(status: MachineStatus) -> bytes:
    """Return the octets of `status`. Raises EncodeError out of range."""
    code = UINT8.write(status.code, "code")
    match status:
        case OtherStatus(parameter=parameter):
            return code + parameter
        case StoppedOrPausedByUser(control=None):
            return code
        case _:
            return code + status.write()
