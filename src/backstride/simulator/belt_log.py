"""What truly happened on a simulated belt: the breakpoints of its motion, and every instant between them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_LOG_LIMIT: Final = 20_000  # breakpoints kept, some 6 MB at most; an hour of a busy session has a thousand


class Cause(StrEnum):
    """Why the belt's motion changed."""

    POWERED = "powered"
    POWER = "power"  # the mains are gone
    START = "start"
    MOTION = "motion"  # the dead time after a start is over
    TARGET = "target"
    REACHED = "reached"
    STOP = "stop"
    PAUSE = "pause"
    SAFETY_KEY = "safety key"
    INCLINE = "incline"
    LEVEL = "level"  # the deck reached its target, or passed the horizontal
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """An instant at which speed or incline changed its course; until the next one both are straight lines.

    Attributes:
        time: Seconds, on the clock handed in.
        speed: km/h at `time`.
        acceleration: km/h per second from `time` on.
        incline: Per cent at `time`.
        incline_rate: Per cent per second from `time` on.
        target: km/h the belt is told to reach; 0 when it is told to stand.
        incline_target: Per cent the deck is told to reach.
        cause: What happened.
        by: Who did it: ``"console"``, ``"client 1"`` or ``"belt"``.
    """

    time: float
    speed: float
    acceleration: float
    incline: float
    incline_rate: float
    target: float
    incline_target: float
    cause: Cause
    by: str


class BeltLog:
    """The belt's own truth: what tests compare the driver's and the record's story with.

    Args:
        limit: Breakpoints to keep; when there are more, the older half is forgotten.

    Attributes:
        breakpoints: What is kept, oldest first.
    """

    __slots__ = ("_limit", "_times", "breakpoints")

    def __init__(self, limit: int = _LOG_LIMIT) -> None:
        self._limit = limit
        self.breakpoints: list[Breakpoint] = []
        self._times: list[float] = []

    def append(self, breakpoint_: Breakpoint) -> None:
        """Add the newest breakpoint."""
        if len(self.breakpoints) >= self._limit:
            del self.breakpoints[: self._limit // 2]
            del self._times[: self._limit // 2]
        self.breakpoints.append(breakpoint_)
        self._times.append(breakpoint_.time)

    def _at(self, time: float) -> Breakpoint:
        return self.breakpoints[max(0, bisect_right(self._times, time) - 1)]

    def speed_at(self, time: float) -> float:
        """Return the true speed in km/h at `time`, seconds; before the log begins, its first speed."""
        last = self._at(time)
        return last.speed + last.acceleration * max(0.0, time - last.time)

    def incline_at(self, time: float) -> float:
        """Return the true incline in per cent at `time`, seconds; before the log begins, its first incline."""
        last = self._at(time)
        return last.incline + last.incline_rate * max(0.0, time - last.time)

    def target_at(self, time: float) -> float:
        """Return the speed in km/h that the belt was told to reach at `time`; 0 when told to stand."""
        return self._at(time).target
