"""The figures of the safety rules for one machine and one walker, worked out from the text alone (S7, S8).

Nothing of the program's own arithmetic is used: limits and steps are literal numbers of ../shared/safety.md, in the
units of the wire: 0.01 km/h and 0.1 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from backstride.machines.facts import WireUnit
from backstride.workout.profile import Facing, Limits

if TYPE_CHECKING:
    from backstride.machines.capabilities import Capabilities, SpeedGrid

MILE = Fraction(1609344, 1000000)  # km
FASTEST_BACKWARD = int(Fraction(36, 10) * MILE * 100)  # S7: 3.6 mph
STEEPEST_BACKWARD = 100  # S7: 10 %
A_FIFTH_OF_A_MILE = 33  # S8: 0.2 mph in one second, rounded up to 0.01 km/h
HALF_A_MILE = 81  # S8: 0.5 mph in one change, likewise
OFF_TARGET = 48  # S9: 0.3 mph
AT_TARGET = 5  # 0.05 km/h: the rounding of a machine that counts in mph
LEVEL_AT_TARGET = 2  # 0.2 %, likewise


def in_km_h(units: int, unit: WireUnit) -> Fraction:
    """Return hundredths of km/h, unrounded."""
    return units * MILE if unit is WireUnit.MPH else Fraction(units)


def speeds_of(grid: SpeedGrid) -> frozenset[int]:
    """Return every speed that a machine can hold, to both sides of its rounding."""
    held = [in_km_h(units, grid.unit) for units in range(grid.low, grid.high + 1, grid.step)]
    return frozenset(whole for exact in held for whole in (int(exact), -int(-exact // 1)))


@dataclass(frozen=True)
class Figures:
    """What S7 and S8 allow in one session.

    Attributes:
        speeds: Every speed of the machine.
        inclines: Every inclination of the machine.
        fastest: Highest speed for each facing.
        steepest: Highest inclination for each facing.
        rise: Largest rise in one change, facing backward.
    """

    speeds: frozenset[int]
    inclines: frozenset[int]
    fastest: dict[Facing, int]
    steepest: dict[Facing, int]
    rise: int

    @property
    def slowest(self) -> int:
        return min(self.speeds) + 1  # to the upper side of its rounding

    @classmethod
    def of(cls, machine: Capabilities, limits: Limits | None = None, personal: Limits | None = None) -> Figures:
        """Take the tightest of machine range, profile limits, personal limits and the limits for facing backward."""
        assert machine.speed is not None, "a session needs a machine whose speed can be set"
        speeds, grid = speeds_of(machine.speed), machine.incline
        inclines = frozenset() if grid is None else frozenset(range(grid.minimum, grid.maximum + 1, grid.increment))
        fastest = dict.fromkeys(Facing, max(speeds))
        steepest = dict.fromkeys(Facing, max(inclines, default=0))
        if limits is None or limits.speed is None:
            fastest[Facing.BACKWARD] = min(fastest[Facing.BACKWARD], FASTEST_BACKWARD)
        if limits is None or limits.incline is None:
            steepest[Facing.BACKWARD] = min(steepest[Facing.BACKWARD], STEEPEST_BACKWARD)
        for given in filter(None, (limits, personal)):
            for facing in Facing:
                fastest[facing] = min(fastest[facing], fastest[facing] if given.speed is None else int(given.speed))
                steepest[facing] = min(
                    steepest[facing], steepest[facing] if given.incline is None else int(given.incline)
                )
        step = int(in_km_h(machine.speed.step, machine.speed.unit)) + 1
        rise = HALF_A_MILE if machine.gentle else min(HALF_A_MILE, max(A_FIFTH_OF_A_MILE, step))
        return cls(speeds, inclines, fastest, steepest, rise)
