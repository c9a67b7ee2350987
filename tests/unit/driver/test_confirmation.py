"""Written is not done (safety rule S10): every way from a command to its outcome."""

from __future__ import annotations

import pytest

from backstride.driver.confirmation import Command, Confirmed, Expectation, Rejected, Unknown, describe_refusal
from backstride.driver.state import MachineState
from backstride.protocol.control_point import SetTargetSpeed
from backstride.protocol.tickets import Settled, Ticket, Verdict
from backstride.units import Incline, Speed

TICKET = Ticket(1, SetTargetSpeed(Speed(300)))
DONE = Settled(TICKET, Verdict.SUCCEEDED, result=1)


def at_speed(speed: int | None, *, standing: bool | None = False) -> MachineState:
    return MachineState(at=0.0, speed=None if speed is None else Speed(speed), standing=standing)


def to_speed(target: int, state: MachineState) -> Expectation:
    return Expectation.of(Command.SPEED, target, state, 4.0, 0.0)


def test_answer_and_motion_together_confirm() -> None:
    expected = to_speed(300, at_speed(100))
    assert expected.settled(DONE) is None
    assert expected.observe(at_speed(150), 1.0) is None
    assert expected.observe(at_speed(205), 2.0) == Confirmed()


def test_motion_before_the_answer_confirms_with_the_answer() -> None:
    expected = to_speed(300, at_speed(100))
    assert expected.observe(at_speed(300), 1.0) is None
    assert expected.settled(DONE) == Confirmed()


def test_motion_that_went_back_before_the_answer_confirms_nothing() -> None:
    expected = to_speed(300, at_speed(100))
    expected.observe(at_speed(300), 1.0)
    expected.observe(at_speed(100), 2.0)
    assert expected.settled(DONE) is None


def test_an_answer_without_motion_is_unknown_in_the_end() -> None:
    expected = to_speed(300, at_speed(100))
    expected.settled(DONE)
    expected.observe(at_speed(100), 3.0)
    assert expected.expire(5.9) is None
    outcome = expected.expire(6.0)
    assert outcome == Unknown("the treadmill acknowledged speed, but the belt does not follow")


def test_no_answer_is_unknown_even_with_motion() -> None:
    expected = to_speed(300, at_speed(100))
    expected.observe(at_speed(300), 1.0)
    assert expected.expire(30.0) == Unknown("the treadmill did not answer")
    assert expected.settled(Settled(TICKET, Verdict.UNANSWERED)) == Unknown("the treadmill did not answer")


def test_the_deadline_moves_on_while_the_belt_comes_nearer() -> None:
    expected = to_speed(1500, at_speed(100))
    expected.settled(DONE)
    for second in range(1, 12):
        assert expected.observe(at_speed(100 + 30 * second), float(second)) is None
    assert expected.expire(16.9) is None
    assert isinstance(expected.expire(17.0), Unknown)


def test_a_belt_that_goes_the_other_way_does_not_win_time() -> None:
    expected = to_speed(300, at_speed(200))
    expected.settled(DONE)
    expected.observe(at_speed(100), 5.0)
    assert isinstance(expected.expire(6.0), Unknown)


def test_the_time_runs_from_the_write() -> None:
    expected = to_speed(300, at_speed(100))
    expected.written(1.0)
    assert expected.expire(6.9) is None
    assert isinstance(expected.expire(7.0), Unknown)


def test_a_command_that_waited_long_for_its_write_is_judged_in_time_for_eight_seconds_all_the_same() -> None:
    expected = to_speed(300, at_speed(100))
    expected.written(5.0)
    assert expected.expire(7.4) is None
    assert isinstance(expected.expire(7.5), Unknown)


def test_a_machine_with_a_long_dead_time_is_judged_in_time_for_eight_seconds_all_the_same() -> None:
    expected = Expectation.of(Command.START, 0, at_speed(0, standing=True), 30.0, 0.0)
    expected.written(0.0)
    expected.settled(DONE)
    assert expected.expire(7.4) is None
    assert expected.expire(7.5) == Unknown("the treadmill acknowledged start, but no motion is seen")


def test_a_belt_at_its_target_already_needs_no_motion() -> None:
    assert to_speed(300, at_speed(303)).settled(DONE) == Confirmed()


def test_an_unknown_speed_is_not_taken_for_zero() -> None:
    expected = to_speed(300, at_speed(None))
    assert expected.settled(DONE) is None
    assert expected.observe(at_speed(None), 1.0) is None
    assert expected.observe(at_speed(100), 2.0) is None
    assert expected.observe(at_speed(150), 3.0) is None
    assert expected.observe(at_speed(300), 3.0) == Confirmed()


def test_an_incline_is_confirmed_by_the_deck() -> None:
    flat = MachineState(at=0.0, speed=Speed(300), incline=Incline(0))
    expected = Expectation.of(Command.INCLINE, 20, flat, 4.0, 0.0)
    expected.settled(DONE)
    assert expected.observe(MachineState(incline=Incline(5)), 1.0) is None
    assert expected.observe(MachineState(incline=None), 1.5) is None
    assert expected.observe(MachineState(incline=Incline(13)), 2.0) == Confirmed()


def test_a_start_is_confirmed_by_a_moving_belt() -> None:
    expected = Expectation.of(Command.START, 0, at_speed(0, standing=True), 4.0, 0.0)
    expected.settled(DONE)
    assert expected.observe(at_speed(0, standing=True), 1.0) is None
    assert expected.observe(at_speed(None, standing=None), 1.0) is None
    assert expected.observe(at_speed(20, standing=False), 2.0) == Confirmed()


@pytest.mark.parametrize(
    ("settled", "outcome"),
    [
        (
            Settled(TICKET, Verdict.REFUSED, result=3),
            Rejected("the treadmill calls the value invalid", result=3),
        ),
        (
            Settled(TICKET, Verdict.WRITE_REFUSED, att_error=0xFE),
            Rejected("the treadmill is still busy with an earlier command", att_error=0xFE),
        ),
        (Settled(TICKET, Verdict.SUPERSEDED), Unknown("a newer command took its place")),
        (
            Settled(TICKET, Verdict.WITHDRAWN),
            Rejected("the belt was stopped, or moved by somebody else, before this was sent"),
        ),
        (Settled(TICKET, Verdict.LINK_LOST), Unknown("the connection to the treadmill was lost")),
    ],
)
def test_the_end_of_the_procedure_settles_the_command(settled: Settled, outcome: Rejected | Unknown) -> None:
    assert to_speed(300, at_speed(100)).settled(settled) == outcome


def test_a_code_nobody_has_words_for_is_shown() -> None:
    assert describe_refusal(Settled(TICKET, Verdict.REFUSED, result=0x42)) == "result code 0x42"
    assert "ATT error 0x80" in describe_refusal(Settled(TICKET, Verdict.WRITE_REFUSED, att_error=0x80))


def test_outcomes_read_as_sentences() -> None:
    assert [str(Confirmed()), str(Rejected("no")), str(Unknown("silence"))] == [
        "confirmed",
        "rejected: no",
        "unknown: silence",
    ]


def test_a_start_that_moves_the_belt_and_is_never_answered_is_unknown_in_time_all_the_same() -> None:
    expected = Expectation.of(Command.START, 0, at_speed(0, standing=True), 4.0, 0.0)
    expected.written(0.0)
    expected.observe(at_speed(20), 5.0)
    assert expected.arrived
    assert expected.expire(6.0) == Unknown("the treadmill did not answer, although the belt moves")
