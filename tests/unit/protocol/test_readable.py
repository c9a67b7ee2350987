from __future__ import annotations

import pytest

from backstride.protocol.readable import describe

TRUNCATED = {"error": "truncated"}


def _describe(uuid16: int, value: str) -> dict[str, object]:
    return describe(uuid16, bytes.fromhex(value))


@pytest.mark.parametrize(
    "uuid16",
    [0x1826, 0x2ACC, 0x2ACD, *range(0x2AD3, 0x2ADB), 0x2A37, 0x2A38, 0x2A53, 0x2A54, 0x2A5D],
)
def test_an_empty_value_is_truncated(uuid16: int) -> None:
    assert _describe(uuid16, "") == TRUNCATED


@pytest.mark.parametrize("uuid16", [0x2AD2, 0x2A29, 0x0000])
def test_a_characteristic_of_no_treadmill_is_named(uuid16: int) -> None:
    assert describe(uuid16, b"\x00\x00") == {"error": f"{uuid16:04X} is not a characteristic of a treadmill"}


@pytest.mark.parametrize(
    ("uuid16", "value", "described"),
    [
        (0x2AD4, "640020", {"minimum_speed_km_h": 1.0, **TRUNCATED}),
        (0x2AD7, "50b401ff", {
            "minimum_heart_rate_bpm": 80,
            "maximum_heart_rate_bpm": 180,
            "minimum_increment_bpm": 1,
            "trailing_octets_hex": "ff",
        }),
        (0x2AD6, "64000000", {"minimum_resistance_level": 10.0, "maximum_resistance_level": 0.0, **TRUNCATED}),
        (0x2AD3, "000152", {
            "flags_raw": 0,
            "string_present": False,
            "extended_string": False,
            "training_status_raw": 1,
            "training_status": "idle",
            "trailing_octets_hex": "52",
        }),
        (0x2A53, "0f0001372d00e803", {
            "flags_raw": 15,
            "instantaneous_speed_m_per_s": 1.0,
            "instantaneous_cadence_strides_per_min": 55,
            "instantaneous_stride_length_cm": 45,
            "running": True,
            "rfu_bits_set": True,
            **TRUNCATED,
        }),
        (0x2A54, "2700", {
            "rsc_features_raw": 0x27,
            "rsc_features": ["stride_length", "total_distance", "walking_or_running"],
        }),
        (0x2A5D, "0200", {"sensor_location": "in_shoe", "sensor_location_raw": 2, "trailing_octets_hex": "00"}),
        (0x2A37, "3e5ac80000040003ff", {
            "flags_raw": 0x3E,
            "heart_rate_bpm": 90,
            "energy_expended_kj": 200,
            "sensor_contact": True,
            "rr_intervals_s": [1.0, 0.75],
            "rfu_bits_set": True,
            "trailing_octets_hex": "ff",
        }),
        (0x2A37, "003e", {"flags_raw": 0, "heart_rate_bpm": 62}),
        (0x2A38, "07", {"body_sensor_location": "reserved", "body_sensor_location_raw": 7}),
    ],
)  # fmt: skip
def test_what_is_whole_is_shown_and_what_is_left_over_named(
    uuid16: int, value: str, described: dict[str, object]
) -> None:
    assert _describe(uuid16, value) == described


def test_features_of_9_octets_show_the_ninth() -> None:
    assert _describe(0x2ACC, "0000000000000000aa")["trailing_octets_hex"] == "aa"


@pytest.mark.parametrize(
    ("value", "parameter"),
    [
        ("0803", {"control_information": "reserved", "control_information_raw": 3}),
        ("080100", {"control_information": "stop", "control_information_raw": 1, "trailing_octets_hex": "00"}),
        ("0f08070807", {"time_light_zone_s": 1800, "time_moderate_zone_s": 1800, **TRUNCATED}),
        ("04", TRUNCATED),
        ("1303", {"spin_down_control": "reserved"}),
        ("7f01", {"trailing_octets_hex": "01"}),
    ],
)
def test_a_request_is_shown_as_far_as_it_can_be_read(value: str, parameter: dict[str, object]) -> None:
    described = _describe(0x2AD9, value)
    assert described.pop("op_code_raw") == int(value[:2], 16)
    del described["op_code"]
    assert described == parameter


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        ("80", TRUNCATED),
        ("8002", {"request_op_code": "set_target_speed", "request_op_code_raw": 2, **TRUNCATED}),
        (
            "80020100",
            {
                "request_op_code": "set_target_speed",
                "request_op_code_raw": 2,
                "result": "success",
                "result_raw": 1,
                "trailing_octets_hex": "00",
            },
        ),
        (
            "8013012003b0",
            {
                "request_op_code": "spin_down_control",
                "request_op_code_raw": 0x13,
                "result": "success",
                "result_raw": 1,
                "target_speed_low_km_h": 8.0,
                **TRUNCATED,
            },
        ),
    ],
)
def test_a_response_is_shown_as_far_as_it_can_be_read(value: str, rest: dict[str, object]) -> None:
    assert _describe(0x2AD9, value) == {"op_code": "response_code", "op_code_raw": 0x80} | rest


def test_an_advertisement_of_something_else_says_so() -> None:
    described = _describe(0x1826, "06160d18010100")
    assert described["service_uuid16"] == "180D"
    assert described["error"] == "not the service data of a fitness machine"
    assert "error" in _describe(0x1826, "06092618010100")


def test_an_advertisement_with_one_type_octet_shows_what_is_there() -> None:
    assert _describe(0x1826, "051626180101") == {
        "ad_length": 5,
        "ad_type": 0x16,
        "service_uuid16": "1826",
        "flags_raw": 1,
        "fitness_machine_available": True,
        **TRUNCATED,
    }


def test_octets_beyond_the_advertised_length_are_named() -> None:
    assert _describe(0x1826, "06162618010100aabb")["trailing_octets_hex"] == "aabb"


def test_reserved_advertising_flags_are_named() -> None:
    assert _describe(0x1826, "06162618810100")["rfu_bits_set"] is True
