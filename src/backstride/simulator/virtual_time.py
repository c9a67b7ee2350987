"""Event loops whose time is virtual: an hour passes in a fraction of a second.

looptime brings pytest with it, a quarter of the time that the program takes to load: only who wants its loop loads it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio

NOOP_CYCLES: Final = 0
"""Empty turns of the loop before virtual time moves on: none are needed, and looptime's 42 are nine times slower."""


def virtual_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop whose time jumps to the next timer instead of waiting for it."""
    import looptime  # noqa: PLC0415 - see above

    return looptime.new_event_loop(noop_cycles=NOOP_CYCLES)


def stall(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """Let an event loop stand still for so long, as a program does that computes or is suspended."""
    import looptime  # noqa: PLC0415 - see above

    if isinstance(loop, looptime.LoopTimeEventLoop):
        loop.setup_looptime(start=loop.time() + seconds, noop_cycles=NOOP_CYCLES)
    else:
        time.sleep(seconds)
