from __future__ import annotations

import pytest

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.features import Features, MachineFeature, TargetSetting, decode_features, encode_features


def test_the_two_words_follow_each_other() -> None:
    features = Features(
        MachineFeature.TOTAL_DISTANCE | MachineFeature.ELAPSED_TIME,
        TargetSetting.SPEED_TARGET | TargetSetting.INCLINATION_TARGET,
    )
    assert encode_features(features).hex() == "0410000003000000"
    assert decode_features(bytes.fromhex("0410000003000000")) == features


def test_reserved_bits_are_kept_and_further_octets_ignored() -> None:
    features = decode_features(bytes.fromhex("0100008001000080ff"))
    assert MachineFeature.AVERAGE_SPEED in features.machine
    assert encode_features(features).hex() == "0100008001000080"


def test_nothing_is_claimed_by_default() -> None:
    assert encode_features(Features(MachineFeature(0), TargetSetting(0))) == bytes(8)


@pytest.mark.parametrize(("octets", "field"), [(0, "machine"), (3, "machine"), (4, "target"), (7, "target")])
def test_fewer_than_8_octets_are_an_error(octets: int, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_features(bytes(octets))
    assert caught.value.field == field


def test_a_word_beyond_32_bits_is_not_sent() -> None:
    with pytest.raises(EncodeError, match="machine"):
        encode_features(Features(MachineFeature(1 << 32), TargetSetting(0)))
