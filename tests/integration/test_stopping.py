"""Stop wins: how fast it reaches the peripheral, what proves it, and that leaving stops (safety rules S4, S5, S6)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.driver.confirmation import Confirmed, Unknown
from backstride.driver.machine import Machine
from backstride.errors import Disconnected, SafetyError
from backstride.machines.facts import load_facts
from backstride.protocol.control_point import OpCode
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from tests.support.bench import WALK, Heard, altered, altered_facts, hang, starts, targets, walking, written

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def stops_after(treadmill: SimulatedTreadmill, instant: float) -> list[tuple[float, str]]:
    """Return every write from `instant` on: how long after it, and the octets."""
    return [(round(write.time - instant, 1), write.value.hex()) for write in treadmill.writes if write.time >= instant]


async def turns_until(condition: Callable[[], bool], call: Callable[[], Awaitable[object]]) -> int:
    """Call `call` and count the turns of the event loop until `condition` holds."""
    loop, turns = asyncio.get_running_loop(), 0
    done = asyncio.Event()

    def count() -> None:
        nonlocal turns
        turns += 1
        if condition():
            done.set()
        else:
            loop.call_soon(count)

    pending = call()
    loop.call_soon(count)
    await done.wait()
    await pending
    return turns


# How fast it is, safety rule S4


@pytest.mark.parametrize("command", ["stop", "pause"])
def test_stop_is_at_the_peripheral_in_the_next_turn_of_the_loop(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, command: str
) -> None:
    """S4."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            turns = await turns_until(lambda: written(treadmill)[-1][:2] == "08", getattr(machine, command))
            assert turns == 1

    virtual_time(story())


def test_stop_does_not_wait_for_a_procedure_that_hangs(virtual_time: Callable[..., Any]) -> None:
    """S4: one turn of the loop as well while an earlier procedure is unanswered and more are waiting."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"unanswered": (OpCode.SET_TARGET_INCLINATION,)}))
        async with Machine.connect(treadmill, facts=load_facts("generic")) as machine:
            await walking(machine)
            uphill = asyncio.create_task(machine.set_incline(Incline(10)))
            await asyncio.sleep(1)
            faster = asyncio.create_task(machine.set_speed(Speed(400)))
            await asyncio.sleep(0.1)
            assert written(treadmill)[-1] == "030a00"
            assert await turns_until(lambda: written(treadmill)[-1] == "0801", machine.stop) == 1
            assert treadmill.belt.standing
            assert await uphill == await faster == Unknown("the belt was stopped")
        assert targets(treadmill) == ["022c01", "030a00"]

    virtual_time(story())


def test_a_start_and_a_stop_in_one_turn_leave_a_standing_belt(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S2, S4: whatever the order in which the loop gets to them."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await asyncio.sleep(3)
            starting = asyncio.create_task(machine.start())
            stopped = machine.stop()
            with pytest.raises(SafetyError, match="being stopped"):
                await starting
            assert await stopped == Confirmed()
            starting = asyncio.create_task(machine.start())
            await asyncio.sleep(0)  # the start has got as far as the queue
            assert await machine.stop() == Confirmed()
            assert await starting == Unknown("the belt was stopped")
            await asyncio.sleep(10)
        assert starts(treadmill) == 0
        assert treadmill.belt.log.target_at(treadmill.now) == 0

    virtual_time(story())


def test_a_busy_machine_gets_stop_every_half_second_and_then_a_new_link_for_it(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4: it answers everything with ATT 0xFE until its link is gone."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            release = hang(treadmill)
            uphill = asyncio.create_task(machine.set_incline(Incline(10)))
            await asyncio.sleep(0.1)
            release()
            began = treadmill.now
            assert await machine.stop() == Confirmed()
            assert await uphill == Unknown("the belt was stopped")
            assert treadmill.belt.standing
            assert machine.is_connected
            assert heard.names == ["StopUnproven"]
        sent = stops_after(treadmill, began)
        first_link = treadmill.writes[0].connection
        on_first = [
            one
            for one, write in zip(sent, treadmill.writes[-len(sent) :], strict=True)
            if write.connection == first_link
        ]
        assert [at for at, _ in on_first] == pytest.approx([0.0, 0.5, 1.0, 1.5], abs=0.11)
        assert {value for _, value in on_first} == {"0801"}
        after = [value for _, value in sent[len(on_first) :]]
        assert after[:3] == ["0801", "00", "0801"]
        assert sent[len(on_first)][0] < 2.6
        assert starts(treadmill) == 1

    virtual_time(story())


def test_a_busy_machine_that_cannot_say_so_gets_a_new_link_for_the_stop(virtual_time: Callable[..., Any]) -> None:
    """S4: a write without response is dropped without a word."""

    async def story() -> None:
        treadmill = SimulatedTreadmill("bh-t01")
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            release = hang(treadmill)
            uphill = asyncio.create_task(machine.set_incline(Incline(10)))
            await asyncio.sleep(0.1)
            release()
            began = treadmill.now
            assert await machine.stop() == Confirmed()
            assert treadmill.now - began < 8
            await uphill
            (first, *_) = [write.time for write in treadmill.writes if write.connection == 2]
            assert first - began < 2.6

    virtual_time(story())


def test_a_stop_whose_write_is_never_answered_gets_a_new_link(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4: ATT has room for one request at a time, so a request that hangs keeps Stop from the air."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.latency = 20.0
            uphill = asyncio.create_task(machine.set_incline(Incline(10)))
            await asyncio.sleep(0.1)
            treadmill.latency = 0.015
            began = treadmill.now
            assert await machine.stop() == Confirmed()
            await uphill
            (first, *_) = stops_after(treadmill, began)
            assert first[1] == "0801"
            assert first[0] < 3.0

    virtual_time(story())


def test_a_new_link_for_the_stop_that_cannot_be_made_is_a_lost_link(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4, S12."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            release = hang(treadmill)
            uphill = asyncio.create_task(machine.set_incline(Incline(10)))
            await asyncio.sleep(0.1)
            release()
            stopping = machine.stop()
            await asyncio.sleep(1.9)
            asyncio.get_running_loop().call_later(0.2, treadmill.power_off)
            assert isinstance(await stopping, Unknown)
            assert heard.names == ["StopUnproven", "LinkLost"]
            await uphill

    virtual_time(story())


# What proves a stop, safety rule S5


def test_stop_is_repeated_and_escalates_until_the_belt_stands(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S5: the machine acknowledges everything and does nothing; the console stops it in the end."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            treadmill.strike("stop-ignored")
            treadmill.strike("speed-ignored")
            began = treadmill.now
            stopping = asyncio.ensure_future(machine.stop())
            await asyncio.sleep(6.5)
            assert not stopping.done()
            assert treadmill.belt.speed == 3.0
            assert heard.names == ["StopUnproven"]
            assert heard.times[0] - began == pytest.approx(2.0, abs=0.05)
            treadmill.console.press_stop()
            assert await stopping == Confirmed()
            assert treadmill.belt.standing
        steps = [value for _, value in stops_after(treadmill, began)]
        assert steps[:7] == ["0801", "0801", "0802", "025000", "0801", "0801", "0802"]
        assert [at for at, _ in stops_after(treadmill, began)][:5] == pytest.approx([0, 1, 2, 3, 4], abs=0.11)

    virtual_time(story())


def test_the_lowest_speed_that_still_waits_is_not_written_to_the_belt_that_stands_at_last(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S2: the escalation's own target waits behind a procedure that hangs."""

    async def story() -> None:
        treadmill.peripheral.facts = treadmill.facts
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            unanswering = altered_facts(treadmill.facts, unanswered=(OpCode.SET_TARGET_INCLINATION,))
            treadmill.peripheral.facts = unanswering
            treadmill.strike("stop-ignored")
            uphill = asyncio.create_task(machine.set_incline(Incline(10)))
            await asyncio.sleep(1)
            stopping = machine.stop()
            await asyncio.sleep(3.1)
            assert "025000" not in written(treadmill)
            treadmill.console.press_stop()
            assert await stopping == Confirmed()
            await uphill
            await asyncio.sleep(60)
        assert "025000" not in written(treadmill)

    virtual_time(story())


def test_a_belt_that_has_not_moved_yet_does_not_prove_a_stop(virtual_time: Callable[..., Any]) -> None:
    """S5: Start is acknowledged, the belt still stands, Stop is acknowledged without effect, the belt moves off."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(altered(control={"ignored": (OpCode.STOP_OR_PAUSE,)}, belt={"dead_time": 3.0}))
        async with Machine.connect(treadmill, facts=load_facts("generic")) as machine:
            heard = Heard(machine)
            await asyncio.sleep(3)
            starting = asyncio.create_task(machine.start())
            await asyncio.sleep(0.5)
            stopping = asyncio.ensure_future(machine.stop())
            assert await starting == Unknown("the belt was stopped")
            await asyncio.sleep(2)
            assert treadmill.belt.speed == 0
            assert not stopping.done()
            await asyncio.sleep(2)
            assert treadmill.belt.speed > 0
            assert not stopping.done()
            await asyncio.sleep(3)
            assert heard.names == ["StopUnproven"]
            treadmill.console.pull_safety_key()
            assert await stopping == Confirmed()

    virtual_time(story())


def test_a_start_stopped_before_the_first_motion_ends_in_a_proven_stop(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S5: and nobody is told to run for the console meanwhile."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await asyncio.sleep(3)
            starting = asyncio.create_task(machine.start())
            await asyncio.sleep(0.5)
            assert await machine.stop() == Confirmed()
            await starting
            assert heard.names == []
        assert treadmill.belt.log.speed_at(treadmill.now) == 0

    virtual_time(story())


def test_a_press_every_moment_does_not_keep_the_warning_away(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4, S5: each press is written, and the two seconds run on."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            await walking(machine)
            treadmill.strike("stop-ignored")
            before = len(treadmill.writes)
            presses = []
            for _ in range(7):
                presses.append(machine.stop())
                await asyncio.sleep(0.35)
            assert written(treadmill)[before:].count("0801") >= 7
            assert heard.names == ["StopUnproven"]
            treadmill.console.press_stop()
            assert await asyncio.gather(*presses) == [Confirmed()] * 7

    virtual_time(story())


def test_stopping_can_be_waited_for_or_not(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """S4: it begins with the call, and whoever gives up waiting does not end it."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(machine.stop(), 0.01)
            await asyncio.sleep(5)
            assert machine.state.standing is True

    virtual_time(story())


# What leaving does, safety rule S6


async def leave_by(how: str, machine: Machine) -> None:
    match how:
        case "the end":
            return
        case "an exception":
            raise LookupError("not my day")
        case "cancelling":
            asyncio.current_task().cancel()  # type: ignore[union-attr] # there is one: this very code
            await asyncio.sleep(1000)
        case _:
            machine.on_state(lambda _: None)
            raise Disconnected("a command failed")


@pytest.mark.parametrize("how", ["the end", "an exception", "cancelling", "a command"])
@pytest.mark.parametrize("model", ["generic", "bh-t01", "kingsmith-z1", "yesoul-w2-pro"])
def test_leaving_stops_the_belt_within_five_seconds(virtual_time: Callable[..., Any], how: str, model: str) -> None:
    """S6."""

    async def story() -> None:
        treadmill = SimulatedTreadmill(model)
        left = 0.0

        async def use() -> None:
            nonlocal left
            async with Machine.connect(treadmill) as machine:
                grid = machine.capabilities.speed
                assert grid is not None
                await walking(machine, grid.snap(WALK))
                left = treadmill.now
                await leave_by(how, machine)

        await asyncio.gather(asyncio.create_task(use()), return_exceptions=True)
        assert treadmill.belt.standing
        assert treadmill.now - left <= 5.1
        assert treadmill.peripheral.connections == []

    virtual_time(story())


def test_leaving_before_the_first_motion_stops_as_well(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S6: Start is on its way, and the belt still stands."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await asyncio.sleep(3)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(machine.start(), 0.2)
            assert machine.state.standing is True
        assert written(treadmill)[-1] == "0801"
        await asyncio.sleep(10)
        assert treadmill.belt.standing

    virtual_time(story())


def test_leaving_a_belt_that_does_not_stop_takes_five_seconds_and_no_more(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S6."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.strike("stop-ignored")
            treadmill.strike("speed-ignored")
            left = treadmill.now
        assert treadmill.now - left == pytest.approx(5.0, abs=0.1)
        assert written(treadmill).count("0801") >= 3

    virtual_time(story())


def test_whoever_waits_for_a_command_hears_when_the_machine_is_left(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            faster = asyncio.create_task(machine.set_speed(Speed(1000)))
            await asyncio.sleep(0.1)
        assert isinstance(await faster, Unknown)

    virtual_time(story())


def test_stop_reaches_a_machine_that_takes_five_seconds_for_every_answer(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S4: a target hangs, the link is made anew, control is gone, and every refusal comes late."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.strike("answer-late=5")
            slower = asyncio.create_task(machine.set_speed(Speed(200)))
            await asyncio.sleep(0.1)
            began = treadmill.now
            assert await machine.stop() == Confirmed()
            assert treadmill.belt.standing
            assert treadmill.now - began < 30
            await slower

    virtual_time(story())


@pytest.mark.parametrize("act", ["console-stop", "safety-key"])
def test_after_a_stop_on_the_console_the_escalation_sets_no_target(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, act: str
) -> None:
    """S2, S5: telemetry that repeats itself shows a belt that runs on; the console has said that it does not."""

    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.strike("frozen")
            treadmill.strike(act)
            await asyncio.sleep(0.1)
            before = len(targets(treadmill))
            stopping = machine.stop()
            await asyncio.sleep(12)
            assert len(targets(treadmill)) == before
            assert written(treadmill).count("0801") >= 6
            treadmill.mend()
            assert await stopping == Confirmed()

    virtual_time(story())
