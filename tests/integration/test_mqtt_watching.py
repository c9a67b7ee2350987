"""A Stop for a fleet on a real broker, which is not always to be had."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from backstride.apps.mqtt.address import read_address
from backstride.apps.mqtt.broker import Broker
from backstride.apps.mqtt.fleet import Fleet
from backstride.apps.mqtt.topics import Topics
from backstride.apps.mqtt.watching import Halt
from backstride.errors import BridgeError
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.support.bench import until
from tests.support.broker import HOST, RealBroker, gate, running_broker, stranger
from tests.support.house import house, there, walking
from tests.support.hurry import hurried
from tests.support.junction import junction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.broker, pytest.mark.allow_hosts([HOST])]
NOWHERE = read_address(f"mqtt://{HOST}:1")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RealBroker]:
    with running_broker(tmp_path) as running:
        yield running


def stop(url: str, told: list[str]) -> Halt:
    return Halt(read_address(url), Topics(), Fleet(Topics()), None, told.append)


def stands(halt: Halt) -> list[bool]:
    return [result.stands for result in halt.standstill.results(asyncio.get_running_loop().time())]


def test_s4_a_stop_goes_out_as_soon_as_the_broker_is_to_be_had(broker: RealBroker) -> None:
    treadmill, told = SimulatedTreadmill(), list[str]()

    async def story() -> None:
        async with stranger(broker) as me, gate(broker) as way, house(broker.url, treadmill):
            den = await there(me)
            await walking(me, den, treadmill)
            await way.shut()
            halt = stop(way.url, told)
            running = asyncio.create_task(halt.run(within=120))
            await until(lambda: len(told) >= 2)
            assert not halt.published
            assert treadmill.belt.speed > 0
            await way.open()
            await running
            assert treadmill.belt.speed == 0
            assert stands(halt) == [True]

    hurried(story())
    assert "is not to be had" in told[0]


def test_s4_a_stop_goes_out_on_the_connection_that_is_there(broker: RealBroker) -> None:
    """Another one cannot be made just now."""
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with stranger(broker) as me, house(broker.url, treadmill):
            den = await there(me)
            await walking(me, den, treadmill)
            fleet = Fleet(Topics())
            halt = Halt(NOWHERE, Topics(), fleet, None)
            async with Broker(read_address(broker.url), "table", lambda _: None).connected([]) as connection:
                await halt.run(within=20, at_hand=connection)
            assert halt.published
            assert treadmill.belt.speed == 0

    hurried(story())


def test_a_stop_that_could_not_be_brought_to_the_broker_says_so() -> None:
    told = list[str]()

    async def story() -> None:
        halt = Halt(NOWHERE, Topics(), Fleet(Topics()), None, told.append)
        with pytest.raises(BridgeError, match="No Stop has gone out"):
            await halt.run(within=5)
        assert not halt.published

    hurried(story())
    assert told


def test_a_stop_whose_broker_is_lost_goes_on_when_it_is_back(broker: RealBroker) -> None:
    """Nobody can answer before."""
    treadmill, told = SimulatedTreadmill(), list[str]()

    async def story() -> None:
        async with (
            stranger(broker) as me,
            junction(broker) as bridge_way,
            gate(broker) as way,
            house(bridge_way.url, treadmill),
        ):
            den = await there(me)
            await walking(me, den, treadmill)
            bridge_way.held.add("backstride_cellar")
            halt = stop(way.url, told)
            running = asyncio.create_task(halt.run(within=120))
            await until(lambda: halt.published)
            await way.shut()
            await until(lambda: bool(told))
            assert "Nobody knows what has come of the Stop" in halt.meaning
            bridge_way.held.clear()
            await way.open()
            await running
            assert stands(halt) == [True]

    hurried(story())
