"""Written is not done (safety rule S10): a command is Confirmed, Rejected or Unknown. Pure.

Machines acknowledge seconds before the belt moves, or without ever moving it (quirks, point 2). So a command counts as
confirmed only when its indication says Success *and* telemetry moves to what was asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from backstride.protocol.att import AttError
from backstride.protocol.control_point import ResultCode
from backstride.protocol.tickets import Settled, Verdict
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from backstride.driver.state import MachineState

PATIENCE_MARGIN: Final = 2.0
"""Seconds beyond the machine's own dead time: two records at the usual 1 Hz."""

VERDICT_WITHIN: Final = 7.5
"""Seconds from a command to its outcome at the latest, but for a belt or deck on its way: it is told within 8 s."""

SPEED_TOLERANCE: Final = 5
"""Hundredths of km/h by which a report may differ from its target: the rounding of a machine that counts in mph."""

INCLINE_TOLERANCE: Final = 2
"""Tenths of a per cent, likewise."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The machine said Success, and telemetry moved to what was asked."""

    def __str__(self) -> str:
        return "confirmed"


@dataclass(frozen=True, slots=True)
class Rejected:
    """It was not done: the machine refused, with `result` or `att_error` as its code, or it was never `sent`."""

    reason: str
    result: int | None = None
    att_error: int | None = None
    sent: bool = True

    def __str__(self) -> str:
        return f"rejected: {self.reason}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, or an answer without the motion: nobody knows what the belt will do."""

    reason: str

    def __str__(self) -> str:
        return f"unknown: {self.reason}"


Outcome = Confirmed | Rejected | Unknown


class Command(Enum):
    """What can be asked of a machine."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    SPEED = "speed"
    INCLINE = "incline"
    CONTROL = "control"


@dataclass(slots=True)
class Expectation:
    """Waits for one command to be confirmed by answer and by telemetry.

    Attributes:
        command: Start, speed or incline; Stop and Pause are proven by `halting`.
        target: Hundredths of km/h or tenths of a per cent; 0 for Start.
        patience: Seconds without progress after which the outcome is Unknown.
        deadline: Instant at which that is; it moves on with the write, and while the belt moves towards the target.
        latest: Instant beyond which waiting for the write does not move it.
        answered: True once the machine has said Success.
        arrived: True while telemetry shows what was asked for.
    """

    command: Command
    target: int
    patience: float
    deadline: float
    latest: float
    answered: bool = False
    arrived: bool = False
    _origin: int | None = None
    _nearest: int | None = None

    @classmethod
    def of(cls, command: Command, target: int, state: MachineState, motion_within: float, now: float) -> Expectation:
        """Expect `command` given at `now` on a belt in `state`, whose first sign is due within `motion_within` s."""
        patience = patience_for(motion_within)
        expectation = cls(command, target, patience, now + patience, now + VERDICT_WITHIN)
        expectation._origin = expectation._distance(state)
        expectation._nearest = expectation._origin
        return expectation

    def written(self, now: float) -> None:
        """Take note of the write: what came before it was waiting."""
        self.deadline = min(now + self.patience, self.latest)

    def observe(self, state: MachineState, now: float) -> Outcome | None:
        """Take a telemetry state; return the outcome if this settles it."""
        distance = self._distance(state)
        if distance is None:
            return None
        if self._origin is None:
            self._origin = self._nearest = distance
        if self._nearest is not None and distance < self._nearest:
            self._nearest = distance
            if self.command is not Command.START:  # one that moves is on its way nowhere: only its answer is missing
                self.deadline = max(self.deadline, now + self.patience)
        self.arrived = distance <= (self._origin or 0) // 2
        return Confirmed() if self.arrived and self.answered else None

    def settled(self, settled: Settled) -> Outcome | None:
        """Take the end of the procedure; return the outcome if this settles it."""
        match settled.verdict:
            case Verdict.SUCCEEDED:
                self.answered = True
                return Confirmed() if self.arrived or self._origin == 0 else None
            case Verdict.REFUSED | Verdict.WRITE_REFUSED:
                return Rejected(describe_refusal(settled), settled.result, settled.att_error)
            case Verdict.UNANSWERED:
                return Unknown("the treadmill did not answer")
            case Verdict.SUPERSEDED:
                return Unknown("a newer command took its place")
            case Verdict.WITHDRAWN:
                return Rejected("the belt was stopped, or moved by somebody else, before this was sent")
            case Verdict.LINK_LOST:
                return Unknown("the connection to the treadmill was lost")

    def expire(self, now: float) -> Outcome | None:
        """Return Unknown once the deadline has passed."""
        if now < self.deadline:
            return None
        if self.answered:
            return Unknown(f"the treadmill acknowledged {self.command.value}, but {_UNMOVED[self.command]}")
        although = ", although the belt moves" if self.command is Command.START and self.arrived else ""
        return Unknown(f"the treadmill did not answer{although}")

    def _distance(self, state: MachineState) -> int | None:
        match self.command:
            case Command.SPEED if state.speed is not None:
                return max(0, abs(state.speed - Speed(self.target)) - SPEED_TOLERANCE)
            case Command.INCLINE if state.incline is not None:
                return max(0, abs(state.incline - Incline(self.target)) - INCLINE_TOLERANCE)
            case Command.START if state.standing is not None:
                return int(state.standing)
            case _:
                return None


def patience_for(motion_within: float) -> float:
    """Return the seconds without progress after which a command on such a machine has come to nothing."""
    return min(motion_within + PATIENCE_MARGIN, VERDICT_WITHIN)


def describe_refusal(settled: Settled) -> str:
    """Return why a procedure was refused, as a person reads it."""
    if settled.att_error is not None:
        return _ATT_REASONS.get(settled.att_error, f"the write failed with ATT error 0x{settled.att_error:02X}")
    result = settled.result or 0
    return _RESULT_REASONS.get(result, f"result code 0x{result:02X}")


_UNMOVED: Final = {
    Command.START: "no motion is seen",
    Command.SPEED: "the belt does not follow",
    Command.INCLINE: "the deck does not follow",
}

_RESULT_REASONS: Final = {
    int(ResultCode.OP_CODE_NOT_SUPPORTED): "the treadmill does not support this",
    int(ResultCode.INVALID_PARAMETER): "the treadmill calls the value invalid",
    int(ResultCode.OPERATION_FAILED): "the treadmill says that this does not work in its present state",
    int(ResultCode.CONTROL_NOT_PERMITTED): "the treadmill does not permit control; another app may have it",
}

_ATT_REASONS: Final = {
    int(AttError.INSUFFICIENT_AUTHENTICATION): "the treadmill demands pairing first",
    int(AttError.INSUFFICIENT_ENCRYPTION): "the treadmill demands an encrypted link: pair with it first",
    int(AttError.CCCD_IMPROPERLY_CONFIGURED): "the treadmill says that its answers are not subscribed to",
    int(AttError.PROCEDURE_ALREADY_IN_PROGRESS): "the treadmill is still busy with an earlier command",
}
