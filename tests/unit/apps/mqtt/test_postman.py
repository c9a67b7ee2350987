"""The way to the broker: whatever waits there, a Stop that comes in is heard soon."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from backstride.apps.mqtt.outbox import Message, Outbox
from backstride.apps.mqtt.postman import IN_A_TURN, Postman
from backstride.apps.mqtt.topics import Channel, Topics

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.apps.mqtt.broker import Connection


class WideLine:
    """A network that takes everything at once, as the system's does until its buffer is full."""

    in_flight = 20

    def __init__(self) -> None:
        self.taken: list[Message] = []

    async def publish(self, message: Message) -> None:
        self.taken.append(message)

    async def lost(self) -> None:
        await asyncio.Event().wait()


def test_s4_a_backlog_does_not_keep_the_loop_from_hearing(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        line, postman = WideLine(), Postman()
        outboxes = [Outbox(Topics(), f"t{number}") for number in range(50)]
        for outbox in outboxes:
            for number in range(20):
                outbox.put(Channel.STATE, b"%d" % number)
        serving = asyncio.create_task(postman.serve(cast("Connection", line), outboxes))
        most, before = 0, 0
        while len(line.taken) < 1000:
            await asyncio.sleep(0)  # one turn, in which a Stop could be heard
            most, before = max(most, len(line.taken) - before), len(line.taken)
        assert most <= IN_A_TURN
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    virtual_time(story())


class SlowLine(WideLine):
    """A broker that acknowledges nothing until it is told to."""

    in_flight = 5

    def __init__(self) -> None:
        super().__init__()
        self.acknowledges = asyncio.Event()

    async def publish(self, message: Message) -> None:
        await super().publish(message)
        await self.acknowledges.wait()


def test_no_more_is_on_its_way_than_the_broker_takes_at_once(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        line, postman, outbox = SlowLine(), Postman(), Outbox(Topics(), "den")
        for number in range(20):
            outbox.put(Channel.EVENT, b"%d" % number)
        serving = asyncio.create_task(postman.serve(cast("Connection", line), [outbox]))
        await asyncio.sleep(1)
        assert len(line.taken) == line.in_flight
        line.acknowledges.set()
        await postman.idle.wait()
        assert [message.payload for message in line.taken] == [b"%d" % number for number in range(20)]
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    virtual_time(story())


class BrokenLine(WideLine):
    """A connection that fails as nobody has foreseen."""

    async def publish(self, message: Message) -> None:
        await super().publish(message)
        raise RuntimeError("a fault of the program")


def test_a_fault_in_a_delivery_ends_the_connection_and_loses_nothing(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        postman, outbox = Postman(), Outbox(Topics(), "den")
        outbox.put(Channel.ANSWER, b"a")
        with pytest.raises(RuntimeError):
            await postman.serve(cast("Connection", BrokenLine()), [outbox])
        line = WideLine()
        serving = asyncio.create_task(postman.serve(cast("Connection", line), [outbox]))
        await postman.idle.wait()
        assert [message.payload for message in line.taken] == [b"a"]
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    virtual_time(story())
