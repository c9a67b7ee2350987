"""A pseudo-terminal for a program to run on; POSIX only."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.command import LONGEST, without_escapes

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
SIZE = (40, 100)  # lines and columns


class Terminal:
    """A program on a terminal of so many lines and columns."""

    def __init__(
        self, program: Program, arguments: tuple[str | Path, ...], size: tuple[int, int] = SIZE, **environment: str
    ) -> None:
        self.master, self._slave = pty.openpty()
        termios.tcsetwinsize(self._slave, size)
        self.before = termios.tcgetattr(self._slave)
        self.raw = self.everything = ""
        self._deadline = time.monotonic() + LONGEST
        self._closed = False
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ON_ITS_TERMINAL, *map(str, arguments)],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            env={**program.environment, **environment},
        )

    def read_until(self, text: str, within: float = LONGEST) -> None:
        """Read what is shown until `text` is among it."""
        deadline = time.monotonic() + within
        while text not in without_escapes(self.raw):
            assert time.monotonic() < deadline, f"{text!r} was never shown: {without_escapes(self.raw)[-2000:]}"
            self.read(0.1)

    def read_for(self, seconds: float) -> None:
        """Read what is shown for so long, as somebody does who types nothing."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self.read(left)

    def read_more(self) -> None:
        """Read whatever is shown next, soon."""
        assert time.monotonic() < self._deadline, f"nothing more was shown: {without_escapes(self.raw)[-2000:]}"
        self.read(0.1)

    def press(self, keys: str) -> None:
        self.raw = ""
        self._deadline = time.monotonic() + LONGEST
        os.write(self.master, keys.encode())

    def end(self) -> int:
        """Read to the end and return the exit code."""
        deadline = time.monotonic() + LONGEST
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "the program did not end"
            self.read(0.1)
        self.read(0)
        assert termios.tcgetattr(self._slave) == self.before, "the terminal is not as it was"
        return self.process.returncode

    def cut(self) -> None:
        """Take the terminal away, as an emulator that dies does."""
        os.close(self._slave)
        os.close(self.master)
        self._closed = True

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if not self._closed:
            os.close(self.master)
            os.close(self._slave)

    def read(self, timeout: float = 0) -> None:
        """Read what is shown by now, or within so many seconds."""
        while select.select([self.master], [], [], timeout)[0]:
            read = os.read(self.master, 65536).decode("utf-8", errors="replace")
            self.raw, self.everything = self.raw + read, self.everything + read
            timeout = 0


@contextmanager
def on_a_terminal(
    program: Program, *arguments: str | Path, size: tuple[int, int] = SIZE, **environment: str
) -> Iterator[Terminal]:
    terminal = Terminal(program, arguments, size, **environment)
    try:
        yield terminal
    finally:
        terminal.close()
