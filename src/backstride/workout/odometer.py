"""Distance and climb by integration of the reported speed: some machines' own counters stand still or jump. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backstride.driver.state import MachineState

TRUSTED_FOR: Final = 4.0
"""Age of telemetry, in seconds, up to which its speed still counts: three missed records at 1 Hz."""


@dataclass(slots=True)
class Odometer:
    """Metres walked and metres climbed."""

    distance: float = 0.0
    climb: float = 0.0

    def add(self, belt: MachineState, seconds: float, now: float) -> float:
        """Add `seconds` up to `now` at the speed last reported; return the metres."""
        if not belt.connected or belt.speed is None or belt.age(now) > TRUSTED_FOR:
            return 0.0
        metres = belt.speed.metres_per_second * seconds
        self.distance += metres
        if belt.incline is not None and belt.incline > 0:
            self.climb += metres * belt.incline.grade
        return metres
