"""An event loop whose clock shows its own work and leaves out the waiting, for programs that talk to a real broker.

The clock counts processor time, so that work takes as long as it takes, and a computer that is busy elsewhere makes no
time pass. Where nothing is left to do and nothing is under way outside, it jumps to the next timer; what is under way
is waited for, and that counts little. Virtual time would not wait for a broker; hurried time (hurry.py) is too coarse
for what has to be judged in tenths of a second.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

_LOOKS_AFTER = 0.05
"""Seconds to wait at most for something that is under way before the timers are looked at again."""

_COUNTS = 0.1
"""Seconds of the clock in a second of such waiting: a broker that never answers is given up some time."""


class _Selector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0
        self.is_awaited: list[Callable[[], bool]] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or any(awaited() for awaited in self.is_awaited):
            began = time.monotonic()
            ready = super().select(_LOOKS_AFTER)
            self.passed += _COUNTS * (time.monotonic() - began)
        else:
            self.passed += timeout
        return ready


class BriskLoop(asyncio.SelectorEventLoop):
    """The loop; what runs in a thread is waited for, and so is whatever `wait_while` is told of."""

    def __init__(self) -> None:
        self._waitless = _Selector()
        super().__init__(self._waitless)
        self._threads = 0
        self.wait_while(lambda: self._threads > 0)

    def wait_while(self, awaited: Callable[[], bool]) -> None:
        """Let no time be left out while `awaited` returns True."""
        self._waitless.is_awaited.append(awaited)

    def time(self) -> float:
        """Return the seconds of this clock: those of work, and those that were waited for or left out."""
        return time.process_time() + self._waitless.passed

    def run_in_executor(self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts) -> asyncio.Future[_T]:
        """Run `func` in a thread, as every loop does."""
        running = super().run_in_executor(executor, func, *args)
        self._threads += 1
        running.add_done_callback(self._end_thread)
        return running

    def _end_thread(self, _: asyncio.Future[_T]) -> None:
        self._threads -= 1
