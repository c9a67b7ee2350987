"""Every exception of bleak's becomes one sentence for a person."""

from __future__ import annotations

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)
from bleak_retry_connector import (
    BleakAbortedError,
    BleakConnectionError,
    BleakNotFoundError,
    BleakOutOfConnectionSlotsError,
)

from backstride.driver.radio import RADIO_ERRORS, adapter_options, require_choice_of_adapter, translated
from backstride.errors import Disconnected, MachineError, NotFound, ProcedureRefused


@pytest.mark.parametrize("reason", list(BleakBluetoothNotAvailableReason))
def test_every_reason_why_bluetooth_is_not_available_has_a_sentence(reason: BleakBluetoothNotAvailableReason) -> None:
    known = translated(BleakBluetoothNotAvailableError("words of bleak's", reason))
    assert isinstance(known, NotFound)
    assert str(known).endswith(".")
    assert "Bluetooth" in str(known) or "program" in str(known)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (BleakDeviceNotFoundError("AA", "gone"), NotFound, "not in reach"),
        (BleakNotFoundError("gone"), NotFound, "not in reach"),
        (BleakOutOfConnectionSlotsError("full"), NotFound, "no free connection"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", []), NotFound, "join the group 'bluetooth'"),
        (BleakDBusError("org.bluez.Error.NotPermitted", ["Not allowed"]), NotFound, "join the group"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", []), NotFound, "start BlueZ"),
        (BleakDBusError("org.freedesktop.DBus.Error.NoReply", []), NotFound, "start BlueZ"),
        (BleakDBusError("org.bluez.Error.Failed", ["br-connection-canceled"]), Disconnected, "br-connection-canceled"),
        (BleakDBusError("org.freedesktop.DBus.Error.UnknownObject", ["no such"]), Disconnected, "adapter is gone"),
        (BleakError("device 'dev_D0_5E' not found"), NotFound, "plug the adapter in again"),
        (PermissionError("/run/dbus/system_bus_socket"), NotFound, "join the group"),
        (FileNotFoundError("/run/dbus/system_bus_socket"), NotFound, "start BlueZ"),
        (ConnectionRefusedError(), NotFound, "start BlueZ"),
        (TimeoutError(), Disconnected, "did not answer in time"),
        (EOFError("the bus is gone"), Disconnected, "the bus is gone"),
        (BrokenPipeError("broken"), Disconnected, "broken"),
        (BleakAbortedError("interference"), Disconnected, "interference"),
        (BleakConnectionError("no luck"), Disconnected, "no luck"),
        (BleakError("anything else"), Disconnected, "anything else"),
        (BleakError("adapter 'hci7' not found"), NotFound, "no Bluetooth adapter 'hci7'"),
        (BleakError("Could not get GATT services: Access Denied"), NotFound, "another program has it open"),
        (BleakError("Could not get GATT services: Unreachable"), Disconnected, "did not answer in time"),
        (BleakError("Failed to start scanner. Is Bluetooth turned on?"), NotFound, "switched off"),
        (
            BleakError("Thread is configured for Windows GUI but callbacks are not working."),
            NotFound,
            "uninitialize_sta",
        ),
        (AttributeError("'NoneType' object has no attribute 'call'"), Disconnected, "failed"),
        (AssertionError(), Disconnected, "failed"),
    ],
)
def test_an_error_becomes_the_exception_that_says_whose_fault_it_is(
    error: BaseException, kind: type[MachineError], words: str
) -> None:
    known = translated(error)
    assert type(known) is kind
    assert words in str(known)
    assert isinstance(error, RADIO_ERRORS)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("org.bluez.Error.InProgress", Disconnected, "still busy"),
        ("org.freedesktop.DBus.Error.AccessDenied", NotFound, "may not use Bluetooth"),
    ],
)
def test_what_the_last_of_several_attempts_ended_with_is_what_is_said(
    name: str, kind: type[MachineError], words: str
) -> None:
    """bleak-retry-connector wraps the last error into words of its own."""
    wrapped = BleakConnectionError(
        "Treadmill - AA: Failed to connect after 3 attempt(s): Operation already in progress"
    )
    wrapped.__cause__ = BleakDBusError(name, ["Operation already in progress"])
    known = translated(wrapped)
    assert type(known) is kind
    assert words in str(known)


def test_an_adapter_can_be_chosen_on_linux_alone() -> None:
    assert adapter_options("hci1") == {"bluez": {"adapter": "hci1"}}
    assert adapter_options(None) == {}
    require_choice_of_adapter("linux")
    for platform in ("darwin", "win32"):
        with pytest.raises(NotFound, match="Only Linux"):
            require_choice_of_adapter(platform)


def test_an_att_error_keeps_its_code() -> None:
    known = translated(BleakGATTProtocolError(0xFD), op_code=7)
    assert isinstance(known, ProcedureRefused)
    assert (known.op_code, known.att_error, known.result) == (7, 0xFD, None)


def test_not_paired_is_an_att_error_and_no_lack_of_permission() -> None:
    """BlueZ has one name for ATT 0x05, 0x0C and 0x0F (create_gatt_dbus_error)."""
    known = translated(BleakDBusError("org.bluez.Error.NotPermitted", ["Not paired"]), op_code=8)
    assert isinstance(known, ProcedureRefused)
    assert (known.op_code, known.att_error) == (8, 0x05)
