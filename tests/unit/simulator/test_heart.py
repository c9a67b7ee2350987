"""The heart of the simulated walker, by figures from the equations."""

from __future__ import annotations

from math import exp

import pytest

from backstride.machines.facts import BeltFacts
from backstride.simulator.belt import Belt
from backstride.simulator.heart import Heart, demanded
from backstride.units import Speed

AT_ONCE = BeltFacts(acceleration=1e6, braking=1e6, incline_rate=1e6, dead_time=0.0)


def belt_at(speed: float, incline: float = 0.0) -> tuple[Belt, Heart]:
    belt = Belt(AT_ONCE, floor=Speed(80))
    heart = Heart(belt)
    belt.start(0.0, target=speed)
    belt.set_incline(0.0, incline)
    return belt, heart


@pytest.mark.parametrize(
    ("speed", "incline", "beats"),
    [
        (0.0, 0.0, 62.0),
        (0.0, 15.0, 62.0),
        (5.0, 0.0, 90.1),  # 83.3 m/min x 0.1 = 8.3 of 36.5 ml/kg/min: 22.8 % of 123 beats
        (4.0, 10.0, 124.9),  # 66.7 m/min x 0.28 = 18.7 of 36.5: 51.1 %
        (4.0, -3.0, 84.5),  # downhill counts as level
        (20.0, 15.0, 185.0),
    ],
)
def test_it_strives_for_the_share_of_the_reserve_that_the_work_takes(
    speed: float, incline: float, beats: float
) -> None:
    assert demanded(speed, incline) == pytest.approx(beats, abs=0.05)


def test_at_rest_it_stays_at_rest() -> None:
    belt = Belt(AT_ONCE)
    heart = Heart(belt)
    belt.advance(3600.0)
    assert heart.rate == 62.0


def test_it_rises_by_63_per_cent_in_40_seconds_and_falls_by_63_per_cent_in_60() -> None:
    belt, heart = belt_at(5.0)
    belt.advance(40.0)
    assert heart.rate == pytest.approx(62 + 28.08 * (1 - exp(-1)), abs=0.1)
    belt.advance(900.0)
    assert heart.rate == pytest.approx(90.08, abs=0.1)
    belt.stop(900.0)
    belt.advance(960.0)
    assert heart.rate == pytest.approx(62 + 28.08 * exp(-1), abs=0.1)


def test_it_begins_at_rest_when_the_machine_is_switched_on_late() -> None:
    belt = Belt(AT_ONCE, now=1000.5)
    heart = Heart(belt)
    belt.start(1000.5, target=5.0)
    belt.advance(1001.0)
    assert heart.rate == 62.0
    belt.advance(1001.5)
    assert heart.rate == pytest.approx(62 + 28.08 * (1 - exp(-1 / 40)), abs=0.01)
