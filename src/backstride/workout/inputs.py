"""What a runner is told and what it wants done: its inputs, and its effects on the machine. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backstride.workout.events import SessionEvent

if TYPE_CHECKING:
    from backstride.driver.confirmation import Command, Outcome
    from backstride.driver.events import MachineEvent
    from backstride.driver.state import MachineState
    from backstride.units import Incline, Speed

# --- what a person does


@dataclass(frozen=True, slots=True)
class Begin:
    """A person starts the session's belt: the one start that S1 asks for."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A person wants the belt to stand for a while."""


@dataclass(frozen=True, slots=True)
class Resume:
    """A person starts the belt again after a pause (S2), or allows increases after a reconnection (S12)."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody ends the session. `fault` is True for a fault of the program, False for a person's wish."""

    reason: str = "you stopped it"
    fault: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """A person goes on to the next step."""


@dataclass(frozen=True, slots=True)
class Back:
    """A person goes back: to the beginning of this step, or to the step before if it has just begun."""


@dataclass(frozen=True, slots=True)
class AdjustSpeed:
    """A person wants it faster or slower by so much for the rest of the step."""

    by: Speed


@dataclass(frozen=True, slots=True)
class AdjustIncline:
    """A person wants it steeper or flatter by so much for the rest of the step."""

    by: Incline


@dataclass(frozen=True, slots=True)
class AimSpeed:
    """A person wants this speed, one of the machine's own, for the rest of the step."""

    at: Speed


@dataclass(frozen=True, slots=True)
class AimIncline:
    """A person wants this inclination, one of the machine's own, for the rest of the step."""

    at: Incline


@dataclass(frozen=True, slots=True)
class Confirm:
    """A person confirms what the session asked: that they stand ready, have turned round, may go faster again."""


PersonInput = (
    Begin | Pause | Resume | Stop | Skip | Back | AdjustSpeed | AdjustIncline | AimSpeed | AimIncline | Confirm
)

# --- what the machine and the clock do


@dataclass(frozen=True, slots=True)
class Observed:
    """Telemetry brought a new state."""

    state: MachineState


@dataclass(frozen=True, slots=True)
class Happened:
    """Console, control or link did something."""

    event: MachineEvent


@dataclass(frozen=True, slots=True)
class Settled:
    """A command to the machine has its outcome."""

    command: Command
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Tick:
    """The deadline the runner asked for has come."""


Input = PersonInput | Observed | Happened | Settled | Tick

# --- what the runner wants done to the machine


@dataclass(frozen=True, slots=True)
class StartBelt:
    """Start the belt."""


@dataclass(frozen=True, slots=True)
class StopBelt:
    """Stop the belt, and prove it."""


@dataclass(frozen=True, slots=True)
class PauseBelt:
    """Pause the belt, and prove it."""


@dataclass(frozen=True, slots=True)
class SetSpeed:
    """Set this target."""

    speed: Speed


@dataclass(frozen=True, slots=True)
class SetIncline:
    """Set this target."""

    incline: Incline


@dataclass(frozen=True, slots=True)
class TakeControl:
    """Ask the machine for control again: a person wants it back."""


MachineEffect = StartBelt | StopBelt | PauseBelt | SetSpeed | SetIncline | TakeControl
Effect = MachineEffect | SessionEvent
