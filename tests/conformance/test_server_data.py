"""Treadmill Data and Training Status of the simulated treadmill (FTMS.TS: CN, TSN)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from backstride.protocol import uuids
from backstride.units import Incline, Speed
from tests.conformance.cases import case
from tests.conformance.record_layout import fields_of
from tests.support.bench import altered

if TYPE_CHECKING:
    from tests.conformance.tester import Inbox
    from tests.conformance.transports import Bench

EVERYTHING: Final = altered(telemetry={"flags": 0x1FFE, "unavailable": ()})
"""The generic treadmill with every standard field; Force on Belt and Power Output stay "not available"."""

STEADY: Final = 60.0
"""Seconds after which belt and deck have long reached 6 km/h and 2 %."""


async def walking(bench: Bench) -> Inbox:
    """Walk at 6 km/h and 2 %, started on the console; return a client's records."""
    records = await (await bench.connect()).subscribe(uuids.TREADMILL_DATA)
    bench.console.set_incline(Incline(20))
    bench.console.set_speed(Speed(600))
    bench.console.press_start()
    await bench.pass_time(STEADY)
    return records


async def ten_seconds_apart(bench: Bench) -> tuple[dict[str, int], dict[str, int]]:
    """Return the fields of two records at 6 km/h and 2 %, 10 s apart by the treadmill's own clock."""
    records = await walking(bench)
    before = fields_of(records.values[-1])
    await bench.pass_time(10.5)
    later = map(fields_of, records.values)
    return before, next(fields for fields in later if fields["elapsed time"] == before["elapsed time"] + 10)


@case("CN/BV-01", "records come each second while subscribed, flags and the true speed, and end with the subscription")
async def test_records_tell_the_speed_each_second_until_the_client_unsubscribes(bench: Bench) -> None:
    tester = await bench.connect()
    await bench.pass_time(3)
    records = await tester.subscribe(uuids.TREADMILL_DATA)
    bench.console.set_speed(Speed(420))
    bench.console.press_start()
    await bench.pass_time(30.5)
    assert len(records.values) == 30
    gaps = [later - earlier for earlier, later in zip(records.times, records.times[1:], strict=False)]
    assert max(abs(gap - 1) for gap in gaps) < 0.25
    speeds = [fields_of(value)["speed"] for value in records.values]
    assert speeds == sorted(speeds)
    assert (speeds[0], speeds[-1]) == (0, 420)
    await tester.unsubscribe(uuids.TREADMILL_DATA)
    await bench.pass_time(5)
    assert len(records.values) == 30


@case("CN/BV-02", "a record has Average Speed: that of the session so far", facts=EVERYTHING)
async def test_a_record_tells_the_average_speed(bench: Bench) -> None:
    _, fields = await ten_seconds_apart(bench)
    assert fields["average speed"] == pytest.approx(fields["distance"] / fields["elapsed time"] * 360, abs=10)
    assert 400 < fields["average speed"] < 600


@case("CN/BV-03", "a record has Total Distance: metres since the session began", facts=EVERYTHING)
async def test_a_record_tells_the_distance(bench: Bench) -> None:
    before, after = await ten_seconds_apart(bench)
    assert before["distance"] > 60
    assert after["distance"] - before["distance"] in {16, 17}  # 10 s at 6 km/h


@case("CN/BV-04", "a record has Inclination and Ramp Angle together: 0.1 %, 0.1 degree", facts=EVERYTHING)
async def test_a_record_tells_inclination_and_ramp_angle(bench: Bench) -> None:
    _, fields = await ten_seconds_apart(bench)
    assert (fields["inclination"], fields["ramp angle"]) == (20, 11)  # 2 % are 1.15 degrees


@case("CN/BV-05", "a record has both Elevation Gains: 0.1 m, magnitudes", facts=EVERYTHING)
async def test_a_record_tells_both_elevation_gains(bench: Bench) -> None:
    before, after = await ten_seconds_apart(bench)
    assert after["positive elevation gain"] - before["positive elevation gain"] in {3, 4}  # 16.7 m at 2 %
    assert after["negative elevation gain"] == 0


@case("CN/BV-06", "a record has Instantaneous and Average Pace: uint16, seconds per 500 m", facts=EVERYTHING)
async def test_a_record_tells_both_paces(bench: Bench) -> None:
    _, fields = await ten_seconds_apart(bench)
    assert fields["pace"] == 300
    assert fields["average pace"] == pytest.approx(180_000 / fields["average speed"], abs=1)


@case("CN/BV-07", "a record has Total Energy, Energy per Hour, Energy per Minute together", facts=EVERYTHING)
async def test_a_record_tells_the_energy(bench: Bench) -> None:
    before, after = await ten_seconds_apart(bench)
    assert 0 < before["total energy"] < after["total energy"] < 20
    assert after["energy per hour"] == pytest.approx(after["total energy"] / after["elapsed time"] * 3600, rel=0.2)
    assert after["energy per minute"] == pytest.approx(after["energy per hour"] / 60, abs=1)


@case("CN/BV-08", "a record has Heart Rate; 0 while nobody holds the sensors", facts=EVERYTHING)
async def test_a_record_tells_the_heart_rate(bench: Bench) -> None:
    _, fields = await ten_seconds_apart(bench)
    assert fields["heart rate"] == 0


@case("CN/BV-09", "a record has Metabolic Equivalent: 0.1 MET", facts=EVERYTHING)
async def test_a_record_tells_the_metabolic_equivalent(bench: Bench) -> None:
    _, fields = await ten_seconds_apart(bench)
    assert fields["metabolic equivalent"] == 49  # 3.5 + 100 m/min x (0.1 + 1.8 x 0.02) = 17.1 ml/kg/min


@case("CN/BV-10", "a record has Remaining Time: what is left of a targeted training time", facts=EVERYTHING)
async def test_a_record_counts_the_remaining_time_down(bench: Bench) -> None:
    tester = await bench.connect()
    await tester.take_control()
    assert await tester.procedure("0d5802") == "800d01"
    before, after = await ten_seconds_apart(bench)
    assert before["remaining time"] == 600 - before["elapsed time"]
    assert before["remaining time"] - after["remaining time"] == 10


@case("CN/BV-11", 'a record has Force on Belt and Power Output together; 0x7FFF is "not available"', facts=EVERYTHING)
async def test_a_record_tells_force_and_power(bench: Bench) -> None:
    _, fields = await ten_seconds_apart(bench)
    assert (fields["force on belt"], fields["power output"]) == (0x7FFF, 0x7FFF)


@case("CN/BV-12", "Elapsed Time has moved on by at least 9 s after 10 s without a link")
async def test_the_time_of_the_session_runs_on_while_the_link_is_lost(bench: Bench) -> None:
    records = await walking(bench)
    before, told = fields_of(records.values[-1])["elapsed time"], records.times[-1]
    assert before >= STEADY - 1.5
    await bench.lose_link()
    heard = len(records.values)  # with what was on the air when the link was lost
    await bench.pass_time(10)
    records_after = await (await bench.connect()).subscribe(uuids.TREADMILL_DATA)
    await bench.pass_time(1.5)
    after = fields_of(records_after.values[0])
    assert after["elapsed time"] - before >= 9
    assert after["elapsed time"] - before == pytest.approx(records_after.times[0] - told, abs=1.25)
    assert after["speed"] == 600
    assert len(records.values) == heard
    assert len(records_after.values) <= 2  # a second and a half: nothing was kept for later (FTMS 4.18)


@case("TSN/BV-01", "Training Status is notified on each transition, and reads as it was notified")
async def test_each_transition_of_the_training_status_is_notified(bench: Bench) -> None:
    phases = await (await bench.connect()).subscribe(uuids.TRAINING_STATUS)
    reader = await bench.connect_stranger()  # BlueZ takes what its own client reads for a notification as well
    bench.console.press_start()
    await bench.pass_time(5)
    assert phases.values == ["000e", "000d"]  # pre-workout, manual mode
    assert await reader.read(uuids.TRAINING_STATUS) == "000d"
    bench.console.press_stop()
    await bench.pass_time(10)
    assert phases.values == ["000e", "000d", "000f", "0001"]  # post-workout, idle
    assert await reader.read(uuids.TRAINING_STATUS) == "0001"
    assert phases.times[0] < phases.times[1] < phases.times[2] < phases.times[3]
