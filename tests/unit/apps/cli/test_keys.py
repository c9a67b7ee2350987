"""What keys send."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.cli.keys import Key, read_keys


def test_letters_in_either_case_space_and_enter_are_keys() -> None:
    assert list(read_keys("qNb \r\n")) == [Key.QUIT, Key.NEXT, Key.BACK, Key.SPACE, Key.ENTER, Key.ENTER]


def test_arrows_are_read_as_terminals_and_windows_send_them() -> None:
    arrows = [Key.UP, Key.DOWN, Key.RIGHT, Key.LEFT]
    assert list(read_keys("\x1b[A\x1b[B\x1b[C\x1b[D")) == arrows
    assert list(read_keys("\x1bOA\x1bOB\x1bOC\x1bOD")) == arrows
    assert list(read_keys("\xe0H\xe0P\x00M\x00K")) == arrows


def test_what_means_nothing_is_passed_over() -> None:
    assert list(read_keys("xyz\x1b[Z\xe0Z?q\x1b")) == [Key.QUIT]


@given(st.text())
def test_no_typing_breaks_it(typed: str) -> None:
    assert all(isinstance(key, Key) for key in read_keys(typed))
