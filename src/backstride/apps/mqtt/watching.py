"""The fleet on a real broker: hearing it for as long as somebody looks, and stopping it."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.address import BackOff
from backstride.apps.mqtt.broker import Broker, Connection, Heard
from backstride.apps.mqtt.messages import write_command
from backstride.apps.mqtt.outbox import Message
from backstride.apps.mqtt.payloads import Command, Verb
from backstride.apps.mqtt.standstill import AGAIN_EVERY, Standstill
from backstride.apps.mqtt.topics import ALL, TOPICS, Channel, Keeping
from backstride.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.apps.mqtt.address import BrokerAddress
    from backstride.apps.mqtt.fleet import Fleet
    from backstride.apps.mqtt.topics import Topics

LOOKS_EVERY: Final = 0.05
"""Seconds between two looks whether a Stop is over."""

_NOT_PUBLISHED: Final = "No Stop has reached it: use the consoles or the safety keys."
_PUBLISHED: Final = "Nobody knows what has come of the Stop for the others: look at them."


async def watch(address: BrokerAddress, fleet: Fleet, tell: Callable[[str], None]) -> None:
    """Let `fleet` hear the broker until cancelled, over one connection after another.

    Args:
        address: The broker.
        fleet: Hears.
        tell: Called with a sentence while the broker is not to be had, and with "" once it is.

    Raises:
        BridgeError: The broker refuses us.
    """
    loop = asyncio.get_running_loop()
    broker = Broker(address, _identifier("fleet"), lambda heard: fleet.hear(heard.topic, heard.payload, loop.time()))
    back_off = BackOff()
    while True:
        try:
            async with broker.connected(fleet.filters) as connection:
                tell("")
                back_off.succeeded()
                await connection.lost()
        except BridgeError as error:
            if error.final:
                raise
            wait = back_off.wait()
            tell(f"{error} What is shown is as it was; the next attempt is in {wait:g} s.")
            await asyncio.sleep(wait)


class Halt:
    """A Stop for treadmills on a broker.

    Args:
        address: The broker.
        topics: The topics in use.
        fleet: Hears who is there.
        wanted: The treadmill that is to stop, or None for all of them.

    Attributes:
        standstill: What has come of it.
        published: True once the broker has the Stop.
    """

    def __init__(self, address: BrokerAddress, topics: Topics, fleet: Fleet, wanted: str | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._address = address
        self._topics = topics
        self._fleet = fleet
        self._wanted = wanted
        self.published = False
        self._caller = f"stop-{secrets.token_hex(6)}"
        self.standstill = Standstill(fleet, topics, self._caller, wanted, self._loop.time())

    async def run(self, within: float) -> None:
        """Publish Stop at once, and again to whoever does not answer, until every belt is told to stand.

        Args:
            within: Seconds after which nothing more is waited for.

        Raises:
            BridgeError: The broker cannot be reached, or was lost meanwhile.
        """
        answers = [self._topics.of(Channel.ANSWER, ALL)]
        stopper = Broker(self._address, _identifier("stop"), self._heard)
        listener = Broker(self._address, _identifier("fleet"), self._heard)
        listening = asyncio.create_task(self._listen(listener))
        try:
            async with stopper.connected(answers) as connection:
                await self._publish(connection, self._wanted)
                self.published = True
                await self._until_over(connection, listening, within)
        except BridgeError as error:
            error.add_note(_PUBLISHED if self.published else _NOT_PUBLISHED)
            raise
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _until_over(self, connection: Connection, listening: asyncio.Task[None], within: float) -> None:
        now = began = self._loop.time()
        again = began + AGAIN_EVERY
        while not self.standstill.is_over(now) and now - began < within:
            if listening.done():
                listening.result()
            if now >= again:
                again = now + AGAIN_EVERY
                for name in self.standstill.awaited(now):
                    await self._publish(connection, name)
            await asyncio.sleep(LOOKS_EVERY)
            now = self._loop.time()

    async def _listen(self, broker: Broker) -> None:
        async with broker.connected(self._fleet.filters) as connection:
            await connection.lost()

    async def _publish(self, connection: Connection, name: str | None) -> None:
        channel = Channel.ALL_STOP if name is None else Channel.STOP
        topic = self._topics.of(channel, name or "")
        payload = write_command(Command(self._caller, time.time(), Verb.STOP))
        await connection.publish(Message(topic, payload, TOPICS[channel].qos, retain=False, keeping=Keeping.EVERY))

    def _heard(self, heard: Heard) -> None:
        now = self._loop.time()
        self._fleet.hear(heard.topic, heard.payload, now)
        self.standstill.hear(heard.topic, heard.payload, now, retained=heard.retained)


def _identifier(what: str) -> str:
    """Return a name on the broker that nobody else has: whoever had the same would be sent away."""
    return f"backstride-{what}-{secrets.token_hex(4)}"
