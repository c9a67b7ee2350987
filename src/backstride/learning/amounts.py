"""How fast, and how steep, an unknown machine is asked to be: as little as shows something (S7). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.protocol.control_point import SetTargetInclination, SetTargetSpeed
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from backstride.protocol.ranges import InclinationRange, SpeedRange

WALK: Final = 300
"""The fastest that a belt is to run: 3 km/h, in the wire's 0.01 km/h."""

MILE: Final = 1.609344

SAFE_NUMBER: Final = int(WALK / MILE)
"""The highest number to write while nobody knows whether the machine takes it for km/h or for mph."""

STEEP: Final = 30
"""The steepest that a deck is to go: 3 %, in the wire's 0.1 %."""

GUESSES: Final = (1.0, MILE)
"""What the lowest announced number may have to be multiplied by to be taken: some announce mph and take km/h."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What is written to one machine.

    Attributes:
        slow: Candidates for the slowest speed, the likeliest first; empty if the slowest may be faster than a walk.
        brisk: A faster speed, or None if none is surely a walk.
        first: The first incline: one step.
        inclines: What follows it, in order.
        declines: The same downhill.
    """

    slow: tuple[SetTargetSpeed, ...] = ()
    brisk: SetTargetSpeed | None = None
    first: SetTargetInclination | None = None
    inclines: tuple[SetTargetInclination, ...] = ()
    declines: tuple[SetTargetInclination, ...] = ()


def amounts(speeds: SpeedRange | None, inclines: InclinationRange | None) -> Amounts:
    """Return what to write to a machine that announces these ranges."""
    slow: tuple[SetTargetSpeed, ...] = ()
    brisk = None
    if speeds is not None and speeds.increment > 0:
        lowest = int(speeds.minimum) or int(speeds.increment)
        numbers = (_on_grid(lowest * guess, speeds) for guess in GUESSES)
        slow = tuple(SetTargetSpeed(Speed(number)) for number in numbers if number <= SAFE_NUMBER)
        highest = min(SAFE_NUMBER, int(speeds.maximum))
        fast = lowest + (highest - lowest) // int(speeds.increment) * int(speeds.increment)
        brisk = SetTargetSpeed(Speed(fast)) if fast > lowest else None
    if inclines is None or inclines.increment <= 0:
        return Amounts(slow, brisk)
    step = int(inclines.increment)
    up = [number for number in _steps(step) if inclines.minimum <= number <= inclines.maximum]
    down = [-number for number in _steps(step) if inclines.minimum <= -number <= inclines.maximum]
    return Amounts(slow, brisk, next(iter(_inclines(up)), None), _inclines(up)[1:], _inclines(down))


def _on_grid(number: float, speeds: SpeedRange) -> int:
    """Return the number of the machine's grid that is nearest to `number`, and not below."""
    step = int(speeds.increment)
    return int(speeds.minimum) + -int(-(number - int(speeds.minimum)) // step) * step


def _steps(step: int) -> list[int]:
    """Return one step, two steps, and about 1, 2 and 3 % as whole steps."""
    wanted = {step, 2 * step, *(round(tenths / step) * step for tenths in (10, 20, STEEP))}
    return sorted(number for number in wanted if 0 < number <= STEEP)


def _inclines(numbers: list[int]) -> tuple[SetTargetInclination, ...]:
    return tuple(SetTargetInclination(Incline(number)) for number in numbers)
