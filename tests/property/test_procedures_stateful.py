"""The procedure queue under any order of wishes, answers, errors, losses and clocks.

S2, S4, S11; FTMS 4.16.3; FTMP 4.4.14.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backstride.protocol.control_point import (
    OpCode,
    Request,
    RequestControl,
    Reset,
    ResultCode,
    SetTargetInclination,
    SetTargetSpeed,
    StartOrResume,
    StopOrPause,
    StopOrPauseRequest,
    encode_request,
)
from backstride.protocol.procedures import ProcedureQueue, QueueRules
from backstride.protocol.tickets import Settled, Ticket, Verdict, Write
from backstride.units import Incline, Speed
from tests.support.soak import run_machine, tally

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS = "queue steps"
ORDINARY: Sequence[Request] = (
    StartOrResume(),
    Reset(),
    SetTargetSpeed(Speed(100)),
    SetTargetSpeed(Speed(300)),
    SetTargetInclination(Incline(10)),
)
STOP, PAUSE = StopOrPauseRequest(StopOrPause.STOP), StopOrPauseRequest(StopOrPause.PAUSE)
MOTION = (StartOrResume, SetTargetSpeed, SetTargetInclination)
RULES = (
    QueueRules(),
    QueueRules(pacing=0.4),
    QueueRules(unanswered=frozenset({OpCode.REQUEST_CONTROL})),
    QueueRules(pacing=0.4, unanswered=frozenset({OpCode.SET_TARGET_SPEED})),
    QueueRules(ask_control=False),
)
MOST_POLLS = 20
LONGEST = 30.0  # seconds to an answer (FTMP 4.4.14.3)


class Client(RuleBasedStateMachine):
    """Plays everything around the queue, and keeps its own books."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.asked: dict[int, Ticket] = {}
        self.settled: dict[int, Settled] = {}
        self.handed_out: list[Write] = []
        self.begun: list[Ticket] = []
        self.flying: dict[int, Ticket] = {}
        self.since: dict[int, float] = {}
        self.times_written: dict[int, int] = {}
        self.last_write = float("-inf")
        self.asked_since_loss = True
        self.suspect = False
        self.taken = False

    @initialize(rules=st.sampled_from(RULES), has_control=st.booleans())
    def begin(self, rules: QueueRules, has_control: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
        self.queue_rules = rules
        self.queue = ProcedureQueue(rules, has_control=has_control)

    # --- what can happen

    @rule(request=st.sampled_from(ORDINARY), at_once=st.booleans())
    def ask(self, request: Request, at_once: bool) -> None:  # noqa: FBT001 - hypothesis gives keywords
        """Ask for a procedure; `at_once` whatever can be written reaches the machine before anything else happens."""
        older = [ticket for ticket in self.queued() if type(ticket.request) is type(request)]
        suspect = self.suspect
        ticket = self.submit(request)
        for one in older:
            assert self.settled[one.number].verdict is Verdict.SUPERSEDED, "a newer one takes the older one's place"
        if suspect:
            assert self.settled[ticket.number].verdict is Verdict.UNANSWERED, "a suspect link takes nothing but Stop"
        while at_once and self.handed_out:
            self.carry(None, 0.0)

    @rule(request=st.sampled_from([STOP, PAUSE]))
    def stop(self, request: Request) -> None:
        recalled = self.recallable()
        ticket = self.submit(request)
        assert self.handed_out, "Stop is handed out to be written as soon as it is asked for (S4)"
        assert self.handed_out[-1] == Write(ticket, encode_request(request))
        for one in recalled:
            if isinstance(one.request, MOTION):
                assert one.number in self.settled, "what would move the belt is withdrawn (S2)"
        for write in self.handed_out[:-1]:
            moves = isinstance(write.ticket.request, MOTION)
            assert not (moves and self.queue.begins(write.ticket)), "nothing that moves goes out after a Stop (S2)"

    def submit(self, request: Request) -> Ticket:
        self.taken = self.taken and request in (STOP, PAUSE)
        ticket = self.queue.submit(request, self.now)
        self.asked[ticket.number] = ticket
        self.asked_since_loss = True
        self.pump()
        return ticket

    @precondition(lambda self: self.handed_out)
    @rule(error=st.sampled_from([None, None, None, 0x05, 0xFD, 0xFE, -1]), late=st.sampled_from([0.0, 0.0, 0.7, 12.0]))
    def write(self, error: int | None, late: float) -> None:
        """Carry the next write to the machine; its response may come late."""
        self.carry(error, late)

    def carry(self, error: int | None, late: float) -> None:
        write = self.handed_out.pop(0)
        if not self.queue.begins(write.ticket):
            return
        assert write.ticket.number not in self.settled, "what has ended is not written any more"
        assert write.value == encode_request(write.ticket.request)
        self.begun.append(write.ticket)
        self.times_written[write.ticket.number] = self.times_written.get(write.ticket.number, 0) + 1
        self.now += late
        if late:
            self.pump()
        if error is None:
            self.queue.written(write.ticket, self.now)
            self.since[write.ticket.number] = self.now
        else:
            self.queue.write_refused(write.ticket, None if error < 0 else error)
        self.pump()

    @rule(
        op=st.sampled_from([0x00, 0x01, 0x02, 0x03, 0x07, 0x08, 0x55]),
        result=st.sampled_from([1, 1, 1, 2, 3, 4, 5]),
        times=st.integers(1, 2),
    )
    def answer(self, op: int, result: int, times: int) -> None:
        for _ in range(times):
            self.hear(op, result)

    @precondition(lambda self: self.begun)
    @rule(result=st.sampled_from([1, 1, 1, 2, 3, 4, 5]), place=st.integers(0, 5))
    def answer_what_was_written(self, result: int, place: int) -> None:
        self.hear(self.begun[place % len(self.begun)].request.op_code, result)

    def hear(self, op: int, result: int) -> None:
        before = set(self.settled)
        self.queue.indicated(bytes((0x80, op, result)), self.now)
        self.pump()
        for number in set(self.settled) - before:
            one = self.settled[number]
            answered = one.verdict in {Verdict.SUCCEEDED, Verdict.REFUSED} and one.ticket.request.op_code == op
            assert not answered or one.ticket in self.begun, "no answer counts for what was not written"
            if one.verdict in {Verdict.SUCCEEDED, Verdict.REFUSED} and one.ticket.request.op_code != op:
                assert one.verdict is Verdict.REFUSED, "an answer counts only for its own op code"
                assert op == OpCode.REQUEST_CONTROL, "or for what waited for control"

    @rule(value=st.binary(max_size=2))
    def babble(self, value: bytes) -> None:
        before = dict(self.settled)
        self.queue.indicated(value, self.now)
        self.pump()
        assert self.settled == before

    @rule(seconds=st.sampled_from([0.05, 0.3, 0.4, 1.0, 5.0, 30.0, 300.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.pump()

    @rule()
    def wait_for_the_queue(self) -> None:
        deadline = self.queue.next_deadline()
        if deadline is not None:
            self.now = max(self.now, deadline)
            self.pump()
            following = self.queue.next_deadline()
            assert following is None or following > self.now, "it does not ask for the same instant again"

    @rule(kinds=st.sampled_from([(), (SetTargetSpeed, SetTargetInclination), (StartOrResume,)]))
    def something_is_withdrawn(self, kinds: tuple[type[Request], ...]) -> None:
        """The belt was stopped by somebody, is seen to stand, or moves already."""
        recalled = [ticket for ticket in self.recallable() if isinstance(ticket.request, kinds or MOTION)]
        self.queue.withdraw(*kinds)
        self.pump()
        assert all(ticket.number in self.settled for ticket in recalled)

    @rule()
    def lose_control(self) -> None:
        """Somebody else has it, and keeps it until a person asks for it again; but for a Stop (S11)."""
        self.queue.control_lost()
        self.queue.withdraw()
        self.taken = True
        self.pump()

    @rule(request=st.sampled_from(ORDINARY))
    def lose_control_under_way(self, request: Request) -> None:
        """The machine says that somebody else has control now, and then refuses what was on its way."""
        self.ask(request, at_once=True)
        self.hear(OpCode.REQUEST_CONTROL, ResultCode.SUCCESS)
        while self.handed_out:
            self.carry(None, 0.0)
        self.lose_control()
        self.hear(request.op_code, ResultCode.CONTROL_NOT_PERMITTED)

    @precondition(lambda self: self.asked)
    @rule(place=st.integers(0, 20))
    def cancel(self, place: int) -> None:
        numbers = sorted(self.asked)
        ticket = self.asked[numbers[place % len(numbers)]]
        recallable = ticket in self.recallable()
        assert self.queue.cancel(ticket) is recallable
        self.pump()
        if recallable:
            assert self.settled[ticket.number].verdict is Verdict.WITHDRAWN

    @rule()
    def lose_the_link(self) -> None:
        self.queue.link_lost()
        self.asked_since_loss = self.suspect = False
        self.last_write = float("-inf")
        self.pump()
        assert all(number in self.settled for number in self.asked), "nothing survives the link"
        assert not any(self.queue.begins(write.ticket) for write in self.handed_out)

    # --- what must hold

    @invariant()
    def count_the_step(self) -> None:
        tally[STEPS] += 1

    @invariant()
    def at_most_one_ordinary_procedure_flies(self) -> None:
        ordinary = [ticket for ticket in self.flying.values() if not ticket.urgent]
        assert len(ordinary) <= 1 + self._controls_for_a_stop()

    @invariant()
    def one_of_a_kind_waits(self) -> None:
        kinds = [type(ticket.request) for ticket in self.queued()]
        assert len(kinds) == len(set(kinds))

    @invariant()
    def nothing_waits_for_an_answer_beyond_its_time(self) -> None:
        for number in self.flying:
            assert self.now <= self.since[number] + LONGEST, "after 30 s without an answer a procedure has ended"

    @invariant()
    def the_queue_never_forgets_to_wake(self) -> None:
        waiting = [number for number in self.asked if number not in self.settled]
        assert not waiting or self.queue.next_deadline() is not None

    def teardown(self) -> None:
        if hasattr(self, "queue"):
            self.lose_the_link()

    # --- books

    @property
    def halting(self) -> bool:
        """True while a Stop or Pause has not come to its end."""
        return any(ticket.urgent and number not in self.settled for number, ticket in self.asked.items())

    def queued(self) -> list[Ticket]:
        """Return what was asked for and is not handed out."""
        return [ticket for number, ticket in self.asked.items()
                if number not in self.settled and number not in self.flying and not ticket.urgent]  # fmt: skip

    def recallable(self) -> list[Ticket]:
        """Return what was asked for and has not reached the radio."""
        handed_out = [write.ticket for write in self.handed_out if write.ticket.number in self.flying]
        return [*self.queued(), *(ticket for ticket in handed_out if not ticket.urgent)]

    def _controls_for_a_stop(self) -> int:
        return sum(1 for ticket in self.flying.values() if ticket.request.op_code == OpCode.REQUEST_CONTROL)

    def pump(self) -> None:
        for _ in range(MOST_POLLS):
            output = self.queue.poll(self.now)
            for item in output:
                if isinstance(item, Write):
                    self._handed_out(item)
                else:
                    self._ended(item)
            if not output:
                return
        raise AssertionError("there is no end to what is to be written")

    def _handed_out(self, write: Write) -> None:
        assert self.asked_since_loss, "after the loss of the link nothing is written before somebody asks"
        request = write.ticket.request
        assert not self.taken or self.halting, "who has taken control keeps it (S11)"
        if not write.ticket.urgent and not isinstance(request, RequestControl):
            assert not self.suspect, "on a suspect link nothing but Stop and Pause goes out"
            assert self.now >= self.last_write + self.queue_rules.pacing, "the machine's pacing is kept"
            assert not any(
                not ticket.urgent and not isinstance(ticket.request, RequestControl)
                for number, ticket in self.flying.items()
                if number != write.ticket.number  # the one that is tried once more
            ), "never two ordinary procedures at once (FTMS 4.16.3)"
        assert self.times_written.get(write.ticket.number, 0) <= 1, "at most once more, after control was refused"
        self.last_write = self.since[write.ticket.number] = self.now
        self.flying[write.ticket.number] = write.ticket
        self.handed_out.append(write)

    def _ended(self, one: Settled) -> None:
        number, op_code = one.ticket.number, one.ticket.request.op_code
        assert number not in self.settled, "a ticket is settled exactly once"
        self.settled[number] = one
        flew = self.flying.pop(number, None)
        expected = op_code == OpCode.REQUEST_CONTROL or op_code in self.queue_rules.unanswered
        if one.verdict is Verdict.UNANSWERED and flew and self.now >= self.since[number] + LONGEST and not expected:
            self.suspect = True


def test_any_client_keeps_the_rules_of_the_control_point() -> None:
    run_machine(Client, STEPS, examples=300, steps=40, share=0.25)
