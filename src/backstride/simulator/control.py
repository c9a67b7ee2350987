"""The control point of a simulated treadmill: who may, what is valid, what happens, who else is told.

The decision order is the fact sheet's section 7.3, from step 5 on; the steps before it (encryption, CCCD, a procedure
still running) concern the connection and are the peripheral's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.errors import DecodeError
from backstride.protocol.control_point import (
    REQUESTS,
    OpCode,
    Request,
    RequestControl,
    Reset,
    ResultCode,
    SetTargetInclination,
    SetTargetSpeed,
    StartOrResume,
    StopOrPause,
    StopOrPauseRequest,
    decode_request,
    encode_request,
)
from backstride.protocol.features import TargetSetting
from backstride.protocol.machine_status import (
    MachineStatus,
    StartedOrResumedByUser,
    StatusReset,
    StoppedOrPausedByUser,
    TargetInclineChanged,
    TargetSpeedChanged,
    decode_machine_status,
)
from backstride.simulator.gatt import features_of

if TYPE_CHECKING:
    from backstride.machines.facts import MachineFacts
    from backstride.simulator.belt import Belt
    from backstride.simulator.session import MachineSession

_ALWAYS: Final = frozenset({OpCode.REQUEST_CONTROL, OpCode.RESET, OpCode.START_OR_RESUME, OpCode.STOP_OR_PAUSE})
_FIRST_GOAL: Final = 5  # number of the feature bit Targeted Expended Energy
_LAST_GOAL: Final = 12  # Targeted Time in Five Heart Rate Zones


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a procedure.

    Attributes:
        result: The result code of the answer.
        status: What the other clients are told, or None.
        dispossessed: Number of the connection that lost control by it, or None.
    """

    result: ResultCode
    status: MachineStatus | None = None
    dispossessed: int | None = None


_NOT_SUPPORTED: Final = Outcome(ResultCode.OP_CODE_NOT_SUPPORTED)
_NOT_PERMITTED: Final = Outcome(ResultCode.CONTROL_NOT_PERMITTED)
_INVALID: Final = Outcome(ResultCode.INVALID_PARAMETER)
_FAILED: Final = Outcome(ResultCode.OPERATION_FAILED)
_DONE: Final = Outcome(ResultCode.SUCCESS)


def supported_op_codes(facts: MachineFacts) -> frozenset[OpCode]:
    """Return the procedures a machine carries out: the four mandatory ones and those of its targets (FTMS 4.16.2)."""
    target = features_of(facts).target
    supported = set(_ALWAYS)
    if target & TargetSetting.SPEED_TARGET:
        supported.add(OpCode.SET_TARGET_SPEED)
    if target & TargetSetting.INCLINATION_TARGET:
        supported.add(OpCode.SET_TARGET_INCLINATION)
    for bit in range(_FIRST_GOAL, _LAST_GOAL + 1):
        if target & (1 << bit):
            supported.add(OpCode(OpCode.SET_TARGETED_EXPENDED_ENERGY + bit - _FIRST_GOAL))
    return frozenset(supported)


class ControlPoint:
    """The procedures of one machine, and who has control.

    Attributes:
        facts: How the machine is.
        owner: Number of the connection that has control, or None.
    """

    def __init__(self, facts: MachineFacts, session: MachineSession, belt: Belt) -> None:
        self.facts = facts
        self._session = session
        self._belt = belt
        self._supported = supported_op_codes(facts)
        self.owner: int | None = None
        self._asked = (0, 0)  # the client that asked for control last, and how often

    def carry_out(self, value: bytes, client: int, now: float) -> Outcome:
        """Decide on the write of `value`, at least one octet, by connection `client`, and do it."""
        control = self.facts.control
        op_code = value[0]
        if op_code not in REQUESTS or (op_code not in self._supported and op_code not in control.refused):
            return _NOT_SUPPORTED
        if op_code != OpCode.REQUEST_CONTROL and client != self.owner:
            return _NOT_PERMITTED
        try:
            request = decode_request(value)
        except DecodeError:
            return _INVALID
        if op_code in control.refused:
            return _FAILED
        if op_code in control.ignored:
            return _DONE
        return self._do(request, client, now)

    def _do(self, request: Request, client: int, now: float) -> Outcome:
        by = f"client {client}"
        match request:
            case RequestControl():
                return self._give_control(client)
            case Reset():
                self.owner = None
                self._session.reset(now, by)
                return Outcome(ResultCode.SUCCESS, StatusReset())
            case StartOrResume():
                return self._if(self._session.start(now, by), StartedOrResumedByUser())
            case StopOrPauseRequest(StopOrPause.STOP):
                return self._if(self._session.stop(now, by), StoppedOrPausedByUser(StopOrPause.STOP))
            case StopOrPauseRequest():
                return self._if(self._session.pause(now, by), StoppedOrPausedByUser(StopOrPause.PAUSE))
            case SetTargetSpeed():
                return self._set_speed(request, now, by)
            case SetTargetInclination():
                return self._set_incline(request, now, by)
            case _:
                return self._set_goal(request)

    def _if(self, allowed: bool, status: MachineStatus) -> Outcome:  # noqa: FBT001 - reads as a sentence
        return Outcome(ResultCode.SUCCESS, status) if allowed else _FAILED

    def _give_control(self, client: int) -> Outcome:
        asked_by, times = self._asked
        self._asked = (client, times + 1 if asked_by == client else 1)
        if self._asked[1] < self.facts.control.requests:
            return _DONE
        previous = self.owner
        if previous is None or previous == client:
            self.owner = client
            return _DONE
        if not self.facts.control.evicts:
            return _NOT_PERMITTED
        self.owner = client
        return Outcome(ResultCode.SUCCESS, dispossessed=previous)

    def _set_speed(self, request: SetTargetSpeed, now: float, by: str) -> Outcome:
        facts = self.facts
        speed = facts.control.write_unit.from_wire(request.speed)
        announced = facts.speed
        if not announced.unit.from_wire(announced.minimum) <= speed <= announced.unit.from_wire(announced.maximum):
            return _INVALID
        if facts.control.needs_motion and self._belt.standing:
            return _FAILED
        self._session.goal = None
        speed = self._session.set_speed(now, speed, by)
        if facts.control.starts_on_target:
            self._session.start(now, by)
        return Outcome(ResultCode.SUCCESS, TargetSpeedChanged(facts.speed.unit.to_wire(speed)))

    def _set_incline(self, request: SetTargetInclination, now: float, by: str) -> Outcome:
        incline = self.facts.incline
        meant = None if incline is None else incline.written.from_wire(request.inclination)
        if incline is None or incline.fixed is not None or meant is None:
            return _INVALID
        if meant < incline.lowest and incline.below_floor is not None:
            meant = incline.below_floor
        if not incline.lowest <= meant <= incline.highest:
            return _INVALID
        if self.facts.control.needs_motion and self._belt.standing:
            return _FAILED
        told = incline.written.to_wire(self._session.set_incline(now, meant, by))
        return Outcome(ResultCode.SUCCESS, TargetInclineChanged(told))

    def _set_goal(self, request: Request) -> Outcome:
        """Take a targeted setting; the status has its parameter, and the op code plus one (fact sheet 8)."""
        self._session.goal = request
        value = encode_request(request)
        return Outcome(ResultCode.SUCCESS, decode_machine_status(bytes((value[0] + 1,)) + value[1:]))
