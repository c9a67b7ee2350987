from __future__ import annotations

import pytest

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.training_status import (
    TrainingStatus,
    TrainingStatusCode,
    decode_training_status,
    encode_training_status,
    fit_training_status,
)


def test_no_string_and_an_empty_string_are_different_things() -> None:
    assert decode_training_status(b"\x00\x01").text is None
    assert decode_training_status(b"\x01\x01").text == ""
    assert encode_training_status(TrainingStatus(TrainingStatusCode.IDLE)) == b"\x00\x01"
    assert encode_training_status(TrainingStatus(TrainingStatusCode.IDLE, "")) == b"\x01\x01"


def test_octets_without_a_string_flag_are_no_string() -> None:
    assert decode_training_status(b"\x00\x01Run") == TrainingStatus(TrainingStatusCode.IDLE)


def test_a_character_cut_in_two_is_dropped() -> None:
    assert decode_training_status(b"\x01\x0bCool \xc3").text == "Cool "


def test_octets_that_are_no_utf_8_do_not_cost_the_rest() -> None:
    assert decode_training_status(b"\x01\x03a\xffb").text == "a\N{REPLACEMENT CHARACTER}b"


def test_reserved_flags_and_codes_are_kept_and_mean_nothing() -> None:
    status = decode_training_status(bytes.fromhex("fbff"))
    assert status == TrainingStatus(0xFF, "", extended=True, reserved=0xF8)
    assert status.flags == 0xFB


@pytest.mark.parametrize("value", [b"", b"\x01"])
def test_a_value_without_a_status_is_an_error(value: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_training_status(value)


def test_a_string_that_does_not_fit_is_cut_and_marked_extended() -> None:
    status = TrainingStatus(TrainingStatusCode.COOL_DOWN, "Abkühlen, bitte weitergehen")
    fitted = fit_training_status(status, 6)
    assert fitted == TrainingStatus(TrainingStatusCode.COOL_DOWN, "Abk", extended=True)
    assert fit_training_status(status, len(encode_training_status(status))) == status


def test_a_notification_too_small_for_a_status_is_refused() -> None:
    with pytest.raises(EncodeError):
        fit_training_status(TrainingStatus(TrainingStatusCode.IDLE), 1)


def test_defined_flags_are_not_smuggled_in_as_reserved_ones() -> None:
    with pytest.raises(EncodeError, match="0x01"):
        encode_training_status(TrainingStatus(1, reserved=0x01))
