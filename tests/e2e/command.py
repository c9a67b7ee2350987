"""The program as a person starts it: a process of its own, with settings and records of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 30.0
"""Seconds after which a command that still runs has failed the test."""

SHORT_PROFILE = """\
name: Short
facing: backward
steps:
  - steady: {for: 20 s, speed: 1 mph, incline: 0 %, cue: "Toes first"}
  - ramp: {for: 20 s, to: 1.5 mph}
"""

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")


@dataclass(frozen=True)
class Program:
    """A command line with a folder of its own."""

    folder: Path

    @property
    def records(self) -> Path:
        return self.folder / "records"

    @property
    def settings(self) -> Path:
        return self.folder / "settings.toml"

    @property
    def environment(self) -> dict[str, str]:
        """The caller's environment, without Bluetooth, without a terminal's wishes, and with our own files."""
        wishes = {"NO_COLOR", "COLUMNS", "LINES", "PYTHONUNBUFFERED"}
        kept = {name: value for name, value in os.environ.items() if name not in wishes}
        return {
            **kept,
            "BACKSTRIDE_CONFIG": str(self.settings),
            "BACKSTRIDE_RECORDS": str(self.records),
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder / 'no-bus'}",
            "TERM": "xterm-256color",
        }

    def profile(self, text: str = SHORT_PROFILE, name: str = "short.yaml") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            self._command(*arguments),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            env=self.environment,
            timeout=LONGEST,
            check=False,
        )

    def start(self, *arguments: str | Path, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start the command without a terminal, its output to be read line by line."""
        return subprocess.Popen(
            self._command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
            env=self.environment,
        )

    def _command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "backstride", *map(str, arguments)]


def events(output: str) -> list[dict[str, object]]:
    """Read JSON lines."""
    return [json.loads(line) for line in output.splitlines()]


def without_escapes(text: str) -> str:
    """Return what a terminal would show, without colours and movements."""
    return _ESCAPES.sub("", text)
