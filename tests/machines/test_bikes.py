"""What two bikes of the research send, sent to the driver of a treadmill: it has to survive it (entries 72 and 73)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backstride.driver.confirmation import Confirmed
from backstride.driver.machine import Machine
from backstride.driver.state import TelemetryWatch
from backstride.errors import DecodeError
from backstride.machines.facts import GENERIC, RecordLayout, load_facts
from backstride.protocol import uuids
from backstride.protocol.control_point import decode_response
from backstride.protocol.treadmill_data import decode_treadmill_data
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Speed
from tests.machines.document import abilities
from tests.machines.quirks import entry
from tests.support.bench import altered, until, walking, written

if TYPE_CHECKING:
    from collections.abc import Callable

WITHOUT_SPEED, WITH_SPEED = 0x01F5, 0x0800
FIRST = bytes.fromhex("F501 640000 0A000000 3C00 5000 0500 FFFF FF 5A")
"""More data; 100 m, 1.0 m of climb, paces, 5 kcal, 90 beats a minute; no speed."""

SECOND = bytes.fromhex("0008 2C01 3C00")
"""3.00 km/h, 60 s remaining."""


def test_these_are_the_records_and_the_answer_of_the_entries() -> None:
    assert "two packets with different masks (0800 and 01F5)" in entry(72).text
    assert entry(73).control_exchanges == ({"write": "80", "reply": "02"},)


def test_both_parts_read_and_neither_says_more_than_it_has() -> None:
    first, second = decode_treadmill_data(FIRST), decode_treadmill_data(SECOND)
    assert (first.more_data, first.instantaneous_speed, first.total_distance, first.heart_rate) == (True, None, 100, 90)
    assert (second.more_data, second.instantaneous_speed, second.total_distance) == (False, 300, None)
    assert second.remaining_time == 60


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)], ids=["first comes first", "second comes first"])
def test_s10_parts_in_turn_are_one_belt_that_moves_and_never_one_that_stands(order: tuple[bytes, bytes]) -> None:
    watch = TelemetryWatch(abilities(load_facts(GENERIC)))
    watch.link_made()
    heard = [watch.feed(part, float(tick)) for tick in range(20) for part in order]
    seen = [state for state in heard if state is not None]
    assert {state.speed for state in seen} == {Speed(300)}
    assert not any(state.standing for state in seen)
    assert seen[-1].distance == 100


def test_a_treadmill_that_sends_so_is_walked_and_stopped(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        telemetry = {
            "flags": (WITHOUT_SPEED | WITH_SPEED) & ~1,
            "layout": RecordLayout.SPLIT,
            "packets": (WITHOUT_SPEED, WITH_SPEED),
        }
        treadmill = SimulatedTreadmill(altered(telemetry=telemetry))
        async with Machine.connect(treadmill) as machine:
            speeds: list[Speed | None] = []
            await walking(machine)
            machine.on_state(lambda state: speeds.append(state.speed))
            await asyncio.sleep(30)
            assert set(speeds) == {Speed(300)}
            assert machine.state.distance is not None
            assert await machine.stop() == Confirmed()

    virtual_time(story())


def test_an_answer_of_one_octet_is_no_answer() -> None:
    with pytest.raises(DecodeError, match="02 is not the op code of a response"):
        decode_response(b"\x02")
    with pytest.raises(DecodeError):
        decode_response(b"\x80")
    with pytest.raises(DecodeError):
        decode_response(b"")


def test_s4_an_answer_of_one_octet_neither_settles_a_command_nor_keeps_the_belt_from_being_stopped(
    virtual_time: Callable[..., Any],
) -> None:
    async def story() -> None:
        treadmill = SimulatedTreadmill()
        async with Machine.connect(treadmill) as machine:
            await walking(machine)
            treadmill.strike("answer-lost")
            setting = asyncio.create_task(machine.set_speed(Speed(400)))
            await until(lambda: "029001" in written(treadmill))
            (connection,) = treadmill.peripheral.connections
            treadmill.peripheral._send(connection, uuids.CONTROL_POINT, b"\x02")  # noqa: SLF001 - no machine file says so
            treadmill.disturb()
            await asyncio.sleep(1)
            assert not setting.done()
            treadmill.mend()
            assert await machine.stop() == Confirmed()
            await setting
            assert machine.state.standing is True

    virtual_time(story())
