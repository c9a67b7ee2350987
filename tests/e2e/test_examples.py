"""Every example runs as it is shipped; only time is virtual."""

from __future__ import annotations

import asyncio
import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backstride.simulator.virtual_time import virtual_loop

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parents[2] / "examples"

LAST_LINES = {
    "profile_in_python.py": "finished: ",
    "read_telemetry.py": "0.80 km/h, 0.0 %, ",
    "scripted_workout.py": "finished: ",
    "set_speed_and_incline.py": "stop: confirmed",
    "two_treadmills.py": "finished, ",
}
PYTEST_EXAMPLES = {"test_your_own_code.py"}
BROKER_EXAMPLES = {"mqtt_dashboard.py"}  # test_cli_bridge.py runs it


def test_every_example_is_listed_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(LAST_LINES) | PYTEST_EXAMPLES | BROKER_EXAMPLES


@pytest.mark.parametrize("name", LAST_LINES)
def test_an_example_runs_to_its_last_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    program: Callable[[], object] = runpy.run_path(str(EXAMPLES / name))["main"]
    with asyncio.Runner(loop_factory=virtual_loop) as runner:
        runner.run(program())  # type: ignore[arg-type] # each example's main is a coroutine function
    assert LAST_LINES[name] in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("name", sorted(PYTEST_EXAMPLES))
def test_an_example_of_tests_passes(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLES / name)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120)
    assert result.returncode == 0, result.stdout
    assert "2 passed" in result.stdout
