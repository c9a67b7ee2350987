"""Carries what waits in the outboxes to the broker: one of each treadmill in turn, several on their way at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from backstride.apps.mqtt.broker import IN_FLIGHT
from backstride.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backstride.apps.mqtt.broker import Connection
    from backstride.apps.mqtt.outbox import Message, Outbox


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

    def pass_over(self, outbox: Outbox) -> None:
        """Leave what waits in `outbox` where it is."""
        self._ready.pop(outbox.name, None)

    async def serve(self, connection: Connection, outboxes: Iterable[Outbox]) -> None:
        """Publish on a new connection until it is lost, which is raised as BridgeError."""
        self._on_their_way = 0
        for outbox in outboxes:
            outbox.start_over()
            self.call(outbox)
        fault: BridgeError | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(connection.lost())
                group.create_task(self._go_round(connection, group))
        except* BridgeError as faults:
            fault = next(one for one in faults.exceptions if isinstance(one, BridgeError))
        if fault is not None:
            raise fault

    async def _go_round(self, connection: Connection, group: asyncio.TaskGroup) -> None:
        room = asyncio.Semaphore(IN_FLIGHT)
        while True:
            if not self._ready:
                self._is_ready.clear()
                self._rest()
                await self._is_ready.wait()
            name, outbox = next(iter(self._ready.items()))
            del self._ready[name]
            message = outbox.take()
            if len(outbox):
                self._ready[name] = outbox
            if message is not None and message.qos == 0:
                await connection.publish(message)
            elif message is not None:
                await room.acquire()
                self._on_their_way += 1
                group.create_task(self._deliver(connection, outbox, message, room))

    async def _deliver(self, connection: Connection, outbox: Outbox, message: Message, room: asyncio.Semaphore) -> None:
        await connection.publish(message)
        outbox.acknowledge(message)
        room.release()
        self._on_their_way -= 1
        self._rest()

    def _rest(self) -> None:
        if not self._ready and not self._on_their_way:
            self.idle.set()
