"""Running Speed and Cadence in octets, which were put together by hand from the tables of the assigned numbers."""

from __future__ import annotations

import pytest

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.running_speed import (
    RscFeature,
    RscMeasurement,
    SensorLocation,
    decode_rsc_feature,
    decode_rsc_measurement,
    decode_sensor_location,
    encode_rsc_feature,
    encode_rsc_measurement,
    encode_sensor_location,
)


@pytest.mark.parametrize(
    ("value", "measurement"),
    [
        ("00000000", RscMeasurement(0, 0)),  # stands
        ("00000137", RscMeasurement(256, 55)),  # 1 m/s, 55 a minute
        ("0100014fc800", RscMeasurement(256, 79, stride_length=200)),
        ("02000137ffffff00", RscMeasurement(256, 55, total_distance=0xFFFFFF)),
        ("07c0025a6d00e8030000", RscMeasurement(704, 90, stride_length=109, total_distance=1000, running=True)),
    ],
)
def test_a_measurement_has_the_fields_that_its_flags_announce(value: str, measurement: RscMeasurement) -> None:
    assert encode_rsc_measurement(measurement).hex() == value
    assert decode_rsc_measurement(bytes.fromhex(value)) == measurement


def test_reserved_flags_and_octets_beyond_the_fields_are_ignored() -> None:
    assert decode_rsc_measurement(bytes.fromhex("f8000137aabb")) == RscMeasurement(256, 55)


@pytest.mark.parametrize(
    ("value", "field"),
    [("", "flags"), ("0000", "speed"), ("010001370b", "stride_length"), ("02000137", "total_distance")],
)
def test_a_measurement_cut_short_names_the_field_it_lacks(value: str, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_rsc_measurement(bytes.fromhex(value))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("measurement", "sentence"),
    [
        (RscMeasurement(0x10000, 0), "speed 65536"),
        (RscMeasurement(0, 256), "cadence 256"),
        (RscMeasurement(0, 0, stride_length=-1), "stride_length -1"),
        (RscMeasurement(0, 0, total_distance=1 << 32), "total_distance 4294967296"),
    ],
)
def test_a_number_beyond_its_width_is_not_sent(measurement: RscMeasurement, sentence: str) -> None:
    with pytest.raises(EncodeError, match=sentence):
        encode_rsc_measurement(measurement)


def test_the_features_are_two_octets() -> None:
    features = RscFeature.STRIDE_LENGTH | RscFeature.TOTAL_DISTANCE | RscFeature.WALKING_OR_RUNNING
    assert encode_rsc_feature(features).hex() == "0700"
    assert decode_rsc_feature(bytes.fromhex("1800ff")) == RscFeature.CALIBRATION | RscFeature.SEVERAL_LOCATIONS
    with pytest.raises(DecodeError):
        decode_rsc_feature(b"\x07")


def test_a_location_is_one_octet_and_a_reserved_one_stays_a_number() -> None:
    assert encode_sensor_location(SensorLocation.IN_SHOE).hex() == "02"
    assert decode_sensor_location(b"\x02") is SensorLocation.IN_SHOE
    assert decode_sensor_location(b"\x63") == 99
    with pytest.raises(DecodeError):
        decode_sensor_location(b"")
