"""Carries what waits in the outboxes to the broker: one of each treadmill in turn, several on their way at once."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Final

from backstride.driver.tasks import Tasks

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
        self._ready: dict[Outbox, None] = {}
        self._is_ready = asyncio.Event()
        self._on_their_way = 0

    def call(self, outbox: Outbox) -> None:
        """Take note that something waits in `outbox`."""
        self._ready[outbox] = None
        self._is_ready.set()
        self.idle.clear()

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
        room = asyncio.Semaphore(connection.in_flight)
        for number in itertools.count(1):
            if number % IN_A_TURN == 0:
                await asyncio.sleep(0)
            if not self._ready:
                self._is_ready.clear()
                self._rest()
                await self._is_ready.wait()
                continue
            outbox = next(iter(self._ready))
            del self._ready[outbox]
            message = outbox.take()
            if len(outbox):
                self._ready[outbox] = None
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
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection is made anew
            if not failed.done():
                failed.set_exception(error)
        else:
            outbox.acknowledge(message)
            self._on_their_way -= 1
            self._rest()
        finally:
            room.release()

    def _rest(self) -> None:
        if not self._ready and not self._on_their_way:
            self.idle.set()
