"""The moving part: speed, incline motor, dead time, and a log of what truly happened.

Between two breakpoints speed and incline are straight lines, so everything else (distance, climb, steps, energy) has
a closed form. `advance` only names the instant that is asked about; sums change at breakpoints alone. That is why the
result does not depend, not even in the last bit, on how often it is called.

Speeds are km/h and inclines per cent, as floats, inside this module only: what leaves it by `Belt.reported_speed` and
`Belt.reported_incline` is on the grid of the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

from backstride.simulator.belt_log import BeltLog, Breakpoint, Cause
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from backstride.machines.facts import BeltFacts

BODY_MASS_KG: Final = 75.0
"""Mass of the simulated walker, for the energy counter."""

REST_UPTAKE: Final = 3.5
"""Oxygen of somebody at rest, ml per kg and minute: one metabolic equivalent."""

_STEPS_PER_MINUTE: Final = 60.0  # cadence of a walker: 60 steps a minute and 12 more for each km/h
_STEPS_PER_MINUTE_PER_KMH: Final = 12.0
_KMH_PER_METRE_PER_SECOND: Final = 3.6


def oxygen_uptake(speed: float, incline: float) -> float:
    """Return the oxygen of a walker at `speed` km/h and `incline` per cent: ml per kg and minute, by ACSM.

    At 0 km/h it is that of somebody who stands.
    """
    return REST_UPTAKE + speed / _KMH_PER_METRE_PER_SECOND * 60 * (0.1 + 1.8 * max(0.0, incline) / 100)


@dataclass(slots=True)
class _Axis:
    """One quantity on its straight way from `value` at the last breakpoint to `target`."""

    value: float = 0.0
    slope: float = 0.0
    target: float = 0.0

    def head(self, rise: float, fall: float) -> None:
        """Turn towards the target with `rise` or `fall` per second."""
        if self.value == self.target:
            self.slope = 0.0
        else:
            self.slope = rise if self.target > self.value else -fall

    def duration(self) -> float:
        """Return the seconds until the target, infinite when it is reached."""
        return (self.target - self.value) / self.slope if self.slope else inf


@dataclass(slots=True)
class _Sums:
    """What has been added up to the last breakpoint: seconds, metres."""

    running: float = 0.0
    moving: float = 0.0
    distance: float = 0.0
    ascent: float = 0.0
    descent: float = 0.0


class Belt:
    """A treadmill's belt and deck.

    Args:
        facts: Acceleration, braking, incline motor, dead time.
        floor: The slowest speed the belt can run at; a start goes there, and nothing goes below it but zero.
        ceiling: The fastest.
        deck: Inclination of the deck when it is powered.
        now: Seconds at which it is powered, standing.
    """

    def __init__(
        self,
        facts: BeltFacts,
        *,
        floor: Speed = Speed(80),
        ceiling: Speed = Speed(2000),
        deck: Incline = Incline(0),
        now: float = 0.0,
    ) -> None:
        self._facts = facts
        self.floor = int(floor) / 100
        self.ceiling = int(ceiling) / 100
        self.now = now
        self.running = False
        self.log = BeltLog()
        self._since = now
        self._speed = _Axis()
        self._incline = _Axis(value=int(deck) / 10, target=int(deck) / 10)
        self._sums = _Sums()
        self._wanted = 0.0  # km/h to run at once the dead time is over
        self._peak: float | None = None  # km/h to overshoot to first
        self._motion_at = inf
        self._next = inf
        self._mark(Cause.POWERED, "belt")

    def behave(self, facts: BeltFacts, *, floor: Speed, ceiling: Speed) -> None:
        """Move by other facts from the next thing on that it is told; what it runs at stays as it is."""
        self._facts = facts
        self.floor = int(floor) / 100
        self.ceiling = int(ceiling) / 100

    # What it is told to do

    def start(self, now: float, *, target: float = 0.0, by: str = "console") -> None:
        """Run, after the dead time, at `target` km/h or at the floor if that is faster.

        A belt that is still coming to rest goes on doing so until the dead time is over.
        """
        self.advance(now)
        self._settle(now)
        self.running = True
        self._want(target)
        self._motion_at = now + self._facts.dead_time
        self._turn(Cause.START, by)
        self.advance(now)

    def set_target(self, now: float, target: float, *, by: str = "console") -> None:
        """Run at `target` km/h; without effect on a belt that was not started."""
        self.advance(now)
        if not self.running:
            return
        self._settle(now)
        self._want(target)
        self._turn(Cause.TARGET, by)

    def stop(self, now: float, *, cause: Cause = Cause.STOP, by: str = "console") -> None:
        """Come to rest."""
        self.advance(now)
        self._settle(now)
        self.running = False
        self._wanted = 0.0
        self._peak = None
        self._motion_at = inf
        self._turn(cause, by)

    def set_incline(self, now: float, target: float, *, by: str = "console") -> None:
        """Drive the deck to `target` per cent; it moves whether or not the belt runs."""
        self.advance(now)
        self._settle(now)
        self._incline.target = target
        self._turn(Cause.INCLINE, by)

    def zero_counters(self, now: float, *, by: str = "console") -> None:
        """Begin to count anew: distance, climb, times, steps, energy."""
        self.advance(now)
        self._settle(now)
        self._sums = _Sums()
        self._turn(Cause.RESET, by)

    def advance(self, now: float) -> None:
        """Go on to `now`, seconds. An earlier instant than the last one is taken for the last one."""
        while self._next <= now:
            self._cross()
        self.now = max(self.now, now)

    def next_change(self) -> float:
        """Return the instant at which the motion next changes by itself, infinite if it does not."""
        return self._next

    # What it does at `now`

    @property
    def speed(self) -> float:
        """True speed in km/h."""
        return self._speed.value + self._speed.slope * (self.now - self._since)

    @property
    def incline(self) -> float:
        """True incline in per cent."""
        return self._incline.value + self._incline.slope * (self.now - self._since)

    @property
    def target(self) -> float:
        """Speed in km/h that it is on its way to, or will be after the dead time; 0 when it is to stand."""
        return self._wanted if self.running else 0.0

    @property
    def incline_target(self) -> float:
        """Incline in per cent that the deck is on its way to."""
        return self._incline.target

    @property
    def standing(self) -> bool:
        """True while the belt does not move and has not begun to."""
        return self._speed.value == 0 and self._speed.slope == 0

    @property
    def starting(self) -> bool:
        """True from a start until the dead time is over."""
        return self.running and self.now < self._motion_at

    @property
    def reported_speed(self) -> Speed:
        """The speed on the grid of the wire, 0.01 km/h."""
        return Speed(round(self.speed * 100))

    @property
    def reported_incline(self) -> Incline:
        """The incline on the grid of the wire, 0.1 %."""
        return Incline(round(self.incline * 10))

    @property
    def elapsed(self) -> float:
        """Seconds from starts to stops since the counters were zeroed."""
        return self._sums.running + (self.now - self._since if self.running else 0.0)

    @property
    def distance(self) -> float:
        """Metres since the counters were zeroed."""
        return self._sums.distance + self._way(self.now - self._since)

    @property
    def ascent(self) -> float:
        """Metres climbed since the counters were zeroed."""
        return self._sums.ascent + max(0.0, self._rise(self.now - self._since))

    @property
    def descent(self) -> float:
        """Metres descended, a magnitude, since the counters were zeroed."""
        return self._sums.descent + max(0.0, -self._rise(self.now - self._since))

    @property
    def moving_time(self) -> float:
        """Seconds with the belt in motion since the counters were zeroed."""
        return self._sums.moving + (0.0 if self.standing else self.now - self._since)

    @property
    def steps(self) -> float:
        """Steps of a walker with a cadence of 60 a minute and 12 more for each km/h."""
        per_metre = _STEPS_PER_MINUTE_PER_KMH * _KMH_PER_METRE_PER_SECOND / 60
        return self.moving_time * _STEPS_PER_MINUTE / 60 + self.distance * per_metre

    @property
    def cadence(self) -> float:
        """Steps a minute of the same walker now; 0 on a standing belt."""
        return 0.0 if self.standing else _STEPS_PER_MINUTE + _STEPS_PER_MINUTE_PER_KMH * self.speed

    @property
    def oxygen_uptake(self) -> float:
        """Oxygen that the walker takes up now, ml per kg and minute, by the same equation; 0 on a standing belt."""
        return 0.0 if self.standing else oxygen_uptake(self.speed, self.incline)

    @property
    def energy(self) -> float:
        """Kilocalories of a walker of 75 kg by the ACSM walking equation (retro-science, forward)."""
        millilitres_per_kg = REST_UPTAKE * self.moving_time / 60 + 0.1 * self.distance + 1.8 * self.ascent
        return millilitres_per_kg * BODY_MASS_KG / 1000 * 5

    # How it gets there

    def _want(self, target: float) -> None:
        self._wanted = min(max(target, self.floor), self.ceiling)
        rises = self._wanted > self._speed.value
        self._peak = self._wanted + self._facts.overshoot if rises and self._facts.overshoot else None

    def _way(self, seconds: float) -> float:
        speed = self._speed
        return (speed.value + speed.slope * seconds / 2) * seconds / _KMH_PER_METRE_PER_SECOND

    def _rise(self, seconds: float) -> float:
        """Integrate speed times grade, both straight lines: metres, positive uphill.

        Within a stretch the incline keeps its sign, because passing the horizontal is a breakpoint.
        """
        v, a, i, r = self._speed.value, self._speed.slope, self._incline.value, self._incline.slope
        integral = v * i * seconds + (v * r + a * i) * seconds**2 / 2 + a * r * seconds**3 / 3
        return integral / _KMH_PER_METRE_PER_SECOND / 100

    def _settle(self, instant: float) -> None:
        """Add the stretch since the last breakpoint to the sums and begin a new one at `instant`."""
        seconds = instant - self._since
        if seconds <= 0:
            return
        sums = self._sums
        rise = self._rise(seconds)
        sums.running += seconds if self.running else 0.0
        sums.moving += 0.0 if self.standing else seconds
        sums.distance += self._way(seconds)
        sums.ascent += max(0.0, rise)
        sums.descent += max(0.0, -rise)
        self._speed.value += self._speed.slope * seconds
        self._incline.value += self._incline.slope * seconds
        self._since = instant

    def _cross(self) -> None:
        """Pass the next breakpoint that lies on the way."""
        instant = self._next
        speed_end = self._since + self._speed.duration()
        incline_end = self._since + self._incline.duration()
        horizontal = self._since + self._to_horizontal()
        motion = self._motion_at
        self._settle(instant)
        cause = Cause.LEVEL
        if instant == horizontal:
            self._incline.value = 0.0
        if instant == incline_end:
            self._incline.value = self._incline.target
        if instant == speed_end:
            self._speed.value = self._speed.target
            if self._speed.target == self._peak:
                self._peak = None
            cause = Cause.REACHED
        if instant == motion:
            self._motion_at = -inf
            cause = Cause.MOTION
        self._turn(cause, "belt")

    def _to_horizontal(self) -> float:
        """Return the seconds until the deck passes the horizontal, infinite if it will not."""
        deck = self._incline
        return -deck.value / deck.slope if deck.value * deck.target < 0 and deck.slope else inf

    def _turn(self, cause: Cause, by: str) -> None:
        """Set both courses anew from here."""
        facts = self._facts
        wanted = self._wanted if self._peak is None else self._peak
        self._speed.target = wanted if self.running and self._motion_at == -inf else 0.0
        self._speed.head(facts.acceleration, facts.braking)
        self._incline.head(facts.incline_rate, facts.incline_rate)
        self._next = min(
            self._since + self._speed.duration(),
            self._since + self._incline.duration(),
            self._since + self._to_horizontal(),
            inf if self._motion_at == -inf else self._motion_at,
        )
        self._mark(cause, by)

    def _mark(self, cause: Cause, by: str) -> None:
        speed, deck = self._speed, self._incline
        self.log.append(
            Breakpoint(
                self._since, speed.value, speed.slope, deck.value, deck.slope, self.target, deck.target, cause, by
            )
        )
