"""One connected treadmill: commands with proven outcomes, telemetry, and what the console does.

`Machine` joins the link (uplink.py), what telemetry says (state.py), what the console does (console.py) and what
becomes of commands (control.py).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, Self

from backstride.driver import events
from backstride.driver.confirmation import Command, Confirmed, Outcome, Rejected, Unknown
from backstride.driver.console import ConsoleWatch
from backstride.driver.control import Control
from backstride.driver.feeds import Feeds
from backstride.driver.identity import Identity, identify, require_same
from backstride.driver.silence import SilenceWatch
from backstride.driver.state import MachineState, TelemetryWatch
from backstride.driver.tasks import Tasks
from backstride.driver.uplink import Uplink
from backstride.errors import ControlLost, DecodeError, Disconnected, MachineError, SafetyError
from backstride.machines.facts import MachineFacts, PauseEffect
from backstride.protocol import uuids
from backstride.protocol.control_point import RequestControl, SetTargetInclination, SetTargetSpeed, StartOrResume
from backstride.protocol.procedures import Verdict
from backstride.protocol.training_status import decode_training_status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Coroutine

    from backstride.driver.events import MachineEvent
    from backstride.driver.link import Connectable, Link
    from backstride.driver.radio import Trace
    from backstride.machines.capabilities import Capabilities
    from backstride.units import Incline, Speed

LEAVE_WITHIN: Final = 5.0
"""Seconds to stop a belt we started before the program goes (S6)."""

RELINK_WITHIN: Final = 10.0
"""Seconds for a link made anew for a Stop, before it counts as lost (S4, S12)."""


class Machine(Feeds):
    """A treadmill under control; made by `Machine.connect`.

    Commands return an `Outcome`: Confirmed, Rejected or Unknown (S10). What would break a rule of safety raises
    `SafetyError` and is not sent.

    Attributes:
        identity: Who the machine says it is.
        facts: The machine file in use.
        capabilities: What it can do.
    """

    def __init__(self, uplink: Uplink, identity: Identity, facts: MachineFacts, capabilities: Capabilities) -> None:
        """Join the parts; `connect` is the way to get a machine."""
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
        self._silence = SilenceWatch(self)
        self._linked = False
        self._control_taken = False
        self._stop_wanted = False  # asked for without a link; it goes out first on the next one
        uplink.attach(self._heard, lambda: self.link_is_dead("the Bluetooth connection was lost"))

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(
        cls, target: Connectable, *, facts: MachineFacts | None = None, trace: Trace | None = None
    ) -> AsyncIterator[Self]:
        """Connect, find out what the machine can do, subscribe, and ask for control; never start anything (S1).

        On leaving, a belt that was started through this object is stopped first (S6).

        Args:
            target: What a scan found, or a simulated treadmill.
            facts: The machine file to use; without it the model is recognised.
            trace: Called with every value that crosses the air.

        Raises:
            NotFound: The device is not there, or Bluetooth is not to be had.
            NotATreadmill: It is something else.
            Disconnected: The connection failed or was lost meanwhile.
        """
        uplink = Uplink(target, trace)
        machine: Self | None = None
        try:
            async with uplink.making() as link:
                device = target.device
                machine = cls(uplink, *await identify(link, device.address, device.name, facts))
                await machine._subscribe(link)
            machine._link_made()
            yield machine
        finally:
            try:
                if machine is not None:
                    await machine._leave()
            finally:
                await uplink.close()

    @property
    def state(self) -> MachineState:
        """The latest view of the belt."""
        return self._watch.state

    @property
    def name(self) -> str:
        """The advertised name, or the model where there is none."""
        return self.identity.name or self.facts.model

    @property
    def is_connected(self) -> bool:
        """True while the link is up."""
        return self._uplink.is_up

    @property
    def is_simulated(self) -> bool:
        """True if the bleak backend says of itself that what it reaches is no real treadmill (S1)."""
        return bool(getattr(self._uplink.target.backend, "simulated", False))

    # --- commands

    async def start(self) -> Outcome:
        """Start the belt: a person's act, given once, used once (S1). Confirmed when telemetry shows it moving.

        Raises:
            SafetyError: The belt is being stopped (S2).
            Disconnected: There is no link.
            ControlLost: Another app, or the console, has control; see `take_control`.
        """
        self._require_control()
        if not self._uplink.takes_commands:
            return Rejected(self.capabilities.no_speed)
        if self._control.halting:
            raise SafetyError("The belt is being stopped; start it again once it stands.", rule="S2")
        if self.state.standing is False:
            return Rejected("the belt is moving already")
        if self._control.starting:
            return Rejected("a start is on its way already")
        self._stop_wanted = False
        return await self._control.command(Command.START, 0, StartOrResume())

    async def set_speed(self, speed: Speed) -> Outcome:
        """Set the target speed of a moving belt. Confirmed when telemetry moves to it.

        Args:
            speed: One of the machine's own steps; `capabilities.speed.snap` gives the nearest.

        Raises:
            SafetyError: Outside the machine's range or between its steps (S7), or the belt stands (S2).
            Disconnected: There is no link.
            ControlLost: Another app, or the console, has control; see `take_control`.
        """
        grid = self.capabilities.speed
        if grid is None:
            raise SafetyError(f"The speed cannot be set: {self.capabilities.no_speed}.", rule="S7")
        grid.require(speed)
        self._require_control()
        self._require_moving("speed")
        request = SetTargetSpeed(grid.write_unit.to_wire(speed))
        return await self._control.command(Command.SPEED, int(speed), request)

    async def set_incline(self, incline: Incline) -> Outcome:
        """Set the target inclination of a moving belt, one of the machine's own steps, as `set_speed` sets speed."""
        grid = self.capabilities.incline
        if grid is None:
            raise SafetyError(f"The incline cannot be set: {self.capabilities.no_incline}.", rule="S7")
        grid.require(incline)
        self._require_control()
        self._require_moving("incline")
        return await self._control.command(Command.INCLINE, int(incline), SetTargetInclination(incline))

    def pause(self) -> Awaitable[Outcome]:
        """Pause the belt, as `stop` does but with Pause first: machines that know pausing keep their counters."""
        return self._bring_to_a_halt(pause_first=self.capabilities.pause is not PauseEffect.REFUSED)

    def stop(self) -> Awaitable[Outcome]:
        """Stop the belt. On the wire within one turn of the loop (S4); repeated until the belt is seen to stand (S5).

        Stopping begins with the call. Awaiting the result tells what has come of it: Confirmed once telemetry shows a
        standing belt, Unknown if the link is gone and nobody can see it.
        """
        return self._bring_to_a_halt(pause_first=False)

    async def take_control(self) -> Outcome:
        """Ask for control again after `ControlTaken`: a person's decision. Raises Disconnected without a link."""
        self._require_link()
        settled = await self._control.procedure(RequestControl())
        if settled.verdict in {Verdict.SUCCEEDED, Verdict.UNANSWERED}:
            self._control_taken = False
            return Confirmed()
        return Rejected("the treadmill does not give control", settled.result, settled.att_error)

    async def reconnect(self) -> None:
        """Make the link anew to the same machine, and look before anything else (S12).

        Raises:
            NotFound: The machine is not there, or another one answers under its address.
            Disconnected: The connection failed.
        """
        if self._uplink.is_up:
            self._take_link_down()
        await self._connect_again()
        self._events.send(events.LinkRestored())

    # --- the link

    async def _subscribe(self, link: Link) -> None:
        """Hear everything and have control, in the order of facts 11; a link made for a Stop asks for nothing else."""
        self._watch.link_made()
        if (value := await link.read(uuids.TRAINING_STATUS)) is not None:
            self._heard(uuids.TRAINING_STATUS, value)
        for uuid in (uuids.TREADMILL_DATA, uuids.TRAINING_STATUS, uuids.MACHINE_STATUS, uuids.CONTROL_POINT):
            await link.subscribe(uuid)
        if self._uplink.takes_commands and not self._control.halting and not self._control_taken:
            await self._control.procedure(RequestControl())

    async def _connect_again(self) -> None:
        try:
            async with self._uplink.making() as link:
                if self._stop_wanted and self._uplink.takes_commands:
                    self._stop_wanted = False
                    self._control.halt(pause_first=False)
                if self._control.halting:  # the Stop goes before everything else (S4)
                    await link.subscribe(uuids.CONTROL_POINT)
                    self._control.link_made()
                await require_same(link, self.identity, self.facts)
                await self._subscribe(link)
        except BaseException:
            self._take_link_down()
            raise
        self._link_made()

    def _link_made(self) -> None:
        self._linked = True
        self._silence.link_made()

    def _take_link_down(self, *, halt_goes_on: bool = False) -> None:
        self._uplink.drop()
        self._control.link_lost(halt_goes_on=halt_goes_on)
        self._states.send(self._watch.link_lost())

    async def _relink(self) -> None:
        self._take_link_down(halt_goes_on=True)
        try:
            async with asyncio.timeout(RELINK_WITHIN):
                await self._connect_again()
        except (MachineError, TimeoutError) as error:
            self.link_is_dead(str(error) or "the treadmill does not answer")

    async def _leave(self) -> None:
        """Stop a belt that is ours, and let go of everything that waits (S6)."""
        try:
            if self._control.has_started and (self.state.standing is not True or self._control.starting):
                stopped = self.stop()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at((self._control.halting_since or self._loop.time()) + LEAVE_WITHIN):
                        await stopped
        finally:
            self._silence.close()
            self._take_link_down()
            self._control.close()
            self._end_feeds()
            await self._tasks.end()

    # --- commands, inside

    def _require_link(self) -> None:
        if not self.is_connected:
            raise Disconnected("There is no connection to the treadmill.")

    def _require_control(self) -> None:
        self._require_link()
        if self._control_taken:
            raise ControlLost("The console, or another app, has control of the treadmill; take it back there first.")

    def _require_moving(self, what: str) -> None:
        if self.state.standing is not False or not self.state.speed or self._control.halting:
            raise SafetyError(f"The {what} is not set on a belt that is not seen to move; start it first.", rule="S2")

    def _bring_to_a_halt(self, *, pause_first: bool) -> Awaitable[Outcome]:
        if self._control.halting or self._uplink.takes_commands:  # on a link that is still being made as well
            return self._control.halt(pause_first=pause_first)
        self._stop_wanted = self._control.has_started
        nobody: asyncio.Future[Outcome] = self._loop.create_future()
        nobody.set_result(Unknown("there is no connection to the treadmill, or it takes no commands"))
        return nobody

    # --- what control needs of the machine

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run `work` as long as this machine lives; for `Control` alone."""
        self._tasks.spawn(work)

    def stop_unproven(self) -> None:
        """Tell that the belt is not seen slowing; for `Control` alone."""
        self._events.send(events.StopUnproven())

    def relink(self) -> None:
        """Make the link anew for nothing but the Stop (S4); for `Control` alone."""
        self.spawn(self._relink())

    def link_is_dead(self, reason: str) -> None:
        """Drop the link and say so, once (S12)."""
        self._take_link_down()
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
        match event:
            case events.ControlTaken():
                self._control_taken = True
                self._control.control_lost()
            case events.ConsoleStopped() | events.SafetyKeyPulled():
                self._control.console_stopped()
        self._events.send(event)
