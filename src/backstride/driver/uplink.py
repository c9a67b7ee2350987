"""From one link to the next: at most one at a time, each made anew and thrown away when it fails."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from math import inf
from typing import TYPE_CHECKING, Final

from backstride.driver.discovery import listen_for
from backstride.driver.link import Link
from backstride.driver.wire import Wire
from backstride.errors import Disconnected
from backstride.protocol import uuids

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bleak.backends.device import BLEDevice

    from backstride.capture.events import Trace
    from backstride.driver.connectable import Connectable
    from backstride.driver.identity import Identity

SETTLES_WITHIN: Final = 0.4
"""Seconds between the end of a link and the next attempt: bluetoothd still cleans up, and a connection that is asked
for meanwhile hangs (measured on BlueZ 5.66: 4 of 19 without a pause, none with this one)."""

_STRANGERS: Final = 32  # machines of the same name in one room are fewer


class Uplink:
    """The way to one machine over one link after another.

    A device that was heard again is reached as it was heard last: BlueZ forgets devices, and gives them another path on
    another adapter.

    Args:
        target: What to connect to.
        trace: Told of everything that crosses bleak's client.

    Attributes:
        target: What to connect to.
        wire: Tells the trace.
        is_up: True while there is a link that is ready for use.
    """

    def __init__(self, target: Connectable, trace: Trace | None = None) -> None:
        self.target = target
        self.is_up = False
        self.wire = Wire(trace)
        self._heard_as: BLEDevice | None = None
        self._strangers: deque[str] = deque(maxlen=_STRANGERS)
        self._link: Link | None = None
        self._ended_at = -inf
        self._making = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        self._heard: Callable[[str, bytes], None] = lambda _uuid, _value: None
        self._lost: Callable[[], None] = lambda: None

    @property
    def device(self) -> BLEDevice:
        """The device as it was heard last."""
        return self._heard_as or self.target.device

    @property
    def takes_commands(self) -> bool:
        """True if the device has a control point."""
        return self._link is not None and bool(self._link.properties(uuids.CONTROL_POINT))

    def attach(self, heard: Callable[[str, bytes], None], lost: Callable[[], None]) -> None:
        """Hand every value to `heard`, and call `lost` when the link ends without our doing."""
        self._heard = heard
        self._lost = lost

    @contextlib.asynccontextmanager
    async def making(self, once_within: float | None = None) -> AsyncIterator[Link]:
        """Make a new link for the block to prepare; it is ready for use when the block ends, or closed if it fails.

        Args:
            once_within: Seconds for a single attempt to connect; without it several are made.

        Raises:
            NotFound: The device is not there, or Bluetooth is not to be had.
            Disconnected: The connection failed, or was lost meanwhile.
        """
        async with self._making:
            self.drop()
            await self._closed()  # a machine that takes one client only must be free again
            await asyncio.sleep(self._ended_at + SETTLES_WITHIN - asyncio.get_running_loop().time())
            link = self._link = Link(
                self.device,
                self.target.backend,
                adapter=self.target.adapter,
                on_value=self._value,
                on_lost=self._link_lost,
                wire=self.wire,
            )
            try:
                await link.open(once_within)
                yield link
                link.require_open()
            except BaseException as error:
                self._retire(link, str(error))
                raise
            self.is_up = True

    async def listen(self, known: Identity, seconds: float) -> None:
        """Listen until the machine is heard again, or for so many seconds; without a scanner not at all.

        Raises:
            NotFound: Bluetooth is not to be had.
            Disconnected: It does not answer.
        """
        scanner = self.target.scanner_backend
        if scanner is None and self.target.backend is not None:
            return
        namesake = known.name if known.serial_number is not None else None  # nothing else would prove who it is
        heard = await listen_for(
            known.address,
            namesake,
            seconds,
            scanner=scanner,
            adapter=self.target.adapter,
            strangers=self._strangers,
        )
        self._heard_as = heard or self._heard_as

    def refuse(self) -> None:
        """Take note that the device heard last is another machine: it is not connected to for its name again."""
        if self._heard_as is not None:
            self._strangers.append(self._heard_as.address)
            self._heard_as = None

    async def survey(self) -> None:
        """Read all, and subscribe to all; see `Link.survey`. Raises Disconnected if there is no link."""
        await self._current().survey()

    async def write_control(self, value: bytes) -> None:
        """Write to the control point; see `Link.write`. Raises Disconnected if there is no link."""
        await self._current().write(uuids.CONTROL_POINT, value)

    async def pair(self) -> bool:
        """Pair; see `Link.pair`. Raises Disconnected if there is no link."""
        return await self._current().pair()

    def drop(self, reason: str = "") -> None:
        """Take the link down, if there is one, for this reason; it is closed in the background."""
        if self._link is not None:
            self._retire(self._link, reason)

    async def close(self) -> None:
        """Take the link down and wait until it is closed."""
        self.drop()
        await self._closed()

    def _current(self) -> Link:
        if self._link is None:
            raise Disconnected("There is no connection to the treadmill.")
        return self._link

    def _retire(self, link: Link, reason: str) -> None:
        if link is not self._link:
            return
        self._link = None
        if self.is_up:
            self._ended_at = asyncio.get_running_loop().time()
        self.is_up = False
        link.retire(reason)
        closing = asyncio.get_running_loop().create_task(link.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _closed(self) -> None:
        """Wait for the links that are being closed; whoever is cancelled meanwhile does not cancel the closing."""
        while self._closing:
            await asyncio.wait(tuple(self._closing))

    def _value(self, uuid: str, value: bytes) -> None:
        self._heard(uuid, value)

    def _link_lost(self, link: Link) -> None:
        if link is self._link:
            self._lost()
