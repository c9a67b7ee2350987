"""What holds for programs that run in the virtual machine beside the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PATIENCE: Final = 120.0
"""Seconds for a program to load on an emulated computer that others keep busy."""

BUS: Final = "unix:path=/run/dbus/system_bus_socket"
"""Where the system's message bus is; a program's environment is emptied but for this."""

GONE_WITHIN: Final = 30.0
"""Seconds for a watchdog that has done its work to end: none of the test before may be taken for this one's."""

_WATCHDOG: Final = b"backstride.driver.watchdog"


def watchdogs() -> list[int]:
    """Return the processes that are watchdogs."""

    def is_one(entry: Path) -> bool:
        try:
            return _WATCHDOG in (entry / "cmdline").read_bytes()
        except OSError:
            return False

    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and is_one(entry)]
