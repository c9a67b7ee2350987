"""No two bridges on a broker may have one name: the second waits whether the first is going, and stands back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.broker import KEEPALIVE, Broker
from backstride.apps.mqtt.outbox import Message
from backstride.apps.mqtt.payloads import OFFLINE, ONLINE
from backstride.apps.mqtt.topics import TOPICS, Channel, Keeping
from backstride.apps.mqtt.waiting import until
from backstride.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Callable

NAME_FREE_WITHIN: Final = 2.0 * KEEPALIVE
"""Seconds to wait for a bridge of our name to be gone: one that was killed is missed by the broker after so long."""

OBJECTS_WITHIN: Final = 3.0
"""Seconds within which a bridge that is there says so, when somebody says that it is not."""

_KEPT_WITHIN: Final = 0.5  # seconds in which what the broker has kept is heard


async def require_own_name(broker: Broker, name: str, topic: str, tell: Callable[[str], None]) -> None:
    """Wait until no other bridge has our name; find out besides which version of MQTT the broker speaks.

    That a bridge is there may be an old word: a power failure takes the bridge, and the broker that would have missed
    it. So in the end it is said that it is not there, to which a bridge that lives objects.

    Args:
        broker: The broker; it is not connected to under our name yet.
        name: Our name.
        topic: Where a bridge of that name says whether it is there.
        tell: Called with a sentence if one is.

    Raises:
        BridgeError: Another bridge has our name, and stays; or the broker cannot be reached, or refuses us.
    """
    said = [b""]
    identifier = f"backstride_looks_{name}_{time.monotonic_ns() % 10**6}"
    looking = Broker(broker.address, identifier, lambda message: said.append(message.payload))

    def is_there() -> bool:
        return said[-1] == ONLINE.encode()

    async with looking.connected([topic]) as connection:
        broker.speak_as(looking)
        await asyncio.sleep(_KEPT_WITHIN)
        if not is_there():
            return
        tell(f"A bridge called {name} is on the broker. Waiting whether it goes …")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NAME_FREE_WITHIN):
                await until(lambda: not is_there(), _KEPT_WITHIN)
        if not is_there():
            return
        rule = TOPICS[Channel.BRIDGE]
        await connection.publish(Message(topic, OFFLINE.encode(), rule.qos, retain=False, keeping=Keeping.LATEST))
        await asyncio.sleep(OBJECTS_WITHIN)
    if is_there():
        raise BridgeError(
            f"Another bridge called {name} is on the broker at {broker.address}: give this one another name with "
            "--name.",
            final=True,
        )
