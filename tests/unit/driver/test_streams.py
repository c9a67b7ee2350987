"""From callbacks to iterators."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

from backstride.driver.streams import BACKLOG, Broadcast

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


async def collected(items: AsyncIterator[int]) -> list[int]:
    return [item async for item in items]


def test_a_reader_gets_what_is_sent_from_its_making_on(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        source: Broadcast[int] = Broadcast()
        source.send(1)
        items = source.items()
        source.send(2)
        source.send(3)
        source.close()
        assert await collected(items) == [2, 3]

    virtual_time(story())


def test_a_reader_that_waits_is_woken_and_ended(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        source: Broadcast[int] = Broadcast()
        reading = asyncio.create_task(collected(source.items()))
        for item in (1, 2):
            await asyncio.sleep(1)
            source.send(item)
        source.close()
        assert await reading == [1, 2]
        assert await collected(source.items()) == []

    virtual_time(story())


def test_a_slow_reader_misses_the_oldest_and_no_more(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        source: Broadcast[int] = Broadcast()
        items = source.items()
        for number in range(BACKLOG + 44):
            source.send(number)
        source.close()
        assert await collected(items) == list(range(44, BACKLOG + 44))

    virtual_time(story())


def test_a_reader_that_was_given_up_is_forgotten(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        source: Broadcast[bytes] = Broadcast()
        items = source.items()
        source.send(b"1")
        async for item in items:
            assert item == b"1"
            break
        del items
        gc.collect()
        assert len(source._readers) == 0  # noqa: SLF001 - nothing outside shows a leak of this kind

    virtual_time(story())


def test_a_listener_hears_at_once_until_it_is_taken_off() -> None:
    source: Broadcast[int] = Broadcast()
    heard: list[int] = []
    forget = source.listen(heard.append)
    source.send(1)
    forget()
    forget()
    source.send(2)
    assert heard == [1]


def test_a_listener_that_fails_keeps_nobody_else_from_hearing(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        source: Broadcast[int] = Broadcast()
        heard: list[int] = []
        reported: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(str(context["exception"])))

        def broken(_: int) -> None:
            raise LookupError("not my day")

        source.listen(broken)
        source.listen(heard.append)
        source.send(1)
        assert heard == [1]
        assert reported == ["not my day"]

    virtual_time(story())
