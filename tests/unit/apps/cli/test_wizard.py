"""What is shown and what keys do on the way to a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.cli.keys import Key
from backstride.apps.cli.offers import Offer
from backstride.apps.cli.sighting import REFUSES, Sighting
from backstride.apps.cli.wizard import (
    ADVICE_AFTER,
    LOOKS_FOR,
    PREFERS_FOR,
    Acknowledge,
    CallIt,
    Connect,
    Leave,
    Page,
    Quit,
    Simulate,
    Walk,
    Welcome,
    Wizard,
)

if TYPE_CHECKING:
    from collections.abc import Callable

EASY = Offer("easy", "Easy", "An easy one.", "5:00")
HARD = Offer("hard", "Hard", "A hard one.", why_not="Step 1: 4 mph is outside what this machine can do.")
LONG = Offer("long", "Long", "A long one.", "50:00")
ENTER, ESCAPE = "\r", "\x1b"


def heard(address: str, *, remembered: bool = False) -> Sighting:
    return Sighting(
        address, f"T {address}", None, -50, available=None, certain=True, locked=None, remembered=remembered
    )


def welcome(
    *,
    is_new: bool = False,
    needs_notice: bool = False,
    preferred: str | None = None,
    fault_of: Callable[[str], str | None] = lambda _: None,
) -> Welcome:
    return Welcome("T-2000", (("Speed", "all"),), (HARD, EASY, LONG), preferred, is_new, needs_notice, fault_of)


def at_list() -> Wizard:
    """Return a wizard with two treadmills in its list."""
    wizard = Wizard((), 0)
    for address in "ab":
        assert wizard.hear(heard(address), 1) is None
    return wizard


def at_sessions(the: Welcome | None = None) -> Wizard:
    wizard = at_list()
    assert wizard.press(ENTER, 2) == Connect("a")
    wizard.connected(the or welcome())
    return wizard


def shows(wizard: Wizard, page: Page) -> bool:
    return wizard.page is page


def typed(wizard: Wizard, text: str) -> None:
    for character in text:
        assert wizard.press(character, 5) is None


# --- which treadmill


def test_without_a_treadmill_met_before_the_list_is_shown_and_enter_connects_to_the_line_with_the_cursor() -> None:
    wizard = at_list()
    assert shows(wizard, Page.LIST)
    wizard.press(Key.DOWN, 2)
    assert wizard.press(ENTER, 3) == Connect("b")
    assert (wizard.page, wizard.name) == (Page.CONNECTING, "T b")


def test_enter_in_an_empty_list_does_nothing() -> None:
    assert Wizard((), 0).press(ENTER, 1) is None


def test_the_treadmill_used_last_is_connected_to_as_soon_as_it_is_heard_whatever_the_case_of_its_address() -> None:
    wizard = Wizard(("aa:bb", "CC"), 0)
    assert shows(wizard, Page.LOOKING)
    assert wizard.hear(heard("ZZ"), 0.5) is None
    assert wizard.hear(heard("AA:BB"), 1) == Connect("AA:BB")


def test_another_one_met_before_is_connected_to_only_if_the_one_used_last_is_not_heard_in_time() -> None:
    wizard = Wizard(("A", "B"), 0)
    assert wizard.hear(heard("B"), 1) is None
    assert wizard.tick(1 + PREFERS_FOR - 0.1) is None
    assert wizard.tick(1 + PREFERS_FOR) == Connect("B")
    patient = Wizard(("A", "B"), 0)
    patient.hear(heard("B"), 1)
    assert patient.hear(heard("A"), 2) == Connect("A")


def test_a_key_lists_the_others_and_nothing_is_connected_to_without_a_choice_from_then_on() -> None:
    wizard = Wizard(("A",), 0)
    assert wizard.press(" ", 1) is None
    assert shows(wizard, Page.LIST)
    assert wizard.hear(heard("A", remembered=True), 2) is None
    assert wizard.tick(100) is None


def test_after_a_while_the_others_are_listed_and_the_known_one_is_still_connected_to_when_it_comes() -> None:
    wizard = Wizard(("A",), 0)
    assert wizard.tick(LOOKS_FOR - 0.1) is None
    assert shows(wizard, Page.LOOKING)
    wizard.tick(LOOKS_FOR)
    assert shows(wizard, Page.LIST)
    assert wizard.hear(heard("A"), 30) == Connect("A")


def test_any_key_while_connecting_gives_it_up_and_q_leaves() -> None:
    wizard = Wizard(("A",), 0)
    wizard.hear(heard("A"), 1)
    assert wizard.press("x", 2) == Leave()
    assert shows(wizard, Page.LIST)
    wizard.press(ENTER, 3)
    assert wizard.press("q", 4) == Quit()


def test_r_brings_the_nearest_to_the_top() -> None:
    wizard = at_list()
    wizard.press(Key.DOWN, 2)
    wizard.hear(heard("c", remembered=True), 9)
    assert wizard.heard.choice.lines == ("a", "b", "c")
    wizard.press("r", 10)
    assert wizard.heard.choice.lines == ("c", "a", "b")


def test_s_listens_to_a_simulated_treadmill_instead() -> None:
    wizard = at_list()
    wizard.deaf("Bluetooth is switched off.")
    assert wizard.press("s", 3) == Simulate()
    assert (wizard.heard.entries, wizard.heard.deafness) == ([], "")


# --- what goes wrong


def test_bluetooth_that_is_off_is_said_and_the_list_goes_on_with_what_is_heard_later() -> None:
    wizard = Wizard(("A",), 0)
    wizard.deaf("Bluetooth is switched off.")
    assert (wizard.page, wizard.heard.deafness) == (Page.LIST, "Bluetooth is switched off.")
    assert wizard.hear(heard("Z"), 9) is None
    assert wizard.heard.deafness == ""
    assert wizard.hear(heard("A"), 10) == Connect("A")


def test_after_twenty_silent_seconds_it_is_time_for_advice_unless_bluetooth_is_the_matter() -> None:
    wizard = Wizard((), 0)
    assert not wizard.needs_advice(ADVICE_AFTER - 0.1)
    assert wizard.needs_advice(ADVICE_AFTER)
    wizard.deaf("Bluetooth is switched off.")
    assert not wizard.needs_advice(90)
    assert not at_list().needs_advice(90)


def test_a_refused_connection_leads_back_to_the_list_with_the_reason_and_a_mark_on_the_line() -> None:
    wizard = at_list()
    wizard.press(ENTER, 2)
    wizard.lost("It did not answer.", refused=True)
    assert (wizard.page, wizard.trouble) == (Page.LIST, "It did not answer.")
    wizard.hear(heard("b"), 3)
    assert wizard.trouble == "It did not answer."
    assert [entry.remark for entry in wizard.heard.entries] == ["", ""]
    wizard.hear(heard("a"), 3.5)
    assert [entry.remark for entry in wizard.heard.entries] == [REFUSES, ""]
    assert wizard.press(ENTER, 4) == Connect("a")


def test_a_known_treadmill_that_refuses_is_not_tried_again_and_again() -> None:
    wizard = Wizard(("A",), 0)
    wizard.hear(heard("A"), 1)
    wizard.lost("It did not answer.", refused=True)
    assert wizard.hear(heard("A"), 2) is None


def test_a_link_that_is_lost_on_any_page_leads_back_to_the_list() -> None:
    wizard = at_sessions()
    wizard.press(ENTER, 3)
    assert shows(wizard, Page.PREFLIGHT)
    wizard.lost("The connection was lost.")
    assert (wizard.page, wizard.welcome, wizard.trouble) == (Page.LIST, None, "The connection was lost.")


# --- getting acquainted


def test_a_new_treadmill_shows_what_it_can_do_and_is_given_a_name() -> None:
    wizard = at_sessions(welcome(is_new=True))
    assert shows(wizard, Page.PORTRAIT)
    wizard.press(ENTER, 3)
    assert shows(wizard, Page.NAMING)
    typed(wizard, "  My\u202e  qb \N{GRINNING FACE}x")
    wizard.press("\x7f", 4)
    assert wizard.press(ENTER, 5) == CallIt("My qb \N{GRINNING FACE}")
    wizard.called("My qb \N{GRINNING FACE}")
    assert (wizard.page, wizard.name) == (Page.SESSIONS, "My qb \N{GRINNING FACE}")
    wizard.press("i", 6)
    wizard.press(ENTER, 7)
    assert shows(wizard, Page.SESSIONS)


def test_a_known_treadmill_goes_on_to_the_sessions_at_once() -> None:
    assert at_sessions().page is Page.SESSIONS


def test_nothing_typed_keeps_the_name_it_has_and_escape_does_as_well() -> None:
    wizard = at_sessions(welcome(is_new=True))
    wizard.press(ENTER, 3)
    assert wizard.press(ENTER, 4) == CallIt("T-2000")
    assert wizard.press(ESCAPE, 5) is None
    assert (wizard.page, wizard.name) == (Page.SESSIONS, "T-2000")


def test_a_name_that_cannot_be_is_asked_for_again_with_the_reason() -> None:
    wizard = at_sessions(welcome(fault_of=lambda name: "taken" if name == "Sole" else None))
    wizard.press("n", 3)
    typed(wizard, "Sole")
    assert wizard.press(ENTER, 4) is None
    assert (wizard.page, wizard.trouble, wizard.typed) == (Page.NAMING, "taken", "Sole")
    typed(wizard, " 2")
    assert wizard.press(ENTER, 5) == CallIt("Sole 2")


def test_a_name_that_cannot_be_saved_holds_all_the_same() -> None:
    wizard = at_sessions()
    wizard.called("Cellar", "The disk is full.")
    assert (wizard.name, wizard.trouble, wizard.page) == ("Cellar", "The disk is full.", Page.SESSIONS)


@pytest.mark.parametrize("page", [Page.PORTRAIT, Page.SESSIONS])
@pytest.mark.parametrize("key", ["b", ESCAPE])
def test_b_and_escape_let_the_treadmill_go(page: Page, key: str) -> None:
    wizard = at_sessions(welcome(is_new=page is Page.PORTRAIT))
    assert shows(wizard, page)
    assert wizard.press(key, 3) == Leave()
    assert (wizard.page, wizard.welcome) == (Page.LIST, None)


# --- which session


def test_the_session_walked_last_has_the_cursor_if_it_can_run_and_else_the_first_that_can() -> None:
    assert at_sessions(welcome(preferred="long")).sessions.at == "long"
    assert at_sessions(welcome(preferred="hard")).sessions.at == "easy"
    assert at_sessions(welcome()).sessions.at == "easy"


def test_a_session_that_cannot_run_cannot_be_chosen() -> None:
    wizard = at_sessions()
    wizard.press("1", 3)
    assert wizard.offer == HARD
    assert wizard.press(ENTER, 4) is None
    assert shows(wizard, Page.SESSIONS)


def test_s1_a_session_is_looked_at_before_it_is_walked() -> None:
    wizard = at_sessions()
    assert wizard.press(ENTER, 3) is None
    assert shows(wizard, Page.PREFLIGHT)
    wizard.press("b", 4)
    assert shows(wizard, Page.SESSIONS)
    wizard.press("3", 5)
    wizard.press(ENTER, 6)
    assert wizard.press(ENTER, 7) == Walk("long")


def test_s14_nothing_is_walked_before_the_notice_was_acknowledged() -> None:
    wizard = at_sessions(welcome(needs_notice=True))
    wizard.press(ENTER, 3)
    assert wizard.press(ENTER, 4) is None
    assert shows(wizard, Page.NOTICE)
    typed(wizard, "y")
    assert wizard.press(ENTER, 5) is None
    assert shows(wizard, Page.SESSIONS)
    assert "not acknowledged" in wizard.trouble
    wizard.press(ENTER, 6)
    wizard.press(ENTER, 7)
    typed(wizard, "Yes")
    assert wizard.press(ENTER, 8) == Acknowledge()
    assert wizard.acknowledged() == Walk("easy")


def test_s14_an_acknowledgement_that_cannot_be_saved_starts_nothing() -> None:
    wizard = at_sessions(welcome(needs_notice=True))
    assert wizard.acknowledged("The disk is full.") is None
    assert (wizard.page, wizard.trouble) == (Page.SESSIONS, "The disk is full.")


def test_a_session_that_cannot_begin_after_all_leads_back_to_the_others() -> None:
    wizard = at_sessions()
    wizard.not_walked("The records' folder cannot be written.")
    assert (wizard.page, wizard.trouble) == (Page.SESSIONS, "The records' folder cannot be written.")


# --- whatever is typed

KEYS = st.sampled_from([*Key, *"qbsirny \r\x1b\x7f1234567890", "yes", "\N{GRINNING FACE}"])


@given(st.lists(KEYS, max_size=40), st.booleans())
def test_s1_s14_no_typing_walks_past_the_pre_flight_and_the_notice(keys: list[Key | str], needs_notice: bool) -> None:  # noqa: FBT001
    wizard = at_sessions(welcome(needs_notice=needs_notice))
    for number, key in enumerate(keys):
        before = wizard.page
        match wizard.press(key, number):
            case Walk(reference):
                assert before is Page.PREFLIGHT
                assert not needs_notice
                assert reference in {"easy", "long"}
                return
            case Acknowledge():
                assert before is Page.NOTICE
            case CallIt(name):
                wizard.called(name)
            case Connect(_):
                wizard.connected(welcome(needs_notice=needs_notice))
            case Quit():
                assert before not in {Page.NAMING, Page.NOTICE}
                return
            case _:
                pass
