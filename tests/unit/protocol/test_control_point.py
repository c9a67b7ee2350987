from __future__ import annotations

import pytest

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.control_point import (
    REQUESTS,
    OpCode,
    RequestControl,
    Response,
    ResultCode,
    SetTargetInclination,
    SetTargetPower,
    SetTargetResistanceLevel,
    SetTargetSpeed,
    StartOrResume,
    StopOrPause,
    StopOrPauseRequest,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
)
from backstride.units import Incline, Speed


def test_every_op_code_but_the_response_has_a_request() -> None:
    assert set(REQUESTS) == set(OpCode) - {OpCode.RESPONSE_CODE}


def test_a_target_speed_goes_out_in_hundredths() -> None:
    assert encode_request(SetTargetSpeed(Speed(1000))).hex() == "02e803"
    request = decode_request(bytes.fromhex("02e803"))
    assert request == SetTargetSpeed(Speed(1000))
    assert isinstance(request, SetTargetSpeed)
    assert isinstance(request.speed, Speed)


def test_a_target_inclination_may_be_downhill() -> None:
    assert encode_request(SetTargetInclination(Incline(-30))).hex() == "03e2ff"


def test_requests_without_a_parameter_are_one_octet() -> None:
    assert encode_request(RequestControl()) == b"\x00"
    assert encode_request(StartOrResume()) == b"\x07"


@pytest.mark.parametrize(("value", "control"), [("0801", StopOrPause.STOP), ("0802", StopOrPause.PAUSE)])
def test_stop_and_pause_are_told_apart(value: str, control: StopOrPause) -> None:
    assert decode_request(bytes.fromhex(value)) == StopOrPauseRequest(control)
    assert encode_request(StopOrPauseRequest(control)).hex() == value


@pytest.mark.parametrize(
    ("value", "request_"),
    [
        ("047b", SetTargetResistanceLevel(123)),
        ("047b00", SetTargetResistanceLevel(123, octets=2)),
        ("04ffff", SetTargetResistanceLevel(-1, octets=2)),
    ],
)
def test_a_resistance_level_has_one_octet_or_two(value: str, request_: SetTargetResistanceLevel) -> None:
    assert decode_request(bytes.fromhex(value)) == request_
    assert encode_request(request_).hex() == value


@pytest.mark.parametrize(
    ("value", "field", "offset"),
    [
        ("", "op_code", 0),
        ("15", "op_code", 0),
        ("81", "op_code", 0),
        ("800001", "op_code", 0),
        ("02", "speed", 1),
        ("0264", "speed", 1),
        ("04", "level", 1),
        ("08", "control", 1),
        ("0800", "control", 1),
        ("0803", "control", 1),
        ("0e080708", "fitness", 3),
        ("1303", "action", 1),
        ("0000", "", 1),
        ("02640000", "", 3),
        ("047b0000", "", 3),
    ],
)
def test_a_malformed_request_says_where_it_breaks(value: str, field: str, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_request(bytes.fromhex(value))
    assert (caught.value.field, caught.value.offset) == (field, offset)


def test_a_request_that_is_too_long_is_still_told() -> None:
    with pytest.raises(DecodeError) as caught:
        decode_request(bytes.fromhex("02640000"))
    assert caught.value.partial == SetTargetSpeed(Speed(100))


def test_a_target_the_wire_cannot_carry_is_refused() -> None:
    with pytest.raises(EncodeError, match="speed 65536"):
        encode_request(SetTargetSpeed(Speed(65536)))
    with pytest.raises(EncodeError, match="level 256"):
        encode_request(SetTargetResistanceLevel(256))
    with pytest.raises(EncodeError, match="power 40000"):
        encode_request(SetTargetPower(40000))


def test_a_response_names_its_request_and_its_result() -> None:
    response = decode_response(bytes.fromhex("800201"))
    assert response == Response(OpCode.SET_TARGET_SPEED, ResultCode.SUCCESS)
    assert response.succeeded
    assert encode_response(response).hex() == "800201"


def test_a_response_may_carry_a_parameter() -> None:
    response = decode_response(bytes.fromhex("8013012003b004"))
    assert response.parameter.hex() == "2003b004"
    assert encode_response(response).hex() == "8013012003b004"


@pytest.mark.parametrize("result", [0x00, 0x02, 0x03, 0x04, 0x05, 0x06, 0xFF])
def test_every_result_but_success_is_a_failure(result: int) -> None:
    assert not decode_response(bytes((0x80, 0x02, result))).succeeded


@pytest.mark.parametrize(
    ("value", "field"),
    [("", "op_code"), ("02", "op_code"), ("020201", "op_code"), ("80", "request_op_code"), ("8002", "result")],
)
def test_what_is_no_whole_response_is_refused(value: str, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_response(bytes.fromhex(value))
    assert caught.value.field == field


def test_a_response_beyond_an_octet_is_not_sent() -> None:
    with pytest.raises(EncodeError, match="result 256"):
        encode_response(Response(0, 256))
