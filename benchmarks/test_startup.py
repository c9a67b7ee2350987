"""What a user waits for before anything happens."""

from __future__ import annotations

import subprocess
import sys
import time


def best(*command: str, rounds: int = 15) -> float:
    """Return the shortest of several runs, in seconds."""
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return min(times)


def test_importing_the_package_costs_next_to_nothing() -> None:
    bare, loaded = best(sys.executable, "-c", "pass"), best(sys.executable, "-c", "import backstride")
    print(f"\nbare Python {bare * 1000:.0f} ms, import backstride {(loaded - bare) * 1000:.0f} ms more")
    assert loaded - bare <= 0.050


def test_help_is_there_at_once() -> None:
    bare, helped = best(sys.executable, "-c", "pass"), best(sys.executable, "-m", "backstride", "--help")
    print(f"\nbackstride --help {helped * 1000:.0f} ms ({helped / bare:.1f} times bare Python)")
    assert helped <= 0.3
