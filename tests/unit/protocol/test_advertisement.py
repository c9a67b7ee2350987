from __future__ import annotations

import pytest

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.advertisement import (
    MachineType,
    ServiceData,
    decode_advertising_structure,
    decode_service_data,
    encode_advertising_structure,
    encode_service_data,
)

TREADMILL = ServiceData(available=True, types=MachineType.TREADMILL)


@pytest.mark.parametrize("payload", ["010100", "010001", "0101", "ff0100", "014100", "0100000100"])
def test_a_treadmill_is_seen_wherever_its_bit_stands(payload: str) -> None:
    assert decode_service_data(bytes.fromhex(payload)) == TREADMILL


def test_a_machine_in_use_is_not_available() -> None:
    assert decode_service_data(bytes.fromhex("000100")) == ServiceData(available=False, types=MachineType.TREADMILL)
    assert encode_service_data(ServiceData(available=False, types=MachineType.TREADMILL)).hex() == "000100"


def test_a_machine_that_does_not_say_what_it_is_has_no_type() -> None:
    assert decode_service_data(b"\x01") == ServiceData(available=True, types=MachineType(0))


def test_service_data_without_flags_is_an_error() -> None:
    with pytest.raises(DecodeError) as caught:
        decode_service_data(b"")
    assert caught.value.field == "flags"


def test_the_whole_structure_goes_both_ways() -> None:
    assert encode_advertising_structure(TREADMILL).hex() == "06162618010100"
    assert decode_advertising_structure(bytes.fromhex("06162618010100")) == TREADMILL
    assert decode_advertising_structure(bytes.fromhex("051626180101")) == TREADMILL


@pytest.mark.parametrize(
    ("structure", "field"),
    [
        ("0616", "service_uuid16"),
        ("06092618010100", "ad_type"),
        ("06160d18010100", "service_uuid16"),
        ("061626180101", "ad_length"),
        ("03162618", "flags"),
    ],
)
def test_another_structure_is_refused_at_the_field_that_differs(structure: str, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_advertising_structure(bytes.fromhex(structure))
    assert caught.value.field == field


def test_a_type_nobody_defined_is_not_sent() -> None:
    with pytest.raises(EncodeError, match="0x0100"):
        encode_service_data(ServiceData(available=True, types=MachineType(0x0100)))
