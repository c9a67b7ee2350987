"""The one gate every target passes (safety rules S7, S8, S9).

`Envelope` knows the limits and how fast a speed may rise; `thin_ice` names what forbids any increase at the moment. All
of it is pure: a plan is compiled, and a session run, through the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.errors import SafetyError
from backstride.units import Incline, Speed
from backstride.workout.profile import Facing, Limits

if TYPE_CHECKING:
    from backstride.machines.capabilities import Capabilities

BACKWARD_SPEED: Final = Speed.from_mph("3.6")
"""Default limit facing backward: people change to a run at 3.65 mph (Hreljac et al. 2005; S7)."""

BACKWARD_INCLINE: Final = Incline.from_percent(10)
"""Default inclination limit facing backward (S7)."""

GENTLE_CHANGE: Final = Speed.from_mph("0.5")
"""Largest rise in one change facing backward (S8)."""

SUDDEN_CHANGE: Final = Speed.from_mph("0.2")
"""Largest rise in one change on a belt that may take it within a second, which S8 allows 0.2 mph for."""

CHANGE_SPACING: Final = 5.0
"""Seconds between two increases facing backward (S8)."""

OFF_TARGET: Final = Speed.from_mph("0.3")
"""How far the belt may be off its target before increases wait (S9)."""

STALE_AFTER: Final = 3.0
"""Age of telemetry, in seconds, beyond which nothing increases (S9)."""

ENOUGH_SAMPLES: Final = 2
"""Good samples after which a link is no longer fresh (S9)."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The tightest limits for one facing; each names the limit that set it."""

    speed: Speed
    speed_from: str
    incline: Incline
    incline_from: str


@dataclass(frozen=True, slots=True)
class BeltView:
    """What S9 looks at before an increase.

    Attributes:
        speed: Reported speed, or None if unknown.
        age: Seconds since the last good sample.
        samples: Good samples since the link was made, doubled deliveries counted once.
        target: The last speed target, or None before the first.
        unconfirmed: What the last command asked for, while it is not confirmed.
    """

    speed: Speed | None
    age: float
    samples: int
    target: Speed | None
    unconfirmed: str = ""


def thin_ice(view: BeltView) -> str | None:
    """Return why nothing may increase now (S9), or None if it may."""
    if view.samples < ENOUGH_SAMPLES:
        return "the link is fresh"
    if view.age > STALE_AFTER:
        return f"the treadmill has sent nothing for {view.age:.0f} s"
    if view.unconfirmed:
        return f"the last command ({view.unconfirmed}) is not confirmed"
    if view.speed is None:
        return "the treadmill does not tell its speed"
    if view.target is not None and abs(view.speed - view.target) > OFF_TARGET:
        return f"the belt is at {view.speed}, not yet at its target of {view.target}"
    return None


@dataclass(frozen=True, slots=True)
class Envelope:
    """The limits of one session on one machine.

    Attributes:
        capabilities: The machine's range and steps.
        profile: The profile's own limits; they alone may lift the default limits facing backward (S7).
        personal: The walker's limits; they only ever tighten.
    """

    capabilities: Capabilities
    profile: Limits | None = None
    personal: Limits | None = None

    def bounds(self, facing: Facing) -> Bounds:
        """Return the tightest limits for `facing`."""
        caps = self.capabilities
        speeds = [(Speed(0), "the machine")] if caps.speed is None else [(caps.speed.maximum, "the machine")]
        steepest = (caps.fixed_incline or Incline(0)) if caps.incline is None else caps.incline.maximum
        inclines = [(steepest, "the machine")]
        for limits, whose in ((self.profile, "the profile"), (self.personal, "your personal limits")):
            if limits is not None and limits.speed is not None:
                speeds.append((limits.speed, whose))
            if limits is not None and limits.incline is not None:
                inclines.append((limits.incline, whose))
        if facing is Facing.BACKWARD and self._profile_speed is None:
            speeds.append((BACKWARD_SPEED, "the default for walking backward"))
        if facing is Facing.BACKWARD and self._profile_incline is None:
            inclines.append((BACKWARD_INCLINE, "the default for walking backward"))
        speed, speed_from = min(speeds, key=lambda pair: pair[0])
        incline, incline_from = min(inclines, key=lambda pair: pair[0])
        return Bounds(speed, speed_from, incline, incline_from)

    @property
    def _profile_speed(self) -> Speed | None:
        return None if self.profile is None else self.profile.speed

    @property
    def _profile_incline(self) -> Incline | None:
        return None if self.profile is None else self.profile.incline

    @property
    def lifts_backward_limits(self) -> bool:
        """True if the profile opens more than the default limits facing backward: a person must confirm it (S7)."""
        bounds = self.bounds(Facing.BACKWARD)
        return bounds.speed > BACKWARD_SPEED or bounds.incline > BACKWARD_INCLINE

    def check_speed(self, speed: Speed, facing: Facing) -> None:
        """Refuse a speed outside the limits. Raises SafetyError (S7) with the reason."""
        grid = self.capabilities.speed
        if grid is None:
            raise SafetyError(f"The speed cannot be set: {self.capabilities.no_speed}.", rule="S7")
        grid.check(speed)
        bounds = self.bounds(facing)
        _require_within(speed, bounds.speed, bounds.speed_from, facing)

    def check_incline(self, incline: Incline, facing: Facing) -> None:
        """Refuse an inclination outside the limits. Raises SafetyError (S7) with the reason."""
        grid = self.capabilities.incline
        if grid is None:
            raise SafetyError(f"The incline cannot be set: {self.capabilities.no_incline}.", rule="S7")
        grid.check(incline)
        bounds = self.bounds(facing)
        _require_within(incline, bounds.incline, bounds.incline_from, facing)

    def check_deck(self, deck: Incline, asked: Incline, facing: Facing) -> None:
        """Refuse a deck that stays at `deck` where another inclination is asked for, or one within the limits (S7)."""
        if asked not in {Incline(0), deck}:
            raise SafetyError(f"{asked} cannot be set: {self.capabilities.no_incline}.", rule="S7")
        bounds = self.bounds(facing)
        _require_within(deck, bounds.incline, bounds.incline_from, facing)

    def rise(self, facing: Facing) -> Speed | None:
        """Return the largest rise in one change, or None for no limit (S8 is about facing backward).

        A belt that is not known to be gentle may take any change within a second, so a change stays within the 0.2 mph
        that S8 allows a second; a machine whose own step is coarser gets that one step, up to 0.5 mph.
        """
        if facing is Facing.FORWARD or self.capabilities.speed is None:
            return None
        if self.capabilities.gentle:
            return GENTLE_CHANGE
        return min(GENTLE_CHANGE, max(SUDDEN_CHANGE, self.capabilities.speed.increment))

    def next_speed(self, current: Speed, wanted: Speed, facing: Facing, since_rise: float) -> Speed | None:
        """Return the next target on the way from `current` to `wanted`, or None if it must wait (S8).

        Args:
            current: The last target, never telemetry (S8).
            wanted: Where the session wants to be; inside the limits already.
            facing: Which way the walker faces.
            since_rise: Seconds since the last increase.
        """
        grid = self.capabilities.speed
        rise = self.rise(facing)
        if grid is None or wanted <= current or rise is None:
            return wanted
        if since_rise < CHANGE_SPACING:
            return None
        ceiling = current + rise
        if wanted <= ceiling:
            return wanted
        step = grid.snap(ceiling, ceiling=ceiling)
        if step <= current and grid.increment <= GENTLE_CHANGE:
            step = grid.above(current)  # in mph, neighbours may lie 0.01 km/h further apart than the increment says
        return step if step > current else None


def _require_within(value: Speed | Incline, limit: Speed | Incline, source: str, facing: Facing) -> None:
    if value > limit:
        raise SafetyError(f"{value} is above the limit of {limit} facing {facing} (from {source}).", rule="S7")
