"""What has come of a command, from what a session tells: one answer each, and never a hopeful one (S10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.mqtt.awaiting import STOPS_AWAITED, Awaiting
from backstride.apps.mqtt.payloads import Answer, Command, Outcome, Verb
from backstride.units import Incline, Speed
from backstride.workout.events import (
    CommandSettled,
    Ended,
    Ending,
    Overridden,
    Sample,
    SessionEvent,
    SessionState,
    StateChanged,
    StepStarted,
    TargetSet,
)

STEP = StepStarted(1, "ramp", "ramp", "backward", "both")
PAUSED = StateChanged(SessionState.PAUSED, "you paused it")
RUNS = StateChanged(SessionState.RUNNING, "the belt moves")
OVER = Ended(Ending.STOPPED, "you stopped it", belt_standing=True)
UNSEEN = Ended(Ending.ABORTED, "the link was lost", belt_standing=None)


def sample(state: SessionState = SessionState.PAUSED, speed: Speed | None = None) -> Sample:
    return Sample(state, 0, None, None, speed, None, 0.0, 0.0)


def command(verb: Verb, argument: Speed | Incline | None = None, caller: str = "a") -> Command:
    return Command(caller, 0.0, verb, argument)


def after(*given: Command | SessionEvent, starts: bool = False) -> list[tuple[str, str, str]]:
    """Return the answers after what was commanded and told: id, outcome, reason."""
    awaiting, answers = Awaiting(), list[Answer]()
    for one in given:
        if isinstance(one, Command):
            answers += awaiting.expect(one, 0.0, starts=starts)
        else:
            answers += awaiting.hear(one)
    return [(answer.id, answer.outcome.value, answer.reason) for answer in answers]


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ((CommandSettled("start", "confirmed"), RUNS), "confirmed"),
        ((CommandSettled("start", "unknown", "no motion is seen"),), "unknown"),
        ((CommandSettled("start", "rejected", "not now"),), "rejected"),
        ((StateChanged(SessionState.STARTING), RUNS), "confirmed"),
        ((StateChanged(SessionState.STARTING), PAUSED), "rejected"),
        ((CommandSettled("control", "confirmed"),), "confirmed"),
        ((OVER,), "rejected"),
    ],
)
def test_a_start_has_one_answer(events: tuple[SessionEvent, ...], outcome: str) -> None:
    ((caller, said, _),) = after(command(Verb.START), *events)
    assert (caller, said) == ("a", outcome)


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ((PAUSED, CommandSettled("pause", "confirmed")), "confirmed"),
        ((PAUSED, CommandSettled("stop", "confirmed")), "confirmed"),
        ((PAUSED, CommandSettled("pause", "unknown", "nobody sees it")), "unknown"),
        ((PAUSED, OVER), "confirmed"),
        ((PAUSED, UNSEEN), "unknown"),
    ],
)
def test_s5_a_pause_is_confirmed_only_by_a_standing_belt(events: tuple[SessionEvent, ...], outcome: str) -> None:
    ((_, said, _),) = after(command(Verb.PAUSE), *events)
    assert said == outcome


def test_s5_a_pause_of_a_belt_that_stands_already_is_confirmed() -> None:
    awaiting = Awaiting()
    awaiting.expect(command(Verb.PAUSE), 0.0)
    (answer,) = awaiting.paused()
    assert (answer.outcome, answer.reason) == (Outcome.CONFIRMED, "the belt stands")
    assert awaiting.paused() == []


@pytest.mark.parametrize("event", [sample(speed=None), sample(speed=Speed(0)), sample(speed=Speed(10)), RUNS])
def test_s5_what_does_not_show_a_standing_belt_confirms_no_pause(event: SessionEvent) -> None:
    assert after(command(Verb.PAUSE), event) == []


def test_a_speed_is_confirmed_when_the_belt_has_come_to_it_step_by_step() -> None:
    wish = command(Verb.SET_SPEED, Speed(300))
    settled = CommandSettled("speed", "confirmed")
    assert after(wish, TargetSet(speed=Speed(280)), settled) == []
    assert after(wish, TargetSet(speed=Speed(280)), settled, TargetSet(speed=Speed(300)), settled) == [
        ("a", "confirmed", "")
    ]


@pytest.mark.parametrize("word", ["unknown", "rejected"])
def test_s10_a_target_that_came_to_nothing_is_not_confirmed_when_it_is_wanted_once_more(word: str) -> None:
    awaiting = Awaiting()
    awaiting.expect(command(Verb.SET_SPEED, Speed(300)), 0.0)
    awaiting.hear(TargetSet(speed=Speed(300)))
    assert [answer.outcome.value for answer in awaiting.hear(CommandSettled("speed", word))] == [word]
    assert awaiting.expect(command(Verb.SET_SPEED, Speed(300)), 1.0) == []


def test_an_outcome_of_a_target_before_does_not_answer_for_the_one_that_took_its_place() -> None:
    wish = command(Verb.SET_SPEED, Speed(100))
    late = CommandSettled("speed", "unknown", "a newer command took its place")
    told = (TargetSet(speed=Speed(280)), wish, TargetSet(speed=Speed(100)), late)
    assert after(*told) == []
    assert after(*told, CommandSettled("speed", "confirmed")) == [("a", "confirmed", "")]


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (CommandSettled("speed", "rejected", "no"), "rejected"),
        (CommandSettled("speed", "unknown", "hm"), "unknown"),
        (STEP, "rejected"),
        (PAUSED, "rejected"),
        (Overridden("speed", speed=Speed(200)), "rejected"),
        (OVER, "rejected"),
    ],
)
def test_a_speed_that_the_belt_does_not_come_to_is_answered_with_the_reason(event: SessionEvent, outcome: str) -> None:
    ((_, said, reason),) = after(command(Verb.SET_SPEED, Speed(300)), TargetSet(speed=Speed(280)), event)
    assert said == outcome
    assert reason


def test_speed_and_incline_do_not_answer_for_each_other() -> None:
    wish = command(Verb.SET_INCLINE, Incline(20))
    assert after(wish, TargetSet(speed=Speed(300)), CommandSettled("speed", "rejected", "no")) == []
    assert after(wish, TargetSet(incline=Incline(20)), CommandSettled("incline", "confirmed")) == [
        ("a", "confirmed", "")
    ]
    assert after(wish, Overridden("incline", incline=Incline(5)))[0][1] == "rejected"


def test_what_is_the_target_already_is_confirmed_at_once() -> None:
    told = (TargetSet(speed=Speed(300)), CommandSettled("speed", "confirmed"))
    assert after(*told, command(Verb.SET_SPEED, Speed(300))) == [("a", "confirmed", "that is its target already")]
    assert after(*told, PAUSED, command(Verb.SET_SPEED, Speed(300))) == []


def test_a_newer_command_of_the_kind_answers_the_one_before() -> None:
    first, second = command(Verb.SET_SPEED, Speed(300)), command(Verb.SET_SPEED, Speed(200), "b")
    assert after(first, second) == [("a", "unknown", "a newer command took its place")]


def test_a_confirmation_waits_for_what_it_brings_about() -> None:
    assert after(command(Verb.CONFIRM), CommandSettled("control", "rejected", "no"))[0][1] == "rejected"
    assert after(command(Verb.CONFIRM), RUNS)[0][1] == "confirmed"
    assert after(command(Verb.CONFIRM), StateChanged(SessionState.STARTING), starts=True) == []


@pytest.mark.parametrize(
    ("verb", "seconds"), [(Verb.SET_SPEED, 120.0), (Verb.SET_INCLINE, 120.0), (Verb.PAUSE, 30.0), (Verb.START, 30.0)]
)
def test_s10_what_nothing_comes_of_is_unknown_after_a_while(verb: Verb, seconds: float) -> None:
    awaiting = Awaiting()
    awaiting.expect(command(verb, Speed(300)), 100.0)
    assert awaiting.expire(99.9 + seconds) == []
    (answer,) = awaiting.expire(100.0 + seconds)
    assert answer.outcome is Outcome.UNKNOWN
    assert awaiting.expire(1e9) == []


def test_s5_every_stop_is_answered_by_the_belt_and_not_before() -> None:
    awaiting = Awaiting()
    assert awaiting.expect_stop("a")
    assert awaiting.expect_stop("b")
    assert awaiting.expect_stop("a")
    assert awaiting.hear(StateChanged(SessionState.STOPPING, "you stopped it")) == []
    assert awaiting.hear(CommandSettled("stop", "confirmed")) == []
    answers = awaiting.hear(OVER)
    assert [(answer.id, answer.outcome.value) for answer in answers] == [("a", "confirmed"), ("b", "confirmed")]


@pytest.mark.parametrize("standing", [None, False])
def test_s5_a_stop_whose_belt_nobody_sees_standing_is_unknown_and_says_what_to_do(*, standing: bool | None) -> None:
    awaiting = Awaiting()
    awaiting.expect_stop("a")
    (answer,) = awaiting.hear(Ended(Ending.ABORTED, "the link was lost", standing))
    assert answer.outcome is Outcome.UNKNOWN
    assert "use the console or the safety key" in answer.reason


def test_a_stop_without_an_id_and_one_too_many_are_not_answered() -> None:
    awaiting = Awaiting()
    assert not awaiting.expect_stop("")
    for number in range(STOPS_AWAITED):
        assert awaiting.expect_stop(f"{number}")
    assert not awaiting.expect_stop("one more")


EVENTS: st.SearchStrategy[SessionEvent] = st.one_of(
    st.sampled_from([STEP, PAUSED, RUNS, OVER, UNSEEN, sample(speed=Speed(0)), sample()]),
    st.builds(StateChanged, st.sampled_from(SessionState)),
    st.builds(
        CommandSettled,
        st.sampled_from(["start", "stop", "pause", "speed", "incline", "control"]),
        st.sampled_from(["confirmed", "rejected", "unknown"]),
    ),
    st.builds(TargetSet, st.none() | st.sampled_from([Speed(100), Speed(200)]), st.none() | st.just(Incline(10))),
    st.builds(Overridden, st.sampled_from(["speed", "incline"]), st.just(Speed(100))),
)
AWAITED = st.sampled_from([Verb.START, Verb.RESUME, Verb.PAUSE, Verb.CONFIRM, Verb.SET_SPEED, Verb.SET_INCLINE])


@given(st.lists(EVENTS | AWAITED | st.just("stop"), max_size=60))
def test_whatever_a_session_tells_every_command_is_answered_exactly_once(
    steps: list[SessionEvent | Verb | str],
) -> None:
    awaiting, sent, answers = Awaiting(), list[str](), list[Answer]()
    for number, step in enumerate(steps):
        if isinstance(step, Verb):
            sent.append(f"{number}")
            answers += awaiting.expect(command(step, Speed(100 + number % 2 * 100), f"{number}"), float(number))
        elif isinstance(step, str):
            if awaiting.expect_stop(f"{number}"):
                sent.append(f"{number}")
        else:
            answers += awaiting.hear(step)
    answers += awaiting.end("it is over", standing=True)
    assert sorted(answer.id for answer in answers) == sorted(sent)
