"""A collector's duties towards Treadmill Data and Training Status (FTMP 4.4.2, 4.4.8; FTMS 4.4, 4.10, 4.18, 4.19)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from backstride.driver.machine import Machine
from backstride.protocol import uuids
from backstride.units import Distance, Incline, Speed
from tests.conformance.cases import duty
from tests.support.bench import Heard, altered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backstride.driver.state import MachineState
    from tests.conformance.transports import Bench

MUTE: Final = altered(telemetry={"interval": 1000.0})
"""A treadmill whose records the test itself sends."""

FIRST, SECOND = "85049c0400554600641e00", "0000f401"
"""A record in two parts: 1180 m, 70 kcal, 600 kcal/h … in the first, 5.00 km/h in the second."""


@contextlib.asynccontextmanager
async def connected(bench: Bench) -> AsyncIterator[tuple[Machine, Heard, list[MachineState]]]:
    """Connect; yield the machine, its events, and every state that it publishes."""
    async with Machine.connect(bench.target, facts=MUTE) as machine:
        states: list[MachineState] = []
        machine.on_state(states.append)
        yield machine, Heard(machine), states


async def send(bench: Bench, *records: str, uuid: str = uuids.TREADMILL_DATA, apart: float = 0.2) -> None:
    for record in records:
        bench.send(uuid, record)
        await bench.pass_time(apart)


@duty(
    "FTMP/CL/4.4.2-1",
    "ignores reserved flag bits 13 to 15 of Treadmill Data, and the octets that they bring",
    facts=MUTE,
)
async def test_reserved_flags_and_their_octets_are_ignored(bench: Bench) -> None:
    async with connected(bench) as (machine, heard, states):
        await send(bench, "04e0f4019c0400" + "0102030405", apart=1)
        assert len(states) == 1
        assert (machine.state.speed, machine.state.distance) == (Speed(500), Distance(1180))
        assert heard.names == []


@duty("FTMP/CL/4.4.2-2", "ignores octets after the last field", facts=MUTE)
async def test_octets_after_the_last_field_are_ignored(bench: Bench) -> None:
    async with connected(bench) as (machine, heard, _):
        await send(bench, "0400f4019c0400" + "ffff", apart=1)
        assert (machine.state.speed, machine.state.distance) == (Speed(500), Distance(1180))
        assert heard.names == []


@duty("FTMP/CL/4.4.2-3", 'takes "not available" for unknown, never for a number, and carries on', facts=MUTE)
async def test_what_is_not_available_is_unknown_and_the_rest_is_known(bench: Bench) -> None:
    async with connected(bench) as (machine, heard, _):
        await send(bench, "8810" + "f401" + "ff7fff7f" + "ffffffffff" + "ff7fff7f", apart=1)
        state = machine.state
        assert (state.speed, state.incline, state.energy_kcal, state.power_w) == (Speed(500), None, None, None)
        assert heard.names == []


@duty("FACTS/CL/4.1-1", "takes a heart rate of 0 for unknown: machines send it without contact", facts=MUTE)
async def test_a_heart_rate_of_zero_is_unknown(bench: Bench) -> None:
    async with connected(bench) as (machine, _, _):
        await send(bench, "0001f40100")
        assert machine.state.heart_rate_bpm is None
        await send(bench, "0001f40179")
        assert machine.state.heart_rate_bpm == 121


@duty(
    "FACTS/CL/4.3-1",
    "keeps the whole fields of a value that was cut off, drops the partial one, and the link stays",
    facts=MUTE,
)
async def test_a_value_that_was_cut_off_keeps_its_whole_fields(bench: Bench) -> None:
    async with connected(bench) as (machine, heard, _):
        await send(bench, "0c04f4019c04001400ff", apart=1)
        state = machine.state
        assert (state.speed, state.distance, state.incline) == (Speed(500), Distance(1180), Incline(20))
        assert state.elapsed_s is None
        assert (heard.names, machine.is_connected) == ([], True)


@duty(
    "FACTS/CL/4.3-2", "lets a value pass that has not even its flags or its speed whole, and the link stays", facts=MUTE
)
async def test_a_value_without_flags_or_speed_says_nothing(bench: Bench) -> None:
    async with connected(bench) as (machine, heard, states):
        await send(bench, "", "00", "0000", "0000f4")
        assert states == []
        await send(bench, "0000f401")
        assert machine.state.speed == Speed(500)
        assert heard.names == []


@duty(
    "FTMS/CL/4.4.1-1",
    "demands nothing of a record but the speed; what it does not say is unknown, never zero",
    facts=MUTE,
)
async def test_a_record_of_speed_alone_is_a_record(bench: Bench) -> None:
    async with connected(bench) as (machine, _, _):
        await send(bench, "0000f401")
        state = machine.state
        assert (state.speed, state.standing) == (Speed(500), False)
        assert (state.incline, state.distance, state.elapsed_s, state.energy_kcal) == (None, None, None, None)


@duty("FTMS/CL/4.19-1", "puts the parts of a split record together, and says nothing before the last", facts=MUTE)
async def test_a_split_record_is_told_when_it_is_whole(bench: Bench) -> None:
    async with connected(bench) as (machine, _, states):
        await send(bench, FIRST)
        assert states == []
        await send(bench, SECOND)
        assert len(states) == 1
        assert (machine.state.speed, machine.state.distance) == (Speed(500), Distance(1180))


@duty("FACTS/CL/4.2-1", "lets other characteristics come between the parts of a record", facts=MUTE)
async def test_other_values_between_two_parts_do_not_matter(bench: Bench) -> None:
    async with connected(bench) as (machine, _, states):
        await send(bench, FIRST)
        await send(bench, "000d", uuid=uuids.TRAINING_STATUS)
        await send(bench, "05f401", uuid=uuids.MACHINE_STATUS)
        await send(bench, SECOND)
        assert len(states) == 1
        assert (machine.state.speed, machine.state.distance) == (Speed(500), Distance(1180))


@duty("FACTS/CL/4.2-2", "drops parts whose rest has not come within 2 s", facts=MUTE)
async def test_parts_that_wait_too_long_belong_to_no_record(bench: Bench) -> None:
    async with connected(bench) as (machine, _, states):
        await send(bench, FIRST, apart=2.5)
        await send(bench, SECOND)
        assert len(states) == 1
        assert (machine.state.speed, machine.state.distance) == (Speed(500), None)


@duty("FTMS/CL/4.18-1", "drops parts that a lost link cut off", facts=MUTE)
async def test_parts_do_not_outlive_their_link(bench: Bench) -> None:
    async with connected(bench) as (machine, _, _):
        await send(bench, FIRST)
        await bench.lose_link()
        await machine.reconnect()
        await send(bench, SECOND)
        assert (machine.state.speed, machine.state.distance) == (Speed(500), None)


@duty("FACTS/CL/4.2-3", "lets the later value win where a record has a field twice", facts=MUTE)
async def test_of_a_field_that_comes_twice_the_later_counts(bench: Bench) -> None:
    async with connected(bench) as (machine, _, _):
        await send(bench, "0500010000", "0400f401020000")
        assert machine.state.distance == Distance(2)


@duty("FACTS/CL/4.2-4", "keeps a value that a record leaves out, and forgets it after 5 s", facts=MUTE)
async def test_what_a_record_leaves_out_is_kept_for_a_while(bench: Bench) -> None:
    async with connected(bench) as (machine, _, _):
        await send(bench, "0400f4019c0400", "0000f501", apart=1)
        assert (machine.state.speed, machine.state.distance) == (Speed(501), Distance(1180))
        await send(bench, *(f"0000{count:02x}01" for count in range(1, 8)), apart=1)
        assert machine.state.distance is None


@duty("FTMP/CL/4.4.8-2", "reads Training Status when it connects, and follows its notifications")
async def test_the_training_status_is_read_and_followed(bench: Bench) -> None:
    bench.console.press_start()
    await bench.pass_time(5)
    async with Machine.connect(bench.target) as machine:
        assert machine.state.training_status == 0x0D
        bench.console.press_stop()
        await bench.pass_time(10)
        assert machine.state.training_status == 0x01


@duty(
    "FACTS/CL/5-1",
    "reads Training Status leniently: reserved bits and numbers, no string, a cut string, an extended one",
)
async def test_a_training_status_of_any_kind_is_taken(bench: Bench) -> None:
    async with Machine.connect(bench.target) as machine:
        heard = Heard(machine)
        for value, status in (("010d", 0x0D), ("fbff", 0xFF), ("010262c3", 0x02), ("030b68656c6c6f", 0x0B)):
            await send(bench, value, uuid=uuids.TRAINING_STATUS)
            assert machine.state.training_status == status
        await send(bench, "", "00", uuid=uuids.TRAINING_STATUS)
        assert machine.state.training_status == 0x0B
        assert (heard.names, machine.is_connected) == ([], True)
