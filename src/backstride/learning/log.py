"""All that was seen while a machine was tried out: what crossed the air, what was done, what the person said. Pure.

Everything is an entry with its instant; what the machine's facts are is worked out from the log alone, so that a log
that ends early tells as much as it holds.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from backstride.capture.events import Answered, Asked, Connected, Failure, Heard, Operation, Trouble
from backstride.errors import DecodeError
from backstride.protocol import uuids
from backstride.protocol.control_point import OpCode, decode_request, decode_response
from backstride.protocol.machine_status import decode_machine_status
from backstride.protocol.treadmill_data import DataFlag, RecordAssembler, TreadmillData, decode_treadmill_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.capture.events import Event
    from backstride.protocol.control_point import Request, Response
    from backstride.protocol.machine_status import MachineStatus

MORE_DATA: Final = int(DataFlag.MORE_DATA)

_REFUSED: Final = (Trouble.ATT, Trouble.BLUEZ, Trouble.OTHER)  # BlueZ and macOS say in words that pairing is wanted


class Doing(Enum):
    """What was tried."""

    LISTENING = "listening at rest"
    ASKING_CONTROL = "asking for control"
    STOPPING_AT_REST = "a Stop to a belt that stands"
    TARGET_AT_REST = "a target speed to a belt that stands"
    STARTING = "a Start"
    SPEED = "a target speed"
    INCLINE = "a target inclination"
    PAUSING = "a Pause"
    STOP_AFTER_PAUSE = "a Stop after the Pause"
    STOPPING = "a Stop"
    CONSOLE = "the buttons of the console"

    @property
    def by_hand(self) -> bool:
        """True if the person moves the belt."""
        return self is Doing.CONSOLE


@dataclass(frozen=True, slots=True)
class Shown:
    """What the console shows: a number, and its unit where the person named one."""

    number: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was tried, from its beginning until what came of it had been seen.

    Attributes:
        doing: What.
        began: Instant of the write, in seconds.
        ended: Instant at which nothing more was waited for.
        request: What was written, or None.
        succeeded: True for an answer of Success, False for any other, None for none.
        result: The result code of the answer, or None.
        att_error: The ATT error of the write, or None.
        person: What the person saw where they were asked: that it moved, or did not.
        shown: What the console showed at the end.
    """

    doing: Doing
    began: float
    ended: float
    request: Request | None = None
    succeeded: bool | None = None
    result: int | None = None
    att_error: int | None = None
    person: bool | None = None
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class PacingTest:
    """A harmless procedure written so many seconds after one that had been taken, and whether it was answered."""

    gap: float
    taken: bool


@dataclass(frozen=True, slots=True)
class Notification:
    """One value of Treadmill Data as it came."""

    at: float
    octets: bytes
    data: TreadmillData


@dataclass(frozen=True, slots=True)
class Record:
    """One record, put together from its notifications."""

    at: float
    data: TreadmillData


@dataclass(frozen=True, slots=True)
class Write:
    """A write to the control point, and its answer.

    Attributes:
        at: Instant of the write.
        number: What the trace calls it.
        request: What was written.
        answered_at: Instant of the answer, or None.
        response: The answer, or None.
        refused: True if the write itself was refused: the procedure never started.
    """

    at: float
    number: int
    request: Request
    answered_at: float | None = None
    response: Response | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Announced:
    """A Machine Status."""

    at: float
    status: MachineStatus


@dataclass(slots=True)
class Log:
    """What has been seen so far, oldest first.

    Attributes:
        notifications: Treadmill Data as it came.
        records: The same, put together.
        writes: What was written to the control point, with the answers.
        announced: Machine Status.
        deeds: What was tried.
        pacing: How close together two procedures may lie.
        mtu: ATT_MTU, as far as the system tells it.
        paired: True once the machine had to be paired with, and was.
        skipped: What the person left out, or what could not be tried, with the reason.
    """

    notifications: list[Notification] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    announced: list[Announced] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    pacing: list[PacingTest] = field(default_factory=list)
    skipped: dict[Doing, str] = field(default_factory=dict)
    mtu: int | None = None
    paired: bool = False
    _pairing: int | None = None
    _assembler: RecordAssembler = field(default_factory=RecordAssembler)

    def take(self, event: Event, now: float) -> None:
        """Take what happened on the link; a value that cannot be read says nothing."""
        with contextlib.suppress(DecodeError):
            match event:
                case Asked(number, Operation.WRITE | Operation.COMMAND, uuids.CONTROL_POINT, bytes(octets)):
                    self.writes.append(Write(now, number, decode_request(octets)))
                case Answered(number, uuids.CONTROL_POINT, failure=Failure(trouble)) if trouble in _REFUSED:
                    self._refused(number)
                case Connected(mtu):
                    self.mtu = mtu
                case Asked(number, Operation.PAIR):
                    self._pairing = number
                case Answered(number, failure=None) if number == self._pairing:
                    self.paired = True
                case Heard(uuids.TREADMILL_DATA, octets):
                    self._heard(octets, now)
                case Heard(uuids.MACHINE_STATUS, octets):
                    self.announced.append(Announced(now, decode_machine_status(octets)))
                case Heard(uuids.CONTROL_POINT, octets):
                    self._answered(decode_response(octets), now)
                case _:
                    pass

    def _heard(self, octets: bytes, now: float) -> None:
        data = decode_treadmill_data(octets)
        self.notifications.append(Notification(now, octets, data))
        if (record := self._assembler.feed(data, now)) is not None:
            self.records.append(Record(now, record))

    def _answered(self, response: Response, now: float) -> None:
        for place in range(len(self.writes) - 1, -1, -1):
            write = self.writes[place]
            if write.response is None and write.request.op_code == response.request_op_code:
                self.writes[place] = replace(write, answered_at=now, response=response)
                return

    def _refused(self, number: int) -> None:
        for place, write in enumerate(self.writes):
            if write.number == number:
                self.writes[place] = replace(write, refused=True)

    # --- what is asked of it

    def of(self, *doings: Doing) -> list[Deed]:
        """Return the deeds of these kinds."""
        return [deed for deed in self.deeds if deed.doing in doings]

    def records_of(self, deed: Deed) -> list[Record]:
        """Return the records that came while `deed` was under way."""
        return self.records_between(deed.began, deed.ended)

    def records_between(self, began: float, ended: float) -> list[Record]:
        """Return the records from one instant to another, both included."""
        return [record for record in self.records if began <= record.at <= ended]

    def speeds(self, began: float, ended: float) -> list[tuple[float, int]]:
        """Return instants and reported numbers of the speed, in 0.01 of whatever unit the machine means."""
        records = self.records_between(began, ended)
        numbers = ((record.at, record.data.instantaneous_speed) for record in records)
        return [(at, int(number)) for at, number in numbers if number is not None]

    def inclines(self, began: float, ended: float) -> list[tuple[float, int]]:
        """Return instants and reported numbers of the inclination."""
        numbers = ((record.at, record.data.inclination) for record in self.records_between(began, ended))
        return [(at, int(number)) for at, number in numbers if number is not None]

    @property
    def speed(self) -> int | None:
        """The number of the speed that was reported last, or None."""
        return next((n for r in reversed(self.records) if (n := r.data.instantaneous_speed) is not None), None)

    @property
    def incline(self) -> int | None:
        """The number of the inclination that was reported last, or None."""
        return next((n for r in reversed(self.records) if (n := r.data.inclination) is not None), None)

    def moving(self) -> Iterator[list[Record]]:
        """Yield each run of records in which the belt is reported to move."""
        run: list[Record] = []
        for record in self.records:
            if record.data.instantaneous_speed:
                run.append(record)
            elif run:
                yield run
                run = []
        if run:
            yield run

    @property
    def is_blind(self) -> bool:
        """True if the person saw the belt move, and telemetry has never shown it move."""
        moved = any(deed.person for deed in self.of(Doing.STARTING, Doing.TARGET_AT_REST))
        return moved and not any(self.moving())

    def answers(self, op_code: OpCode) -> list[Write]:
        """Return the writes of an op code."""
        return [write for write in self.writes if write.request.op_code == op_code]
