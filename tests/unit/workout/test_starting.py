"""One start, given once, used once (S1)."""

from __future__ import annotations

from backstride.workout.events import Countdown
from backstride.workout.inputs import StartBelt
from backstride.workout.starting import Starting


def test_s1_a_start_counts_five_seconds_down_and_starts_the_belt_once() -> None:
    starting = Starting.counted_down(100.0)
    said = [(at, effect) for at in range(100, 120) for effect in starting.due(float(at))]
    assert said == [
        *((100 + past, Countdown(5 - past, "the belt starts")) for past in range(5)),
        (105, StartBelt()),
    ]
    assert starting.sent
    assert starting.next_mark() is None


def test_the_next_mark_is_the_instant_of_what_is_due_next() -> None:
    starting = Starting.counted_down(100.0)
    marks: list[float] = []
    while (mark := starting.next_mark()) is not None and len(marks) < 10:
        marks.append(mark)
        list(starting.due(mark))
    assert marks == [100.0, 101.0, 102.0, 103.0, 104.0, 105.0]


def test_s1_a_belt_started_on_the_console_gets_no_start_from_us() -> None:
    starting = Starting.on_the_console()
    assert list(starting.due(1000.0)) == []
    assert starting.next_mark() is None
    assert starting.is_used
    assert not starting.has_lapsed(1000.0)


def test_s1_a_start_lapses_if_nobody_was_there_to_count_it_down() -> None:
    starting = Starting.counted_down(100.0)
    assert [starting.has_lapsed(at) for at in (100.0, 107.0, 107.1)] == [False, False, True]


def test_s1_a_start_that_has_gone_out_is_used_and_cannot_lapse() -> None:
    starting = Starting.counted_down(100.0)
    assert [(starting.is_used, list(starting.due(at)) != [], starting.is_used) for at in (104.0, 105.0)] == [
        (False, True, False),
        (False, True, True),
    ]
    assert not starting.has_lapsed(200.0)
