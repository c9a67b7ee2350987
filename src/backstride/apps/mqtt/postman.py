"""Carries what waits in the outboxes to the broker: one of each treadmill in turn, several on their way at once."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.broker import IN_FLIGHT
from backstride.driver.tasks import Tasks
from backstride.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backstride.apps.mqtt.broker import Connection
    from backstride.apps.mqtt.outbox import Message, Outbox

IN_A_TURN: Final = 10
"""Messages that go out in one turn of the loop at most: a Stop that has come is heard before the rest (S4)."""


class Postman:
    """Goes round the outboxes in which something waits.

    Attributes:
        idle: Set while nothing waits and nothing is on its way.
    """

    def __init__(self) -> None:
        self.idle = asyncio.Event()
        self.idle.set()
        self._ready: dict[str, Outbox] = {}
        self._is_ready = asyncio.Event()
        self._on_their_way = 0

    def call(self, outbox: Outbox) -> None:
        """Take note that something waits in `outbox`."""
        self._ready[outbox.name] = outbox
        self._is_ready.set()
        self.idle.clear()

    def repeat(self, outbox: Outbox, again_after: float) -> None:
        """Publish what the broker keeps once more, and after some seconds again: somebody writes over it just now."""

        def once_more() -> None:
            outbox.repeat()
            self.call(outbox)

        once_more()
        asyncio.get_running_loop().call_later(again_after, once_more)

    def pass_over(self, outbox: Outbox) -> None:
        """Leave what waits in `outbox` where it is."""
        self._ready.pop(outbox.name, None)

    async def serve(self, connection: Connection, outboxes: Iterable[Outbox]) -> None:
        """Publish on a new connection until it is lost, which is raised as BridgeError."""
        self._on_their_way = 0
        for outbox in outboxes:
            outbox.start_over()
            self.call(outbox)
        deliveries = Tasks()
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ends = {
            failed,
            *map(asyncio.ensure_future, (connection.lost(), self._go_round(connection, deliveries, failed))),
        }
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await deliveries.end()
            await asyncio.gather(*ends, return_exceptions=True)
        for end in done:
            end.result()

    async def _go_round(self, connection: Connection, deliveries: Tasks, failed: asyncio.Future[None]) -> None:
        room = asyncio.Semaphore(IN_FLIGHT)
        for number in itertools.count(1):
            if number % IN_A_TURN == 0:
                await asyncio.sleep(0)
            if not self._ready:
                self._is_ready.clear()
                self._rest()
                await self._is_ready.wait()
                continue
            name, outbox = next(iter(self._ready.items()))
            del self._ready[name]
            message = outbox.take()
            if len(outbox):
                self._ready[name] = outbox
            if message is not None and message.qos == 0:
                await connection.publish(message)
            elif message is not None:
                self._on_their_way += 1
                await room.acquire()
                deliveries.spawn(self._deliver(connection, outbox, message, room, failed))

    async def _deliver(
        self,
        connection: Connection,
        outbox: Outbox,
        message: Message,
        room: asyncio.Semaphore,
        failed: asyncio.Future[None],
    ) -> None:
        try:
            await connection.publish(message)
        except BridgeError as error:
            if not failed.done():
                failed.set_exception(error)
            return
        outbox.acknowledge(message)
        room.release()
        self._on_their_way -= 1
        self._rest()

    def _rest(self) -> None:
        if not self._ready and not self._on_their_way:
            self.idle.set()
