"""Says after the run how much the stateful tests have done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.soak import seconds, tally

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if tally:
        terminalreporter.section("any sequence")
    for name, count in sorted(tally.items()):
        took = f" in {seconds[name]:.0f} s of processor time" if name in seconds else ""
        terminalreporter.write_line(f"{name}: {count:,}{took}")
