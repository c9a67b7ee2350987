"""How fast, and how steep, an unknown machine is asked to be: as little as shows something (S7). Pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.protocol.control_point import SetTargetInclination, SetTargetSpeed
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backstride.protocol.ranges import InclinationRange, SpeedRange

WALK: Final = 300
"""The fastest that a belt is to run: 3 km/h, in the wire's 0.01 km/h."""

MILE: Final = 1.609344

SAFE_NUMBER: Final = int(WALK / MILE)
"""The highest number to write while nobody knows whether the machine takes it for km/h or for mph."""

STEEP: Final = 3.0
"""The steepest that a deck is to go, in per cent as the console shows it."""

STANDARD: Final = 10
"""What a machine writes for 1 % if it follows the standard (FTMS 4.16.2.4)."""

HIGHEST: Final = 50
"""The highest number that is ever written for an incline: 5 % by the standard, where the console shows less."""

_ROUNDED: Final = 0.05  # per cent: consoles show tenths

GUESSES: Final = (1.0, MILE)
"""What the lowest announced number may have to be multiplied by to be taken: some announce mph and take km/h."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What is written to one machine.

    Attributes:
        slow: Candidates for the slowest speed, the likeliest first; empty if the slowest may be faster than a walk.
        brisk: A faster speed, or None if none is surely a walk.
    """

    slow: tuple[SetTargetSpeed, ...] = ()
    brisk: SetTargetSpeed | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """An incline that was asked for.

    Attributes:
        number: What was written.
        shown: The per cent that the console showed then, or None if nobody could tell.
        refused: True if the machine refused it.
    """

    number: int
    shown: float | None = None
    refused: bool = False


def amounts(speeds: SpeedRange | None) -> Amounts:
    """Return the speeds to write to a machine that announces this range."""
    slow: tuple[SetTargetSpeed, ...] = ()
    brisk = None
    if speeds is not None and speeds.increment > 0:
        lowest = int(speeds.minimum) or int(speeds.increment)
        numbers = (_on_grid(lowest * guess, speeds) for guess in GUESSES)
        slow = tuple(SetTargetSpeed(Speed(number)) for number in numbers if number <= SAFE_NUMBER)
        highest = min(SAFE_NUMBER, int(speeds.maximum))
        fast = lowest + (highest - lowest) // int(speeds.increment) * int(speeds.increment)
        brisk = SetTargetSpeed(Speed(fast)) if fast > lowest else None
    return Amounts(slow, brisk)


def next_incline(inclines: InclinationRange | None, tried: Sequence[Tried]) -> SetTargetInclination | None:
    """Return the next incline to ask for, or None if none is surely within 3 % by the console's figure.

    The first is the smallest that the machine announces. How its numbers are meant nobody knows before the console has
    shown it: the next one is as high as the steepest rise seen so far allows, never beyond what the standard would. A
    decline is never asked for: a JTX Sprint 7 answers one by driving its deck up to 15 %.

    Args:
        inclines: What the machine announces.
        tried: What was asked for so far, in order.
    """
    if inclines is None or inclines.increment <= 0:
        return None
    step, minimum = int(inclines.increment), int(inclines.minimum)
    lowest = minimum if minimum > 0 else minimum % step or step  # the least above 0
    last = tried[-1] if tried else None
    wanted = sorted({lowest, *(number + lowest for number in _steps(step))})
    for number in wanted:
        if number >= lowest and (last is None or number > last.number):
            is_right = number <= min(HIGHEST, int(inclines.maximum)) and _is_gentle(number, tried)
            return SetTargetInclination(Incline(number)) if is_right else None
    return None


def _is_gentle(number: int, tried: Sequence[Tried]) -> bool:
    """Tell whether the deck will surely stay within 3 % if it is asked for this number."""
    taken = [one for one in tried if not one.refused]
    if not taken:
        return number <= STEEP * STANDARD
    figures = [(one.number, one.shown) for one in taken if one.shown is not None]
    if len(figures) < len(taken):  # nobody could tell
        return False
    if number > STEEP * STANDARD and not (len(figures) > 1 and figures[-1][1] > figures[-2][1]):
        return False  # figures that do not rise tell nothing
    points = [(0, 0.0), *figures]
    rises = [(to[1] - one[1]) / (to[0] - one[0]) for one, to in itertools.combinations(points, 2)]
    last, shown = figures[-1]
    return shown + max(1 / STANDARD, *rises) * (number - last) <= STEEP + _ROUNDED


def _on_grid(number: float, speeds: SpeedRange) -> int:
    """Return the number of the machine's grid that is nearest to `number`, and not below."""
    step = int(speeds.increment)
    return int(speeds.minimum) + -int(-(number - int(speeds.minimum)) // step) * step


def _steps(step: int) -> list[int]:
    """Return no, one, and about 1, 2, 3, … % as whole steps above the lowest."""
    return [0, step, *(round(tenths / step) * step - step for tenths in range(10, HIGHEST + 1, 10))]
