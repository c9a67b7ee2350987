"""The figures are computed by hand: walking 3.5 + 0.1 S + 1.8 S G, running 3.5 + 0.2 S + 0.9 S G."""

from __future__ import annotations

import pytest

from backstride.record.energy import EnergyEstimate, OxygenTally, forward_oxygen
from backstride.units import Incline, Speed


def test_walking_costs_what_the_equation_says() -> None:
    # 4.8 km/h = 80 m/min, 5 %: 3.5 + 0.1 x 80 + 1.8 x 80 x 0.05 = 18.7
    assert forward_oxygen(Speed(480), Incline(50), running=False) == pytest.approx(18.7)


def test_running_costs_what_the_equation_says() -> None:
    # 9.6 km/h = 160 m/min, 5 %: 3.5 + 0.2 x 160 + 0.9 x 160 x 0.05 = 42.7
    assert forward_oxygen(Speed(960), Incline(50), running=True) == pytest.approx(42.7)


@pytest.mark.parametrize("incline", [None, Incline(0), Incline(-30)])
def test_unknown_and_downhill_count_as_level(incline: Incline | None) -> None:
    assert forward_oxygen(Speed(480), incline, running=False) == pytest.approx(11.5)


def test_ten_minutes_backward_at_eighty_metres_a_minute() -> None:
    tally = OxygenTally()
    for _ in range(600):
        tally.add(1.0, Speed(480), Incline(0), backward=True)
    # 11.5 ml/kg/min x 10 min x 70 kg / 1000 x 5 kcal/l = 40.25 kcal forward; x 1.17, 1.3, 1.40
    estimate = tally.estimate(70.0)
    assert estimate is not None
    assert (estimate.low, estimate.middle, estimate.high) == pytest.approx((47.0925, 52.325, 56.35))


@pytest.mark.parametrize(
    ("speed", "backward", "oxygen"),
    [
        (Speed(586), True, 3.5 + 0.1 * 586 / 6),  # just below 1.63 m/s = 5.868 km/h: people still walk
        (Speed(588), True, 3.5 + 0.2 * 588 / 6),  # just above: they run
        (Speed(588), False, 3.5 + 0.1 * 588 / 6),
        (Speed(806), False, 3.5 + 0.2 * 806 / 6),  # above 134 m/min
    ],
)
def test_people_run_backward_at_a_lower_speed_than_forward(speed: Speed, oxygen: float, *, backward: bool) -> None:
    tally = OxygenTally()
    tally.add(60.0, speed, None, backward=backward)
    assert tally.backward + tally.forward == pytest.approx(oxygen)


def test_the_forward_part_is_not_multiplied() -> None:
    tally = OxygenTally(backward=100.0, forward=50.0)
    estimate = tally.estimate(80.0)
    assert estimate is not None
    assert (estimate.low, estimate.middle, estimate.high) == pytest.approx((66.8, 72.0, 76.0))


def test_without_a_body_mass_there_is_no_figure() -> None:
    assert OxygenTally(backward=100.0).estimate(None) is None


def test_without_a_backward_step_there_is_no_figure() -> None:
    assert OxygenTally(forward=100.0).estimate(80.0) is None


def test_the_text_gives_the_range_and_says_that_it_is_an_estimate() -> None:
    assert EnergyEstimate(47.1, 52.3, 56.4).text() == "about 52 kcal (47 to 56), an estimate"
