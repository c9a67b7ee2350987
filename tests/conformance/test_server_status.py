"""Fitness Machine Status of the simulated treadmill: who is told what happened (FTMS.TS: FMSN)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.protocol import uuids
from backstride.units import Incline, Speed
from tests.conformance.cases import case

if TYPE_CHECKING:
    from tests.conformance.tester import Inbox
    from tests.conformance.transports import Bench

SOON: Final = 1.0
"""Seconds within which a change is to be told."""


async def watching(bench: Bench) -> Inbox:
    """Return what a client is told by Fitness Machine Status."""
    return await (await bench.connect()).subscribe(uuids.MACHINE_STATUS)


async def told_of_another_client(bench: Bench, *requests: str) -> list[str]:
    """Return what one client is told of the procedures of another, which has control."""
    status, other = await watching(bench), await bench.connect()
    await other.take_control()
    for request in requests:
        assert (await other.procedure(request))[4:] == "01"
    await bench.pass_time(SOON)
    return status.values


@case("FMSN/BV-01", "Reset is told (0x01); the console has no such button, so another client resets")
async def test_a_reset_is_told(bench: Bench) -> None:
    assert await told_of_another_client(bench, "01") == ["01"]


@case("FMSN/BV-02", "a stop on the console is told (0x02 01)")
async def test_a_stop_on_the_console_is_told(bench: Bench) -> None:
    bench.console.press_start()
    await bench.pass_time(10)
    status = await watching(bench)
    bench.console.press_stop()
    await bench.pass_time(SOON)
    assert status.values == ["0201"]


@case("FMSN/BV-03", "a pause on the console is told (0x02 02)")
async def test_a_pause_on_the_console_is_told(bench: Bench) -> None:
    bench.console.press_start()
    await bench.pass_time(10)
    status = await watching(bench)
    bench.console.press_pause()
    await bench.pass_time(SOON)
    assert status.values == ["0202"]


@case("FMSN/BV-04", "a pulled safety key is told (0x03)")
async def test_a_pulled_safety_key_is_told(bench: Bench) -> None:
    bench.console.press_start()
    await bench.pass_time(10)
    status = await watching(bench)
    bench.console.pull_safety_key()
    await bench.pass_time(SOON)
    assert status.values == ["03"]


@case("FMSN/BV-05", "a start and a resumption on the console are told (0x04)")
async def test_a_start_and_a_resumption_on_the_console_are_told(bench: Bench) -> None:
    status = await watching(bench)
    bench.console.press_start()
    await bench.pass_time(SOON)
    assert status.values == ["04"]
    bench.console.press_pause()
    bench.console.press_start()
    await bench.pass_time(SOON)
    assert status.values == ["04", "0202", "04"]


@case("FMSN/BV-06", "a target speed set on the console is told (0x05, 0.01 km/h)")
async def test_a_speed_set_on_the_console_is_told(bench: Bench) -> None:
    status = await watching(bench)
    bench.console.set_speed(Speed(420))
    await bench.pass_time(SOON)
    assert status.values == ["05a401"]


@case("FMSN/BV-07", "a target inclination set on the console is told (0x06, 0.1 %)")
async def test_an_incline_set_on_the_console_is_told(bench: Bench) -> None:
    status = await watching(bench)
    bench.console.set_incline(Incline(20))
    await bench.pass_time(SOON)
    assert status.values == ["061400"]


@case("FMSN/BV-11", "a new targeted energy is told (0x0A, kcal); set by another client")
async def test_a_targeted_energy_is_told(bench: Bench) -> None:
    assert await told_of_another_client(bench, "092c01") == ["0a2c01"]


@case("FMSN/BV-14", "a new targeted distance is told (0x0D, metres); set by another client")
async def test_a_targeted_distance_is_told(bench: Bench) -> None:
    assert await told_of_another_client(bench, "0c102700") == ["0d102700"]


@case("FMSN/BV-15", "a new targeted training time is told (0x0E, seconds); set by another client")
async def test_a_targeted_training_time_is_told(bench: Bench) -> None:
    assert await told_of_another_client(bench, "0d5802") == ["0e5802"]


@case("FMSN/BV-23", "Control Permission Lost (0xFF) is told to the client that lost control, and to nobody else")
async def test_only_the_client_that_lost_control_is_told(bench: Bench) -> None:
    owner = await bench.connect()
    owners_status, others_status = await owner.subscribe(uuids.MACHINE_STATUS), await watching(bench)
    await owner.take_control()
    bench.console.take_control()
    await bench.pass_time(SOON)
    assert (owners_status.values, others_status.values) == (["ff"], [])
    assert await owner.procedure("07") == "800705"


@case("FMSN/BV-24", "with two clients, one's change is told to the other alone, and the console's to both")
async def test_a_client_s_change_is_told_to_the_other_and_the_console_s_to_both(bench: Bench) -> None:
    one = await bench.connect()
    ones_status, others_status = await one.subscribe(uuids.MACHINE_STATUS), await watching(bench)
    await one.take_control()
    assert await one.procedure("02a401") == "800201"
    await bench.pass_time(SOON)
    assert (ones_status.values, others_status.values) == ([], ["05a401"])
    bench.console.press_start()
    await bench.pass_time(SOON)
    assert (ones_status.values, others_status.values) == (["04"], ["05a401", "04"])
