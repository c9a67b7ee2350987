"""What keys send."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.cli.keys import Key, Typist, read_keys


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


def octets(text: str) -> str:
    """Return text as a POSIX terminal sends it, one character for each octet."""
    return text.encode().decode("latin-1")


def test_words_are_read_in_every_script_and_letters_cut_in_two_are_put_together() -> None:
    typist, typed = Typist(octets=True), octets("àบ\N{GRINNING FACE}q")
    assert [key for octet in typed for key in typist.read(octet)] == ["à", "บ", "\N{GRINNING FACE}", "q"]


def test_arrows_and_escape_are_read_between_words_and_other_sequences_are_passed_over() -> None:
    typed = "a\x1b[A\x1bOB\x1b[3~\x1b[1;5Cz\x1bOP\x1b"
    assert list(Typist(octets=True).read(typed)) == ["a", Key.UP, Key.DOWN, Key.RIGHT, "z", "\x1b"]


def test_on_windows_words_come_as_they_are() -> None:
    assert list(Typist(octets=False).read("\N{GREEK SMALL LETTER OMEGA}\xe0Hq")) == [
        "\N{GREEK SMALL LETTER OMEGA}",
        Key.UP,
        "q",
    ]


@given(st.binary())
def test_no_octets_break_the_reading_of_words(typed: bytes) -> None:
    assert all(isinstance(key, Key) or len(key) == 1 for key in Typist(octets=True).read(typed.decode("latin-1")))
