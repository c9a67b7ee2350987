"""What a machine tells besides telemetry: console, control, link. Frozen values, one class each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backstride.driver.confirmation import Command
    from backstride.driver.obedience import Obedience
    from backstride.units import Incline, Speed


@dataclass(frozen=True, slots=True)
class ConsoleStarted:
    """Somebody started or resumed the belt on the console, or through another app."""


@dataclass(frozen=True, slots=True)
class ConsoleStopped:
    """Somebody stopped or paused the belt on the console, or through another app; `pause` is None if not said."""

    pause: bool | None


@dataclass(frozen=True, slots=True)
class SafetyKeyPulled:
    """The safety key was pulled."""


@dataclass(frozen=True, slots=True)
class ConsoleSpeed:
    """The target speed was changed on the console, or through another app."""

    speed: Speed


@dataclass(frozen=True, slots=True)
class ConsoleIncline:
    """The target inclination was changed on the console, or through another app."""

    incline: Incline


@dataclass(frozen=True, slots=True)
class ControlTaken:
    """The machine took control away from us (status 0xFF)."""


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The link is gone, or the telemetry has been silent for so long that it is as good as gone (S9)."""

    reason: str


@dataclass(frozen=True, slots=True)
class LinkRestored:
    """The link to the same machine is there again; nothing is known of the belt until it has been seen (S12)."""


@dataclass(frozen=True, slots=True)
class StopUnproven:
    """Stop was sent, and the belt is not seen slowing: the person must use the console or the safety key (S5)."""


@dataclass(frozen=True, slots=True)
class ObedienceChanged:
    """A Start, speed or incline has come to nothing, or to something after all (S10); of Stop tells `StopUnproven`."""

    command: Command
    obedience: Obedience


@dataclass(frozen=True, slots=True)
class WatchdogActed:
    """The program hung for so long that the watchdog has stopped the belt: whatever went on is over (S2, S6)."""


@dataclass(frozen=True, slots=True)
class Unguarded:
    """No watchdog stops the belt if this program is killed or hangs, for the `reason` given (S6)."""

    reason: str


MachineEvent = (
    ConsoleStarted
    | ConsoleStopped
    | SafetyKeyPulled
    | ConsoleSpeed
    | ConsoleIncline
    | ControlTaken
    | LinkLost
    | LinkRestored
    | StopUnproven
    | ObedienceChanged
    | WatchdogActed
    | Unguarded
)
