"""The driver on the real bleak client: what reaches the peripheral, and what is said of it (S1, S2, S7, S10, S11)."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from backstride.driver import events
from backstride.driver.confirmation import Confirmed, Rejected, Unknown
from backstride.driver.machine import Machine
from backstride.errors import ControlLost, Disconnected, NotATreadmill, NotFound, SafetyError
from backstride.machines.facts import GENERIC, MachineFacts, PauseEffect, known_machines, load_facts
from backstride.protocol import uuids
from backstride.protocol.control_point import OpCode
from backstride.simulator.memory import Air
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from tests.support.bench import WALK, Heard, altered, hang, starts, targets, until, walking, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.simulator.gatt import Characteristic


# Connecting


def recognised_as(facts: MachineFacts) -> str:
    """Return the file that is found for a machine: not its own where its name is another's, or is not noted."""
    identity = facts.identity
    nameless = not (identity.anonymous or identity.names or identity.shapes or identity.shared)
    return identity.twin or (GENERIC if nameless else facts.id)


@pytest.mark.parametrize("model", known_machines())
def test_connecting_asks_for_control_and_never_starts_anything(virtual_time: Callable[..., Any], model: str) -> None:
    """S1, on every machine file."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(model)
        async with Machine.connect(treadmill) as machine:
            await asyncio.sleep(5)
            assert machine.facts.id == recognised_as(treadmill.facts)
            assert machine.state.standing is True
        control = machine.facts.control
        assert written(treadmill) == ["00"] * (control.requests if control.properties else 0)
        assert treadmill.belt.log.speed_at(5) == 0
        assert treadmill.peripheral.connections == []

    virtual_time(story())


def test_connecting_again_starts_nothing_either(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S1."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            treadmill.console.press_stop()
            await machine.reconnect()
            await asyncio.sleep(10)
            assert machine.state.standing is True
        assert starts(treadmill) == 1
        assert written(treadmill)[-1] == "00"

    virtual_time(story())


def test_a_machine_that_moves_is_looked_at_and_left_alone(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S1, S6: a belt that we did not start is not ours to stop."""

    async def story() -> None:
        treadmill.console.press_start()
        async with Machine.connect(treadmill) as machine:
            await asyncio.sleep(5)
            assert machine.state.standing is False
            assert await machine.start() == Rejected("the belt is moving already")
        assert written(treadmill) == ["00"]
        assert treadmill.belt.speed == 0.8

    virtual_time(story())


def test_the_training_status_is_read_at_once(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            assert machine.state.training_status == 0x01
            await walking(machine)
            assert machine.state.training_status == 0x0D

    virtual_time(story())


def without(treadmill: SimulatedTreadmill, *missing: str) -> SimulatedTreadmill:
    """Take characteristics away from a treadmill, as a firmware that lacks them."""
    peripheral = treadmill.peripheral

    def kept(characteristics: tuple[Characteristic, ...]) -> tuple[Characteristic, ...]:
        return tuple(one for one in characteristics if one.uuid not in missing)

    peripheral.services = tuple(
        type(service)(service.uuid, kept(service.characteristics)) for service in peripheral.services
    )
    return treadmill


def test_a_machine_without_a_control_point_only_reports(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        treadmill.console.press_start()
        async with Machine.connect(without(treadmill, uuids.CONTROL_POINT)) as machine:
            await asyncio.sleep(5)
            assert machine.state.speed == Speed(80)
            assert isinstance(await machine.start(), Rejected)
            assert isinstance(await machine.stop(), Unknown)
            with pytest.raises(SafetyError, match="no control point"):
                await machine.set_speed(WALK)
        assert treadmill.belt.speed == 0.8

    virtual_time(story())


def test_a_machine_without_an_incline_range_can_still_walk(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with Machine.connect(without(treadmill, uuids.SUPPORTED_INCLINATION_RANGE)) as machine:
            await walking(machine)
            with pytest.raises(SafetyError, match="does not tell its incline range"):
                await machine.set_incline(Incline(10))
        assert targets(treadmill) == ["022c01"]

    virtual_time(story())


def test_a_device_without_treadmill_data_is_no_treadmill(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        with pytest.raises(NotATreadmill, match="no Treadmill Data"):
            async with Machine.connect(without(treadmill, uuids.TREADMILL_DATA)):
                pass
        assert treadmill.peripheral.connections == []

    virtual_time(story())


def test_a_machine_that_is_not_there_is_not_found(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        treadmill.power_off()
        with pytest.raises(NotFound, match="not in reach"):
            async with Machine.connect(treadmill):
                pass

    virtual_time(story())


INSTANTS = [milliseconds / 1000 for milliseconds in range(0, 300, 7)]


def test_a_link_lost_at_any_instant_of_connecting_is_said_and_leaves_nothing(virtual_time: Callable[..., Any]) -> None:
    async def story(after: float) -> None:
        treadmill = SimulatedTreadmill()
        asyncio.get_running_loop().call_later(after, treadmill.drop_link)
        try:
            async with Machine.connect(treadmill) as machine:
                heard = Heard(machine)
                assert machine.is_connected
                await asyncio.sleep(1)
                assert machine.is_connected == (heard.names == [])
        except Disconnected:
            pass
        await asyncio.sleep(1)
        assert treadmill.peripheral.connections == []

    for after in INSTANTS:
        virtual_time(story(after))


def test_whoever_is_cancelled_at_any_instant_of_connecting_leaves_nothing(virtual_time: Callable[..., Any]) -> None:
    async def story(after: float) -> None:
        treadmill = SimulatedTreadmill()

        async def connect() -> None:
            async with Machine.connect(treadmill):
                await asyncio.sleep(100)

        connecting = asyncio.create_task(connect())
        await asyncio.sleep(after)
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        await asyncio.sleep(1)
        assert treadmill.peripheral.connections == []

    for after in INSTANTS:
        virtual_time(story(after))


def test_a_nameless_machine_is_known_by_its_model_number(virtual_time: Callable[..., Any]) -> None:
    """BlueZ gives a machine without a name its address with dashes for one."""

    async def story() -> None:
        treadmill = SimulatedTreadmill("horizon-omega-z")
        treadmill.device.name = treadmill.device.address.replace(":", "-")
        async with Machine.connect(treadmill) as machine:
            assert machine.facts.id == "horizon-omega-z"
            assert machine.name == "Horizon Omega Z"

    virtual_time(story())


# Commands and their outcomes


def test_a_walk_is_confirmed_step_by_step(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """S10."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            assert await machine.start() == Confirmed()
            assert treadmill.belt.speed > 0
            assert await machine.set_speed(Speed(420)) == Confirmed()
            assert treadmill.belt.target == 4.2
            assert await machine.set_incline(Incline(20)) == Confirmed()
            assert treadmill.belt.incline > 0
            await asyncio.sleep(20)
            assert treadmill.belt.speed == 4.2
            assert await machine.pause() == Confirmed()
            assert treadmill.belt.standing
            assert await machine.start() == Confirmed()
            assert await machine.stop() == Confirmed()
            assert treadmill.belt.standing
        asked = ["00", "07", "02a401", "031400", "0802", "07", "0801"]
        assert written(treadmill)[:7] == asked
        assert set(written(treadmill)[7:]) <= {"0801"}  # again after a second without a record (S5)

    virtual_time(story())


@pytest.mark.parametrize("model", ["bh-t01", "horizon-omega-z", "horizon-t202", "technogym-myrun", "kingsmith-z1"])
def test_a_walk_is_confirmed_on_machines_of_their_own_kind(virtual_time: Callable[..., Any], model: str) -> None:
    """S10: write-without-response, no answer to Request Control, mph, split records, pacing and motion first."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(model)
        async with Machine.connect(treadmill) as machine:
            grid = machine.capabilities.speed
            assert grid is not None
            speed = grid.snap(WALK)
            await walking(machine, speed)
            assert treadmill.belt.speed == pytest.approx(3.0, abs=0.05)
            assert await machine.stop() == Confirmed()
            assert treadmill.belt.standing

    virtual_time(story())


def test_an_incline_is_confirmed_on_a_scale_of_its_own(virtual_time: Callable[..., Any]) -> None:
    """S10; BH i.Concept reports 62.5 for each per cent and takes standard units."""

    async def story() -> None:
        treadmill = SimulatedTreadmill("bh-t01")
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            assert await machine.set_incline(Incline(40)) == Confirmed()
            await asyncio.sleep(10)
            assert machine.state.incline == Incline(40)
            assert treadmill.belt.incline == 4.0

    virtual_time(story())


def test_an_ignored_speed_is_unknown(virtual_time: Callable[..., Any]) -> None:
    """S10: acknowledged is not obeyed. The machine is taken for a generic one here."""

    async def story() -> None:
        treadmill = SimulatedTreadmill("xterra-t85")
        async with Machine.connect(treadmill, facts=load_facts("generic")) as machine:
            assert await machine.start() == Confirmed()
            outcome = await machine.set_speed(WALK)
            assert outcome == Unknown("the treadmill acknowledged speed, but the belt does not follow")

    virtual_time(story())


def test_a_refused_speed_is_rejected(virtual_time: Callable[..., Any]) -> None:
    """S10."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"refused": (OpCode.SET_TARGET_SPEED,)}))
        async with Machine.connect(treadmill) as machine:
            await machine.start()
            outcome = await machine.set_speed(WALK)
            assert isinstance(outcome, Rejected)
            assert outcome.result == 0x04

    virtual_time(story())


def test_a_speed_that_is_never_answered_is_unknown_although_the_belt_obeys(virtual_time: Callable[..., Any]) -> None:
    """S10."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"unanswered": (OpCode.SET_TARGET_SPEED,)}))
        async with Machine.connect(treadmill) as machine:
            await machine.start()
            assert await machine.set_speed(WALK) == Unknown("the treadmill did not answer")
            assert machine.state.speed == WALK
            assert targets(treadmill) == ["022c01"]

    virtual_time(story())


def test_a_machine_that_drops_hasty_writes_gets_them_in_its_own_time(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill("ronning-x27-pro")
        async with Machine.connect(treadmill) as machine:
            assert machine.facts.id == "ronning-x27-pro"
            await machine.start()
            faster, uphill = await asyncio.gather(machine.set_speed(WALK), machine.set_incline(Incline(20)))
            assert faster == uphill == Confirmed()
        times = [write.time for write in treadmill.writes]
        assert min(later - earlier for earlier, later in pairwise(times)) >= 0.4

    virtual_time(story())


@pytest.mark.parametrize("speed", [Speed(70), Speed(2010), Speed(305), Speed(-80)])
def test_a_speed_off_the_machine_s_grid_is_refused_and_nothing_is_written(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, speed: Speed
) -> None:
    """S7."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await machine.start()
            with pytest.raises(SafetyError) as refused:
                await machine.set_speed(speed)
            assert refused.value.rule == "S7"
        assert targets(treadmill) == []

    virtual_time(story())


def test_a_target_for_a_standing_belt_is_refused_and_nothing_is_written(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S2: before the first record, on a standing belt, while it is stopped, and after."""

    async def story() -> None:
        async def refused() -> bool:
            with pytest.raises(SafetyError) as speed:
                await machine.set_speed(WALK)
            with pytest.raises(SafetyError) as incline:
                await machine.set_incline(Incline(20))
            return {speed.value.rule, incline.value.rule} == {"S2"}

        async with Machine.connect(treadmill) as machine:
            assert await refused()
            await asyncio.sleep(3)
            assert await refused()
            await machine.start()
            stopped = machine.stop()
            assert machine.state.standing is False
            assert await refused()
            await stopped
            assert await refused()
        assert targets(treadmill) == []

    virtual_time(story())


def test_a_target_that_waits_is_not_written_once_the_belt_stands(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S2: the console stops the belt without a word while a target waits for the answer to the one before."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await machine.start()
            release = hang(treadmill, 5.0)
            uphill = asyncio.create_task(machine.set_incline(Incline(10)))
            await asyncio.sleep(0.1)
            release()
            faster = asyncio.create_task(machine.set_speed(WALK))
            await asyncio.sleep(0.1)
            treadmill.peripheral.session.stop(treadmill.now)
            await until(faster.done)
            assert machine.state.standing is True
            assert faster.result() == Rejected("the belt was stopped, or moved by somebody else, before this was sent")
            await uphill
            await asyncio.sleep(10)
        assert targets(treadmill) == ["030a00"]

    virtual_time(story())


def test_a_start_that_could_not_be_sent_in_time_is_never_sent(virtual_time: Callable[..., Any]) -> None:
    """S1: a start is for now. The machine answers the procedure before it only after 10 s."""

    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with Machine.connect(treadmill) as machine:
            await machine.start()
            release = hang(treadmill, 10.0)
            uphill = asyncio.create_task(machine.set_incline(Incline(10)))
            await asyncio.sleep(0.1)
            release()
            treadmill.console.press_stop()
            await until(lambda: machine.state.standing is True)
            outcome = await machine.start()
            assert isinstance(outcome, Rejected)
            assert "busy" in outcome.reason
            await uphill
            await asyncio.sleep(20)
        assert starts(treadmill) == 1
        assert treadmill.belt.standing

    virtual_time(story())


def test_a_start_whose_caller_has_gone_is_never_sent(virtual_time: Callable[..., Any]) -> None:
    """S1."""

    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with Machine.connect(treadmill) as machine:
            await machine.start()
            release = hang(treadmill, 3.0)
            uphill = asyncio.create_task(machine.set_incline(Incline(10)))
            await asyncio.sleep(0.1)
            release()
            treadmill.console.press_stop()
            await until(lambda: machine.state.standing is True)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(machine.start(), 0.1)
            await uphill
            await asyncio.sleep(20)
        assert starts(treadmill) == 1

    virtual_time(story())


def test_two_starts_are_one(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """S1: given once, used once; some machines take a second Start for Pause."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            first, second = await asyncio.gather(machine.start(), machine.start())
            assert first == Confirmed()
            assert second == Rejected("a start is on its way already")
        assert starts(treadmill) == 1

    virtual_time(story())


def test_a_machine_that_knows_no_pause_is_stopped(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"pause": PauseEffect.REFUSED}))
        async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
            await walking(machine)
            assert await machine.pause() == Confirmed()
        assert written(treadmill)[-1] == "0801"

    virtual_time(story())


# Console, control, and others


def test_what_the_console_does_is_told(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """S11."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            console = treadmill.console
            console.set_speed(Speed(250))
            console.set_incline(Incline(15))
            console.press_pause()
            await asyncio.sleep(8)
            console.press_start()
            await asyncio.sleep(5)
            console.press_stop()
            await asyncio.sleep(5)
            console.pull_safety_key()
            await asyncio.sleep(1)
            assert heard.events == [
                events.ConsoleSpeed(Speed(250)),
                events.ConsoleIncline(Incline(15)),
                events.ConsoleStopped(pause=True),
                events.ConsoleStarted(),
                events.ConsoleStopped(pause=False),
                events.SafetyKeyPulled(),
            ]

    virtual_time(story())


def test_a_machine_that_echoes_our_commands_is_not_taken_for_a_console(virtual_time: Callable[..., Any]) -> None:
    """S11; facts 8, D7."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"echoes_status": True}))
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            await asyncio.gather(machine.set_speed(Speed(280)), machine.set_speed(Speed(200)))
            await machine.set_incline(Incline(10))
            await machine.pause()
            await machine.start()
            await machine.stop()
            assert heard.names == []

    virtual_time(story())


def test_a_start_that_the_console_ended_is_over(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S2, S11."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            starting = asyncio.create_task(machine.start())
            await asyncio.sleep(0.5)
            treadmill.console.press_stop()
            await asyncio.sleep(0.1)
            assert starting.done()
            assert await starting == Unknown("the belt was stopped on the console")

    virtual_time(story())


def test_control_that_somebody_else_took_is_not_taken_back_unasked(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S11: neither by a command nor by connecting again."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            treadmill.console.take_control()
            await asyncio.sleep(1)
            assert heard.names == ["ControlTaken"]
            with pytest.raises(ControlLost):
                await machine.set_speed(Speed(400))
            await machine.reconnect()
            with pytest.raises(ControlLost):
                await machine.set_speed(Speed(400))
            assert written(treadmill).count("00") == 1
            assert await machine.take_control() == Confirmed()
            await until(lambda: machine.state.standing is False)
            assert await machine.set_speed(Speed(400)) == Confirmed()

    virtual_time(story())


def test_a_second_client_takes_control_and_stop_works_all_the_same(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4, S11."""

    async def story() -> None:
        async with Machine.connect(treadmill) as first:
            heard = Heard(first)
            await walking(first)
            async with Machine.connect(treadmill) as second:
                await asyncio.sleep(1)
                assert heard.names == ["ControlTaken"]
                assert await first.stop() == Confirmed()
                assert second.is_connected
            assert treadmill.belt.standing

    virtual_time(story())


@pytest.mark.parametrize("happening", ["stop", "control taken", "link lost"])
def test_s4_s11_a_machine_that_wants_to_be_asked_often_is_asked_no_more_once_that_is_out_of_date(
    virtual_time: Callable[..., Any], happening: str
) -> None:
    """The middle of three requests has been answered, and the next one is due in a second."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered())
        async with Machine.connect(treadmill) as machine:
            machine.facts = altered(control={"requests": 3, "request_gap": 1.0})
            treadmill.console.take_control()
            await asyncio.sleep(1.0)
            asked = len(written(treadmill))
            taking = asyncio.create_task(machine.take_control())
            await asyncio.sleep(1.5)
            assert written(treadmill)[asked:] == ["00", "00"]
            match happening:
                case "stop":
                    await machine.stop()
                case "control taken":
                    treadmill.console.take_control()
                case _:
                    machine.link_is_dead("it was lost")
            async with asyncio.timeout(60.0):
                assert isinstance(await taking, Rejected)
            assert written(treadmill)[asked:].count("00") == 2

    virtual_time(story())


def test_a_machine_that_gives_no_control_rejects(virtual_time: Callable[..., Any]) -> None:
    """S10."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"evicts": False}))
        async with Machine.connect(treadmill), Machine.connect(treadmill) as second:
            outcome = await second.start()
            assert isinstance(outcome, Rejected)
            assert outcome.result == 0x05
            assert isinstance(await second.take_control(), Rejected)
        assert starts(treadmill) == 0

    virtual_time(story())


def test_two_treadmills_at_once_do_not_mix(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air = Air()
        left, right = SimulatedTreadmill("generic", air=air), SimulatedTreadmill("yesoul-w2-pro", air=air)
        async with Machine.connect(left) as one, Machine.connect(right) as other:
            await asyncio.gather(walking(one, Speed(300)), walking(other, Speed(200)))
            assert (left.belt.speed, right.belt.speed) == (3.0, 2.0)
            assert await one.stop() == Confirmed()
            assert (left.belt.standing, right.belt.speed) == (True, 2.0)
        assert right.belt.standing
        assert written(left) == ["00", "07", "022c01", "0801"]
        assert written(right) == ["00", "07", "02c800", "0801"]

    virtual_time(story())


def test_the_iterators_end_when_the_machine_is_left(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            states, happenings = machine.states(), machine.events()
            await asyncio.sleep(3.5)
            treadmill.console.press_start()
            await asyncio.sleep(1)
        seen = [state async for state in states]
        assert [state.speed for state in seen[:3]] == [Speed(0)] * 3
        assert not seen[-1].connected
        assert [type(event) async for event in happenings] == [events.ConsoleStarted]

    virtual_time(story())


def test_a_lost_machine_takes_no_commands(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            for command in (machine.start, lambda: machine.set_speed(WALK), machine.take_control):
                with pytest.raises(Disconnected):
                    await command()
            assert isinstance(await machine.stop(), Unknown)

    virtual_time(story())
