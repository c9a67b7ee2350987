"""The way from a case of the conformance suite to a treadmill behind the kernel, bluetoothd and D-Bus.

Time is real here: one after the other, the cases take 37 minutes of it. All that were chosen run in one event loop, on
one adapter, when the first test begins; the tests then tell how their cases ended.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from bleak import BleakScanner
from bleak.backends.client import get_platform_client_backend_type

from tests.conformance.cases import STORIES
from tests.conformance.transports import TreadmillBench
from tests.e2e.bluez.agent import agreeing_to_pair
from tests.e2e.bluez.air import KernelAir
from tests.support.bench import Address
from tests.support.bumble_client import target_on

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backstride.machines.facts import MachineFacts
    from backstride.simulator.hci import HciTreadmill
    from tests.conformance.tester import Tester
    from tests.conformance.transports import Story

AT_ONCE: Final = 1
"""Cases that run at the same time; with 6, bluetoothd 5.66 crashes."""

HEARD_WITHIN: Final = 20.0
"""Seconds for a scan to hear a treadmill."""

CARRIED_WITHIN: Final = 3.0
"""Seconds for bluetoothd to tell of a lost link, or to take one down: a second more than it takes."""


class BluezBench(TreadmillBench):
    """A treadmill whose first client comes through BlueZ.

    BlueZ has one link to a device, whatever the number of programs; every further client is a central on bumble.
    """

    def __init__(self, air: KernelAir, treadmill: HciTreadmill, target: Address) -> None:
        super().__init__(treadmill, target, CARRIED_WITHIN)
        self._other = target_on(air.link, treadmill)

    async def connect(self) -> Tester:
        if self.peripheral.connections:
            return await self.connect_stranger()
        return await super().connect()

    async def connect_stranger(self) -> Tester:
        return await self._connected(self._other)


class BluezTransport:
    """bleak's own BlueZ backend, in real time.

    Args:
        chosen: The ids of the cases that will be asked for.
    """

    def __init__(self, chosen: Iterable[str]) -> None:
        self._chosen = tuple(chosen)
        self._ends: dict[str, BaseException | None] = {}

    def run(self, story: Story, facts: MachineFacts) -> None:
        del facts  # the registry has them, too
        if not self._ends:
            asyncio.run(self._run_all())
        if (failure := self._ends[story.__name__]) is not None:
            raise failure

    async def _run_all(self) -> None:
        places, scanning = asyncio.Semaphore(AT_ONCE), asyncio.Lock()
        async with KernelAir() as air, agreeing_to_pair(), asyncio.TaskGroup() as group:
            for number, case_id in enumerate(self._chosen):
                story, facts = STORIES[case_id]
                group.create_task(self._run(air, story, facts, f"F0:00:00:00:00:{number:02X}", places, scanning))

    async def _run(
        self,
        air: KernelAir,
        story: Story,
        facts: MachineFacts,
        address: str,
        places: asyncio.Semaphore,
        scanning: asyncio.Lock,
    ) -> None:
        async with places, air.treadmill(facts, name=facts.model, address=address) as treadmill:
            self._ends[story.__name__] = None
            try:
                async with scanning:
                    device = await BleakScanner.find_device_by_address(address, HEARD_WITHIN)
                assert device is not None, "the treadmill was not heard"
                backend, _ = get_platform_client_backend_type()
                bench = BluezBench(air, treadmill, Address(device, backend))
                try:
                    await story(bench)
                finally:
                    await bench.close()
            except Exception as failure:  # noqa: BLE001 - `run` raises it
                self._ends[story.__name__] = failure
