"""The procedure queue under any order of wishes, answers, errors, losses and clocks (safety rules S2 and S4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backstride.protocol.control_point import (
    OpCode,
    Request,
    Reset,
    SetTargetInclination,
    SetTargetSpeed,
    StartOrResume,
    StopOrPause,
    StopOrPauseRequest,
    encode_request,
)
from backstride.protocol.procedures import ProcedureQueue, QueueRules, Settled, Ticket, Verdict, Write
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Sequence

ORDINARY: Sequence[Request] = (
    StartOrResume(),
    Reset(),
    SetTargetSpeed(Speed(100)),
    SetTargetSpeed(Speed(300)),
    SetTargetInclination(Incline(10)),
)
URGENT: Sequence[Request] = (StopOrPauseRequest(StopOrPause.STOP), StopOrPauseRequest(StopOrPause.PAUSE))
RULES = (
    QueueRules(),
    QueueRules(pacing=0.4),
    QueueRules(unanswered=frozenset({OpCode.REQUEST_CONTROL})),
    QueueRules(pacing=0.4, unanswered=frozenset({OpCode.SET_TARGET_SPEED})),
    QueueRules(ask_control=False),
)


class Client(RuleBasedStateMachine):
    """Plays everything around the queue, and keeps its own books."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.asked: dict[int, Ticket] = {}
        self.settled: dict[int, Settled] = {}
        self.handed_out: list[Write] = []
        self.flying: dict[int, Ticket] = {}
        self.last_write = float("-inf")
        self.asked_since_loss = True

    @initialize(rules=st.sampled_from(RULES))
    def begin(self, rules: QueueRules) -> None:
        self.queue_rules = rules
        self.queue = ProcedureQueue(rules)

    # --- what can happen

    @rule(request=st.sampled_from(ORDINARY))
    def ask(self, request: Request) -> None:
        ticket = self.queue.submit(request, self.now)
        self.asked[ticket.number] = ticket
        self.asked_since_loss = True
        self.pump()

    @rule(request=st.sampled_from(URGENT))
    def stop(self, request: Request) -> None:
        ticket = self.queue.submit(request, self.now)
        self.asked[ticket.number] = ticket
        self.asked_since_loss = True
        self.pump()
        assert self.handed_out, "Stop is handed out to be written as soon as it is asked for (S4)"
        assert self.handed_out[-1] == Write(ticket, encode_request(request))
        for write in self.handed_out[:-1]:
            moves = isinstance(write.ticket.request, StartOrResume | SetTargetSpeed | SetTargetInclination)
            assert not (moves and self.queue.begins(write.ticket)), "nothing that moves goes out after a Stop (S2)"

    @precondition(lambda self: self.handed_out)
    @rule(error=st.sampled_from([None, None, None, 0x05, 0xFD, 0xFE, -1]))
    def write(self, error: int | None) -> None:
        write = self.handed_out.pop(0)
        if not self.queue.begins(write.ticket):
            return
        assert write.ticket.number not in self.settled, "what has ended is not written any more"
        if error is None:
            self.queue.written(write.ticket, self.now)
        else:
            self.queue.write_refused(write.ticket, None if error < 0 else error)
        self.pump()

    @rule(op=st.sampled_from([0x00, 0x01, 0x02, 0x03, 0x07, 0x08, 0x55]), result=st.sampled_from([1, 1, 1, 2, 3, 4, 5]))
    def answer(self, op: int, result: int) -> None:
        before = set(self.settled)
        self.queue.indicated(bytes((0x80, op, result)), self.now)
        self.pump()
        for number in set(self.settled) - before:
            one = self.settled[number]
            if one.verdict in {Verdict.SUCCEEDED, Verdict.REFUSED} and one.ticket.request.op_code != op:
                assert one.verdict is Verdict.REFUSED, "an answer counts only for its own op code"
                assert op == OpCode.REQUEST_CONTROL, "or for what waited for control"

    @rule(value=st.binary(max_size=2))
    def babble(self, value: bytes) -> None:
        before = dict(self.settled)
        self.queue.indicated(value, self.now)
        self.pump()
        assert self.settled == before

    @rule(seconds=st.sampled_from([0.05, 0.3, 0.4, 1.0, 5.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.pump()

    @rule()
    def stopped_by_somebody(self) -> None:
        self.queue.withdraw()
        self.pump()

    @rule()
    def lose_control(self) -> None:
        self.queue.control_lost()
        self.pump()

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        ticket = self.asked[data.draw(st.sampled_from(sorted(self.asked)))]
        if self.queue.cancel(ticket):
            self.pump()
            assert self.settled[ticket.number].verdict is Verdict.WITHDRAWN

    @rule()
    def lose_the_link(self) -> None:
        self.queue.link_lost()
        self.asked_since_loss = False
        self.last_write = float("-inf")
        self.pump()
        assert all(number in self.settled for number in self.asked), "nothing survives the link"
        assert not any(self.queue.begins(write.ticket) for write in self.handed_out)

    # --- what must hold

    @invariant()
    def at_most_one_ordinary_procedure_flies(self) -> None:
        ordinary = [ticket for ticket in self.flying.values() if not ticket.urgent]
        assert len(ordinary) <= 1 + self._controls_for_a_stop()

    @invariant()
    def the_queue_never_forgets_to_wake(self) -> None:
        waiting = [number for number in self.asked if number not in self.settled]
        assert not waiting or self.queue.next_deadline() is not None

    def teardown(self) -> None:
        if hasattr(self, "queue"):
            self.lose_the_link()

    # --- books

    def _controls_for_a_stop(self) -> int:
        return sum(1 for ticket in self.flying.values() if ticket.request.op_code == OpCode.REQUEST_CONTROL)

    def pump(self) -> None:
        while output := self.queue.poll(self.now):
            for item in output:
                if isinstance(item, Write):
                    self._written(item)
                else:
                    self._ended(item)

    def _written(self, write: Write) -> None:
        assert self.asked_since_loss, "after the loss of the link nothing is written before somebody asks"
        ordinary = not write.ticket.urgent and write.ticket.request.op_code != OpCode.REQUEST_CONTROL
        if ordinary:
            assert self.now >= self.last_write + self.queue_rules.pacing, "the machine's pacing is kept"
            assert not any(
                not ticket.urgent and ticket.request.op_code != OpCode.REQUEST_CONTROL
                for ticket in self.flying.values()
            ), "never two ordinary procedures at once (FTMS 4.16.3)"
        self.last_write = self.now
        self.flying[write.ticket.number] = write.ticket
        self.handed_out.append(write)

    def _ended(self, one: Settled) -> None:
        assert one.ticket.number not in self.settled, "a ticket is settled exactly once"
        self.settled[one.ticket.number] = one
        self.flying.pop(one.ticket.number, None)


Client.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
test_any_client = Client.TestCase
