"""A treadmill offered on MQTT, without a broker: what is commanded is judged by what reaches the belt."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.mqtt.beat import BEAT
from backstride.apps.mqtt.desk import BURST, FRESH_FOR
from backstride.apps.mqtt.messages import read, write_command
from backstride.apps.mqtt.payloads import Answer, Command, Outcome, Verb
from backstride.apps.mqtt.station import AGREED_FOR
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from backstride.workout.events import Ask
from backstride.workout.profile import Stand
from tests.support.bench import starts, targets, until, written
from tests.support.mqtt import Counter, counter, repertoire
from tests.support.workout import profile, ramp, steady

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    VirtualTime = Callable[[Coroutine[Any, Any, Any]], Any]


async def walking(den: Counter, session: str = "long") -> None:
    """Choose a session, start it, and wait until the belt walks at its first target."""
    assert (await den.asked(Verb.PROFILE, session)).outcome is Outcome.CONFIRMED
    assert (await den.asked(Verb.START)).outcome is Outcome.CONFIRMED
    await until(lambda: den.machine.state.speed == Speed(200), within=90)
    await asyncio.sleep(6.0)


def test_a_session_is_chosen_started_steered_paused_and_stopped_and_each_command_answered(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    """Judged from the belt's side: one Start for each start, targets as they were asked for, a Stop at the end."""

    async def story() -> None:
        async with counter(treadmill) as den:
            assert den.session.state == "idle"
            assert den.session.asking is Ask.START
            await walking(den)
            assert starts(treadmill) == 1
            assert (await den.asked(Verb.SET_SPEED, Speed(260))).outcome is Outcome.CONFIRMED
            assert treadmill.belt.speed == pytest.approx(2.6, abs=0.02)
            assert (await den.asked(Verb.SET_INCLINE, Incline(20))).outcome is Outcome.CONFIRMED
            assert (den.session.target_speed, den.session.target_incline) == (Speed(260), Incline(20))
            assert (await den.asked(Verb.PAUSE)).outcome is Outcome.CONFIRMED
            assert treadmill.belt.speed == 0
            assert den.state.standing is True
            assert (await den.asked(Verb.RESUME)).outcome is Outcome.CONFIRMED
            assert starts(treadmill) == 2
            assert (await den.asked(Verb.SKIP)).outcome is Outcome.CONFIRMED
            assert den.session.step == 1
            assert (await den.asked(Verb.STOP)).outcome is Outcome.CONFIRMED
            assert treadmill.belt.speed == 0
            assert den.session.state == "idle"
            names = [event["event"] for event in den.events()]
            assert {"state", "step", "target", "command", "ended"} <= set(names)
            assert "sample" not in names

    virtual_time(story())


def test_s5_a_pause_is_not_confirmed_by_a_record_of_zero_speed_from_a_moving_belt(virtual_time: VirtualTime) -> None:
    treadmill = SimulatedTreadmill(faults=["zero-glitch=2@pause", "stop-ignored@pause"])

    async def story() -> None:
        async with counter(treadmill) as den:
            await walking(den)
            answer = await den.asked(Verb.PAUSE)
            assert treadmill.belt.speed > 0
            assert answer.outcome is Outcome.UNKNOWN

    virtual_time(story())


def test_a_whole_session_runs_to_its_end_and_another_can_begin(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            for number in (1, 2):
                assert (await den.asked(Verb.PROFILE, "short")).outcome is Outcome.CONFIRMED
                assert (await den.asked(Verb.START)).outcome is Outcome.CONFIRMED
                await until(lambda: den.session.state == "idle", within=300)
                assert [event["ending"] for event in den.events() if event["event"] == "ended"] == ["finished"] * number
                assert starts(treadmill) == number
            assert treadmill.belt.speed == 0

    virtual_time(story())


def test_s1_nothing_that_comes_over_mqtt_starts_a_belt_that_is_not_meant_to(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill, allow_start=False) as den:
            for verb in (Verb.START, Verb.RESUME, Verb.CONFIRM):
                answer = await den.asked(verb)
                assert answer.outcome is Outcome.REJECTED
                assert "S1" in answer.reason
            for verb, argument in (
                (Verb.SET_SPEED, Speed(300)),
                (Verb.SET_INCLINE, Incline(10)),
                (Verb.SKIP, None),
                (Verb.PAUSE, None),
            ):
                answer = await den.asked(verb, argument)
                assert answer.reason == "there is no session; start begins one"
            await asyncio.sleep(30)
            assert written(treadmill) == ["00"]
            assert treadmill.belt.distance == 0
            assert not json.loads(den.on("capabilities")[0])["allows_start"]

    virtual_time(story())


@pytest.mark.parametrize(
    ("verb", "argument", "reason"),
    [
        (Verb.SET_SPEED, Speed(1500), "S7"),
        (Verb.SET_SPEED, Speed(0), "S7"),
        (Verb.SET_SPEED, Speed(203), "between this machine's steps; the nearest is 2.00 km/h. (S7)"),
        (Verb.SET_INCLINE, Incline(120), "S7"),
        (Verb.RESUME, None, "S3"),
        (Verb.CONFIRM, None, "there is nothing to confirm (S3)"),
        (Verb.START, None, "that is not possible while the session is running (S2)"),
        (Verb.PROFILE, "short", "a session runs already"),
        (Verb.PROFILE, "/etc/passwd", "a session runs already"),
    ],
)
def test_what_the_session_refuses_is_answered_with_its_reason_and_changes_nothing(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill, verb: Verb, argument: Speed | None, reason: str
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            await walking(den)
            before = written(treadmill)
            answer = await den.asked(verb, argument)
            assert answer.outcome is Outcome.REJECTED
            assert reason in answer.reason
            await asyncio.sleep(20)
            assert written(treadmill) == before
            assert treadmill.belt.speed == pytest.approx(2.0)

    virtual_time(story())


@pytest.mark.parametrize("name", ["../profiles/retro-walk.yaml", "nothing", "retro-walk.yaml"])
def test_only_a_session_on_offer_can_be_chosen_and_a_name_never_becomes_a_path(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill, name: str
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            answer = await den.asked(Verb.PROFILE, name)
            assert answer.outcome is Outcome.REJECTED
            assert "is on offer" in answer.reason
            assert den.session.profile == "first-steps"

    virtual_time(story())


def test_s7_limits_above_the_default_ones_are_agreed_to_before_the_start(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            assert (await den.asked(Verb.PROFILE, "hard")).outcome is Outcome.CONFIRMED
            assert den.asking == Ask.CONFIRM
            refused = await den.asked(Verb.START)
            assert refused.outcome is Outcome.REJECTED
            assert "Do you agree?" in refused.reason
            assert starts(treadmill) == 0
            assert (await den.asked(Verb.CONFIRM)).outcome is Outcome.CONFIRMED
            assert den.asking == Ask.START
            assert (await den.asked(Verb.START)).outcome is Outcome.CONFIRMED
            assert (await den.asked(Verb.STOP)).outcome is Outcome.CONFIRMED
            assert den.asking == Ask.CONFIRM, "who starts again agrees again"

    virtual_time(story())


def test_s7_an_agreement_lapses_where_nobody_starts(virtual_time: VirtualTime, treadmill: SimulatedTreadmill) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            await den.asked(Verb.PROFILE, "hard")
            await den.asked(Verb.CONFIRM)
            assert den.asking == Ask.START
            await asyncio.sleep(AGREED_FOR + 2)
            assert den.asking == Ask.CONFIRM
            assert (await den.asked(Verb.START)).outcome is Outcome.REJECTED
            assert starts(treadmill) == 0

    virtual_time(story())


STANDS = profile(steady("2.0", 10.0), Stand(duration=3.0), Stand(duration=3.0))
"""A session with two stands behind each other, the last of which is its end."""


@pytest.mark.parametrize("verb", [Verb.CONFIRM, Verb.RESUME])
def test_a_word_that_leads_from_a_stand_to_the_next_or_to_the_end_is_confirmed(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill, verb: Verb
) -> None:
    async def story() -> None:
        async with counter(treadmill, offer=repertoire(stands=STANDS)) as den:
            assert (await den.asked(Verb.PROFILE, "stands")).outcome is Outcome.CONFIRMED
            assert (await den.asked(Verb.START)).outcome is Outcome.CONFIRMED
            await until(lambda: den.session.step == 1 and den.asking == Ask.CONFIRM, within=60)
            assert (await den.asked(verb)).outcome is Outcome.CONFIRMED
            await until(lambda: den.session.step == 2 and den.asking == Ask.CONFIRM, within=60)
            assert (await den.asked(verb)).outcome is Outcome.CONFIRMED
            await until(lambda: den.session.state == "idle", within=60)
            assert [event["ending"] for event in den.events() if event["event"] == "ended"] == ["finished"]
            assert starts(treadmill) == 1

    virtual_time(story())


def test_s4_a_stop_is_on_the_air_at_once_behind_ten_thousand_commands(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            await walking(den)
            for number in range(10_000):
                den.station.command(
                    write_command(Command(f"f{number}", den.now(), Verb.SET_SPEED, Speed(200 + number % 2 * 10)))
                )
            den.station.stop(b'{"id":"halt"}')
            asked_at = asyncio.get_running_loop().time()
            assert (await den.answered("halt")).outcome is Outcome.CONFIRMED
            stop = next(write for write in treadmill.writes if write.value.hex() == "0801")
            assert stop.time - asked_at <= 0.25
            assert treadmill.belt.speed == 0
            assert den.counters.refused["flooded"] == 10_000 - BURST
            assert len(den.answers()) <= BURST + 10

    virtual_time(story())


HOSTILE = (
    b"\x00\xff",
    b"[" * 900,
    b" " * 5000,
    b'{"id":"x","sent_at":1,"command":"start"}',
    b'{"id":"x","sent_at":1e10,"command":"set_speed","speed_km_h":9}',
    b'{"id":"x","sent_at":"now","command":"skip"}',
    b'{"id":7,"command":["stop"]}',
    b'{"id":"x","command":"set_speed","speed_km_h":NaN}',
)


@pytest.mark.parametrize("model", ["generic", "horizon-omega-z"])
def test_a_flood_of_hostile_input_in_every_phase_leaves_the_belts_log_as_it_would_be_without(
    virtual_time: VirtualTime, model: str
) -> None:
    """From before the start through countdown, rise, incline, stand and the end, twenty messages every half second."""
    session = profile(
        steady("1.2", 10.0), ramp("2.4", 20.0, "2"), steady("2.4", 10.0), Stand(duration=3.0), steady("1.6", 10.0)
    )

    async def story(*, hostile: bool) -> list[tuple[float, str]]:
        treadmill = SimulatedTreadmill(model)
        async with counter(treadmill, offer=repertoire(session=session)) as den:
            await den.asked(Verb.PROFILE, "session")
            begun = den.command(Verb.START)
            for number in range(300):
                for octets in HOSTILE * 3 if hostile else ():
                    den.station.command(octets, retained=bool(number % 2))
                await asyncio.sleep(0.3)
                if den.session.asking is Ask.CONFIRM and den.machine.state.standing is True:
                    den.command(Verb.CONFIRM)
                await asyncio.sleep(0.2)
            await asyncio.sleep(BEAT)
            answers = [read(Answer, octets) for octets in den.on("answer")]
            assert [answer.outcome for answer in answers if answer.id == begun] == [Outcome.CONFIRMED]
            assert len(answers) <= 300 / 2 + 20
            assert [event["ending"] for event in den.events() if event["event"] == "ended"] == ["finished"]
            if hostile:
                refused = den.counters.refused
                assert {"flooded", "malformed", "oversized"} <= set(refused)
                assert sum(refused.values()) >= 300 * len(HOSTILE) * 3
            return [(round(write.time, 3), write.value.hex()) for write in treadmill.writes]

    assert virtual_time(story(hostile=True)) == virtual_time(story(hostile=False))


def test_s4_a_flood_of_stops_stops_once_and_answers_within_bounds(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            await walking(den)
            for number in range(5_000):
                den.station.stop(b'{"id":"s%d"}' % number)
            assert (await den.answered("s0")).outcome is Outcome.CONFIRMED
            assert written(treadmill).count("0801") <= 3
            assert den.counters.unanswered == 5_000 - 32
            assert treadmill.belt.speed == 0

    virtual_time(story())


def test_s4_a_stop_reaches_a_belt_that_was_started_on_the_console_without_a_session(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill, allow_start=False) as den:
            treadmill.console.press_start()
            await until(lambda: den.state.standing is False)
            den.station.stop(b'{"id":"halt"}')
            assert (await den.answered("halt")).outcome is Outcome.CONFIRMED
            assert treadmill.belt.speed == 0
            den.station.stop(b"\xff\x00 anything at all")
            assert (await den.asked(Verb.STOP)).outcome is Outcome.CONFIRMED

    virtual_time(story())


def test_s1_a_start_while_somebody_walks_without_a_session_is_refused_and_leaves_their_belt_alone(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            treadmill.console.press_start()
            await until(lambda: den.state.standing is False)
            answer = await den.asked(Verb.START)
            assert (answer.outcome, answer.reason) == (
                Outcome.REJECTED,
                "the belt is moving already; stop it first (S1)",
            )
            await asyncio.sleep(20)
            assert written(treadmill) == ["00"]
            assert treadmill.belt.speed > 0

    virtual_time(story())


def test_s4_a_stop_right_behind_a_start_is_the_end_of_it(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            begun = den.command(Verb.START)
            stopped = den.command(Verb.STOP)
            assert (await den.answered(stopped)).outcome is Outcome.CONFIRMED
            assert den.outcome(begun) == "rejected"
            await asyncio.sleep(20)
            assert starts(treadmill) == 0
            assert den.session.state == "idle"
            countdown = den.command(Verb.START)
            await asyncio.sleep(3)
            assert (await den.asked(Verb.STOP)).outcome is Outcome.CONFIRMED
            assert den.outcome(countdown) == "rejected"
            assert starts(treadmill) == 0

    virtual_time(story())


def test_s4_a_start_that_a_stop_has_overtaken_on_its_way_starts_nothing(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    """Stop has a connection of its own: what was sent before it may come after it."""

    async def story() -> None:
        async with counter(treadmill) as den:
            delayed = write_command(Command("delayed", den.now(), Verb.START))
            await asyncio.sleep(FRESH_FOR / 4)  # so that nothing but the Stop stands against it
            den.station.stop(b"")
            await asyncio.sleep(FRESH_FOR / 4)
            den.station.command(delayed)
            assert (await den.answered("delayed")).outcome is Outcome.REJECTED
            await asyncio.sleep(20)
            assert treadmill.belt.speed == 0
            assert starts(treadmill) == 0
            assert (await den.asked(Verb.START)).outcome is Outcome.CONFIRMED

    virtual_time(story())


def test_s12_nothing_begins_without_a_link_or_while_the_belt_is_being_stopped(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            treadmill.drop_link(out_of_reach_for=30)
            await until(lambda: den.on("availability")[-1] == b"offline")
            assert "S12" in (await den.asked(Verb.START)).reason
            assert (await den.asked(Verb.STOP)).outcome is Outcome.UNKNOWN
            await until(lambda: den.on("availability")[-1] == b"online", within=120)
            await asyncio.sleep(10)
            treadmill.console.press_start()
            await until(lambda: den.state.standing is False)
            treadmill.console.set_speed(Speed(800))
            await until(lambda: treadmill.belt.speed >= 7.9)
            den.station.stop()
            await asyncio.sleep(FRESH_FOR + 0.1)
            assert (await den.asked(Verb.START)).reason == "the belt is being stopped (S2)"

    virtual_time(story())


def test_s13_a_session_whose_record_cannot_be_written_does_not_begin(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill, tmp_path: Path
) -> None:
    (tmp_path / "records").write_text("no folder", encoding="ascii")
    offer = repertoire()
    offer.records = tmp_path / "records"

    async def story() -> None:
        async with counter(treadmill, offer=offer) as den:
            assert (await den.asked(Verb.START)).outcome is Outcome.REJECTED
            assert den.session.state == "idle"
            assert starts(treadmill) == 0

    virtual_time(story())


def test_s11_who_starts_after_the_console_has_taken_control_takes_it_back_first(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            begun = den.command(Verb.START)
            await asyncio.sleep(1)
            treadmill.console.take_control()
            assert (await den.answered(begun)).outcome is Outcome.REJECTED
            assert (await den.asked(Verb.RESUME)).reason == "control is back; nothing was started or set"
            assert starts(treadmill) == 0
            assert (await den.asked(Verb.RESUME)).outcome is Outcome.CONFIRMED
            assert starts(treadmill) == 1

    virtual_time(story())


def test_s10_a_start_that_the_machine_only_acknowledges_is_unknown(virtual_time: VirtualTime) -> None:
    treadmill = SimulatedTreadmill(faults=["no-motion"])

    async def story() -> None:
        async with counter(treadmill) as den:
            answer = await den.asked(Verb.START)
            assert answer.outcome is Outcome.UNKNOWN
            assert answer.reason

    virtual_time(story())


def test_a_newer_target_takes_the_place_of_the_one_before_which_is_answered(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            await walking(den)
            first = den.command(Verb.SET_SPEED, Speed(400))
            await asyncio.sleep(3)
            second = den.command(Verb.SET_SPEED, Speed(150))
            assert den.outcome(first) == "unknown"
            assert (await den.answered(second)).outcome is Outcome.CONFIRMED
            assert treadmill.belt.speed == pytest.approx(1.5)
            assert (await den.asked(Verb.SET_SPEED, Speed(150))).reason == "that is its target already"

    virtual_time(story())


def test_s11_a_target_that_the_console_overrides_is_answered_so(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            await walking(den)
            wanted = den.command(Verb.SET_SPEED, Speed(400))
            await asyncio.sleep(3)
            treadmill.console.set_speed(Speed(120))
            answer = await den.answered(wanted)
            assert answer.outcome is Outcome.REJECTED
            assert "S11" in answer.reason

    virtual_time(story())


@pytest.mark.parametrize("verb", [Verb.CONFIRM, Verb.RESUME])
def test_s12_a_link_that_is_lost_is_told_and_made_again_with_and_without_a_session(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill, verb: Verb
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            assert den.on("availability") == [b"online"]
            treadmill.drop_link()
            await until(lambda: den.on("availability")[-1] == b"offline")
            assert den.state.standing is None
            await until(lambda: den.on("availability")[-1] == b"online", within=120)
            await walking(den)
            treadmill.drop_link()
            await until(lambda: den.on("availability")[-1] == b"offline")
            assert den.state.stale
            await until(lambda: den.session.asking is Ask.RESUME, within=120)
            assert (await den.asked(verb)).outcome is Outcome.CONFIRMED
            assert starts(treadmill) == 1

    virtual_time(story())


def test_s6_a_bridge_that_goes_leaves_a_standing_belt(virtual_time: VirtualTime, treadmill: SimulatedTreadmill) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            await walking(den)
        assert treadmill.belt.speed == 0
        assert den.on("availability")[-1] == b"offline"

    virtual_time(story())


def test_s6_a_bridge_that_goes_while_a_belt_is_being_stopped_sees_it_stand_and_says_so(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            treadmill.console.press_start()
            await until(lambda: den.state.standing is False)
            treadmill.console.set_speed(Speed(800))
            await until(lambda: treadmill.belt.speed >= 7.9)
            halt = den.command(Verb.STOP)
        assert treadmill.belt.speed == 0
        assert den.outcome(halt) == "confirmed"

    virtual_time(story())


def test_another_bridge_s_treadmill_takes_nothing_but_a_stop(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            await walking(den)
            den.station.gives_way = True
            before = targets(treadmill)
            den.command(Verb.SET_SPEED, Speed(300))
            await asyncio.sleep(20)
            assert targets(treadmill) == before
            assert den.counters.refused == {"not_ours": 1}
            den.station.stop(b"")
            await until(lambda: treadmill.belt.speed == 0)

    virtual_time(story())


def test_the_state_comes_at_one_a_second_while_it_changes_and_not_otherwise(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with counter(treadmill) as den:
            await asyncio.sleep(5)
            before = len(den.on("state"))
            await asyncio.sleep(60)
            assert len(den.on("state")) == before
            await walking(den)
            before = len(den.on("state"))
            await asyncio.sleep(30)
            assert 28 <= len(den.on("state")) - before <= 31

    virtual_time(story())


def test_a_treadmill_that_can_run_no_session_on_offer_is_shown_and_cannot_be_started(
    virtual_time: VirtualTime, treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        offer = repertoire()
        offer.profiles = {"too fast": profile(steady("19.0", 60.0))}
        async with counter(treadmill, offer=offer) as den:
            assert den.session.profile == ""
            answer = await den.asked(Verb.START)
            assert answer.reason == "this treadmill cannot run any session that is on offer"

    virtual_time(story())


def test_a_beat_that_came_late_does_not_delay_those_behind_it(virtual_time: Callable[..., Any]) -> None:
    async def walked() -> None:
        treadmill = SimulatedTreadmill()
        async with counter(treadmill) as den:
            den.command(Verb.START)
            await until(lambda: den.session.state == "running", 60.0)
            before, began = len(den.on("state")), den.now()
            for _ in range(20):
                await asyncio.sleep(0.35)
                treadmill.stall(0.9)
            assert len(den.on("state")) - before >= den.now() - began - 1.5

    virtual_time(walked())
