"""What the machine itself decides: the session's state, the targets, the safety key.

The states and transitions are those of the fact sheet, section 9. Both hands reach in here: the control point (a
client's procedures) and the buttons (a person). What a machine file says of the machine's own behaviour, such as a
pause that stops, is decided here, so that it holds for both.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from backstride.machines.facts import PauseEffect
from backstride.protocol.control_point import SetTargetedTrainingTime
from backstride.protocol.training_status import TrainingStatusCode
from backstride.simulator.belt_log import Cause

if TYPE_CHECKING:
    from backstride.machines.facts import MachineFacts
    from backstride.protocol.control_point import Request
    from backstride.simulator.belt import Belt
    from backstride.units import Incline, Speed

CONSOLE: Final = "console"
"""Name of the console in the belt's log."""


class SessionState(StrEnum):
    """Where the machine's session stands."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"


class MachineSession:
    """The session of one machine.

    Every method that a procedure maps to returns True if the state allowed it, False if the answer is Operation
    Failed. `by` names the origin in the belt's log.

    Attributes:
        facts: How the machine is.
        state: Idle, running or paused.
        goal: The targeted setting that is in force, if any (FTMS 4.16.2.10 to 4.16.2.17).
        safety_key: True while the key is in its place.
        powered: True while the machine has mains.
    """

    def __init__(self, facts: MachineFacts, belt: Belt) -> None:
        self.facts = facts
        self._belt = belt
        self.state = SessionState.IDLE
        self.goal: Request | None = None
        self.safety_key = True
        self.powered = True
        self._target: Speed | None = None
        self._winding_down = False

    @property
    def training_status(self) -> TrainingStatusCode:
        """The value of Training Status 0x2AD3 (fact sheet 9)."""
        if self._belt.starting:
            return TrainingStatusCode.PRE_WORKOUT
        if self.state is not SessionState.IDLE:
            return TrainingStatusCode.MANUAL_MODE_QUICK_START
        if self._winding_down and not self._belt.standing:
            return TrainingStatusCode.POST_WORKOUT
        return TrainingStatusCode.IDLE

    @property
    def remaining_time(self) -> int | None:
        """Seconds left of a targeted training time, or None without one."""
        if not isinstance(self.goal, SetTargetedTrainingTime):
            return None
        return max(0, self.goal.time - int(self._belt.elapsed))

    def start(self, now: float, by: str = CONSOLE) -> bool:
        """Start or resume (FTMS 4.16.2.8); refused while running, and without safety key or mains."""
        if self.state is SessionState.RUNNING or not (self.safety_key and self.powered):
            return False
        self.state = SessionState.RUNNING
        self._belt.start(now, target=0.0 if self._target is None else int(self._target) / 100, by=by)
        return True

    def stop(self, now: float, by: str = CONSOLE) -> bool:
        """End the session (FTMS 4.16.2.9)."""
        if self.state is SessionState.IDLE:
            return False
        self._end(now, Cause.STOP, by)
        if self.facts.telemetry.zeroed_by_stop:
            self._belt.zero_counters(now, by=by)
        return True

    def pause(self, now: float, by: str = CONSOLE) -> bool:
        """Pause, or do what this machine does instead."""
        effect = self.facts.control.pause
        if self.state is not SessionState.RUNNING or effect is PauseEffect.REFUSED:
            return False
        if effect is PauseEffect.STOPS:
            return self.stop(now, by)
        self.state = SessionState.PAUSED
        self._belt.stop(now, cause=Cause.PAUSE, by=by)
        return True

    def reset(self, now: float, by: str = CONSOLE) -> None:
        """Set targets and counters to zero; a running belt stops (FTMS 4.16.2.2)."""
        self._end(now, Cause.RESET, by)
        self._winding_down = False
        self._level(now, by)
        self._belt.zero_counters(now, by=by)

    def set_speed(self, now: float, speed: Speed, by: str = CONSOLE) -> Speed:
        """Set the target, rounded to the machine's step; kept for the next start unless the belt runs.

        Returns:
            The target it is now.
        """
        speed = self.facts.speed.nearest(speed)
        self._target = speed
        self._belt.set_target(now, int(speed) / 100, by=by)
        return speed

    def set_incline(self, now: float, incline: Incline, by: str = CONSOLE) -> Incline:
        """Set the deck's target, rounded to the machine's step. Returns the target it is now."""
        if self.facts.incline is not None and self.facts.incline.fixed is not None:
            return self.facts.incline.fixed
        if self.facts.incline is not None:
            incline = self.facts.incline.nearest(incline)
        self._belt.set_incline(now, int(incline) / 10, by=by)
        return incline

    def pull_safety_key(self, now: float) -> None:
        """Stop at once; nothing starts until the key is back."""
        self.safety_key = False
        self._end(now, Cause.SAFETY_KEY, CONSOLE)

    def insert_safety_key(self) -> None:
        """Allow a new start; nothing moves by itself."""
        self.safety_key = True

    def switch(self, now: float, *, powered: bool) -> None:
        """Take the mains away, which ends the session, or give them back, which moves nothing."""
        self.powered = powered
        if not powered:
            self._end(now, Cause.POWER, CONSOLE)

    def _end(self, now: float, cause: Cause, by: str) -> None:
        self.state = SessionState.IDLE
        self.goal = None
        self._target = None
        self._winding_down = True
        self._belt.stop(now, cause=cause, by=by)
        if self.facts.incline is not None and self.facts.incline.levels_on_stop:
            self._level(now, by)

    def _level(self, now: float, by: str) -> None:
        """Drive the deck to the horizontal, or to where a deck without a motor stays."""
        self._belt.set_incline(now, int(self.facts.deck) / 10, by=by)
