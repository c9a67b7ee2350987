"""The screens on the way to a session, at the sizes of real terminals."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from rich.console import Console

from backstride.apps.cli.offers import Offer
from backstride.apps.cli.sighting import Sighting
from backstride.apps.cli.wizard import ADVICE_AFTER, Page, Welcome, Wizard
from backstride.apps.cli.wizard_screen import DOCTOR, draw

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = ((80, 24), (60, 20), (40, 15), (120, 50))
NEAR = Sighting("a", "F85", "Sole F85 (2023)", -50, available=False, certain=True, locked=None, remembered=False)
REASON = "Step 3: 4.00 mph is outside what this machine can do, 0.99 mph to 3.98 mph, and that is all there is to say."
OFFERS = (
    *(
        Offer(f"p{number}", f"Profile {number}", "A sentence on it. " * 6, "5:00, 0.2 mi, backward")
        for number in range(12)
    ),
    Offer("hard", "Hard", "A hard one.", why_not=REASON),
)
PORTRAIT = tuple((f"Row {number}", "what it can do, in words that go on for a while") for number in range(14))


def shown(wizard: Wizard, now: float = 0.0, width: int = 80, height: int = 24, aside: str = "") -> str:
    out = Console(file=StringIO(), width=width, height=height, color_system=None)
    out.print(draw(wizard, now, width, height, aside))
    text = out.file.getvalue()  # type: ignore[attr-defined] # it is a StringIO
    assert isinstance(text, str)
    return text


def met(page: Page = Page.SESSIONS) -> Wizard:
    wizard = Wizard((), 0)
    wizard.hear(NEAR, 0)
    wizard.connected(
        Welcome("Cellar", PORTRAIT, OFFERS, None, is_new=False, needs_notice=True, fault_of=lambda _: None)
    )
    wizard.page = page
    return wizard


def every_page() -> Iterator[Wizard]:
    for page in Page:
        wizard = met(page)
        for number in range(20):
            wizard.hear(replace(NEAR, address=str(number), name=f"Treadmill \N{GRINNING FACE} {number}"), 9)
        yield wizard
        if page is Page.NOTICE:  # it is left before anything can be said to be wrong
            continue
        wizard.trouble = "Something happened, and this is what it means for you and what you can do about it now. " * 2
        yield wizard


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_page_fits_with_its_keys_on_every_terminal(width: int, height: int) -> None:
    for wizard in every_page():
        text = shown(wizard, width=width, height=height)
        lines = text.rstrip("\n").split("\n")
        assert max(map(cell_len, lines)) <= width, wizard.page
        assert len(lines) <= height or (width, height) == (40, 15), (wizard.page, text)
        ending = {Page.NAMING: "leave it as it is", Page.NOTICE: "Esc back"}.get(wizard.page, "q quit")
        assert ending in text


def test_a_treadmill_is_shown_with_name_signal_model_and_what_stands_in_the_way() -> None:
    wizard = Wizard((), 0)
    wizard.hear(NEAR, 0)
    wizard.hear(replace(NEAR, address="b", name=None, model=None, available=True, rssi=-75, remembered=True), 0)
    text = shown(wizard)
    assert "▸ 1  (no name)  yours  ▂▄   fair\n     unknown model\n" in text
    assert "  2  F85  ▂▄▆█ strong\n     Sole F85 (2023); busy: another app is connected\n" in text


def test_without_bluetooth_the_reason_the_doctor_and_the_simulated_treadmill_are_offered() -> None:
    wizard = Wizard((), 0)
    wizard.deaf("Bluetooth is switched off; switch it on and try again.")
    text = shown(wizard)
    assert "Bluetooth is switched off; switch it on and try again." in text
    assert DOCTOR in text
    assert "Try it without a treadmill: s" in text


def test_after_a_while_without_a_treadmill_it_is_said_what_is_usually_the_matter() -> None:
    wizard = Wizard((), 0)
    assert "Switch the treadmill on" in shown(wizard, ADVICE_AFTER - 1)
    text = " ".join(shown(wizard, ADVICE_AFTER).split())
    assert "only for a minute or two after they are switched on" in text
    assert "Another app has it" in text
    assert DOCTOR in text


def test_the_line_with_the_cursor_is_always_shown_and_what_is_not_is_counted() -> None:
    wizard = met()
    for number in range(1, 14):
        for digit in str(number):
            wizard.press(digit, number * 10)
        text = shown(wizard)
        assert f"▸{number:>2}  " in text
        above = int(text.split("↑ ")[1].split()[0]) if "↑ " in text.split("────")[0] else 0
        below = int(text.split("↓ ")[1].split()[0]) if "   ↓ " in text else 0
        assert above + below + text.count("5:00, ") + text.count("not on this machine") == 13


def test_a_session_that_cannot_run_is_shown_with_the_whole_reason_once_the_cursor_is_on_it() -> None:
    wizard = met()
    wizard.sessions.at = "hard"
    text = shown(wizard)
    assert "Hard  not on this machine" in text
    assert REASON in " ".join(text.split())


def test_s14_the_notice_says_what_backstride_is_not() -> None:
    text = shown(met(Page.NOTICE))
    assert "not an emergency stop, and not a medical device" in text
    assert "Type yes if you have read this and the key is attached" in text


def test_what_finds_no_room_is_said_to_be_left_out() -> None:
    assert "`backstride info`" in shown(met(Page.PORTRAIT), height=14)


def test_an_aside_stands_at_the_right_of_the_title() -> None:
    assert shown(met(), aside="ready after 2.0 s").split("\n")[0].endswith("  ready after 2.0 s")
