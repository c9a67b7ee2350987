from __future__ import annotations

import pytest

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.treadmill_data import (
    DataFlag,
    TreadmillData,
    decode_treadmill_data,
    encode_treadmill_data,
    whole_fields,
)
from backstride.units import Incline, Speed


def _decode(value: str) -> TreadmillData:
    return decode_treadmill_data(bytes.fromhex(value))


def test_the_least_value_is_flags_and_speed() -> None:
    assert _decode("0000e803") == TreadmillData(0, Speed(1000))
    assert isinstance(_decode("0000e803").instantaneous_speed, Speed)


def test_more_data_means_that_there_is_no_speed() -> None:
    data = _decode("0500d20400")
    assert data == TreadmillData(0x0005, total_distance=1234)
    assert data.more_data
    assert not _decode("0000e803").more_data


@pytest.mark.parametrize("value", ["", "84"])
def test_a_value_without_flags_is_an_error(value: str) -> None:
    with pytest.raises(DecodeError) as caught:
        _decode(value)
    assert caught.value.field == "flags"


def test_not_available_is_none_and_its_neighbour_is_not() -> None:
    data = _decode("9800f4012d00ff7f00000000ffff5802ff")
    assert data.inclination == Incline(45)
    assert isinstance(data.inclination, Incline)
    assert (data.ramp_angle, data.total_energy, data.energy_per_hour, data.energy_per_minute) == (None, None, 600, None)
    assert whole_fields(data) == (
        "instantaneous_speed",
        "inclination",
        "ramp_angle",
        "positive_elevation_gain",
        "negative_elevation_gain",
        "total_energy",
        "energy_per_hour",
        "energy_per_minute",
    )


@pytest.mark.parametrize(
    ("value", "pace", "legacy"),
    [
        ("2000b0049600", 150, None),
        ("2000b00402", None, 2),
        ("2000b0040200ff", 2, None),  # longer than uint16 needs: the rest is the vendor's
    ],
)
def test_the_length_tells_the_width_of_a_pace(value: str, pace: int | None, legacy: int | None) -> None:
    data = _decode(value)
    assert (data.instantaneous_pace, data.instantaneous_pace_legacy, data.missing) == (pace, legacy, None)


def test_two_paces_are_narrow_only_if_two_octets_are_short() -> None:
    narrow = _decode("6000b0040203")
    assert (narrow.instantaneous_pace_legacy, narrow.average_pace_legacy) == (2, 3)
    cut = _decode("6000b004020003")
    assert (cut.instantaneous_pace, cut.average_pace, cut.missing, cut.trailing) == (2, None, "average_pace", b"\x03")


def test_a_pace_stays_wide_where_a_vendor_may_have_appended_something() -> None:
    data = _decode("2020b00402")
    assert (data.instantaneous_pace_legacy, data.missing) == (None, "instantaneous_pace")


@pytest.mark.parametrize(
    ("value", "steps", "octets", "trailing"),
    [
        ("0020fa00", None, 3, ""),
        ("0020fa0001", None, 3, "01"),
        ("0020fa000102", 0x0201, 2, ""),
        ("0020fa00010203", 0x030201, 3, ""),
        ("0020fa0001020304", None, 3, "01020304"),
        ("0060fa00010203", None, 3, "010203"),  # bit 14 may own these octets as well as bit 13
        ("0000fa00010203", None, 3, "010203"),
    ],
)
def test_steps_are_read_where_bit_13_alone_can_own_the_octets(
    value: str, steps: int | None, octets: int, trailing: str
) -> None:
    data = _decode(value)
    assert (data.steps, data.step_octets, data.trailing.hex()) == (steps, octets, trailing)
    assert encode_treadmill_data(data).hex() == value


def test_a_truncated_record_keeps_its_whole_fields_and_names_the_lost_one() -> None:
    data = _decode("9e1fc60394023e01005a00ff7f3200ffff2500f4")
    assert (data.instantaneous_speed, data.average_speed, data.total_distance) == (966, 660, 318)
    assert (data.positive_elevation_gain, data.total_energy, data.energy_per_hour) == (50, 37, None)
    assert (data.missing, data.trailing.hex()) == ("energy_per_hour", "f4")
    assert whole_fields(data)[-1] == "total_energy"


@pytest.mark.parametrize(
    ("raw", "speed", "rate"), [(98, 500, 98), (2, 110, 20), (2, 0, 2), (10, 110, 10), (0, 110, 0), (None, 110, None)]
)
def test_a_metabolic_equivalent_no_walker_can_have_is_in_whole_mets(
    raw: int | None, speed: int, rate: int | None
) -> None:
    data = TreadmillData(0x0200, Speed(speed), metabolic_equivalent=raw)
    assert data.metabolic_rate == rate


def test_what_is_not_known_goes_out_as_not_available() -> None:
    data = TreadmillData(DataFlag.INCLINATION_AND_RAMP_ANGLE | DataFlag.EXPENDED_ENERGY, Speed(500), total_energy=7)
    assert encode_treadmill_data(data).hex() == "8800f401ff7fff7f0700ffffff"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (TreadmillData(0x10000, Speed(1)), "flags 65536"),
        (TreadmillData(0), "instantaneous_speed is announced"),
        (TreadmillData(0x0004, Speed(1)), "total_distance is announced"),
        (TreadmillData(0x0001, Speed(1)), "instantaneous_speed is given, but its flag is clear"),
        (TreadmillData(0, Speed(1), heart_rate=60), "heart_rate is given, but its flag is clear"),
        (TreadmillData(0x0100, Speed(1), heart_rate=256), "heart_rate 256 does not fit"),
        (TreadmillData(0x0008, Speed(1), inclination=Incline(0x7FFF)), "inclination 32767 means"),
        (TreadmillData(0, Speed(1), missing="total_distance"), "cut off before total_distance"),
        (TreadmillData(0x0020, Speed(1), instantaneous_pace_legacy=2, trailing=b"x"), "nothing may follow"),
        (TreadmillData(0x4020, Speed(1), instantaneous_pace_legacy=2), "nothing may follow"),
        (TreadmillData(0x0040, Speed(1), average_pace_legacy=2, average_pace=2), "average_pace is given"),
        (TreadmillData(0, Speed(1), average_pace_legacy=2), "average_pace_legacy is given"),
        (TreadmillData(0, Speed(1), steps=1), "steps take 2 or 3"),
        (TreadmillData(0x6000, Speed(1), steps=1), "steps take 2 or 3"),
        (TreadmillData(0x2000, Speed(1), steps=1, trailing=b"x"), "steps take 2 or 3"),
        (TreadmillData(0x2000, Speed(1), steps=1, step_octets=4), "steps take 2 or 3"),
        (TreadmillData(0x2000, Speed(1), steps=65536, step_octets=2), "steps 65536 does not fit"),
        (TreadmillData(0x2000, Speed(1), trailing=b"xy"), "2 octets after the fields under bit 13 are steps"),
    ],
)
def test_a_record_that_would_read_as_another_is_not_sent(data: TreadmillData, sentence: str) -> None:
    with pytest.raises(EncodeError, match=sentence):
        encode_treadmill_data(data)
