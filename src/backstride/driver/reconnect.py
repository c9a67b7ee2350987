"""Trying again, patiently: machines go to sleep, and radios come and go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from backstride.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.driver.machine import Machine

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0
"""Seconds between attempts: doubled each time, but never longer than a machine's advertising minute allows."""


def pauses() -> Iterator[float]:
    """Yield the pauses between attempts, in seconds, without end."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(LONGEST_PAUSE, 2 * pause)


async def reconnect(machine: Machine) -> None:
    """Make the link to the same machine anew, as often as it takes; cancel it to give up."""
    for pause in pauses():
        try:
            await machine.reconnect()
        except MachineError:
            await asyncio.sleep(pause)
        else:
            return
