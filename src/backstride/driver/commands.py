"""The commands that wait for their outcome, one of each kind: from the request to what it came to (S10)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backstride.driver.confirmation import Command, Confirmed, Expectation, Outcome, Rejected, Unknown
from backstride.driver.obedience import Deed

if TYPE_CHECKING:
    from backstride.driver.obedience import ObedienceWatch
    from backstride.driver.state import MachineState
    from backstride.protocol.procedures import ProcedureQueue
    from backstride.protocol.tickets import Settled, Ticket


@dataclass(slots=True)
class Pending:
    """A command that waits for its outcome."""

    expectation: Expectation
    ticket: Ticket
    outcome: asyncio.Future[Outcome]

    def settle(self, outcome: Outcome) -> None:
        """End the wait, once."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Commands:
    """What waits, and what its end shows of the machine's obedience."""

    def __init__(self, queue: ProcedureQueue, obedience: ObedienceWatch) -> None:
        self._queue = queue
        self._obedience = obedience
        self._pending: dict[Command, Pending] = {}

    def __contains__(self, command: Command) -> bool:
        return command in self._pending

    def begin(self, expectation: Expectation, ticket: Ticket, state: MachineState, now: float) -> Pending:
        """Wait for a command; an older one of its kind is given up."""
        command = expectation.command
        if (older := self._pending.pop(command, None)) is not None:
            older.settle(Unknown("a newer command took its place"))
        pending = Pending(expectation, ticket, asyncio.get_running_loop().create_future())
        self._pending[command] = pending
        self._obedience.asked(command, expectation.target, state, now)
        return pending

    def end(self, pending: Pending) -> None:
        """Wait no longer; whoever is cancelled leaves nothing behind that is written later (S1)."""
        self._queue.cancel(pending.ticket)
        if self._pending.get(pending.expectation.command) is pending:
            del self._pending[pending.expectation.command]

    def give_up(self, reason: str) -> None:
        """End every wait: nobody knows what becomes of it now."""
        for pending in self._pending.values():
            pending.settle(Unknown(reason))
        self._pending.clear()
        self._obedience.forget()

    def next_deadline(self) -> float:
        """Return the instant at which `expire` has something to do, infinite if there is none."""
        deadlines = [pending.expectation.deadline for pending in self._pending.values()]
        return min(deadlines, default=float("inf"))

    # --- what happens

    def written(self, ticket: Ticket, now: float) -> None:
        """Take note that the procedure of `ticket` goes to the machine now."""
        for command, pending in self._pending.items():
            if pending.ticket.number == ticket.number:
                pending.expectation.written(now)
                self._obedience.written(command)

    def settled(self, settled: Settled) -> None:
        """Take the end of a procedure."""
        for command, pending in tuple(self._pending.items()):
            if pending.ticket.number == settled.ticket.number:
                outcome = pending.expectation.settled(settled)
                if pending.expectation.answered:
                    self._obedience.acknowledged(command)
                if outcome is not None:
                    self._settle(command, outcome)

    def observe(self, state: MachineState, now: float) -> None:
        """Take telemetry."""
        for command, pending in tuple(self._pending.items()):
            outcome = pending.expectation.observe(state, now)
            if outcome is not None:
                self._settle(command, outcome)

    def expire(self, now: float) -> None:
        """End the waits whose patience is over."""
        for command, pending in tuple(self._pending.items()):
            if (outcome := pending.expectation.expire(now)) is None:
                continue
            if self._queue.cancel(pending.ticket):
                busy = "the treadmill was busy with an earlier command; this one was not sent"
                outcome = Rejected(busy, sent=False)
            elif command is Command.START and not pending.expectation.arrived:
                self._obedience.started(Deed.IGNORED if pending.expectation.answered else Deed.UNANSWERED)
            self._settle(command, outcome)

    def _settle(self, command: Command, outcome: Outcome) -> None:
        match outcome:
            case Confirmed() if command is Command.START:
                self._obedience.started(Deed.OBEYED)
            case Rejected(reason, result, att_error) if result is not None or att_error is not None:
                self._obedience.refused(command, reason)
            case _:
                pass
        self._pending.pop(command).settle(outcome)
