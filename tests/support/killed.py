"""Kills walks at random instants: ``python -m tests.support.killed FOLDER COUNT SEED`` prints what was known of each.

Everything is imported once; each walk is a fork of this process, in real time on a simulated treadmill, and dies by
SIGKILL. Every fourth is told to stop shortly before, so that the end of a record is hit as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import json
import os
import random
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backstride.apps.service import Walk, prepare
from backstride.driver.machine import Machine
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.support.workout import profile, steady

if TYPE_CHECKING:
    from collections.abc import Iterator

LIVES_AT_MOST = 10.0
"""Seconds: the countdown, the first motion, and a little of the way."""

FORKS_EVERY = 0.1
STOPS_BEFORE = 3.0


@dataclass(frozen=True)
class Killed:
    """One walk that was killed.

    Attributes:
        record: Its record, or None if it did not live to open one.
        clock: Seconds on the session's clock at the kill.
        told: Instants of the events that it had told a listener by then.
    """

    record: str | None
    clock: float
    told: list[float]


@dataclass(frozen=True)
class _Child:
    pid: int
    pipe: int


def kill_walks(folder: Path, count: int, seed: int) -> Iterator[Killed]:
    """Fork `count` walks, one every tenth of a second, and kill each at a random instant of its first ten seconds."""
    chance = random.Random(seed)  # noqa: S311 - the same instants every time
    began = time.monotonic()
    lives = [chance.uniform(0.0, LIVES_AT_MOST) for _ in range(count)]
    stops = [life - chance.uniform(0.0, STOPS_BEFORE) if number % 4 == 0 else None for number, life in enumerate(lives)]
    agenda = [(number * FORKS_EVERY, number, True) for number in range(count)]
    children: dict[int, _Child] = {}
    while agenda:
        at, number, is_birth = heapq.heappop(agenda)
        time.sleep(max(0.0, began + at - time.monotonic()))
        if is_birth:
            children[number] = _fork(folder, stops[number])
            heapq.heappush(agenda, (time.monotonic() - began + lives[number], number, False))
        else:
            yield _kill(children.pop(number))


def _fork(folder: Path, stop_after: float | None) -> _Child:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            asyncio.run(_walk(folder, writing, stop_after))
        os._exit(1)
    os.close(writing)
    return _Child(pid, reading)


async def _walk(folder: Path, pipe: int, stop_after: float | None) -> None:
    loop = asyncio.get_running_loop()
    async with Machine.connect(SimulatedTreadmill()) as machine:
        walk = Walk(machine, prepare(profile(steady("2.0", 3600.0)), machine), records=folder)
        _tell(pipe, {"record": str(walk.record), "began": loop.time() - walk.session.elapsed})
        walk.observe(lambda _, at: _tell(pipe, round(at, 3)))
        loop.call_soon(walk.start)
        if stop_after is not None:
            loop.call_later(stop_after, walk.stop)
        await walk.run()
    await asyncio.sleep(LIVES_AT_MOST)


def _tell(pipe: int, value: object) -> None:
    os.write(pipe, f"{json.dumps(value)}\n".encode())


def _kill(child: _Child) -> Killed:
    now = time.monotonic()
    os.kill(child.pid, signal.SIGKILL)
    _, status = os.waitpid(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        raise RuntimeError("a walk ended before it was killed")
    with os.fdopen(child.pipe, encoding="ascii") as pipe:
        first, *told = [json.loads(line) for line in pipe] or [{"record": None, "began": now}]
    return Killed(first["record"], now - first["began"], told)


if __name__ == "__main__":
    for killed in kill_walks(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])):
        sys.stdout.write(f"{json.dumps(asdict(killed))}\n")
