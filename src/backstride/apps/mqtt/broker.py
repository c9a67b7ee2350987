"""A connection to the broker: the only place that knows aiomqtt, whose exceptions never leave it."""

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
"""Messages that may be without acknowledgement, unless the broker takes fewer: what most allow by default."""

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
        refused: Called with the reason of the broker that does not take a message of ours.
        keepalive: Seconds of silence after which either side looks whether the other is still there.

    Raises:
        ConfigError: A certificate cannot be used.
    """

    def __init__(
        self,
        address: BrokerAddress,
        identifier: str,
        heard: Callable[[Heard], None],
        *,
        refused: Callable[[str], None] = lambda _: None,
        keepalive: int = KEEPALIVE,
    ) -> None:
        self.address = address
        self._identifier = identifier
        self._inbox = _inbox(heard)
        self._refused = refused
        self._keepalive = keepalive
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
        self, topics: Sequence[str], *, will: Message | None = None, must_hear: bool = False
    ) -> AsyncIterator[Connection]:
        """Be connected during the block; what is heard meanwhile goes to `heard`.

        Args:
            topics: Filters of what is to be heard.
            will: What the broker publishes for us if we go without a word; we do so unless we have taken leave.
            must_hear: True if a broker that denies us one of the topics is of no use.

        Raises:
            BridgeError: The broker cannot be reached, refuses us, or the connection is lost.
        """
        with self._translated():
            client = await self._entered(will)
        connection = Connection(client, self._translated)
        try:
            for topic in topics:
                with self._translated():
                    await self._subscribe(client, topic, connection, must_hear=must_hear)
            yield connection
        finally:
            if will is not None and not connection.took_leave:
                await client.drop()
            await _leave(client)

    async def _entered(self, will: Message | None) -> _Client:
        """Connect: with MQTT 5, or with 3.1.1 where the broker knows no better."""
        try:
            return await _entered(self._client(will))
        except aiomqtt.MqttError as error:
            if self._protocol is not ProtocolVersion.V5 or not _knows_no_better(error):
                raise
            self._protocol = ProtocolVersion.V311
            try:
                return await _entered(self._client(will))
            except aiomqtt.MqttError:
                self._protocol = ProtocolVersion.V5
                raise

    async def _subscribe(self, client: _Client, topic: str, connection: Connection, *, must_hear: bool) -> None:
        codes = await client.subscribe(topic, qos=1)
        if all(getattr(code, "value", code) < _DENIED for code in codes):
            return
        if must_hear:
            raise BridgeError(
                f"The broker at {self.address} does not let us hear {topic}: give us that right.", final=True
            )
        connection.denied.append(topic)

    def _client(self, will: Message | None) -> _Client:
        address = self.address
        last = None if will is None else aiomqtt.Will(will.topic, will.payload, will.qos, will.retain)
        clean: dict[str, Any] = {} if self._protocol is ProtocolVersion.V5 else {"clean_session": True}
        client = _Client(
            address.host,
            address.port,
            username=address.user,
            password=address.password,
            identifier=self._identifier,
            queue_type=self._inbox,
            protocol=self._protocol,
            will=last,
            timeout=ANSWERS_WITHIN,
            keepalive=self._keepalive,
            max_inflight_messages=IN_FLIGHT,
            tls_context=self._tls,
            socket_options=[_AT_ONCE],
            logger=_SILENCED,
            **clean,
        )
        client.refused = self._refused
        client.pending_calls_threshold = IN_FLIGHT * 2
        return client

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (aiomqtt.MqttError, ValueError) as error:
            raise _translation(error, self.address) from error


class Connection:
    """The broker, while it is there.

    Attributes:
        denied: Filters that the broker does not let us hear.
        took_leave: Set by whoever has said the last word: the broker need not say it for us (last will).
    """

    def __init__(self, client: _Client, translated: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
        self.denied: list[str] = []
        self.took_leave = False
        self._client = client
        self._translated = translated

    @property
    def in_flight(self) -> int:
        """Messages that may be without acknowledgement."""
        return self._client.in_flight

    async def publish(self, message: Message) -> None:
        """Publish; with quality of service 1 the broker has answered when this returns. Raises BridgeError."""
        with self._translated():
            await self._client.publish(message.topic, message.payload, message.qos, message.retain)

    async def lost(self) -> None:
        """Wait until the connection is lost, which is raised as BridgeError."""
        with self._translated():
            async for _ in self._client.messages:
                pass  # they are handed over as they are read


class _Client(aiomqtt.Client):
    """aiomqtt's client, and what that leaves out of the broker's answers.

    Attributes:
        in_flight: Messages that the broker takes before it has acknowledged the first (MQTT 5, 3.2.2.3.3).
        refused: Called with the reason of a broker that does not take a message (MQTT 5, 3.4.2.1).
    """

    in_flight = IN_FLIGHT
    refused: Callable[[str], None]

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:  # noqa: ANN401 - aiomqtt's
        self.in_flight = min(IN_FLIGHT, getattr(properties, "ReceiveMaximum", IN_FLIGHT))
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:  # noqa: ANN401 - aiomqtt's
        if reason_code.is_failure:
            self.refused(str(reason_code))
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def give_up(self) -> None:
        """Let the connection go that is not made yet."""
        self.timeout = LETS_GO_WITHIN
        self._connected = asyncio.get_running_loop().create_future()  # one that was cancelled raises in paho's callback

    async def drop(self) -> None:
        """Go without a word, so that the broker publishes our last will."""
        connection = self._client.socket()
        if not isinstance(connection, socket.socket) or self._disconnected.done():
            return
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        await asyncio.wait([self._disconnected], timeout=LETS_GO_WITHIN)

    def note_end(self) -> None:
        """Take note of how the connection ended, whether or not anybody waited for it."""
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()


async def _entered(client: _Client) -> _Client:
    """Connect; a client that is not let in lets go of its socket, which aiomqtt itself keeps."""
    try:
        return await client.__aenter__()
    except (aiomqtt.MqttError, asyncio.CancelledError):
        client.give_up()
        await _leave(client)
        raise


async def _leave(client: _Client) -> None:
    """Take leave of the broker; one that does not answer any more is left without."""
    with contextlib.suppress(aiomqtt.MqttError):
        await client.__aexit__(None, None, None)
    client.note_end()


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
