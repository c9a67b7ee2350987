"""A bridge with simulated treadmills on a real broker, and the first steps of whoever meets it there."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import TYPE_CHECKING

from backstride.apps.mqtt.address import read_address
from backstride.apps.mqtt.bridge import Berth, Bridge
from backstride.apps.mqtt.topics import Topics
from backstride.driver.machine import Machine
from tests.support.bench import until
from tests.support.mqtt import repertoire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backstride.apps.mqtt.address import BrokerAddress
    from backstride.simulator.treadmill import SimulatedTreadmill
    from tests.support.broker import Stranger


class House:
    """A bridge with treadmills, on a broker."""

    def __init__(self, address: BrokerAddress, name: str, treadmills: list[SimulatedTreadmill]) -> None:
        self.told: list[str] = []
        self.bridge = Bridge(address, name, Topics(), repertoire(), tell=self.told.append)
        self.berths = [
            Berth(f"treadmill {number}", functools.partial(Machine.connect, each), allow_start=True)
            for number, each in enumerate(treadmills)
        ]


@contextlib.asynccontextmanager
async def house(
    url: str, *treadmills: SimulatedTreadmill, name: str = "cellar", address: BrokerAddress | None = None
) -> AsyncIterator[House]:
    one = House(address or read_address(url), name, list(treadmills))
    running = asyncio.create_task(one.bridge.run(one.berths))
    try:
        yield one
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def there(somebody: Stranger, treadmill: str = "") -> str:
    """Wait until a treadmill is offered; return its name in topics."""
    await somebody.until(lambda: bool(somebody.on(f"{treadmill}/capabilities")))
    topic = next(str(m.topic) for m in somebody.heard if str(m.topic).endswith(f"{treadmill}/capabilities"))
    await somebody.until(lambda: bool(somebody.on(f"{treadmill}/state")))
    return topic.split("/")[3]


async def walking(somebody: Stranger, den: str, treadmill: SimulatedTreadmill) -> None:
    assert (await somebody.ask(den, "profile", profile="long"))["outcome"] == "confirmed"
    assert (await somebody.ask(den, "start"))["outcome"] == "confirmed"
    await until(lambda: treadmill.belt.speed >= 1.99, 90)
    await asyncio.sleep(6)
