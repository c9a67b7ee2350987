"""The list of treadmills: it never jumps under the finger."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.cli.heard import SETTLES_AFTER, Heard
from backstride.apps.cli.keys import Key
from backstride.apps.cli.sighting import QUIET, REFUSES, Sighting

ANY = Sighting("", None, None, -60, available=None, certain=True, locked=None, remembered=False)


def one(address: str, rssi: int = -60, *, remembered: bool = False) -> Sighting:
    return replace(ANY, address=address, rssi=rssi, remembered=remembered)


def order(heard: Heard) -> str:
    return "".join(heard.choice.lines)


def test_those_met_before_come_first_and_then_the_nearest() -> None:
    heard = Heard(0)
    for number, item in enumerate((one("a", -80), one("b", -50), one("c", -90, remembered=True))):
        heard.hear(item, number / 10)
    assert order(heard) == "cba"
    assert heard.choice.at == "c"


def test_after_a_few_seconds_nothing_moves_and_what_is_new_comes_last() -> None:
    heard = Heard(0)
    heard.hear(one("a", -80), 1)
    heard.hear(one("b", -70), 2)
    heard.hear(one("c", -30), 1 + SETTLES_AFTER)
    heard.hear(one("a", -20), 2 + SETTLES_AFTER)
    assert order(heard) == "bac"
    heard.sort()
    assert order(heard) == "acb"


def test_with_the_first_key_nothing_moves_any_more() -> None:
    heard = Heard(0)
    heard.hear(one("a", -80), 0)
    heard.hear(one("b", -70), 0)
    heard.press(Key.DOWN, 0.5)
    assert heard.choice.at == "a"
    heard.hear(one("c", -30), 0.6)
    assert order(heard) == "bac"
    assert heard.choice.at == "a"


def test_sorting_anew_keeps_a_cursor_that_was_moved_on_its_line() -> None:
    heard = Heard(0)
    heard.hear(one("a", -60), 0)
    heard.hear(one("b", -70), 0)
    heard.press("2", 0)
    heard.hear(one("c", -30), 9)
    heard.sort()
    assert (order(heard), heard.choice.at) == ("cab", "b")


def test_what_is_silent_for_a_whole_round_is_said_to_be_until_it_is_heard_again() -> None:
    heard = Heard(0)
    heard.hear(one("a"), 1)
    heard.end_round()
    assert heard.entries[0].remark == ""
    heard.end_round()
    assert heard.entries[0].remark == QUIET
    heard.hear(one("a"), 25)
    assert heard.entries[0].remark == ""


def test_a_refusal_is_remembered_until_it_is_tried_again() -> None:
    heard = Heard(0)
    heard.hear(one("a"), 1)
    heard.mark("a", refused=True)
    heard.mark("unknown", refused=True)
    heard.hear(one("a", -50), 2)
    assert heard.entries[0].remark == REFUSES
    heard.mark("a", refused=False)
    assert heard.entries[0].remark == ""


def test_silence_counts_only_while_the_radio_listens() -> None:
    heard = Heard(0)
    assert heard.silent_for(12) == 12
    heard.deaf("Bluetooth is switched off.")
    assert heard.silent_for(20) == 0
    heard.listens(30)
    assert (heard.deafness, heard.silent_for(35)) == ("", 5)
    heard.listens(36)
    assert heard.silent_for(40) == 10
    heard.hear(one("a"), 41)
    assert heard.silent_for(90) == 0


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(-95, -30))), st.integers(0, 20))
def test_once_settled_the_order_only_grows(heards: list[tuple[str, int]], settled: int) -> None:
    heard, before = Heard(0), ""
    for number, (address, rssi) in enumerate(heards):
        if number == settled:
            heard.press("x", number / 100)
        heard.hear(one(address, rssi), number / 100)
        assert number < settled or order(heard).startswith(before)
        before = order(heard)
