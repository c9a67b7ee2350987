"""The bridge on a real broker, judged from a stranger's client and from the belts' own logs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import aiomqtt
import pytest
from aiomqtt.client import ProtocolVersion

from backstride.apps.mqtt.address import read_address
from backstride.apps.mqtt.bridge import Berth
from backstride.errors import BridgeError
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Speed
from tests.support.bench import starts, targets, until, written
from tests.support.broker import HOST, RealBroker, gate, needs_mosquitto, running_broker, stranger
from tests.support.house import House, house, there, walking
from tests.support.hurry import TIMES, hurried

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backstride.driver.machine import Machine


pytestmark = [pytest.mark.broker, pytest.mark.allow_hosts([HOST])]  # a broker, and nothing else


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RealBroker]:
    with running_broker(tmp_path) as running:
        yield running


def test_a_session_is_driven_from_its_choice_to_its_end(broker: RealBroker) -> None:
    """End to end: what a stranger commands over the broker is what the belt's own log holds."""
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with stranger(broker) as me, house(broker.url, treadmill):
            den = await there(me)
            await walking(me, den, treadmill)
            assert (await me.ask(den, "set_speed", speed_km_h=2.6))["outcome"] == "confirmed"
            assert treadmill.belt.speed == pytest.approx(2.6, abs=0.02)
            assert (await me.ask(den, "set_speed", speed_km_h=19))["outcome"] == "rejected"
            assert (await me.ask(den, "pause"))["outcome"] == "confirmed"
            assert treadmill.belt.speed == 0
            await me.until(lambda: me.last("/session")["asking"] == "resume")
            assert (await me.ask(den, "resume"))["outcome"] == "confirmed"
            assert (await me.ask(den, "stop"))["outcome"] == "confirmed"
            assert treadmill.belt.speed == 0
            await me.until(lambda: bool(me.events("ended")) and me.last("/session")["state"] == "idle")
            assert me.events("ended")[0]["belt_standing"] is True
            await me.until(lambda: me.last("/state")["standing"] is True)

    hurried(story())
    assert starts(treadmill) == 2
    assert written(treadmill)[-1].startswith("08")
    assert not any(value == "026c07" for value in targets(treadmill))


def test_a_broker_that_is_killed_in_mid_session_changes_nothing_on_the_belt_and_hears_it_all_later(
    broker: RealBroker,
) -> None:
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with gate(broker) as way, house(way.url, treadmill) as cellar:
            async with stranger(broker) as me:
                den = await there(me)
                await walking(me, den, treadmill)
                before = written(treadmill)
                broker.kill()
            await way.shut()
            await until(lambda: any("next attempt" in told for told in cellar.told))
            await asyncio.sleep(30)
            treadmill.console.set_speed(Speed(150))  # something happens meanwhile
            await asyncio.sleep(60)
            assert written(treadmill) == before, "the belt is left alone"
            assert treadmill.belt.speed == pytest.approx(1.5, abs=0.02)
            broker.start()
            async with stranger(broker) as me:
                await way.open()
                await me.until(lambda: bool(me.events("console")), 120)
                await me.until(
                    lambda: bool(me.on("/capabilities")) and bool(me.on("/claim")) and bool(me.on("/session"))
                )
                await me.until(lambda: len(me.on("/state")) >= 60)
                assert me.last("/session")["state"] == "running"
                assert me.last("/counters")["dropped"] > 0
                assert (await me.ask(den, "stop"))["outcome"] == "confirmed"
                assert starts(treadmill) == 1

    hurried(story())


@needs_mosquitto
def test_a_broker_that_refuses_the_bridge_in_mid_session_ends_no_walk(broker: RealBroker) -> None:
    """Somebody has changed its passwords: the belt is left alone, and Stop is heard once they are right again."""
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with house(broker.url, treadmill) as cellar:
            async with stranger(broker) as me:
                den = await there(me)
                await walking(me, den, treadmill)
                before = written(treadmill)
                broker.kill()
            broker.lines = ("allow_anonymous false",)
            await asyncio.to_thread(broker.start)
            await until(lambda: any("refuses the connection" in told for told in cellar.told), 60)
            await asyncio.sleep(40)
            assert written(treadmill) == before
            assert treadmill.belt.speed == pytest.approx(2.0, abs=0.02)
            broker.kill()
            broker.lines = ()
            await asyncio.to_thread(broker.start)
            async with stranger(broker) as me:
                await me.until(lambda: bool(me.on("bridge/cellar/availability")), 90)
                assert (await me.ask(den, "stop"))["outcome"] == "confirmed"
                assert starts(treadmill) == 1

    hurried(story())


@needs_mosquitto
def test_who_comes_under_the_name_of_a_bridge_ends_no_walk(broker: RealBroker) -> None:
    """Mosquitto does not say why it lets a client go whose name another has taken."""
    treadmill = SimulatedTreadmill()

    async def usurp() -> None:
        with contextlib.suppress(aiomqtt.MqttError):
            async with aiomqtt.Client(HOST, broker.port, identifier="backstride_cellar"):
                await asyncio.sleep(5)

    async def story() -> None:
        async with stranger(broker) as me, house(broker.url, treadmill) as cellar:
            den = await there(me)
            await walking(me, den, treadmill)
            before = written(treadmill)
            await usurp()
            await until(lambda: any("next attempt" in told for told in cellar.told))
            await me.until(lambda: me.on("bridge/cellar/availability")[-1] == b"online")
            assert written(treadmill) == before
            assert (await me.ask(den, "stop"))["outcome"] == "confirmed"

    hurried(story())


def test_a_treadmill_whose_connection_fails_as_nobody_foresaw_leaves_the_others_alone(broker: RealBroker) -> None:
    treadmill, attempts = SimulatedTreadmill(), list[float]()

    def broken() -> contextlib.AbstractAsyncContextManager[Machine]:
        attempts.append(asyncio.get_running_loop().time())
        raise RuntimeError("a fault of the program")

    async def story() -> None:
        one = House(read_address(broker.url), "cellar", [treadmill])
        running = asyncio.create_task(one.bridge.run([*one.berths, Berth("broken", broken)]))
        async with stranger(broker) as me:
            den = await there(me)
            await walking(me, den, treadmill)
            assert (await me.ask(den, "stop"))["outcome"] == "confirmed"
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    hurried(story())
    assert len(attempts) > 1
    assert starts(treadmill) == 1


def test_a_broker_that_is_lost_in_the_countdown_and_found_in_a_pause_is_told_how_things_stand(
    broker: RealBroker,
) -> None:
    """The start was given once, and is used once (S1); the console pauses as ever (S11)."""
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with gate(broker) as way, house(way.url, treadmill):
            async with stranger(broker) as me:
                den = await there(me)
                begun = await me.command(den, "start")
                await me.until(lambda: bool(me.on("/session")) and me.last("/session")["state"] == "starting")
                await way.shut()
            await until(lambda: treadmill.belt.speed > 0, 60)
            await asyncio.sleep(8)
            treadmill.console.press_stop()
            await until(lambda: treadmill.belt.speed == 0, 60)
            async with stranger(broker) as me:
                await way.open()
                await me.until(lambda: bool(me.answers(begun)), 120)
                assert [answer["outcome"] for answer in me.answers(begun)] == ["confirmed"]
                await me.until(lambda: bool(me.on("/session")) and me.last("/session")["asking"] == "resume")
                await asyncio.sleep(20)
                assert starts(treadmill) == 1
                assert (await me.ask(den, "stop"))["outcome"] == "confirmed"

    hurried(story())


def test_a_bridge_waits_for_a_broker_that_is_not_there_yet(broker: RealBroker) -> None:
    treadmill = SimulatedTreadmill()
    broker.kill()

    async def story() -> None:
        async with house(broker.url, treadmill) as cellar:
            await until(lambda: sum("next attempt" in told for told in cellar.told) >= 2)
            broker.start()
            async with stranger(broker) as me:
                await there(me)

    hurried(story())


def test_who_comes_late_sees_what_there_is(broker: RealBroker) -> None:
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with stranger(broker) as me, house(broker.url, treadmill):
            den = await there(me)
            await walking(me, den, treadmill)
            async with stranger(broker) as late:
                await late.until(lambda: bool(late.on("/state")) and bool(late.on("/session")))
                retained = {str(m.topic).rpartition("/")[2]: m for m in late.heard if m.retain}
                assert {"availability", "claim", "capabilities", "state", "session"} <= set(retained)
                assert json.loads(retained["session"].payload)["state"] == "running"
                assert not late.on("/event") or not any(m.retain for m in late.heard if str(m.topic).endswith("event"))

    hurried(story())


def test_a_bridge_that_goes_takes_leave(broker: RealBroker) -> None:
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with stranger(broker) as me:
            async with house(broker.url, treadmill):
                await there(me)
                assert me.on("bridge/cellar/availability")[-1] == b"online"
            await me.until(lambda: me.on("bridge/cellar/availability")[-1] == b"offline")
            await me.until(lambda: me.on("/claim")[-1] == b"")
            assert [m.payload for m in me.heard if "treadmill" in str(m.topic) and "avail" in str(m.topic)][
                -1
            ] == b"offline"

    hurried(story())


def test_a_bridge_that_is_cut_off_is_missed_and_comes_back(broker: RealBroker) -> None:
    """The last will: the broker itself says that the bridge is gone."""
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with stranger(broker) as me, gate(broker) as way, house(way.url, treadmill):
            den = await there(me)
            await walking(me, den, treadmill)
            before = written(treadmill)
            await way.shut()
            await me.until(lambda: me.on("bridge/cellar/availability")[-1] == b"offline")
            assert written(treadmill) == before
            await way.open()
            await me.until(lambda: me.on("bridge/cellar/availability")[-1] == b"online")
            assert (await me.ask(den, "stop"))["outcome"] == "confirmed"

    hurried(story())


FLOOD = """
import json, sys, time
import paho.mqtt.client as mqtt
port, den = int(sys.argv[1]), sys.argv[2]
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.connect("127.0.0.1", port)
client.loop_start()
for number in range(10_000):
    order = {"id": f"f{number}", "sent_at": time.time(), "command": "set_speed", "speed_km_h": 2.1}
    client.publish(f"backstride/v1/treadmill/{den}/command", json.dumps(order))
client.publish(f"backstride/v1/treadmill/{den}/stop", '{"id":"halt"}', qos=1).wait_for_publish(10)
client.disconnect()
"""


def test_s4_a_stop_overtakes_ten_thousand_commands(broker: RealBroker) -> None:
    """The bridge does not get to its messages until all of them, and the Stop behind them, lie ready."""
    treadmill = SimulatedTreadmill()
    took: list[float] = []

    async def story() -> None:
        async with (
            stranger(broker, topic="backstride/v1/treadmill/+/answer") as me,
            house(broker.url, treadmill) as one,
        ):
            await until(lambda: bool(one.bridge.offered))
            (den,) = one.bridge.offered
            await walking(me, den, treadmill)
            before = len(treadmill.writes)
            command = [sys.executable, "-c", FLOOD, str(broker.port), den]
            subprocess.run(command, check=True, timeout=30)  # noqa: ASYNC221 - nothing is to be heard meanwhile
            began = time.monotonic()
            while not any(write.value.hex() == "0801" for write in treadmill.writes[before:]):  # noqa: ASYNC110 - it is timed
                await asyncio.sleep(0)
            took.append(time.monotonic() - began)
            await me.until(lambda: bool(me.answers("halt")), 120)
            assert me.answers("halt")[0]["outcome"] == "confirmed"
            assert treadmill.belt.speed == 0

    hurried(story())
    assert took[0] <= 0.25, f"{took[0]:.2f} s"


def test_all_stop_stops_every_treadmill_of_every_bridge(broker: RealBroker) -> None:
    treadmills = [SimulatedTreadmill(address=f"AA:00:00:00:00:0{number}") for number in range(3)]

    async def story() -> None:
        async with (
            stranger(broker) as me,
            house(broker.url, *treadmills[:2]),
            house(broker.url, treadmills[2], name="attic"),
        ):
            await me.until(lambda: len(me.names()) == 3)
            for treadmill in me.names():
                assert (await me.ask(treadmill, "start"))["outcome"] == "confirmed"
            await me.publish("all/stop")
            await until(lambda: all("0801" in written(one) for one in treadmills))
            await until(lambda: all(one.belt.speed == 0 for one in treadmills))

    hurried(story())


def test_of_two_bridges_that_claim_one_treadmill_the_second_says_so_and_stands_back(broker: RealBroker) -> None:
    first, second = (SimulatedTreadmill(address="AA:00:00:00:00:01") for _ in range(2))

    async def story() -> None:
        async with stranger(broker) as me:
            async with house(broker.url, first) as cellar:
                den = await there(me)
                async with house(broker.url, second, name="attic") as attic:
                    await until(lambda: any("stands back" in told for told in attic.told))
                    assert (await me.ask(den, "start"))["outcome"] == "confirmed"
                    assert (starts(first), starts(second)) == (1, 0)
                    assert len(me.on("/capabilities")) == 1, "the second one has said nothing of it"
                    assert me.last("/claim")["bridge"] == "cellar"
                    assert (await me.ask(den, "stop"))["outcome"] == "confirmed"
                    assert not any("stands back" in told for told in cellar.told)
            async with house(broker.url, first):
                await me.until(lambda: me.on("/claim")[-1] != b"")

    hurried(story())


def test_a_treadmill_passes_to_the_second_bridge_when_the_first_is_gone(broker: RealBroker) -> None:
    first, second = (SimulatedTreadmill(address="AA:00:00:00:00:01") for _ in range(2))

    async def story() -> None:
        async with stranger(broker) as me, contextlib.AsyncExitStack() as stack:
            async with house(broker.url, first):
                den = await there(me)
                attic = await stack.enter_async_context(house(broker.url, second, name="attic"))
                await until(lambda: any("stands back" in told for told in attic.told))
            await me.until(lambda: me.on("/claim")[-1] != b"" and me.last("/claim")["bridge"] == "attic")
            assert (await me.ask(den, "start"))["outcome"] == "confirmed"
            assert (starts(first), starts(second)) == (0, 1)

    hurried(story())


def test_two_that_claim_at_the_same_time_agree_on_the_earlier(broker: RealBroker) -> None:
    first, second = (SimulatedTreadmill(address="AA:00:00:00:00:01") for _ in range(2))

    async def story() -> None:
        async with (
            stranger(broker) as me,
            house(broker.url, first) as cellar,
            house(broker.url, second, name="attic") as attic,
        ):
            told = (cellar.told, attic.told)
            await until(lambda: any("stands back" in line for lines in told for line in lines))
            await asyncio.sleep(20)
            assert sum(any("stands back" in line for line in lines) for lines in told) == 1
            loser = "cellar" if any("stands back" in line for line in cellar.told) else "attic"
            assert me.last("/claim")["bridge"] != loser

    hurried(story())


def test_a_second_bridge_of_the_same_name_does_not_take_the_place_of_the_first(broker: RealBroker) -> None:
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with stranger(broker) as me, house(broker.url, treadmill) as cellar:
            await there(me)
            twin = House(read_address(broker.url), "cellar", [])
            with pytest.raises(BridgeError, match="Another bridge called cellar is on the broker"):
                await twin.bridge.run([])
            assert not any("next attempt" in told for told in cellar.told)

    hurried(story())


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x00\xff" * 100,
        b"[" * 1000,
        b"{" + b" " * 2_000_000 + b"}",
        b'{"id":"h1","sent_at":1,"command":"start"}',
        b'{"id":"h2","sent_at":"now","command":"set_speed","speed_km_h":1e99}',
        b'{"id":"h3","sent_at":1e10,"command":"set_speed","speed_km_h":15}',
        b'{"id":{"a":1},"sent_at":[],"command":["stop"]}',
        b'{"id":"h4","command":"set_incline","incline_percent":"15"}',
    ],
    ids=["empty", "noise", "nested", "huge", "stale", "wrong types", "future", "all wrong", "text"],
)
def test_hostile_input_changes_nothing_is_answered_or_counted_and_delays_no_stop(
    broker: RealBroker, payload: bytes
) -> None:
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with stranger(broker) as me, house(broker.url, treadmill):
            den = await there(me)
            await walking(me, den, treadmill)
            before = written(treadmill)
            await me.publish(f"treadmill/{den}/command", payload)
            await me.publish(f"treadmill/{den}/claim", payload)
            await me.publish("bridge/cellar/availability", payload, qos=0)
            await me.publish(f"treadmill/{den}/nothing", payload, qos=0)
            await me.until(lambda: sum(me.last("/counters")["refused"].values()) == 1)
            await asyncio.sleep(5)
            assert written(treadmill) == before
            assert treadmill.belt.speed == pytest.approx(2.0, abs=0.02)
            await me.publish(f"treadmill/{den}/stop", payload)
            await until(lambda: treadmill.belt.speed == 0, 30)

    hurried(story())


def test_s1_a_retained_start_is_refused_by_a_bridge_that_comes_back_to_it(broker: RealBroker) -> None:
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with stranger(broker) as me, gate(broker) as way, house(way.url, treadmill):
            den = await there(me)
            await way.shut()
            await me.until(lambda: me.on("bridge/cellar/availability")[-1] == b"offline")
            order = {"id": "trap", "sent_at": time.time() + 2.0, "command": "start"}  # fresh for four seconds
            await me.publish(f"treadmill/{den}/command", json.dumps(order), retain=True)
            await way.open()
            await me.until(lambda: bool(me.answers("trap")))
            assert "retain" in me.answers("trap")[0]["reason"]
            await asyncio.sleep(20)
        assert starts(treadmill) == 0

    hurried(story())


def test_the_embedded_broker_knows_mqtt_3_1_1_only_and_will_do(tmp_path: Path) -> None:
    treadmill = SimulatedTreadmill()

    async def story(broker: RealBroker) -> None:
        async with stranger(broker) as me, house(broker.url, treadmill) as cellar:
            den = await there(me)
            assert any("(MQTT 3.1.1)" in told for told in cellar.told)
            await walking(me, den, treadmill)
            assert (await me.ask(den, "stop"))["outcome"] == "confirmed"
            assert treadmill.belt.speed == 0

    with running_broker(tmp_path, embedded=True) as broker:
        hurried(story(broker))
        log = (broker.folder / "broker.log").read_text()
    assert log.count("Invalid connection") == 1  # MQTT 5 was tried once


@needs_mosquitto
def test_a_broker_that_knows_mqtt_5_is_spoken_to_in_it(broker: RealBroker) -> None:
    async def story() -> None:
        async with (
            stranger(broker, protocol=ProtocolVersion.V5) as me,
            house(broker.url, SimulatedTreadmill()) as cellar,
        ):
            await there(me)
            assert any("(MQTT 5)" in told for told in cellar.told)

    hurried(story())


def test_hurried_time_is_what_these_tests_take_it_for() -> None:
    began = time.monotonic()
    hurried(asyncio.sleep(5.0))
    assert 5.0 / TIMES <= time.monotonic() - began < 5.0
