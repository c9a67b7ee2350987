"""What holds for programs that run in the virtual machine beside the tests."""

from __future__ import annotations

from typing import Final

PATIENCE: Final = 120.0
"""Seconds for a program to load on an emulated computer that others keep busy."""

BUS: Final = "unix:path=/run/dbus/system_bus_socket"
"""Where the system's message bus is; a program's environment is emptied but for this."""
