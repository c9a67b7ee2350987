"""The control point of the simulated treadmill: what it does and what it refuses (FTMS.TS: CW, SPE)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.protocol import uuids
from tests.conformance.cases import case
from tests.conformance.record_layout import fields_of
from tests.support.bench import altered

if TYPE_CHECKING:
    from tests.conformance.tester import Inbox, Tester
    from tests.conformance.transports import Bench

START, STOP, PAUSE, RESET = "07", "0801", "0802", "01"
FOUR_KMH: Final = "029001"

TIMED: Final = altered(telemetry={"flags": 0x0D8C})
"""The generic treadmill with Remaining Time in its records."""


async def in_control(bench: Bench) -> tuple[Tester, Inbox]:
    """Connect a client that has control; return it with its records."""
    tester = await bench.connect()
    records = await tester.subscribe(uuids.TREADMILL_DATA)
    await tester.take_control()
    return tester, records


async def after(bench: Bench, seconds: float, records: Inbox) -> dict[str, int]:
    """Return the fields of the latest record after some time."""
    await bench.pass_time(seconds)
    return fields_of(records.values[-1])


@case("CW/BV-01", "Request Control succeeds, by one indication")
async def test_control_is_given(bench: Bench) -> None:
    tester = await bench.connect()
    await tester.expect_answers()
    assert await tester.procedure("00") == "800001"
    await bench.pass_time(5)
    assert tester.answers.values == ["800001"]


@case("CW/BV-02", "Reset succeeds: belt at rest, level, times zero, Training Status Idle, control gone")
async def test_reset_puts_everything_back(bench: Bench) -> None:
    tester, records = await in_control(bench)
    for request in (START, FOUR_KMH, "031400"):
        await tester.procedure(request)
    moving = await after(bench, 30, records)
    assert (moving["speed"], moving["inclination"]) == (400, 20)
    assert await tester.procedure(RESET) == "800101"
    assert await tester.read(uuids.TRAINING_STATUS) == "0001"
    reset = await after(bench, 20, records)
    assert (reset["speed"], reset["inclination"], reset["elapsed time"]) == (0, 0, 0)
    assert await tester.procedure(START) == "800705"


@case("CW/BV-03", "Set Target Speed succeeds, and the running belt goes there")
async def test_a_target_speed_is_taken_and_reached(bench: Bench) -> None:
    tester, records = await in_control(bench)
    await tester.procedure(START)
    assert await tester.procedure(FOUR_KMH) == "800201"
    assert (await after(bench, 20, records))["speed"] == 400


@case("CW/BV-04", "Set Target Inclination succeeds, and the deck goes there")
async def test_a_target_inclination_is_taken_and_reached(bench: Bench) -> None:
    tester, records = await in_control(bench)
    assert await tester.procedure("031400") == "800301"
    assert (await after(bench, 10, records))["inclination"] == 20


@case("CW/BV-08", "Start or Resume succeeds: the belt moves and the time runs, each second")
async def test_start_moves_the_belt_and_lets_the_time_run(bench: Bench) -> None:
    tester, records = await in_control(bench)
    assert (await after(bench, 3, records))["elapsed time"] == 0
    assert await tester.procedure(START) == "800701"
    await bench.pass_time(10)
    times = [fields_of(value)["elapsed time"] for value in records.values[-5:]]
    assert times == list(range(times[0], times[0] + 5))
    assert fields_of(records.values[-1])["speed"] == 80


@case("CW/BV-09", "Stop succeeds: the belt comes to rest and the time stands still")
async def test_stop_brings_the_belt_to_rest_and_freezes_the_time(bench: Bench) -> None:
    tester, records = await in_control(bench)
    await tester.procedure(START)
    await bench.pass_time(10)
    assert await tester.procedure(STOP) == "800801"
    stopped = await after(bench, 5, records)
    assert stopped["speed"] == 0
    assert stopped["elapsed time"] in {9, 10}
    assert (await after(bench, 10, records))["elapsed time"] == stopped["elapsed time"]
    assert await tester.read(uuids.TRAINING_STATUS) == "0001"


@case("CW/BV-10", "Pause succeeds: the time stands still, and runs on from there when the belt is resumed")
async def test_pause_freezes_the_time_until_the_belt_is_resumed(bench: Bench) -> None:
    tester, records = await in_control(bench)
    await tester.procedure(START)
    await tester.procedure(FOUR_KMH)
    await bench.pass_time(20)
    assert await tester.procedure(PAUSE) == "800801"
    paused = await after(bench, 15, records)
    assert paused["speed"] == 0
    assert paused["elapsed time"] in {19, 20, 21}
    assert await tester.procedure(START) == "800701"
    resumed = await after(bench, 20, records)
    assert resumed["elapsed time"] - paused["elapsed time"] in {19, 20, 21}
    assert resumed["speed"] == 400


@case("CW/BV-11", "Set Targeted Expended Energy succeeds, and moves nothing")
async def test_a_targeted_energy_is_taken(bench: Bench) -> None:
    tester, records = await in_control(bench)
    assert await tester.procedure("092c01") == "800901"
    assert (await after(bench, 5, records))["speed"] == 0


@case("CW/BV-14", "Set Targeted Distance succeeds, and moves nothing")
async def test_a_targeted_distance_is_taken(bench: Bench) -> None:
    tester, records = await in_control(bench)
    assert await tester.procedure("0c102700") == "800c01"
    assert (await after(bench, 5, records))["speed"] == 0


@case("CW/BV-15", "Set Targeted Training Time succeeds, and Remaining Time is that of the session", facts=TIMED)
async def test_a_targeted_training_time_is_taken_and_counted(bench: Bench) -> None:
    tester, records = await in_control(bench)
    assert await tester.procedure("0d5802") == "800d01"
    idle = await after(bench, 5, records)
    assert (idle["speed"], idle["remaining time"]) == (0, 600)
    await tester.procedure(START)
    assert (await after(bench, 10.5, records))["remaining time"] in {590, 591}


@case("SPE/BV-01", "Start on a started machine is answered Operation Failed (80 07 04), and the belt goes on")
async def test_a_second_start_fails(bench: Bench) -> None:
    tester, records = await in_control(bench)
    assert await tester.procedure(START) == "800701"
    assert await tester.procedure(START) == "800704"
    assert (await after(bench, 10, records))["speed"] == 80


@case("SPE/BV-02", "Stop on a stopped machine is answered Operation Failed (80 08 04)")
async def test_a_second_stop_fails(bench: Bench) -> None:
    tester, records = await in_control(bench)
    await tester.procedure(START)
    await bench.pass_time(5)
    assert await tester.procedure(STOP) == "800801"
    assert await tester.procedure(STOP) == "800804"
    assert (await after(bench, 5, records))["speed"] == 0


@case("SPE/BV-03", "a reserved op code is answered Op Code Not Supported (80 81 02), before permission is asked")
async def test_a_reserved_op_code_is_not_supported(bench: Bench) -> None:
    tester = await bench.connect()
    await tester.expect_answers()
    assert await tester.procedure("81") == "808102"


@case("SPE/BV-04", "a speed above the maximum, or below the minimum, is answered Invalid Parameter and changes nothing")
async def test_a_speed_out_of_range_is_invalid(bench: Bench) -> None:
    tester, records = await in_control(bench)
    for request in (START, FOUR_KMH):
        await tester.procedure(request)
    assert await tester.procedure("02d107") == "800203"  # 20.01 km/h
    assert await tester.procedure("024f00") == "800203"  # 0.79 km/h
    assert (await after(bench, 20, records))["speed"] == 400
    assert await tester.procedure("02d007") == "800201"  # the end of the range is valid


@case("SPE/BI-05", "an inclination below the minimum or above the maximum is answered Invalid Parameter, no change")
async def test_an_inclination_out_of_range_is_invalid(bench: Bench) -> None:
    tester, records = await in_control(bench)
    assert await tester.procedure("031400") == "800301"
    assert await tester.procedure("03ffff") == "800303"  # -0.1 %
    assert await tester.procedure("039700") == "800303"  # 15.1 %
    assert (await after(bench, 10, records))["inclination"] == 20
    assert await tester.procedure("030000") == "800301"  # the end of the range is valid


@case("SPE/BV-09", "Start without control is answered Control Not Permitted (80 07 05), and nothing moves")
async def test_a_start_without_control_is_not_permitted(bench: Bench) -> None:
    tester = await bench.connect()
    records = await tester.subscribe(uuids.TREADMILL_DATA)
    await tester.expect_answers()
    assert await tester.procedure(START) == "800705"
    assert (await after(bench, 10, records))["speed"] == 0
