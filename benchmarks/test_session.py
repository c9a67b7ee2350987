"""A session through the whole stack, in virtual time: bleak client, driver, runner, record on disk."""

from __future__ import annotations

import subprocess
import sys

HOURS = """
import asyncio, resource, sys, tempfile, time
from pathlib import Path
from backstride import Incline, Machine, Profile, SimulatedTreadmill, Speed, Steady, run_session
from backstride.simulator.virtual_time import virtual_loop

async def walk(hours, folder):
    slow, brisk, incline = Speed.parse("2.6 mph"), Speed.parse("3.2 mph"), Incline.parse("2 %")
    steps = tuple(Steady(duration=900.0, speed=(slow, brisk)[i % 2], incline=incline) for i in range(4 * hours))
    async with Machine.connect(SimulatedTreadmill()) as machine:
        began = time.perf_counter()
        summary = await run_session(machine, Profile(name="bench", steps=steps), records=folder)
        assert summary.ending == "finished" and summary.duration > 3600 * hours
        return time.perf_counter() - began

hours = int(sys.argv[1])
with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=virtual_loop) as runner:
    seconds = runner.run(walk(hours, Path(folder)))
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def walk(hours: int) -> tuple[float, float]:
    """Walk in a fresh process; return its seconds and its peak memory in MB."""
    result = subprocess.run([sys.executable, "-c", HOURS, str(hours)], capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, result.stdout.split())
    return seconds, megabytes


def test_an_hour_takes_half_a_second_and_ten_hours_ten_times_that() -> None:
    hour = min(walk(1)[0] for _ in range(3))
    ten_hours, megabytes = walk(10)
    growth = ten_hours / 10 / hour
    print(
        f"\none hour {hour:.2f} s, ten hours {ten_hours:.2f} s ({growth:.2f} of that an hour), peak {megabytes:.0f} MB"
    )
    assert hour <= 0.5
    assert growth <= 1.1
    assert megabytes <= 80
