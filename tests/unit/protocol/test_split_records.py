from __future__ import annotations

import pytest

from backstride.errors import EncodeError
from backstride.protocol.treadmill_data import (
    RecordAssembler,
    TreadmillData,
    decode_treadmill_data,
    narrow_record,
    split_record,
)
from backstride.units import Incline, Speed

FULL = decode_treadmill_data(bytes.fromhex("fe1fd204ed03701101f1fff7ffd20437029200b300000284030fac76ff072902d6ff3601"))


def test_a_record_that_fits_is_one_value() -> None:
    assert split_record(TreadmillData(0, Speed(1000)), 20) == (bytes.fromhex("0000e803"),)


def test_the_full_record_takes_two_notifications_at_the_default_mtu() -> None:
    first, last = (decode_treadmill_data(part) for part in split_record(FULL, 20))
    assert first.more_data
    assert first.instantaneous_speed is None
    assert not last.more_data
    assert last.instantaneous_speed == 1234


def test_a_part_is_filled_to_its_last_octet() -> None:
    assert [len(part) for part in split_record(FULL, 19)] == [19, 19]


def test_steps_travel_with_the_speed_in_the_last_part() -> None:
    data = TreadmillData(
        0x2084, Speed(600), total_distance=9, total_energy=1, energy_per_hour=2, energy_per_minute=3, steps=70000
    )
    parts = split_record(data, 12)
    assert [len(part) for part in parts] == [10, 7]
    assert decode_treadmill_data(parts[-1]) == TreadmillData(0x2000, Speed(600), steps=70000)


def test_octets_of_the_vendor_travel_in_the_last_part() -> None:
    data = TreadmillData(
        0x0004 | 0x0008, Speed(1), total_distance=9, inclination=Incline(3), ramp_angle=1, trailing=b"ab"
    )
    *_, last = split_record(data, 9)
    assert last.endswith(b"ab")


def test_a_group_that_fits_nowhere_is_refused() -> None:
    with pytest.raises(EncodeError, match="6 octets are too few"):
        split_record(FULL, 6)
    with pytest.raises(EncodeError, match="8 octets are too few"):
        split_record(TreadmillData(0x4000, Speed(1), trailing=b"abcdefg"), 8)


def test_a_part_is_not_split_again() -> None:
    with pytest.raises(EncodeError, match="only a whole record"):
        split_record(TreadmillData(0x0001), 20)


def test_a_narrowed_record_keeps_what_its_flags_announce() -> None:
    narrowed = narrow_record(FULL, 0x0401)
    assert narrowed == TreadmillData(0x0401, elapsed_time=2047)


def test_an_unsplit_record_is_complete_at_once() -> None:
    data = TreadmillData(0, Speed(100))
    assert RecordAssembler().feed(data, now=5.0) is data


def test_a_later_value_of_the_same_field_counts_and_an_unknown_one_does_not() -> None:
    assembler = RecordAssembler()
    first = TreadmillData(0x0089, inclination=Incline(10), total_energy=5, energy_per_hour=6, energy_per_minute=7)
    assembler.feed(first, now=0.0)
    whole = assembler.feed(TreadmillData(0x0088, Speed(100), inclination=Incline(20), total_energy=8), now=0.1)
    assert whole == TreadmillData(
        0x0088,
        Speed(100),
        inclination=Incline(20),
        total_energy=8,
        energy_per_hour=6,
        energy_per_minute=7,
    )


def test_steps_keep_the_width_of_the_part_they_came_in() -> None:
    assembler = RecordAssembler()
    assembler.feed(TreadmillData(0x2001, steps=7, step_octets=2), now=0.0)
    whole = assembler.feed(TreadmillData(0x0000, Speed(100)), now=0.1)
    assert whole == TreadmillData(0x2000, Speed(100), steps=7, step_octets=2)


def test_a_field_lost_in_one_part_is_missing_from_the_record() -> None:
    assembler = RecordAssembler()
    assembler.feed(TreadmillData(0x0005, missing="total_distance", trailing=b"\x01"), now=0.0)
    whole = assembler.feed(TreadmillData(0x0000, Speed(100)), now=0.1)
    assert whole == TreadmillData(0x0004, Speed(100), missing="total_distance", trailing=b"\x01")


def test_parts_that_wait_too_long_are_forgotten() -> None:
    part, last = TreadmillData(0x0005, total_distance=9), TreadmillData(0x0000, Speed(100))
    assembler = RecordAssembler(patience=2.0)
    assembler.feed(part, now=0.0)
    assert assembler.feed(last, now=2.0) == TreadmillData(0x0004, Speed(100), total_distance=9)
    assembler.feed(part, now=10.0)
    assert assembler.feed(last, now=12.01) == last


def test_the_first_part_sets_the_clock() -> None:
    assembler = RecordAssembler(patience=2.0)
    assembler.feed(TreadmillData(0x0005, total_distance=9), now=0.0)
    assembler.feed(TreadmillData(0x0401, elapsed_time=9), now=1.5)
    assert assembler.feed(TreadmillData(0x0000, Speed(100)), now=2.5) == TreadmillData(0x0000, Speed(100))


def test_a_lost_link_takes_its_parts_along() -> None:
    assembler = RecordAssembler()
    assembler.feed(TreadmillData(0x0005, total_distance=9), now=0.0)
    assembler.reset()
    last = TreadmillData(0x0000, Speed(100))
    assert assembler.feed(last, now=0.1) is last
