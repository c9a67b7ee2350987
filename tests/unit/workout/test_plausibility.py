"""Ground against speed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backstride.driver.state import MachineState
from backstride.units import Distance, Speed
from backstride.workout.plausibility import GroundCheck


def walk(
    check: GroundCheck,
    *,
    seconds: int,
    kmh: float,
    truly: float,
    begin: float = 0.0,
    metres: float = 0.0,
    step: int = 1,
) -> tuple[float, list[float]]:
    """Walk at `truly` km/h while `kmh` is reported, the distance in whole steps; return it and what was found."""
    found = []
    for second in range(seconds):
        metres += truly / 3.6
        counted = Distance(int(metres // step) * step)
        state = MachineState(at=begin + second, speed=Speed(round(kmh * 100)), standing=False, distance=counted)
        if (ratio := check.observe(state, None)) is not None:
            found.append(ratio)
    return metres, found


@pytest.mark.parametrize("kmh", [0.8, 2.4, 5.8])
@pytest.mark.parametrize("step", [1, 5, 10])
def test_a_truthful_belt_is_never_doubted(kmh: float, step: int) -> None:
    assert walk(GroundCheck(), seconds=600, kmh=kmh, truly=kmh, step=step)[1] == []


def test_miles_taken_for_kilometres_show_within_nine_metres_of_belt() -> None:
    check = GroundCheck()
    metres, found = walk(check, seconds=13, kmh=2.0, truly=3.22)
    assert metres < 12
    assert found
    assert found[0] == pytest.approx(1.61, abs=0.2)


def test_a_machine_that_changes_to_miles_in_the_middle_shows() -> None:
    check = GroundCheck()
    metres, found = walk(check, seconds=60, kmh=2.4, truly=2.4)
    assert found == []
    _, found = walk(check, seconds=16, kmh=1.49, truly=2.4, begin=60, metres=metres)
    assert found


def state(second: float, kmh: float, metres: float) -> MachineState:
    return MachineState(at=second, speed=Speed(round(kmh * 100)), standing=False, distance=Distance(int(metres)))


def test_a_fall_below_the_target_that_looks_like_miles_is_doubted_until_the_distance_has_shown() -> None:
    check, target = GroundCheck(), Speed(240)
    metres, _ = walk(check, seconds=30, kmh=2.4, truly=2.4)
    check.observe(state(30, 1.5, metres), target)
    assert check.in_doubt
    walk(check, seconds=30, kmh=1.5, truly=1.5, begin=31, metres=metres)
    assert not check.in_doubt


@pytest.mark.parametrize(("kmh", "target"), [(1.5, 1.5), (1.5, 1.3), (2.2, 2.4), (0.9, 2.4)])
def test_a_fall_to_the_target_and_one_that_is_no_change_of_unit_are_not_doubted(kmh: float, target: float) -> None:
    check = GroundCheck()
    metres, _ = walk(check, seconds=30, kmh=2.4, truly=2.4)
    check.observe(state(30, kmh, metres), Speed(round(target * 100)))
    assert not check.in_doubt


def test_a_belt_that_is_slower_than_it_says_is_not_complained_of() -> None:
    assert walk(GroundCheck(), seconds=300, kmh=3.2, truly=2.0)[1] == []


def test_a_count_that_does_not_move_tells_nothing() -> None:
    assert walk(GroundCheck(), seconds=300, kmh=2.0, truly=0.0)[1] == []


def test_silence_begins_anew() -> None:
    """What the belt did unseen is no evidence against its speed."""
    check = GroundCheck()
    metres, _ = walk(check, seconds=30, kmh=2.0, truly=2.0)
    assert walk(check, seconds=30, kmh=2.0, truly=2.0, begin=60, metres=metres + 40)[1] == []


def test_a_count_that_is_zeroed_begins_anew() -> None:
    check = GroundCheck()
    walk(check, seconds=30, kmh=2.0, truly=2.0)
    assert walk(check, seconds=30, kmh=2.0, truly=2.0, begin=30)[1] == []


def test_a_standing_belt_and_a_machine_without_distance_tell_nothing() -> None:
    check = GroundCheck()
    moving = MachineState(at=1.0, speed=Speed(200), standing=False, distance=Distance(5))
    assert check.observe(replace(moving, at=None), None) is None
    assert check.observe(replace(moving, speed=Speed(0)), None) is None
    assert check.observe(replace(moving, distance=None), None) is None
