"""The procedure queue with literal instants: what goes out when, and what becomes of every ticket."""

from __future__ import annotations

import pytest

from backstride.protocol.control_point import (
    OpCode,
    Request,
    RequestControl,
    Reset,
    SetTargetInclination,
    SetTargetSpeed,
    StartOrResume,
    StopOrPause,
    StopOrPauseRequest,
)
from backstride.protocol.procedures import ProcedureQueue, QueueRules
from backstride.protocol.tickets import Settled, Ticket, Write
from backstride.units import Incline, Speed

START, STOP, PAUSE = StartOrResume(), StopOrPauseRequest(StopOrPause.STOP), StopOrPauseRequest(StopOrPause.PAUSE)
SLOW, FAST, UPHILL = SetTargetSpeed(Speed(100)), SetTargetSpeed(Speed(420)), SetTargetInclination(Incline(20))


class Bench:
    """A queue in control, with its output in a form that a test can spell out."""

    def __init__(self, rules: QueueRules = QueueRules(), *, has_control: bool = True) -> None:
        self.queue = ProcedureQueue(rules, has_control=has_control)
        self.now = 0.0
        self.tickets: dict[str, Ticket] = {}

    def ask(self, request: Request) -> Ticket:
        return self.queue.submit(request, self.now)

    def out(self) -> list[str]:
        """Return the output: ``"> 07"`` for a write, ``"07 succeeded"`` for what is settled."""
        return [self._line(item) for item in self.queue.poll(self.now)]

    def hear(self, value: str) -> None:
        self.queue.indicated(bytes.fromhex(value), self.now)

    def _line(self, item: Write | Settled) -> str:
        if isinstance(item, Write):
            assert self.queue.begins(item.ticket)
            self.queue.written(item.ticket, self.now)
            return f"> {item.value.hex()}"
        code = item.result if item.att_error is None else item.att_error
        octets = f"{item.ticket.request.op_code:02x}"
        return f"{octets} {item.verdict.value}" + ("" if code is None else f" {code:02x}")


def test_a_procedure_is_written_once_and_settled_by_its_answer() -> None:
    bench = Bench()
    bench.ask(START)
    assert bench.out() == ["> 07"]
    assert bench.out() == []
    bench.hear("800701")
    assert bench.out() == ["07 succeeded 01"]
    bench.hear("800701")
    assert bench.out() == []


def test_the_result_code_of_a_refusal_is_handed_on() -> None:
    bench = Bench()
    bench.ask(START)
    bench.out()
    bench.hear("800704")
    assert bench.out() == ["07 refused 04"]


def test_a_second_procedure_waits_for_the_answer_to_the_first() -> None:
    bench = Bench()
    bench.ask(START)
    bench.ask(FAST)
    assert bench.out() == ["> 07"]
    bench.hear("800701")
    assert bench.out() == ["07 succeeded 01", "> 02a401"]


def test_an_answer_to_something_else_settles_nothing() -> None:
    bench = Bench()
    bench.ask(START)
    bench.out()
    for value in ("800201", "8007", "07", "", "810701"):
        bench.hear(value)
    assert bench.out() == []
    bench.hear("800701")
    assert bench.out() == ["07 succeeded 01"]


def test_stop_is_written_while_another_procedure_hangs() -> None:
    """S4."""
    bench = Bench()
    bench.ask(UPHILL)
    bench.out()
    bench.ask(STOP)
    assert bench.out() == ["> 0801"]
    bench.hear("800801")
    bench.hear("800301")
    assert bench.out() == ["08 succeeded 01", "03 succeeded 01"]


def test_stop_keeps_no_pacing_and_what_follows_keeps_it() -> None:
    """S4."""
    bench = Bench(QueueRules(pacing=0.4))
    bench.ask(START)
    bench.out()
    bench.hear("800701")
    bench.now = 0.1
    bench.ask(STOP)
    assert bench.out() == ["07 succeeded 01", "> 0801"]
    bench.hear("800801")
    bench.ask(START)
    assert bench.out() == ["08 succeeded 01"]
    assert bench.queue.next_deadline() == pytest.approx(0.5)
    bench.now = 0.5
    assert bench.out() == ["> 07"]


def test_pacing_counts_from_the_write_response() -> None:
    bench = Bench(QueueRules(pacing=0.4))
    start = bench.ask(START)
    bench.queue.poll(0.0)
    bench.queue.begins(start)
    bench.queue.written(start, 0.05)
    bench.hear("800701")
    bench.ask(FAST)
    bench.now = 0.44
    assert bench.out() == ["07 succeeded 01"]
    bench.now = 0.45
    assert bench.out() == ["> 02a401"]


def test_stop_withdraws_every_start_and_target_that_waits() -> None:
    """S2."""
    bench = Bench()
    for request in (UPHILL, START, FAST):
        bench.ask(request)
    bench.out()
    bench.ask(STOP)
    assert bench.out() == ["07 withdrawn", "02 withdrawn", "> 0801"]
    bench.hear("800301")
    bench.hear("800801")
    assert bench.out() == ["03 succeeded 01", "08 succeeded 01"]


def test_stop_withdraws_a_start_that_was_handed_out_and_not_yet_written() -> None:
    """S2."""
    bench = Bench()
    bench.ask(START)
    (start,) = bench.queue.poll(0.0)
    assert isinstance(start, Write)
    bench.ask(STOP)
    assert not bench.queue.begins(start.ticket)
    assert bench.out() == ["07 withdrawn", "> 0801"]


def test_stop_lets_a_request_for_control_be_that_was_handed_out() -> None:
    bench = Bench(has_control=False)
    bench.ask(START)
    (request,) = bench.queue.poll(0.0)
    assert isinstance(request, Write)
    bench.ask(STOP)
    assert bench.queue.begins(request.ticket)
    assert bench.out() == ["07 withdrawn", "> 0801"]


def test_a_repeated_stop_takes_the_place_of_the_one_before() -> None:
    bench = Bench()
    bench.ask(STOP)
    bench.out()
    bench.ask(PAUSE)
    assert bench.out() == ["08 superseded", "> 0802"]
    bench.hear("800801")
    assert bench.out() == ["08 succeeded 01"]


def test_of_two_stops_in_one_turn_only_the_later_is_written() -> None:
    bench = Bench()
    first, second = bench.ask(STOP), bench.ask(STOP)
    assert not bench.queue.begins(first)
    assert bench.queue.begins(second)


def test_a_newer_target_of_a_kind_replaces_the_one_that_waits() -> None:
    bench = Bench()
    for request in (UPHILL, FAST, SLOW):
        bench.ask(request)
    assert bench.out() == ["02 superseded", "> 031400"]
    bench.hear("800301")
    assert bench.out() == ["03 succeeded 01", "> 026400"]


def test_control_is_asked_for_before_the_first_procedure() -> None:
    bench = Bench(has_control=False)
    bench.ask(START)
    assert bench.out() == ["> 00"]
    bench.hear("800001")
    assert bench.out() == ["00 succeeded 01", "> 07"]


def test_control_is_not_asked_for_where_the_rules_say_so() -> None:
    bench = Bench(QueueRules(ask_control=False), has_control=False)
    bench.ask(START)
    assert bench.out() == ["> 07"]
    bench.hear("800705")
    assert bench.out() == ["07 refused 05"]


def test_refused_control_refuses_everything_that_waits() -> None:
    bench = Bench(has_control=False)
    bench.ask(START)
    bench.out()
    bench.hear("800005")
    assert bench.out() == ["00 refused 05", "07 refused 05"]
    assert not bench.queue.has_control


def test_lost_control_is_asked_for_again() -> None:
    bench = Bench()
    bench.queue.control_lost()
    bench.ask(FAST)
    assert bench.out() == ["> 00"]


def test_control_that_is_asked_for_in_so_many_words_is_not_asked_for_twice() -> None:
    bench = Bench(has_control=False)
    bench.ask(RequestControl())
    assert bench.out() == ["> 00"]
    bench.hear("800001")
    assert bench.out() == ["00 succeeded 01"]


def test_a_reset_ends_control() -> None:
    bench = Bench()
    bench.ask(Reset())
    bench.out()
    bench.hear("800101")
    assert bench.out() == ["01 succeeded 01"]
    assert not bench.queue.has_control


def test_a_procedure_refused_for_want_of_control_is_tried_once_more() -> None:
    bench = Bench()
    bench.ask(FAST)
    bench.out()
    bench.hear("800205")
    assert bench.out() == ["> 00"]
    bench.hear("800001")
    assert bench.out() == ["00 succeeded 01", "> 02a401"]
    bench.hear("800205")
    assert bench.out() == ["02 refused 05"]


def test_a_target_that_would_be_tried_again_gives_way_to_a_newer_one() -> None:
    bench = Bench()
    bench.ask(FAST)
    bench.out()
    bench.ask(SLOW)
    bench.hear("800205")
    assert bench.out() == ["02 superseded", "> 00"]
    bench.hear("800001")
    assert bench.out() == ["00 succeeded 01", "> 026400"]


def test_a_stop_refused_for_want_of_control_gets_control_at_once_and_goes_out_again() -> None:
    """S4."""
    bench = Bench(QueueRules(pacing=0.4), has_control=False)
    bench.ask(STOP)
    assert bench.out() == ["> 0801"]
    bench.hear("800805")
    assert bench.out() == ["> 00"]
    bench.hear("800001")
    assert bench.out() == ["00 succeeded 01", "> 0801"]
    bench.hear("800801")
    assert bench.out() == ["08 succeeded 01"]


def test_a_stop_goes_out_again_even_if_control_is_refused() -> None:
    """S4."""
    bench = Bench(has_control=False)
    bench.ask(STOP)
    bench.out()
    bench.hear("800805")
    bench.out()
    bench.hear("800005")
    assert bench.out() == ["00 refused 05", "> 0801"]
    bench.hear("800805")
    assert bench.out() == ["08 refused 05"]


def test_a_stop_that_waits_for_control_goes_out_when_nobody_answers() -> None:
    """S4."""
    bench = Bench(QueueRules(unanswered=frozenset({OpCode.REQUEST_CONTROL})), has_control=False)
    bench.ask(STOP)
    bench.out()
    bench.hear("800805")
    assert bench.out() == ["> 00"]
    bench.now = 0.3
    assert bench.out() == ["00 unanswered", "> 0801"]


def test_a_stop_that_waits_for_control_ends_with_a_refused_write() -> None:
    bench = Bench(has_control=False)
    bench.ask(STOP)
    bench.out()
    bench.hear("800805")
    (request,) = bench.queue.poll(0.0)
    assert isinstance(request, Write)
    bench.queue.write_refused(request.ticket, 0x0F)
    assert bench.out() == ["00 write refused 0f", "08 write refused 0f"]


def test_a_new_stop_takes_the_place_of_one_that_waits_for_control() -> None:
    bench = Bench(has_control=False)
    bench.ask(STOP)
    bench.out()
    bench.hear("800805")
    bench.out()
    bench.ask(PAUSE)
    assert bench.out() == ["08 superseded", "00 superseded", "> 0802"]


def test_a_stop_repeated_by_an_older_request_for_control_leaves_no_ticket_open() -> None:
    bench = Bench(has_control=False)
    bench.ask(RequestControl())
    bench.out()
    bench.now = 3.0
    bench.ask(STOP)
    bench.out()
    bench.hear("800805")
    assert bench.out() == ["> 00"]
    bench.now = 5.0
    assert bench.out() == ["00 unanswered", "00 superseded", "> 0801"]


def repeated_while_busy(bench: Bench) -> None:
    """Ask for Stop twice, the second time refused with ATT 0xFE, and let the answer to the first say 0x05."""
    bench.ask(STOP)
    bench.out()
    again = bench.ask(STOP)
    bench.out()
    bench.queue.write_refused(again, 0xFE)
    assert bench.out() == ["08 write refused fe"]
    bench.hear("800805")
    assert bench.out() == []


def test_a_stop_whose_late_answer_said_no_is_repeated_with_a_request_for_control_before_it() -> None:
    """S4: a slow machine answers the first Stop when the second has long been refused for being in progress."""
    bench = Bench()
    repeated_while_busy(bench)
    bench.ask(STOP)
    assert bench.out() == ["> 00", "> 0801"]
    bench.hear("800001")
    bench.ask(STOP)
    assert bench.out() == ["00 succeeded 01", "08 superseded", "> 0801"]


def test_control_is_not_asked_for_before_a_stop_where_something_else_is_in_flight_or_the_rules_say_so() -> None:
    for bench in (Bench(QueueRules(ask_control=False)), Bench()):
        if bench.queue.rules.ask_control:
            bench.ask(SLOW)
            bench.out()
        repeated_while_busy(bench)
        bench.ask(STOP)
        assert bench.out() == ["> 0801"]


def test_a_late_answer_of_another_kind_asks_for_nothing() -> None:
    bench = Bench()
    for answer in ("800801", "800705"):
        bench.hear(answer)
        bench.ask(STOP)
        assert "> 00" not in bench.out()


def test_an_att_error_says_that_the_procedure_never_started() -> None:
    bench = Bench()
    ticket = bench.ask(START)
    bench.queue.poll(0.0)
    bench.queue.write_refused(ticket, 0xFD)
    assert bench.out() == ["07 write refused fd"]
    bench.queue.write_refused(ticket, 0xFD)
    assert bench.out() == []


def test_a_write_that_failed_in_an_unknown_way_is_unanswered() -> None:
    bench = Bench()
    ticket = bench.ask(START)
    bench.queue.poll(0.0)
    bench.queue.write_refused(ticket, None)
    assert bench.out() == ["07 unanswered"]


def test_a_refused_request_for_control_ends_what_waits_for_it() -> None:
    bench = Bench(has_control=False)
    bench.ask(START)
    (request,) = bench.queue.poll(0.0)
    assert isinstance(request, Write)
    bench.queue.write_refused(request.ticket, 0x05)
    assert bench.out() == ["00 write refused 05", "07 write refused 05"]


def test_an_unanswered_procedure_makes_the_link_suspect_after_thirty_seconds() -> None:
    """FTMP 4.4.14.3."""
    bench = Bench()
    bench.ask(START)
    bench.ask(FAST)
    bench.out()
    assert bench.queue.next_deadline() == 30.0
    bench.now = 29.9
    assert bench.out() == []
    bench.now = 30.0
    assert bench.out() == ["07 unanswered", "02 unanswered"]
    assert bench.queue.suspect
    bench.ask(SLOW)
    assert bench.out() == ["02 unanswered"]
    bench.ask(STOP)
    assert bench.out() == ["> 0801"]


def test_the_thirty_seconds_run_from_the_write_response() -> None:
    bench = Bench()
    ticket = bench.ask(START)
    bench.queue.poll(0.0)
    bench.queue.begins(ticket)
    bench.queue.written(ticket, 4.0)
    assert bench.queue.next_deadline() == 34.0


def test_an_unanswered_request_for_control_is_taken_for_granted_after_five_seconds() -> None:
    bench = Bench(has_control=False)
    bench.ask(START)
    bench.out()
    bench.now = 5.0
    assert bench.out() == ["00 unanswered", "> 07"]
    assert not bench.queue.suspect


def test_an_answer_that_is_known_never_to_come_is_not_waited_for() -> None:
    bench = Bench(QueueRules(unanswered=frozenset({OpCode.SET_TARGET_SPEED})))
    bench.ask(FAST)
    bench.ask(START)
    bench.out()
    bench.now = 0.3
    assert bench.out() == ["02 unanswered", "> 07"]
    assert not bench.queue.suspect


def test_an_indication_may_come_before_the_write_response() -> None:
    bench = Bench()
    ticket = bench.ask(START)
    bench.queue.poll(0.0)
    bench.queue.begins(ticket)
    bench.hear("800701")
    bench.queue.written(ticket, 0.1)
    assert bench.out() == ["07 succeeded 01"]
    assert bench.queue.next_deadline() is None


def test_withdrawing_one_kind_leaves_the_others() -> None:
    bench = Bench()
    for request in (UPHILL, START, FAST):
        bench.ask(request)
    bench.out()
    bench.queue.withdraw(SetTargetSpeed, SetTargetInclination)
    assert bench.out() == ["02 withdrawn"]
    bench.hear("800301")
    assert bench.out() == ["03 succeeded 01", "> 07"]


def test_withdrawing_one_kind_leaves_a_start_that_was_handed_out() -> None:
    bench = Bench()
    start = bench.ask(START)
    bench.queue.poll(0.0)
    bench.queue.withdraw(SetTargetSpeed)
    assert bench.queue.begins(start)


def test_only_a_ticket_that_waits_can_be_cancelled() -> None:
    bench = Bench()
    uphill, fast = bench.ask(UPHILL), bench.ask(FAST)
    bench.out()
    assert not bench.queue.cancel(uphill)
    assert bench.queue.cancel(fast)
    assert not bench.queue.cancel(fast)
    assert bench.out() == ["02 withdrawn"]


def test_nothing_survives_the_link() -> None:
    bench = Bench(QueueRules(pacing=0.4))
    for request in (UPHILL, START):
        bench.ask(request)
    bench.out()
    fast = bench.ask(FAST)
    bench.queue.link_lost()
    assert bench.out() == ["03 link lost", "07 link lost", "02 link lost"]
    assert not bench.queue.begins(fast)
    assert not bench.queue.has_control
    assert bench.queue.next_deadline() is None
    bench.ask(START)
    assert bench.out() == ["> 00"]


def test_a_stop_in_flight_and_one_that_waits_for_control_end_with_the_link() -> None:
    bench = Bench(has_control=False)
    bench.ask(STOP)
    bench.out()
    bench.hear("800805")
    bench.out()
    bench.queue.link_lost()
    assert bench.out() == ["00 link lost", "08 link lost"]


def test_s1_a_start_that_was_handed_out_and_not_begun_can_be_cancelled() -> None:
    queue = ProcedureQueue(has_control=True)
    ticket = queue.submit(StartOrResume(), 0.0)
    (write,) = queue.poll(0.0)
    assert isinstance(write, Write)
    assert queue.cancel(ticket)
    assert not queue.begins(ticket)
