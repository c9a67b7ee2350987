"""Flushing to the disk, in real time."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from backstride import disk
from backstride.disk import Flushing
from backstride.errors import RecordError
from backstride.record.journal import Journal
from backstride.workout.events import Cue
from tests.unit.record.walks import header

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> int:
    return os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], None]], None]:
    """Let something else stand for the operating system's own call."""
    return lambda flush: monkeypatch.setattr(disk, "_flush", flush)


def test_s13_a_file_is_flushed_every_second_and_once_at_the_end(
    file: int, flushed: Callable[[Callable[[int], None]], None]
) -> None:
    instants: list[float] = []
    flushed(lambda descriptor: instants.append(time.monotonic()) if descriptor == file else None)
    began = time.monotonic()
    flushing = Flushing(file)
    time.sleep(2.3)
    flushing.finish()
    os.close(file)
    assert [round(instant - began, 1) for instant in instants] == pytest.approx([1.0, 2.0, 2.3], abs=0.2)


def test_a_disk_that_fails_on_the_way_is_told_at_the_end(
    file: int, flushed: Callable[[Callable[[int], None]], None]
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    flushed(fail)
    flushing = Flushing(file)
    with pytest.raises(OSError, match="Input/output error"):
        flushing.finish()
    os.close(file)


def test_s6_a_disk_that_hangs_holds_up_neither_a_line_nor_the_end_for_long(
    tmp_path: Path, flushed: Callable[[Callable[[int], None]], None]
) -> None:
    """Two seconds at the end, and the record says what is known: that nobody knows."""
    answers = threading.Event()

    def hang(_: int) -> None:
        answers.wait()

    flushed(hang)
    journal = Journal.create(tmp_path, header())
    began = time.monotonic()
    journal.write(Cue("Upright"), 1.0)
    assert time.monotonic() - began < 0.5
    with pytest.raises(RecordError, match="the disk does not answer"):
        journal.close({"event": "summary", "t": 2.0})
    assert time.monotonic() - began < 3.0
    answers.set()
    for thread in threading.enumerate():
        if thread.name == "backstride-record":
            thread.join()


async def test_s4_flushing_is_not_done_by_the_loop(
    tmp_path: Path, flushed: Callable[[Callable[[int], None]], None]
) -> None:
    flushers: list[threading.Thread] = []
    flushed(lambda _: flushers.append(threading.current_thread()))
    with Journal.create(tmp_path, header()):
        await asyncio.sleep(1.2)
    assert len(flushers) == 2
    assert threading.main_thread() not in flushers
