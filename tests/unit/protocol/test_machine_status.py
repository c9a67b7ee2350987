from __future__ import annotations

import pytest

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.control_point import StopOrPause
from backstride.protocol.machine_status import (
    STATUSES,
    ControlPermissionLost,
    MachineStatus,
    OtherStatus,
    SpinDownStage,
    SpinDownStatus,
    StartedOrResumedByUser,
    StatusCode,
    StatusReset,
    StoppedBySafetyKey,
    StoppedOrPausedByUser,
    TargetInclineChanged,
    TargetResistanceLevelChanged,
    TargetSpeedChanged,
    decode_machine_status,
    encode_machine_status,
)
from backstride.units import Incline, Speed


def test_every_status_code_has_a_class() -> None:
    assert set(STATUSES) == set(StatusCode)


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("01", StatusReset()),
        ("0201", StoppedOrPausedByUser(StopOrPause.STOP)),
        ("0202", StoppedOrPausedByUser(StopOrPause.PAUSE)),
        ("02", StoppedOrPausedByUser(None)),
        ("03", StoppedBySafetyKey()),
        ("04", StartedOrResumedByUser()),
        ("058813", TargetSpeedChanged(Speed(5000))),
        ("060a00", TargetInclineChanged(Incline(10))),
        ("0732", TargetResistanceLevelChanged(50, octets=1)),
        ("073200", TargetResistanceLevelChanged(50)),
        ("1404", SpinDownStatus(SpinDownStage.STOP_PEDALING)),
        ("ff", ControlPermissionLost()),
        ("1601", OtherStatus(0x16, b"\x01")),
        ("00", OtherStatus(0x00)),
    ],
)
def test_a_status_goes_both_ways(value: str, status: MachineStatus) -> None:
    assert decode_machine_status(bytes.fromhex(value)) == status
    assert encode_machine_status(status).hex() == value


@pytest.mark.parametrize("value", ["0200", "0203", "02ff"])
def test_a_stop_or_pause_is_one_even_if_it_says_something_reserved(value: str) -> None:
    assert decode_machine_status(bytes.fromhex(value)) == StoppedOrPausedByUser(None)


def test_octets_left_over_are_ignored() -> None:
    assert decode_machine_status(bytes.fromhex("0588130000")) == TargetSpeedChanged(Speed(5000))
    assert decode_machine_status(bytes.fromhex("0300")) == StoppedBySafetyKey()


@pytest.mark.parametrize(("value", "field"), [("", "op_code"), ("0588", "speed"), ("07", "level"), ("1405", "stage")])
def test_a_status_that_lacks_its_parameter_is_an_error(value: str, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_machine_status(bytes.fromhex(value))
    assert caught.value.field == field


def test_a_code_beyond_an_octet_is_not_sent() -> None:
    with pytest.raises(EncodeError, match="code 256"):
        encode_machine_status(OtherStatus(256))
