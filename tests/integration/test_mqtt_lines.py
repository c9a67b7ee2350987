"""The two lines of a bridge to a real broker: what is lost with the one, and what is not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING

import pytest

from backstride.apps.mqtt.awaiting import STOPS_AWAITED
from backstride.apps.mqtt.broker import IN_FLIGHT
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.support.bench import starts, until, written
from tests.support.broker import HOST, RealBroker, Stranger, needs_mosquitto, running_broker, stranger
from tests.support.house import house, there, walking
from tests.support.hurry import hurried
from tests.support.junction import junction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.broker, pytest.mark.allow_hosts([HOST])]
LINE, STOP_LINE = "backstride_cellar", "backstride_cellar.stop"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RealBroker]:
    with running_broker(tmp_path) as running:
        yield running


async def claim(me: Stranger, bridge: str, treadmill: str, since: float = 1.0) -> None:
    """Claim a treadmill as a bridge that was there first."""
    await me.publish(f"bridge/{bridge}/availability", b"online", retain=True)
    await me.publish(
        f"treadmill/{treadmill}/claim", json.dumps({"schema": 1, "bridge": bridge, "since": since}), retain=True
    )


def is_stopped(treadmill: SimulatedTreadmill) -> bool:
    return "0801" in written(treadmill) and treadmill.belt.speed == 0


def test_s4_while_the_line_for_stop_is_down_nothing_starts_a_belt_and_a_walk_goes_on(broker: RealBroker) -> None:
    first, second = (SimulatedTreadmill(address=f"AA:00:00:00:00:0{number}") for number in range(2))

    async def story() -> None:
        async with junction(broker) as way, stranger(broker) as me, house(way.url, first, second) as cellar:
            await me.until(lambda: len(me.names()) == 2)
            den, loft = me.names()
            await walking(me, den, first)
            before = written(first)
            way.held.add(STOP_LINE)
            way.cut(STOP_LINE)
            await until(lambda: any("no Stop over MQTT is heard" in told for told in cellar.told))
            refused = await me.ask(loft, "start")
            assert refused["outcome"] == "rejected"
            assert "line to the broker on which Stop comes is down" in refused["reason"]
            assert written(first) == before
            assert me.on("bridge/cellar/availability")[-1] == b"online"
            way.held.clear()
            await until(lambda: way.seen.count(STOP_LINE) >= 2)
            await asyncio.sleep(60)  # whatever is on its way there
            assert (await me.ask(loft, "start"))["outcome"] == "confirmed"
            await me.publish("all/stop")
            await until(lambda: is_stopped(first) and is_stopped(second))
            assert way.seen.count(LINE) == 1

    hurried(story())
    assert (starts(first), starts(second)) == (1, 1)


def test_s4_a_stop_is_heard_while_the_other_line_gets_no_answer(broker: RealBroker) -> None:
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with junction(broker) as way, stranger(broker) as me, house(way.url, treadmill) as cellar:
            den = await there(me)
            await walking(me, den, treadmill)
            way.held.add(LINE)
            treadmill.console.press_stop()  # there is something to tell, which nobody acknowledges
            await until(lambda: any("next attempt" in told for told in cellar.told), 60)
            treadmill.console.press_start()
            await until(lambda: treadmill.belt.speed > 0, 60)
            await me.publish("all/stop")
            await until(lambda: is_stopped(treadmill), 30)
            assert way.seen.count(STOP_LINE) == 1

    hurried(story())


def test_a_bridge_that_goes_right_after_it_came_says_so(broker: RealBroker) -> None:
    async def story() -> None:
        async with stranger(broker) as me:
            async with house(broker.url, SimulatedTreadmill()) as cellar:
                await until(lambda: any("Connected" in told for told in cellar.told))
                await me.until(lambda: b"online" in me.on("bridge/cellar/availability"))
            await me.until(lambda: me.on("bridge/cellar/availability")[-1] == b"offline")

    hurried(story())


def test_for_a_bridge_whose_last_words_do_not_go_out_the_broker_says_them(broker: RealBroker) -> None:
    """So many answers wait for their acknowledgement that nothing more may be sent but the goodbye."""

    async def story() -> None:
        async with junction(broker) as way, stranger(broker) as me:
            async with house(way.url, SimulatedTreadmill()):
                den = await there(me)
                way.deaf.add(LINE)
                for number in range(STOPS_AWAITED):
                    await me.publish(f"treadmill/{den}/stop", f'{{"id": "halt-{number}"}}')
                await me.until(lambda: len(me.on("/answer")) >= IN_FLIGHT)
            await me.until(lambda: me.on("bridge/cellar/availability")[-1] == b"offline", 20)

    hurried(story())


def test_the_old_word_of_a_bridge_that_a_power_failure_took_does_not_lock_it_out(broker: RealBroker) -> None:
    """Broker and bridge went at once; nobody published the last will."""

    async def story() -> None:
        async with stranger(broker) as me:
            await me.publish("bridge/cellar/availability", b"online", retain=True)
            async with house(broker.url, SimulatedTreadmill()) as cellar:
                await me.until(lambda: bool(me.on("/capabilities")), 120)
                assert any("Waiting whether it goes" in told for told in cellar.told)

    hurried(story())


def test_a_claim_of_ours_that_outlived_us_is_taken_back(broker: RealBroker) -> None:
    async def story() -> None:
        async with stranger(broker) as me:
            await claim(me, "cellar", "ghost")
            await me.publish("bridge/cellar/availability", b"offline", retain=True)
            async with house(broker.url, SimulatedTreadmill()):
                await me.until(lambda: me.on("ghost/claim")[-1] == b"")
                await me.until(lambda: bool(me.on("/capabilities")))
                assert me.last("/claim")["bridge"] == "cellar"

    hurried(story())


def test_a_bridge_whose_availability_is_cleared_holds_nothing_any_more(broker: RealBroker) -> None:
    treadmill = SimulatedTreadmill(address="AA:00:00:00:00:01")

    async def story() -> None:
        async with stranger(broker) as me:
            async with house(broker.url, treadmill):
                den = await there(me)
            await claim(me, "attic", den)
            async with house(broker.url, treadmill) as cellar:
                await until(lambda: any("stands back" in told for told in cellar.told))
                await me.publish("bridge/attic/availability", b"", retain=True)
                await me.until(lambda: me.last("/claim")["bridge"] == "cellar")

    hurried(story())


def test_what_clears_our_claim_does_not_take_the_treadmill_from_us(broker: RealBroker) -> None:
    async def story() -> None:
        async with stranger(broker) as me, house(broker.url, SimulatedTreadmill()):
            den = await there(me)
            await me.publish(f"treadmill/{den}/claim", b"", retain=True)
            await me.until(lambda: me.on("/claim")[-2:-1] == [b""] and me.last("/claim")["bridge"] == "cellar")

    hurried(story())


def test_a_flood_of_claims_is_not_answered_one_by_one(broker: RealBroker) -> None:
    async def story() -> None:
        async with stranger(broker) as me, house(broker.url, SimulatedTreadmill()):
            den = await there(me)
            await me.publish("bridge/attic/availability", b"online", retain=True)
            before = len(me.on("/capabilities"))
            late = json.dumps({"schema": 1, "bridge": "attic", "since": time.time() + 1000})
            for _ in range(100):
                await me.publish(f"treadmill/{den}/claim", late, qos=0)
            await asyncio.sleep(30)
            assert 2 <= len(me.on("/capabilities")) - before <= 20
            assert me.last("/claim")["bridge"] == "cellar"

    hurried(story())


def test_who_walks_on_a_treadmill_that_another_bridge_claims_is_answered_and_told_of_to_the_end(
    broker: RealBroker,
) -> None:
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with stranger(broker) as me, house(broker.url, treadmill) as cellar:
            den = await there(me)
            await walking(me, den, treadmill)
            await claim(me, "attic", den)
            await asyncio.sleep(5)
            states = len(me.on("/state"))
            await me.publish(f"treadmill/{den}/stop", '{"id": "halt"}')
            await me.until(lambda: bool(me.answers("halt")) and bool(me.events("ended")))
            assert me.answers("halt")[0]["outcome"] == "confirmed"
            assert len(me.on("/state")) == states, "what the broker keeps is for the other bridge to say"
            await until(lambda: any("stands back" in told for told in cellar.told))

    hurried(story())


def test_a_treadmill_whose_other_bridge_goes_in_mid_session_is_spoken_for_again(broker: RealBroker) -> None:
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with stranger(broker) as me, house(broker.url, treadmill):
            den = await there(me)
            await walking(me, den, treadmill)
            await claim(me, "attic", den)
            await asyncio.sleep(5)
            states = len(me.on("/state"))
            await me.publish("bridge/attic/availability", b"offline", retain=True)
            await me.until(lambda: me.last("/claim")["bridge"] == "cellar" and len(me.on("/state")) > states)
            assert (await me.ask(den, "set_speed", speed_km_h=2.6))["outcome"] == "confirmed"

    hurried(story())
    assert starts(treadmill) == 1


def test_what_a_treadmill_had_to_say_arrives_after_it_has_left(broker: RealBroker) -> None:
    """Its session ended while nothing got through, and our claim with it, for another bridge had come."""
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with junction(broker) as way, stranger(broker) as me, house(way.url, treadmill) as cellar:
            den = await there(me)
            await walking(me, den, treadmill)
            await claim(me, "attic", den)
            await asyncio.sleep(2)
            way.held.add(LINE)
            await me.publish(f"treadmill/{den}/stop", '{"id": "halt"}')
            await until(lambda: not cellar.bridge.offered, 60)
            await until(lambda: any("next attempt" in told for told in cellar.told), 60)
            assert not me.answers("halt")
            way.held.clear()
            await me.until(lambda: bool(me.events("ended")) and bool(me.answers("halt")), 120)
            assert "stopping" in [event["state"] for event in me.events("state")]
            assert me.last("/claim")["bridge"] == "attic"

    hurried(story())


def test_no_bridge_takes_the_place_of_another_s_line_for_stop(broker: RealBroker) -> None:
    async def story() -> None:
        async with junction(broker) as way, stranger(broker) as me, contextlib.AsyncExitStack() as stack:
            houses = []
            for number, name in enumerate(("cellar", "cellar-stop", "stop")):
                treadmill = SimulatedTreadmill(address=f"AA:00:00:00:00:0{number}")
                houses.append(await stack.enter_async_context(house(way.url, treadmill, name=name)))
            await me.until(lambda: len(me.names()) == 3)
            await asyncio.sleep(30)
            assert not any("next attempt" in told for one in houses for told in one.told)
            lines = [name for name in way.seen if "looks" not in name]
            assert len(lines) == len(set(lines)) == 6

    hurried(story())


@needs_mosquitto
def test_a_broker_that_does_not_take_what_is_published_is_told_of_once(tmp_path: Path) -> None:
    """PUBACK with Not authorized (MQTT 5, 3.4.2.1)."""
    rights = tmp_path / "rights"
    rights.write_text("topic readwrite #\ntopic deny backstride/v1/treadmill/+/event\n", encoding="ascii")
    rights.chmod(0o644)
    treadmill = SimulatedTreadmill()

    async def story(broker: RealBroker) -> None:
        async with stranger(broker) as me, house(broker.url, treadmill) as cellar:
            den = await there(me)
            await walking(me, den, treadmill)
            told = [line for line in cellar.told if "does not take what we publish" in line]
            assert len(told) == 1
            assert "Not authorized" in told[0]
            assert not me.on("/event")

    with running_broker(tmp_path, f"acl_file {rights}") as broker:
        hurried(story(broker))
