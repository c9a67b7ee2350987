"""The desk: what is let through to a session, and what becomes of everything else (S1, S4)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.mqtt.desk import BURST, FRESH_FOR, PER_SECOND, REMEMBERED_FOR, Desk, Refused
from backstride.apps.mqtt.messages import write_command
from backstride.apps.mqtt.payloads import Answer, Cause, Command, Outcome, Verb
from backstride.units import Speed

NOW = 1_000_000.0
STOPS = (b'{"command":"stop"}', b'{"command":"stop","id":"s","sent_at":1}', b'{"command":"stop","id":7}')


def commanded(caller: str = "a", verb: Verb = Verb.PAUSE, *, sent_at: float = NOW) -> bytes:
    return write_command(Command(caller, sent_at, verb, Speed(300) if verb is Verb.SET_SPEED else None))


def taken(
    desk: Desk,
    octets: bytes,
    *,
    now: float = NOW,
    retained: bool = False,
    confirm_starts: bool = False,
    hears_stop: bool = True,
) -> Command | Cause:
    """Return the command that is let through, or why it is not."""
    result = desk.take(octets, retained=retained, confirm_starts=confirm_starts, now=now, hears_stop=hears_stop)
    return result.cause if isinstance(result, Refused) else result


def answer_of(desk: Desk, octets: bytes, *, now: float = NOW) -> Answer | None:
    result = desk.take(octets, retained=False, confirm_starts=False, now=now)
    assert isinstance(result, Refused)
    return result.answer


def test_a_fresh_command_is_let_through_as_it_was_sent() -> None:
    assert taken(Desk(allow_start=False), commanded(verb=Verb.SET_SPEED)) == Command(
        "a", NOW, Verb.SET_SPEED, Speed(300)
    )


@pytest.mark.parametrize(
    ("late", "cause"),
    [
        (FRESH_FOR, None),
        (FRESH_FOR + 0.01, Cause.STALE),
        (3600.0, Cause.STALE),
        (-FRESH_FOR, None),
        (-FRESH_FOR - 0.01, Cause.FROM_THE_FUTURE),
    ],
)
def test_a_command_that_is_too_old_or_not_sent_yet_is_refused_with_the_reason(late: float, cause: Cause | None) -> None:
    desk = Desk(allow_start=False)
    result = desk.take(commanded(), retained=False, confirm_starts=False, now=NOW + late)
    if cause is None:
        assert isinstance(result, Command)
    else:
        assert isinstance(result, Refused)
        assert result.cause is cause
        assert result.answer is not None
        assert (result.answer.id, result.answer.command, result.answer.outcome) == ("a", "pause", Outcome.REJECTED)
        assert desk.refused == {cause: 1}


def test_a_retained_command_is_refused_however_fresh() -> None:
    assert taken(Desk(allow_start=True), commanded(verb=Verb.START), retained=True) is Cause.RETAINED


def test_a_command_is_carried_out_once_and_its_repetition_only_counted() -> None:
    desk = Desk(allow_start=False)
    assert isinstance(taken(desk, commanded()), Command)
    assert answer_of(desk, commanded()) is None
    assert taken(desk, commanded(), now=NOW + 1.9) is Cause.REPLAYED
    assert desk.refused == {"replayed": 2}
    assert desk.unanswered == 2
    assert isinstance(taken(desk, commanded("b")), Command)


def test_an_id_is_forgotten_only_long_after_its_command_has_become_too_old() -> None:
    desk = Desk(allow_start=False)
    sent_at = NOW + FRESH_FOR
    assert isinstance(taken(desk, commanded(sent_at=sent_at)), Command)
    assert taken(desk, commanded(sent_at=sent_at), now=NOW + 2 * FRESH_FOR) is Cause.REPLAYED
    later = NOW + REMEMBERED_FOR + 0.1
    assert isinstance(taken(desk, commanded(sent_at=later), now=later), Command)


@pytest.mark.parametrize(
    ("verb", "confirm_starts"),
    [(Verb.START, True), (Verb.START, False), (Verb.RESUME, True), (Verb.CONFIRM, True)],
)
def test_s1_nothing_starts_a_belt_over_mqtt_unless_the_settings_say_so(verb: Verb, *, confirm_starts: bool) -> None:
    octets = commanded(verb=verb)
    assert taken(Desk(allow_start=False), octets, confirm_starts=confirm_starts) is Cause.NOT_ALLOWED
    assert isinstance(taken(Desk(allow_start=True), octets, confirm_starts=confirm_starts), Command)


@pytest.mark.parametrize("verb", [Verb.RESUME, Verb.CONFIRM])
def test_what_lets_a_session_go_on_with_a_moving_belt_starts_none(verb: Verb) -> None:
    assert isinstance(taken(Desk(allow_start=False), commanded(verb=verb), confirm_starts=False), Command)


@pytest.mark.parametrize("verb", [Verb.START, Verb.RESUME, Verb.CONFIRM])
def test_s4_what_starts_the_belt_is_refused_while_no_stop_would_be_heard(verb: Verb) -> None:
    desk = Desk(allow_start=True)
    assert taken(desk, commanded("a", verb), confirm_starts=True, hears_stop=False) is Cause.NOT_ALLOWED
    assert isinstance(taken(desk, commanded("b", verb), confirm_starts=True), Command)
    assert isinstance(taken(desk, commanded("c", Verb.PAUSE), hears_stop=False), Command)


def test_s1_a_confirmation_is_a_start_where_it_would_start_the_belt_and_else_none() -> None:
    octets = commanded(verb=Verb.CONFIRM)
    assert taken(Desk(allow_start=False), octets, confirm_starts=True) is Cause.NOT_ALLOWED
    assert isinstance(taken(Desk(allow_start=False), octets, confirm_starts=False), Command)
    assert isinstance(taken(Desk(allow_start=True), octets, confirm_starts=True), Command)


def test_too_many_commands_are_refused_until_there_is_room_again() -> None:
    desk = Desk(allow_start=False)
    for number in range(BURST):
        assert isinstance(taken(desk, commanded(f"{number}")), Command)
    first = answer_of(desk, commanded("too many"))
    assert first is not None
    assert first.reason.startswith("too many commands")
    assert answer_of(desk, commanded("and another")) is None
    assert isinstance(taken(desk, commanded("later"), now=NOW + 1.01 / PER_SECOND), Command)
    assert taken(desk, commanded("at once"), now=NOW + 1.01 / PER_SECOND) is Cause.FLOODED


@pytest.mark.parametrize("octets", STOPS)
def test_s4_a_stop_is_taken_in_any_flood_at_any_age_and_again_and_again(octets: bytes) -> None:
    desk = Desk(allow_start=False)
    for number in range(10_000):
        taken(desk, commanded(f"{number}"))
    for _ in range(3):
        stop = taken(desk, octets, retained=True, now=NOW + 99)
        assert isinstance(stop, Command)
        assert stop.verb is Verb.STOP


def test_a_flood_is_counted_and_hardly_answered() -> None:
    desk = Desk(allow_start=False)
    results = [
        desk.take(commanded(f"{number}", sent_at=NOW + number / 10_000), retained=False, confirm_starts=False, now=NOW)
        for number in range(10_000)
    ]
    assert sum(isinstance(result, Command) for result in results) == BURST
    assert sum(isinstance(result, Refused) and result.answer is not None for result in results) == 1
    assert desk.refused == {"flooded": 10_000 - BURST}
    assert desk.unanswered == 10_000 - BURST - 1


def test_a_clock_that_is_set_back_neither_opens_nor_closes_the_desk() -> None:
    desk = Desk(allow_start=False)
    for number in range(BURST):
        taken(desk, commanded(f"{number}"))
    back = NOW - 3600
    assert taken(desk, commanded("x", sent_at=back), now=back) is Cause.FLOODED
    assert isinstance(taken(desk, commanded("y", sent_at=back + 1), now=back + 1), Command)


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=30)
            | st.builds(commanded, st.sampled_from("abcdef"), st.sampled_from(Verb), sent_at=st.floats(NOW, NOW + 60)),
            st.booleans(),
            st.booleans(),
            st.floats(0, 3),
        ),
        max_size=60,
    )
)
def test_whatever_comes_only_fresh_new_and_few_commands_get_through_and_no_start(
    messages: list[tuple[bytes, bool, bool, float]],
) -> None:
    desk, now, through, refused = Desk(allow_start=False), NOW, [], 0
    for octets, retained, confirm_starts, passed in messages:
        now += passed
        result = desk.take(octets, retained=retained, confirm_starts=confirm_starts, now=now)
        if isinstance(result, Refused):
            refused += 1
        elif result.verb is not Verb.STOP:
            assert not retained
            assert abs(now - result.sent_at) <= FRESH_FOR
            assert result.verb is not Verb.START
            assert result.verb not in {Verb.RESUME, Verb.CONFIRM} or not confirm_starts
            through.append((result.id, now))
    assert sum(desk.refused.values()) == refused
    for caller, at in through:
        assert sum(other == caller and abs(then - at) < 2 * FRESH_FOR for other, then in through) == 1
    for _, at in through:
        assert sum(at <= then <= at + 1 for _, then in through) <= BURST + PER_SECOND + 1


def test_what_has_no_id_is_counted() -> None:
    desk = Desk(allow_start=False)
    assert answer_of(desk, b"nonsense") is None
    assert answer_of(desk, json.dumps({"command": "pause", "sent_at": NOW}).encode()) is None
    assert desk.refused == {"malformed": 1, "wrong_typed": 1}
    assert desk.unanswered == 2


@pytest.mark.parametrize("verb", [Verb.START, Verb.RESUME, Verb.CONFIRM])
def test_s4_what_starts_the_belt_and_was_sent_before_a_stop_is_refused_after_it(verb: Verb) -> None:
    """The clock of whoever sent it may be ahead by as much as a command may be old."""
    desk = Desk(allow_start=True)
    desk.stopped(NOW)
    ahead = commanded("a", verb, sent_at=NOW - 0.1 + FRESH_FOR)
    assert taken(desk, commanded("b", verb, sent_at=NOW - 0.1), now=NOW + 0.1, confirm_starts=True) is Cause.STALE
    assert taken(desk, ahead, now=NOW + 0.1, confirm_starts=True) is Cause.STALE
    after = commanded("c", verb, sent_at=NOW + FRESH_FOR)
    assert isinstance(taken(desk, after, now=NOW + FRESH_FOR, confirm_starts=True), Command)
    assert isinstance(taken(desk, commanded("d"), now=NOW + 0.4), Command), "a pause can come late"
