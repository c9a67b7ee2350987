"""Telling what a person did on the console from what we asked for ourselves. Pure.

By the letter a machine tells a change only to the clients that did not make it, but several echo it to the maker as
well (facts 8, D7); so a status that repeats a command written within the last seconds is no console act (S11).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from backstride.driver import events
from backstride.driver.confirmation import INCLINE_TOLERANCE, SPEED_TOLERANCE
from backstride.errors import DecodeError
from backstride.machines.incline_facts import InclineMap
from backstride.protocol.control_point import (
    Request,
    SetTargetInclination,
    SetTargetSpeed,
    StartOrResume,
    StopOrPause,
    StopOrPauseRequest,
)
from backstride.protocol.machine_status import (
    ControlPermissionLost,
    StartedOrResumedByUser,
    StatusReset,
    StoppedBySafetyKey,
    StoppedOrPausedByUser,
    TargetInclineChanged,
    TargetSpeedChanged,
    decode_machine_status,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.machines.capabilities import Capabilities
    from backstride.units import Incline, Speed

ECHO_WITHIN: Final = 3.0
"""Seconds after a write within which the same change is our own echo; a Start's may come with the first motion."""

_REMEMBERED: Final = 16  # writes: more than any machine takes within the time of an echo

_Fits: TypeAlias = "Callable[[Request], bool]"


@dataclass(slots=True)
class ConsoleWatch:
    """Turns Machine Status values into events, leaving out the echoes of our own commands."""

    capabilities: Capabilities
    _written: deque[tuple[Request, float]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def wrote(self, request: Request, now: float) -> None:
        """Take note that `request` goes to the machine now."""
        self._written.append((request, now))

    def feed(self, value: bytes, now: float) -> events.MachineEvent | None:
        """Take a Machine Status value; return what happened, or None for an echo and for what is no treadmill's."""
        try:
            status = decode_machine_status(value)
        except DecodeError:
            return None
        match status:
            case StoppedBySafetyKey():
                return events.SafetyKeyPulled()
            case ControlPermissionLost():
                return events.ControlTaken()
            case StoppedOrPausedByUser(control) if not self._is_echo(_stops, now):
                return events.ConsoleStopped(pause=None if control is None else control is StopOrPause.PAUSE)
            case StatusReset() if not self._is_echo(_stops, now):
                return events.ConsoleStopped(pause=None)
            case StartedOrResumedByUser() if not self._is_echo(_starts, now):
                return events.ConsoleStarted()
            case TargetSpeedChanged(number):
                return self._speed_changed(number, now)
            case TargetInclineChanged(number):
                return self._incline_changed(number, now)
            case _:
                return None

    def _speed_changed(self, number: Speed, now: float) -> events.MachineEvent | None:
        """Take a new target, told in the machine's unit of reports; an echo may also repeat the octets written."""
        speed = self.capabilities.telemetry_unit.from_wire(number)
        grid = self.capabilities.speed

        def is_ours(request: Request) -> bool:
            if grid is None or not isinstance(request, SetTargetSpeed):
                return False
            written = grid.write_unit.from_wire(request.speed)
            return number == request.speed or abs(speed - written) <= SPEED_TOLERANCE

        return None if self._is_echo(is_ours, now) else events.ConsoleSpeed(speed)

    def _incline_changed(self, number: Incline, now: float) -> events.MachineEvent | None:
        """Take a new target, told in the machine's own numbers, which may be coarser than the standard's."""
        grid = self.capabilities.incline
        meaning = InclineMap() if grid is None else grid.written
        incline = meaning.from_wire(number)

        def is_ours(request: Request) -> bool:
            if incline is None or not isinstance(request, SetTargetInclination):
                return False
            written = meaning.from_wire(request.inclination)
            return written is not None and abs(incline - written) <= INCLINE_TOLERANCE

        return None if incline is None or self._is_echo(is_ours, now) else events.ConsoleIncline(incline)

    def _is_echo(self, fits: _Fits, now: float) -> bool:
        return any(now - at <= self._echo_within(request) and fits(request) for request, at in self._written)

    def _echo_within(self, request: Request) -> float:
        return ECHO_WITHIN + (self.capabilities.motion_within if isinstance(request, StartOrResume) else 0.0)


def _stops(request: Request) -> bool:
    return isinstance(request, StopOrPauseRequest)


def _starts(request: Request) -> bool:
    return isinstance(request, StartOrResume)
