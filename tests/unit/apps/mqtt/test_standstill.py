"""A Stop for all treadmills: of which it is said that they stand, and of which that nobody has seen it (S5)."""

from __future__ import annotations

from dataclasses import replace

from backstride.apps.mqtt.payloads import Outcome
from backstride.apps.mqtt.standstill import KNOWN_AFTER, SEEN_AFTER, Result, Standstill
from backstride.apps.mqtt.topics import Channel
from tests.support.fleet import STANDING, TOPICS, WALKING, Hearing


def stop(wanted: str | None = None) -> tuple[Hearing, Standstill]:
    heard = Hearing()
    heard.standstill = Standstill(heard.fleet, TOPICS, "s1", wanted)
    heard.standstill.goes_out(heard.now, STANDING.at - SEEN_AFTER)
    heard.standstill.hears(heard.now)
    return heard, heard.standstill


def results(heard: Hearing, standstill: Standstill) -> dict[str, Result]:
    return {result.name: result for result in standstill.results(heard.now)}


def test_every_treadmill_whose_bridge_answers_stands() -> None:
    heard, standstill = stop()
    for name in ("den", "loft"):
        heard.offer(name)
    heard.answer("den", "s1")
    heard.now += KNOWN_AFTER
    assert standstill.awaited(heard.now) == ("loft",)
    assert not standstill.is_over(heard.now)
    heard.answer("loft", "s1")
    assert standstill.is_over(heard.now)
    assert all(result.stands for result in standstill.results(heard.now))


def test_it_is_not_over_before_everybody_could_be_heard_of() -> None:
    heard, standstill = stop()
    assert not standstill.is_over(heard.now + KNOWN_AFTER - 0.1)
    assert standstill.is_over(heard.now + KNOWN_AFTER)
    assert standstill.results(heard.now) == ()


def test_it_is_not_over_before_it_is_out_and_everybody_is_heard() -> None:
    """A broker that is slow to let us in is no broker without treadmills."""
    heard = Hearing()
    standstill = Standstill(heard.fleet, TOPICS, "s1", None)
    heard.now += 60
    assert not standstill.is_over(heard.now)
    standstill.goes_out(heard.now, STANDING.at)
    assert standstill.is_out
    heard.now += 60
    assert not standstill.is_over(heard.now)
    standstill.hears(heard.now)
    assert not standstill.is_over(heard.now + KNOWN_AFTER - 0.1)
    assert standstill.is_over(heard.now + KNOWN_AFTER)


def test_s5_what_a_bridge_tells_late_of_a_belt_that_stood_before_the_stop_proves_nothing() -> None:
    """It was cut off, and brings its backlog when it is back."""
    heard, standstill = stop()
    heard.offer()
    heard.now += SEEN_AFTER
    heard.say(Channel.STATE, "den", replace(STANDING, at=STANDING.at - 0.1))
    assert not results(heard, standstill)["den"].stands
    heard.say(Channel.STATE, "den", STANDING)
    assert results(heard, standstill)["den"].stands


def test_an_answer_to_another_stop_is_none() -> None:
    heard, standstill = stop()
    heard.offer()
    heard.answer("den", "s0")
    assert standstill.awaited(heard.now) == ("den",)
    assert not results(heard, standstill)["den"].stands


def test_an_answer_that_nobody_knows_is_said_with_its_reason_and_a_later_one_counts() -> None:
    heard, standstill = stop()
    heard.offer()
    heard.answer("den", "s1", Outcome.UNKNOWN, "there is no connection\x1b[2J")
    assert results(heard, standstill)["den"] == Result("den", "Den", stands=False, reason="there is no connection [2J")
    heard.answer("den", "s1")
    assert results(heard, standstill)["den"].stands
    heard.answer("den", "s1", Outcome.UNKNOWN, "too late")
    assert results(heard, standstill)["den"].stands


def test_a_bridge_that_is_gone_is_not_waited_for_and_its_belt_is_not_said_to_stand() -> None:
    heard, standstill = stop()
    heard.offer()
    heard.say(Channel.BRIDGE, "cellar", "offline")
    heard.now += KNOWN_AFTER
    assert standstill.is_over(heard.now)
    assert not results(heard, standstill)["den"].stands
    assert "cellar is gone" in results(heard, standstill)["den"].reason


def test_what_the_broker_has_kept_of_a_standing_belt_proves_nothing() -> None:
    heard, standstill = stop()
    heard.offer()
    heard.now += SEEN_AFTER
    heard.say(Channel.STATE, "den", STANDING, retained=True)
    assert not results(heard, standstill)["den"].stands
    assert "has not answered" in results(heard, standstill)["den"].reason


def test_a_belt_that_is_told_to_stand_after_the_stop_stands_without_an_answer() -> None:
    heard, standstill = stop()
    heard.offer()
    heard.now += SEEN_AFTER - 0.1
    heard.say(Channel.STATE, "den", STANDING)
    assert not results(heard, standstill)["den"].stands
    heard.now += 0.2
    for told, stands in (
        (replace(STANDING, stale=True), False),
        (replace(STANDING, connected=False), False),
        (STANDING, True),
        (WALKING, False),
        (STANDING, True),
    ):
        heard.say(Channel.STATE, "den", told)
        assert results(heard, standstill)["den"].stands is stands
    assert standstill.is_over(heard.now)


def test_one_treadmill_alone_is_looked_at_where_one_alone_is_meant() -> None:
    heard, standstill = stop("den")
    for name in ("den", "loft"):
        heard.offer(name)
    heard.answer("den", "s1")
    heard.now += KNOWN_AFTER
    assert standstill.is_over(heard.now)
    assert list(results(heard, standstill)) == ["den"]


def test_a_treadmill_that_no_bridge_drives_counts_only_where_it_is_named() -> None:
    heard, standstill = stop()
    heard.offer()
    heard.say(Channel.CLAIM, "den", b"")
    assert results(heard, standstill) == {}
    heard, standstill = stop("den")
    heard.offer()
    heard.say(Channel.CLAIM, "den", b"")
    heard.now += KNOWN_AFTER
    assert standstill.is_over(heard.now)
    assert results(heard, standstill)["den"].reason.startswith("no bridge drives it")


def test_what_cannot_be_read_is_no_answer() -> None:
    heard, standstill = stop()
    heard.offer()
    heard.say(Channel.ANSWER, "den", b"{}")
    heard.say(Channel.STATE, "den", b"[]")
    assert not results(heard, standstill)["den"].stands
