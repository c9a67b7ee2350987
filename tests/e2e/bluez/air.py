"""The air around the machine under test: the kernel's adapter, and the treadmills that it can hear."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING, Final, Self

from dbus_fast import BusType, Message
from dbus_fast.aio import MessageBus

from backstride.simulator.hci import HciTreadmill
from backstride.simulator.virtual_link import VirtualLink, kernel_adapter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backstride.machines.facts import MachineFacts

ADAPTER_WITHIN: Final = 20.0
"""Seconds for bluetoothd to take a new adapter up."""

TAKEN_DOWN_WITHIN: Final = 3.0
"""Seconds for bluetoothd to be done with a link that a client has taken down: two, by its own timer, and one more."""


class KernelAir:
    """One adapter for the kernel, which can be pulled out and put back, and a link with everything in its range.

    Args:
        link: The link, where there is one already.
        adapter: The adapter's name to wait for, where there is one already; without it any.
    """

    def __init__(self, link: VirtualLink | None = None, adapter: str = "") -> None:
        self.link = VirtualLink() if link is None else link
        self._name = adapter
        self._numbers = itertools.count(1)
        self._adapter = contextlib.AsyncExitStack()
        self._returning: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.plug_in()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._returning is not None:
            await self._returning
        await self.pull_out()

    async def plug_in(self) -> None:
        """Give the kernel its adapter, and wait until bluetoothd has it up."""
        await self._adapter.enter_async_context(kernel_adapter(self.link))
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        try:
            async with asyncio.timeout(ADAPTER_WITHIN):
                while not await _is_powered(bus, self._name):  # noqa: ASYNC110 - nothing of ours can be awaited
                    await asyncio.sleep(0.1)
        finally:
            bus.disconnect()

    async def pull_out(self) -> None:
        """Take the adapter away."""
        await self._adapter.aclose()

    def lose(self, seconds: float, *, said: bool = True) -> None:
        """Take the adapter away for so long, as a dongle that is pulled out and put back (BlueZ always says so).

        Where it is gone already, that is that.
        """
        del said
        if self._returning is not None and not self._returning.done():
            return
        self._returning = asyncio.get_running_loop().create_task(self._lose(seconds))

    async def _lose(self, seconds: float) -> None:
        await self.pull_out()
        await asyncio.sleep(seconds)
        await self.plug_in()

    @contextlib.asynccontextmanager
    async def treadmill(
        self, model: str | MachineFacts = "generic", *, name: str | None = None, address: str | None = None
    ) -> AsyncIterator[HciTreadmill]:
        """Switch a treadmill on for the block; BlueZ keeps in mind what it knew of an address, so each has its own."""
        number = next(self._numbers)
        address = address or f"F0:00:00:00:{number // 256:02X}:{number % 256:02X}"
        treadmill = HciTreadmill(model, name=name, address=address, adapter=self)
        async with treadmill.on_air(self.link):
            yield treadmill


async def _is_powered(bus: MessageBus, name: str) -> bool:
    """Ask bluetoothd whether an adapter of this name, or any, is up.

    A scan would tell as well, but would leave the next one deaf.
    """
    call = Message(
        destination="org.bluez",
        path="/",
        interface="org.freedesktop.DBus.ObjectManager",
        member="GetManagedObjects",
    )
    reply = await bus.call(call)
    assert reply is not None
    objects = reply.body[0].items()
    adapters = [interfaces.get("org.bluez.Adapter1", {}) for path, interfaces in objects if path.endswith(name)]
    return any("Powered" in adapter and adapter["Powered"].value for adapter in adapters)
