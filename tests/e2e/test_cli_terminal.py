"""`backstride run` on a terminal: the live screen, the keys, the questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.command import without_escapes
from tests.e2e.terminal import on_a_terminal

if TYPE_CHECKING:
    from tests.e2e.command import Program


def test_the_demo_is_drawn_live_and_gives_the_terminal_back(program: Program) -> None:
    with on_a_terminal(program, "run", program.profile(), "--simulated", "--fast") as terminal:
        assert terminal.end() == 0
    shown = without_escapes(terminal.raw)
    assert "\x1b[?1049h" in terminal.raw
    assert "\x1b[?1049l" in terminal.raw
    assert "██████" in shown
    assert "BACKWARD" in shown
    assert "Toes first" in shown
    assert "Finished." in shown


def test_without_colours_if_no_color_is_set(program: Program) -> None:
    with on_a_terminal(program, "run", program.profile(), "--simulated", "--fast", NO_COLOR="1") as terminal:
        assert terminal.end() == 0
    assert "\x1b[32m" not in terminal.raw
    assert ";31m" not in terminal.raw


def test_s1_a_person_starts_pauses_and_stops_the_belt_with_keys(program: Program) -> None:
    with on_a_terminal(program, "run", program.profile(), "--simulated") as terminal:
        terminal.read_until("Start Short?")
        terminal.press("\r")
        terminal.read_until("the belt starts")
        terminal.read_until("RUNNING")
        terminal.press("\x1b[C")
        terminal.read_until("Steeper by 0.5 %")
        terminal.press(" ")
        terminal.read_until("Paused: you paused it")
        terminal.press("q")
        assert terminal.end() == 0
    assert "Stopped: you stopped it." in without_escapes(terminal.raw)


def test_a_low_terminal_shows_the_newest_remark_and_how_to_stop(program: Program) -> None:
    with on_a_terminal(program, "run", program.profile(), "--simulated", size=(14, 60)) as terminal:
        terminal.read_until("Start Short?")
        terminal.press("\r")
        terminal.read_until("RUNNING")
        terminal.press("\x1b[C")
        terminal.read_until("Steeper by 0.5 %")
        terminal.read_for(2.0)  # until that frame is whole
        frames = [frame.splitlines() for frame in without_escapes(terminal.raw).split("Short ")]
        told = [frame for frame in frames if any("Steeper by 0.5 %" in line for line in frame)]
        assert any(line.startswith("q stop   space pause") for line in told[0])
        assert len(told[0]) <= 14
        terminal.press("q")
        assert terminal.end() == 0


def test_s7_limits_above_the_default_are_agreed_to_before_the_start(program: Program) -> None:
    with on_a_terminal(program, "run", "hill", "--simulated") as terminal:
        terminal.read_until("goes beyond the default limits")
        terminal.press("\r")
        terminal.read_until("Start Hill?")
        terminal.press("q")
        assert terminal.end() == 0


def test_what_is_to_be_seen_to_is_agreed_to_before_the_start(program: Program) -> None:
    with on_a_terminal(program, "run", program.profile(), "--simulated", "merach-w50") as terminal:
        terminal.read_until("Have you seen to it?")
        shown = " ".join(without_escapes(terminal.raw).replace("│", " ").split())
        assert "so open the Merach app first." in shown
        assert 'what it is set to (console = "mph" or "km/h").' in shown
        terminal.press("\r")
        terminal.read_until("Start Short?")
        terminal.press("q")
        assert terminal.end() == 0


def test_s6_ctrl_c_typed_at_the_terminal_ends_with_130(program: Program) -> None:
    with on_a_terminal(program, "run", program.profile(), "--simulated") as terminal:
        terminal.read_until("Start Short?")
        terminal.press("\x03")
        assert terminal.end() == 130
    assert "Interrupted." in without_escapes(terminal.raw)


def test_a_dumb_terminal_gets_lines(program: Program) -> None:
    with on_a_terminal(program, "run", program.profile(), "--simulated", "--fast", TERM="dumb") as terminal:
        assert terminal.end() == 0
    assert "\x1b[" not in terminal.raw
    assert "Step 1 of 2" in terminal.raw


def test_s14_the_notice_is_acknowledged_once_before_a_real_treadmill(program: Program) -> None:
    with on_a_terminal(program, "run", "first-steps") as terminal:
        terminal.read_until("Type yes")
        assert "not an emergency stop, and not a medical device" in without_escapes(terminal.raw)
        terminal.press("yes\n")
        assert terminal.end() == 3
    assert "notice_acknowledged" in program.settings.read_text(encoding="utf-8")
    with on_a_terminal(program, "run", "first-steps") as terminal:
        assert terminal.end() == 3
    assert "Type yes" not in terminal.raw


def test_s14_without_the_acknowledgement_nothing_is_even_looked_for(program: Program) -> None:
    with on_a_terminal(program, "run", "first-steps") as terminal:
        terminal.read_until("Type yes")
        terminal.press("no\n")
        assert terminal.end() == 2
    assert "Looking for" not in terminal.raw
    assert not program.settings.exists()
