from __future__ import annotations

import pytest

from backstride.protocol import uuids
from backstride.protocol.uuids import full_uuid, short_uuid


def test_the_long_form_is_what_bleak_writes() -> None:
    assert full_uuid(0x2ACD) == "00002acd-0000-1000-8000-00805f9b34fb"
    assert full_uuid(0x2ACD) == uuids.TREADMILL_DATA
    assert full_uuid(0x1826) == uuids.FITNESS_MACHINE_SERVICE
    assert full_uuid(0x2AD9) == uuids.CONTROL_POINT


def test_the_short_form_is_found_in_any_letter_case() -> None:
    assert short_uuid("00002ACD-0000-1000-8000-00805F9B34FB") == 0x2ACD


@pytest.mark.parametrize(
    "uuid",
    [
        "",
        "2acd",
        "00002acd",
        "d18d2c10-c44c-11e8-a355-529269fb1459",
        "10002acd-0000-1000-8000-00805f9b34fb",
        "0000+acd-0000-1000-8000-00805f9b34fb",
    ],
)
def test_a_vendor_uuid_has_no_short_form(uuid: str) -> None:
    assert short_uuid(uuid) is None


@pytest.mark.parametrize("short", [-1, 0x10000])
def test_a_number_beyond_16_bits_is_no_short_uuid(short: int) -> None:
    with pytest.raises(ValueError, match="not a 16-bit UUID"):
        full_uuid(short)


def test_every_characteristic_we_use_has_a_name() -> None:
    used = [
        value for name, value in vars(uuids).items() if name.isupper() and isinstance(value, str) and "-00805f" in value
    ]
    assert len(used) == len(uuids.NAMES) + 1  # the tail that all of them share has the same look
    assert uuids.NAMES[0x2ACD] == "Treadmill Data"
