"""The antenna of a simulated treadmill, on one event loop: advertisements, links, one timer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol
from zlib import crc32

from backstride.machines.facts import ServiceDataForm
from backstride.protocol.advertisement import MachineType, ServiceData, encode_service_data
from backstride.simulator.link import Link
from backstride.simulator.virtual_time import stall

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.simulator.faults import Fault
    from backstride.simulator.server import Server
    from backstride.simulator.traffic import Connection

LATENCY: Final = 0.015
"""Seconds from a request to its response: half a usual connection interval."""

ADVERTISING_TICK: Final = 0.1
"""Seconds; every machine advertises once in one to ten ticks."""


class RadioLink(Protocol):
    """What a radio needs of a link, whatever carries it."""

    @property
    def connection(self) -> Connection:
        """The peripheral's view of it."""

    def emit(self, uuid: str, value: bytes, *, indication: bool, overtakes: bool = False) -> None:
        """Carry a value to the client."""

    def arm(self) -> None:
        """Have the loop hand over what has arrived."""

    def hand_over(self, due: float) -> None:
        """Give the client what is due by that instant of the loop's time."""

    def close(self) -> None:
        """End the link."""

    def strand(self) -> None:
        """End the link without telling the client."""

    def mute(self) -> None:
        """Carry nothing; after the supervision timeout the link is lost."""

    def unmute(self) -> None:
        """Carry again, unless the link was lost meanwhile."""


class Radio:
    """A treadmill's antenna: advertises, accepts links, and polls the peripheral when it asks to be.

    Needs no event loop until somebody scans or connects; then it lives on that loop's clock.

    Args:
        peripheral: The server behind it.
        address: Bluetooth address.
        name: Advertised name, or None for an anonymous machine.

    Attributes:
        latency: Seconds a response takes.
        rssi: Signal strength that scanners see, dBm.
        powered: Whether the machine has mains.
        in_range: Whether the air carries.
        available: Whether the machine wants to be found.
        on_happening: Called, from the loop, with each fault that happens at an instant.
    """

    def __init__(self, peripheral: Server, *, address: str, name: str | None) -> None:
        self.peripheral = peripheral
        self.on_happening: Callable[[Fault], None] = lambda _fault: None
        self.address = address
        self.name = name
        self.latency = LATENCY
        self.rssi = -58
        self.powered = True
        self.in_range = True
        self.available = True
        self.links: list[RadioLink] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._offset = 0.0  # machine time minus the loop's
        self._timer: asyncio.TimerHandle | None = None
        self._period = 1 + crc32(address.encode()) % 10

    @property
    def now(self) -> float:
        """Seconds of the machine's time: the loop's, carried on when a new loop starts its clock anew."""
        return self.peripheral.now if self._loop is None else self._loop.time() + self._offset

    @property
    def advertising(self) -> bool:
        """Whether a scanner hears it."""
        return self.answers and self.available

    @property
    def answers(self) -> bool:
        """Whether it takes up a connection request."""
        return self.powered and self.in_range and self.peripheral.connectable

    def advertises_at(self, tick: int) -> bool:
        """Tell whether an advertisement falls on tick number `tick` of `ADVERTISING_TICK` seconds."""
        return self.advertising and tick % self._period == 0

    @property
    def service_data(self) -> bytes | None:
        """The service data for the Fitness Machine Service as bleak hands it over, or None if the machine has none."""
        form = self.peripheral.service_data
        if form is ServiceDataForm.ABSENT:
            return None
        octets = encode_service_data(ServiceData(available=True, types=MachineType.TREADMILL))
        return octets if form is ServiceDataForm.STANDARD else octets[:1] + octets[:0:-1]

    def bind(self) -> None:
        """Live on the running event loop from now on."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._offset = max(0.0, self.now - loop.time())
            self._loop = loop
            self._timer = None
            for link in self.links:  # nobody on the old loop can still hear
                self.peripheral.disconnect(link.connection)
            self.links.clear()
            self.pump()

    def connect(self, on_value: Callable[[str, bytes], None], on_lost: Callable[[], None], *, encrypted: bool) -> Link:
        """Accept a client. Raises AttFault if the machine takes no more."""
        self.bind()
        self.pump()  # a fault may count from this very instant
        connection = self.peripheral.connect(mtu=self.peripheral.mtu, encrypted=encrypted)
        link = Link(self, connection, on_value=on_value, on_lost=on_lost)
        self.links.append(link)
        return link

    def forget(self, link: RadioLink) -> None:
        """Let the peripheral know that a link is gone."""
        if link in self.links:
            self.links.remove(link)
            self.peripheral.disconnect(link.connection)

    def drop_links(self, *, said: bool = True) -> None:
        """End every link, the belt goes on; without `said` no client is told."""
        for link in list(self.links):
            if said:
                link.close()
            else:
                link.strand()

    def set_in_range(self, in_range: bool) -> None:  # noqa: FBT001 - a setter of one bool
        """Walk out of range with the client, or back; within the supervision timeout the links survive."""
        self.in_range = in_range
        for link in list(self.links):
            if in_range and self.powered:
                link.unmute()
            else:
                link.mute()

    def set_powered(self, powered: bool) -> None:  # noqa: FBT001 - same
        """Switch the mains. Off: the belt comes to rest, the session is over, clients hear nothing more."""
        self.powered = powered
        self.peripheral.switch(self.now, powered=powered)
        if not powered:
            for link in list(self.links):
                self.peripheral.disconnect(link.connection)
                link.mute()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Have the loop that the machine lives on call `action` after so many seconds."""
        if self._loop is not None:
            self._loop.call_later(seconds, action)

    def replace(self, peripheral: Server) -> None:
        """Let another machine answer under this address; every link is gone first."""
        self.drop_links()
        self.peripheral = peripheral

    def stall(self, seconds: float) -> None:
        """Let the event loop stand still; what the machine sends meanwhile arrives all at once.

        The system keeps the link meanwhile and hands over later what came (bluetoothd is a process of its own).
        """
        if self._loop is None:
            return
        end = self.now + seconds
        while (deadline := self.peripheral.next_deadline()) is not None and deadline < end:
            self._poll(deadline)
        stall(self._loop, seconds)
        self.pump()

    def pump(self) -> None:
        """Send what the peripheral has to send, and wake when it wants to be polled next."""
        self._poll(self.now)
        for link in self.links:
            link.arm()

    def _poll(self, now: float) -> None:
        for emission in self.peripheral.poll(now):
            link = next((link for link in self.links if link.connection is emission.connection), None)
            if link is not None:
                link.emit(emission.uuid, emission.value, indication=emission.indication, overtakes=emission.overtakes)
            elif emission.indication:  # for another app, whose stack confirms
                self.peripheral.confirm(emission.connection)
        if self._loop is None:
            return
        for fault in self.peripheral.take_happenings():
            self._loop.call_soon(self.on_happening, fault)
        deadline = self.peripheral.next_deadline()
        if deadline is None:
            return
        when = round(deadline - self._offset, 6)  # what a virtual clock can tell apart; see _wake
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._wake, deadline)

    def _wake(self, deadline: float) -> None:
        self._timer = None
        self._poll(max(deadline, self.now))  # a loop may wake us a clock tick too early
        for link in list(self.links):
            link.hand_over(deadline - self._offset)
