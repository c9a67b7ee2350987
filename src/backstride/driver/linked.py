"""A machine at the end of a link: heard, lost, looked for, connected to again, and left (safety rules S6, S9, S12).

What can be asked of it is in machine.py.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from backstride.driver import events
from backstride.driver.confirmation import Confirmed, Outcome, Unknown
from backstride.driver.console import ConsoleWatch
from backstride.driver.control import Control
from backstride.driver.feeds import Feeds
from backstride.driver.identity import Identity, identify
from backstride.driver.reconnect import ATTEMPT_WITHIN, hurriedly
from backstride.driver.silence import SilenceWatch
from backstride.driver.state import MachineState, TelemetryWatch
from backstride.driver.tasks import Tasks
from backstride.driver.watchdog.guard import Guard, brief_of, why_none
from backstride.errors import DecodeError, Disconnected, MachineError, NotFound
from backstride.protocol import uuids
from backstride.protocol.control_point import StartOrResume, StopOrPauseRequest
from backstride.protocol.training_status import decode_training_status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Coroutine

    from backstride.driver.events import MachineEvent
    from backstride.driver.link import Link
    from backstride.driver.obedience import Obedience
    from backstride.driver.uplink import Uplink
    from backstride.machines.capabilities import Capabilities
    from backstride.machines.facts import MachineFacts
    from backstride.protocol.control_point import Request

LEAVE_WITHIN: Final = 5.0
"""Seconds to stop a belt we started before the program goes (S6)."""

RELINK_WITHIN: Final = 10.0
"""Seconds for a link made anew for a Stop, before it counts as lost (S4, S12)."""


class Linked(Feeds):
    """One machine over one link after another.

    Attributes:
        identity: Who the machine says it is.
        facts: The machine file in use.
        capabilities: What it can do.
        called: What its owner calls it; None where nobody has given it a name.
        owes_a_stop: True if a Stop was asked for without a link, or broken off with it: it goes out first on the next.
    """

    def __init__(self, uplink: Uplink, identity: Identity, facts: MachineFacts, capabilities: Capabilities) -> None:
        """Join the parts; `Machine.connect` is the way to get a machine."""
        super().__init__()
        self.identity = identity
        self.facts = facts
        self.capabilities = capabilities
        self._uplink = uplink
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks()
        self._watch = TelemetryWatch(capabilities, facts.incline)
        self._console = ConsoleWatch(capabilities)
        self._control = Control(self, uplink, facts, capabilities, self._console)
        self._silence = SilenceWatch(self, self._watch)
        self._guard = Guard(
            lambda: brief_of(uplink.device, self.name, facts, capabilities),
            lambda: self._belt_is_ours,
            overslept=self._overslept,
            unguarded=lambda reason: self._events.send(events.Unguarded(reason)),
        )
        self._linked = False
        self._control_taken = False
        self.called: str | None = None
        self.owes_a_stop = False
        self._patient: set[asyncio.Timeout] = set()  # what a Stop that is asked for without a link brings to an end
        self._hurry_ends = float("-inf")
        self._go_by = float("inf")
        uplink.attach(self._heard, lambda: self.link_is_dead("the Bluetooth connection was lost"))

    @property
    def state(self) -> MachineState:
        """The latest view of the belt."""
        return self._watch.state

    @property
    def obedience(self) -> Obedience:
        """What it has shown to obey, and what it only acknowledges (S10)."""
        return self._control.obedience

    @property
    def name(self) -> str:
        """What its owner calls it, else the advertised name, else the model."""
        return self.called or self.identity.name or self.facts.model

    @property
    def is_connected(self) -> bool:
        """True while the link is up."""
        return self._uplink.is_up

    # --- the watchdog

    @property
    def why_unguarded(self) -> str | None:
        """Why no watchdog can watch over this machine, as a sentence; None if one can (S6)."""
        return why_none(self._uplink.target)

    def guard(self) -> None:
        """Let a watchdog stop the belt if this program is killed or hangs, where the system allows it (S6).

        A session calls this when it begins, so that the watchdog is at its post before the belt starts; `start` calls
        it as well. What becomes of it is told by `Unguarded` and `WatchdogActed`.
        """
        if self.why_unguarded is None:
            self._guard.begin()

    @property
    def _belt_is_ours(self) -> bool:
        """True if a belt that was started through this object moves, or may begin to (S6)."""
        moves = self._control.has_started and (self.state.standing is not True or self._control.starting)
        return moves or self.owes_a_stop

    def _overslept(self) -> None:
        """Be stopped, as the watchdog has seen to, or would have in a moment: nothing restarts the belt (S2)."""
        self._bring_to_a_halt(pause_first=False)
        self._events.send(events.WatchdogActed())

    # --- looking for it again

    async def reconnect(self, within: float = ATTEMPT_WITHIN) -> None:
        """Make the link anew to the same machine, in one attempt, and look before anything else (S12).

        Args:
            within: Seconds to connect and to discover the services.

        Raises:
            NotFound: The machine is not there, or another one answers under its address.
            NotATreadmill: What answers under its address is something else.
            Disconnected: The connection failed.
        """
        if self._uplink.is_up:
            self._take_link_down("the link is made anew")
        await self._connect_again(within)
        self._events.send(events.LinkRestored())

    async def listen(self, seconds: float) -> None:
        """Listen until the machine is heard, or for so many seconds; the next attempt knows what was heard.

        Raises:
            NotFound: Bluetooth is not to be had.
            Disconnected: Bluetooth does not answer.
        """
        await self._uplink.listen(self.identity, seconds)

    @contextlib.asynccontextmanager
    async def unless_a_stop_is_wanted(self) -> AsyncIterator[None]:
        """Raise TimeoutError in the block as soon as a Stop is asked for without a link."""
        async with asyncio.timeout(None) as patience:
            self._patient.add(patience)
            try:
                yield
            finally:
                self._patient.discard(patience)

    def leave_by(self, instant: float) -> None:
        """Let leaving be over by `instant` (loop time): a program told to go counts from there, once (S6)."""
        self._go_by = min(self._go_by, instant)

    def hurry(self) -> asyncio.Timeout:
        """Return the time limit for reaching a belt that is to be stopped; leaving adds nothing to it (S6)."""
        self._hurry_ends = self._loop.time() + LEAVE_WITHIN
        return asyncio.timeout_at(self._hurry_ends)

    # --- the link

    async def _subscribe(self, link: Link) -> None:
        """Hear everything and have control, in the order of facts 11; a link made for a Stop asks for nothing else."""
        self._watch.link_made()
        if (value := await link.read(uuids.TRAINING_STATUS)) is not None:
            self._heard(uuids.TRAINING_STATUS, value)
        if not await link.subscribe(uuids.TREADMILL_DATA):
            raise Disconnected(f"{self.name} is connected, but it does not send what the belt does.")
        for uuid in (uuids.TRAINING_STATUS, uuids.MACHINE_STATUS, uuids.CONTROL_POINT):
            await link.subscribe(uuid)
        if self._uplink.takes_commands and not self._control.halting and not self._control_taken:
            await self._control.take(self.facts.control)

    async def _connect_again(self, within: float) -> None:
        async with self._uplink.making(within) as link:
            try:
                under_its_address = self._uplink.device.address == self.identity.address
                if under_its_address:
                    await self._stop_first(link)
                await self._require_same(link)
                if not under_its_address:
                    await self._stop_first(link)
                await self._subscribe(link)
            except BaseException as error:
                self._take_link_down(self._impersonal(str(error)))
                raise
        self._link_made()

    async def _stop_first(self, link: Link) -> None:
        """Send the Stop that is owed, or goes on, before anything else (S4)."""
        if self.owes_a_stop and self._uplink.takes_commands:
            self.owes_a_stop = False
            self._control.halt(pause_first=False)
            await asyncio.sleep(0)  # bleak has it before what follows
        if self._control.halting:
            await link.subscribe(uuids.CONTROL_POINT)
            self._control.link_made()
            await asyncio.sleep(0)

    async def _require_same(self, link: Link) -> None:
        """Make sure that the machine at the other end is the one we know; another one is left alone (S12)."""
        device = self._uplink.device
        found, _, _ = await identify(link, device.address, device.name, self.facts)
        if not self.identity.is_told_by(found):
            raise Disconnected(f"{self.name} is connected, but it does not say who it is.")
        if (difference := self.identity.difference(found)) is not None:
            self._uplink.refuse()
            raise NotFound(f"Another machine answers in place of {self.name}: {difference}. It is left alone.")

    def _impersonal(self, text: str) -> str:
        """Return what may stand in a capture: redaction knows no name that never crossed the air."""
        return text if self.called is None else text.replace(self.called, self.identity.name or self.facts.model)

    def _link_made(self) -> None:
        self._linked = True
        self._silence.link_made()
        if self._guard.began:
            self._guard.renew()

    def _take_link_down(self, reason: str = "", *, halt_goes_on: bool = False) -> None:
        if self._control.halting and not halt_goes_on:
            self.owes_a_stop = True
        self._uplink.drop(reason)
        self._control.link_lost(halt_goes_on=halt_goes_on)
        self._states.send(self._watch.link_lost())

    async def _relink(self) -> None:
        self._take_link_down("the Stop is not answered", halt_goes_on=True)
        try:
            async with asyncio.timeout(RELINK_WITHIN):
                await self._connect_again(RELINK_WITHIN)
        except (MachineError, TimeoutError) as error:
            self.link_is_dead(str(error) or "the treadmill does not answer")

    # --- stopping and leaving

    def _bring_to_a_halt(self, *, pause_first: bool) -> Awaitable[Outcome]:
        if self._control.halting or self._uplink.takes_commands:  # on a link that is still being made as well
            return self._control.halt(pause_first=pause_first)
        if not self.is_connected:
            self.owes_a_stop = True
            while self._patient:
                self._patient.pop().reschedule(self._loop.time())
        nobody: asyncio.Future[Outcome] = self._loop.create_future()
        nobody.set_result(Unknown("there is no connection to the treadmill, or it takes no commands"))
        return nobody

    async def _leave(self) -> None:
        """Stop a belt that is ours, and let go of everything that waits (S6)."""
        try:
            if self._belt_is_ours and not await self._stops_before_leaving() and not self.is_connected:
                self._events.send(events.StopUnproven())
        finally:
            await self._guard.end()
            self._silence.close()
            self._take_link_down()
            self._control.close()
            self._end_feeds()
            await self._tasks.end()

    async def _stops_before_leaving(self) -> bool:
        """Stop the belt, on a new link if need be; return whether it was seen to stand in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._leave_by()):
                while not isinstance(await self._bring_to_a_halt(pause_first=False), Confirmed):
                    if self.is_connected:
                        return False
                    await hurriedly(self)
                return True
        return False

    def _leave_by(self) -> float:
        """Return when leaving has to be over: 5 s from now, or from the wish or the order that came before."""
        now, since = self._loop.time(), self._control.halting_since
        wished = self._hurry_ends if now < self._hurry_ends + 1.0 else float("inf")
        return min(wished, self._go_by, (now if since is None else since) + LEAVE_WITHIN)

    # --- what control needs of the machine

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run `work` as long as this machine lives; for `Control` alone."""
        self._tasks.spawn(work)

    def tell(self, event: MachineEvent) -> None:
        """Tell what became of commands; for `Control` alone."""
        self._events.send(event)

    def may_write(self, request: Request) -> bool:
        """Tell whether a write is still wanted, and the watchdog of a Start before it goes out; for `Control` alone."""
        if self._guard.began:
            if not self._guard.is_awake():
                return isinstance(request, StopOrPauseRequest)
            self._guard.tell(moving=isinstance(request, StartOrResume))
        return True

    def relink(self) -> None:
        """Make the link anew for nothing but the Stop (S4); for `Control` alone."""
        self.spawn(self._relink())

    def link_is_dead(self, reason: str) -> None:
        """Drop the link and say so, once (S12)."""
        self._take_link_down(reason)
        if self._linked:
            self._linked = False
            self._events.send(events.LinkLost(reason))

    # --- what comes in

    def _heard(self, uuid: str, value: bytes) -> None:
        now = self._loop.time()
        if uuid == uuids.TREADMILL_DATA:
            state = self._watch.feed(value, now)
            if state is not None:
                self._control.observe(state, now)
                self._states.send(state)
                self._guard.tell()
        elif uuid == uuids.CONTROL_POINT:
            self._control.indicated(value)
        elif uuid == uuids.MACHINE_STATUS:
            event = self._console.feed(value, now)
            if event is not None:
                self._console_acted(event)
        elif uuid == uuids.TRAINING_STATUS:
            with contextlib.suppress(DecodeError):
                self._watch.training_status(decode_training_status(value).status)

    def _console_acted(self, event: MachineEvent) -> None:
        self._control_taken = self._control_taken or isinstance(event, events.ControlTaken)
        self._control.console_acted(event)
        state = self._watch.console_acted(event, self._loop.time())
        self._events.send(event)
        if state is not None:
            self._states.send(state)
