"""Decoding one Treadmill Data record, against the least that any decoder in Python must do.

The limit unpacks the same octets with a ready `struct` and makes a frozen slotted dataclass of as many fields.
"""

from __future__ import annotations

import struct
import timeit
from dataclasses import fields, make_dataclass
from typing import TYPE_CHECKING

from backstride.protocol.treadmill_data import TreadmillData, decode_treadmill_data

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

RECORD = bytes.fromhex("8c056400140000000000000500e70003005b00")
"""Speed, distance, inclination, energy, heart rate and elapsed time: what a treadmill usually sends (vector v007)."""

BARE = struct.Struct("<HHHBhhHHBBH")
Limit = make_dataclass("Limit", [field.name for field in fields(TreadmillData)], frozen=True, slots=True)
ABSENT = (None,) * (len(fields(TreadmillData)) - 10)


def bare() -> object:
    """Do what no decoder of these fields can do without."""
    flags, speed, low, high, incline, ramp, total, hour, minute, heart, elapsed = BARE.unpack(RECORD)
    return Limit(flags, speed, low | high << 16, incline, ramp, total, hour, minute, heart, elapsed, *ABSENT)


def test_decode_costs_at_most_twice_the_limit(benchmark: BenchmarkFixture) -> None:
    rounds, number = 25, 4000
    decode = min(timeit.repeat(lambda: decode_treadmill_data(RECORD), number=number, repeat=rounds)) / number
    limit = min(timeit.repeat(bare, number=number, repeat=rounds)) / number
    benchmark.extra_info["ratio to the limit"] = round(decode / limit, 2)
    benchmark(decode_treadmill_data, RECORD)
    print(f"\ndecode {decode * 1e6:.2f} us, limit {limit * 1e6:.2f} us, ratio {decode / limit:.2f}")
    assert decode / limit <= 2
