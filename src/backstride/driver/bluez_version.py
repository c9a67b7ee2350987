"""The version of BlueZ as its programs tell it: the bus does not."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Final

VERSION_WITHIN: Final = 2.0
"""Seconds for a program to tell its version."""

_VERSION: Final = re.compile(rb"(\d+)\.(\d+)")
_TELLERS: Final = ("bluetoothctl", "/usr/libexec/bluetooth/bluetoothd", "/usr/lib/bluetooth/bluetoothd")


def bluez_version() -> tuple[int, int] | None:
    """Return the version; None where there is no BlueZ, or it does not say. It waits for programs."""
    if sys.platform != "linux":
        return None
    for program in _TELLERS:
        try:
            told = subprocess.run(  # noqa: S603 - a program of the system, without a word of ours
                (program, "--version"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=VERSION_WITHIN,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if (version := _VERSION.search(told.stdout)) is not None:
            return int(version[1]), int(version[2])
    return None
