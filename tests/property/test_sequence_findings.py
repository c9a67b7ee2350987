"""What the stateful tests have found, each as a plain test."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from backstride.driver import events as machine
from backstride.driver.confirmation import Command, Confirmed, Unknown
from backstride.driver.machine import Machine
from backstride.driver.state import MachineState
from backstride.protocol.control_point import StartOrResume, StopOrPause, StopOrPauseRequest
from backstride.protocol.procedures import ProcedureQueue
from backstride.protocol.tickets import Write
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Speed
from backstride.workout.events import Ended, Held, SessionState, StateChanged
from backstride.workout.inputs import Begin, Confirm, Observed, Resume, SetSpeed, StartBelt, Stop
from tests.support.outing import Outing
from tests.support.workout import Bench, only, steady

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


def test_s1_s12_a_start_that_is_counted_down_is_over_when_the_link_goes_without_a_word() -> None:
    """A link made anew for a Stop is told by its state alone (`Observed`, not connected), without `LinkLost`."""
    bench = Bench(steady("2", 60.0))
    bench.see("0")
    bench.see("0")
    bench.give(Begin())
    bench.give(Observed(MachineState(connected=False)))
    for _ in range(6):
        bench.tick(1.0)
    assert bench.all(StartBelt) == []
    assert bench.runner.state is SessionState.PAUSED


def test_s7_s11_a_held_console_speed_between_two_steps_is_rounded_down_after_a_new_start() -> None:
    bench = Bench(steady("2", 60.0))
    bench.walk()
    bench.pass_time(8.0)
    bench.happen(machine.ConsoleSpeed(Speed(115)))
    bench.see("1.15")
    bench.happen(machine.ConsoleStopped(pause=True))
    bench.see("0")
    bench.see("0")
    bench.give(Resume())
    before = len(bench.all(SetSpeed))
    bench.pass_time(30.0)
    again = [int(one.speed) for one in bench.all(SetSpeed)[before:]]
    assert again[-1] == 110
    assert all(speed % 10 == 0 for speed in again)


def test_s12_nobody_confirms_a_belt_that_has_not_been_seen_on_the_new_link() -> None:
    bench = Bench(steady("2", 60.0))
    bench.walk()
    bench.pass_time(12.0)
    bench.give(Observed(MachineState(connected=False)))
    bench.happen(machine.LinkLost("the connection was lost"))
    bench.runner._conduct.steering._speed.doubtful = True  # noqa: SLF001 - as a command that the link took with it
    bench.happen(machine.LinkRestored())
    said = bench.give(Confirm())
    assert only(said, Held)
    assert only(said, StateChanged) == []


def test_s5_the_belt_is_not_said_to_stand_when_it_has_been_seen_moving_since_the_proof() -> None:
    """Both records may be handled in one turn of the loop (a stalled program), and the outcome after them."""
    bench = Bench(steady("2", 60.0))
    bench.walk()
    bench.pass_time(8.0)
    bench.give(Stop())
    bench.see("0")
    bench.see("0")
    bench.see("0.8", standing=False)
    bench.settle(Command.STOP, Confirmed())
    assert not [one for one in bench.all(Ended) if one.belt_standing]


def test_s11_a_confirmation_does_not_rebase_a_target_that_the_console_has_set() -> None:
    """The outcome of our older command comes after the console's change; the doubt is not about the console's."""
    bench = Bench(steady("2", 60.0))
    bench.walk()
    bench.pass_time(6.0)
    bench.see()
    bench.runner._conduct.steering._speed.in_flight = 1  # noqa: SLF001 - one of ours is on its way
    bench.happen(machine.ConsoleSpeed(Speed(450)))
    bench.settle(Command.SPEED, Unknown("nothing came"))
    bench.see("2.6", standing=False)
    before = len(bench.all(SetSpeed))
    bench.give(Confirm())
    bench.now += 6.0
    bench.see("2.6", standing=False)
    assert bench.all(SetSpeed)[before:] == []


def test_s4_a_stray_answer_does_not_settle_a_stop_that_has_not_been_written() -> None:
    queue = ProcedureQueue(has_control=True)
    stop = queue.submit(StopOrPauseRequest(StopOrPause.STOP), 0.0)
    assert [type(item) for item in queue.poll(0.0)] == [Write]
    queue.indicated(bytes.fromhex("800801"), 0.0)  # the second copy of the answer to an earlier Stop
    assert queue.poll(0.0) == []
    assert queue.begins(stop), "the Stop goes out"


def test_s11_what_was_on_its_way_when_control_was_taken_is_not_asked_for_again() -> None:
    queue = ProcedureQueue(has_control=True)
    start = queue.submit(StartOrResume(), 0.0)
    queue.poll(0.0)
    queue.begins(start)
    queue.written(start, 0.0)
    queue.control_lost()
    queue.withdraw()
    queue.indicated(bytes.fromhex("800705"), 0.1)
    assert [item for item in queue.poll(0.1) if isinstance(item, Write)] == []


def test_s11_a_belt_is_not_started_after_control_was_taken(
    virtual_time: Callable[[Coroutine[Any, Any, Any]], Any],
) -> None:
    treadmill = SimulatedTreadmill()

    async def story() -> None:
        async with Machine.connect(treadmill) as connected, Outing(connected, steady("1.5", 30.0)) as outing:
            await asyncio.sleep(2.5)
            outing.session.act(Begin())
            await asyncio.sleep(5.0)
            treadmill.console.take_control()
            await asyncio.sleep(5.0)
            assert treadmill.belt.standing

    virtual_time(story())


def test_s6_leaving_takes_five_seconds_and_not_five_for_each_layer(
    virtual_time: Callable[[Coroutine[Any, Any, Any]], Any],
) -> None:
    treadmill = SimulatedTreadmill()
    took: list[float] = []

    async def story() -> None:
        async with Machine.connect(treadmill) as connected, Outing(connected, steady("1.5", 30.0)) as outing:
            await asyncio.sleep(2.5)
            outing.session.act(Begin())
            await asyncio.sleep(0.0)
            treadmill.strike("returns-other")
            await asyncio.sleep(20.0)
            left = treadmill.now
        took.append(treadmill.now - left)

    virtual_time(story())
    assert took[0] <= 7.5, "five seconds, and what a silent air takes"
