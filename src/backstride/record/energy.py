"""How much energy a backward walk took: an estimate, never a single figure without its range.

The forward cost follows the equations of the American College of Sports Medicine (ACSM). Walking backward costs more:
17 to 20 % (Hooper et al., JOSPT 2004, 34:65-71), about 35 % for running (Eur J Appl Physiol 2020, 120:2507-2515), 20 to
40 % as trainers put it. So the factor is 1.3, and its range 1.17 to 1.40.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backstride.units import Incline, Speed

BACKWARD_LOW: Final = 1.17
BACKWARD_MIDDLE: Final = 1.3
BACKWARD_HIGH: Final = 1.40
_KCAL_PER_LITRE: Final = 5
_METRES_PER_MINUTE: Final = 60
# In m/min. Backward, people change from walk to run at 1.63 m/s (Hreljac et al., J Sports Sci Med 2005, 4:446-454).
# Forward, the equation for running holds from 134 m/min, 5 mph (ACSM).
_RUN_BACKWARD: Final = 97.8
_RUN_FORWARD: Final = 134.0


@dataclass(frozen=True, slots=True)
class EnergyEstimate:
    """An estimate of the energy spent, rest included, with the range it may lie in; all in kcal."""

    low: float
    middle: float
    high: float

    def text(self) -> str:
        """Return the estimate as a person reads it: ``about 130 kcal (117 to 140), an estimate``."""
        return f"about {self.middle:.0f} kcal ({self.low:.0f} to {self.high:.0f}), an estimate"

    def to_payload(self) -> dict[str, object]:
        """Return the estimate as JSON values."""
        return {
            "low_kcal": round(self.low, 1),
            "middle_kcal": round(self.middle, 1),
            "high_kcal": round(self.high, 1),
            "estimate": True,
        }


def forward_oxygen(speed: Speed, incline: Incline | None, *, running: bool) -> float:
    """Return what the forward movement costs, in ml of oxygen per kg and minute (ACSM).

    The equations know no downhill, and a machine without an incline motor reports none: both count as level.
    """
    metres_per_minute = speed.metres_per_second * _METRES_PER_MINUTE
    grade = max(incline.grade, 0.0) if incline is not None else 0.0
    if running:
        return 3.5 + 0.2 * metres_per_minute + 0.9 * metres_per_minute * grade
    return 3.5 + 0.1 * metres_per_minute + 1.8 * metres_per_minute * grade


@dataclass(slots=True)
class OxygenTally:
    """Adds up the oxygen of a session, in ml per kg, kept apart by the direction of the walk."""

    backward: float = 0.0
    forward: float = 0.0

    def add(self, seconds: float, speed: Speed, incline: Incline | None, *, backward: bool) -> None:
        """Add `seconds` of movement at `speed` and `incline`."""
        fastest_walk = _RUN_BACKWARD if backward else _RUN_FORWARD
        running = speed.metres_per_second * _METRES_PER_MINUTE > fastest_walk
        oxygen = forward_oxygen(speed, incline, running=running) * seconds / 60
        if backward:
            self.backward += oxygen
        else:
            self.forward += oxygen

    def estimate(self, body_mass_kg: float | None) -> EnergyEstimate | None:
        """Return the energy for a body of `body_mass_kg`.

        None without a body mass, and None where nothing was walked backward: no range is known for the forward cost,
        and no figure is given without one.
        """
        if body_mass_kg is None or self.backward == 0:
            return None
        kcal = body_mass_kg / 1000 * _KCAL_PER_LITRE
        low, middle, high = (
            (self.backward * factor + self.forward) * kcal for factor in (BACKWARD_LOW, BACKWARD_MIDDLE, BACKWARD_HIGH)
        )
        return EnergyEstimate(low, middle, high)
