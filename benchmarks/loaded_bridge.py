"""A bridge with many simulated treadmills in one process, which tells on demand what it cost and what the belts did.

Started by test_fleet.py: ``python loaded_bridge.py URL COUNT``; each line on standard input is answered by one of JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from backstride.apps.cli.bridging import calm_memory
from backstride.apps.mqtt import bridge as bridging
from backstride.apps.mqtt.address import read_address
from backstride.apps.mqtt.outbox import Outbox
from backstride.apps.mqtt.repertoire import Repertoire
from backstride.apps.mqtt.topics import Channel, Topics
from backstride.driver.machine import Machine
from backstride.machines.facts import load_facts
from backstride.simulator.memory import Air
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.workout.profile import load_profile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from backstride.simulator.simulation import Simulation

COUNTED = (Channel.STATE, Channel.EVENT, Channel.ANSWER)
"""Of these every message is to arrive; of the others the latest."""

STOP = b"\x08\x01"


class CountedOutbox(Outbox):
    """Counts what is handed over to be published, before anything can become of it."""

    handed_over: ClassVar[Counter[str]] = Counter()

    def put(self, channel: Channel, payload: bytes) -> None:
        if channel in COUNTED:
            self.handed_over[f"{self.name}/{channel.name.lower()}"] += 1
        super().put(channel, payload)


def resident_kb() -> int:
    """Return the memory that this process holds."""
    gc.collect()
    return int(Path("/proc/self/status").read_text(encoding="ascii").partition("VmRSS:")[2].split()[0])


def story(treadmill: Simulation, since: float) -> dict[str, float | None]:
    """Return when Stop was first written after `since`, and when the belt stood for good by its own log.

    The machine's clock is the loop's, which is the system's monotonic one, for every process the same.
    """
    stops = [write.time for write in treadmill.writes if write.value == STOP and write.time >= since]
    last = treadmill.belt.log.breakpoints[-1]
    stands = not last.speed and not last.target and not last.acceleration
    return {"stop": min(stops, default=None), "stands": last.time if stands else None}


def answer_to(words: list[str], treadmills: Mapping[str, Simulation], empty: int) -> object:
    match words:
        case ["mark"]:
            return {"cpu": time.process_time(), "wall": time.monotonic(), "handed_over": CountedOutbox.handed_over}
        case ["memory"]:
            return {"empty_kb": empty, "now_kb": resident_kb()}
        case ["belts", since]:
            return {name: story(each, float(since)) for name, each in treadmills.items()}
        case _:
            raise ValueError(words)


@contextlib.asynccontextmanager
async def connected(treadmill: SimulatedTreadmill, phase: float, **more: Any) -> AsyncIterator[Machine]:  # noqa: ANN401 - for Machine.connect
    """Connect in such a part of a second: each treadmill sends its telemetry in a phase of its own, as real ones do."""
    await asyncio.sleep(1 + (phase - asyncio.get_running_loop().time()) % 1)
    async with Machine.connect(treadmill, **more) as machine:
        yield machine


async def main(url: str, count: int) -> None:
    facts, air = load_facts("generic"), Air()
    bridging.Outbox = CountedOutbox  # type: ignore[attr-defined] # it counts what the bridge says
    sessions = Repertoire({"walk": load_profile(Path(__file__).with_name("walk.yaml"))})
    bridge = bridging.Bridge(read_address(url), "gym", Topics(), sessions, tell=lambda _: None, complete=calm_memory)
    empty = resident_kb()
    treadmills = {f"lane-{number}": SimulatedTreadmill(facts, air=air) for number in range(count)}
    berths = [
        bridging.Berth(
            name, functools.partial(connected, each, number / count, facts=facts, called=name), allow_start=True
        )
        for number, (name, each) in enumerate(treadmills.items())
    ]
    running = asyncio.create_task(bridge.run(berths))
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while words := (await orders.readline()).decode().split():
        print(json.dumps(answer_to(words, treadmills, empty)), flush=True)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
