"""One control point procedure at a time, and Stop before all of them (FTMS 4.16.3, FTMP 4.4.14; safety rule S4).

`ProcedureQueue`, pure and clocked, is told what happens and says through `poll` what to write. It keeps these rules:

* at most one ordinary procedure is in flight, a newer target of a kind replaces one that still waits;
* Stop and Pause overtake everything, and withdraw whatever moves the belt and has not reached the radio (S2, S4);
* an answer settles a ticket only if its op code matches;
* control permission is part of the state: Request Control goes out by itself before a procedure that needs it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from backstride.errors import DecodeError
from backstride.protocol.control_point import (
    OpCode,
    Request,
    RequestControl,
    Reset,
    Response,
    ResultCode,
    SetTargetInclination,
    SetTargetSpeed,
    StartOrResume,
    decode_response,
    encode_request,
)
from backstride.protocol.tickets import Settled, Ticket, Verdict, Write

ANSWER_DEADLINE: Final = 30.0
"""Seconds from the write to the indication, after which the link is suspect (FTMP 4.4.14.3)."""

CONTROL_PATIENCE: Final = 5.0
"""Seconds to wait for the answer to Request Control before going on without: it moves nothing, some never answer."""

KNOWN_SILENCE: Final = 0.3
"""Seconds to wait for an answer that the machine file says never comes (Omega Z: 2 s made its Stop slow)."""


@dataclass(frozen=True, slots=True)
class QueueRules:
    """What a machine file changes: least seconds between writes, op codes never answered, whether to ask control.

    With `patience`, no answer is waited for longer than so many seconds, and one that is missing makes no link suspect:
    whoever tries out an unknown machine expects some to be missing.
    """

    pacing: float = 0.0
    unanswered: frozenset[int] = frozenset()
    ask_control: bool = True
    patience: float | None = None

    def with_patience(self, seconds: float) -> QueueRules:
        """Return the same with this patience."""
        return replace(self, patience=seconds)


@dataclass(slots=True)
class _Flight:
    """A procedure that was handed out to be written, and the instant at which waiting for its answer ends."""

    ticket: Ticket
    deadline: float
    begun: bool = False


_MOTION: Final = (StartOrResume, SetTargetSpeed, SetTargetInclination)
"""What moves belt or deck, and so must not reach a belt that was stopped meanwhile (S2)."""


@dataclass(slots=True)
class ProcedureQueue:
    """The control point of one link, seen from the client.

    Attributes:
        rules: What the machine file changes.
        has_control: True while the machine is believed to grant us control.
        suspect: True after an unanswered procedure: only Stop and Pause still go out on this link.
    """

    rules: QueueRules = QueueRules()
    has_control: bool = False
    suspect: bool = False
    _waiting: list[Ticket] = field(default_factory=list)
    _ordinary: _Flight | None = None
    _urgent: _Flight | None = None
    _stop_again: Ticket | None = None
    _stop_denied: bool = False  # for want of control
    _retried: set[int] = field(default_factory=set)
    _output: list[Write | Settled] = field(default_factory=list)
    _last_write: float = float("-inf")
    _next_number: int = 1

    def submit(self, request: Request, now: float) -> Ticket:
        """Ask for a procedure; `poll` afterwards says what to write."""
        ticket = self._new_ticket(request)
        if ticket.urgent:
            self.withdraw()
            self._give_up_stop_again(Verdict.SUPERSEDED)
            self._ask_before_stopping(now)
            self._write_urgent(ticket, now)
        elif self.suspect:
            self._settle(ticket, Verdict.UNANSWERED)
        else:
            if (older := self._waits(type(request))) is not None:
                self._waiting.remove(older)
                self._settle(older, Verdict.SUPERSEDED)
            self._waiting.append(ticket)
        return ticket

    def poll(self, now: float) -> list[Write | Settled]:
        """Return what to write and what has been settled since the last call, in order."""
        self._expire(now)
        self._write_next(now)
        output, self._output = self._output, []
        return output

    def next_deadline(self) -> float | None:
        """Return the instant at which `poll` has something to do without any input, or None."""
        instants = [flight.deadline for flight in (self._ordinary, self._urgent) if flight is not None]
        if self._waiting and self._ordinary is None:
            instants.append(self._last_write + self.rules.pacing)
        return min(instants, default=None)

    def begins(self, ticket: Ticket) -> bool:
        """Say that a write handed out by `poll` is about to be made; if False, it must not be made any more."""
        flight = self._flight_of(ticket)
        if flight is not None:
            flight.begun = True
        return flight is not None

    def written(self, ticket: Ticket, now: float) -> None:
        """Take note of the Write Response: from here the procedure counts as started and the 30 s run.

        Pacing counts from here as well: the machine had the write by now, however long it was under way.
        """
        self._last_write = max(self._last_write, now)
        flight = self._flight_of(ticket)
        if flight is not None:
            flight.deadline = now + self._patience(ticket.request.op_code)

    def write_refused(self, ticket: Ticket, att_error: int | None) -> None:
        """Take note of an ATT error: the procedure never started (facts 7.4). None: it failed, nobody knows how."""
        if self._flight_of(ticket) is None:
            return
        verdict = Verdict.UNANSWERED if att_error is None else Verdict.WRITE_REFUSED
        self._land(ticket)
        self._settle(ticket, verdict, att_error=att_error)
        if isinstance(ticket.request, RequestControl):
            self._give_up_waiting(verdict, att_error=att_error)
            self._give_up_stop_again(verdict, att_error=att_error)

    def indicated(self, value: bytes, now: float) -> None:
        """Take an indication of the control point; one that matches nothing in flight is ignored."""
        try:
            response = decode_response(value)
        except DecodeError:
            return
        for flight in (self._urgent, self._ordinary):
            if flight is not None and flight.begun and flight.ticket.request.op_code == response.request_op_code:
                self._land(flight.ticket)
                self._answered(flight.ticket, response, now)
                return
        if response.request_op_code == OpCode.STOP_OR_PAUSE:  # to one that was repeated before its answer came
            self._stop_denied = response.result == ResultCode.CONTROL_NOT_PERMITTED

    def withdraw(self, *kinds: type[Request]) -> None:
        """Withdraw what has not been written and moves the belt, or what is of these `kinds`, if any are named (S2)."""
        flight = self._ordinary
        if flight is not None and not flight.begun and isinstance(flight.ticket.request, kinds or _MOTION):
            self._land(flight.ticket)
            self._settle(flight.ticket, Verdict.WITHDRAWN)
        kept: list[Ticket] = []
        for ticket in self._waiting:
            if not kinds or isinstance(ticket.request, kinds):
                self._settle(ticket, Verdict.WITHDRAWN)
            else:
                kept.append(ticket)
        self._waiting = kept

    def cancel(self, ticket: Ticket) -> bool:
        """Withdraw one ticket if it still waits; return whether it did."""
        flight = self._ordinary
        if flight is not None and flight.ticket.number == ticket.number and not flight.begun:
            self._land(ticket)
        elif ticket in self._waiting:
            self._waiting.remove(ticket)
        else:
            return False
        self._settle(ticket, Verdict.WITHDRAWN)
        return True

    def control_lost(self) -> None:
        """Take note of Control Permission Lost 0xFF: the next ordinary procedure asks again."""
        self.has_control = False
        if self._ordinary is not None:
            self._retried.add(self._ordinary.ticket.number)  # whoever took control keeps it: S11

    def link_lost(self) -> None:
        """Settle everything: nothing survives the link, permission included (facts 11)."""
        for flight in (self._urgent, self._ordinary):
            if flight is not None:
                self._land(flight.ticket)
                self._settle(flight.ticket, Verdict.LINK_LOST)
        self._give_up_waiting(Verdict.LINK_LOST)
        self._give_up_stop_again(Verdict.LINK_LOST)
        self.has_control = False
        self._stop_denied = False
        self.suspect = False
        self._last_write = float("-inf")

    # --- what waits

    def _new_ticket(self, request: Request) -> Ticket:
        ticket = Ticket(self._next_number, request)
        self._next_number += 1
        return ticket

    def _waits(self, kind: type[Request]) -> Ticket | None:
        return next((ticket for ticket in self._waiting if type(ticket.request) is kind), None)

    def _give_up_waiting(self, verdict: Verdict, result: int | None = None, att_error: int | None = None) -> None:
        waiting, self._waiting = self._waiting, []
        for ticket in waiting:
            self._settle(ticket, verdict, result, att_error)

    def _give_up_stop_again(self, verdict: Verdict, att_error: int | None = None) -> None:
        if self._stop_again is not None:
            ticket, self._stop_again = self._stop_again, None
            self._settle(ticket, verdict, att_error=att_error)

    # --- what is in flight

    def _write_urgent(self, ticket: Ticket, now: float) -> None:
        if self._urgent is not None:
            self._settle(self._urgent.ticket, Verdict.SUPERSEDED)
        self._urgent = _Flight(ticket, now + ANSWER_DEADLINE)
        self._emit_write(ticket, now)

    def _ask_before_stopping(self, now: float) -> None:
        """Ask for control in the same turn, just before a Stop whose like was denied: nobody waits for the answer."""
        if self._stop_denied and self.rules.ask_control and self._ordinary is None:
            self._stop_denied = False
            ticket = self._new_ticket(RequestControl())
            self._ordinary = _Flight(ticket, now + ANSWER_DEADLINE)
            self._emit_write(ticket, now)

    def _write_next(self, now: float) -> None:
        if self._ordinary is not None or not self._waiting or now < self._last_write + self.rules.pacing:
            return
        if self.rules.ask_control and not self.has_control and not isinstance(self._waiting[0].request, RequestControl):
            ticket = self._new_ticket(RequestControl())
        else:
            ticket = self._waiting.pop(0)
        self._ordinary = _Flight(ticket, now + ANSWER_DEADLINE)
        self._emit_write(ticket, now)

    def _emit_write(self, ticket: Ticket, now: float) -> None:
        self._last_write = now
        self._output.append(Write(ticket, encode_request(ticket.request)))

    def _flight_of(self, ticket: Ticket) -> _Flight | None:
        for flight in (self._urgent, self._ordinary):
            if flight is not None and flight.ticket.number == ticket.number:
                return flight
        return None

    def _land(self, ticket: Ticket) -> None:
        if self._urgent is not None and self._urgent.ticket.number == ticket.number:
            self._urgent = None
        else:
            self._ordinary = None

    def _patience(self, op_code: int) -> float:
        if self.rules.patience is not None:
            return self.rules.patience
        if op_code in self.rules.unanswered:
            return KNOWN_SILENCE
        return CONTROL_PATIENCE if op_code == OpCode.REQUEST_CONTROL else ANSWER_DEADLINE

    # --- answers

    def _answered(self, ticket: Ticket, response: Response, now: float) -> None:
        match ticket.request:
            case RequestControl():
                self._control_answered(ticket, response, now)
            case Reset():
                self.has_control = False  # permission ends when the client initiates Reset (facts 7.5)
                self._settle_by(ticket, response)
            case _ if self._may_ask_again(ticket, response):
                self._ask_again(ticket, now)
            case _:
                self._settle_by(ticket, response)

    def _control_answered(self, ticket: Ticket, response: Response, now: float) -> None:
        self.has_control = response.succeeded
        self._stop_denied = self._stop_denied and not response.succeeded
        self._settle_by(ticket, response)
        if not response.succeeded:
            self._give_up_waiting(Verdict.REFUSED, result=response.result)
        self._repeat_stop(now)

    def _may_ask_again(self, ticket: Ticket, response: Response) -> bool:
        """KingSmith Z1: on Control Not Permitted ask for control and try once more (quirks, entry 3)."""
        refused = response.result == ResultCode.CONTROL_NOT_PERMITTED
        return refused and self.rules.ask_control and ticket.number not in self._retried

    def _ask_again(self, ticket: Ticket, now: float) -> None:
        self.has_control = False
        self._retried.add(ticket.number)
        if ticket.urgent:
            self._stop_again = ticket
            self._write_urgent(self._new_ticket(RequestControl()), now)
        elif self._waits(type(ticket.request)) is not None:
            self._settle(ticket, Verdict.SUPERSEDED)
        else:
            self._waiting.insert(0, ticket)

    def _repeat_stop(self, now: float) -> None:
        if self._stop_again is not None:
            ticket, self._stop_again = self._stop_again, None
            self._write_urgent(ticket, now)

    def _expire(self, now: float) -> None:
        for flight in (self._urgent, self._ordinary):
            if flight is None or now < flight.deadline:
                continue
            op_code = flight.ticket.request.op_code
            self._land(flight.ticket)
            self._settle(flight.ticket, Verdict.UNANSWERED)
            if op_code == OpCode.REQUEST_CONTROL:
                self.has_control = True  # assumed: the next procedure's result tells
                self._repeat_stop(now)
            elif op_code not in self.rules.unanswered and self.rules.patience is None:
                self.suspect = True
                self._give_up_waiting(Verdict.UNANSWERED)

    def _settle_by(self, ticket: Ticket, response: Response) -> None:
        verdict = Verdict.SUCCEEDED if response.succeeded else Verdict.REFUSED
        self._settle(ticket, verdict, result=response.result)

    def _settle(
        self, ticket: Ticket, verdict: Verdict, result: int | None = None, att_error: int | None = None
    ) -> None:
        self._retried.discard(ticket.number)
        self._output.append(Settled(ticket, verdict, result, att_error))
