"""The installed command on a terminal and a real stack: started by a person, and ended from outside.

What became of the belt is read on its own side, what the program kept in its record.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Final

import pytest

from backstride.record.recording import read_record
from tests.e2e.afoot import LONG
from tests.e2e.bluez.emulated import BUS, GONE_WITHIN, PATIENCE, watchdogs
from tests.e2e.command import Program, without_escapes
from tests.e2e.terminal import Terminal
from tests.support.bench import starts, until, written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from backstride.record.recording import Recording
    from backstride.simulator.hci import HciTreadmill
    from tests.e2e.bluez.air import KernelAir

STANDS_WITHIN: Final = 4.0
"""Seconds from the signal to a standing belt: the way through the stack, and two seconds of slowing down."""


@contextlib.asynccontextmanager
async def walking(treadmill: HciTreadmill, program: Program) -> AsyncIterator[Terminal]:
    """Walk in a process of its own for the block, its belt moving."""
    arguments = ("run", program.profile(LONG), "--device", treadmill.address)
    terminal = await asyncio.to_thread(Terminal, program, arguments, DBUS_SYSTEM_BUS_ADDRESS=BUS)
    try:
        await asyncio.to_thread(_begin, terminal)
        await until(lambda: treadmill.belt.target > 0 and not treadmill.belt.standing, 30)
        await asyncio.to_thread(terminal.read_until, "RUNNING")
        yield terminal
    finally:
        await asyncio.to_thread(terminal.close)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
async def test_s6_a_signal_stops_the_belt_then_ends_the_program(
    air: KernelAir, tmp_path: Path, number: signal.Signals
) -> None:
    program = Program(tmp_path)
    async with air.treadmill(name="Signalled") as treadmill, walking(treadmill, program) as terminal:
        terminal.process.send_signal(number)
        ending = asyncio.create_task(asyncio.to_thread(terminal.end))
        await until(lambda: treadmill.belt.standing, STANDS_WITHIN)
        assert await ending == 128 + number
        assert "Interrupted. The belt stands." in without_escapes(terminal.raw)
        assert written(treadmill)[-1] == "0801"
        assert starts(treadmill) == 1
    record = _record(program)
    assert record.complete
    assert [entry["belt_standing"] for entry in record.entries() if entry.get("event") == "ended"] == [True]


async def test_s13_a_killed_program_leaves_a_record_up_to_its_last_second(air: KernelAir, tmp_path: Path) -> None:
    """The belt is the watchdog's matter, which an emulated computer takes seconds to load."""
    program = Program(tmp_path)
    async with air.treadmill(name="Killed") as treadmill, walking(treadmill, program) as terminal:
        await asyncio.sleep(3.0)
        terminal.process.kill()
        await asyncio.to_thread(terminal.process.wait)
        await until(lambda: treadmill.belt.standing, 30)
        await until(lambda: not watchdogs(), GONE_WITHIN)  # it leaves once it has seen the belt stand
        assert starts(treadmill) == 1
    record = _record(program)
    assert not record.complete
    assert not record.running
    samples = [float(str(entry["t"])) for entry in record.entries() if entry.get("event") == "sample"]
    assert len(samples) >= 3


def _begin(terminal: Terminal) -> None:
    """Answer what a person is asked before the belt of a real treadmill moves (S1)."""
    terminal.read_until("Type yes", PATIENCE)
    terminal.press("yes\n")
    terminal.read_until("Start Long?", PATIENCE)
    terminal.press("\r")


def _record(program: Program) -> Recording:
    (path,) = program.records.iterdir()
    return read_record(path)
