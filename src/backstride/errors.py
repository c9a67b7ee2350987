"""Every exception Backstride raises on purpose, on one screen.

Each carries data beside its sentence, so that a front end can act on it, and each says whose fault it is:
the peer's (`DecodeError`, `MachineError`), the caller's (`EncodeError`, `ProfileError`, `ConfigError`, `PlanError`),
or nobody's, because a rule of safety came first (`SafetyError`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class BackstrideError(Exception):
    """The root: catching it catches everything Backstride raises on purpose."""


class ProtocolError(BackstrideError):
    """Something is wrong with the bytes of a characteristic."""


class DecodeError(ProtocolError):
    """The peer sent a value that cannot be read.

    Attributes:
        field: The first field that could not be read, under its name in the specification.
        offset: The octet at which reading ended.
        partial: What could be read before the break, or None.
    """

    def __init__(self, message: str, *, field: str = "", offset: int = 0, partial: object = None) -> None:
        super().__init__(message)
        self.field = field
        self.offset = offset
        self.partial = partial


class EncodeError(ProtocolError, ValueError):
    """We were asked to send a value that the characteristic cannot carry."""


class MachineError(BackstrideError):
    """The treadmill, or the way to it, failed."""


class NotFound(MachineError):
    """No treadmill answered under this name or address, or Bluetooth itself is not to be had."""


class NotATreadmill(MachineError):
    """The device answers, but it does not offer treadmill data and a control point."""


class Disconnected(MachineError):
    """The link to the treadmill is gone; the belt may still be moving."""


class ProcedureTimeout(MachineError):
    """A control point procedure stayed unanswered past its deadline (FTMP 4.4.14.3: 30 s)."""


class ProcedureRefused(MachineError):
    """The machine refused a procedure.

    Attributes:
        op_code: Op code of the refused procedure.
        result: Result code of the indication, or None if the write itself was refused.
        att_error: ATT error code of the write, or None if the write was accepted.
    """

    def __init__(self, message: str, *, op_code: int, result: int | None = None, att_error: int | None = None) -> None:
        super().__init__(message)
        self.op_code = op_code
        self.result = result
        self.att_error = att_error


class ControlLost(MachineError):
    """The machine took control away: its console, or another app, has it now."""


class ProfileError(BackstrideError):
    """A session profile cannot be read.

    Attributes:
        file: Path of the profile.
        line: Line of the fault, counted from 1; 0 where the file as a whole is at fault.
        column: Column of the fault, counted from 1; 0 where the file as a whole is at fault.
        key: Path of the key, such as ``steps[2].ramp.to``.
    """

    def __init__(self, message: str, *, file: str, line: int = 0, column: int = 0, key: str = "") -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.column = column
        self.key = key


class PlanError(BackstrideError):
    """The session cannot run safely on this machine.

    Attributes:
        reasons: Every reason, each naming its step.
    """

    def __init__(self, message: str, *, reasons: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)


class SafetyError(BackstrideError):
    """A rule of the safety rules refused what was asked.

    Attributes:
        rule: Id of the rule, such as ``"S7"``.
    """

    def __init__(self, message: str, *, rule: str) -> None:
        super().__init__(message)
        self.rule = rule


class ConfigError(BackstrideError):
    """The settings file, or what was typed, cannot be used."""


class RecordError(BackstrideError):
    """A record cannot be read or written."""


class CaptureError(BackstrideError):
    """A capture cannot be read or written.

    Attributes:
        file: Path of the capture.
        line: Line of the fault, counted from 1; 0 where the file as a whole is at fault.
    """

    def __init__(self, message: str, *, file: str, line: int = 0) -> None:
        super().__init__(message)
        self.file = file
        self.line = line


class BridgeError(BackstrideError):
    """The connection to the message broker failed.

    Attributes:
        final: True where trying again does not help: the broker, or its certificate, was refused.
    """

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final
