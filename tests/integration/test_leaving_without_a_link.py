"""Leaving while the link is lost and the belt may be moving: five seconds to reach it once more (safety rule S6)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.driver.machine import Machine
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.support.bench import Heard, until, walking, written
from tests.support.roaming import System

if TYPE_CHECKING:
    from collections.abc import Callable


async def stopped(treadmill: SimulatedTreadmill) -> None:
    """Make sure that Stop was the first on a new link, and that the belt comes to rest."""
    assert next(write.value.hex() for write in treadmill.writes if write.connection > 1) == "0801"
    await until(lambda: treadmill.belt.standing, within=5)


def test_leaving_with_the_link_lost_makes_one_for_the_stop(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S6: and it is the first that is written there."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            left = treadmill.now
        assert treadmill.now - left <= 5.1
        assert treadmill.belt.standing
        await stopped(treadmill)
        assert heard.names[:2] == ["LinkLost", "LinkRestored"]
        assert treadmill.peripheral.connections == []

    virtual_time(story())


@pytest.mark.parametrize("back_after", [0.5, 1.9, 2.4])
def test_a_machine_that_comes_back_within_the_five_seconds_is_stopped(
    virtual_time: Callable[..., Any], back_after: float
) -> None:
    """S6."""

    async def story(*, forgotten: bool) -> None:
        treadmill, system = SimulatedTreadmill(), System()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            await walking(machine)
            treadmill.leave_range()
            await until(lambda: not machine.is_connected)
            system.remembers = not forgotten
            asyncio.get_running_loop().call_later(back_after, treadmill.enter_range)
            left = treadmill.now
        assert treadmill.now - left <= 5.1
        assert treadmill.peripheral.connections == []
        await stopped(treadmill)

    virtual_time(story(forgotten=False))
    virtual_time(story(forgotten=True))


def test_a_machine_that_stays_away_takes_five_seconds_and_is_said_to_be_unstopped(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S5, S6: nobody is told that the belt stands."""

    async def story() -> None:
        loop = asyncio.get_running_loop()
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            treadmill.leave_range()
            await until(lambda: not machine.is_connected)
            left = loop.time()
        assert loop.time() - left == pytest.approx(5.0, abs=0.05)
        assert heard.names == ["LinkLost", "StopUnproven"]
        assert machine.state.standing is None
        assert not treadmill.belt.standing

    virtual_time(story())


def test_a_link_lost_while_leaving_is_made_anew(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S6: the Stop was under way when the link went."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.latency = 0.3
            treadmill.leave_range()
            asyncio.get_running_loop().call_later(2.5, treadmill.enter_range)
            asyncio.get_running_loop().call_later(2.5, setattr, treadmill, "latency", 0.015)
            assert machine.is_connected
        await stopped(treadmill)

    virtual_time(story())


def test_a_belt_that_is_not_ours_is_left_at_once(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S6 is about the belt that was started here."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            treadmill.console.press_start()
            await asyncio.sleep(3)
            treadmill.leave_range()
            await until(lambda: not machine.is_connected)
            left = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - left < 0.1
        assert written(treadmill) == ["00"]

    virtual_time(story())


def test_an_unreachable_belt_that_was_to_be_stopped_long_ago_is_tried_once_more(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S6: whoever asked for a Stop without a link, and has tried nothing since, leaves no moving belt behind."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.leave_range()
            await until(lambda: not machine.is_connected)
            machine.stop()
            await asyncio.sleep(60)
            treadmill.enter_range()
        await stopped(treadmill)

    virtual_time(story())


def test_a_bluetooth_service_that_hangs_keeps_nobody(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S6: what does not even end when it is cancelled is left behind."""

    async def story() -> None:
        loop, system = asyncio.get_running_loop(), System()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            await walking(machine)
            system.hangs_in_cleanup = True
            treadmill.leave_range()
            await until(lambda: not machine.is_connected)
            left = loop.time()
        assert loop.time() - left <= 6.0

    virtual_time(story())
