"""Trying again, patiently."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any

from backstride.driver.machine import Machine
from backstride.driver.reconnect import pauses, reconnect
from tests.support.bench import Heard, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.simulator.treadmill import SimulatedTreadmill


def test_pauses_double_up_to_ten_seconds_and_never_end() -> None:
    assert list(islice(pauses(), 7)) == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_a_machine_that_comes_back_after_minutes_is_connected_again(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            treadmill.power_off()
            await until(lambda: not machine.is_connected)
            again = asyncio.create_task(reconnect(machine))
            await asyncio.sleep(300)
            assert not again.done()
            treadmill.power_on()
            assert await until(again.done, within=60) < 45
            assert machine.is_connected
            assert heard.names == ["LinkLost", "LinkRestored"]

    virtual_time(story())


def test_giving_up_leaves_nothing_behind(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            treadmill.power_off()
            await until(lambda: not machine.is_connected)
            again = asyncio.create_task(reconnect(machine))
            await asyncio.sleep(2)
            again.cancel()
            await asyncio.gather(again, return_exceptions=True)
            assert not machine.is_connected
            assert not machine.state.connected

    virtual_time(story())
