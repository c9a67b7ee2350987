"""Walks whose belts move, each in a process of its own and in real time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Self

from tests.e2e.command import Program, events

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LONG = "name: Long\nsteps:\n  - steady: {for: 6 h, speed: 1 mph}\n"

PATIENCE = 90.0
"""Seconds after which a walk that has not come so far has failed: many of them share the machine."""

_STOP = "> 2AD9 Fitness Machine Control Point   08 01\n"
_LOOK_EVERY = 0.005


@dataclass(frozen=True)
class End:
    """How a walk ended, with the seconds from its cause until each part of the end was seen from outside."""

    code: int
    said: str
    stop_after: float
    record_after: float
    exit_after: float


class Afoot:
    """One walk; a context manager that leaves no process behind.

    Args:
        folder: For its record, its log and everything else of it; made here.
        options: Further options of `run`.
        profile: What to walk.
        model: On which simulated treadmill.
        output: Where standard output goes; without it into a pipe that nobody reads until the end.
        line: A line for `sh` that starts the command ``"$@"``, to take streams or room away from it.
    """

    process: subprocess.Popen[str]

    def __init__(
        self,
        folder: Path,
        *options: str | Path,
        profile: str = LONG,
        model: str | Path = "generic",
        output: int | IO[str] = subprocess.PIPE,
        line: str = 'exec "$@"',
    ) -> None:
        folder.mkdir()
        self.program = Program(folder)
        self.log = folder / "air.log"
        path = self.program.profile(profile)
        options = ("run", path, "--simulated", model, "--yes", "--log", self.log, *options)
        self.start([*map(str, options)], output, line)

    def start(self, arguments: list[str], output: int | IO[str], line: str) -> None:
        self.process = subprocess.Popen(
            ["sh", "-c", line, "sh", sys.executable, "-m", "backstride", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=self.program.environment,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    @property
    def record(self) -> Path:
        (path,) = self.program.records.iterdir()
        return path

    @property
    def lines(self) -> list[dict[str, object]]:
        """What is in the record, every line of it whole."""
        return events(self.record.read_text(encoding="ascii"))

    @property
    def is_moving(self) -> bool:
        records = self.program.records.glob("*")  # none as long as the program has not come so far
        return any('"state":"running"' in record.read_text(encoding="ascii") for record in records)

    @property
    def is_told_to_stop(self) -> bool:
        """Whether Stop is on the wire."""
        return _STOP in self.log.read_text(encoding="ascii")

    @property
    def is_recorded(self) -> bool:
        """Whether the record has its last line."""
        return '{"event":"summary"' in self.record.read_text(encoding="ascii")

    def until(self, condition: Callable[[], bool], every: float = 0.05) -> None:
        """Look until `condition` holds."""
        began = time.monotonic()
        while not condition():
            assert self.process.poll() is None, "the program has ended before"
            assert time.monotonic() - began < PATIENCE, f"not within {PATIENCE} s"
            time.sleep(every)

    def until_moving(self) -> None:
        self.until(lambda: self.is_moving)

    def until_instant(self, seconds: float) -> None:
        """Wait until the record has come to so many seconds."""
        self.until(lambda: self.is_moving and float(str(self.lines[-1]["t"])) > seconds)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self, cause: Callable[[], object]) -> End:
        """Bring the end about, and watch its parts: Stop on the wire, the last line of the record, the exit."""
        began = time.monotonic()
        cause()
        seen: dict[str, float] = {}
        parts: dict[str, Callable[[], bool]] = {
            "stop": lambda: self.is_told_to_stop,
            "record": lambda: self.is_recorded,
            "exit": lambda: self.process.poll() is not None,
        }
        over = False
        while not over:
            assert time.monotonic() - began < PATIENCE, f"only {seen}"
            over = self.process.poll() is not None  # what came before the exit is looked for once more
            for name, is_there in parts.items():
                if name not in seen and is_there():
                    seen[name] = time.monotonic() - began
            time.sleep(_LOOK_EVERY)
        said = "" if self.process.stderr is None else self.process.stderr.read()
        return End(self.process.returncode, said, seen["stop"], seen["record"], seen["exit"])

    def output(self) -> str:
        """Read what is left of standard output."""
        return "" if self.process.stdout is None else self.process.stdout.read()


def last_line(output: str) -> dict[str, object]:
    """Read the last of some JSON lines."""
    line: dict[str, object] = json.loads(output.splitlines()[-1])
    return line


def small_pipe() -> tuple[int, int]:
    """Return both ends of the smallest pipe there is."""
    import fcntl  # noqa: PLC0415 - not on Windows

    reading, writing = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    return reading, writing
