"""An event loop whose clock runs fast, for what has to wait for a real network and for a simulated belt at once.

Virtual time jumps from timer to timer, and would not wait for a broker; here every second of the loop takes a fraction
of a real one, and a second in which the whole process stood still is none.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

TIMES = 10.0


STALL = 0.05
"""Seconds a turn of the loop may take, beyond what it meant to wait; the clock does not count what is longer."""


class _Selector(selectors.DefaultSelector):
    """Waits a fraction of the time, and keeps the clock: a computer that is busy elsewhere makes no time pass."""

    def __init__(self) -> None:
        super().__init__()
        self._passed = 0.0
        self._counted = time.monotonic()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._count(STALL)
        wait = None if timeout is None else timeout / TIMES
        ready = super().select(wait)
        self._count(math.inf if wait is None else max(wait, 0.0) + STALL)
        return ready

    def time(self) -> float:
        return TIMES * (self._passed + min(time.monotonic() - self._counted, STALL))

    def _count(self, longest: float) -> None:
        now = time.monotonic()
        self._passed += min(now - self._counted, longest)
        self._counted = now


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.time()


def hurried(story: Coroutine[Any, Any, None], within: float = 900.0) -> None:
    """Run `story` in hurried time, and fail if it leaves tasks behind or takes longer than `within` hurried seconds."""

    async def bounded() -> None:
        complaints: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        async with asyncio.timeout(within):
            await story
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks left behind: {left}"
        assert not complaints, complaints

    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(bounded())
