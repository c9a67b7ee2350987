from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from backstride.record.tally import Tally
from backstride.units import Distance, Incline, Speed
from backstride.workout.events import (
    Cue,
    Ended,
    Ending,
    Held,
    LinkChanged,
    Overridden,
    Sample,
    SessionState,
    StateChanged,
    StepEnded,
    StepStarted,
    Warned,
    payload,
)
from tests.unit.record.walks import PLAN, sample, short_walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backstride.record.summary import Summary
    from backstride.workout.events import SessionEvent


def summed(events: Iterable[tuple[SessionEvent, float]], body_mass_kg: float | None = None) -> Summary:
    tally = Tally(PLAN, body_mass_kg=body_mass_kg)
    for event, at in events:
        tally.feed(payload(event, at))
    return tally.summary()


def test_a_short_walk_adds_up() -> None:
    summary = summed(short_walk())
    assert (summary.duration, summary.moving, summary.distance) == (21.0, 20.0, 30.0)
    assert summary.average_speed == Speed(540)
    assert summary.best_speed == Speed(720)
    assert summary.highest_incline == Incline(20)
    assert (summary.ending, summary.reason, summary.belt_standing) == ("stopped", "the person stopped", True)


def test_each_step_stands_against_its_plan() -> None:
    first, second, third = summed(short_walk()).steps
    assert (first.planned_s, first.walked_s, first.walked_m, first.how) == (10, 10.0, 10.0, "completed")
    assert first.average_speed == Speed(360)
    assert (second.planned_m, second.walked_s, second.walked_m, second.how) == (20, 10.0, 20.0, "cut")
    assert second.average_speed == Speed(720)
    assert (third.label, third.walked_s, third.average_speed, third.how, third.visits) == (
        "turn",
        0,
        None,
        "not reached",
        0,
    )


def test_nothing_fed_is_an_empty_summary_without_zeros_for_what_is_unknown() -> None:
    summary = Tally().summary()
    assert (summary.duration, summary.distance, summary.moving) == (0, 0, 0)
    assert summary.average_speed is None
    assert summary.best_speed is None
    assert summary.highest_incline is None
    assert summary.machine_energy is None
    assert summary.ending is None
    assert summary.steps == ()


def test_waiting_for_the_start_is_not_part_of_the_session() -> None:
    events = [(sample(0, state=SessionState.READY), float(second)) for second in range(60)]
    assert summed(events).duration == 0
    events += [(sample(1.0 * second), 60.0 + second) for second in range(5)]
    assert summed(events).duration == 4


def test_the_session_starts_with_the_belt() -> None:
    assert summed([(StateChanged(SessionState.STARTING), 7.0), (sample(0), 9.0)]).duration == 2


def test_a_pause_counts_as_session_and_not_as_moving() -> None:
    events = [(sample(float(second)), float(second)) for second in range(11)]
    events += [(sample(10.0, speed=0, state=SessionState.PAUSED), 10.0 + second) for second in range(1, 31)]
    summary = summed(events)
    assert (summary.duration, summary.moving) == (40.0, 10.0)
    assert summary.average_speed == Speed(360)


def test_a_step_under_way_shows_what_was_walked_so_far() -> None:
    events = [*short_walk()[:7]]  # READY, step, samples at 5 to 9 s
    (step, *_) = summed(events).steps
    assert (step.how, step.walked_s, step.walked_m) == ("under way", 4.0, 4.0)


def test_a_pause_is_left_out_of_the_step_under_way() -> None:
    events = [*short_walk()[:7], (sample(4.0, speed=0, state=SessionState.PAUSED), 10.0)]
    assert summed(events).steps[0].walked_s == 4.0


def test_a_lost_link_is_left_out_of_the_step_under_way() -> None:
    events = [*short_walk()[:7], (LinkChanged(connected=False), 9.5)]
    events += [(sample(4.0, stale=True), 9.0 + second) for second in range(1, 6)]
    assert summed(events).steps[0].walked_s == 4.0
    assert summed([*events, (LinkChanged(connected=True), 14.5), (sample(5.0), 15.0)]).steps[0].walked_s == 5.0


def test_a_step_that_begins_between_two_samples_counts_from_its_beginning() -> None:
    events: list[tuple[SessionEvent, float]] = [
        (sample(0.0), 1.0),
        (StepStarted(0, "easy", "steady", "backward", "both"), 1.6),
        (sample(1.0), 2.0),
    ]
    assert summed(events).steps[0].walked_s == pytest.approx(0.4)


def test_a_step_walked_twice_adds_up() -> None:
    start = StepStarted(0, "easy", "steady", "backward", "both")
    events: list[tuple[SessionEvent, float]] = [
        (start, 0.0),
        (StepEnded(0, "repeated", 4.0, 4.0), 4.0),
        (start, 4.0),
        (StepEnded(0, "completed", 10.0, 10.0), 14.0),
    ]
    step = summed(events).steps[0]
    assert (step.visits, step.walked_s, step.walked_m, step.how) == (2, 14.0, 14.0, "completed")


def test_a_step_that_no_plan_knows_is_listed_too() -> None:
    start = StepStarted(7, "extra", "steady", "backward", "both")
    steps = summed([(start, 0.0), (StepEnded(7, "completed", 5.0, 6.0), 5.0), (StepEnded(9, "cut", 1, 1), 6.0)]).steps
    assert [(step.step, step.label, step.planned_s) for step in steps[-2:]] == [(2, "turn", None), (7, "extra", None)]


def test_missing_and_stale_samples_are_gaps() -> None:
    events = [(sample(float(second)), float(second)) for second in (0, 1, 2, 12, 13)]
    events += [(sample(14.0, stale=True), 14.0), (sample(15.0, stale=True), 15.0), (sample(16.0), 16.0)]
    summary = summed(events)
    assert (summary.gaps, summary.gap_s) == (2, 12.0)
    assert summary.moving == 16.0  # the distance was made all the same


def test_no_gap_is_counted_before_the_start() -> None:
    assert summed([(sample(0, state=SessionState.READY), at) for at in (0.0, 30.0)]).gaps == 0


def test_a_stale_speed_is_no_best() -> None:
    assert summed([(sample(0, speed=360), 0.0), (sample(1, speed=900, stale=True), 1.0)]).best_speed == Speed(360)


def test_an_incline_at_a_standstill_is_no_best_and_downhill_is_kept() -> None:
    assert summed([(sample(0, speed=0, incline=100), 0.0)]).highest_incline is None
    events = [(sample(1, incline=-30), 1.0), (sample(2, incline=-10), 2.0), (sample(2, incline=None), 3.0)]
    assert summed(events).highest_incline == Incline(-10)


def test_an_unknown_speed_leaves_the_best_alone() -> None:
    assert summed([(sample(1, speed=None, incline=None), 1.0)]).best_speed is None


def test_heart_rates_are_averaged_and_zero_is_a_strap_nobody_wears() -> None:
    rates = (None, 0, 100, 120, 131)
    summary = summed([(sample(1, heart_rate=rate), float(at)) for at, rate in enumerate(rates)])
    assert (summary.average_heart_rate, summary.highest_heart_rate) == (117, 131)


def test_a_counter_of_the_machine_that_ran_before_or_is_reset_counts_its_growth() -> None:
    values = (None, 90, 92, 0, 3)
    assert summed([(sample(1, energy=value), float(at)) for at, value in enumerate(values)]).machine_energy == 5


def test_distance_and_steps_of_the_machine_count_their_growth() -> None:
    def counted(distance: int, steps: int) -> Sample:
        return Sample(
            SessionState.RUNNING, 0, None, None, None, None, 0, 0, steps=steps, machine_distance=Distance(distance)
        )

    summary = summed([(counted(500, 10), 0.0), (counted(530, 55), 30.0)])
    assert (summary.machine_distance, summary.steps_taken) == (30, 45)


def test_climb_is_taken_from_the_samples() -> None:
    assert summed([(sample(1, climb=0.5), 1.0), (sample(2, climb=1.25), 2.0)]).climb == 1.25


def test_holds_overrides_and_warnings_are_counted() -> None:
    events: list[tuple[SessionEvent, float]] = [
        (Held("S9", "wait"), 1.0),
        (Overridden("speed", Speed(300)), 2.0),
        (Overridden("speed", Speed(310)), 3.0),
        (Warned("look"), 4.0),
        (Cue("says nothing to a summary"), 5.0),
    ]
    summary = summed(events)
    assert (summary.holds, summary.overrides, summary.warnings) == (1, 2, 1)


def test_a_belt_that_nobody_could_see_is_unknown() -> None:
    assert summed([(Ended(Ending.ABORTED, "link lost", None), 1.0)]).belt_standing is None


def test_energy_needs_a_body_mass_and_counts_the_direction() -> None:
    assert summed(short_walk()).energy is None
    energy = summed(short_walk(), 60.0).energy
    assert energy is not None
    # 10 s at 60 m/min, 2 %: 3.5 + 6 + 2.16 = 11.66; 10 s at 120 m/min, 2 %, a run: 3.5 + 24 + 2.16 = 29.66
    forward = (11.66 + 29.66) / 6 * 60 / 1000 * 5
    assert energy.middle == pytest.approx(forward * 1.3)
    assert energy.to_payload()["estimate"] is True


def test_a_forward_step_is_not_multiplied() -> None:
    events: list[tuple[SessionEvent, float]] = [(sample(0.0), 0.0), (sample(60.0), 60.0)]
    events.append((StepStarted(0, "turned", "steady", "forward", "both"), 60.0))
    events.append((sample(120.0, incline=None), 120.0))
    energy = summed(events, 100.0).energy
    assert energy is not None
    assert energy.middle == pytest.approx((11.66 * 1.3 + 9.5) / 2)


def test_a_distance_that_falls_back_takes_nothing_away() -> None:
    assert summed([(sample(10), 1.0), (sample(4), 2.0), (sample(11), 3.0)]).distance == 11


def test_two_samples_at_one_instant_are_no_time() -> None:
    assert summed([(sample(0), 1.0), (sample(1), 1.0)]).moving == 0


def test_an_event_without_a_time_is_passed_over() -> None:
    tally = Tally()
    tally.feed({"event": "sample", "distance_m": 5})
    assert tally.summary().distance == 0


def test_ten_hours_take_no_more_memory_than_ten_minutes() -> None:
    def size(seconds: int) -> int:
        tally = Tally(PLAN)
        for second in range(seconds):
            tally.feed({"event": "sample", "t": second, "state": "running", "distance_m": second, "speed_km_h": 3.6})
        return _size(tally, set())

    assert size(6000) <= size(600) + 200


def _size(thing: object, seen: set[int]) -> int:
    """Return the size of `thing` and of all it holds, in octets."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    held: list[object] = []
    if isinstance(thing, dict):
        held += [*thing.keys(), *thing.values()]
    elif isinstance(thing, (list, tuple)):
        held += thing
    else:
        held += getattr(thing, "__dict__", {}).values()
        held += [getattr(thing, name) for name in getattr(type(thing), "__slots__", ()) if hasattr(thing, name)]
    return sys.getsizeof(thing) + sum(_size(part, seen) for part in held)
