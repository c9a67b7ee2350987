from __future__ import annotations

from contextlib import suppress
from decimal import ROUND_HALF_EVEN, Decimal
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstride.errors import EncodeError
from backstride.protocol.control_point import (
    SetTargetInclination,
    SetTargetSpeed,
    decode_request,
    encode_request,
)
from backstride.units import (
    Distance,
    Incline,
    Speed,
    SpeedUnit,
    format_duration,
    parse_duration,
)


def _over_the_wire(speed: Speed) -> tuple[bytes, Speed]:
    value = encode_request(SetTargetSpeed(speed))
    request = decode_request(value)
    assert isinstance(request, SetTargetSpeed)
    return value[1:], request.speed


def test_each_of_2501_speeds_survives_text_and_wire() -> None:
    wrong = []
    for hundredths in range(2501):
        text = f"{hundredths // 100}.{hundredths % 100:02} km/h"
        octets, speed = _over_the_wire(Speed.parse(text))
        if octets != hundredths.to_bytes(2, "little") or speed.text() != text or str(speed) != text:
            wrong.append(text)
    assert wrong == []


def test_each_of_401_inclines_survives_text_and_wire() -> None:
    wrong = []
    for tenths in range(-150, 251):
        sign = "-" if tenths < 0 else ""
        text = f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10} %"
        value = encode_request(SetTargetInclination(Incline.parse(text)))
        request = decode_request(value)
        assert isinstance(request, SetTargetInclination)
        octets = tenths.to_bytes(2, "little", signed=True)
        if value[1:] != octets or request.inclination.text() != text or str(request.inclination) != text:
            wrong.append(text)
    assert wrong == []


def test_each_tenth_of_a_mile_per_hour_up_to_15_survives_text_and_wire() -> None:
    wrong = []
    for tenths in range(151):
        text = f"{tenths // 10}.{tenths % 10} mph"
        nearest = int((Decimal(tenths) * 10 * Decimal("1.609344")).to_integral_value(ROUND_HALF_EVEN))
        octets, speed = _over_the_wire(Speed.parse(text))
        if octets != nearest.to_bytes(2, "little") or speed.text(SpeedUnit.MPH) != text:
            wrong.append(text)
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "hundredths"),
    [
        ("2.6 mph", 418),
        ("2.6mph", 418),
        ("  2.6 MPH ", 418),
        ("4.2 km/h", 420),
        ("4.2 kmh", 420),
        ("4.2 kph", 420),
        ("4,2 km/h", 420),
        (".5 mph", 80),
        ("1 mi/h", 161),
        ("+3 km/h", 300),
        ("-1 km/h", -100),
        ("\N{MINUS SIGN}1 km/h", -100),
        ("24:00 /mi", 402),
        ("24:00 min/mile", 402),
        ("15:00 /km", 400),
        ("6:30/km", 923),
        ("0:01 /km", 360000),
    ],
)
def test_a_speed_is_read_as_people_write_it(text: str, hundredths: int) -> None:
    assert Speed.parse(text) == hundredths
    assert isinstance(Speed.parse(text), Speed)


@pytest.mark.parametrize(
    "text", ["", "fast", "2.6", "2.6 m/s", "mph", "2..6 mph", "nan km/h", "inf mph", "1e3 km/h", "12:60 /km", "2 6 mph"]
)
def test_what_is_no_speed_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it as 2\.6 mph, 4\.2 km/h, 24:00 /mi or 15:00 /km"):
        Speed.parse(text)


def test_a_pace_of_zero_is_no_speed() -> None:
    with pytest.raises(ValueError, match="a pace of 0:00 is no speed"):
        Speed.parse("0:00 /km")


@pytest.mark.parametrize("number", ["nan", "inf", "-Infinity", "x", Decimal("NaN"), Decimal("Infinity")])
def test_a_number_that_is_not_finite_is_refused(number: str | Decimal) -> None:
    for make in (Speed.from_kmh, Speed.from_mph, Incline.from_percent):
        with pytest.raises(ValueError, match="not a"):
            make(number)


@pytest.mark.parametrize(("kmh", "hundredths"), [("1.005", 100), ("1.015", 102), (2, 200), ("-0.005", 0)])
def test_halves_round_to_the_even_hundredth(kmh: str | int, hundredths: int) -> None:
    assert Speed.from_kmh(kmh) == hundredths


def test_halves_round_to_the_even_tenth_of_a_percent() -> None:
    assert [Incline.from_percent(text) for text in ("0.05", "0.15", "-0.05", "-0.15")] == [0, 2, 0, -2]


def test_a_speed_converts_exactly() -> None:
    speed = Speed(418)
    assert speed.kmh == Decimal("4.18")
    assert Speed.from_mph(speed.mph) == speed
    assert abs(speed.mph - Decimal("2.597331583552055")) < Decimal("1e-15")
    assert speed.metres_per_second == pytest.approx(4.18 / 3.6)
    assert speed.text(SpeedUnit.MPH, digits=3) == "2.597 mph"
    assert speed.text(digits=1) == "4.2 km/h"
    assert repr(speed) == "Speed(418)"


def test_sums_and_differences_keep_their_unit() -> None:
    for total in (Speed(250) + 10, Speed(270) - Speed(10)):
        assert isinstance(total, Speed)
        assert total == 260
    for incline in (Incline(-5) + Incline(15), Incline(15) - 5):
        assert isinstance(incline, Incline)
        assert incline == 10


def test_an_incline_converts_exactly() -> None:
    assert Incline(-15).percent == Decimal("-1.5")
    assert Incline(20).grade == pytest.approx(0.02)
    assert repr(Incline(-15)) == "Incline(-15)"


@pytest.mark.parametrize(
    ("text", "tenths"), [("2 %", 20), ("-1.5%", -15), ("\N{MINUS SIGN}1,5 %", -15), (" 0.5 % ", 5), ("+3%", 30)]
)
def test_an_incline_is_read_as_people_write_it(text: str, tenths: int) -> None:
    assert Incline.parse(text) == tenths


@pytest.mark.parametrize("text", ["", "2", "two %", "2 percent", "%", "nan %"])
def test_what_is_no_incline_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it as 2 % or 2\.5 %"):
        Incline.parse(text)


def test_minus_zero_is_never_shown() -> None:
    assert Speed(0).text() == "0.00 km/h"
    assert Speed(-4).text(digits=1) == "0.0 km/h"
    assert Speed(-2).text(SpeedUnit.MPH) == "0.0 mph"
    assert Incline(0).text() == "0.0 %"


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("200 m", 200),
        ("1.5 km", 1500),
        ("1 mi", 1609),
        ("2 miles", 3219),
        ("0,5 mile", 805),
        ("0.5 m", 0),
        ("1.5 m", 2),
    ],
)
def test_a_distance_is_read_as_people_write_it(text: str, metres: int) -> None:
    assert Distance.parse(text) == metres


@pytest.mark.parametrize("text", ["", "far", "200", "200 ft", "m", "inf km"])
def test_what_is_no_distance_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it as 200 m, 1\.5 km or 1 mi"):
        Distance.parse(text)


@pytest.mark.parametrize(
    ("metres", "metric", "imperial"),
    [(0, "0 m", "0.00 mi"), (200, "200 m", "0.12 mi"), (999, "999 m", "0.62 mi"), (1500, "1.50 km", "0.93 mi")],
)
def test_a_distance_is_shown_beside_its_speed_unit(metres: int, metric: str, imperial: str) -> None:
    distance = Distance(metres)
    assert distance.text() == metric
    assert str(distance) == metric
    assert distance.text(SpeedUnit.MPH) == imperial
    assert repr(distance) == f"Distance({metres})"


def test_a_speed_unit_prints_as_people_write_it() -> None:
    assert [str(unit) for unit in SpeedUnit] == ["km/h", "mph"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90 s", 90),
        ("90s", 90),
        ("20 sec", 20),
        ("1 second", 1),
        ("3 min", 180),
        ("2 minutes", 120),
        ("1.5 min", 90),
        ("1,5 min", 90),
        ("0.5 s", 0.5),
        ("1 h 30 min", 5400),
        ("1h30min", 5400),
        ("2 hours", 7200),
        ("1 H 1 MIN 1 S", 3661),
        ("1:30", 90),
        ("90:00", 5400),
        ("1:00:00", 3600),
        (" 0:05 ", 5),
    ],
)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "soon", "1:60", "-5 s", "3 min later", "min", "1:2:3", "nan s", "inf h"])
def test_what_is_no_duration_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="write it as 90 s, 3 min, 1 h 30 min or 1:30"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (5, "0:05"), (59.99, "0:59"), (90, "1:30"), (3599, "59:59"), (3600, "1:00:00"), (36061, "10:01:01")],
)
def test_a_duration_is_shown_as_a_console_shows_it(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(0, 359_999))
def test_a_whole_duration_survives_its_text(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.text(max_size=12))
def test_any_text_is_a_quantity_or_a_value_error(text: str) -> None:
    for parse in (Speed.parse, Incline.parse, Distance.parse, parse_duration):
        with suppress(ValueError):
            assert isfinite(parse(text))


@pytest.mark.parametrize("digits", ["9" * 10, "9" * 400, "9" * 5000])
def test_a_number_of_absurd_length_is_refused_like_any_other_text(digits: str) -> None:
    for parse, unit in ((Speed.parse, "mph"), (Incline.parse, "%"), (Distance.parse, "km"), (parse_duration, "h")):
        with pytest.raises(ValueError, match="write it as"):
            parse(f"{digits} {unit}")


@pytest.mark.parametrize("text", ["999999999 km/h", "999999999.999999999 mph", "999:59 /mi"])
def test_the_longest_numbers_allowed_can_still_be_shown(text: str) -> None:
    assert Speed.parse(text).text().endswith(" km/h")
    assert Speed.parse(text).text(SpeedUnit.MPH).endswith(" mph")


def test_a_speed_the_wire_cannot_carry_is_refused() -> None:
    for speed in (Speed(-1), Speed(65536)):
        with pytest.raises(EncodeError, match="speed"):
            encode_request(SetTargetSpeed(speed))
