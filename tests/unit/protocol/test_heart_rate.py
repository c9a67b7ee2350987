"""Heart Rate in octets, which were put together by hand from the tables of the assigned numbers."""

from __future__ import annotations

import pytest

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.heart_rate import (
    BodySensorLocation,
    HeartRateMeasurement,
    decode_body_sensor_location,
    decode_heart_rate,
    encode_body_sensor_location,
    encode_heart_rate,
)


@pytest.mark.parametrize(
    ("value", "measurement"),
    [
        ("003e", HeartRateMeasurement(62)),
        ("043e", HeartRateMeasurement(62, contact=False)),
        ("063e", HeartRateMeasurement(62, contact=True)),
        ("012c01", HeartRateMeasurement(300)),
        ("0e5ac800", HeartRateMeasurement(90, contact=True, energy_expended=200)),
        ("105a00040003", HeartRateMeasurement(90, rr_intervals=(1024, 768))),
        ("1d2c01c8000004", HeartRateMeasurement(300, contact=False, energy_expended=200, rr_intervals=(1024,))),
    ],
)
def test_a_measurement_has_the_fields_that_its_flags_announce(value: str, measurement: HeartRateMeasurement) -> None:
    assert encode_heart_rate(measurement).hex() == value
    assert decode_heart_rate(bytes.fromhex(value)) == measurement


@pytest.mark.parametrize(
    ("value", "measurement"),
    [
        ("e03e", HeartRateMeasurement(62)),  # reserved flags
        ("023e", HeartRateMeasurement(62)),  # contact of a sensor that cannot tell
        ("013e00", HeartRateMeasurement(62)),  # two octets where one would do
        ("003e0004", HeartRateMeasurement(62)),  # octets that no flag announces
        ("103e00040003ff", HeartRateMeasurement(62, rr_intervals=(1024, 768))),  # half an interval
        ("103e", HeartRateMeasurement(62)),  # intervals announced, none there
    ],
)
def test_what_is_odd_is_read_for_what_it_can_mean(value: str, measurement: HeartRateMeasurement) -> None:
    assert decode_heart_rate(bytes.fromhex(value)) == measurement


@pytest.mark.parametrize(
    ("value", "field"), [("", "flags"), ("00", "heart_rate"), ("013e", "heart_rate"), ("083ec8", "energy_expended")]
)
def test_a_measurement_cut_short_names_the_field_it_lacks(value: str, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_heart_rate(bytes.fromhex(value))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("measurement", "sentence"),
    [
        (HeartRateMeasurement(0x10000), "heart_rate 65536"),
        (HeartRateMeasurement(-1), "heart_rate -1"),
        (HeartRateMeasurement(62, energy_expended=0x10000), "energy_expended 65536"),
        (HeartRateMeasurement(62, rr_intervals=(0x10000,)), "rr_interval 65536"),
    ],
)
def test_a_number_beyond_its_width_is_not_sent(measurement: HeartRateMeasurement, sentence: str) -> None:
    with pytest.raises(EncodeError, match=sentence):
        encode_heart_rate(measurement)


def test_a_location_is_one_octet_and_a_reserved_one_stays_a_number() -> None:
    assert encode_body_sensor_location(BodySensorLocation.CHEST).hex() == "01"
    assert decode_body_sensor_location(b"\x01") is BodySensorLocation.CHEST
    assert decode_body_sensor_location(b"\x07") == 7
    with pytest.raises(DecodeError):
        decode_body_sensor_location(b"")
