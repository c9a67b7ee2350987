"""The console of a treadmill on the air: what keys do to the belt, and what is said of its clients."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from backstride.apps.cli.desk import Desk, Gossip
from backstride.apps.cli.keys import Key, read_console_keys
from backstride.apps.cli.on_air import draw
from backstride.driver.machine import Machine
from backstride.simulator.hci import HciTreadmill
from backstride.simulator.sensors import Sensor
from backstride.simulator.traffic import ControlWrite
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Speed, SpeedUnit

if TYPE_CHECKING:
    from collections.abc import Callable


def state(desk: Desk) -> tuple[str | None, bool]:
    """Return what is being typed, and whether it is over."""
    return desk.typing, desk.over


def test_the_buttons_move_the_belt_and_the_deck(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        desk = Desk(treadmill)
        async with Machine.connect(treadmill):
            assert desk.press("s") == "Start is pressed."
            await asyncio.sleep(10)
            assert treadmill.belt.speed == 0.8
            desk.press(Key.UP)
            desk.press(Key.UP)
            desk.press(Key.DOWN)
            desk.press(Key.RIGHT)
            await asyncio.sleep(10)
            assert (treadmill.belt.speed, treadmill.belt.incline) == (0.9, 0.5)
            desk.press("x")
            await asyncio.sleep(10)
            assert treadmill.belt.standing

    virtual_time(story())


def test_the_buttons_end_at_the_machine_s_limits(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        desk = Desk(treadmill)
        async with Machine.connect(treadmill):
            desk.press("s")
            for _ in range(5):
                desk.press(Key.DOWN)
                desk.press(Key.LEFT)
            assert (treadmill.belt.target, treadmill.belt.incline_target) == (0.8, 0.0)

    virtual_time(story())


def test_a_pulled_safety_key_stops_the_belt_and_its_return_moves_nothing(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        desk = Desk(treadmill)
        async with Machine.connect(treadmill):
            desk.press("s")
            await asyncio.sleep(5)
            assert desk.press("k") == "The safety key is pulled."
            await asyncio.sleep(5)
            assert desk.press("k") == "The safety key is back. Nothing moves by itself."
            await asyncio.sleep(5)
            assert treadmill.belt.standing

    virtual_time(story())


def test_a_fault_is_typed_letter_by_letter_and_strikes_at_enter() -> None:
    treadmill = SimulatedTreadmill()
    desk = Desk(treadmill)
    assert desk.press("f") is None
    for key in "stop-ignoredd":
        desk.press(key)
    desk.press("\x7f")
    assert state(desk) == ("stop-ignored", False)
    assert desk.press("\r") == "Fault: stop-ignored."
    assert state(desk) == (None, False)
    assert treadmill.peripheral.facts.control.ignored


def test_a_fault_that_is_none_says_so_and_one_that_is_given_up_does_nothing() -> None:
    desk = Desk(SimulatedTreadmill())
    said = [desk.press(key) for key in ("f", "n", "o", "\r")]
    assert "no" in str(said[-1])
    desk.press("f")
    desk.press("x")
    assert desk.press("\x1b") is None
    assert desk.typing is None


def test_q_ends_it_unless_it_is_part_of_a_fault() -> None:
    desk = Desk(SimulatedTreadmill())
    desk.press("f")
    desk.press("q")
    assert state(desk) == ("q", False)
    desk.press("\x1b")
    desk.press("q")
    assert state(desk) == (None, True)


def test_clients_commands_and_the_belt_are_told_in_sentences(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        gossip = Gossip(treadmill)
        assert gossip.news() == []
        async with Machine.connect(treadmill) as machine:
            told = gossip.news()
            assert "Client 1 is connected." in told
            assert "Client 1 subscribes to Treadmill Data." in told
            assert told[-1] == "Client 1: request control: success."
            await machine.start()
            await machine.set_speed(Speed(100))
            told = gossip.news()
            assert "Client 1: set target speed 1.00 km/h: success." in told
            assert "The belt moves." in told
        told = gossip.news()
        assert "Client 1: stop or pause stop: success." in told
        assert {"Client 1 is gone.", "The belt stands."} <= set(told)

    virtual_time(story())


@pytest.mark.parametrize(
    ("octets", "answer", "said"),
    [
        ("07", "800704", "Client 3: start or resume: operation failed."),
        ("55", "805502", "octets that are no command (55): op code not supported."),
        ("07", None, "Client 3: start or resume: no answer."),
    ],
)
def test_an_answer_is_told_as_what_it_is(octets: str, answer: str | None, said: str) -> None:
    treadmill = SimulatedTreadmill()
    gossip = Gossip(treadmill)
    told = None if answer is None else bytes.fromhex(answer)
    treadmill.peripheral.writes.append(ControlWrite(0.0, 3, bytes.fromhex(octets), None, told))
    assert gossip.news()[0].endswith(said)


def test_the_screen_shows_belt_clients_and_what_was_said_last() -> None:
    treadmill = HciTreadmill("generic", name="Demo")
    desk = Desk(treadmill)
    out = Console(width=100, record=True, file=None)
    treadmill.console.pull_safety_key()
    with out.capture() as shown:
        out.print(draw(treadmill, desk, deque(["first", "last"]), SpeedUnit.KMH, 30))
    text = shown.get()
    for part in ("Demo", treadmill.address, "SAFETY KEY PULLED", "Nobody is connected.", "last", "q quit"):
        assert part in text


def test_the_screen_shows_what_sensors_tell_of_the_walker_where_there_are_any() -> None:
    out = Console(width=100, record=True, file=None)
    shown = []
    for sensors in ([], [Sensor.RUNNING_SPEED], [Sensor.HEART_RATE]):
        treadmill = HciTreadmill(sensors=sensors)
        with out.capture() as captured:
            out.print(draw(treadmill, Desk(treadmill), deque(), SpeedUnit.KMH, 30))
        shown.append(captured.get())
    assert ["0 steps/min" in text for text in shown] == [False, True, False]
    assert ["62 bpm" in text for text in shown] == [False, False, True]


def test_arrows_are_keys_and_everything_else_is_itself() -> None:
    assert list(read_console_keys("a\x1b[A=\x1b[Bq")) == ["a", Key.UP, "=", Key.DOWN, "q"]
