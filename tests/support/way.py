"""A way to a broker on which it is known whether the broker is still at work.

Behind all that goes to the broker a PINGREQ is slipped in, and its PINGRESP is taken out again: a broker answers in
order (MQTT 3.1.1, 4.6), so that by then it has dealt with everything before, and what it had to pass on is on its way.
The embedded broker answers at once and passes on some turns of its loop later: it is asked several times.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tests.support.broker import Gate

if TYPE_CHECKING:
    from asyncio import StreamWriter
    from collections.abc import Iterator

    from tests.support.broker import Carrier, RealBroker

_PINGREQ, _PINGRESP = b"\xc0\x00", b"\xd0\x00"
_DISCONNECT = 0xE0
_EMBEDDED_ASKED = 4  # times


class Way(Gate):
    """A gate that knows what is under way through it."""

    def __init__(self, broker: RealBroker) -> None:
        super().__init__(broker)
        self._asked = _EMBEDDED_ASKED if broker.embedded else 1
        self._crossings: WeakKeyDictionary[asyncio.Task[None], _Crossing] = WeakKeyDictionary()

    @property
    def is_under_way(self) -> bool:
        """True while a client is on its way to the broker, or the broker has not dealt with all that went to it."""
        return any(relay not in self._crossings or self._crossings[relay].is_under_way for relay in tuple(self._relays))

    def _carriers(self, onward: StreamWriter) -> tuple[Carrier, Carrier]:
        relay = asyncio.current_task()
        assert relay is not None
        crossing = self._crossings[relay] = _Crossing(onward, self._asked)
        return crossing.carry, crossing.bring_back


class _Crossing:
    """One client on the way."""

    def __init__(self, onward: StreamWriter, asked: int) -> None:
        self._onward = onward
        self._asked = asked
        self._asks = 0  # times that are still to come
        self._there, self._back = _Packets(), _Packets()
        self._pings: deque[bool] = deque()  # those that are not answered yet; True for one of ours
        self._taken_leave = False

    @property
    def is_under_way(self) -> bool:
        return True in self._pings

    def carry(self, octets: bytes) -> bytes:
        whole = list(self._there.feed(octets))
        for packet in whole:
            if packet == _PINGREQ:
                self._pings.append(False)
            self._taken_leave |= packet[0] == _DISCONNECT
        if whole and not self._taken_leave:
            whole.append(_PINGREQ)
            self._pings.append(True)
            self._asks = self._asked - 1
        return b"".join(whole)

    def bring_back(self, octets: bytes) -> bytes:
        back = b"".join(packet for packet in self._back.feed(octets) if not self._is_ours(packet))
        if self._asks and not self.is_under_way and not self._taken_leave:
            self._asks -= 1
            self._onward.write(_PINGREQ)
            self._pings.append(True)
        return back

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
