"""Octets as JSON."""

from __future__ import annotations

import json

import pytest

from backstride.apps.cli.decode import decoded
from backstride.errors import ConfigError


@pytest.mark.parametrize("characteristic", ["2ACD", "2acd", "0x2ACD", "0X2acd"])
@pytest.mark.parametrize("octets", ["0000e803", "00 00 E8 03", "00:00:e8:03", "0x0000e803"])
def test_hexadecimal_is_read_however_tools_print_it(characteristic: str, octets: str) -> None:
    assert json.loads(decoded(characteristic, octets))["instantaneous_speed_km_h"] == 10.0


def test_no_octets_are_a_truncated_value() -> None:
    assert json.loads(decoded("2ACD", ""))["error"] == "truncated"


@pytest.mark.parametrize(("characteristic", "octets"), [("2ACD", "0"), ("2ACD", "0g"), ("2AC", "00"), ("speed", "00")])
def test_what_is_no_hexadecimal_is_refused(characteristic: str, octets: str) -> None:
    with pytest.raises(ConfigError):
        decoded(characteristic, octets)
