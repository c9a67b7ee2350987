"""One connected treadmill and what can be asked of it: commands with proven outcomes.

`Machine` is what is at the end of a link (linked.py), which joins the link (uplink.py), what telemetry says (state.py),
what the console does (console.py) and what becomes of commands (control.py).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from backstride.capture.events import Recognised
from backstride.driver.confirmation import Command, Confirmed, Outcome, Rejected, Unknown, describe_refusal
from backstride.driver.connectable import is_simulated
from backstride.driver.identity import identify
from backstride.driver.linked import Linked
from backstride.driver.uplink import Uplink
from backstride.errors import ControlLost, Disconnected, SafetyError
from backstride.machines.facts import MachineFacts, PauseEffect, WireUnit
from backstride.machines.written import as_written
from backstride.protocol.control_point import Reset, SetTargetInclination, SetTargetSpeed, StartOrResume
from backstride.protocol.tickets import Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from backstride.capture.events import Trace
    from backstride.driver.connectable import Connectable
    from backstride.units import Incline, Speed


class Machine(Linked):
    """A treadmill under control; made by `Machine.connect`.

    Commands return an `Outcome`: Confirmed, Rejected or Unknown (S10). What would break a rule of safety raises
    `SafetyError` and is not sent.

    Attributes:
        identity: Who the machine says it is.
        facts: The machine file in use.
        capabilities: What it can do.
    """

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(
        cls,
        target: Connectable,
        *,
        facts: MachineFacts | None = None,
        console: WireUnit = WireUnit.KMH,
        trace: Trace | None = None,
        called: str | None = None,
    ) -> AsyncIterator[Self]:
        """Connect, find out what the machine can do, subscribe, and ask for control; never start anything (S1).

        On leaving, a belt that was started through this object is stopped first (S6).

        Args:
            target: What a scan found, or a simulated treadmill.
            facts: The machine file to use; without it the model is recognised.
            console: What its console is set to; some machines mean another unit then.
            trace: Told of everything that crosses bleak's client, as it happens (capture/events.py).
            called: What its owner calls it, instead of the advertised name.

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
                machine = cls(uplink, *await identify(link, device.address, device.name, facts, console))
                if uplink.wire.is_watched:
                    uplink.wire.tell(Recognised(machine.facts.id, as_written(machine.facts)))
                await machine._subscribe(link)
            machine.called = called  # only now: what fails before goes into captures
            machine._link_made()
            yield machine
        finally:
            try:
                if machine is not None:
                    await machine._leave()
            finally:
                await uplink.close()

    @property
    def is_simulated(self) -> bool:
        """True if the bleak backend says of itself that what it reaches is no real treadmill (S1)."""
        return is_simulated(self._uplink.target)

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
        self.guard()
        outcome = await self._control.command(Command.START, 0, StartOrResume())
        locked = self.facts.control.locked
        if isinstance(outcome, Unknown) and locked is not None and not self._watch.is_moving(self._loop.time()):
            return Unknown(f"{outcome.reason}. {locked}")
        return outcome

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
        self._require_moving("speed")
        request = SetTargetSpeed(grid.write_unit.to_wire(speed))
        return await self._control.command(Command.SPEED, int(speed), request)

    async def set_incline(self, incline: Incline) -> Outcome:
        """Set the target inclination of a moving belt, one of the machine's own steps, as `set_speed` sets speed."""
        grid = self.capabilities.incline
        if grid is None:
            raise SafetyError(f"The incline cannot be set: {self.capabilities.no_incline}.", rule="S7")
        grid.require(incline)
        self._require_moving("incline")
        return await self._control.command(
            Command.INCLINE, int(incline), SetTargetInclination(grid.written.to_wire(incline))
        )

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
        settled = await self._control.take(self.facts.control)
        if settled.verdict in {Verdict.SUCCEEDED, Verdict.UNANSWERED}:
            self._control_taken = False
            return Confirmed()
        return Rejected("the treadmill does not give control", settled.result, settled.att_error)

    async def reset(self) -> Outcome:
        """Set targets and counters of a standing machine to zero, and ask for control again, which ends with it.

        FTMS 4.16.2.2; the machine's session is over then, and the deck may move to the horizontal.

        Raises:
            SafetyError: The belt is not seen to stand: a reset would stop it in its own way (S2).
            Disconnected: There is no link.
            ControlLost: Another app, or the console, has control; see `take_control`.
        """
        self._require_control()
        if self.state.standing is not True:
            raise SafetyError("The treadmill is reset only while its belt is seen to stand; stop it first.", rule="S2")
        settled = await self._control.procedure(Reset())
        match settled.verdict:
            case Verdict.SUCCEEDED:
                return await self.take_control()
            case Verdict.REFUSED | Verdict.WRITE_REFUSED:
                return Rejected(describe_refusal(settled), settled.result, settled.att_error)
            case _:
                return Unknown("the treadmill did not answer")

    async def survey(self) -> None:
        """Read all that can be read and subscribe to all that is sent, for a capture; nothing is commanded (S1).

        Raises:
            Disconnected: The link is gone, or was lost meanwhile.
            ProcedureTimeout: No answer within 30 s.
        """
        await self._uplink.survey()

    # --- commands, inside

    def _require_link(self) -> None:
        if not self.is_connected:
            raise Disconnected("There is no connection to the treadmill.")

    def _require_control(self) -> None:
        self._require_link()
        if self._control_taken:
            raise ControlLost("The console, or another app, has control of the treadmill; take it back there first.")

    def _require_moving(self, what: str) -> None:
        self._require_control()
        if self._control.halting or not self._watch.is_moving(self._loop.time()):
            raise SafetyError(f"The {what} is not set on a belt that is not seen to move; start it first.", rule="S2")
