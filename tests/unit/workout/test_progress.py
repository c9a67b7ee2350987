"""Where the walker is, and which cue and countdown is due."""

from __future__ import annotations

import pytest

from backstride.units import Distance
from backstride.workout.compiler import compile_plan
from backstride.workout.profile import CuePoint, Facing, Stand, Step
from backstride.workout.progress import Progress
from tests.support.workout import GENERIC, profile, ramp, steady


def progress(*steps: Step, facing: Facing = Facing.FORWARD, enter: int | None = 0) -> Progress:
    made = Progress(compile_plan(profile(*steps, facing=facing), GENERIC))
    if enter is not None:
        made.enter(enter)
    return made


def counted(position: Progress, seconds: float, metres: float = 0.0, piece: float = 0.5) -> list[tuple[float, int]]:
    said = []
    for _ in range(round(seconds / piece)):
        position.advance(piece, metres * piece / seconds)
        if (mark := position.due_countdown()) is not None:
            said.append((position.walked_s, mark))
    return said


def test_before_the_first_step_nothing_is_done_and_nothing_is_due() -> None:
    position = progress(steady("2"), enter=None)
    assert position.step is None
    assert position.following is position.plan.steps[0]
    assert (position.fraction(), position.is_done(), position.seconds_left()) == (0.0, False, None)
    assert (list(position.due_cues()), position.due_countdown(), position.next_mark()) == ([], None, None)


def test_a_timed_step_is_done_when_its_time_is_used_up() -> None:
    position = progress(steady("2", 60))
    position.advance(45.0, 20.0)
    assert (position.fraction(), position.seconds_left(), position.is_done()) == (0.75, 15.0, False)
    position.advance(15.0, 5.0)
    assert (position.fraction(), position.seconds_left(), position.is_done()) == (1.0, 0.0, True)
    assert position.following is None


def test_a_step_by_distance_is_done_when_its_metres_are_walked_however_long_that_takes() -> None:
    position = progress(steady("3.6", distance=Distance(100), duration=None))
    position.advance(1000.0, 99.0)
    assert (position.fraction(), position.is_done()) == (0.99, False)
    position.advance(1.0, 1.0)
    assert (position.fraction(), position.is_done()) == (1.0, True)


def test_the_time_left_of_a_distance_follows_from_the_pace_and_is_unknown_on_a_standing_belt() -> None:
    position = progress(steady("3.6", distance=Distance(100), duration=None))
    assert position.seconds_left() is None
    position.advance(10.0, 20.0)
    assert position.seconds_left() == pytest.approx(40.0)
    position.advance(0.0, 0.0)
    assert position.seconds_left() == pytest.approx(40.0)
    position.advance(1.0, 0.0)
    assert position.seconds_left() is None
    assert position.next_mark() is None


def test_a_stand_until_confirmed_is_done_at_once_and_has_no_end_in_sight() -> None:
    position = progress(Stand(until_confirmed=True), steady("2"))
    assert (position.fraction(), position.is_done(), position.seconds_left(), position.next_mark()) == (
        0.0,
        True,
        None,
        None,
    )


def test_a_stand_that_is_over_asks_for_no_further_tick() -> None:
    position = progress(Stand(duration=20), steady("2"))
    assert position.next_mark() == 20.0
    position.advance(20.0, 0.0)
    assert position.next_mark() is None


def test_a_change_is_counted_down_at_ten_three_two_and_one_seconds() -> None:
    assert counted(progress(steady("2", 20), steady("3", 20)), 20) == [(10.0, 10), (17.0, 3), (18.0, 2), (19.0, 1)]


def test_a_step_by_distance_is_counted_down_by_its_pace() -> None:
    position = progress(steady("3.6", distance=Distance(20), duration=None), steady("5"))
    assert counted(position, 20, 20) == [(10.0, 10), (17.0, 3), (18.0, 2), (19.0, 1)]


@pytest.mark.parametrize(
    ("steps", "facing", "marks"),
    [
        ((steady("2", 8), steady("3")), Facing.FORWARD, 3),  # the ten is longer than the step
        ((steady("2", 20), steady("2")), Facing.FORWARD, 0),  # nothing changes
        ((steady("2", 20), ramp("3")), Facing.FORWARD, 0),  # a ramp begins where the step ends
        ((steady("2", 20), steady("2", 20, "2")), Facing.FORWARD, 4),
        ((steady("2", 20), Stand(duration=20)), Facing.FORWARD, 4),
        ((steady("2", 20),), Facing.FORWARD, 4),  # the end
        ((Stand(duration=20), steady("2")), Facing.FORWARD, 0),  # the start after a stand counts for itself
    ],
)
def test_only_what_the_walker_will_feel_is_counted_down(steps: tuple[Step, ...], facing: Facing, marks: int) -> None:
    assert len(counted(progress(*steps, facing=facing), 20)) == marks


def test_of_the_marks_that_were_missed_only_the_last_is_told() -> None:
    position = progress(steady("2", 20), steady("3", 20))
    position.advance(18.2, 0.0)
    assert position.due_countdown() == 2
    assert position.due_countdown() is None
    position.advance(0.8, 0.0)
    assert position.due_countdown() == 1


def test_each_cue_comes_once_at_its_offset() -> None:
    cues = (CuePoint(at=0, text="first"), CuePoint(at=5, text="second"))
    position = progress(steady("2", 20, cues=cues))
    assert list(position.due_cues()) == ["first"]
    assert position.next_mark() == 5.0
    position.advance(4.9, 0.0)
    assert list(position.due_cues()) == []
    position.advance(0.1, 0.0)
    assert list(position.due_cues()) == ["second"]
    assert list(position.due_cues()) == []


def test_two_cues_that_were_missed_are_both_told() -> None:
    cues = (CuePoint(at=1, text="first"), CuePoint(at=5, text="second"))
    position = progress(steady("2", 20, cues=cues))
    position.advance(6.0, 0.0)
    assert list(position.due_cues()) == ["first", "second"]


def test_going_back_to_a_step_begins_it_afresh() -> None:
    position = progress(steady("2", 20, cues=(CuePoint(at=0, text="first"),)), steady("3"))
    assert counted(position, 20)
    list(position.due_cues())
    position.enter(0)
    assert (position.walked_s, position.walked_m) == (0.0, 0.0)
    assert list(position.due_cues()) == ["first"]
    assert len(counted(position, 20)) == 4


def test_the_next_mark_is_the_nearest_of_cue_countdown_and_end() -> None:
    position = progress(steady("2", 20, cues=(CuePoint(at=15, text="late"),)))
    marks: list[float] = []
    while (left := position.next_mark()) is not None and len(marks) < 10:
        position.advance(left, 0.0)
        marks.append(position.walked_s)
        list(position.due_cues())
        position.due_countdown()
    assert marks == [10.0, 15.0, 17.0, 18.0, 19.0, 20.0]


def test_leaving_the_plan_ends_everything() -> None:
    position = progress(steady("2", 20))
    position.enter(None)
    assert (position.step, position.next_mark()) == (None, None)
