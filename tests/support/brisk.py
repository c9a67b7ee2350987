"""An event loop that works in real time and leaves out the waiting, for programs that talk to a real broker.

Its clock is the computer's, so that work takes as long as it takes. Only where nothing is left to do and nothing is
under way outside, it jumps to the next timer. Virtual time would not wait for a broker; hurried time (hurry.py) is too
coarse on a busy computer for what has to be judged in tenths of a second.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

_LOOKS_AFTER = 0.05
"""Seconds to wait at most for something that is under way before the timers are looked at again."""


class _Selector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.left_out = 0.0
        self.is_awaited: list[Callable[[], bool]] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or any(awaited() for awaited in self.is_awaited):
            return super().select(_LOOKS_AFTER if timeout is None else min(timeout, _LOOKS_AFTER))
        self.left_out += timeout
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
        """Return the seconds of this clock: those that were waited, and those that were left out."""
        return super().time() + self._waitless.left_out

    def run_in_executor(self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts) -> asyncio.Future[_T]:
        """Run `func` in a thread, as every loop does."""
        running = super().run_in_executor(executor, func, *args)
        self._threads += 1
        running.add_done_callback(self._end_thread)
        return running

    def _end_thread(self, _: asyncio.Future[_T]) -> None:
        self._threads -= 1
