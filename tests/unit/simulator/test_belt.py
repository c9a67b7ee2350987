from __future__ import annotations

import pytest

from backstride.machines.facts import BeltFacts
from backstride.simulator.belt import Belt
from backstride.simulator.belt_log import BeltLog, Cause
from backstride.units import Incline, Speed

FACTS = BeltFacts(acceleration=0.5, braking=1.0, incline_rate=0.5, dead_time=2.0)


def make_belt(*, floor: str = "1 km/h", ceiling: str = "10 km/h") -> Belt:
    return Belt(FACTS, floor=Speed.parse(floor), ceiling=Speed.parse(ceiling))


def test_a_new_belt_stands_level() -> None:
    belt = make_belt()
    belt.advance(100.0)
    assert (belt.speed, belt.incline, belt.distance, belt.elapsed, belt.standing) == (0, 0, 0, 0, True)


def test_a_start_waits_for_the_dead_time_and_then_goes_to_the_floor() -> None:
    belt = make_belt()
    belt.start(10.0)
    before = belt.starting
    assert belt.log.speed_at(12.0) == 0
    belt.advance(20.0)
    assert (before, belt.starting) == (True, False)
    assert belt.log.speed_at(13.0) == 0.5
    assert belt.log.speed_at(14.0) == 1.0
    assert belt.speed == 1.0
    assert belt.target == 1.0


def test_a_start_can_have_a_target_above_the_floor() -> None:
    belt = make_belt()
    belt.start(0.0, target=3.0)
    belt.advance(8.0)
    assert belt.speed == 3.0


def test_a_target_is_reached_with_the_acceleration_of_the_facts_and_left_with_the_braking() -> None:
    belt = make_belt()
    belt.start(0.0)
    belt.set_target(10.0, 5.0)
    belt.advance(14.0)
    assert belt.speed == 3.0
    belt.advance(30.0)
    assert belt.speed == 5.0
    belt.set_target(30.0, 2.0)
    belt.advance(32.0)
    assert belt.speed == 3.0
    belt.advance(33.0)
    assert belt.speed == 2.0


@pytest.mark.parametrize(("target", "reached"), [(0.2, 1.0), (12.0, 10.0), (1.0, 1.0), (10.0, 10.0)])
def test_targets_are_held_between_floor_and_ceiling(target: float, reached: float) -> None:
    belt = make_belt()
    belt.start(0.0)
    belt.set_target(5.0, target)
    belt.advance(100.0)
    assert belt.speed == reached


def test_a_target_moves_no_standing_belt() -> None:
    belt = make_belt()
    belt.set_target(0.0, 5.0)
    belt.advance(60.0)
    assert belt.standing
    assert [point.cause for point in belt.log.breakpoints] == [Cause.POWERED]


def test_a_target_during_the_dead_time_is_kept_for_after_it() -> None:
    belt = make_belt()
    belt.start(0.0)
    belt.set_target(1.0, 2.0)
    assert belt.log.speed_at(2.0) == 0
    belt.advance(10.0)
    assert belt.speed == 2.0


def test_a_stop_brakes_to_zero_and_calls_off_a_start_that_has_not_moved_yet() -> None:
    belt = make_belt()
    belt.start(0.0, target=4.0)
    belt.stop(20.0)
    belt.advance(22.0)
    assert (belt.speed, belt.target, belt.standing) == (2.0, 0.0, False)
    belt.advance(24.0)
    assert belt.standing
    belt.start(30.0)
    belt.stop(31.0)
    belt.advance(60.0)
    assert belt.standing
    assert belt.log.speed_at(33.0) == 0


def test_a_belt_started_while_it_brakes_goes_on_braking_until_the_dead_time_is_over() -> None:
    belt = make_belt()
    belt.start(0.0, target=4.0)
    belt.stop(20.0)
    belt.start(21.0, target=4.0)
    belt.advance(40.0)
    assert belt.log.speed_at(23.0) == 1.0
    assert belt.log.speed_at(25.0) == 2.0


def test_the_deck_moves_at_its_own_rate_on_a_standing_belt_too() -> None:
    belt = make_belt()
    belt.set_incline(0.0, 5.0)
    belt.advance(4.0)
    assert belt.incline == 2.0
    belt.advance(20.0)
    assert (belt.incline, belt.incline_target) == (5.0, 5.0)


def test_way_and_time_add_up_over_acceleration_and_steady_running() -> None:
    belt = make_belt()
    belt.start(0.0, target=3.6)
    belt.advance(2.0 + 7.2 + 100.0)
    assert belt.distance == pytest.approx(3.6 + 100.0)
    assert belt.elapsed == pytest.approx(109.2)
    assert belt.moving_time == pytest.approx(107.2)


def test_climb_counts_up_and_down_apart_even_through_the_horizontal() -> None:
    belt = make_belt()
    belt.start(0.0, target=3.6)
    belt.set_incline(20.0, 5.0)
    belt.advance(100.0)
    before = belt.ascent
    belt.set_incline(100.0, -5.0)
    belt.advance(120.0)
    assert belt.incline == -5.0
    assert belt.ascent - before == pytest.approx(10 * 0.025)
    assert belt.descent == pytest.approx(10 * 0.025)
    belt.advance(220.0)
    assert belt.descent == pytest.approx(10 * 0.025 + 100 * 0.05)


def test_steps_energy_and_oxygen_follow_from_way_time_and_climb() -> None:
    belt = make_belt()
    assert belt.oxygen_uptake == 0
    belt.start(0.0, target=6.0)
    belt.advance(14.0)
    belt.zero_counters(14.0)
    belt.advance(74.0)
    assert belt.distance == pytest.approx(100.0)
    assert belt.steps == pytest.approx(60 + 12 * 6)
    assert belt.energy == pytest.approx((3.5 + 0.1 * 100) * 75 / 200)
    assert belt.oxygen_uptake == pytest.approx(13.5)


def test_counters_that_were_zeroed_leave_the_motion_alone() -> None:
    belt = make_belt()
    belt.start(0.0, target=5.0)
    belt.zero_counters(4.0)
    belt.advance(60.0)
    assert belt.speed == 5.0
    assert belt.elapsed == 56.0
    belt.stop(60.0)
    belt.advance(70.0)
    assert belt.elapsed == 56.0


def test_what_is_reported_lies_on_the_grid_of_the_wire() -> None:
    belt = make_belt()
    belt.start(0.0, target=2.0)
    belt.set_incline(0.0, 3.0)
    belt.advance(2.75)
    assert (belt.reported_speed, belt.reported_incline) == (Speed(38), Incline(14))


def test_the_log_tells_who_did_what_and_answers_for_every_instant() -> None:
    belt = make_belt()
    belt.start(1.0, by="client 1")
    belt.set_incline(2.0, 1.0, by="console")
    belt.stop(10.0, cause=Cause.SAFETY_KEY)
    belt.advance(20.0)
    assert [(point.cause, point.by) for point in belt.log.breakpoints] == [
        (Cause.POWERED, "belt"),
        (Cause.START, "client 1"),
        (Cause.INCLINE, "console"),
        (Cause.MOTION, "belt"),
        (Cause.LEVEL, "belt"),
        (Cause.REACHED, "belt"),
        (Cause.SAFETY_KEY, "console"),
        (Cause.REACHED, "belt"),
    ]
    assert belt.log.speed_at(-5.0) == 0
    assert belt.log.incline_at(3.0) == 0.5
    assert belt.log.incline_at(99.0) == 1.0
    assert (belt.log.target_at(2.0), belt.log.target_at(10.0)) == (1.0, 0.0)


def test_the_log_forgets_its_older_half_when_it_is_full() -> None:
    belt = make_belt()
    belt.start(0.0, target=5.0)
    belt.stop(20.0)
    belt.advance(40.0)
    short = BeltLog(limit=4)
    for point in belt.log.breakpoints:
        short.append(point)
    assert len(belt.log.breakpoints) == 6
    assert short.breakpoints == belt.log.breakpoints[2:]
    assert short.speed_at(22.0) == belt.log.speed_at(22.0) == 3.0


def test_time_never_runs_backwards() -> None:
    belt = make_belt()
    belt.start(0.0)
    belt.advance(50.0)
    belt.advance(40.0)
    assert belt.now == 50.0
    belt.set_target(45.0, 3.0)
    belt.advance(54.0)
    assert belt.speed == 3.0
