"""The treadmill as a foot pod and a heart rate sensor, bytes in and bytes out; the octets are put together by hand."""

from __future__ import annotations

import pytest

from backstride.protocol import uuids
from backstride.simulator.faults import Fault
from backstride.simulator.gatt import AttFault
from backstride.simulator.sensors import Sensor
from tests.unit.simulator.bench import DATA, Bench
from tests.unit.simulator.test_peripheral import changed

POD, HEART = uuids.RSC_MEASUREMENT, uuids.HEART_RATE_MEASUREMENT
STANDS = "03" + "0000" + "00" + "0000" + "00000000"


def test_without_them_there_is_neither_service() -> None:
    bench = Bench()
    assert len(bench.peripheral.services) == 2
    with pytest.raises(AttFault, match="invalid handle"):
        bench.client(POD)


def test_each_has_its_service_with_its_properties() -> None:
    services = Bench(sensors=[Sensor.HEART_RATE, Sensor.RUNNING_SPEED]).peripheral.services[2:]
    assert [
        (one.uuid[4:8], [(each.uuid[4:8], each.properties) for each in one.characteristics]) for one in services
    ] == [
        ("1814", [("2a53", ("notify",)), ("2a54", ("read",)), ("2a5d", ("read",))]),
        ("180d", [("2a37", ("notify",)), ("2a38", ("read",))]),
    ]


def test_one_of_them_comes_without_the_other() -> None:
    assert Bench(sensors=[Sensor.HEART_RATE]).peripheral.services[2].uuid == uuids.HEART_RATE_SERVICE
    assert len(Bench(sensors=[Sensor.RUNNING_SPEED]).peripheral.services) == 3


def test_what_they_are_can_be_read() -> None:
    peripheral = Bench(sensors=Sensor).peripheral
    assert peripheral.read(uuids.RSC_FEATURE, 0.0).hex() == "0700"  # stride length, total distance, walking or running
    assert peripheral.read(uuids.SENSOR_LOCATION, 0.0).hex() == "00"  # other
    assert peripheral.read(uuids.BODY_SENSOR_LOCATION, 0.0).hex() == "01"  # chest
    with pytest.raises(AttFault, match="read not permitted"):
        peripheral.read(POD, 0.0)


def test_they_follow_the_belt_from_a_stand_to_a_walk_and_back() -> None:
    bench = Bench(sensors=Sensor)
    client = bench.client(POD, HEART, control=True)
    bench.go(2.0)
    assert client.take(POD) == [STANDS, STANDS]
    assert client.take(HEART) == ["063e", "063e"]  # contact; 62
    client.ask("07", "026801")  # 3.6 km/h
    bench.go(23.0)
    # 1 m/s = 256/256; 103.2 steps a minute are 51.6 strides of 116 cm; 1 s dead time, 12 s to get there, 10 s of way
    assert client.take(POD)[-1] == "03" + "0001" + "34" + "7400" + "a0000000"
    assert bytes.fromhex(client.take(HEART)[-1])[1] > 65
    client.ask("0801")
    bench.go(5.0)
    last = client.take(POD)[-1]
    assert last.startswith("03" + "0000" + "00" + "0000")
    assert int.from_bytes(bytes.fromhex(last[12:]), "little") == 175  # 16 m and 1.5 m of braking
    bench.go(600.0)
    assert client.take(HEART)[-1] == "063e"


def test_from_7_2_km_h_the_walker_runs() -> None:
    bench = Bench(sensors=Sensor)
    client = bench.client(POD, control=True)
    client.ask("07", "02c602")  # 7.1 km/h
    bench.go(60.0)
    assert client.take(POD)[-1][:2] == "03"
    client.ask("02e803")  # 10 km/h: 2.778 m/s = 711/256, 180 steps a minute are 90 strides of 185 cm
    bench.go(60.0)
    assert client.take(POD)[-1][:12] == "07" + "c702" + "5a" + "b900"


def test_they_come_at_the_interval_of_treadmill_data_until_nobody_wants_any() -> None:
    bench = Bench(changed(telemetry={"interval": 0.5}), sensors=Sensor)
    client = bench.client(POD)
    bench.go(0.3)
    client.subscribe(DATA, HEART)
    bench.go(2.7)
    assert [len(client.take(uuid)) for uuid in (POD, HEART, DATA)] == [6, 6, 6]
    for uuid in (POD, HEART, DATA):
        bench.peripheral.subscribe(client.connection, uuid, 0, bench.now)
    assert bench.peripheral.next_deadline() is None


def test_they_tell_of_a_stand_where_treadmill_data_is_silent() -> None:
    bench = Bench(changed(telemetry={"when_stopped": False}), sensors=Sensor)
    client = bench.client(POD, DATA)
    bench.go(2.0)
    assert (client.take(POD), client.take(DATA)) == ([STANDS, STANDS], [])


@pytest.mark.parametrize("fault", ["silent", "frozen", "absurd=50", "malformed"])
def test_faults_of_treadmill_data_leave_them_alone(fault: str) -> None:
    bench, healthy = Bench(changed(), sensors=Sensor), Bench(sensors=Sensor)
    stories = []
    for one in (bench, healthy):
        client = one.client(POD, DATA, control=True)
        client.ask("07", "026801")
        one.go(10.0)
        if one is bench:
            one.peripheral.strike(Fault.parse(fault), one.now)
        one.go(20.0)
        stories.append(client.take(POD))
    assert stories[0] == stories[1]


def test_a_closed_lock_silences_them_too() -> None:
    bench = Bench(locked=True, sensors=Sensor)
    client = bench.client(POD, HEART)
    bench.go(3.0)
    assert (client.take(POD), client.take(HEART)) == ([], [])
