"""Fitness Machine Control Point 0x2AD9: every request, every answer, both directions (FTMS 4.16).

A client writes one request and gets exactly one response as an indication. The classes of requests carry their own
layout, so this file is the table of FTMS 4.15 to 4.23 and little else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Final, get_args

from backstride.errors import DecodeError
from backstride.protocol.wire import SINT16, UINT8, UINT16, UINT24, Layout, Message, Part, TwoFormMessage
from backstride.units import Distance, Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Mapping


class OpCode(IntEnum):
    """Op codes of the control point (FTMS Table 4.15)."""

    REQUEST_CONTROL = 0x00
    RESET = 0x01
    SET_TARGET_SPEED = 0x02
    SET_TARGET_INCLINATION = 0x03
    SET_TARGET_RESISTANCE_LEVEL = 0x04
    SET_TARGET_POWER = 0x05
    SET_TARGET_HEART_RATE = 0x06
    START_OR_RESUME = 0x07
    STOP_OR_PAUSE = 0x08
    SET_TARGETED_EXPENDED_ENERGY = 0x09
    SET_TARGETED_NUMBER_OF_STEPS = 0x0A
    SET_TARGETED_NUMBER_OF_STRIDES = 0x0B
    SET_TARGETED_DISTANCE = 0x0C
    SET_TARGETED_TRAINING_TIME = 0x0D
    SET_TARGETED_TIME_TWO_HR_ZONES = 0x0E
    SET_TARGETED_TIME_THREE_HR_ZONES = 0x0F
    SET_TARGETED_TIME_FIVE_HR_ZONES = 0x10
    SET_INDOOR_BIKE_SIMULATION = 0x11
    SET_WHEEL_CIRCUMFERENCE = 0x12
    SPIN_DOWN_CONTROL = 0x13
    SET_TARGETED_CADENCE = 0x14
    RESPONSE_CODE = 0x80
    """From server to client only."""


class ResultCode(IntEnum):
    """Result codes of a response (FTMS Table 4.24); every other number is reserved and means failure."""

    SUCCESS = 0x01
    OP_CODE_NOT_SUPPORTED = 0x02
    INVALID_PARAMETER = 0x03
    OPERATION_FAILED = 0x04
    CONTROL_NOT_PERMITTED = 0x05


class StopOrPause(IntEnum):
    """Parameter of Stop or Pause, and of the status that reports one (FTMS Table 4.16)."""

    STOP = 0x01
    PAUSE = 0x02


class SpinDownAction(IntEnum):
    """Parameter of Spin Down Control (FTMS Table 4.21)."""

    START = 0x01
    IGNORE = 0x02


@dataclass(frozen=True, slots=True)
class RequestControl(Message):
    """Ask for control; every other procedure needs it (FTMS 4.16.2.1)."""

    op_code: ClassVar[OpCode] = OpCode.REQUEST_CONTROL


@dataclass(frozen=True, slots=True)
class Reset(Message):
    """Set targets and times back, and give control away (FTMS 4.16.2.2)."""

    op_code: ClassVar[OpCode] = OpCode.RESET


@dataclass(frozen=True, slots=True)
class SetTargetSpeed(Message):
    """Set the speed of the belt, 0.00 to 655.35 km/h (FTMS 4.16.2.3)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGET_SPEED
    layout: ClassVar[Layout] = Layout(Part("speed", UINT16, Speed))
    speed: Speed


@dataclass(frozen=True, slots=True)
class SetTargetInclination(Message):
    """Set the inclination of the deck, -3276.8 to 3276.7 % (FTMS 4.16.2.4)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGET_INCLINATION
    layout: ClassVar[Layout] = Layout(Part("inclination", SINT16, Incline))
    inclination: Incline


@dataclass(frozen=True, slots=True)
class SetTargetResistanceLevel(TwoFormMessage):
    """Set the resistance level, in 0.1 (FTMS 4.16.2.5).

    Attributes:
        level: The level, in 0.1.
        octets: 1 (uint8, FTMS 1.0 and 1.0.1) or 2 (sint16, ESR11 E8991 and FTMS.TS).
    """

    op_code: ClassVar[OpCode] = OpCode.SET_TARGET_RESISTANCE_LEVEL
    layouts: ClassVar[Mapping[int, Layout]] = {1: Layout(Part("level", UINT8)), 2: Layout(Part("level", SINT16))}
    level: int
    octets: int = field(default=1, kw_only=True)


@dataclass(frozen=True, slots=True)
class SetTargetPower(Message):
    """Set the power, in watts; negative brakes (FTMS 4.16.2.6)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGET_POWER
    layout: ClassVar[Layout] = Layout(Part("power", SINT16))
    power: int


@dataclass(frozen=True, slots=True)
class SetTargetHeartRate(Message):
    """Set the heart rate, in beats per minute (FTMS 4.16.2.7)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGET_HEART_RATE
    layout: ClassVar[Layout] = Layout(Part("heart_rate", UINT8))
    heart_rate: int


@dataclass(frozen=True, slots=True)
class StartOrResume(Message):
    """Start the belt, or go on after a pause (FTMS 4.16.2.8)."""

    op_code: ClassVar[OpCode] = OpCode.START_OR_RESUME


@dataclass(frozen=True, slots=True)
class StopOrPauseRequest(Message):
    """Stop or pause the belt (FTMS 4.16.2.9)."""

    op_code: ClassVar[OpCode] = OpCode.STOP_OR_PAUSE
    layout: ClassVar[Layout] = Layout(Part("control", UINT8, StopOrPause))
    control: StopOrPause


@dataclass(frozen=True, slots=True)
class SetTargetedExpendedEnergy(Message):
    """Set the goal of the session in kilocalories (FTMS 4.16.2.10)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGETED_EXPENDED_ENERGY
    layout: ClassVar[Layout] = Layout(Part("energy", UINT16))
    energy: int


@dataclass(frozen=True, slots=True)
class SetTargetedNumberOfSteps(Message):
    """Set the goal of the session in steps (FTMS 4.16.2.11)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGETED_NUMBER_OF_STEPS
    layout: ClassVar[Layout] = Layout(Part("steps", UINT16))
    steps: int


@dataclass(frozen=True, slots=True)
class SetTargetedNumberOfStrides(Message):
    """Set the goal of the session in strides (FTMS 4.16.2.12)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGETED_NUMBER_OF_STRIDES
    layout: ClassVar[Layout] = Layout(Part("strides", UINT16))
    strides: int


@dataclass(frozen=True, slots=True)
class SetTargetedDistance(Message):
    """Set the goal of the session in metres (FTMS 4.16.2.13)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGETED_DISTANCE
    layout: ClassVar[Layout] = Layout(Part("distance", UINT24, Distance))
    distance: Distance


@dataclass(frozen=True, slots=True)
class SetTargetedTrainingTime(Message):
    """Set the goal of the session in seconds (FTMS 4.16.2.14)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGETED_TRAINING_TIME
    layout: ClassVar[Layout] = Layout(Part("time", UINT16))
    time: int


@dataclass(frozen=True, slots=True)
class SetTargetedTimeInTwoHeartRateZones(Message):
    """Set the goal of the session as seconds in each of two heart rate zones (FTMS 4.16.2.15)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGETED_TIME_TWO_HR_ZONES
    layout: ClassVar[Layout] = Layout(Part("fat_burn", UINT16), Part("fitness", UINT16))
    fat_burn: int
    fitness: int


@dataclass(frozen=True, slots=True)
class SetTargetedTimeInThreeHeartRateZones(Message):
    """Set the goal of the session as seconds in each of three heart rate zones (FTMS 4.16.2.16)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGETED_TIME_THREE_HR_ZONES
    layout: ClassVar[Layout] = Layout(Part("light", UINT16), Part("moderate", UINT16), Part("hard", UINT16))
    light: int
    moderate: int
    hard: int


@dataclass(frozen=True, slots=True)
class SetTargetedTimeInFiveHeartRateZones(Message):
    """Set the goal of the session as seconds in each of five heart rate zones (FTMS 4.16.2.17)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGETED_TIME_FIVE_HR_ZONES
    layout: ClassVar[Layout] = Layout(
        Part("very_light", UINT16),
        Part("light", UINT16),
        Part("moderate", UINT16),
        Part("hard", UINT16),
        Part("maximum", UINT16),
    )
    very_light: int
    light: int
    moderate: int
    hard: int
    maximum: int


@dataclass(frozen=True, slots=True)
class SetIndoorBikeSimulation(Message):
    """Set what an indoor bike is to feel like (FTMS 4.16.2.18).

    Attributes:
        wind_speed: Head wind, in 0.001 m/s.
        grade: Slope, in 0.01 %.
        rolling_resistance: Coefficient of rolling resistance, in 0.0001.
        wind_resistance: Coefficient of wind resistance, in 0.01 (kg/m in FTMS 1.0, without unit in 1.0.1).
    """

    op_code: ClassVar[OpCode] = OpCode.SET_INDOOR_BIKE_SIMULATION
    layout: ClassVar[Layout] = Layout(
        Part("wind_speed", SINT16),
        Part("grade", SINT16),
        Part("rolling_resistance", UINT8),
        Part("wind_resistance", UINT8),
    )
    wind_speed: int
    grade: int
    rolling_resistance: int
    wind_resistance: int


@dataclass(frozen=True, slots=True)
class SetWheelCircumference(Message):
    """Set the circumference of a bike's wheel, in 0.1 mm (FTMS 4.16.2.19)."""

    op_code: ClassVar[OpCode] = OpCode.SET_WHEEL_CIRCUMFERENCE
    layout: ClassVar[Layout] = Layout(Part("circumference", UINT16))
    circumference: int


@dataclass(frozen=True, slots=True)
class SpinDownControl(Message):
    """Start or ignore the spin-down of a bike (FTMS 4.16.2.20)."""

    op_code: ClassVar[OpCode] = OpCode.SPIN_DOWN_CONTROL
    layout: ClassVar[Layout] = Layout(Part("action", UINT8, SpinDownAction))
    action: SpinDownAction


@dataclass(frozen=True, slots=True)
class SetTargetedCadence(Message):
    """Set the cadence, in 0.5 per minute (FTMS 4.16.2.21)."""

    op_code: ClassVar[OpCode] = OpCode.SET_TARGETED_CADENCE
    layout: ClassVar[Layout] = Layout(Part("cadence", UINT16))
    cadence: int


Request = (
    RequestControl
    | Reset
    | SetTargetSpeed
    | SetTargetInclination
    | SetTargetResistanceLevel
    | SetTargetPower
    | SetTargetHeartRate
    | StartOrResume
    | StopOrPauseRequest
    | SetTargetedExpendedEnergy
    | SetTargetedNumberOfSteps
    | SetTargetedNumberOfStrides
    | SetTargetedDistance
    | SetTargetedTrainingTime
    | SetTargetedTimeInTwoHeartRateZones
    | SetTargetedTimeInThreeHeartRateZones
    | SetTargetedTimeInFiveHeartRateZones
    | SetIndoorBikeSimulation
    | SetWheelCircumference
    | SpinDownControl
    | SetTargetedCadence
)
"""Everything a client may write."""

REQUESTS: Final[Mapping[int, type[Request]]] = {kind.op_code: kind for kind in get_args(Request)}
"""The class of each op code a client may write; a number that is missing here is reserved."""


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to one request (FTMS 4.16.2.22).

    Attributes:
        request_op_code: Op code of the request it answers.
        result: A `ResultCode`, or a reserved number, which means failure.
        parameter: What follows; only Spin Down Control has something to say here.
    """

    request_op_code: int
    result: int
    parameter: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Whether the machine did, or will do, what it was asked."""
        return self.result == ResultCode.SUCCESS


def encode_request(request: Request) -> bytes:
    """Return the octets of `request`. Raises EncodeError out of range."""
    return bytes((request.op_code,)) + request.write()


def decode_request(value: bytes) -> Request:
    """Read what a client wrote, to the letter, as a server must before it obeys (FTMS 4.16.2.22).

    Raises:
        DecodeError: The field ``op_code`` is missing or reserved, a parameter is cut off or reserved, or octets are
            left over (the field is empty then and ``partial`` holds the request).
    """
    if not value:
        raise DecodeError("an empty value has no op code", field="op_code")
    kind = REQUESTS.get(value[0])
    if kind is None:
        raise DecodeError(f"op code {value[0]:#04x} is reserved", field="op_code")
    request = kind.read(value, 1)
    end = 1 + kind.layout_for(len(value) - 1).size
    if len(value) > end:
        raise DecodeError(f"{len(value) - end} octets too many", offset=end, partial=request)
    return request


_ANSWER: Final = Layout(Part("request_op_code", UINT8), Part("result", UINT8))


def encode_response(response: Response) -> bytes:
    """Return the octets of `response`. Raises EncodeError out of range."""
    return bytes((OpCode.RESPONSE_CODE,)) + _ANSWER.write(response) + response.parameter


def decode_response(value: bytes) -> Response:
    """Read an indication of the control point.

    Raises:
        DecodeError: The value is no response, or ends before the result.
    """
    if value[:1] != bytes((OpCode.RESPONSE_CODE,)):
        raise DecodeError(f"{value[:1].hex() or 'an empty value'} is not the op code of a response", field="op_code")
    request_op_code, result = _ANSWER.read(value, 1)
    return Response(request_op_code, result, value[1 + _ANSWER.size :])
