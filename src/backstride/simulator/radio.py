"""The air between a simulated treadmill and its clients, on one event loop: links, latency, loss, one timer."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar
from zlib import crc32

from backstride.machines.facts import ServiceDataForm
from backstride.protocol.advertisement import MachineType, ServiceData, encode_service_data
from backstride.simulator.gatt import AttFault
from backstride.simulator.virtual_time import stall

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.simulator.faults import Fault
    from backstride.simulator.peripheral import Peripheral
    from backstride.simulator.traffic import Connection

T = TypeVar("T")

LATENCY: Final = 0.015
"""Seconds from a request to its response: half a usual connection interval."""

SUPERVISION_TIMEOUT: Final = 2.0
"""Seconds of silence after which both sides take the link for lost."""

ADVERTISING_TICK: Final = 0.1
"""Seconds; every machine advertises once in one to ten ticks."""


class LinkLost(Exception):
    """The link went before the response to a request came."""


class Link:
    """One client's link. What goes to the client arrives in order, and always from the loop.

    A response takes `Radio.latency`; a notification takes no time of its own, but waits for the responses before it.
    Requests of one client follow one another, as ATT has it: the next is sent when the one before is answered.

    Args:
        radio: The treadmill's side.
        connection: The peripheral's record of it.
        on_value: Called with UUID and value of each notification and indication.
        on_lost: Called once when the link ends, whoever ended it.

    Attributes:
        alive: False from the moment the link is broken, even if the client does not know yet.
    """

    def __init__(
        self,
        radio: Radio,
        connection: Connection,
        *,
        on_value: Callable[[str, bytes], None],
        on_lost: Callable[[], None],
    ) -> None:
        self.connection = connection
        self.alive = True
        self.radio = radio
        self._on_value = on_value
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._arriving: deque[tuple[float, Callable[[], None]]] = deque()
        self._armed = False
        self._pending: asyncio.Future[None] | None = None
        self._silence: asyncio.Future[None] | None = None  # done when the air carries again, or the link is lost

    async def request(self, action: Callable[[float], T]) -> T:
        """Let the peripheral do `action` at its time and wait for the response.

        Raises:
            AttFault: The peripheral refused.
            LinkLost: The link went before the response came.
        """
        while obstacle := self._pending or self._silence:
            await asyncio.wait({obstacle})
        if not self.alive:
            raise LinkLost
        self._pending = response = self._loop.create_future()
        result: T | AttFault
        try:
            result = action(self.radio.now)
        except AttFault as fault:
            result = fault
        delay = self.radio.latency + self.radio.peripheral.faults.response_delay
        self._arriving.append((self._loop.time() + delay, partial(_settle, response)))
        self.radio.pump()
        try:
            await response
        finally:
            if self._pending is response:
                self._pending = None
        if isinstance(result, AttFault):
            raise result
        return result

    def command(self, action: Callable[[float], None]) -> None:
        """Let the peripheral do `action`; nobody answers, and in a silent air it is gone."""
        if self.alive and self._silence is None:
            action(self.radio.now)
            self.radio.pump()

    def emit(self, uuid: str, value: bytes, *, indication: bool, overtakes: bool = False) -> None:
        """Queue a notification or an indication behind what is on its way; the client's stack confirms the latter.

        One that `overtakes` arrives before the response that is on its way.
        """
        if self.alive:
            queue = self._arriving.appendleft if overtakes else self._arriving.append
            queue((self._loop.time(), partial(self._arrive, uuid, value, indication=indication)))

    def arm(self) -> None:
        """Have the loop hand over what has arrived."""
        if self._arriving and not self._armed and self._silence is None:
            self._armed = True
            due = self._arriving[0][0]
            self._loop.call_at(due, self.hand_over, due)

    def hand_over(self, due: float) -> None:
        """Give the client what is due. Only the loop may call this, never a caller's stack."""
        self._armed = False
        now = max(due, self._loop.time())  # a loop may wake us a clock tick too early
        try:
            while self._arriving and self._arriving[0][0] <= now and self._silence is None:
                self._arriving.popleft()[1]()
        finally:
            self.arm()

    def close(self) -> None:
        """End the link at once; the client is told as soon as the air carries it."""
        if self.alive:
            self._break()
            self._loop.call_later(self.radio.latency, self._lose)

    def mute(self) -> None:
        """Carry nothing any more; after the supervision timeout the link is lost."""
        if self.alive and self._silence is None:
            self._silence = silence = self._loop.create_future()
            self._loop.call_later(SUPERVISION_TIMEOUT, self._time_out, silence)

    def unmute(self) -> None:
        """Carry again what was held back, unless the link was lost meanwhile."""
        if self.alive and self._silence is not None:
            self._end_silence()
            self.arm()

    def _time_out(self, silence: asyncio.Future[None]) -> None:
        if self._silence is silence and self.alive:
            self._break()
            self._lose()

    def _break(self) -> None:
        self.alive = False
        self._arriving.clear()
        self.radio.forget(self)

    def _lose(self) -> None:
        self._end_silence()
        if self._pending is not None and not self._pending.done():
            self._pending.set_exception(LinkLost())
        self._on_lost()

    def _end_silence(self) -> None:
        if self._silence is not None:
            _settle(self._silence)
            self._silence = None

    def _arrive(self, uuid: str, value: bytes, *, indication: bool) -> None:
        if indication:
            self.radio.peripheral.confirm(self.connection)
        self._on_value(uuid, value)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


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

    def __init__(self, peripheral: Peripheral, *, address: str, name: str | None) -> None:
        self.peripheral = peripheral
        self.on_happening: Callable[[Fault], None] = lambda _fault: None
        self.address = address
        self.name = name
        self.latency = LATENCY
        self.rssi = -58
        self.powered = True
        self.in_range = True
        self.available = True
        self.links: list[Link] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._offset = 0.0  # machine time minus the loop's
        self._timer: asyncio.TimerHandle | None = None
        self._period = 1 + crc32(address.encode()) % 10

    @property
    def now(self) -> float:
        """Seconds of the machine's time: the loop's, carried on when a new loop starts its clock anew."""
        return self.peripheral.belt.now if self._loop is None else self._loop.time() + self._offset

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
        form = self.peripheral.facts.identity.service_data
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

    def connect(self, on_value: Callable[[str, bytes], None], on_lost: Callable[[], None], *, encrypted: bool) -> Link:
        """Accept a client. Raises AttFault if the machine takes no more."""
        self.bind()
        connection = self.peripheral.connect(mtu=self.peripheral.facts.link.mtu, encrypted=encrypted)
        link = Link(self, connection, on_value=on_value, on_lost=on_lost)
        self.links.append(link)
        return link

    def forget(self, link: Link) -> None:
        """Let the peripheral know that a link is gone."""
        if link in self.links:
            self.links.remove(link)
            self.peripheral.disconnect(link.connection)

    def drop_links(self) -> None:
        """End every link from the machine's side; the belt goes on."""
        for link in list(self.links):
            link.close()

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
        self.peripheral.session.switch(self.now, powered=powered)
        if not powered:
            for link in list(self.links):
                self.peripheral.disconnect(link.connection)
                link.mute()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Have the loop that the machine lives on call `action` after so many seconds."""
        if self._loop is not None:
            self._loop.call_later(seconds, action)

    def replace(self, peripheral: Peripheral) -> None:
        """Let another machine answer under this address; every link is gone first."""
        self.drop_links()
        self.peripheral = peripheral

    def stall(self, seconds: float) -> None:
        """Let the event loop stand still; what the machine sends meanwhile arrives all at once."""
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
            for link in self.links:
                if link.connection is emission.connection:
                    link.emit(
                        emission.uuid,
                        emission.value,
                        indication=emission.indication,
                        overtakes=emission.overtakes,
                    )
        for fault in self.peripheral.faults.take_happenings():
            self.later(0.0, partial(self.on_happening, fault))
        deadline = self.peripheral.next_deadline()
        if self._loop is None or deadline is None:
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
