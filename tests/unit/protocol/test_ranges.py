from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.ranges import (
    HeartRateRange,
    InclinationRange,
    PowerRange,
    ResistanceRange,
    SpeedRange,
    decode_heart_rate_range,
    decode_inclination_range,
    decode_power_range,
    decode_resistance_range,
    decode_speed_range,
    encode_heart_rate_range,
    encode_inclination_range,
    encode_power_range,
    encode_resistance_range,
    encode_speed_range,
)
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_speed_range_is_three_speeds() -> None:
    supported = SpeedRange(Speed(50), Speed(610), Speed(10))
    assert encode_speed_range(supported).hex() == "320062020a00"
    decoded = decode_speed_range(bytes.fromhex("320062020a00ff"))
    assert decoded == supported
    assert isinstance(decoded.minimum, Speed)


def test_an_inclination_range_may_begin_below_zero() -> None:
    supported = InclinationRange(Incline(-30), Incline(150), Incline(5))
    assert encode_inclination_range(supported).hex() == "e2ff96000500"
    assert decode_inclination_range(bytes.fromhex("e2ff96000500")) == supported


def test_a_heart_rate_range_has_one_octet_each() -> None:
    assert encode_heart_rate_range(HeartRateRange(80, 180, 1)).hex() == "50b401"
    assert decode_heart_rate_range(bytes.fromhex("50b401")) == HeartRateRange(80, 180, 1)


def test_a_power_range_may_begin_below_zero() -> None:
    assert encode_power_range(PowerRange(-100, 1000, 1)).hex() == "9cffe8030100"
    assert decode_power_range(bytes.fromhex("9cffe8030100")) == PowerRange(-100, 1000, 1)


@pytest.mark.parametrize(
    ("value", "supported"),
    [
        ("000064000100", ResistanceRange(0, 100, 1, octets=6)),
        ("000064000100ff", ResistanceRange(0, 100, 1, octets=6)),
        ("011401", ResistanceRange(1, 20, 1, octets=3)),
    ],
)
def test_the_length_tells_the_form_of_a_resistance_range(value: str, supported: ResistanceRange) -> None:
    assert decode_resistance_range(bytes.fromhex(value)) == supported
    assert encode_resistance_range(supported) == bytes.fromhex(value)[: supported.octets]


@pytest.mark.parametrize("octets", [0, 2, 4, 5])
def test_a_resistance_range_of_another_length_is_cut_off(octets: int) -> None:
    with pytest.raises(DecodeError):
        decode_resistance_range(bytes(octets))


def test_a_resistance_range_has_no_third_form() -> None:
    with pytest.raises(EncodeError, match="6 or 3 octets, not 4"):
        encode_resistance_range(ResistanceRange(0, 1, 1, octets=4))


@pytest.mark.parametrize(
    ("decode", "octets"),
    [
        (decode_speed_range, 6),
        (decode_inclination_range, 6),
        (decode_power_range, 6),
        (decode_heart_rate_range, 3),
    ],
)
def test_a_range_cut_short_names_the_number_it_lacks(decode: Callable[[bytes], object], octets: int) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(bytes(octets - 1))
    assert caught.value.field == "increment"


def test_a_range_beyond_its_width_is_not_sent() -> None:
    with pytest.raises(EncodeError, match="maximum 70000"):
        encode_speed_range(SpeedRange(Speed(0), Speed(70000), Speed(1)))
