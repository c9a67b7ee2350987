from __future__ import annotations

import pytest
from bleak.exc import BleakGATTProtocolErrorCode

from backstride.protocol.att import AttError


@pytest.mark.parametrize("code", BleakGATTProtocolErrorCode)
def test_every_code_bleak_knows_is_known_here(code: BleakGATTProtocolErrorCode) -> None:
    assert code.value in {known.value for known in AttError}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x05, "INSUFFICIENT_AUTHENTICATION"),
        (0x0F, "INSUFFICIENT_ENCRYPTION"),
        (0xFD, "CCCD_IMPROPERLY_CONFIGURED"),
        (0xFE, "PROCEDURE_ALREADY_IN_PROGRESS"),
    ],
)
def test_the_codes_ftms_relies_on_are_the_specified_ones(code: int, name: str) -> None:
    assert AttError(code).name == name
