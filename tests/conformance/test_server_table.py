"""Attribute table, reads and client configurations of the simulated treadmill (FTMS.TS: SGGIT, CR, CON)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.protocol import uuids
from tests.conformance.cases import case

if TYPE_CHECKING:
    from tests.conformance.tester import Tester
    from tests.conformance.transports import Bench

_PROPERTY_BITS: Final = {
    "broadcast": 0x01,
    "read": 0x02,
    "write-without-response": 0x04,
    "write": 0x08,
    "notify": 0x10,
    "indicate": 0x20,
}


async def declared(bench: Bench, uuid: str) -> list[int]:
    """Return the property octet of every instance of a characteristic within the one Fitness Machine Service."""
    tester = await bench.connect()
    (service,) = [one for one in tester.client.services if one.uuid == uuids.FITNESS_MACHINE_SERVICE]
    found = [one for one in service.characteristics if one.uuid == uuid]
    return [sum(_PROPERTY_BITS[name] for name in one.properties) for one in found]


@case("SGGIT/CHA/BV-01", "Fitness Machine Feature: one, Read alone (0x02)")
async def test_the_feature_is_declared_for_reading(bench: Bench) -> None:
    assert await declared(bench, uuids.FITNESS_MACHINE_FEATURE) == [0x02]


@case("SGGIT/CHA/BV-02", "Treadmill Data: one, Notify alone (0x10)")
async def test_treadmill_data_is_declared_for_notification(bench: Bench) -> None:
    assert await declared(bench, uuids.TREADMILL_DATA) == [0x10]


@case("SGGIT/CHA/BV-08", "Training Status: one, Read and Notify (0x12)")
async def test_training_status_is_declared_for_reading_and_notification(bench: Bench) -> None:
    assert await declared(bench, uuids.TRAINING_STATUS) == [0x12]


@case("SGGIT/CHA/BV-09", "Supported Speed Range: one, Read alone (0x02)")
async def test_the_speed_range_is_declared_for_reading(bench: Bench) -> None:
    assert await declared(bench, uuids.SUPPORTED_SPEED_RANGE) == [0x02]


@case("SGGIT/CHA/BV-10", "Supported Inclination Range: one, Read alone (0x02)")
async def test_the_inclination_range_is_declared_for_reading(bench: Bench) -> None:
    assert await declared(bench, uuids.SUPPORTED_INCLINATION_RANGE) == [0x02]


@case("SGGIT/CHA/BV-14", "Fitness Machine Control Point: one, Write and Indicate (0x28)")
async def test_the_control_point_is_declared_for_writing_and_indication(bench: Bench) -> None:
    assert await declared(bench, uuids.CONTROL_POINT) == [0x28]


@case("SGGIT/CHA/BV-15", "Fitness Machine Status: one, Notify alone (0x10)")
async def test_the_machine_status_is_declared_for_notification(bench: Bench) -> None:
    assert await declared(bench, uuids.MACHINE_STATUS) == [0x10]


@case("CR/BV-01", "Fitness Machine Feature reads as 8 octets, reserved bits 0, the same at any time")
async def test_the_feature_reads_as_two_words_that_never_change(bench: Bench) -> None:
    tester = await bench.connect()
    value = await tester.read(uuids.FITNESS_MACHINE_FEATURE)
    octets = bytes.fromhex(value)
    assert len(octets) == 8
    machine, target = int.from_bytes(octets[:4], "little"), int.from_bytes(octets[4:], "little")
    assert machine == 0b1_0110_0000_1100  # distance, inclination, energy, elapsed time
    assert target == 0b1_1111_1110_0011  # speed, inclination, and the targeted settings
    bench.console.press_start()
    await bench.pass_time(10)
    assert await tester.read(uuids.FITNESS_MACHINE_FEATURE) == value


@case("CR/BV-02", "Training Status reads as flags and status, at least 2 octets; Idle on an idle machine")
async def test_the_training_status_reads_as_the_phase_that_it_is(bench: Bench) -> None:
    tester = await bench.connect()
    assert await tester.read(uuids.TRAINING_STATUS) == "0001"
    bench.console.press_start()
    await bench.pass_time(5)
    assert await tester.read(uuids.TRAINING_STATUS) == "000d"


@case("CR/BV-03", "Supported Speed Range reads as minimum, maximum, increment in 0.01 km/h: 6 octets")
async def test_the_speed_range_reads_as_minimum_maximum_and_increment(bench: Bench) -> None:
    tester = await bench.connect()
    assert await tester.read(uuids.SUPPORTED_SPEED_RANGE) == "5000d0070a00"


@case("CR/BV-04", "Supported Inclination Range reads as minimum, maximum, increment in 0.1 %: 6 octets")
async def test_the_inclination_range_reads_as_minimum_maximum_and_increment(bench: Bench) -> None:
    tester = await bench.connect()
    assert await tester.read(uuids.SUPPORTED_INCLINATION_RANGE) == "000096000500"


async def configured(tester: Tester, uuid: str) -> list[str]:
    """Return what a CCCD reads as before the subscription, with it, and after its end."""
    before = await tester.configuration(uuid)
    await tester.subscribe(uuid)
    during = await tester.configuration(uuid)
    await tester.unsubscribe(uuid)
    return [before, during, await tester.configuration(uuid)]


@case("CON/BV-01", "the CCCD of Treadmill Data reads back as written: 0x0001 and 0x0000")
async def test_the_configuration_of_treadmill_data_reads_back(bench: Bench) -> None:
    assert await configured(await bench.connect(), uuids.TREADMILL_DATA) == ["0000", "0100", "0000"]


@case("CON/BV-07", "the CCCD of Training Status reads back as written: 0x0001 and 0x0000")
async def test_the_configuration_of_the_training_status_reads_back(bench: Bench) -> None:
    assert await configured(await bench.connect(), uuids.TRAINING_STATUS) == ["0000", "0100", "0000"]


@case("CON/BV-08", "the CCCD of the Control Point reads back as written: 0x0002 and 0x0000")
async def test_the_configuration_of_the_control_point_reads_back(bench: Bench) -> None:
    assert await configured(await bench.connect(), uuids.CONTROL_POINT) == ["0000", "0200", "0000"]


@case("CON/BV-09", "the CCCD of Fitness Machine Status reads back as written: 0x0001 and 0x0000")
async def test_the_configuration_of_the_machine_status_reads_back(bench: Bench) -> None:
    assert await configured(await bench.connect(), uuids.MACHINE_STATUS) == ["0000", "0100", "0000"]
