"""Trying again: how often, for how long, and never deaf for long (safety rule S12)."""

from __future__ import annotations

import asyncio
import gc
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError

from backstride.driver.machine import Machine
from backstride.driver.reconnect import LISTEN_FOR, LONGEST_PAUSE, MOST_TROUBLES, pauses, reconnect
from tests.support.bench import Heard, until
from tests.support.roaming import System

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.simulator.treadmill import SimulatedTreadmill

NO_ADAPTER = BleakBluetoothNotAvailableError("no adapter", BleakBluetoothNotAvailableReason.NO_BLUETOOTH)
CYCLE = LONGEST_PAUSE + LISTEN_FOR
"""Seconds from one attempt to the next, when nothing is heard and nothing found."""


def test_pauses_double_up_to_five_seconds_and_never_end() -> None:
    assert list(islice(pauses(), 7)) == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]


def test_a_machine_that_comes_back_after_minutes_is_connected_again(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            heard = Heard(machine)
            treadmill.power_off()
            await until(lambda: not machine.is_connected)
            again = asyncio.create_task(reconnect(machine))
            await asyncio.sleep(300)
            assert not again.done()
            treadmill.power_on()
            assert await until(again.done, within=60) < LONGEST_PAUSE + 2
            assert machine.is_connected
            assert heard.names == ["LinkLost", "LinkRestored"]

    virtual_time(story())


def test_giving_up_leaves_nothing_behind(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """Whatever it is doing at that instant: connecting, pausing, listening."""

    async def story(after: float) -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            treadmill.leave_range()
            await until(lambda: not machine.is_connected)
            again = asyncio.create_task(reconnect(machine))
            await asyncio.sleep(after)
            again.cancel()
            await asyncio.gather(again, return_exceptions=True)
            assert not machine.is_connected
            assert not machine.state.connected
        treadmill.enter_range()
        assert treadmill.peripheral.connections == []

    for after in (0, 5, 15.2, 20, 36, 60):
        virtual_time(story(after))


# A machine that advertises for only a minute after power-on (demands, entry 1)


@pytest.mark.parametrize("away", [3.0, 16.0, 47.0, 180.0, 183.0, 187.0, 195.0, 201.0])
@pytest.mark.parametrize("forgotten", [True, False], ids=["forgotten by the system", "known to the system"])
def test_a_machine_that_advertises_for_a_minute_is_caught_in_it(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill, away: float, *, forgotten: bool
) -> None:
    """BlueZ forgets a device that was unseen for a while; then only a scan finds it."""

    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            treadmill.leave_range()  # where nobody answers, an attempt hangs
            await until(lambda: not machine.is_connected)
            system.remembers = not forgotten
            again = asyncio.create_task(reconnect(machine))
            await asyncio.sleep(away)
            assert not again.done()
            back = asyncio.get_running_loop().time()
            treadmill.enter_range()
            asyncio.get_running_loop().call_later(60, treadmill.hide)
            took = await until(again.done, within=60)
            assert took < 22  # a stale attempt, a pause, and an advertisement
            assert system.deafness(back - away, back + took) <= LONGEST_PAUSE + 0.01

    virtual_time(story())


def test_a_machine_that_connects_without_being_heard_is_tried_again(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        async with Machine.connect(treadmill) as machine:
            treadmill.power_off()
            treadmill.hide()
            await until(lambda: not machine.is_connected)
            again = asyncio.create_task(reconnect(machine))
            await asyncio.sleep(100)
            treadmill.power_on()
            assert await until(again.done, within=60) <= CYCLE + 1

    virtual_time(story())


def test_a_machine_that_is_heard_but_takes_nobody_is_not_hammered(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """Another app may hold its only link."""

    async def story() -> None:
        system = System()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            busy = BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-remote"])

            def refuse(operation: str) -> None:
                if operation == "connect":
                    raise busy

            system.before = refuse
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            system.connects.clear()
            again = asyncio.create_task(reconnect(machine))
            await asyncio.sleep(120)
            gaps = [later - earlier for earlier, later in zip(system.connects, system.connects[1:], strict=False)]
            assert gaps[:5] == pytest.approx([0.5, 1.0, 2.0, 4.0, 5.0], abs=1.05)
            assert min(gaps[5:]) >= LONGEST_PAUSE
            again.cancel()

    virtual_time(story())


# Endless


def test_attempts_go_on_for_hours_and_cost_nothing(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S12: until the person ends the session."""

    async def story() -> None:
        system, loop = System(), asyncio.get_running_loop()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            system.remembers = False
            treadmill.power_off()
            await until(lambda: not machine.is_connected)
            system.connects.clear()
            again = asyncio.create_task(reconnect(machine))
            await asyncio.sleep(600)
            system.connects.clear()
            gc.collect()
            before = len(gc.get_objects())
            tasks, timers = len(asyncio.all_tasks()), len(loop._scheduled)  # type: ignore[attr-defined] # noqa: SLF001
            began = loop.time()
            await asyncio.sleep(2 * 3600)
            assert len(asyncio.all_tasks()) <= tasks
            assert len(loop._scheduled) <= timers + 100  # type: ignore[attr-defined] # noqa: SLF001 - cancelled ones go late
            attempts, deaf = len(system.connects), system.deafness(began, loop.time())
            assert attempts == pytest.approx(2 * 3600 / CYCLE, abs=2)
            assert deaf <= LONGEST_PAUSE + 0.01
            system.connects.clear()
            system.listening.clear()
            gc.collect()
            assert len(gc.get_objects()) - before < 200
            treadmill.power_on()
            assert await until(again.done, within=60) < LONGEST_PAUSE + 2

    virtual_time(story())


# An adapter that vanishes and comes back


def test_an_adapter_that_vanishes_is_told_once_and_waited_for(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    """S12: bluetoothd is gone, and every attempt fails at once with another error than that of a machine asleep."""

    async def story() -> None:
        system, told = System(), list[str]()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            system.fails = FileNotFoundError("/run/dbus/system_bus_socket")
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            system.connects.clear()
            again = asyncio.create_task(reconnect(machine, told.append))
            await asyncio.sleep(600)
            assert [sentence for sentence in told if "bluetoothd" in sentence] == told
            assert len(told) == 1
            gaps = [later - earlier for earlier, later in zip(system.connects, system.connects[1:], strict=False)]
            assert gaps == pytest.approx([0.5, 1.0, 2.0, 4.0, *[5.0] * (len(gaps) - 4)], abs=0.3)
            system.fails = NO_ADAPTER
            await asyncio.sleep(60)
            assert len(told) == 2
            assert told[1] == "This computer has no Bluetooth adapter, or none that the system knows; plug one in."
            system.fails, system.remembers = None, False
            assert await until(again.done, within=60) < LONGEST_PAUSE + 2
            assert len(told) <= 3

    virtual_time(story())


def test_an_error_that_reads_anew_each_time_is_not_told_for_hours(
    virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill
) -> None:
    async def story() -> None:
        system, told = System(), list[str]()
        async with Machine.connect(system.reaching(treadmill)) as machine:

            def fail(operation: str) -> None:
                raise BleakDBusError("org.bluez.Error.Failed", [f"{operation} {len(system.connects)}"])

            system.before = fail
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            again = asyncio.create_task(reconnect(machine, told.append))
            await asyncio.sleep(3600)
            assert len(told) == len(set(told)) == MOST_TROUBLES
            again.cancel()

    virtual_time(story())


def test_a_first_failure_is_not_told(virtual_time: Callable[..., Any], treadmill: SimulatedTreadmill) -> None:
    """The loss itself was said, and most links are back at the second attempt."""

    async def story() -> None:
        system, told = System(), list[str]()
        async with Machine.connect(system.reaching(treadmill)) as machine:
            treadmill.drop_link()
            await until(lambda: not machine.is_connected)
            system.remembers = False
            await asyncio.wait_for(reconnect(machine, told.append), 120)
            assert len(system.connects) == 3
            assert told == []

    virtual_time(story())
