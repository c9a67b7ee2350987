"""A list to pick from: the cursor stays with its line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.cli.choice import DIGITS_WITHIN, Choice
from backstride.apps.cli.keys import Key

LINES = st.lists(st.text("abcdef", min_size=1, max_size=2), unique=True, max_size=12)


def test_arrows_move_and_stop_at_both_ends() -> None:
    choice = Choice("abc")
    assert choice.at == "a"
    choice.press(Key.UP, 0)
    assert choice.at == "a"
    for _ in range(5):
        choice.press(Key.DOWN, 0)
    assert choice.at == "c"


def test_a_number_moves_to_its_line_and_a_second_digit_in_time_goes_on_with_it() -> None:
    choice = Choice([f"line {number}" for number in range(1, 13)])
    choice.press("1", 0)
    assert choice.at == "line 1"
    choice.press("2", DIGITS_WITHIN)
    assert choice.at == "line 12"
    choice.press("2", 5)
    assert choice.at == "line 2"
    choice.press("1", 9)
    choice.press("2", 9 + DIGITS_WITHIN + 0.1)
    assert choice.at == "line 2"


def test_a_number_without_a_line_changes_nothing() -> None:
    choice = Choice("abc")
    for digit in "0945":
        assert choice.press(digit, 0)
        assert choice.at == "a"
    assert not choice.press("x", 0)


def test_the_cursor_goes_with_its_line_and_to_the_next_one_if_that_is_gone() -> None:
    choice = Choice("abc", "b")
    choice.offer("xyabc")
    assert (choice.at, choice.index) == ("b", 3)
    choice.offer("xyac")
    assert choice.at == "c"
    choice.offer("")
    assert [choice.at, choice.index] == [None, 0]
    choice.press(Key.DOWN, 0)
    assert [choice.at, choice.index] == [None, 0]


@given(LINES, LINES, st.lists(st.sampled_from([Key.UP, Key.DOWN, *"0123456789q"])))
def test_the_cursor_is_always_on_a_line_where_there_is_one(
    first: list[str], then: list[str], keys: list[Key | str]
) -> None:
    choice = Choice(first)
    for number, key in enumerate(keys):
        choice.press(key, number / 2)
    before = choice.at
    choice.offer(then)
    assert (choice.at in then) if then else choice.at is None
    assert before not in then or choice.at == before
