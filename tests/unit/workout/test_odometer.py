"""Distance and climb by integration of the reported speed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backstride.workout.odometer import Odometer
from tests.support.workout import seen


def test_a_minute_at_3_6_kmh_is_sixty_metres() -> None:
    odometer = Odometer()
    metres = sum(odometer.add(seen("3.6", at=float(second)), 1.0, float(second)) for second in range(60))
    assert metres == pytest.approx(60.0)
    assert odometer.distance == pytest.approx(60.0)
    assert odometer.climb == 0.0


def test_a_hundred_metres_at_five_per_cent_climb_five_and_downhill_climbs_nothing() -> None:
    odometer = Odometer()
    odometer.add(seen("3.6", incline="5"), 100.0, 0.0)
    odometer.add(seen("3.6", incline="-5"), 100.0, 0.0)
    odometer.add(seen("3.6", incline=None), 100.0, 0.0)
    assert odometer.climb == pytest.approx(5.0)
    assert odometer.distance == pytest.approx(300.0)


@pytest.mark.parametrize("age", [4.1, 60.0])
def test_s10_a_speed_that_has_not_been_heard_for_four_seconds_is_no_way_walked(age: float) -> None:
    assert Odometer().add(seen("3.6", at=10.0), 1.0, 10.0 + age) == 0.0


def test_s10_an_unknown_speed_and_a_lost_link_are_no_way_walked() -> None:
    assert Odometer().add(seen(None), 1.0, 0.0) == 0.0
    assert Odometer().add(replace(seen("3.6"), connected=False), 1.0, 0.0) == 0.0
    assert Odometer().add(replace(seen("3.6"), at=None), 1.0, 0.0) == 0.0
