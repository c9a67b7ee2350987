"""The connection to the broker: the only place that knows aiomqtt, whose exceptions never leave it.

There are two connections. On the second one nothing comes but Stop: it cannot be caught behind commands that the broker
or the network still holds (S4).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import aiomqtt
from aiomqtt.client import ProtocolVersion

from backstride.errors import BridgeError, ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from backstride.apps.mqtt.address import BrokerAddress
    from backstride.apps.mqtt.outbox import Message

KEEPALIVE: Final = 15
"""Seconds of silence after which either side looks whether the other is still there."""

ANSWERS_WITHIN: Final = 5.0
"""Seconds within which a broker has to answer."""

LETS_GO_WITHIN: Final = 0.1
"""Seconds to give up a connection that was not made."""

IN_FLIGHT: Final = 20
"""Messages that may be without acknowledgement: what brokers allow by default."""

_AT_ONCE: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
"""Small messages are not kept back until the one before is acknowledged, which takes up to 40 ms each time (S4)."""

_PROTOCOL_REFUSED: Final = frozenset({1, 132})  # MQTT 3.1.1, 3.2.2.3; MQTT 5, 3.2.2.2
_REFUSED: Final = frozenset({2, 4, 5, 133, 134, 135, 138, 140})  # identifier, user, password, authorization
_DENIED: Final = 0x80  # and above (MQTT 5, 3.9.3; MQTT 3.1.1, 3.9.3)
_NAMESAKE: Final = 142  # session taken over (MQTT 5, 3.14.2.1)
_SILENCED: Final = logging.getLogger("backstride.mqtt.client")  # what is to be said of it is said by us
_SILENCED.setLevel(logging.CRITICAL + 1)
_SILENT: Final = "Operation timed out"


class Heard(NamedTuple):
    """A message from the broker."""

    topic: str
    payload: bytes
    retained: bool


class Broker:
    """A broker, and who we are there.

    Args:
        address: Where it is.
        identifier: Our name there; a second client of this name would take our place.
        heard: Called with every message in the turn of the loop in which it is read; it must not raise.

    Raises:
        ConfigError: A certificate cannot be used.
    """

    def __init__(self, address: BrokerAddress, identifier: str, heard: Callable[[Heard], None]) -> None:
        self.address = address
        self._identifier = identifier
        self._inbox = _inbox(heard)
        self._tls = _tls(address)
        self._protocol = ProtocolVersion.V5

    @property
    def protocol(self) -> str:
        """The version of MQTT that is spoken, as people call it."""
        return "MQTT 5" if self._protocol is ProtocolVersion.V5 else "MQTT 3.1.1"

    def speak_as(self, other: Broker) -> None:
        """Greet the broker in the version of MQTT in which another client of ours has been understood."""
        self._protocol = other._protocol

    @contextlib.asynccontextmanager
    async def connected(
        self, topics: Sequence[str], urgent: Sequence[str] = (), will: Message | None = None
    ) -> AsyncIterator[Connection]:
        """Be connected during the block; what is heard meanwhile goes to `heard`.

        Args:
            topics: Filters of what is to be heard.
            urgent: Filters of what is to be heard on a connection of its own.
            will: What the broker publishes for us if we go without a word.

        Raises:
            BridgeError: The broker cannot be reached, refuses us, or the connection is lost.
        """
        async with contextlib.AsyncExitStack() as stack:
            with self._translated():
                lines: list[aiomqtt.Client] = []
                if urgent:  # first to come and last to go: nothing is commanded that could not be stopped
                    lines.append(await self._enter(stack, f"{self._identifier}-stop", urgent, None, must_hear=True))
                lines.insert(0, await self._enter(stack, self._identifier, topics, will))
            yield Connection(lines, self._translated)

    async def _enter(
        self,
        stack: contextlib.AsyncExitStack,
        identifier: str,
        topics: Sequence[str],
        will: Message | None,
        *,
        must_hear: bool = False,
    ) -> aiomqtt.Client:
        """Connect and subscribe: with MQTT 5, or with 3.1.1 where the broker knows no better."""
        try:
            client = await _entered(self._client(identifier, will))
        except aiomqtt.MqttError as error:
            if self._protocol is not ProtocolVersion.V5 or not _knows_no_better(error):
                raise
            self._protocol = ProtocolVersion.V311
            try:
                client = await _entered(self._client(identifier, will))
            except aiomqtt.MqttError:
                self._protocol = ProtocolVersion.V5
                raise
        stack.push_async_callback(_leave, client)
        for topic in topics:
            codes = await client.subscribe(topic, qos=1)
            if must_hear and any(getattr(code, "value", code) >= _DENIED for code in codes):
                raise BridgeError(
                    f"The broker at {self.address} does not let us hear {topic}, and so no Stop: give us that right.",
                    final=True,
                )
        return client

    def _client(self, identifier: str, will: Message | None) -> aiomqtt.Client:
        address = self.address
        last = None if will is None else aiomqtt.Will(will.topic, will.payload, will.qos, will.retain)
        clean: dict[str, Any] = {} if self._protocol is ProtocolVersion.V5 else {"clean_session": True}
        client = aiomqtt.Client(
            address.host,
            address.port,
            username=address.user,
            password=address.password,
            identifier=identifier,
            queue_type=self._inbox,
            protocol=self._protocol,
            will=last,
            timeout=ANSWERS_WITHIN,
            keepalive=KEEPALIVE,
            max_inflight_messages=IN_FLIGHT,
            tls_context=self._tls,
            socket_options=[_AT_ONCE],
            logger=_SILENCED,
            **clean,
        )
        client.pending_calls_threshold = IN_FLIGHT * 2
        return client

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (aiomqtt.MqttError, ValueError) as error:
            raise _translation(error, self.address) from error


class Connection:
    """The broker, while it is there."""

    def __init__(
        self,
        lines: Sequence[aiomqtt.Client],
        translated: Callable[[], contextlib.AbstractContextManager[None]],
    ) -> None:
        self._lines = lines
        self._translated = translated

    async def publish(self, message: Message) -> None:
        """Publish; with quality of service 1 the broker has it when this returns. Raises BridgeError."""
        with self._translated():
            await self._lines[0].publish(message.topic, message.payload, message.qos, message.retain)

    async def lost(self) -> None:
        """Wait until the connection is lost, which is raised as BridgeError."""
        ends = [asyncio.ensure_future(_end_of(line)) for line in self._lines]
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        with self._translated():
            for end in done:
                end.result()


async def _end_of(client: aiomqtt.Client) -> None:
    async for _ in client.messages:
        pass  # they are handed over as they are read


async def _entered(client: aiomqtt.Client) -> aiomqtt.Client:
    """Connect; a client that is not let in lets go of its socket (aiomqtt itself keeps it)."""
    try:
        return await client.__aenter__()
    except (aiomqtt.MqttError, asyncio.CancelledError):
        client.timeout = LETS_GO_WITHIN
        await _leave(client)
        raise


async def _leave(client: aiomqtt.Client) -> None:
    """Take leave of the broker; one that does not answer any more is left without."""
    with contextlib.suppress(aiomqtt.MqttError):
        await client.__aexit__(None, None, None)


def _inbox(heard: Callable[[Heard], None]) -> type[asyncio.Queue[aiomqtt.Message]]:
    """Return a queue that holds nothing: whoever reads a message from the network hands it over at once.

    So nothing piles up in a flood, and nothing has to wait behind it.
    """

    class Inbox(asyncio.Queue[aiomqtt.Message]):
        def put_nowait(self, item: aiomqtt.Message) -> None:
            heard(Heard(str(item.topic), item.payload, bool(item.retain)))

    return Inbox


def _tls(address: BrokerAddress) -> ssl.SSLContext | None:
    if not address.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=None if address.ca is None else str(address.ca))
        if address.certificate is not None:
            context.load_cert_chain(address.certificate, address.key, password=_no_passphrase)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise ConfigError(f"A certificate for the broker cannot be used: {error}.") from error
    return context


def _no_passphrase() -> str:
    raise ValueError("the key asks for a passphrase, and there is nobody to ask; use a key without one")


def _code(error: BaseException) -> int | None:
    """Return the reason code that an error tells, or the one that it came of."""
    code = getattr(error, "rc", None)
    code = getattr(code, "value", code)
    if isinstance(code, int):
        return code
    return None if error.__cause__ is None else _code(error.__cause__)


def _knows_no_better(error: aiomqtt.MqttError) -> bool:
    """Tell whether a broker that was greeted with MQTT 5 may know 3.1.1 only: it says so, or says nothing."""
    return _code(error) in _PROTOCOL_REFUSED or str(error) == _SILENT


def _translation(error: Exception, address: BrokerAddress) -> BridgeError:
    text = str(error).rstrip(".")
    if isinstance(error, aiomqtt.exceptions.MqttConnectError):
        final = _code(error) in _REFUSED
        return BridgeError(f"The broker at {address} refuses the connection: {text}.", final=final)
    if _code(error) == _NAMESAKE:
        return BridgeError(
            f"Another bridge has come to the broker at {address} under our name. Give one of them another with --name.",
            final=True,
        )
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text.lower():
        return BridgeError(
            f"The certificate of the broker at {address} is not trusted, or ours is not: {text}. Name the right "
            "authority with --ca FILE.",
            final=True,
        )
    return BridgeError(f"The broker at {address} is not to be had: {text}.")
