"""A belt and the driver on it, as a runner sees them: what it is told, and what becomes of what it wants. Pure.

The belt obeys or not, late or at once; telemetry shows it, or something else; outcomes come as driver/control.py gives
them, or in whatever order a test likes. It knows nothing of sessions.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from backstride.driver.confirmation import Command, Confirmed, Outcome, Rejected, Unknown
from backstride.driver.state import MachineState
from backstride.units import Incline, Speed
from backstride.workout.inputs import Effect, PauseBelt, SetIncline, SetSpeed, StartBelt, StopBelt, TakeControl

PATIENCE = 6.0
"""Seconds after which a command without motion is Unknown."""


_HALTS = {Command.STOP, Command.PAUSE}


class Whim(StrEnum):
    """How a belt misbehaves (quirks)."""

    IGNORES_SPEED = "acknowledges a speed and keeps its own"
    IGNORES_INCLINE = "acknowledges an inclination and keeps its own"
    IGNORES_START = "acknowledges a start and stands"
    IGNORES_STOP = "acknowledges a stop and goes on"
    REFUSES = "refuses whatever is asked, but Stop"
    IS_SLOW = "moves five seconds after it was told"
    STARTS_ON_TARGET = "starts on a target"
    CREEPS = "reaches half of what it is told"


@dataclass
class Belt:
    """What the belt really does; 0.01 km/h, 0.1 %."""

    slowest: int = 80
    speed: float = 0.0
    target: int = 0
    incline: float = 0.0
    slope: int = 0
    dead_time: float = 0.0

    def advance(self, seconds: float) -> None:
        waits = min(seconds, self.dead_time)
        self.dead_time -= waits
        seconds -= waits
        faster, slower = self.speed + 30 * seconds, self.speed - 120 * seconds
        self.speed = min(self.target, faster) if self.speed < self.target else max(self.target, slower)
        up, down = self.incline + 5 * seconds, self.incline - 5 * seconds
        self.incline = min(self.slope, up) if self.incline < self.slope else max(self.slope, down)


@dataclass(eq=False)
class Waiting:
    """A command that waits for its outcome; a stop that is `proven` stays so, however late that is told."""

    command: Command
    target: int
    since: float
    proven: bool = False


@dataclass
class Driver:
    """One machine as the runner's shell sees it.

    Attributes:
        whims: How the belt misbehaves at the moment.
        seen: The last state that was told.
        waiting: Commands without an outcome, oldest first.
    """

    belt: Belt
    whims: set[Whim] = field(default_factory=set)
    seen: MachineState = field(default_factory=MachineState)
    connected: bool = True
    waiting: list[Waiting] = field(default_factory=list)
    _zeros: int = 0
    _samples: int = 0

    # --- what the runner wants

    def carry_out(self, effect: Effect, now: float) -> list[tuple[Command, Outcome]]:
        """Do what the runner wants; return the outcomes that come at once."""
        match effect:
            case StartBelt():
                return self._start(now)
            case SetSpeed(speed):
                return self._set(Command.SPEED, int(speed), now)
            case SetIncline(incline):
                return self._set(Command.INCLINE, int(incline), now)
            case StopBelt() | PauseBelt():
                return self._halt(effect, now)
            case TakeControl():
                self.waiting.append(Waiting(Command.CONTROL, 0, now))
            case _:
                pass
        return []

    def _start(self, now: float) -> list[tuple[Command, Outcome]]:
        if Whim.REFUSES in self.whims:
            return [(Command.START, Rejected("not now"))]
        if Whim.IGNORES_START not in self.whims and self.connected:
            self._drive(self.belt.slowest)
        self.waiting.append(Waiting(Command.START, 0, now))
        return []

    def _set(self, command: Command, value: int, now: float) -> list[tuple[Command, Outcome]]:
        superseded = self._drop(command, "a newer command took its place")
        if Whim.REFUSES in self.whims:
            return [*superseded, (command, Rejected("not now"))]
        obeys = self.connected and (self.belt.target > 0 or Whim.STARTS_ON_TARGET in self.whims)
        if command is Command.SPEED and obeys and Whim.IGNORES_SPEED not in self.whims:
            self._drive(value // 2 if Whim.CREEPS in self.whims else value)
        if command is Command.INCLINE and obeys and Whim.IGNORES_INCLINE not in self.whims:
            self.belt.slope = value
        self.waiting.append(Waiting(command, value, now))
        return superseded

    def _drive(self, target: int) -> None:
        self.belt.dead_time = 5.0 if Whim.IS_SLOW in self.whims else 0.0
        self.belt.target = target

    def _halt(self, effect: StopBelt | PauseBelt, now: float) -> list[tuple[Command, Outcome]]:
        command = Command.STOP if isinstance(effect, StopBelt) else Command.PAUSE
        if not self.connected:
            return [(command, Unknown("there is no connection"))]
        self._stop()
        given_up = self.give_up("the belt was stopped", Command.START, Command.SPEED, Command.INCLINE)
        self.waiting.append(Waiting(command, 0, now))
        return given_up

    def _stop(self) -> None:
        if Whim.IGNORES_STOP not in self.whims:
            self.belt.target, self.belt.dead_time = 0, 0.0

    def _drop(self, command: Command, reason: str) -> list[tuple[Command, Outcome]]:
        return self.give_up(reason, command)

    def give_up(self, reason: str, *commands: Command) -> list[tuple[Command, Outcome]]:
        """Let go of these commands, or of all: nobody knows what became of them."""
        given_up = [one for one in self.waiting if not commands or one.command in commands]
        self.waiting = [one for one in self.waiting if one not in given_up]
        return [(one.command, Unknown(reason)) for one in given_up]

    # --- what becomes of it

    def due(self, now: float) -> list[tuple[Command, Outcome]]:
        """Return the outcomes that telemetry or patience has brought; a stop is repeated until it is proven (S5)."""
        if any(one.command in _HALTS and not one.proven for one in self.waiting):
            self._stop()
        outcomes: list[tuple[Command, Outcome]] = []
        for one in tuple(self.waiting):
            outcome = self._outcome(one, now)
            if outcome is not None:
                self.waiting.remove(one)
                outcomes.append((one.command, outcome))
        return outcomes

    def _outcome(self, one: Waiting, now: float) -> Outcome | None:
        if self.may_be_confirmed(one):
            return Confirmed()
        if one.command in _HALTS or now - one.since < PATIENCE:
            return None
        return Unknown("the belt does not follow")

    def may_be_confirmed(self, one: Waiting) -> bool:
        """Tell whether telemetry is such that a command could be confirmed."""
        match one.command:
            case Command.START:
                return self.seen.standing is False
            case Command.STOP | Command.PAUSE:
                return one.proven
            case Command.SPEED:
                return self.seen.speed is not None and abs(self.seen.speed - one.target) <= 15
            case Command.INCLINE:
                return self.seen.incline is not None and abs(self.seen.incline - one.target) <= 5
            case Command.CONTROL:
                return Whim.REFUSES not in self.whims

    # --- what is told

    def record(self, now: float, *, speed: int | None = None, blind: bool = False) -> MachineState:
        """Return what a record of telemetry makes of the view: true, of a wrong `speed`, or without one."""
        shown = round(self.belt.speed) if speed is None else speed
        self._zeros = self._zeros + 1 if shown == 0 else 0
        self._samples += 1
        still = self.seen.standing if shown == 0 else False
        before = self.seen.speed
        self.seen = MachineState(
            at=now,
            speed=None if blind else Speed(shown),
            incline=None if blind else Incline(round(self.belt.incline)),
            standing=True if self._zeros >= 2 else still,
            slowing=before is not None and before - shown >= 5,
            samples=self._samples,
        )
        for one in self.waiting:
            one.proven = one.proven or (one.command in _HALTS and self.seen.standing is True)
        return self.seen

    def lose_link(self) -> MachineState:
        """Return the last view, of a link that is gone."""
        self.connected = False
        self.seen = replace(self.seen, connected=False, standing=None, slowing=False)
        return self.seen

    def make_link(self) -> None:
        """Begin afresh on a new link: nothing is known of the belt."""
        self.connected, self._zeros, self._samples = True, 0, 0
        self.seen = MachineState()
