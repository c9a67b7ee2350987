"""No two bridges on a broker may have one name: the second waits whether the first is going, and stands back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.broker import KEEPALIVE, Broker
from backstride.apps.mqtt.payloads import ONLINE
from backstride.apps.mqtt.waiting import until
from backstride.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Callable

NAME_FREE_WITHIN: Final = 2.0 * KEEPALIVE
"""Seconds to wait for a bridge of our name to be gone: one that was killed is missed by the broker after so long."""

_KEPT_WITHIN: Final = 0.5  # seconds in which what the broker has kept is heard


async def require_own_name(broker: Broker, name: str, topic: str, tell: Callable[[str], None]) -> None:
    """Wait until no other bridge has our name; find out besides which version of MQTT the broker speaks.

    Args:
        broker: The broker; it is not connected to under our name yet.
        name: Our name.
        topic: Where a bridge of that name says whether it is there.
        tell: Called with a sentence if one is.

    Raises:
        BridgeError: Another bridge has our name, and stays; or the broker cannot be reached, or refuses us.
    """
    said = [b""]
    identifier = f"backstride-{name}-looks-{time.monotonic_ns() % 10**6}"
    looking = Broker(broker.address, identifier, lambda message: said.append(message.payload))
    async with looking.connected([topic]):
        broker.speak_as(looking)
        await asyncio.sleep(_KEPT_WITHIN)
        if said[-1] == ONLINE.encode():
            tell(f"A bridge called {name} is on the broker. Waiting whether it goes …")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NAME_FREE_WITHIN):
                await until(lambda: said[-1] != ONLINE.encode(), _KEPT_WITHIN)
    if said[-1] == ONLINE.encode():
        raise BridgeError(
            f"Another bridge called {name} is on the broker at {broker.address}: give this one another name with "
            f"--name. If there is none any more, clear the retained message on {topic}.",
            final=True,
        )
