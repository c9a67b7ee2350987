"""S6 from the belt's side: a second process stops it when the session's dies, hangs or is killed."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tests.e2e.bluez.emulated import GONE_WITHIN, watchdogs
from tests.e2e.bluez.walker import BLOCKED_FOR, alone
from tests.support.bench import starts, until, written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from backstride.simulator.hci import HciTreadmill
    from tests.e2e.bluez.air import KernelAir

STANDS_WITHIN: Final = 4.0
"""Seconds from the loss of the session to a standing belt (issue 4, part 3)."""

HUNG_FOR: Final = 2.0
STOP: Final = "0801"
FORKS: Final = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.e2e.bluez.walker"])


class Walker:
    """A session in a process of its own, with its belt moving."""

    def __init__(self, treadmill: HciTreadmill, process: ForkServerProcess, output: Path) -> None:
        self.treadmill = treadmill
        self.process = process
        self._output = output

    @property
    def text(self) -> str:
        """What it has said so far, and its watchdog with it."""
        return self._output.read_text() if self._output.exists() else ""

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def stands(self, within: float = STANDS_WITHIN) -> float:
        """Return after how many seconds the belt stands."""
        return await until(lambda: self.treadmill.belt.standing, within)

    async def gone(self, within: float = 15.0) -> None:
        await until(lambda: self.process.exitcode is not None, within)


@contextlib.asynccontextmanager
async def walking(
    air: KernelAir, folder: Path, name: str, model: str = "generic", speed: str = "1.2"
) -> AsyncIterator[Walker]:
    await until(lambda: not watchdogs(), GONE_WITHIN)
    output = folder / "said"
    async with air.treadmill(model, name=name) as treadmill:
        process = FORKS.Process(target=alone, args=(name, speed, str(output)))
        walker = Walker(treadmill, process, output)
        process.start()
        try:
            await until(lambda: treadmill.belt.target >= float(speed) or process.exitcode is not None, 60)
            await asyncio.sleep(1.0)
            assert process.exitcode is None, walker.text
            assert len(watchdogs()) == 1, walker.text
            yield walker
            await until(lambda: not watchdogs(), GONE_WITHIN)
        finally:
            process.kill()
            await walker.gone()
            sys.stdout.write(walker.text)


async def test_s6_a_killed_process_leaves_a_standing_belt(air: KernelAir, tmp_path: Path) -> None:
    async with walking(air, tmp_path, "Killed") as walker:
        walker.signal(signal.SIGKILL)
        sys.stdout.write(f"FIGURE kill -9: stands after {await walker.stands():.2f} s\n")
    assert starts(walker.treadmill) == 1
    assert "is gone" in walker.text


async def test_s6_a_killed_process_whose_link_goes_with_it_leaves_a_standing_belt(
    air: KernelAir, tmp_path: Path
) -> None:
    async with walking(air, tmp_path, "Both") as walker:
        before = max(write.connection for write in walker.treadmill.writes)
        walker.treadmill.drop_link(out_of_reach_for=0.3)
        walker.signal(signal.SIGKILL)
        sys.stdout.write(f"FIGURE kill -9 and link lost: stands after {await walker.stands():.2f} s\n")
    assert starts(walker.treadmill) == 1
    assert walker.treadmill.writes[-1].connection > before


async def test_s6_s2_a_stopped_process_finds_its_session_over_when_it_goes_on(air: KernelAir, tmp_path: Path) -> None:
    async with walking(air, tmp_path, "Frozen") as walker:
        walker.signal(signal.SIGSTOP)
        took = await walker.stands(HUNG_FOR + STANDS_WITHIN)
        sys.stdout.write(f"FIGURE SIGSTOP: stands after {took:.2f} s\n")
        assert took < STANDS_WITHIN
        await asyncio.sleep(2.0)
        walker.signal(signal.SIGCONT)
        await walker.gone()
        await asyncio.sleep(1.0)
        assert walker.treadmill.belt.standing
    assert starts(walker.treadmill) == 1
    assert written(walker.treadmill)[-1] == STOP
    assert "this program hung, and the belt was stopped" in walker.text


async def test_s6_s2_a_blocked_event_loop_is_a_hang(air: KernelAir, tmp_path: Path) -> None:
    async with walking(air, tmp_path, "Blocked") as walker:
        walker.signal(signal.SIGUSR1)
        took = await walker.stands(BLOCKED_FOR)
        sys.stdout.write(f"FIGURE blocked event loop: stands after {took:.2f} s\n")
        assert took < STANDS_WITHIN
        await walker.gone(BLOCKED_FOR + 15.0)
        assert walker.treadmill.belt.standing
    assert starts(walker.treadmill) == 1
    assert "this program hung, and the belt was stopped" in walker.text


async def test_s6_a_killed_watchdog_is_missed_and_replaced(air: KernelAir, tmp_path: Path) -> None:
    async with walking(air, tmp_path, "Replaced") as walker:
        (first,) = watchdogs()
        os.kill(first, signal.SIGKILL)
        await until(lambda: "another one is started" in walker.text, 3)
        await until(lambda: len(watchdogs()) == 1 and watchdogs() != [first], 3)
        await asyncio.sleep(8.0)  # an emulated computer takes seconds to load it, and nothing outside shows when it has
        assert not walker.treadmill.belt.standing
        walker.signal(signal.SIGKILL)
        await walker.stands()


async def test_s6_a_session_that_is_interrupted_stops_its_belt_by_itself(air: KernelAir, tmp_path: Path) -> None:
    """Ctrl-C reaches everything in the terminal's process group; the watchdog is in none, and writes nothing."""
    async with walking(air, tmp_path, "Interrupted") as walker:
        before = len(written(walker.treadmill))
        os.killpg(walker.pid, signal.SIGINT)
        await walker.stands()
        await walker.gone()
        assert watchdogs() == []
    assert {*written(walker.treadmill)[before:]} == {STOP}
    assert "watchdog" not in walker.text


async def test_pacing_holds_between_the_session_s_last_write_and_the_watchdog_s_first(
    air: KernelAir, tmp_path: Path
) -> None:
    async with walking(air, tmp_path, "KS-HD-Z1D5EED", "kingsmith-z1", "1.6") as walker:
        walker.signal(signal.SIGKILL)
        await walker.stands()
    instants = [write.time for write in walker.treadmill.writes]
    assert all(later - sooner >= walker.treadmill.facts.control.pacing for sooner, later in pairwise(instants))
