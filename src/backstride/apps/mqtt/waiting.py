"""Waiting for what several things may bring about, and for tasks to be over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


async def end_of(*tasks: asyncio.Task[None] | asyncio.Task[bool]) -> Exception | None:
    """Cancel tasks, wait for them, and return what one of them failed with."""
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    return next((result for result in results if isinstance(result, Exception)), None)


async def until(holds: Callable[[], bool], every: float) -> None:
    """Wait until `holds` returns True; look every so many seconds."""
    while not holds():  # noqa: ASYNC110 - several things may bring it about, and nobody is in a hurry
        await asyncio.sleep(every)
