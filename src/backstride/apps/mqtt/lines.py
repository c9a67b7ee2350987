"""The two lines of a bridge to its broker: on one nothing comes but Stop, on the other goes everything else.

So no Stop is caught behind commands that the broker or the network still holds, and the loss of the one line does not
cost the other (S4). The line for Stop comes first, leaves last, and is missed and made anew within seconds; while it is
down, nothing starts a belt.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.address import LONGEST_WAIT, BackOff
from backstride.apps.mqtt.broker import Broker
from backstride.apps.mqtt.linking import LOG
from backstride.apps.mqtt.namesake import require_own_name
from backstride.apps.mqtt.outbox import Message, Outbox
from backstride.apps.mqtt.payloads import OFFLINE, ONLINE
from backstride.apps.mqtt.postman import Postman
from backstride.apps.mqtt.topics import ALL, TOPICS, Channel, Keeping, Topics
from backstride.apps.mqtt.waiting import end_of, until
from backstride.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from backstride.apps.mqtt.address import BrokerAddress
    from backstride.apps.mqtt.broker import Connection, Heard

SETTLED_AFTER: Final = 1.0
"""Seconds on a new connection after which what the broker has kept has been heard."""

STOP_KEEPALIVE: Final = 5
"""Seconds of silence likewise on the line for Stop, which is missed after twice as long."""

STOP_WAIT: Final = 2.0
"""Seconds between two attempts at most to make the line for Stop anew."""

STOP_COMES_WITHIN: Final = 1.0
"""Seconds that the other line waits for that for Stop in one attempt."""

LASTED: Final = 10.0
"""Seconds after which a connection has lasted, and the next attempt after it may be made soon again."""

FAREWELL_WITHIN: Final = 3.0
"""Seconds for the last words to reach the broker."""

_LOOKS_EVERY: Final = 0.05  # seconds between two looks whether the last words are out
_UNHEARD: Final = "Until then no Stop over MQTT is heard, and no belt is started over MQTT."
_INDEPENDENT: Final = "The treadmills do not depend on it."


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom the lines serve.

    Attributes:
        heard: Called with every message in the turn of the loop in which it is read; it must not raise.
        outboxes: Returns what is to be emptied on a new connection.
        begins: Called before a new connection: what the broker has kept comes once more.
        settled: Called once that has been heard.
        somebody_walks: Returns whether a session runs; then not even a refusal ends the lines.
        tell: Called with sentences for whoever looks after the bridge.
    """

    heard: Callable[[Heard], None]
    outboxes: Callable[[], Iterable[Outbox]]
    begins: Callable[[], None]
    settled: Callable[[], None]
    somebody_walks: Callable[[], bool]
    tell: Callable[[str], None]


class Lines:
    """A bridge's connections, made anew as often as they are lost.

    Args:
        address: The broker.
        name: The bridge's name in topics.
        topics: The topics in use.
        listener: Whom they serve.

    Attributes:
        own: What the bridge itself is to say waits here.
        postman: Carries what waits.
        settled: Set while the broker is there, and what it has kept has been heard.
    """

    def __init__(self, address: BrokerAddress, name: str, topics: Topics, listener: Listener) -> None:
        self.own = Outbox(topics, name)
        self.postman = Postman()
        self.settled = asyncio.Event()
        self._name = name
        self._topics = topics
        self._listener = listener
        self._stop_line = Broker(address, _identifier(topics, name, ".stop"), listener.heard, keepalive=STOP_KEEPALIVE)
        self._line = Broker(address, _identifier(topics, name), listener.heard, refused=self._refused)
        self._hears_stop = asyncio.Event()
        self._connection: Connection | None = None
        self._refusals: Counter[str] = Counter()
        self._leaves = False

    @property
    def hears_stop(self) -> bool:
        """True while a Stop over MQTT would be heard, as far as anybody knows."""
        return self._hears_stop.is_set()

    # --- from beginning to end

    async def run(self) -> None:
        """Be connected to the broker, again and again, until cancelled.

        Raises:
            BridgeError: The broker refuses us, and nobody walks.
        """
        await self._again_and_again(self._find_name, BackOff(), _INDEPENDENT)
        stop = asyncio.create_task(
            self._again_and_again(self._hear_stop, BackOff(STOP_WAIT), _UNHEARD, told_every=LONGEST_WAIT)
        )
        rest = asyncio.create_task(self._again_and_again(self._exchange, BackOff(), _INDEPENDENT))
        try:
            done, _ = await asyncio.wait({stop, rest}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end_of(rest)
            await end_of(stop)

    async def take_leave(self) -> None:
        """Say the last words, if the broker is there; otherwise it says them for us (last will)."""
        connection = self._connection
        if connection is None:
            return
        self._leaves = True
        self._say(OFFLINE)
        try:
            async with asyncio.timeout(FAREWELL_WITHIN):
                await until(lambda: self.postman.idle.is_set() or self._connection is None, _LOOKS_EVERY)
        except TimeoutError:
            return
        connection.took_leave = True

    def say_again(self) -> None:
        """Say that we are there: somebody has said that we are not."""
        if not self._leaves:
            self._say(ONLINE)

    def _say(self, word: str) -> None:
        self.own.put(Channel.BRIDGE, word.encode())
        self.postman.call(self.own)

    # --- each line

    async def _again_and_again(
        self, meet: Callable[[], Awaitable[None]], back_off: BackOff, meaning: str, told_every: float = 0.0
    ) -> None:
        """Do what ends with a BridgeError until it ends without one; wait in between, longer each time."""
        loop = asyncio.get_running_loop()
        told_at = float("-inf")
        while True:
            began = loop.time()
            try:
                return await meet()
            except BridgeError as error:
                if error.final and not self._listener.somebody_walks():
                    raise
                fault = error
            except Exception as error:  # noqa: BLE001 - whatever it is, on the treadmills people may walk
                LOG.exception("the connection to the broker failed")
                fault = BridgeError(f"The program failed in the connection to the broker: {error}.")
            if loop.time() - began >= LASTED:
                back_off.succeeded()
                told_at = float("-inf")
            wait = LONGEST_WAIT if fault.final else back_off.wait()
            if loop.time() - told_at >= told_every:
                told_at = loop.time()
                self._listener.tell(f"{fault} {meaning} The next attempt is in {wait:g} s.")
            await asyncio.sleep(wait)

    async def _find_name(self) -> None:
        topic = self._topics.of(Channel.BRIDGE, self._name)
        await require_own_name(self._line, self._name, topic, self._listener.tell)
        self._stop_line.speak_as(self._line)

    async def _hear_stop(self) -> None:
        urgent = [self._topics.of(Channel.ALL_STOP), self._topics.of(Channel.STOP, ALL)]
        async with self._stop_line.connected(urgent, must_hear=True) as connection:
            self._hears_stop.set()
            try:
                await connection.lost()
            finally:
                self._hears_stop.clear()

    async def _exchange(self) -> None:
        await self._require_stop_line()
        heard = [self._topics.of(one, ALL) for one in (Channel.BRIDGE, Channel.CLAIM, Channel.COMMAND)]
        rule = TOPICS[Channel.BRIDGE]
        own = self._topics.of(Channel.BRIDGE, self._name)
        will = Message(own, OFFLINE.encode(), rule.qos, rule.retained, Keeping.LATEST)
        self._refusals.clear()
        self._listener.begins()
        async with self._line.connected(heard, will=will) as connection:
            self._connection = connection
            self._listener.tell(f"Connected to the broker at {self._line.address} ({self._line.protocol}).")
            for topic in connection.denied:
                self._listener.tell(f"The broker does not let us hear {topic}: give us that right (docs/mqtt.md).")
            self.own.put(Channel.BRIDGE, ONLINE.encode())
            settling = asyncio.get_running_loop().call_later(SETTLED_AFTER, self._settle)
            try:
                await self.postman.serve(connection, [self.own, *self._listener.outboxes()])
            finally:
                settling.cancel()
                self.settled.clear()
                self._connection = None

    async def _require_stop_line(self) -> None:
        """Let the line for Stop come first; not as soon as it is there, for who listens must be back to hear us."""
        try:
            async with asyncio.timeout(STOP_COMES_WITHIN):
                await self._hears_stop.wait()
        except TimeoutError:
            raise BridgeError(f"There is no line for Stop to the broker at {self._line.address} yet.") from None

    def _settle(self) -> None:
        self.settled.set()
        self._listener.settled()

    def _refused(self, reason: str) -> None:
        """Say once on each connection that the broker does not take what we publish, and why."""
        self._refusals[reason] += 1
        if self._refusals[reason] == 1:
            self._listener.tell(
                f"The broker does not take what we publish: {reason}. Nobody hears of it; give us the rights in "
                "docs/mqtt.md."
            )


def _identifier(topics: Topics, name: str, line: str = "") -> str:
    """Return a name on the broker that no other bridge has, and no line of another: no slug holds its separators."""
    return f"{topics.base.replace('/', '.')}_{name}{line}"
