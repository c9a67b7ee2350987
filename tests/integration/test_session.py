"""Whole sessions over the real client, judged by the belt's own log (safety rules S1 to S6, S9 to S12)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.driver.machine import Machine
from backstride.machines.facts import load_facts
from backstride.protocol.control_point import OpCode
from backstride.simulator.memory import Air
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from backstride.workout.events import (
    Ask,
    CommandSettled,
    Countdown,
    Ended,
    Ending,
    Held,
    LinkChanged,
    Overridden,
    SessionEvent,
    SessionState,
    StateChanged,
    TargetSet,
)
from backstride.workout.inputs import AdjustSpeed, Begin, Confirm, Pause, Resume, Skip, Stop
from backstride.workout.profile import Facing, Stand
from tests.support.bench import Address, altered, hang, starts, targets, until, written
from tests.support.outing import Outing
from tests.support.workout import steady

if TYPE_CHECKING:
    from collections.abc import Callable

State = SessionState
WALKING = (steady("2.0", 300.0),)


# S1


def test_nothing_moves_before_a_person_starts(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """S1: then one Start, after the countdown, and no target before the belt is seen to move."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await asyncio.sleep(60)
            assert written(treadmill) == ["00"]
            began = treadmill.now
            await outing.start()
            assert [event.seconds for event in outing.told(Countdown)] == [5, 4, 3, 2, 1]
            await outing.until_speed(2.0)
            values = [(write.value[:1].hex(), write.time - began) for write in treadmill.writes[1:]]
            assert [value for value, _ in values[:2]] == ["07", "02"]
            assert values[0][1] == pytest.approx(5.0, abs=0.01)
        assert starts(treadmill) == 1

    virtual_time(story())


def test_a_belt_that_moves_already_is_not_started(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S1."""

    async def story() -> None:
        treadmill.console.press_start()
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await asyncio.sleep(5)
            outing.session.act(Begin())
            await asyncio.sleep(10)
            assert outing.state is State.READY
            assert [event.rule for event in outing.told(Held)] == ["S1"]
            assert starts(treadmill) == 0

    virtual_time(story())


def test_a_machine_that_does_not_start_ends_the_session_with_a_stop(virtual_time: Callable[..., Any]) -> None:
    """S5, S10."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"ignored": (OpCode.START_OR_RESUME,)}))
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await asyncio.sleep(3)
            outing.session.act(Begin())
            ended = await outing.ended()
            assert ended.ending is Ending.ABORTED
            assert "did not start" in ended.reason
            assert ended.belt_standing is True
        assert written(treadmill)[1:3] == ["07", "0801"]

    virtual_time(story())


# S6


def test_a_session_ends_with_a_standing_belt(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """S6."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, steady("2.0", 60.0)) as outing:
            await outing.start()
            assert await outing.ended() == Ended(Ending.FINISHED, "", belt_standing=True)
            assert treadmill.belt.standing
        assert starts(treadmill) == 1

    virtual_time(story())


@pytest.mark.parametrize("after", [5.1, 6.5, 9.0, 20.0])
def test_a_cancelled_session_stops_the_belt_within_five_seconds(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, after: float
) -> None:
    """S6: in the dead time after Start, while the speed rises, and later."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            outing = Outing(machine, *WALKING)
            running = asyncio.create_task(outing.session.run())
            await asyncio.sleep(3)
            outing.session.act(Begin())
            await asyncio.sleep(after)
            assert starts(treadmill) == 1
            began = treadmill.now
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert treadmill.now - began <= 5.0
            assert treadmill.belt.target == 0
            (ended,) = outing.told(Ended)
            assert ended.ending is Ending.ABORTED
            assert ended.belt_standing is True
        await asyncio.sleep(20)
        assert treadmill.belt.standing

    virtual_time(story())


def test_a_cancelled_session_whose_belt_does_not_stop_says_so(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S5, S6: five seconds, and the last word is that nobody knows."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            async with Outing(machine, *WALKING) as outing:
                await outing.start()
                await outing.until_speed(2.0)
                treadmill.strike("stop-ignored")
                treadmill.strike("speed-ignored")
                began = treadmill.now
            assert treadmill.now - began == pytest.approx(5.0, abs=0.1)
            (ended,) = outing.told(Ended)
            assert ended.belt_standing is None
            assert outing.warnings[-1] == "S5"
        assert treadmill.now - began == pytest.approx(5.0, abs=0.2)

    virtual_time(story())


def test_a_cancelled_session_without_a_link_says_that_nobody_knows(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S6, S12."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            async with Outing(machine, *WALKING) as outing:
                await outing.start()
                treadmill.leave_range()
                await until(lambda: not machine.is_connected)
            (ended,) = outing.told(Ended)
            assert ended.belt_standing is None

    virtual_time(story())


@pytest.mark.parametrize("event", [StateChanged, TargetSet, CommandSettled])
def test_a_listener_that_fails_stops_the_belt_and_is_heard_of(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, event: type[SessionEvent]
) -> None:
    """S6: an exception anywhere."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            outing = Outing(machine, *WALKING)

            def broken(told: SessionEvent, _: float) -> None:
                if isinstance(told, event) and outing.state is State.RUNNING:
                    raise LookupError("not my day")

            outing.session.listen(broken)
            async with outing:
                outing.session.act(Begin())
                with pytest.raises(LookupError, match="not my day"):
                    await outing.ended()
            assert treadmill.belt.standing
            (ended,) = outing.told(Ended)
            assert ended.ending is Ending.ABORTED
            assert ended.belt_standing is True
            assert "not my day" in ended.reason

    virtual_time(story())


def test_a_runner_that_fails_stops_the_belt_and_is_heard_of(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S6: an exception anywhere."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            outing.session.runner._conduct = None  # type: ignore[assignment] # noqa: SLF001 - breaks it for good
            with pytest.raises(AttributeError):
                await outing.ended()
            assert treadmill.belt.standing

    virtual_time(story())


# S11: the console


def test_a_speed_set_on_the_console_is_held_and_not_fought(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S11: to the end of the step."""

    async def story() -> None:
        steps = (steady("2.0", 60.0), steady("2.4", 60.0))
        async with Machine.connect(treadmill) as machine, Outing(machine, *steps) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            before = len(targets(treadmill))
            treadmill.console.set_speed(Speed(150))
            treadmill.console.set_incline(Incline(10))
            await asyncio.sleep(20)
            assert [(event.speed, event.incline) for event in outing.told(Overridden)] == [
                (Speed(150), None),
                (None, Incline(10)),
            ]
            assert treadmill.belt.speed == 1.5
            assert len(targets(treadmill)) == before
            await outing.until_speed(2.4, within=90)
            assert treadmill.belt.incline == 0

    virtual_time(story())


def test_a_speed_set_on_the_console_without_a_word_is_adopted(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S11: no decision on the absence of a status (facts 8)."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            before = len(targets(treadmill))
            treadmill.peripheral.session.set_speed(treadmill.now, Speed(100))
            await asyncio.sleep(20)
            assert len(outing.told(Overridden)) == 1
            assert treadmill.belt.speed == 1.0
            assert len(targets(treadmill)) == before

    virtual_time(story())


@pytest.mark.parametrize("act", ["press_stop", "press_pause", "pull_safety_key"])
def test_a_stop_on_the_console_is_final_until_a_person_starts_again(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, act: str
) -> None:
    """S2, S11."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            getattr(treadmill.console, act)()
            await outing.until_state(State.PAUSED, within=0.5)
            before = len(treadmill.writes)
            await asyncio.sleep(120)
            assert treadmill.belt.standing
            assert len(treadmill.writes) == before
            treadmill.console.insert_safety_key()
            outing.session.act(Resume())
            await outing.until_speed(2.0)
        assert starts(treadmill) == 2

    virtual_time(story())


def test_a_stop_without_a_word_is_seen(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """S2, S11: the belt stands in telemetry, and that is enough."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            treadmill.peripheral.session.stop(treadmill.now)
            await outing.until_state(State.PAUSED)
            before = len(treadmill.writes)
            await asyncio.sleep(60)
            assert len(treadmill.writes) == before
            assert treadmill.belt.standing

    virtual_time(story())


def test_a_start_on_the_console_is_a_person_s_start(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S1, S11: after a pause, and nothing is sent for it."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            treadmill.console.press_pause()
            await outing.until_state(State.PAUSED)
            await asyncio.sleep(10)
            treadmill.console.press_start()
            await outing.until_state(State.RUNNING)
        assert starts(treadmill) == 1

    virtual_time(story())


def test_a_resume_right_after_a_start_that_the_console_ended_is_a_new_start(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S2: the old start's outcome does not end the new one."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await asyncio.sleep(3)
            outing.session.act(Begin())
            await until(lambda: starts(treadmill) == 1)
            treadmill.console.press_stop()
            await outing.until_state(State.PAUSED)
            await asyncio.sleep(1)
            outing.session.act(Resume())
            await outing.until_state(State.RUNNING)
        assert starts(treadmill) == 2

    virtual_time(story())


def test_control_taken_by_another_client_is_left_alone(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S11: nothing is set until a person takes control back."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            async with Machine.connect(treadmill):
                await asyncio.sleep(1)
                before = [write for write in treadmill.writes if write.connection == 1]
                outing.session.act(AdjustSpeed(Speed(20)))
                await asyncio.sleep(20)
                assert [write for write in treadmill.writes if write.connection == 1] == before
                assert outing.warnings == ["S11"]
            outing.session.act(Confirm())
            await asyncio.sleep(2)
            outing.session.act(AdjustSpeed(Speed(20)))
            await asyncio.sleep(20)
            assert treadmill.belt.speed == 2.2

    virtual_time(story())


# Pause, stop, skip, stand


def test_a_person_s_stop_reaches_the_peripheral_in_the_same_breath(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4: with the write of the session's next target still to come."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            outing.session.act(AdjustSpeed(Speed(20)))
            outing.session.act(Stop())
            await asyncio.sleep(0)
            assert written(treadmill)[-1] == "0801"
            ended = await outing.ended()
            assert ended == Ended(Ending.STOPPED, "you stopped it", belt_standing=True)
            assert "02dc00" not in written(treadmill)

    virtual_time(story())


def test_a_pause_and_a_resume_start_the_belt_once_more(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S2."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            outing.session.act(Pause())
            await asyncio.sleep(30)
            assert treadmill.belt.standing
            assert written(treadmill)[-1] == "0802"
            outing.session.act(Resume())
            await outing.until_speed(2.0)
            outing.session.act(Skip())
            assert (await outing.ended()).ending is Ending.FINISHED
        assert starts(treadmill) == 2

    virtual_time(story())


def test_turning_round_waits_for_a_standing_belt_and_a_person(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S3."""

    async def story() -> None:
        steps = (
            steady("2.0", 30.0),
            Stand(until_confirmed=True),
            steady("3.0", 30.0, facing=Facing.FORWARD),
        )
        async with Machine.connect(treadmill) as machine, Outing(machine, *steps) as outing:
            await outing.start()
            await until(lambda: outing.asking is Ask.CONFIRM, within=60)
            assert treadmill.belt.standing
            before = len(treadmill.writes)
            await asyncio.sleep(120)
            assert len(treadmill.writes) == before
            outing.session.act(Confirm())
            assert (await outing.ended()).ending is Ending.FINISHED
        assert starts(treadmill) == 2

    virtual_time(story())


# S9, S10


def test_a_speed_that_is_not_obeyed_is_said_and_nothing_increases(virtual_time: Callable[..., Any]) -> None:
    """S9, S10; the machine is taken for one that obeys."""

    async def story() -> None:
        treadmill = SimulatedTreadmill("xterra-t85")
        async with (
            Machine.connect(treadmill, facts=load_facts("generic")) as machine,
            Outing(machine, *WALKING) as outing,
        ):
            await outing.start()
            await until(lambda: "S10" in outing.warnings)
            ignored = next(
                write.time
                for write in treadmill.writes
                if write.value[:1] == b"\x02" and write.value != b"\x02\x50\x00"
            )
            assert treadmill.now - ignored <= 8.0
            await asyncio.sleep(60)
            assert len(targets(treadmill)) <= 2
            assert treadmill.belt.speed == 0.8

    virtual_time(story())


def test_nothing_increases_while_telemetry_is_old(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S9: three seconds without a record."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(1.1)
            for connection in treadmill.peripheral.connections:
                connection.subscriptions.clear()
            quiet = treadmill.now
            await asyncio.sleep(9)
            late = [write for write in treadmill.writes if write.time > quiet + 3.0]
            assert late == []
            await asyncio.sleep(2)
            assert "S12" in outing.warnings

    virtual_time(story())


# S12


def test_a_link_lost_on_the_way_is_said_at_once_and_made_anew(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S12: on return the speed is held; it rises only when a person confirms."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await until(lambda: len(targets(treadmill)) >= 2)
            reached = treadmill.belt.target
            assert reached < 2.0
            before = len(treadmill.writes)
            treadmill.drop_link()
            await until(lambda: "S12" in outing.warnings, within=0.2)
            await until(lambda: outing.asking is Ask.RESUME)
            await asyncio.sleep(30)
            assert [event.connected for event in outing.told(LinkChanged)] == [False, True]
            assert written(treadmill)[before:] == ["00"]
            assert treadmill.belt.target == reached
            outing.session.act(Confirm())
            await outing.until_speed(2.0)
        assert starts(treadmill) == 1

    virtual_time(story())


def test_a_belt_that_stands_on_return_is_not_started(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S2, S12."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            treadmill.drop_link()
            treadmill.console.press_stop()
            await outing.until_state(State.PAUSED)
            await asyncio.sleep(60)
            assert treadmill.belt.standing
            assert written(treadmill)[-1] == "00"
            outing.session.act(Resume())
            await outing.until_speed(2.0)
        assert starts(treadmill) == 2

    virtual_time(story())


def test_a_machine_that_was_switched_off_for_minutes_is_found_again(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S12: endless attempts, until the person ends the session."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            treadmill.power_off()
            await asyncio.sleep(600)
            treadmill.power_on()
            await outing.until_state(State.PAUSED)
            assert treadmill.belt.standing
            assert starts(treadmill) == 1

    virtual_time(story())


def test_a_stop_without_a_link_ends_with_nobody_knowing(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S5, S12."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            treadmill.leave_range()
            await until(lambda: "S12" in outing.warnings)
            outing.session.act(Stop())
            ended = await outing.ended()
            assert ended.belt_standing is None
            assert ended.ending is Ending.ABORTED

    virtual_time(story())


def test_a_stop_without_a_link_is_sent_when_it_comes_back_in_time(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S5, S12."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            treadmill.drop_link()
            await until(lambda: "S12" in outing.warnings)
            outing.session.act(Stop())
            ended = await outing.ended()
            assert ended.belt_standing is True
            assert treadmill.belt.standing

    virtual_time(story())


def test_another_machine_under_the_address_is_never_driven(virtual_time: Callable[..., Any]) -> None:
    """S12."""

    async def story() -> None:
        air = Air()
        ours, other = SimulatedTreadmill("generic", air=air), SimulatedTreadmill("sole-f85", air=air)
        address = Address(ours.device, ours.backend)
        async with Machine.connect(address) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            address.device = other.device
            ours.drop_link()
            await asyncio.sleep(120)
            assert written(other) == []
            assert not machine.is_connected
            outing.session.act(Stop())
            assert (await outing.ended()).belt_standing is None

    virtual_time(story())


def test_a_session_that_begins_without_a_link_makes_one(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            async with Outing(machine, *WALKING) as outing:
                await until(lambda: machine.is_connected)
                await asyncio.sleep(3)
                await outing.start()

    virtual_time(story())


def test_a_stop_on_a_busy_machine_ends_the_session_on_a_new_link(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine, Outing(machine, *WALKING) as outing:
            await outing.start()
            await outing.until_speed(2.0)
            release = hang(treadmill)
            outing.session.act(AdjustSpeed(Speed(10)))
            await until(lambda: written(treadmill)[-1] == "02d200")
            release()
            outing.session.act(Stop())
            ended = await outing.ended(within=10)
            assert ended == Ended(Ending.STOPPED, "you stopped it", belt_standing=True)
            assert "S5" in outing.warnings

    virtual_time(story())
