"""A way to a broker on which one client's connection can be cut or held while the others go on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tests.support.broker import Gate

if TYPE_CHECKING:
    from asyncio import StreamWriter
    from collections.abc import AsyncIterator

    from tests.support.broker import Carrier, RealBroker


class Junction(Gate):
    """A gate that tells clients apart by the names under which they come.

    Attributes:
        held: Names of clients of which nothing gets through, either way: both sides take the other for there.
        deaf: Names of clients to which nothing gets through any more, while what they send does.
        seen: The names under which clients came.
    """

    def __init__(self, broker: RealBroker) -> None:
        super().__init__(broker)
        self.held: set[str] = set()
        self.deaf: set[str] = set()
        self.seen: list[str] = []
        self._names: WeakKeyDictionary[asyncio.Task[None], str] = WeakKeyDictionary()

    def cut(self, name: str) -> None:
        """Cut off the client of this name without a word to either side; it may come again."""
        for relay, whose in tuple(self._names.items()):
            if whose == name:
                relay.cancel()

    def _carriers(self, onward: StreamWriter) -> tuple[Carrier, Carrier]:  # noqa: ARG002 - of Gate
        relay = asyncio.current_task()
        assert relay is not None

        def carry(octets: bytes) -> bytes:
            if relay not in self._names:
                self._names[relay] = _identifier(octets)
                self.seen.append(self._names[relay])
            return b"" if self._names[relay] in self.held else octets

        def bring_back(octets: bytes) -> bytes:
            return b"" if self._names.get(relay) in self.held | self.deaf else octets

        return carry, bring_back


def _identifier(connect: bytes) -> str:
    """Return the client's name in a CONNECT (MQTT 5, 3.1; its remaining length takes one octet or two)."""
    start = connect.index(b"MQTT") + 8  # protocol name, version, flags, keep alive
    if connect[start - 4] == 5:
        start += 1 + connect[start]
    length = int.from_bytes(connect[start : start + 2])
    return connect[start + 2 : start + 2 + length].decode()


@contextlib.asynccontextmanager
async def junction(broker: RealBroker) -> AsyncIterator[Junction]:
    way = Junction(broker)
    await way.open()
    try:
        yield way
    finally:
        await way.shut()
