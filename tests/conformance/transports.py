"""The ways from a test to a simulated treadmill: one `Transport` each, all with the same `Bench`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

from backstride.protocol.uuids import short_uuid
from backstride.simulator.hci import HciTreadmill
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.simulator.virtual_link import VirtualLink
from tests.conformance.tester import Tester
from tests.support.bench import until
from tests.support.bumble_client import target_on

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from backstride.driver.connectable import Connectable
    from backstride.machines.facts import MachineFacts
    from backstride.simulator.belt import Belt
    from backstride.simulator.console import Console
    from backstride.simulator.peripheral import Peripheral
    from backstride.simulator.simulation import Simulation

    Story = Callable[["Bench"], Coroutine[Any, Any, None]]


class Bench(Protocol):
    """One treadmill, idle and level when the test begins, and what can be done with it."""

    @property
    def target(self) -> Connectable:
        """What bleak, and so the driver, connects to."""

    @property
    def console(self) -> Console:
        """Its buttons and safety key."""

    @property
    def peripheral(self) -> Peripheral:
        """Its server, where the collector's deeds are looked up."""

    @property
    def belt(self) -> Belt:
        """Its belt as it is now."""

    @property
    def requests(self) -> Sequence[str]:
        """What clients asked of the server, in order: ``connect``, ``read 2acc``, ``subscribe 2acd``, ``write 00``."""

    async def connect(self) -> Tester:
        """Connect one more client."""

    async def connect_stranger(self) -> Tester:
        """Connect a client that shares nothing with any other, not even the system's Bluetooth."""

    async def pass_time(self, seconds: float) -> None:
        """Let time pass."""

    async def lose_link(self) -> None:
        """End every link from the treadmill's side, and wait until the clients know; the belt goes on."""

    async def link_taken_down(self) -> None:
        """Wait until the treadmill knows of the end of a link that a client takes down. Raises TimeoutError."""

    def send(self, uuid: str, value: str, *, indication: bool = False) -> None:
        """Send every client a value, as hex, besides what the treadmill itself has to say."""


class Transport(Protocol):
    """A way to reach simulated treadmills."""

    def run(self, story: Story, facts: MachineFacts) -> None:
        """Run `story` on a new treadmill in the time this transport lives in, and take everything down after it."""


class TreadmillBench:
    """A simulated treadmill behind a bleak client.

    Args:
        treadmill: The treadmill.
        target: What bleak connects to.
        carried_within: Seconds that the air takes at most, there and back.
    """

    def __init__(self, treadmill: Simulation, target: Connectable, carried_within: float) -> None:
        self.treadmill = treadmill
        self._testers: list[Tester] = []
        self._carried_within = carried_within
        self.target = target
        self.console = self.treadmill.console
        self.peripheral = self.treadmill.peripheral
        self.requests = overheard(self.peripheral)

    @property
    def belt(self) -> Belt:
        return self.treadmill.belt

    async def connect(self) -> Tester:
        return await self._connected(self.target)

    async def _connected(self, target: Connectable) -> Tester:
        tester = Tester(target)
        await tester.client.connect()
        self._testers.append(tester)
        return tester

    async def connect_stranger(self) -> Tester:
        return await self._connected(self.target)

    async def pass_time(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def lose_link(self) -> None:
        self.treadmill.drop_link()
        await asyncio.sleep(self._carried_within)

    async def link_taken_down(self) -> None:
        await until(lambda: not self.peripheral.connections, self._carried_within)

    def send(self, uuid: str, value: str, *, indication: bool = False) -> None:
        for link in self.treadmill._radio.links:  # noqa: SLF001 - puts a value of our own on the air
            link.emit(uuid, bytes.fromhex(value), indication=indication)
            link.arm()

    async def close(self) -> None:
        for tester in self._testers:
            await tester.client.disconnect()


class MemoryTransport:
    """bleak's client on the in-memory backend, in virtual time."""

    def __init__(self, virtual_time: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._virtual_time = virtual_time

    def run(self, story: Story, facts: MachineFacts) -> None:
        async def on_a_new_treadmill() -> None:
            treadmill = SimulatedTreadmill(facts)
            await _told(story, TreadmillBench(treadmill, treadmill, 2 * treadmill.latency))

        self._virtual_time(on_a_new_treadmill())


class BumbleTransport:
    """bleak's client over bumble: HCI, L2CAP and ATT between two virtual controllers, in virtual time."""

    def __init__(self, virtual_time: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._virtual_time = virtual_time

    def run(self, story: Story, facts: MachineFacts) -> None:
        async def on_a_new_treadmill() -> None:
            link, treadmill = VirtualLink(), HciTreadmill(facts)
            async with treadmill.on_air(link):
                await _told(story, TreadmillBench(treadmill, target_on(link, treadmill), 0.2))

        self._virtual_time(on_a_new_treadmill())


async def _told(story: Story, bench: TreadmillBench) -> None:
    try:
        await story(bench)
    finally:
        await bench.close()


TRANSPORTS: Final[dict[str, Callable[[Callable[[Coroutine[Any, Any, Any]], Any]], Transport]]] = {
    "memory": MemoryTransport,
    "bumble": BumbleTransport,
}
"""The transports that need nothing but this process."""

BLUEZ: Final = "bluez"
"""The one that needs a machine with a Bluetooth stack of its own: tests/e2e/bluez/transport.py."""

COLUMNS: Final = (*TRANSPORTS, BLUEZ)
"""Every transport: a column of docs/conformance.md each."""


def overheard(peripheral: Peripheral) -> list[str]:
    """Return the list in which every request of a client to `peripheral` will be noted as it arrives."""
    requests: list[str] = []
    connect, read, subscribe, write = peripheral.connect, peripheral.read, peripheral.subscribe, peripheral.write

    def noting(word: str, request: Callable[..., Any], describe: Callable[..., str]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the request takes and returns
            requests.append(f"{word} {describe(*args)}".strip())
            return request(*args, **kwargs)

        return noted

    spies = {
        "connect": noting("connect", connect, lambda *_: ""),
        "read": noting("read", read, lambda uuid, *_: _short(uuid)),
        "subscribe": noting("subscribe", subscribe, lambda _client, uuid, *_: _short(uuid)),
        "write": noting("write", write, lambda _client, _uuid, value, *_: value.hex()),
    }
    for name, spy in spies.items():
        setattr(peripheral, name, spy)
    return requests


def _short(uuid: str) -> str:
    return f"{short_uuid(uuid) or 0:04x}"
