"""Listening to the air for as long as a list is shown, whatever becomes of Bluetooth meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, Protocol

from backstride.driver.discovery import Discovery
from backstride.errors import MachineError
from backstride.machines.facts import WireUnit, load_facts
from backstride.simulator.memory import Air
from backstride.simulator.treadmill import SimulatedTreadmill

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from backstride.driver.discovery import Found

ROUND: Final = 10.0
"""Seconds of one round of listening; a treadmill that is not heard in a whole one has fallen silent."""

LISTENS_AFTER: Final = 1.5
"""Seconds without a complaint after which Bluetooth is taken to be there."""

TRIES_AGAIN_AFTER: Final = 3.0
"""Seconds until Bluetooth that was not to be had is tried again."""


class Listener(Protocol):
    """Whoever wants to know what is heard."""

    def hear(self, found: Found) -> None:
        """Take a treadmill that was heard, or of which more is known."""

    def end_round(self) -> None:
        """Take note that a whole round of listening is over."""

    def listens(self) -> None:
        """Take note that Bluetooth is there."""

    def deaf(self, sentence: str) -> None:
        """Take note that Bluetooth is not to be had, and why."""


def simulated_radio(models: Iterable[str], console: WireUnit = WireUnit.KMH) -> Discovery:
    """Return a scanner that hears simulated treadmills of these models, their consoles set to `console`.

    Raises:
        ConfigError: There is no such machine file.
    """
    air = Air()
    for model in models:
        SimulatedTreadmill(load_facts(model).with_console(console), air=air)
    return Discovery(scanner=air.scanner_backend, client=air.client_backend)


async def listen(radio: Discovery, known: Collection[str], listener: Listener) -> None:
    """Listen until cancelled, in rounds: a new scan tells of everything anew.

    Args:
        radio: What hears treadmills.
        known: Addresses of those met before.
        listener: Is told.
    """
    loop = asyncio.get_running_loop()
    while True:
        timer = loop.call_later(LISTENS_AFTER, listener.listens)
        try:
            async with contextlib.aclosing(radio.watch(ROUND, known=known)) as stream:
                async for found in stream:
                    listener.hear(found)
            listener.end_round()
        except MachineError as error:
            timer.cancel()
            listener.deaf(str(error))
            await asyncio.sleep(TRIES_AGAIN_AFTER)
        finally:
            timer.cancel()
