"""The command side of one machine: from a request to its proven outcome.

`Control` joins three pure parts, the procedure queue, the expectations and the halting, to one writer and one timer.
What it cannot do itself it tells its `Owner`: that the person must act, that the link must be made anew, that it is
dead.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backstride.driver import events
from backstride.driver.carrying import carry
from backstride.driver.commands import Commands
from backstride.driver.confirmation import PATIENCE_MARGIN, Command, Confirmed, Expectation, Outcome, Unknown
from backstride.driver.halting import Halt, HaltStep
from backstride.driver.obedience import Deed, Obedience, ObedienceWatch
from backstride.errors import Disconnected, MachineError, ProcedureRefused, ProcedureTimeout
from backstride.protocol.control_point import (
    RequestControl,
    SetTargetInclination,
    SetTargetSpeed,
    StartOrResume,
    StopOrPause,
    StopOrPauseRequest,
)
from backstride.protocol.procedures import ProcedureQueue, QueueRules
from backstride.protocol.tickets import Settled, Ticket, Verdict, Write

if TYPE_CHECKING:
    from backstride.driver.console import ConsoleWatch
    from backstride.driver.events import MachineEvent
    from backstride.driver.owner import Owner
    from backstride.driver.state import MachineState
    from backstride.driver.uplink import Uplink
    from backstride.machines.capabilities import Capabilities
    from backstride.machines.facts import ControlFacts, MachineFacts
    from backstride.protocol.control_point import Request

_TARGETS: Final = (SetTargetSpeed, SetTargetInclination)
_DEEDS: Final[dict[Verdict | None, Deed]] = {
    Verdict.SUCCEEDED: Deed.IGNORED,
    Verdict.REFUSED: Deed.REFUSED,
    Verdict.WRITE_REFUSED: Deed.REFUSED,
}  # what a machine shows whose belt does not slow down although its Stop ended like this


class Control:
    """Commands and their outcomes on one machine, over one link after another.

    Attributes:
        has_started: True once a Start has been written: the belt is ours to stop (S6).
    """

    def __init__(
        self, owner: Owner, uplink: Uplink, facts: MachineFacts, capabilities: Capabilities, console: ConsoleWatch
    ) -> None:
        self._owner = owner
        self._uplink = uplink
        self._capabilities = capabilities
        self._console = console
        self._loop = asyncio.get_running_loop()
        self._queue = ProcedureQueue(QueueRules(facts.control.pacing, frozenset(map(int, facts.control.unanswered))))
        self._obedience = ObedienceWatch(capabilities)
        self._commands = Commands(self._queue, self._obedience)
        self._procedures: dict[int, asyncio.Future[Settled]] = {}
        self._halt: Halt | None = None
        self._halted: asyncio.Future[Outcome] | None = None
        self.has_started = self._stopped_on_console = self._asks = False
        self._start_works_until = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    @property
    def obedience(self) -> Obedience:
        """What the machine has shown to obey."""
        return self._obedience.known

    @property
    def halting(self) -> bool:
        """True from the call of `halt` until the belt is seen to stand or is given up."""
        return self._halt is not None

    @property
    def halting_since(self) -> float | None:
        """Instant of the call of `halt` that is still at work, or None."""
        return None if self._halt is None else self._halt.since

    @property
    def starting(self) -> bool:
        """True while a Start is on its way: asked for, or written and the belt may yet begin to move."""
        return Command.START in self._commands or self._loop.time() < self._start_works_until

    async def command(self, command: Command, target: int, request: Request) -> Outcome:
        """Carry out a command; return once answer and telemetry agree, or one of them says no, or nothing comes."""
        now, state = self._loop.time(), self._owner.state
        expectation = Expectation.of(command, target, state, self._capabilities.motion_within, now)
        pending = self._commands.begin(expectation, self._queue.submit(request, now), state, now)
        self.pump()
        try:
            return await pending.outcome
        finally:
            self._commands.end(pending)

    async def procedure(self, request: Request) -> Settled:
        """Carry out a procedure that moves nothing; return how it ended."""
        ticket = self._queue.submit(request, self._loop.time())
        settled: asyncio.Future[Settled] = self._loop.create_future()
        self._procedures[ticket.number] = settled
        self.pump()
        return await settled

    async def take(self, facts: ControlFacts) -> Settled:
        """Ask for control, as often as this machine wants to be asked; return what became of the last time.

        A Stop comes first (S4), and whoever took control meanwhile keeps it (S11): then nothing more is asked.
        """
        self._asks = True
        for _ in range(facts.requests - 1):
            settled = await self.procedure(RequestControl())
            await asyncio.sleep(facts.request_gap)
            if not self._asks:
                return replace(settled, verdict=Verdict.WITHDRAWN)
        return await self.procedure(RequestControl())

    def halt(self, *, pause_first: bool) -> asyncio.Future[Outcome]:
        """Bring the belt to a standstill; what waits is withdrawn, and Stop is with the link in the next turn (S4)."""
        now = self._loop.time()
        self._asks = False
        self._queue.withdraw()
        self._commands.give_up("the belt was stopped")
        self._obedience.stopping(self._owner.state)
        if self._halt is None:
            self._halt = Halt(now, pause_first=pause_first)
        else:
            self._halt.press(now, pause_first=pause_first)
        if self._halted is None:
            self._halted = self._loop.create_future()
        halted = self._halted
        self.pump()
        return asyncio.shield(halted)

    def observe(self, state: MachineState, now: float) -> None:
        """Take telemetry: it proves, or disproves, what was asked, and what waits may have lost its ground."""
        if state.standing is True:
            self._queue.withdraw(*_TARGETS)  # S2: no target to a standing belt, the lowest speed of a halt included
        elif state.standing is False:
            self._start_works_until = float("-inf")
            self._queue.withdraw(StartOrResume)  # it moves already; some machines take a second Start for Pause
        may_yet_start = now < self._start_works_until - PATIENCE_MARGIN  # from then on a Start would show
        if self._halt is not None and not may_yet_start and self._halt.observe(state):
            self._halt_ends(Confirmed())
        self._commands.observe(state, now)
        self._obedience.observe(state, now)
        self._drain(now)
        self._tell_changes()

    def indicated(self, value: bytes) -> None:
        """Take an indication of the control point."""
        self._queue.indicated(value, self._loop.time())
        self.pump()

    def console_acted(self, event: MachineEvent) -> None:
        """Take note of what somebody did on the console: what it concerns is not ours any more (S2, S11)."""
        match event:
            case events.ConsoleStopped() | events.SafetyKeyPulled():
                self._stopped_on_console = True
                self._start_works_until = float("-inf")
                self._queue.withdraw()
                self._commands.give_up("the belt was stopped on the console")
            case events.ControlTaken():
                self._asks = False
                self._queue.control_lost()
                self._queue.withdraw()
                self._obedience.forget()
            case events.ConsoleStarted():
                self._stopped_on_console = False
                self._queue.withdraw(StartOrResume)  # one person's start is enough
                self._obedience.forget_start()
            case events.ConsoleSpeed():
                self._obedience.forget(Command.SPEED)
            case events.ConsoleIncline():
                self._obedience.forget(Command.INCLINE)
        self.pump()

    def answer_within(self, seconds: float) -> None:
        """Wait for no answer longer than so many seconds, and hold a missing one against no link: for a trial."""
        self._queue.rules = self._queue.rules.with_patience(seconds)

    def may_start(self) -> None:
        """Count a target, or a hand on the console, for a Start to a belt that is not seen to move (S2, S5)."""
        if self._owner.state.standing is not False and self._start_works_until < float("inf"):
            self._start_works_until = self._loop.time() + self._capabilities.motion_within + PATIENCE_MARGIN

    def seen_standing(self) -> None:
        """Take a person's word that the belt stands, where telemetry ends with the motion (S5)."""
        self._halt_ends(Confirmed())
        self.pump()

    def link_made(self) -> None:
        """Go on with a halt, if there is one, on a new link."""
        if self._halt is not None:
            self._halt.link_made(self._loop.time())
            self.pump()

    def link_lost(self, *, halt_goes_on: bool = False) -> None:
        """Settle everything: nothing survives the link but, on a link made anew for it, the Stop."""
        self._asks = False
        self._queue.link_lost()
        self._drain(self._loop.time())
        self._commands.give_up("the connection to the treadmill was lost")
        self._obedience.forget_start()
        if not halt_goes_on:
            self._halt_ends(Unknown("the connection to the treadmill was lost"))

    def close(self) -> None:
        """Disarm the timer."""
        if self._timer is not None:
            self._timer.cancel()

    # --- the pump: what is due is written, what is settled is told, one timer is armed

    def pump(self) -> None:
        """Do what is due."""
        now = self._loop.time()
        if self._halt is not None:
            for step in self._halt.due(self._owner.state, now):
                self._take(step, now)
        self._obedience.judge(self._owner.state, now)
        self._commands.expire(now)
        self._drain(now)
        if self._queue.suspect and self._halt is None:
            self._owner.link_is_dead("the treadmill left a command unanswered for 30 s")  # FTMP 4.4.14.3
        self._arm()
        self._tell_changes()

    def _tell_changes(self) -> None:
        for change in self._obedience.take_changes():
            self._owner.tell(change)

    def _drain(self, now: float) -> None:
        while output := self._queue.poll(now):
            for item in output:
                if isinstance(item, Write):
                    self._owner.spawn(self._write(item))  # bleak has it in the next turn of the loop (S4)
                else:
                    self._settled(item, now)

    def _take(self, step: HaltStep, now: float) -> None:
        match step:
            case HaltStep.STOP:
                self._queue.submit(StopOrPauseRequest(StopOrPause.STOP), now)
            case HaltStep.PAUSE:
                self._queue.submit(StopOrPauseRequest(StopOrPause.PAUSE), now)
            case HaltStep.LOWEST_SPEED:
                self._queue.submit(self._slowest(), now)
            case HaltStep.TELL_PERSON:
                verdict = None if self._halt is None else self._halt.verdict
                self._obedience.not_stopped(_DEEDS.get(verdict, Deed.UNANSWERED))
                self._owner.tell(events.StopUnproven())
            case HaltStep.RELINK:
                self._owner.relink()

    def _slowest(self) -> Request:
        """Return the lowest target, or Stop where that would not slow the belt down, or the console has (S2)."""
        grid, speed = self._capabilities.speed, self._owner.state.speed
        if grid is None or speed is None or speed <= grid.minimum or self._stopped_on_console:
            return StopOrPauseRequest(StopOrPause.STOP)
        return SetTargetSpeed(grid.write_unit.to_wire(grid.minimum))

    async def _write(self, write: Write) -> None:
        ticket = write.ticket
        if not self._owner.may_write(ticket.request):
            self._queue.cancel(ticket)
        if not self._queue.begins(ticket):
            return
        self._about_to_write(ticket, self._loop.time())
        try:
            await carry(self._uplink, write)
        except ProcedureRefused as refused:
            self._queue.write_refused(ticket, refused.att_error)
        except Disconnected:
            return  # the owner hears of it in its own way
        except ProcedureTimeout as error:
            self._owner.link_is_dead(str(error))
        except MachineError:
            self._queue.write_refused(ticket, None)  # nobody knows whether it was written; a Stop is repeated anyway
        else:
            self._queue.written(ticket, self._loop.time())
        finally:
            if isinstance(ticket.request, StartOrResume | SetTargetSpeed):
                self._start_arrived()
        self.pump()

    def _start_arrived(self) -> None:
        """Count from here how long a Start that was on its way may yet move the belt (S5)."""
        if self._start_works_until == float("inf"):
            self._start_works_until = self._loop.time() + self._capabilities.motion_within + PATIENCE_MARGIN

    def _about_to_write(self, ticket: Ticket, now: float) -> None:
        self._console.wrote(ticket.request, now)
        if isinstance(ticket.request, StartOrResume):
            self.has_started, self._stopped_on_console = True, False
            self._start_works_until = now
        if isinstance(ticket.request, StartOrResume | SetTargetSpeed) and now <= self._start_works_until:
            self._start_works_until = float("inf")  # until the write has come back, nobody knows when it arrives
        self._commands.written(ticket, now)

    def _settled(self, settled: Settled, now: float) -> None:
        ticket = settled.ticket
        waiting = self._procedures.pop(ticket.number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(settled)
        if isinstance(ticket.request, StartOrResume) and settled.verdict in {Verdict.REFUSED, Verdict.WRITE_REFUSED}:
            self._start_works_until = float("-inf")
        if ticket.urgent and self._halt is not None:
            self._halt.settled(settled, now)
        self._commands.settled(settled)

    def _halt_ends(self, outcome: Outcome) -> None:
        halted, self._halt, self._halted = self._halted, None, None
        if isinstance(outcome, Confirmed):
            self._obedience.stopped()
            self._start_works_until = float("-inf")
        if halted is not None and not halted.done():
            halted.set_result(outcome)

    def _arm(self) -> None:
        deadlines = [self._commands.next_deadline(), self._obedience.next_deadline()]
        if (deadline := self._queue.next_deadline()) is not None:
            deadlines.append(deadline)
        if self._halt is not None:
            deadlines.append(self._halt.next_deadline())
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if min(deadlines) == float("inf") else self._loop.call_at(min(deadlines), self.pump)
