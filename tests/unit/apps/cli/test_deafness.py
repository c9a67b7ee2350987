"""S1: a key held down, or pressed twice, agrees to nothing."""

from __future__ import annotations

from backstride.apps.cli.deafness import DEAF_FOR, Deafness

REPEATS_EVERY = 0.033
"""Seconds between two repetitions of a key that is held down."""


def test_before_a_question_and_once_there_was_time_to_read_it_every_answer_counts() -> None:
    deafness = Deafness()
    assert not deafness.ignores(0.0)
    deafness.asked(1.0)
    assert deafness.ignores(1.0)
    assert not deafness.ignores(2.0 + DEAF_FOR)


def test_s1_a_key_that_is_held_down_agrees_to_nothing_however_long() -> None:
    deafness = Deafness()
    deafness.asked(0.0)
    assert all(deafness.ignores(n * REPEATS_EVERY) for n in range(1000))
    assert not deafness.ignores(1000 * REPEATS_EVERY + DEAF_FOR)


def test_every_question_is_read_anew() -> None:
    deafness = Deafness()
    deafness.asked(0.0)
    assert not deafness.ignores(DEAF_FOR)
    deafness.asked(DEAF_FOR)
    assert deafness.ignores(DEAF_FOR + 0.1)


def test_where_nothing_led_to_the_question_an_answer_counts_at_once() -> None:
    deafness = Deafness(0.0)
    deafness.asked(5.0)
    assert not deafness.ignores(5.0)
