"""The fleet on a real broker: hearing it for as long as somebody looks, and stopping it."""

from __future__ import annotations

import asyncio
import contextlib
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
from backstride.apps.mqtt.waiting import end_of
from backstride.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.apps.mqtt.address import BrokerAddress
    from backstride.apps.mqtt.fleet import Fleet
    from backstride.apps.mqtt.topics import Topics

LOOKS_EVERY: Final = 0.05
"""Seconds between two looks whether a Stop is over."""

TRIES_EVERY: Final = 1.0
"""Seconds between two attempts to bring a Stop to the broker."""

_NOT_PUBLISHED: Final = "No Stop has gone out yet: use the consoles or the safety keys."
_PUBLISHED: Final = "Nobody knows what has come of the Stop for those that have not answered: look at them."


class Watch:
    """The fleet as it is heard, over one connection after another.

    Args:
        address: The broker.
        fleet: Hears.
        tell: Called with a sentence while the broker is not to be had, and with "" once it is.

    Attributes:
        connection: The broker, while it is there.
    """

    def __init__(self, address: BrokerAddress, fleet: Fleet, tell: Callable[[str], None]) -> None:
        self.connection: Connection | None = None
        self._address = address
        self._fleet = fleet
        self._tell = tell

    async def run(self) -> None:
        """Let the fleet hear the broker until cancelled. Raises BridgeError if the broker refuses us."""
        loop = asyncio.get_running_loop()
        fleet = self._fleet
        broker = Broker(
            self._address, _identifier("fleet"), lambda heard: fleet.hear(heard.topic, heard.payload, loop.time())
        )
        back_off = BackOff()
        while True:
            try:
                async with broker.connected(fleet.filters) as connection:
                    self.connection = connection
                    self._tell("")
                    back_off.succeeded()
                    await connection.lost()
            except BridgeError as error:
                if error.final:
                    raise
                wait = back_off.wait()
                self._tell(f"{error} What is shown is as it was; the next attempt is in {wait:g} s.")
                await asyncio.sleep(wait)
            finally:
                self.connection = None


class Halt:
    """A Stop for treadmills on a broker.

    Args:
        address: The broker.
        topics: The topics in use.
        fleet: Hears who is there.
        wanted: The treadmill that is to stop, or None for all of them.
        tell: Called with a sentence whenever the broker is not to be had.

    Attributes:
        standstill: What has come of it.
    """

    def __init__(
        self,
        address: BrokerAddress,
        topics: Topics,
        fleet: Fleet,
        wanted: str | None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._topics = topics
        self._fleet = fleet
        self._wanted = wanted
        self._tell = tell
        self._caller = f"stop-{secrets.token_hex(6)}"
        self._stopper = Broker(address, _identifier("stop"), self._heard)
        self._listener = Broker(address, _identifier("fleet"), self._heard)
        self.standstill = Standstill(fleet, topics, self._caller, wanted)

    @property
    def published(self) -> bool:
        """True once the broker has the Stop."""
        return self.standstill.is_out

    @property
    def meaning(self) -> str:
        """What it means for the belts if the broker is not to be had now, as a sentence."""
        return _PUBLISHED if self.published else _NOT_PUBLISHED

    async def run(self, within: float, at_hand: Connection | None = None) -> None:
        """Publish Stop at once, and again to whoever does not answer, until every belt is told to stand.

        A broker that is not to be had, or is lost, is tried again and again meanwhile.

        Args:
            within: Seconds after which nothing more is waited for.
            at_hand: A connection that is there already: Stop goes out on it as well, before another is made.

        Raises:
            BridgeError: The broker refuses us before the Stop is out; or it could not be reached all the time.
        """
        began = self._loop.time()
        stopping = asyncio.create_task(self._stop())
        besides = [asyncio.create_task(self._listen())]  # whatever becomes of it, Stop goes out
        if at_hand is not None:
            besides.append(asyncio.create_task(self._stop_on(at_hand)))
        try:
            while not self.standstill.is_over(now := self._loop.time()) and now - began < within:
                if stopping.done():
                    stopping.result()
                await asyncio.sleep(LOOKS_EVERY)
        finally:
            await end_of(stopping, *besides)
        if not self.published:
            raise BridgeError(f"The Stop could not be brought to the broker within {within:g} s. {_NOT_PUBLISHED}")

    async def _stop(self) -> None:
        answers = [self._topics.of(Channel.ANSWER, ALL)]
        while True:
            try:
                async with self._stopper.connected(answers) as connection:
                    if not self.published:
                        await self._publish(connection, self._wanted)
                        self._is_out()
                    await self._repeat(connection)
            except BridgeError as error:
                if error.final and not self.published:
                    error.add_note(_NOT_PUBLISHED)
                    raise
                self._tell(f"{error} It is tried again …")
            await asyncio.sleep(TRIES_EVERY)

    async def _stop_on(self, connection: Connection) -> None:
        with contextlib.suppress(BridgeError):  # the other connection is being made
            await self._publish(connection, self._wanted)
            self._is_out()

    async def _repeat(self, connection: Connection) -> None:
        """Publish Stop once more, every so often, to each of which nothing is known; ends with a BridgeError."""
        lost = asyncio.create_task(connection.lost())
        try:
            while True:
                await asyncio.wait([lost], timeout=AGAIN_EVERY)
                if lost.done():
                    lost.result()
                for name in self.standstill.awaited(self._loop.time()):
                    await self._publish(connection, name)
        finally:
            await end_of(lost)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(BridgeError):  # told of by the connection for the Stop itself
                async with self._listener.connected(self._fleet.filters) as connection:
                    self.standstill.hears(self._loop.time())
                    await connection.lost()
            await asyncio.sleep(TRIES_EVERY)

    def _is_out(self) -> None:
        self.standstill.goes_out(self._loop.time(), time.time())

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
    return f"backstride_{what}_{secrets.token_hex(4)}"
