"""A capture as a script for a machine that plays itself: requests in order, and what followed each of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import pairwise
from math import inf
from statistics import median
from typing import TYPE_CHECKING, Final

from backstride.capture import events
from backstride.capture.events import Operation
from backstride.errors import CaptureError, DecodeError
from backstride.protocol import uuids
from backstride.protocol.treadmill_data import decode_treadmill_data

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backstride.capture.file import Captured
    from backstride.capture.lines import Entry

ONE_RECORD: Final = 0.1
"""Seconds within which the packets of one record of telemetry follow one another."""

_USUAL_INTERVAL: Final = 1.0
"""Seconds between two records where a capture does not tell."""

_HEARD_AGAIN: Final = 0.2
"""Seconds before the link was made at which the machine can be heard: two advertisements of a replayed machine."""

_LONGEST_ABSENCE: Final = 86_400.0  # seconds: nobody waits for a treadmill for longer than a day

_ONE_TURN: Final = 0.001
"""Seconds within which an answer and a value came together: the value is told first then, whatever came first."""

_WRITES: Final = frozenset({Operation.WRITE, Operation.COMMAND})


class Motion(Enum):
    """What telemetry had told of the belt."""

    UNKNOWN = auto()
    STANDING = auto()
    MOVING = auto()


@dataclass(frozen=True, slots=True)
class Told:
    """A value that the machine sent, `after` so many seconds from the request before it.

    One that `overtakes` came before the answer to that request.
    """

    after: float
    uuid: str
    value: bytes
    indication: bool
    overtakes: bool


@dataclass(slots=True)
class Step:
    """One request, or the beginning of a link, and what followed until the next.

    Attributes:
        link: Number of the link, from 0.
        at: Seconds since the capture was begun.
        operation: What was asked for; None at the beginning of a link.
        motion: What telemetry had told of the belt by then.
        answer: How it ended; None if it did not.
        answered_after: Seconds until then.
        told: What the machine sent until the next request.
        lasts: Seconds until the next request, or until nothing more is known.
        quiet_for: Seconds of that in which no telemetry had come any more.
        lost_after: Seconds until the link was lost, if it was in this step.
        hidden_for: Seconds from that loss in which the machine could not be reached.
    """

    link: int
    at: float
    operation: Operation | None
    uuid: str = ""
    value: bytes | None = None
    motion: Motion = Motion.UNKNOWN
    answer: events.Answered | None = None
    answered_after: float = 0.0
    told: list[Told] = field(default_factory=list)
    lasts: float = 0.0
    quiet_for: float = inf
    lost_after: float | None = None
    hidden_for: float = 0.0

    @property
    def is_write(self) -> bool:
        """True for writes with and without response."""
        return self.operation in _WRITES

    def asks(self, operation: Operation, uuid: str, value: bytes | None) -> bool:
        """Tell whether it is this request to the octet."""
        same = self.is_write if operation in _WRITES else self.operation is operation
        return same and self.uuid == uuid and self.value == value


@dataclass(frozen=True, slots=True)
class Script:
    """A capture, ready to be played.

    Attributes:
        links: Each link as it was made.
        steps: All steps in order; the first of each link is its beginning.
        interval: Seconds between two records of telemetry.
    """

    links: tuple[events.Connected, ...]
    steps: tuple[Step, ...]
    interval: float

    def beginning(self, link: int) -> int:
        """Return the number of the step with which a link begins."""
        return next(number for number, step in enumerate(self.steps) if step.link == link)


def script_of(captured: Captured) -> Script:
    """Return the script of a capture.

    Raises:
        CaptureError: No connection was made in it, so that there is nothing to play.
    """
    writer, starts = _Writer(), _starts(captured.entries)
    for number, entry in enumerate(captured.entries):
        writer.take(entry)
        for asked in starts.get(number, ()):
            writer.begin(entry.t, asked)
    if not writer.links:
        raise CaptureError("No connection was made in this capture, so there is nothing to replay.", file="")
    return Script(tuple(writer.links), tuple(writer.steps), _interval(captured.entries))


def motion_of(record: bytes) -> Motion | None:
    """Return what a record of telemetry tells of the belt, or None if it tells nothing."""
    try:
        speed = decode_treadmill_data(record).instantaneous_speed
    except DecodeError:
        return None
    if speed is None:
        return None
    return Motion.MOVING if speed else Motion.STANDING


class _Writer:
    """Turns the events of a capture into steps."""

    def __init__(self) -> None:
        self.links: list[events.Connected] = []
        self.steps: list[Step] = []
        self._asked: dict[int, Step] = {}
        self._motion = Motion.UNKNOWN
        self._telemetry_at = -inf
        self._is_up = False
        self._lost: tuple[Step, float] | None = None
        self._tried_at = 0.0

    def take(self, entry: Entry) -> None:
        """Take the next event."""
        t, event = entry
        match event:
            case events.Connecting():
                self._tried_at = t
            case events.NotConnected():
                self._hide_until(t)
            case events.Connected():
                self._begin_link(t, event)
            case events.Answered():
                self._answer(t, event)
            case _ if self._is_up:
                self._go_on(t, event)
            case _:
                pass

    def begin(self, t: float, asked: events.Asked) -> None:
        """Take a request whose turn it is now."""
        if self._is_up:
            step = Step(len(self.links) - 1, t, asked.operation, asked.uuid, asked.value, self._motion)
            self._asked[asked.number] = step
            self.steps.append(step)

    def _begin_link(self, t: float, event: events.Connected) -> None:
        self._hide_until(self._tried_at - _HEARD_AGAIN)
        self._lost = None
        self._is_up = True
        self.links.append(event)
        self.steps.append(Step(len(self.links) - 1, t, None, motion=self._motion))

    def _answer(self, t: float, event: events.Answered) -> None:
        step = self._asked.pop(event.number, None)
        if step is not None:
            step.answer, step.answered_after = event, t - step.at
            before = step.answered_after - _ONE_TURN
            step.told = [replace(told, overtakes=told.overtakes and told.after < before) for told in step.told]
            self._lengthen(t)

    def _go_on(self, t: float, event: events.Event) -> None:
        """Take an event that only happens on a link."""
        self._lengthen(t)
        match event:
            case events.Heard():
                self._hear(t, event)
            case events.LinkLost():
                self.steps[-1].lost_after = t - self.steps[-1].at
                self._lost = (self.steps[-1], t)
                self._is_up = False
            case events.LetGo() | events.Closed():
                self._is_up = False
            case _:
                pass

    def _hear(self, t: float, event: events.Heard) -> None:
        step = self.steps[-1]
        overtakes = step.operation is not None and step.answer is None
        step.told.append(Told(t - step.at, event.uuid, event.value, event.indication, overtakes))
        if event.uuid == uuids.TREADMILL_DATA:
            self._telemetry_at = t
            self._motion = motion_of(event.value) or self._motion
        self._lengthen(t)

    def _lengthen(self, t: float) -> None:
        if self._is_up:
            self.steps[-1].lasts = t - self.steps[-1].at
            self.steps[-1].quiet_for = t - self._telemetry_at

    def _hide_until(self, t: float) -> None:
        if self._lost is not None:
            step, lost_at = self._lost
            step.hidden_for = min(max(step.hidden_for, t - lost_at), _LONGEST_ABSENCE)


def _starts(entries: Iterable[Entry]) -> dict[int, list[events.Asked]]:
    """Return the requests whose turn came with each entry, by its number.

    One request at a time is on the air (Core Vol 3 F 3.3.2): others wait, and their turns come in the order in which
    they are answered. Commands wait for nobody, and pairing is seen by no server.
    """
    starts: dict[int, list[events.Asked]] = {}
    asked: dict[int, tuple[int, events.Asked]] = {}
    free_at = 0
    for number, (_, event) in enumerate(entries):
        match event:
            case events.Connected():
                free_at = number
            case events.Asked(operation=Operation.COMMAND):
                starts.setdefault(number, []).append(event)
            case events.Asked() if event.operation is not Operation.PAIR:
                asked[event.number] = (number, event)
            case events.Answered() if event.number in asked:
                asked_at, request = asked.pop(event.number)
                starts.setdefault(max(asked_at, free_at), []).append(request)
                free_at = number
            case _:
                pass
    for asked_at, request in asked.values():
        starts.setdefault(asked_at, []).append(request)
    return starts


def _interval(entries: Iterable[Entry]) -> float:
    """Return the usual time between two records, of which each may be several packets."""
    instants = [
        entry.t
        for entry in entries
        if isinstance(entry.event, events.Heard) and entry.event.uuid == uuids.TREADMILL_DATA
    ]
    gaps = [gap for earlier, later in pairwise(instants) if (gap := later - earlier) > ONE_RECORD]
    return median(gaps) if gaps else _USUAL_INTERVAL
