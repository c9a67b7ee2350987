"""Trying again, patiently: machines go to sleep, and radios come and go (safety rule S12).

A machine may advertise for only a minute after power-on, and BlueZ forgets what it has not heard for a while. So each
attempt to connect is short, between two of them the air is listened to, and what is heard is connected to at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from backstride.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backstride.driver.linked import Linked

    Tell = Callable[[str], None]

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 5.0
"""Seconds without a scan or a pending connection after an attempt that failed, doubled each time: a small part of a
machine's advertising minute."""

ATTEMPT_WITHIN: Final = 15.0
"""Seconds for one attempt to connect: the slowest service discovery fits, and one that has gone stale ends."""

LISTEN_FOR: Final = 20.0
"""Seconds to listen before the next attempt, if the machine is not heard: some connect without being heard."""

HURRIED_WITHIN: Final = 2.0
HURRIED_LISTENING: Final = 1.0
HURRIED_PAUSE: Final = 0.25
"""Seconds for the same when the belt is to be stopped, and there are five in all (S6)."""

MOST_TROUBLES: Final = 8
"""Sentences told of one lost link: a system that words each failure anew is not listened to for hours."""


def pauses() -> Iterator[float]:
    """Yield the pauses between attempts, in seconds, without end."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(LONGEST_PAUSE, 2 * pause)


async def reconnect(machine: Linked, tell: Tell | None = None) -> None:
    """Make the link to the same machine anew, as often as it takes; cancel it to give up.

    A Stop that is asked for meanwhile ends all patience: an attempt that hangs may be stale. Then there is an attempt
    after the other until leaving has to be over, and patience after that.

    Args:
        machine: The machine whose link is lost.
        tell: Called with what stands in the way, in one sentence; each is told once, and not after a first failure.
    """
    troubles = _Troubles(tell)
    hurry = machine.owes_a_stop
    while True:
        with contextlib.suppress(TimeoutError):
            if hurry:
                async with machine.hurry():
                    await hurriedly(machine)
            else:
                async with machine.unless_a_stop_is_wanted():
                    await _patiently(machine, troubles)
            return
        hurry = not hurry


async def hurriedly(machine: Linked) -> None:
    """Make the link anew for a Stop: short attempts, hardly a pause."""
    while True:
        try:
            await machine.reconnect(HURRIED_WITHIN)
        except MachineError:
            await asyncio.sleep(HURRIED_PAUSE)
        else:
            return
        with contextlib.suppress(MachineError):
            await machine.listen(HURRIED_LISTENING)


async def _patiently(machine: Linked, troubles: _Troubles) -> None:
    for pause in pauses():
        try:
            await machine.reconnect(ATTEMPT_WITHIN)
        except MachineError as error:
            troubles.take(error)
        else:
            return
        await asyncio.sleep(pause)
        try:
            await machine.listen(LISTEN_FOR)
        except MachineError as error:
            troubles.take(error)


class _Troubles:
    """What stands in the way, told once."""

    def __init__(self, tell: Tell | None) -> None:
        self._tell = tell
        self._known: set[str] | None = None  # None before the first failure

    def take(self, error: MachineError) -> None:
        """Tell a trouble that is new; the first failure may be that of a moment."""
        sentence = str(error)
        if self._known is None:
            self._known = set()
        elif sentence not in self._known and len(self._known) < MOST_TROUBLES:
            self._known.add(sentence)
            if self._tell is not None:
                self._tell(sentence)
