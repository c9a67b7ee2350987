"""`backstride learn` on a terminal: steps, questions, figures, and every way out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backstride.capture.file import read_capture
from backstride.machines.facts import load_facts
from backstride.simulator.replayed import facts_in
from tests.e2e.command import LONGEST, without_escapes
from tests.e2e.terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.command import Program
    from tests.e2e.terminal import Terminal

PROMPT = re.compile(
    r"(?P<step>\[Enter: go .*?\])|(?P<yes>\[y or n; .*?\])|(?P<speed>\[the number with k .*?\])|"
    r"(?P<figure>\[the number, then .*?\])|(?P<end>Machine file: )"
)
WHAT = "step", "yes", "speed", "figure", "end"


def next_prompt(terminal: Terminal) -> tuple[str, str]:
    """Read on until something is asked, or all is over; return what, and what was shown before it."""
    while True:
        shown = " ".join(without_escapes(terminal.raw).split())
        if (found := PROMPT.search(shown)) is not None:
            return str(found.lastgroup), shown[: found.start()]
        terminal.read_more()


def answer(terminal: Terminal, replies: Callable[[str, str], str]) -> list[str]:
    """Answer whatever is asked until nothing is any more; return what was asked."""
    asked = []
    while True:
        what, text = next_prompt(terminal)
        asked.append(text)
        if what == "end":
            return asked
        if not (keys := replies(what, text)):
            return asked
        terminal.press(keys)


def usual(what: str, text: str) -> str:
    """Return what somebody presses beside a machine that follows the standard."""
    if what == "step":
        return "\r"
    if what == "speed":
        return "2k\x7f\x7f\r"  # thought better of it
    if what == "figure":
        return "\r"
    return "n" if "move" in text.rpartition(".")[2] else "y"


def test_a_whole_course_is_walked_through_with_keys_and_leaves_a_machine_file_and_a_capture(program: Program) -> None:
    output = program.folder / "mine.toml"
    with on_a_terminal(program, "learn", "--simulated", "citysports-pad", "--fast", "-o", output) as terminal:
        terminal.read_until("let nobody step on it")
        asked = answer(terminal, usual)
        assert terminal.end() == 0
    assert len(asked) >= 7
    facts, true = load_facts(str(output)), load_facts("citysports-pad")
    assert facts.control == true.control
    assert facts.incline is None
    assert facts.speed == true.speed
    captured = read_capture(program.folder / "mine.capture.jsonl")
    assert facts_in(captured) == facts


def test_a_learned_machine_file_is_walked_with(program: Program) -> None:
    output = program.folder / "mine.toml"
    learned = program.run("learn", "--simulated", "kingsmith-z1", "--yes", "-o", output)
    assert learned.returncode == 0, learned.stderr
    walked = program.run("run", program.profile(), "--simulated", output, "--fast", "--json")
    assert walked.returncode == 0, walked.stderr
    assert '"outcome":"completed"' in walked.stdout.replace(" ", "") or '"finished"' in walked.stdout


def test_a_figure_that_is_none_is_asked_for_again(program: Program) -> None:
    with on_a_terminal(program, "learn", "--simulated", "--fast", "-o", program.folder / "m.toml") as terminal:
        typed = {"speed": 0}

        def replies(what: str, text: str) -> str:
            if what == "speed":
                typed["speed"] += 1
                return {1: "1.6\r", 2: "1,6k\r"}.get(typed["speed"], "")
            return usual(what, text)

        asked = answer(terminal, replies)
        assert any("'1.6' is not understood." in text for text in asked)
        terminal.press("q")
        terminal.read_until("Machine file: ")
        assert terminal.end() == 0


@pytest.mark.parametrize("moment", [1, 2, 4])
def test_s4_q_and_space_stop_the_belt_and_end_it_at_any_question(program: Program, moment: int) -> None:
    seen = 0
    with on_a_terminal(program, "learn", "--simulated", "--fast", "-o", program.folder / "m.toml") as terminal:

        def replies(what: str, text: str) -> str:
            nonlocal seen
            seen += 1
            return (" " if moment % 2 else "q") if seen == moment else usual(what, text)

        answer(terminal, replies)
        terminal.read_until("Ended early: you stopped it")
        assert terminal.end() == 0
    lines = (program.folder / "m.capture.jsonl").read_text(encoding="ascii").splitlines()
    writes = [line for line in lines if '"asked"' in line and '"write"' in line]
    if any('"hex":"07"' in line.replace(" ", "") for line in writes):
        assert '"hex":"0801"' in writes[-1].replace(" ", "")


def test_s1_every_step_can_be_left_out_and_then_nothing_is_written_that_moves(program: Program) -> None:
    with on_a_terminal(program, "learn", "--simulated", "--fast", "-o", program.folder / "m.toml") as terminal:
        answer(terminal, lambda what, text: "s" if what == "step" else usual(what, text))
        assert terminal.end() == 0
    text = (program.folder / "m.capture.jsonl").read_text(encoding="ascii").replace(" ", "")
    assert '"hex":"07"' not in text
    assert "you left it out" in (program.folder / "m.toml").read_text(encoding="utf-8")


def test_s12_a_lost_link_is_told_at_once_and_ends_as_a_fault(program: Program) -> None:
    fault = "link-lost=600@motion+5"
    arguments = ("learn", "--simulated", "--fast", "--fault", fault, "-o", program.folder / "m.toml")
    with on_a_terminal(program, *arguments) as terminal:
        answer(terminal, usual)
        assert terminal.end() == 5
    shown = " ".join(without_escapes(terminal.everything).split())
    assert "The connection is lost" in shown
    assert "press the treadmill's own stop button" in shown
    assert "The belt was not seen to stand" in shown


def test_a_belt_that_runs_away_is_stopped_at_once_and_that_is_told(program: Program) -> None:
    arguments = ("learn", "--simulated", "--fast", "--fault", "floor=8", "-o", program.folder / "m.toml")
    with on_a_terminal(program, *arguments) as terminal:
        answer(terminal, usual)
        assert terminal.end() == 0
    assert "Ended early: the belt ran faster than a walk, and was stopped" in without_escapes(terminal.everything)


def test_a_locked_machine_is_named_as_such(program: Program) -> None:
    arguments = ("learn", "--simulated", "--fast", "--fault", "write-lost", "--fault", "silent")
    with on_a_terminal(program, *arguments, "-o", program.folder / "m.toml") as terminal:
        assert answer(terminal, usual)[:-1] == []
        assert terminal.end() == 0
    shown = " ".join(without_escapes(terminal.everything).split())
    assert "it may be locked until the maker's app unlocks it" in shown


def test_s6_ctrl_c_stops_the_belt_and_ends_with_130(program: Program) -> None:
    with on_a_terminal(program, "learn", "--simulated", "--fast", "-o", program.folder / "m.toml") as terminal:
        answer(terminal, lambda what, text: "" if "faster" in text.lower() else usual(what, text))
        terminal.press("\x03")
        terminal.read_until("Ended early: you interrupted it")
        assert terminal.end() == 130
    text = (program.folder / "m.capture.jsonl").read_text(encoding="ascii").replace(" ", "")
    assert '"hex":"0801"' in text[text.rindex('"hex":"07"') :]


def test_s6_a_terminal_that_is_closed_leaves_a_standing_belt_and_both_files(program: Program) -> None:
    with on_a_terminal(program, "learn", "--simulated", "--fast", "-o", program.folder / "m.toml") as terminal:
        answer(terminal, lambda what, text: "" if "faster" in text.lower() else usual(what, text))
        terminal.cut()
        assert terminal.process.wait(LONGEST) != 0
    text = (program.folder / "m.capture.jsonl").read_text(encoding="ascii").replace(" ", "")
    assert '"hex":"0801"' in text[text.rindex('"hex":"07"') :]
    assert load_facts(str(program.folder / "m.toml")).speed == load_facts("generic").speed


def test_what_cannot_be_tried_out_is_refused_in_a_sentence(program: Program) -> None:
    taken = program.folder / "taken.toml"
    taken.write_text("", encoding="utf-8")
    for arguments, sentence in (
        (("--simulated",), "A person at a terminal agrees to each motion (S1), and there is none here."),
        (("--yes",), "--yes is for simulated treadmills only"),
        (("--fast",), "--fast is for simulated treadmills only"),
        (("--simulated", "--yes", "-o", taken), "There is a file"),
        (("--simulated", "--yes", "-o", Path("mine.txt")), "A machine file ends in .toml"),
        (("--simulated", "--yes", "-o", Path("no-such-folder") / "mine.toml"), "cannot be written to no-such-folder"),
    ):
        done = program.run("learn", *arguments)
        assert done.returncode == 2, done.stderr
        assert sentence in " ".join(done.stderr.split())


def test_the_help_says_where_to_stand_and_how_to_stop(program: Program) -> None:
    shown = " ".join(program.run("learn", "--help").stdout.split())
    for words in ("You stand beside the belt, and nobody on it.", "Space, q or Ctrl-C stops the belt", "capture"):
        assert words in shown
