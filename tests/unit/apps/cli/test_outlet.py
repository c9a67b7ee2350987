"""Output that never holds up the loop, against real pipes and files."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backstride.apps.cli.exits import is_full
from backstride.apps.cli.outlet import BEHIND, Outlet, is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

FULL = Path("/dev/full")
WITHIN = 5.0  # seconds of real time, for threads on a machine that does much else


@contextmanager
def _pipe(encoding: str = "utf-8", *, buffered: bool = True) -> Iterator[tuple[int, TextIO]]:
    reading, writing = os.pipe()
    raw = os.fdopen(writing, "wb", buffering=-1 if buffered else 0)
    with io.TextIOWrapper(raw, encoding=encoding, write_through=not buffered) as stream:
        yield reading, stream
    os.close(reading)


def _ignore(_: OSError) -> None:
    raise AssertionError("nothing has failed")


def _read(reading: int, length: int) -> bytes:
    taken = b""
    while len(taken) < length:
        taken += os.read(reading, length - len(taken))
    return taken


@pytest.mark.parametrize("buffered", [True, False])
async def test_what_is_written_arrives_in_order(buffered: bool) -> None:  # noqa: FBT001 - as pytest gives it
    """Also with PYTHONUNBUFFERED, which leaves a layer of the stream out."""
    with _pipe(buffered=buffered) as (reading, stream):
        out = Outlet(stream, _ignore)
        for number in range(100):
            assert out.write(f"{number} ↓\n") == len(f"{number} ↓\n")
            out.flush()
        out.finish()
        text = "".join(f"{number} ↓\n" for number in range(100)).encode()
        assert _read(reading, len(text)) == text


async def test_what_the_encoding_cannot_say_is_replaced() -> None:
    with _pipe("ascii") as (reading, stream):
        out = Outlet(stream, _ignore)
        assert (out.encoding, out.isatty()) == ("ascii", False)
        out.write("3 ↓\n")
        out.finish()
        assert _read(reading, 4) == b"3 ?\n"


async def test_s4_a_reader_who_takes_nothing_holds_up_neither_the_loop_nor_the_end() -> None:
    loop = asyncio.get_running_loop()
    with _pipe() as (reading, stream):
        out = Outlet(stream, _ignore)
        began = loop.time()
        for _ in range(100):
            out.write("x" * 10_000)  # a million octets; a pipe holds some sixty thousand
        assert out.is_behind
        assert loop.time() - began < 0.5
        out.finish()
        assert loop.time() - began < 1.5
        out.write("too late")
        assert _read(reading, 1_000_000) == b"x" * 1_000_000  # which lets the thread end
        await _threads_gone()


async def test_s6_a_reader_who_goes_is_noticed_without_a_word_written() -> None:
    with _pipe() as (reading, stream):
        gone = asyncio.get_running_loop().create_future()
        out = Outlet(stream, gone.set_result)
        out.write("hello\n")
        assert _read(reading, 6) == b"hello\n"
        spare = os.dup(reading)
        os.close(reading)
        os.close(spare)
        error = await asyncio.wait_for(gone, WITHIN)
        assert is_gone(error)
        assert not is_full(error)
        out.write("to nobody\n")
        await _threads_gone()
        os.dup2(os.open(os.devnull, os.O_RDONLY), reading)  # `_pipe` closes it


@pytest.mark.skipif(not FULL.exists(), reason="this platform has no /dev/full")
@pytest.mark.parametrize("waits", [True, False])
async def test_a_file_that_is_full_is_told_once(waits: bool) -> None:  # noqa: FBT001 - as pytest gives it
    failures: list[OSError] = []
    with FULL.open("w", encoding="utf-8", buffering=1) as stream:  # noqa: ASYNC230 - a device that answers at once
        out = Outlet(stream, failures.append, waits=waits)
        for _ in range(3):
            out.write("hello\n")
            await asyncio.sleep(0.05)
        out.finish()
        await asyncio.sleep(0)
        (error,) = failures
        assert is_full(error)
        assert not is_gone(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # what is left in its buffer must go somewhere


async def test_a_stream_that_was_closed_before_the_program_began_is_a_failure_of_the_first_word() -> None:
    failures: list[OSError] = []
    out = Outlet(None, failures.append)
    assert (out.encoding, out.isatty()) == ("utf-8", False)
    out.write("hello\n")
    out.write("again\n")
    await asyncio.sleep(0)
    assert [str(error) for error in failures] == ["[Errno 9] it was closed before the program began"]


async def test_a_stream_without_a_descriptor_is_written_to_at_once() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    out = Outlet(stream, _ignore)
    out.write("hello\n")
    stream.seek(0)
    assert stream.read() == "hello\n"


async def test_a_pipe_that_does_not_wait_gets_everything_all_the_same() -> None:
    """Whoever shares our standard output may have set it to non-blocking."""
    with _pipe() as (reading, stream):
        os.set_blocking(stream.fileno(), False)
        out = Outlet(stream, _ignore)
        out.write("y" * 200_000)
        assert await asyncio.to_thread(_read, reading, 200_000) == b"y" * 200_000
        out.finish()


async def _threads_gone() -> None:
    async with asyncio.timeout(WITHIN):
        while any(thread.name == "backstride-output" for thread in threading.enumerate()):  # noqa: ASYNC110 - a thread
            await asyncio.sleep(0.01)


def test_behind_is_more_than_a_few_screens() -> None:
    assert BEHIND > 3 * 100 * 40
