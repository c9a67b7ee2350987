"""From callbacks to async iterators, bounded, so that a slow reader never grows memory."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable

Item = TypeVar("Item")

BACKLOG: Final = 256
"""Items a reader may lag behind before the oldest are dropped for it."""


class Reader(Generic[Item]):
    """One reader's async iterator: items from its making on, until the source closes."""

    def __init__(self, *, ended: bool = False) -> None:
        self._items: deque[Item] = deque(maxlen=BACKLOG)
        self._wake = asyncio.Event()
        self._ended = ended

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        while not self._items and not self._ended:
            self._wake.clear()
            await self._wake.wait()
        if not self._items:
            raise StopAsyncIteration
        return self._items.popleft()

    def put(self, item: Item) -> None:
        """Take an item; the oldest is dropped if the reader lags too far behind."""
        self._items.append(item)
        self._wake.set()

    def end(self) -> None:
        """End the iteration once what is there has been read."""
        self._ended = True
        self._wake.set()


class Broadcast(Generic[Item]):
    """Hands each item to every listener at once, and to every async reader in its own time."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Item], None]] = []
        self._readers: WeakSet[Reader[Item]] = WeakSet()  # a reader that nobody holds any more is gone
        self._closed = False

    def listen(self, listener: Callable[[Item], None]) -> Callable[[], None]:
        """Call `listener` with every item, within the turn of the loop that made it; return how to end that."""
        self._listeners.append(listener)

        def forget() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return forget

    def send(self, item: Item) -> None:
        """Hand `item` to everybody; a listener that fails keeps nobody else from hearing."""
        for listener in tuple(self._listeners):
            try:
                listener(item)
            except Exception as error:  # noqa: BLE001 - a stranger's code; the loop's handler reports it
                context = {"message": "a listener of a treadmill failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
        if len(self._readers):  # a weak set is slow to walk through, even an empty one
            for reader in tuple(self._readers):
                reader.put(item)

    def close(self) -> None:
        """End every reader's iteration once it has read what is there."""
        self._closed = True
        for reader in tuple(self._readers):
            reader.end()

    def items(self) -> Reader[Item]:
        """Return an iterator over the items from now on, until the source closes."""
        reader: Reader[Item] = Reader(ended=self._closed)
        self._readers.add(reader)
        return reader
