"""What faults do to the FTMS server, in octets: each test of a kind has its name, and the clock is set by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backstride.errors import DecodeError
from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.protocol.treadmill_data import decode_treadmill_data
from backstride.simulator.belt_log import Cause
from backstride.simulator.faults import Fault, Moment
from backstride.simulator.session import SessionState
from tests.unit.simulator.bench import CONTROL, DATA, STATUS, Bench, Client

if TYPE_CHECKING:
    from collections.abc import Callable

CONTROL_OF, START, STOP, PAUSE = "00", "07", "0801", "0802"
THREE_KMH, TWO_PERCENT = "022c01", "031400"
FULL_SPEED = 12.0  # seconds after which a belt that was sent to 3 km/h has reached it


def strike(bench: Bench, *faults: str) -> None:
    for fault in faults:
        bench.peripheral.strike(Fault.parse(fault), bench.now)


def faulty(*faults: str) -> tuple[Bench, Client]:
    """Return a machine that goes wrong from now on, and a client that has control of it and hears everything."""
    bench = Bench()
    client = bench.client(DATA, STATUS, control=True)
    strike(bench, *faults)
    return bench, client


def walking(*faults: str) -> tuple[Bench, Client]:
    """Return the same on a belt that runs at 3 km/h, with an empty inbox."""
    bench, client = faulty()
    client.ask(START, THREE_KMH)
    bench.go(FULL_SPEED)
    assert bench.peripheral.belt.speed == 3.0
    client.inbox.clear()
    strike(bench, *faults)
    return bench, client


def speeds(client: Client) -> list[int | None]:
    """Return what the records that came told, 0.01 km/h."""
    return [decode_treadmill_data(bytes.fromhex(value)).instantaneous_speed for value in client.take(DATA)]


# Answers


def test_answer_late_holds_the_answer_back_and_everything_else_is_refused_meanwhile() -> None:
    bench, client = faulty("answer-late=4")
    assert client.write(START) is None
    assert bench.peripheral.belt.running
    bench.go(3.9)
    assert client.write(STOP) is AttError.PROCEDURE_ALREADY_IN_PROGRESS
    assert client.take(CONTROL) == []
    bench.go(0.2)
    assert client.take(CONTROL) == ["800701"]
    assert client.write(STOP) is None


def test_answer_lost_carries_the_procedure_out_and_takes_the_next_one() -> None:
    bench, client = faulty("answer-lost")
    assert client.ask(START) == ""
    assert bench.peripheral.belt.running
    assert (bench.peripheral.writes[-1].att_error, bench.peripheral.writes[-1].answer) == (None, None)
    bench.go(60)
    assert client.write(STOP) is None
    assert not bench.peripheral.belt.running


def test_answer_doubled_sends_the_answer_twice_and_waits_for_nothing_more() -> None:
    _, client = faulty("answer-doubled")
    assert client.write(START) is None
    assert client.take(CONTROL) == ["800701", "800701"]
    assert client.write(STOP) is None


@pytest.mark.parametrize(("fault", "answer"), [("answer-other-op", "800001"), ("answer-other-op=0x08", "800801")])
def test_answer_other_op_names_another_procedure(fault: str, answer: str) -> None:
    bench, client = faulty(fault)
    assert client.ask(START) == answer
    assert bench.peripheral.belt.running


@pytest.mark.parametrize("result", [0x00, 0x02, 0x03, 0x04, 0x05, 0x06, 0xFF])
def test_answer_result_answers_with_each_code_and_does_nothing(result: int) -> None:
    bench, client = faulty(f"answer-result={result:#04x}")
    assert client.ask(START) == f"8007{result:02x}"
    bench.go(5)
    assert bench.peripheral.belt.standing


def test_answer_first_marks_the_answer_that_overtakes() -> None:
    bench, client = faulty("answer-first")
    bench.peripheral.write(client.connection, CONTROL, bytes.fromhex(START), bench.now)
    assert [emission.overtakes for emission in bench.peripheral.poll(bench.now)] == [True]


def test_hang_refuses_everything_until_the_link_is_gone() -> None:
    bench, client = walking("hang")
    assert client.write(STOP) is None
    assert not bench.peripheral.belt.running
    bench.go(3600)
    for request in (CONTROL_OF, START, STOP, PAUSE, THREE_KMH):
        assert client.write(request) is AttError.PROCEDURE_ALREADY_IN_PROGRESS
    assert client.take(CONTROL) == []
    bench.peripheral.disconnect(client.connection)
    anew = bench.client(control=True)
    assert [anew.ask(START), anew.ask(STOP)] == ["800701", "800801"]


# Writes


def test_write_lost_acknowledges_and_drops() -> None:
    bench, client = faulty("write-lost")
    assert client.ask(START) == ""
    assert (bench.peripheral.writes[-1].att_error, bench.peripheral.writes[-1].answer) == (None, None)
    bench.go(5)
    assert bench.peripheral.belt.standing
    assert client.write(STOP) is None


@pytest.mark.parametrize("code", [0x05, 0x0F, 0xFD, 0xFE, 0x0E])
def test_write_error_refuses_with_each_att_error(code: int) -> None:
    bench, client = faulty(f"write-error={code:#04x}")
    assert client.write(START) == code
    assert bench.peripheral.writes[-1].att_error == code
    assert client.take(CONTROL) == []
    bench.go(5)
    assert bench.peripheral.belt.standing


# Motion


def test_no_motion_answers_start_with_success_and_stands() -> None:
    bench, client = faulty("no-motion")
    assert client.ask(START) == "800701"
    bench.go(30)
    assert [point.cause for point in bench.peripheral.belt.log.breakpoints] == [Cause.POWERED]


@pytest.mark.parametrize("seconds", [4, 6])
def test_late_motion_lets_the_belt_wait(seconds: int) -> None:
    bench, client = faulty(f"late-motion={seconds}")
    client.ask(START)
    bench.go(20)
    log = bench.peripheral.belt.log
    assert log.speed_at(seconds) == 0.0
    assert log.speed_at(seconds + 0.5) > 0.0


def test_speed_ignored_answers_with_success_and_keeps_the_speed() -> None:
    bench, client = walking("speed-ignored")
    assert client.ask("02c800") == "800201"
    bench.go(20)
    assert bench.peripheral.belt.speed == 3.0


def test_incline_ignored_answers_with_success_and_keeps_the_incline() -> None:
    bench, client = walking("incline-ignored")
    assert client.ask(TWO_PERCENT) == "800301"
    bench.go(20)
    assert bench.peripheral.belt.incline == 0.0
    assert client.ask("02c800") == "800201"
    bench.go(20)
    assert bench.peripheral.belt.speed == 2.0


@pytest.mark.parametrize(("request_", "answer"), [(STOP, "800801"), (PAUSE, "800801")])
def test_stop_ignored_answers_stop_and_pause_with_success_and_runs_on(request_: str, answer: str) -> None:
    bench, client = walking("stop-ignored")
    assert client.ask(request_) == answer
    bench.go(60)
    assert bench.peripheral.belt.speed == 3.0


def test_stop_ignored_leaves_the_console_and_the_safety_key_alone() -> None:
    bench, _ = walking("stop-ignored")
    bench.console.pull_safety_key()
    bench.go(10)
    assert bench.peripheral.belt.standing


def test_pause_stops_ends_the_session() -> None:
    bench, client = walking("pause-stops")
    assert client.ask(PAUSE) == "800801"
    assert bench.peripheral.session.state is SessionState.IDLE
    assert bench.peripheral.belt.log.breakpoints[-1].cause is Cause.STOP


def test_pause_refused_is_operation_failed_and_the_belt_runs_on() -> None:
    bench, client = walking("pause-refused")
    assert client.ask(PAUSE) == "800804"
    assert bench.peripheral.belt.running
    assert client.ask(STOP) == "800801"


def test_floor_is_faster_than_the_range_says() -> None:
    bench, client = faulty("floor=1.5")
    assert bench.peripheral.read(uuids.SUPPORTED_SPEED_RANGE, 0.0).hex() == "5000d0070a00"
    assert client.ask(START, "025000") == "800201"
    bench.go(20)
    assert bench.peripheral.belt.speed == 1.5


def test_ceiling_is_slower_than_the_range_says() -> None:
    bench, client = faulty("ceiling=1.5")
    assert client.ask(START, THREE_KMH) == "800201"
    bench.go(20)
    assert bench.peripheral.belt.speed == 1.5


def test_overshoot_rises_above_the_target_and_settles_there() -> None:
    bench, client = faulty("overshoot=0.3")
    client.ask(START, THREE_KMH)
    bench.go(30)
    assert max(point.speed for point in bench.peripheral.belt.log.breakpoints) == pytest.approx(3.3)
    assert bench.peripheral.belt.speed == 3.0


def test_restarts_on_target_starts_the_standing_belt() -> None:
    bench, client = walking("restarts-on-target")
    client.ask(STOP)
    bench.go(10)
    assert bench.peripheral.belt.standing
    assert client.ask(THREE_KMH) == "800201"
    bench.go(20)
    assert bench.peripheral.belt.speed == 3.0


# Telemetry


def test_silent_sends_no_record_and_everything_else() -> None:
    bench, client = walking("silent")
    bench.go(30)
    assert client.take(DATA) == []
    bench.console.press_stop()
    assert client.take(STATUS) == ["0201"]
    assert client.ask(CONTROL_OF) == "800001"


def test_frozen_repeats_the_last_record_whatever_the_belt_does() -> None:
    bench, client = walking()
    bench.go(1)
    (last,) = client.take(DATA)
    strike(bench, "frozen")
    client.ask(STOP)
    bench.go(5)
    assert bench.peripheral.belt.standing
    assert client.take(DATA) == [last] * 5


def test_frozen_before_the_first_record_repeats_that_one() -> None:
    bench, client = faulty("frozen")
    client.ask(START, THREE_KMH)
    bench.go(20)
    assert speeds(client) == [0] * 20


def test_malformed_cannot_be_decoded() -> None:
    bench, client = walking("malformed")
    bench.go(2)
    records = client.take(DATA)
    assert len(records) == 2
    for record in records:
        with pytest.raises(DecodeError):
            decode_treadmill_data(bytes.fromhex(record))


def test_truncated_cuts_the_record_off() -> None:
    bench, client = walking("truncated=3")
    bench.go(1)
    assert client.inbox[DATA] == ["8c052c"]
    assert speeds(client) == [None]


def test_absurd_tells_a_speed_and_the_belt_keeps_its_own() -> None:
    bench, client = walking("absurd=400")
    bench.go(2)
    assert speeds(client) == [40_000] * 2
    assert bench.peripheral.belt.speed == 3.0


def test_zero_glitch_tells_a_standstill_now_and_then() -> None:
    bench, client = walking("zero-glitch=3")
    bench.go(9)
    assert speeds(client) == [300, 300, 0] * 3


def test_paused_speed_is_told_of_a_belt_that_stands() -> None:
    bench, client = walking("paused-speed")
    bench.go(1)
    client.ask(PAUSE)
    bench.go(10)
    assert bench.peripheral.belt.standing
    assert speeds(client) == [300] * 11
    client.ask(STOP)
    bench.go(2)
    assert speeds(client) == [0, 0]


def test_unit_mph_changes_what_reports_and_targets_mean_and_not_the_belt() -> None:
    bench, client = walking("unit-mph")
    bench.go(1)
    assert bench.peripheral.belt.speed == 3.0
    assert speeds(client) == [186]
    assert client.ask("02c800") == "800201"
    bench.go(10)
    assert bench.peripheral.belt.speed == 3.22
    assert speeds(client)[-1] == 200


def test_doubled_sends_every_notification_and_indication_twice() -> None:
    bench, client = walking("doubled")
    bench.go(1)
    client.write(CONTROL_OF)
    bench.console.press_pause()
    records = client.take(DATA)
    assert len(records) == 2
    assert records[0] == records[1]
    assert client.take(CONTROL) == ["800001"] * 2
    assert client.take(STATUS) == ["0202"] * 2
    assert client.write(CONTROL_OF) is None


# When


class Scene:
    """A machine on which something may go silent, and every deed that a fault can wait for, in order."""

    def __init__(self, *faults: str) -> None:
        self.bench = Bench()
        strike(self.bench, *faults)
        self.client: Client

    def deeds(self) -> list[tuple[Moment, Callable[[], object]]]:
        return [
            (Moment.CONNECT, self.connect),
            (Moment.CONTROL, lambda: self.client.ask(CONTROL_OF)),
            (Moment.START, lambda: self.client.ask(START)),
            (Moment.MOTION, lambda: self.bench.go(0.1)),
            (Moment.SPEED, lambda: self.client.ask(THREE_KMH)),
            (Moment.INCLINE, lambda: self.client.ask(TWO_PERCENT)),
            (Moment.PAUSE, lambda: self.client.ask(PAUSE)),
            (Moment.STOP, lambda: self.client.ask(STOP)),
            (Moment.STANDING, lambda: self.bench.go(1.0)),
            (Moment.RECONNECT, self.reconnect),
        ]

    def connect(self) -> None:
        self.client = self.bench.client(DATA, CONTROL)

    def reconnect(self) -> None:
        self.bench.peripheral.disconnect(self.client.connection)
        self.connect()

    def records(self, seconds: float) -> int:
        self.client.take(DATA)
        self.bench.go(seconds)
        return len(self.client.take(DATA))


@pytest.mark.parametrize("moment", list(Moment))
def test_a_fault_waits_for_its_moment_and_strikes_then(moment: Moment) -> None:
    scene = Scene(f"silent@{moment}")
    for now, deed in scene.deeds():
        if now in {Moment.PAUSE, Moment.STANDING}:
            scene.bench.go(0.4)
        deed()
        if now is moment:
            break
        if now is Moment.START:
            scene.bench.go(0.95)  # the dead time is not quite over
        elif now not in {Moment.PAUSE, Moment.STOP}:
            assert scene.records(1.0) == 1, f"silent already after {now}"
    assert scene.records(5.0) == 0


def test_a_resume_is_a_start_as_well_and_a_fault_strikes_only_the_first_time() -> None:
    bench, client = faulty("answer-lost@start/5")
    assert client.ask(START) == ""
    bench.go(6)
    assert client.ask(PAUSE) == "800801"
    bench.go(5)
    assert client.ask(START) == "800701"


def test_a_fault_that_waits_for_a_write_is_at_work_for_that_very_write() -> None:
    bench, client = walking("write-lost@stop")
    assert client.ask(CONTROL_OF) == "800001"
    assert client.ask(STOP) == ""
    assert bench.peripheral.belt.running


def test_seconds_after_the_moment_are_waited_for() -> None:
    scene = Scene("silent@control+10")
    scene.connect()
    scene.bench.go(5.25)
    scene.client.ask(CONTROL_OF)
    assert scene.records(9.5) == 9
    assert scene.records(30) == 1
    assert scene.records(30) == 0


def test_a_bare_number_counts_from_the_first_connection() -> None:
    scene = Scene("silent@60")
    scene.bench.go(30)
    scene.bench.peripheral.poll(scene.bench.now)
    scene.connect()
    assert scene.records(59.5) == 59
    assert scene.records(59.5) == 0


def test_a_fault_lasts_as_long_as_it_says_and_no_longer() -> None:
    bench, client = walking("frozen/4.5")
    bench.go(1)
    client.ask(STOP)
    bench.go(6)
    assert speeds(client) == [300, 300, 300, 300, 0, 0, 0]


def test_the_machine_moves_on_by_itself_from_fault_to_fault() -> None:
    """Nobody writes or reads anything meanwhile: it asks to be polled."""
    bench, client = walking("floor=4@pause", "absurd=99@motion", "silent/1.5", "zero-glitch=1/4.5")
    bench.go(6.5)
    assert speeds(client) == [0, 0, 0, 300, 300]


def test_a_belt_that_begins_to_move_is_noticed_without_a_client() -> None:
    bench = Bench()
    strike(bench, "ceiling=1@motion+2")
    bench.console.press_start()
    bench.go(2.9)
    client = bench.client(control=True)
    client.ask(THREE_KMH)
    bench.go(0.2)
    client.ask(THREE_KMH)
    bench.go(10)
    assert bench.peripheral.belt.speed == 1.0


def test_faults_of_different_kinds_are_at_work_together() -> None:
    bench, client = faulty("answer-late=2", "answer-other-op=0x77", "answer-doubled", "late-motion=4", "floor=2")
    client.write(START)
    bench.go(3)
    assert client.take(CONTROL) == ["807701"] * 2
    assert bench.peripheral.belt.standing
    bench.go(17)
    assert bench.peripheral.belt.speed == 2.0


def test_of_two_faults_of_a_kind_the_later_holds_and_then_the_other_again() -> None:
    bench, client = walking("absurd=100/9.5", "absurd=200@control/3.5")
    bench.go(2)
    assert speeds(client) == [10_000] * 2
    client.ask(CONTROL_OF)
    bench.go(10)
    assert speeds(client) == [20_000] * 3 + [10_000] * 4 + [300] * 3


def test_a_fault_that_is_over_leaves_what_another_of_its_kind_alters() -> None:
    bench, client = faulty("answer-late=2", "answer-late=20/3")
    bench.go(3.5)
    client.write(START)
    bench.go(2.1)
    assert client.take(CONTROL) == ["800701"]


def test_mend_ends_what_lasts_and_forgets_what_waits() -> None:
    bench, client = walking("silent", "speed-ignored", "answer-lost@stop", "absurd@+5", "console-stop@motion")
    bench.go(2)
    bench.peripheral.mend()
    assert client.ask("02c800") == "800201"
    bench.go(10)
    assert speeds(client)[-1] == 200
    assert client.ask(STOP) == "800801"
    assert bench.peripheral.faults.take_happenings() == []
    assert bench.peripheral.facts == Bench().peripheral.facts


def test_what_hangs_already_is_not_mended_but_by_the_end_of_the_link() -> None:
    bench, client = walking("hang")
    client.write(CONTROL_OF)
    bench.peripheral.mend()
    assert client.write(STOP) is AttError.PROCEDURE_ALREADY_IN_PROGRESS
    bench.peripheral.disconnect(client.connection)
    assert bench.client(control=True).ask(STOP) == "800801"


def test_a_fault_that_ends_with_the_link_leaves_the_others() -> None:
    bench, client = walking("hang", "floor=2")
    bench.peripheral.disconnect(client.connection)
    anew = bench.client(control=True)
    assert anew.ask("025000") == "800201"
    bench.go(10)
    assert bench.peripheral.belt.speed == 2.0


def test_a_hang_that_waits_for_its_moment_outlives_a_link_before_it() -> None:
    bench, client = walking("hang@stop")
    bench.peripheral.disconnect(client.connection)
    anew = bench.client(control=True)
    anew.write(STOP)
    assert anew.take(CONTROL) == []
    assert anew.write(STOP) is AttError.PROCEDURE_ALREADY_IN_PROGRESS


def test_a_reconnection_is_none_while_the_first_client_is_still_there() -> None:
    bench = Bench()
    strike(bench, "silent@reconnect")
    first = bench.client(DATA)
    bench.client(DATA)
    bench.go(1)
    assert len(first.take(DATA)) == 1


def test_what_happens_at_an_instant_is_handed_over_once() -> None:
    bench = Bench()
    strike(bench, "console-stop", "safety-key=3@+2")
    faults = bench.peripheral.faults
    assert [str(fault) for fault in faults.take_happenings()] == ["console-stop"]
    assert faults.take_happenings() == []
    bench.client()
    bench.go(2)
    assert [str(fault) for fault in faults.take_happenings()] == ["safety-key=3@connect+2"]


def test_a_machine_that_becomes_another_keeps_its_faults() -> None:
    bench, client = faulty("speed-ignored")
    facts = bench.peripheral.facts
    bench.peripheral.facts = facts.model_copy(
        update={"telemetry": facts.telemetry.model_copy(update={"interval": 0.5})}
    )
    client.ask(START)
    assert client.ask(THREE_KMH) == "800201"
    bench.go(10)
    assert bench.peripheral.belt.speed == 0.8
