"""An event loop whose clock runs fast, for what has to wait for a real network and for a simulated belt at once.

Virtual time jumps from timer to timer, and would not wait for a broker; here every second of the loop takes a fraction
of a real one.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

TIMES = 10.0


class _Selector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / TIMES)


class _Loop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        return super().time() * TIMES


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

    with asyncio.Runner(loop_factory=lambda: _Loop(_Selector())) as runner:
        runner.run(bounded())
