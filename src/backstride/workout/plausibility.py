"""Whether the belt covers the ground that its reported speed accounts for. Pure.

A machine whose numbers mean miles, or that changes to miles in the middle of a walk, reports every target as reached
and runs 1.6 times as fast. Only the distance gives it away, as long as that keeps its unit (metres, FTMS 4.4.1.4).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from backstride.workout.envelope import OFF_TARGET

if TYPE_CHECKING:
    from backstride.driver.state import MachineState
    from backstride.units import Speed

WINDOW: Final = 8.0
"""Metres over which ground and speed are compared: at steps of one metre the ratio is then good to an eighth."""

TOO_FAR: Final = 1.35
"""Ratio of ground to speed from which on the speed cannot be true; miles taken for kilometres give 1.61."""

_LONGEST_GAP: Final = 3.0  # seconds between records over which the speed is taken for a straight line
_KMH_100_PER_METRE_PER_SECOND: Final = 360


class _Record(NamedTuple):
    at: float
    speed: float
    distance: float


MILES: Final = (1.45, 1.8)
"""Between these a reported speed falls when a machine changes to miles, whatever the belt does meanwhile."""


@dataclass(slots=True)
class GroundCheck:
    """Compares the distance a machine counts with the speeds it reports.

    Attributes:
        in_doubt: True from a fall that looks like a change to miles until the distance has shown what it was.
    """

    in_doubt: bool = False
    _last: _Record | None = None
    _travelled: float = 0.0  # metres, by the speeds
    _marks: deque[tuple[float, float]] = field(default_factory=deque)  # travelled and counted, where the count moved

    def observe(self, belt: MachineState, target: Speed | None) -> float | None:
        """Take telemetry; return how many times too far the belt goes for its speed, or None if nothing is wrong.

        Args:
            belt: What the machine reports.
            target: The last speed target. A speed that falls to it, or not below it, is no reason to doubt.
        """
        if belt.at is None or not belt.speed or belt.distance is None:
            self._last = None
            return None
        last, self._last = self._last, _Record(belt.at, belt.speed / _KMH_100_PER_METRE_PER_SECOND, belt.distance)
        if last is None or not 0 <= belt.at - last.at <= _LONGEST_GAP or belt.distance < last.distance:
            self._marks.clear()
            return None
        if (
            target is not None
            and belt.speed < target - OFF_TARGET
            and MILES[0] <= last.speed / self._last.speed <= MILES[1]
        ):
            self.in_doubt = True
            self._marks.clear()
        self._travelled += (last.speed + self._last.speed) / 2 * (belt.at - last.at)
        if belt.distance == last.distance:
            return None
        marks = self._marks
        marks.append((self._travelled, belt.distance))
        while len(marks) > 1 and belt.distance - marks[1][1] >= WINDOW:
            marks.popleft()
        ground = belt.distance - marks[0][1]
        travelled = self._travelled - marks[0][0]
        if ground < WINDOW or travelled <= 0:
            return None
        self.in_doubt = False
        ratio = ground / travelled
        return ratio if ratio >= TOO_FAR else None
