"""Standard output that never holds up the belt: the loop hands text over, and a thread writes it.

A terminal halted with Ctrl-S, a pager nobody scrolls, a remote shell whose network is gone: each takes nothing more,
and whoever writes to it waits. That must not be the event loop, which could not even send Stop then (S4).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import select
import threading
import time
from io import RawIOBase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

FINISHES_WITHIN: Final = 0.5
"""Seconds that a program which ends waits for its last words to be taken."""

BEHIND: Final = 64 * 1024
"""Octets that wait to be written, above which a screen need not be drawn anew."""

_LOOKS_EVERY: Final = 0.5  # seconds between two looks whether anybody still reads
_GONE: Final = {errno.EPIPE, errno.EIO}


class Outlet:
    """A stream for text to write to, from one event loop.

    Args:
        stream: Standard output or standard error; None, as Python has it, if it was closed before the program began.
        failed: Called once, in the loop, when nothing can be written any more; from then on nothing is.
        waits: True to write at once and wait, which is for virtual time, where the reader sets the pace.
    """

    def __init__(self, stream: TextIO | None, failed: Callable[[OSError], None], *, waits: bool = False) -> None:
        self._stream = stream
        self._is_terminal = stream is not None and stream.isatty()  # it will not say so once it has been closed
        self._failed = failed
        self._raw = None if waits else _raw(stream)
        self._loop = asyncio.get_running_loop()
        self._changed = threading.Condition()
        self._waiting: list[bytes] = []
        self._size = 0
        self._ended = False
        self._thread: threading.Thread | None = None

    @property
    def encoding(self) -> str:
        """Encoding of the stream."""
        return "utf-8" if self._stream is None else self._stream.encoding

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self._is_terminal

    @property
    def is_behind(self) -> bool:
        """True while so much waits to be written that more would only be late."""
        return self._size > BEHIND

    def write(self, text: str) -> int:
        """Take `text`; return its length, as streams do."""
        if self._raw is None:
            self._write_at_once(text)
        elif not self._ended:
            octets = text.replace("\n", os.linesep).encode(self.encoding, "replace")
            with self._changed:
                self._waiting.append(octets)
                self._size += len(octets)
                self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._write_on, args=(self._raw,), name="backstride-output", daemon=True
                )
                self._thread.start()
        return len(text)

    def flush(self) -> None:
        """What was taken is on its way."""

    def finish(self) -> None:
        """Wait a little until everything is written; from now on nothing is taken any more."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(FINISHES_WITHIN)

    def _write_at_once(self, text: str) -> None:
        if self._ended:
            return
        try:
            _write_through(self._stream, text)
        except OSError as error:
            self._ended = True
            self._loop.call_soon(self._failed, error)

    # --- in the thread

    def _write_on(self, raw: RawIOBase) -> None:
        try:
            while octets := self._next(raw):
                _write_whole(raw, octets)
                with self._changed:
                    self._size -= len(octets)
        except OSError as error:
            self._ended = True
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._failed, error)

    def _next(self, raw: RawIOBase) -> bytes:
        """Wait for what is to be written next; nothing once all is written and `finish` was called."""
        with self._changed:
            while not self._waiting and not self._ended:
                if not self._changed.wait(_LOOKS_EVERY):
                    _require_reader(raw)
            octets = b"".join(self._waiting)
            self._waiting.clear()
            return octets


def is_gone(error: OSError) -> bool:
    """Return whether `error` says that nobody reads any more; other errors are for a person to hear."""
    return error.errno in _GONE


def _raw(stream: TextIO | None) -> RawIOBase | None:
    """Return the stream's lowest layer, which holds no lock of the interpreter's; None where there is none."""
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)  # PYTHONUNBUFFERED leaves the buffer out
    return raw if isinstance(raw, RawIOBase) else None


def _write_through(stream: TextIO | None, text: str) -> None:
    if stream is None:
        raise OSError(errno.EBADF, "it was closed before the program began")
    stream.write(text)
    stream.flush()


def _write_whole(raw: RawIOBase, octets: bytes) -> None:
    while octets:
        written = raw.write(octets)
        if written is None:  # somebody has set the stream to non-blocking
            time.sleep(_LOOKS_EVERY / 10)
        octets = octets[written or 0 :]


def _require_reader(raw: RawIOBase) -> None:
    """Raise BrokenPipeError if nobody reads any more, as far as the platform tells without a word written."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(raw.fileno(), 0)
        if any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0)):
            raise BrokenPipeError(errno.EPIPE, "nobody reads any more")
