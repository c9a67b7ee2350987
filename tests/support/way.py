"""A way to a broker on which it is known whether the broker is still at work.

Behind all that goes to the broker a PINGREQ is slipped in, and its PINGRESP is taken out again: a broker answers in
order (MQTT 3.1.1, 4.6), so that by then it has dealt with everything before, and what it had to pass on is on its way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from tests.support.broker import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.broker import RealBroker

_PINGREQ, _PINGRESP = b"\xc0\x00", b"\xd0\x00"
_DISCONNECT = 0xE0


class Way:
    """A port that leads to a broker, as long as it is open."""

    def __init__(self, broker: RealBroker) -> None:
        self.port = free_port()
        self._broker = broker
        self._server: asyncio.Server | None = None
        self._crossings: set[_Crossing] = set()

    @property
    def url(self) -> str:
        return f"mqtt://{HOST}:{self.port}"

    @property
    def is_under_way(self) -> bool:
        """True while the broker has not dealt with all that went to it."""
        return any(crossing.is_under_way for crossing in self._crossings)

    async def open(self) -> None:
        """Let whoever comes through to the broker, which is running."""
        self._server = await asyncio.start_server(self._cross, HOST, self.port)

    async def shut(self) -> None:
        """Cut off whoever is on the way, and let nobody through."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for crossing in tuple(self._crossings):
            crossing.cut()
        while self._crossings:  # noqa: ASYNC110 - a turn or two
            await asyncio.sleep(0)

    async def _cross(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        crossing = _Crossing(to_client)
        self._crossings.add(crossing)
        try:
            await crossing.run(client, self._broker.port)
        finally:
            self._crossings.discard(crossing)


class _Crossing:
    """One client on the way."""

    def __init__(self, to_client: asyncio.StreamWriter) -> None:
        self._to_client = to_client
        self._to_broker: asyncio.StreamWriter | None = None
        self._pings: deque[bool] = deque()  # those that are not answered yet; True for one of ours
        self._is_connecting = True
        self._taken_leave = False

    @property
    def is_under_way(self) -> bool:
        return self._is_connecting or True in self._pings

    def cut(self) -> None:
        for end in (self._to_client, self._to_broker):
            if end is not None:
                end.transport.abort()

    async def run(self, client: asyncio.StreamReader, port: int) -> None:
        try:
            broker, self._to_broker = await asyncio.open_connection(HOST, port)
            self._is_connecting = False
            back = asyncio.create_task(self._bring_back(broker))
            await self._carry(client, self._to_broker)
            await back
        except OSError:
            pass
        finally:
            self._is_connecting = False
            self._pings.clear()
            self.cut()

    async def _carry(self, client: asyncio.StreamReader, to_broker: asyncio.StreamWriter) -> None:
        packets = _Packets()
        while octets := await client.read(65536):
            whole = list(packets.feed(octets))
            for packet in whole:
                if packet == _PINGREQ:
                    self._pings.append(False)
                self._taken_leave |= packet[0] == _DISCONNECT
            if whole and not self._taken_leave:
                whole.append(_PINGREQ)
                self._pings.append(True)
            to_broker.write(b"".join(whole))
        to_broker.close()

    async def _bring_back(self, broker: asyncio.StreamReader) -> None:
        packets = _Packets()
        try:
            while octets := await broker.read(65536):
                self._to_client.write(b"".join(packet for packet in packets.feed(octets) if not self._is_ours(packet)))
        except OSError:
            pass
        finally:
            self._pings.clear()
            self._to_client.close()

    def _is_ours(self, packet: bytes) -> bool:
        return packet == _PINGRESP and bool(self._pings) and self._pings.popleft()


class _Packets:
    """A stream of octets, as whole MQTT packets (MQTT 3.1.1, 2.2)."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """Take what came; yield the packets that are whole now."""
        stream, at = self._rest + octets, 0
        while (end := _end_of_packet(stream, at)) is not None:
            yield stream[at:end]
            at = end
        self._rest = stream[at:]


def _end_of_packet(stream: bytes, start: int) -> int | None:
    length, shift, at = 0, 0, start + 1
    while at < len(stream):
        length |= (stream[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not stream[at - 1] & 0x80:
            return at + length if at + length <= len(stream) else None
    return None
