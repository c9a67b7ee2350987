"""How fast and how steep an unknown machine is asked to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backstride.learning.amounts import Tried, amounts, next_incline
from backstride.protocol.ranges import InclinationRange, SpeedRange
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable


def climb(lowest: int, highest: int, step: int, shows: Callable[[int], float | None], refuses: int = 0) -> list[int]:
    """Return what is written to a machine whose console shows `shows` of it, and which refuses the first numbers."""
    announced = InclinationRange(Incline(lowest), Incline(highest), Incline(step))
    tried: list[Tried] = []
    while (request := next_incline(announced, tried)) is not None:
        number = int(request.inclination)
        refused = number < refuses
        tried.append(Tried(number, None if refused else shows(number), refused))
    return [one.number for one in tried]


def test_inclines_rise_from_the_smallest_to_three_per_cent_and_never_go_below_level() -> None:
    assert climb(0, 150, 5, lambda number: number / 10) == [5, 10, 20, 30]
    assert climb(-50, 150, 5, lambda number: number / 10) == [5, 10, 20, 30]
    assert climb(-60, 400, 10, lambda number: number / 10) == [10, 20, 30]
    assert climb(0, 20, 5, lambda number: number / 10) == [5, 10, 20]


@pytest.mark.parametrize("shows", [lambda number: number, lambda number: number / 2, lambda _: 15.0])
def test_a_deck_that_rises_more_than_its_number_says_is_asked_for_no_second_incline(
    shows: Callable[[int], float],
) -> None:
    assert climb(0, 150, 5, shows) == [5]


def test_without_a_figure_on_the_console_there_is_no_second_incline() -> None:
    assert climb(0, 150, 5, lambda _: None) == [5]


def test_a_deck_that_counts_from_another_zero_is_followed_up_to_three_per_cent_by_its_console() -> None:
    assert climb(0, 150, 10, lambda number: float(round((number - 16) / 10)), refuses=16) == [10, 20, 30, 40, 50]


def test_a_deck_that_suddenly_rises_faster_is_asked_for_nothing_steeper() -> None:
    assert climb(0, 150, 5, lambda number: 0.5 if number <= 5 else 2.5) == [5, 10]


def test_a_console_whose_figure_does_not_rise_lets_nothing_rise_above_the_standards_three_per_cent() -> None:
    assert climb(0, 150, 5, lambda _: 0.0) == [5, 10, 20, 30]
    assert climb(0, 150, 5, lambda number: number / 20) == [5, 10, 20, 30, 40, 50]


def test_a_machine_that_refuses_is_not_asked_for_more_than_the_standards_three_per_cent() -> None:
    assert climb(0, 150, 5, lambda _: None, refuses=1000) == [5, 10, 20, 30]


@pytest.mark.parametrize(("lowest", "highest", "step"), [(0, 12000, 1000), (40, 150, 5), (0, 150, 0), (0, 150, 40)])
def test_a_machine_whose_smallest_incline_is_more_than_three_per_cent_is_asked_for_none(
    lowest: int, highest: int, step: int
) -> None:
    assert climb(lowest, highest, step, lambda number: number / 10) == []


def test_a_machine_that_announces_no_inclines_is_asked_for_none() -> None:
    assert next_incline(None, []) is None


def speeds(lowest: int, highest: int, step: int) -> tuple[list[int], int | None]:
    """Return the slow numbers and the brisk one for a machine that announces this range."""
    given = amounts(SpeedRange(Speed(lowest), Speed(highest), Speed(step)))
    return [int(one.speed) for one in given.slow], None if given.brisk is None else int(given.brisk.speed)


def test_no_number_is_faster_than_a_walk_even_if_it_is_taken_for_miles() -> None:
    assert speeds(80, 2000, 10) == ([80, 130], 180)
    assert speeds(0, 2000, 10) == ([10, 20], 180)


def test_a_machine_whose_slowest_number_may_be_faster_than_a_walk_is_asked_for_none() -> None:
    assert speeds(300, 2000, 10) == ([], None)
    assert amounts(None).slow == ()
