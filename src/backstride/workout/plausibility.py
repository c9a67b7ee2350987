"""Whether the belt covers the ground that its reported speed accounts for. Pure.

A machine whose numbers mean miles, or that changes to miles in the middle of a walk, reports every target as reached
and runs 1.6 times as fast. Only the distance gives it away, as long as that keeps its unit (metres, FTMS 4.4.1.4).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from backstride.workout.envelope import OFF_TARGET

if TYPE_CHECKING:
    from backstride.driver.state import MachineState
    from backstride.units import Speed

WINDOW: Final = 8.0
"""Metres over which ground and speed are compared: at steps of one metre the ratio is then good to an eighth."""

TOO_FAR: Final = 1.35
"""Ratio of ground to speed from which on the speed cannot be true; miles taken for kilometres give 1.61."""

_LONGEST_GAP: Final = 3.0  # seconds between records over which the speed is taken for a straight line
_HUNDREDTHS: Final = 360  # of km/h in a metre per second


MILES: Final = (1.45, 1.8)
"""Between these a reported speed falls when a machine changes to miles, whatever the belt does meanwhile."""


@dataclass(slots=True)
class GroundCheck:
    """Compares the distance a machine counts with the speeds it reports.

    Attributes:
        in_doubt: True from a fall that looks like a change to miles until the distance has shown what it was.
    """

    in_doubt: bool = False
    _at: float | None = None  # of the last record
    _speed: int = 0
    _distance: int = 0
    _travelled: float = 0.0  # metres, by the speeds
    _marks: deque[tuple[float, int]] = field(default_factory=deque)  # travelled and counted, where the count moved

    def observe(self, belt: MachineState, target: Speed | None) -> float | None:
        """Take telemetry; return how many times too far the belt goes for its speed, or None if nothing is wrong.

        Args:
            belt: What the machine reports.
            target: The last speed target. A speed that falls to it, or not below it, is no reason to doubt.
        """
        speed, distance, at = belt.speed, belt.distance, belt.at
        if at is None or not speed or distance is None:
            self._at = None
            return None
        before, last_speed, last_distance = self._at, self._speed, self._distance
        self._at, self._speed, self._distance = at, speed, distance
        if before is None or not 0 <= at - before <= _LONGEST_GAP or distance < last_distance:
            self._marks.clear()
            return None
        if (
            speed < last_speed
            and target is not None
            and speed < target - OFF_TARGET
            and _as_if_miles(last_speed, speed)
        ):
            self.in_doubt = True
            self._marks.clear()
        self._travelled += (last_speed + speed) / 2 / _HUNDREDTHS * (at - before)
        return None if distance == last_distance else self._compare(distance)

    def _compare(self, distance: int) -> float | None:
        """Compare ground and speed over the window that ends where the count has just moved."""
        marks, travelled = self._marks, self._travelled
        marks.append((travelled, distance))
        while len(marks) > 1 and distance - marks[1][1] >= WINDOW:
            marks.popleft()
        since, begin = marks[0]
        if distance - begin < WINDOW or travelled <= since:
            return None
        self.in_doubt = False
        ratio = (distance - begin) / (travelled - since)
        return ratio if ratio >= TOO_FAR else None


def _as_if_miles(before: int, after: int) -> bool:
    return MILES[0] <= before / after <= MILES[1]
