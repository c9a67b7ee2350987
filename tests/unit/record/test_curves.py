from __future__ import annotations

import pytest

from backstride.record.curves import Curves, Stretch, columns
from backstride.record.header import PlannedStep
from backstride.units import Incline, Speed
from backstride.workout.events import Cue, payload
from backstride.workout.plan import CoursePoint
from tests.unit.record.walks import sample


def test_a_plan_is_laid_end_to_end() -> None:
    plan = [
        PlannedStep("up", "ramp", seconds=60, speed_from=Speed(100), speed_to=Speed(300), incline_to=Incline(5)),
        PlannedStep("turn", "stand"),
        PlannedStep("far", "steady", metres=100, speed_from=Speed(360), speed_to=Speed(360)),
        PlannedStep("h", "steady", seconds=5, incline_from=Incline(20), incline_to=Incline(20)),
    ]
    curves = Curves.of_plan(plan)
    assert curves.speed == [Stretch(0, 60, 1.0, 3.0), Stretch(60, 160, 3.6, 3.6)]
    assert curves.incline == [Stretch(160, 165, 2.0, 2.0)]
    assert curves.end == 165


def test_a_course_holds_each_point_until_the_next() -> None:
    course = [CoursePoint(0, Speed(100), Incline(0), 0), CoursePoint(4, Speed(200), Incline(0), 1)]
    curves = Curves.of_course(course, 10)
    assert curves.speed == [Stretch(0, 4, 1.0, 1.0), Stretch(4, 10, 2.0, 2.0)]
    assert curves.incline == [Stretch(0, 10, 0.0, 0.0)]
    assert curves.end == 10


def test_a_sample_holds_until_the_next_and_the_same_value_is_one_stretch() -> None:
    entries = [payload(sample(0, speed=value), at) for at, value in ((0.0, 360), (1.0, 360), (2.0, 720))]
    curves = Curves.of_samples([*entries, payload(Cue("x"), 9.0)])
    assert curves.speed == [Stretch(0, 2, 3.6, 3.6), Stretch(2, 3, 7.2, 7.2)]
    assert curves.target == [Stretch(0, 3, 3.6, 3.6)]
    assert curves.end == 3


def test_nothing_holds_over_a_gap_and_unknown_or_stale_is_left_out() -> None:
    entries = [
        payload(sample(0), 0.0),
        payload(sample(0, speed=None, incline=None), 10.0),
        payload(sample(0, stale=True), 11.0),
    ]
    curves = Curves.of_samples(entries)
    assert [(stretch.start, stretch.end) for stretch in curves.speed] == [(0, 2.5)]
    assert [(stretch.start, stretch.end) for stretch in curves.incline] == [(0, 2.5)]
    assert [(stretch.start, stretch.end) for stretch in curves.target] == [(0, 2.5), (10, 12)]


def test_samples_at_one_instant_make_no_stretch() -> None:
    assert len(Curves.of_samples([payload(sample(0), 1.0), payload(sample(0), 1.0)]).speed) == 1


def test_no_samples_are_no_curves() -> None:
    assert Curves.of_samples([]) == Curves()


def test_a_column_is_the_mean_over_its_time() -> None:
    curve = [Stretch(0, 1, 2.0, 2.0), Stretch(1, 2, 4.0, 4.0), Stretch(2, 4, 0.0, 4.0)]
    assert columns(curve, 4, 2) == pytest.approx([3.0, 2.0])
    assert columns(curve, 4, 4) == pytest.approx([2.0, 4.0, 1.0, 3.0])


def test_few_values_fill_many_columns() -> None:
    assert columns([Stretch(0, 1, 2.0, 2.0)], 1, 5) == pytest.approx([2.0] * 5)


def test_a_column_that_is_half_unknown_is_unknown() -> None:
    assert columns([Stretch(0, 1, 2.0, 2.0), Stretch(2, 3.2, 2.0, 2.0)], 4, 2) == [None, pytest.approx(2.0)]


def test_a_stretch_without_length_counts_for_nothing() -> None:
    assert columns([Stretch(1, 1, 9.0, 9.0), Stretch(0, 2, 2.0, 2.0)], 2, 1) == [2.0]


def test_what_lies_outside_the_time_is_cut() -> None:
    assert columns([Stretch(-5, 50, 2.0, 2.0)], 10, 2) == [2.0, 2.0]
