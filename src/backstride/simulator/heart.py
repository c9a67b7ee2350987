"""The heart of the simulated walker: beats per minute that follow the belt, as a first-order model. Pure.

A simulation for apps that want a heart rate, and no measure of anybody. The rate strives for one that answers the
oxygen uptake of forward walking (ACSM): the share of the heart rate reserve in use is the share of the oxygen reserve
in use. It gets there exponentially, and comes down more slowly than it rises. What a real heart does besides is left
out: it does not drift, tire, or know that somebody walks backwards.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, Final

from backstride.simulator.belt import REST_UPTAKE, oxygen_uptake

if TYPE_CHECKING:
    from backstride.simulator.belt import Belt

RESTING: Final = 62.0
"""Beats per minute of the walker who stands; never less."""

HIGHEST: Final = 185.0
"""Beats per minute that the walker can reach; never more."""

HIGHEST_UPTAKE: Final = 40.0
"""Oxygen uptake at the highest rate, ml per kg and minute: of somebody in fair training."""

RISE: Final = 40.0
"""Time constant of a rise, seconds."""

RECOVERY: Final = 60.0
"""Time constant of a fall, seconds."""

_STEP: Final = 1.0  # seconds between two looks at the belt's log


def demanded(speed: float, incline: float) -> float:
    """Return the beats per minute that a heart comes to after minutes at `speed` km/h and `incline` per cent."""
    share = (oxygen_uptake(speed, incline) - REST_UPTAKE) / (HIGHEST_UPTAKE - REST_UPTAKE)
    return RESTING + (HIGHEST - RESTING) * min(1.0, share)


class Heart:
    """The heart of whoever walks on a belt, at rest when it is made.

    It reads the belt's log second by second, so its rate does not depend on how often it is looked at.

    Args:
        belt: The belt.
    """

    def __init__(self, belt: Belt) -> None:
        self._belt = belt
        self._began = belt.now
        self._steps = 0
        self._rate = RESTING

    @property
    def rate(self) -> float:
        """Beats per minute at the last whole second of the belt's time."""
        log, due = self._belt.log, int((self._belt.now - self._began) / _STEP)
        for step in range(self._steps, due):
            middle = self._began + (step + 0.5) * _STEP
            wanted = demanded(log.speed_at(middle), log.incline_at(middle))
            self._rate += (wanted - self._rate) * (1 - exp(-_STEP / (RISE if wanted > self._rate else RECOVERY)))
        self._steps = max(self._steps, due)
        return self._rate
