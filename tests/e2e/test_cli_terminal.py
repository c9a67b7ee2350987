"""`backstride run` on a terminal: the live screen, the keys, the questions."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.command import LONGEST, events, without_escapes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.command import Program

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX")
termios = pytest.importorskip("termios", reason="pseudo-terminals are POSIX")


_ON_ITS_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "backstride", *sys.argv[1:]])
"""


class Terminal:
    """A program on a terminal of 100 by 40."""

    def __init__(self, program: Program, arguments: tuple[str | Path, ...], **environment: str) -> None:
        self.master, self._slave = pty.openpty()
        termios.tcsetwinsize(self._slave, (40, 100))
        self.before = termios.tcgetattr(self._slave)
        self.raw = ""
        self._closed = False
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ON_ITS_TERMINAL, *map(str, arguments)],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            env={**program.environment, **environment},
        )

    def read_until(self, text: str) -> None:
        """Read what is shown until `text` is among it."""
        deadline = time.monotonic() + LONGEST
        while text not in without_escapes(self.raw):
            assert time.monotonic() < deadline, f"{text!r} was never shown: {without_escapes(self.raw)[-2000:]}"
            self._read(0.1)

    def press(self, keys: str) -> None:
        self.raw = ""
        os.write(self.master, keys.encode())

    def end(self) -> int:
        """Read to the end and return the exit code."""
        deadline = time.monotonic() + LONGEST
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "the program did not end"
            self._read(0.1)
        self._read(0)
        assert termios.tcgetattr(self._slave) == self.before, "the terminal is not as it was"
        return self.process.returncode

    def hang_up(self) -> int:
        """Take the terminal away and return the exit code."""
        os.close(self._slave)
        os.close(self.master)
        self._closed = True
        return self.process.wait(timeout=LONGEST)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if not self._closed:
            os.close(self.master)
            os.close(self._slave)

    def _read(self, timeout: float) -> None:
        while select.select([self.master], [], [], timeout)[0]:
            self.raw += os.read(self.master, 65536).decode("utf-8", errors="replace")
            timeout = 0


@contextmanager
def on_a_terminal(program: Program, *arguments: str | Path, **environment: str) -> Iterator[Terminal]:
    terminal = Terminal(program, arguments, **environment)
    try:
        yield terminal
    finally:
        terminal.close()


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


def test_s7_limits_above_the_default_are_agreed_to_before_the_start(program: Program) -> None:
    with on_a_terminal(program, "run", "hill", "--simulated") as terminal:
        terminal.read_until("goes beyond the default limits")
        terminal.press("\r")
        terminal.read_until("Start Hill?")
        terminal.press("q")
        assert terminal.end() == 0


def test_s6_ctrl_c_typed_at_the_terminal_ends_with_130(program: Program) -> None:
    with on_a_terminal(program, "run", program.profile(), "--simulated") as terminal:
        terminal.read_until("Start Short?")
        terminal.press("\x03")
        assert terminal.end() == 130
    assert "Interrupted." in without_escapes(terminal.raw)


def test_s6_a_closed_terminal_stops_the_belt(program: Program) -> None:
    with on_a_terminal(program, "run", program.profile(), "--simulated", "--yes") as terminal:
        terminal.read_until("RUNNING")
        assert terminal.hang_up() == 129
    (record,) = program.records.iterdir()
    summary = events(record.read_text(encoding="ascii"))[-1]
    assert (summary["event"], summary["belt_standing"]) == ("summary", True)


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
