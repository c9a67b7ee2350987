"""Home Assistant on a real broker with a bridge: what it finds there, early or late, and what its buttons do."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import time
from typing import TYPE_CHECKING

import pytest

from backstride.apps.mqtt.address import read_address
from backstride.apps.mqtt.bridge import Berth, Bridge
from backstride.apps.mqtt.discovery import HomeAssistant
from backstride.apps.mqtt.topics import Topics
from backstride.driver.machine import Machine
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.support.bench import starts, until
from tests.support.broker import HOST, RealBroker, Stranger, running_broker, stranger
from tests.support.home_assistant import Shown
from tests.support.hurry import hurried
from tests.support.mqtt import repertoire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.broker, pytest.mark.allow_hosts([HOST])]  # a broker, and nothing else


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RealBroker]:
    with running_broker(tmp_path) as running:
        yield running


@contextlib.asynccontextmanager
async def bridge(
    broker: RealBroker, treadmill: SimulatedTreadmill, *, name: str = "cellar", shown: bool = True
) -> AsyncIterator[None]:
    topics = Topics()
    home = HomeAssistant(topics) if shown else None
    one = Bridge(read_address(broker.url), name, topics, repertoire(), tell=lambda _: None, home=home)
    berth = Berth("a treadmill", functools.partial(Machine.connect, treadmill), allow_start=True)
    running = asyncio.create_task(one.run([berth]))
    try:
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def found(me: Stranger) -> Shown:
    """Wait until Home Assistant has been told of a treadmill."""
    await me.until(lambda: bool(me.on("/config")))
    shown = Shown(json.loads(me.on("/config")[-1]))
    assert shown.faults == []
    return shown


async def press(me: Stranger, shown: Shown, key: str, value: object = "PRESS") -> None:
    """Do as Home Assistant does; wait for the answer."""
    octets = shown.command(key, value, at=time.time())
    await me.client.publish(shown.entities[key]["command_topic"], octets, qos=shown.entities[key]["qos"])
    await me.until(lambda: bool(me.answers(json.loads(octets)["id"])), 120)
    assert me.answers(json.loads(octets)["id"])[0]["outcome"] == "confirmed"


def test_a_treadmill_is_found_started_and_stopped_over_the_topics_that_its_discovery_names(broker: RealBroker) -> None:
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with stranger(broker) as early, bridge(broker, treadmill):
            await found(early)
            async with stranger(broker) as me:
                shown = await found(me)
                await me.until(lambda: bool(me.on("/state")) and bool(me.on("/session")))
                heard = {str(message.topic): message.payload for message in me.heard}
                for one in shown.payload["availability"]:
                    assert heard[one["topic"]] == b"online"
                await press(me, shown, "profile", "long")
                await press(me, shown, "start")
                await until(lambda: treadmill.belt.speed >= 1.99, 90)
                await press(me, shown, "stop")
                assert treadmill.belt.speed == 0
                for entity in shown.entities.values():
                    assert entity.get("state_topic") in {None, *(str(message.topic) for message in me.heard)}

    hurried(story())
    assert starts(treadmill) == 1


def test_a_broker_that_has_forgotten_everything_is_told_again(broker: RealBroker) -> None:
    async def story() -> None:
        async with bridge(broker, SimulatedTreadmill()):
            async with stranger(broker) as me:
                await found(me)
                broker.kill()
            broker.start()
            async with stranger(broker) as me:
                await found(me)

    hurried(story())


def test_a_simulated_treadmill_is_taken_away_at_the_end(broker: RealBroker) -> None:
    async def story() -> None:
        async with stranger(broker) as me:
            async with bridge(broker, SimulatedTreadmill()):
                await found(me)
            await me.until(lambda: me.on("/config")[-1] == b"")
        async with stranger(broker) as later:
            await later.until(lambda: bool(later.on("/capabilities")))
            assert later.on("/config") == []

    hurried(story())


def test_of_two_bridges_the_one_that_drives_the_treadmill_is_the_one_that_home_assistant_looks_to(
    broker: RealBroker,
) -> None:
    """They begin in the same instant, so that neither has heard of the other."""
    treadmills = [SimulatedTreadmill(address="C0:FF:EE:00:A1:D3") for _ in range(2)]

    async def story() -> None:
        one, other = (bridge(broker, each, name=name) for each, name in zip(treadmills, ("attic", "hall"), strict=True))
        async with stranger(broker) as me, one, other:
            await found(me)
            await asyncio.sleep(30)
            driver = me.last("/claim")["bridge"]
            shown = Shown(me.last("/config"))
            assert shown.entities["stop"]["availability"] == [{"topic": f"backstride/v1/bridge/{driver}/availability"}]
            assert me.last("/capabilities")["bridge"] == driver

    hurried(story())


def test_home_assistant_is_told_nothing_unless_it_is_wanted(broker: RealBroker) -> None:
    async def story() -> None:
        async with stranger(broker) as me, bridge(broker, SimulatedTreadmill(), shown=False):
            await me.until(lambda: bool(me.on("/state")))
            assert me.on("/config") == []

    hurried(story())
