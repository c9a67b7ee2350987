"""The table of all treadmills on a broker: what is said of each, and what nobody can know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.mqtt.fleet import (
    CONTESTED_FOR,
    HEARD,
    LARGEST_FLEET,
    SILENT_AFTER,
    WARNS_FOR,
    Condition,
    Fleet,
)
from backstride.apps.mqtt.payloads import Claim, Counters, Verb
from backstride.apps.mqtt.topics import Channel
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Speed
from backstride.workout.events import Ask
from tests.support.bench import until
from tests.support.fleet import NO_SESSION, SESSION, STANDING, TOPICS, WALKING, Hearing, abilities
from tests.support.mqtt import counter

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_treadmill_is_shown_as_its_bridge_tells_of_it() -> None:
    heard = Hearing()
    heard.offer()
    row = heard.row()
    assert (row.name, row.title, row.model, row.bridge) == ("den", "Den", "Model T", "cellar")
    assert row.condition is Condition.STANDING
    assert not row.stale
    assert not row.in_session
    assert not row.needs_a_look
    heard.say(Channel.SESSION, "den", SESSION)
    heard.say(Channel.STATE, "den", WALKING)
    row = heard.row()
    assert row.condition is Condition.MOVING
    assert row.in_session
    assert row.belt == WALKING
    assert not row.needs_a_look


def test_treadmills_stand_in_the_order_of_their_names_whoever_speaks_first() -> None:
    heard = Hearing()
    for name in ("loft", "attic", "den"):
        heard.offer(name)
    assert [row.name for row in heard.fleet.rows(heard.now)] == ["attic", "den", "loft"]


def test_a_belt_that_stands_without_a_session_stays_fresh_although_it_says_nothing_for_hours() -> None:
    heard = Hearing()
    heard.offer()
    heard.now += 7200
    assert not heard.row().stale


def test_a_session_that_falls_silent_is_not_fresh() -> None:
    heard = Hearing()
    heard.offer()
    heard.say(Channel.SESSION, "den", SESSION)
    heard.say(Channel.STATE, "den", WALKING)
    heard.now += SILENT_AFTER
    assert not heard.row().stale
    heard.now += 0.1
    assert heard.row().stale
    assert heard.row().troubles == ("the figures are not fresh",)


def test_what_the_bridge_itself_calls_stale_is_stale() -> None:
    heard = Hearing()
    heard.offer()
    heard.say(Channel.STATE, "den", replace(WALKING, stale=True))
    assert heard.row().stale


def test_a_bridge_that_is_gone_leaves_its_treadmills_offline_whatever_was_said_of_them() -> None:
    heard = Hearing()
    heard.offer()
    heard.say(Channel.BRIDGE, "cellar", "offline")
    row = heard.row()
    assert row.condition is Condition.OFFLINE
    assert row.stale
    assert row.troubles == ("its bridge cellar is gone: nobody sees the belt",)
    heard.say(Channel.BRIDGE, "cellar", "online")
    assert heard.row().condition is Condition.STANDING


def test_a_bridge_of_which_nothing_was_heard_is_not_taken_to_be_there() -> None:
    heard = Hearing()
    heard.say(Channel.CLAIM, "den", Claim("cellar", 5.0))
    heard.say(Channel.STATE, "den", STANDING)
    assert heard.row().condition is Condition.OFFLINE


def test_a_treadmill_that_was_let_go_of_is_gone_and_no_trouble() -> None:
    heard = Hearing()
    heard.offer()
    heard.say(Channel.LINK, "den", "offline")
    heard.say(Channel.CLAIM, "den", b"")
    assert heard.row().condition is Condition.GONE
    assert not heard.row().needs_a_look


def test_a_lost_radio_link_is_a_trouble_and_the_belt_is_unknown() -> None:
    heard = Hearing()
    heard.offer()
    heard.say(Channel.LINK, "den", "offline")
    assert heard.row().condition is Condition.UNREACHABLE
    assert "the belt may keep moving" in heard.row().troubles[0]
    heard.say(Channel.LINK, "den", "online")
    heard.say(Channel.STATE, "den", replace(STANDING, connected=False, standing=None, stale=True))
    assert heard.row().condition is Condition.UNREACHABLE


def test_a_treadmill_of_which_nothing_but_its_claim_was_heard_is_unknown() -> None:
    heard = Hearing()
    heard.say(Channel.BRIDGE, "cellar", "online")
    heard.say(Channel.CLAIM, "den", Claim("cellar", 5.0))
    assert heard.row().condition is Condition.UNKNOWN


def test_a_session_that_asks_waits_for_a_person_and_an_idle_one_does_not() -> None:
    heard = Hearing()
    heard.offer()
    heard.say(Channel.SESSION, "den", replace(NO_SESSION, asking=Ask.START, question="Start?"))
    assert not heard.row().waits_for
    heard.say(Channel.SESSION, "den", replace(SESSION, state="paused", asking=Ask.RESUME, question="Go on?"))
    assert heard.row().waits_for == "Go on?"
    heard.say(Channel.BRIDGE, "cellar", "offline")
    assert not heard.row().waits_for


# --- two bridges


def test_a_treadmill_that_two_bridges_claim_belongs_to_the_earlier_one_and_says_so_for_a_while() -> None:
    heard = Hearing()
    heard.offer(since=5.0)
    heard.say(Channel.BRIDGE, "attic", "online")
    heard.say(Channel.CLAIM, "den", Claim("attic", 9.0))
    assert heard.row().bridge == "cellar"
    assert heard.row().troubles == ("claimed by cellar and by attic",)
    heard.say(Channel.CLAIM, "den", Claim("cellar", 5.0))
    heard.now += CONTESTED_FOR - 0.1
    assert heard.row().troubles
    heard.now += 0.2
    assert not heard.row().troubles


def test_a_second_claim_that_nobody_objects_to_stays_a_trouble() -> None:
    heard = Hearing()
    heard.offer(since=5.0)
    heard.say(Channel.BRIDGE, "attic", "online")
    heard.say(Channel.CLAIM, "den", Claim("attic", 9.0))
    heard.now += 3600
    assert heard.row().troubles == ("claimed by cellar and by attic",)


def test_the_claim_of_a_bridge_that_is_gone_is_none() -> None:
    heard = Hearing()
    heard.offer(since=5.0)
    heard.say(Channel.BRIDGE, "cellar", "offline")
    heard.say(Channel.BRIDGE, "attic", "online")
    heard.say(Channel.CLAIM, "den", Claim("attic", 9.0))
    assert heard.row().bridge == "attic"
    assert heard.row().condition is Condition.STANDING
    assert not heard.row().troubles


def test_many_claims_to_one_treadmill_are_not_all_kept() -> None:
    heard = Hearing()
    heard.offer()
    for number in range(1000):
        heard.say(Channel.BRIDGE, f"b{number}", "online")
        heard.say(Channel.CLAIM, "den", Claim(f"b{number}", 9.0))
    assert len(heard.row().troubles[0]) < 200


# --- troubles


def test_a_warning_is_shown_for_a_while_and_an_urgent_one_for_longer() -> None:
    heard = Hearing()
    heard.offer()
    heard.event("den", event="warning", text="Look at the belt.", rule="S5", urgent=False)
    assert heard.row().troubles == ("Look at the belt.",)
    heard.now += WARNS_FOR
    assert not heard.row().troubles
    heard.event("den", event="warning", text="Pull the safety key!", rule="S5", urgent=True)
    heard.now += 2 * WARNS_FOR
    assert heard.row().troubles == ("Pull the safety key!",)


def test_a_command_of_which_nobody_knows_what_became_is_a_trouble() -> None:
    heard = Hearing()
    heard.offer()
    heard.event("den", event="command", command="speed", outcome="confirmed", reason="")
    assert not heard.row().troubles
    heard.event("den", event="command", command="speed", outcome="unknown", reason="no answer")
    assert heard.row().troubles == ("what became of the speed command is unknown: no answer",)


def test_a_session_that_a_fault_ended_is_a_trouble_until_the_next_one() -> None:
    heard = Hearing()
    heard.offer()
    heard.event("den", event="ended", ending="finished", reason="", belt_standing=True)
    assert not heard.row().troubles
    heard.event("den", event="ended", ending="aborted", reason="no data", belt_standing=None)
    assert heard.row().troubles == ("the session ended: no data; the belt was not seen to stand",)
    heard.event("den", event="state", state="starting", reason="")
    assert not heard.row().troubles


def test_what_was_lost_on_its_way_to_the_broker_is_a_trouble() -> None:
    heard = Hearing()
    heard.offer()
    heard.say(Channel.COUNTERS, "den", Counters({}, 0, 17, 0))
    assert not heard.row().troubles
    heard.say(Channel.COUNTERS, "den", Counters({}, 0, 17, 3))
    assert heard.row().troubles == ("3 events or answers were lost on their way to the broker",)


# --- whatever comes


def test_what_cannot_be_read_changes_nothing_and_is_counted() -> None:
    heard = Hearing()
    heard.offer()
    before = heard.row()
    for channel in HEARD:
        heard.say(channel, "den", b'{"schema": 1, "speed_km_h": "fast"}')
    assert heard.row() == before
    assert heard.fleet.unreadable == len(HEARD)


def test_texts_from_the_broker_cannot_write_on_the_terminal() -> None:
    heard = Hearing()
    heard.offer()
    heard.say(Channel.CAPABILITIES, "den", abilities("\x1b[2JDen\r\n\u202e"))
    heard.say(Channel.SESSION, "den", replace(SESSION, asking=Ask.RESUME, question="\x1b]0;x\x07Go" + "o" * 500))
    heard.event("den", event="warning", text="\x1b[31mred", rule="", urgent=True)
    row = heard.row()
    assert all(text.isprintable() and len(text) <= 200 for text in (row.title, row.waits_for, *row.troubles))
    assert row.title == "[2JDen"


def test_what_the_broker_forgets_is_forgotten() -> None:
    heard = Hearing()
    heard.offer()
    for channel in (Channel.CAPABILITIES, Channel.STATE, Channel.SESSION, Channel.LINK, Channel.COUNTERS):
        heard.say(channel, "den", b"")
    row = heard.row()
    assert (row.title, row.belt, row.session, row.condition) == ("den", None, None, Condition.UNKNOWN)
    heard.say(Channel.BRIDGE, "cellar", b"")
    assert heard.row().condition is Condition.OFFLINE


def test_a_broker_that_names_treadmills_without_end_does_not_fill_the_memory() -> None:
    heard = Hearing()
    for number in range(LARGEST_FLEET + 5):
        heard.say(Channel.LINK, f"t{number}", "online")
        heard.say(Channel.BRIDGE, f"b{number}", "online")
    assert len(heard.fleet.rows(heard.now)) == LARGEST_FLEET
    assert heard.fleet.left_out == 5


@pytest.mark.parametrize("channel", [Channel.COMMAND, Channel.STOP, Channel.ANSWER])
def test_topics_that_are_none_of_the_table_make_no_row(channel: Channel) -> None:
    heard = Hearing()
    heard.say(channel, "den", b"{}")
    heard.fleet.hear("elsewhere/v1/treadmill/den/state", b"{}", heard.now)
    assert heard.fleet.rows(heard.now) == ()
    assert TOPICS.of(channel, "+") not in heard.fleet.filters


@given(st.lists(st.tuples(st.sampled_from(HEARD), st.binary(max_size=40))))
def test_no_message_whatsoever_breaks_the_table(messages: list[tuple[Channel, bytes]]) -> None:
    heard = Hearing()
    heard.offer()
    for channel, payload in messages:
        heard.say(channel, "den", payload)
    assert len(heard.fleet.rows(heard.now)) == 1


# --- what a station says


def test_a_walk_on_a_simulated_treadmill_is_seen_from_beginning_to_end(virtual_time: Callable[..., object]) -> None:
    async def walk() -> None:
        async with counter(SimulatedTreadmill()) as den:
            heard = Hearing()
            heard.say(Channel.BRIDGE, "cellar", "online")
            heard.say(Channel.CLAIM, "den", Claim("cellar", 5.0))

            def look() -> None:
                den.listen()
                while den.heard:
                    message = den.heard.pop(0)
                    heard.now = den.now()
                    heard.fleet.hear(message.topic, message.payload, heard.now)

            def seen(condition: Condition, *, in_session: bool) -> bool:
                look()
                return heard.row().condition is condition and heard.row().in_session is in_session

            await until(lambda: seen(Condition.STANDING, in_session=False), 10.0)
            den.command(Verb.PROFILE, "short")
            den.command(Verb.START)
            await until(lambda: seen(Condition.MOVING, in_session=True), 60.0)
            row = heard.row()
            assert row.belt is not None
            assert row.belt.speed
            assert row.belt.speed > Speed(0)
            assert not row.stale
            await until(lambda: seen(Condition.STANDING, in_session=False), 200.0)
            assert not heard.row().needs_a_look
            assert not heard.fleet.unreadable

    virtual_time(walk())


def test_a_fleet_of_nobody_has_no_rows() -> None:
    assert Fleet(TOPICS).rows(0.0) == ()
    assert Fleet(TOPICS).row("den", 0.0) is None
