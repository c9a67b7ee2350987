"""Bluetooth itself: why it cannot be used, in one sentence each. bleak's exceptions end here."""

from __future__ import annotations

import re
import sys
from typing import Any, Final

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

from backstride.errors import Disconnected, MachineError, NotFound, ProcedureRefused
from backstride.protocol.att import AttError

RADIO_ERRORS: Final = (BleakError, OSError, EOFError, TimeoutError, AssertionError, AttributeError)
"""What bleak lets through: its own exceptions, those of D-Bus sockets underneath, and the last two where its D-Bus
connection went while it was in use."""

_Reason = BleakBluetoothNotAvailableReason
_UNAVAILABLE: Final = {
    _Reason.NO_BLUETOOTH: "This computer has no Bluetooth adapter, or none that the system knows; plug one in.",
    _Reason.NO_BLE_CENTRAL_ROLE: "This Bluetooth adapter cannot do Bluetooth Low Energy; use another one.",
    _Reason.POWERED_OFF: "Bluetooth is switched off; switch it on and try again.",
    _Reason.DENIED_BY_USER: "This program may not use Bluetooth; allow it in the privacy settings of the system.",
    _Reason.DENIED_BY_SYSTEM: "The system's policy forbids Bluetooth; ask whoever administers this computer.",
    _Reason.DENIED_BY_UNKNOWN: "This program may not use Bluetooth; allow it in the privacy settings of the system.",
    _Reason.UNKNOWN: "Bluetooth is not available on this computer, and the system does not say why.",
}
_NO_SERVICE: Final = "No Bluetooth service answers on this computer; on Linux, install and start BlueZ (bluetoothd)."
_NO_PERMISSION: Final = "This user may not use Bluetooth; on Linux, join the group 'bluetooth' and log in again."
_NOT_PAIRED: Final = "org.bluez.Error.NotPermitted"  # for any ATT error that pairing would mend, with these words:
_NOT_PAIRED_TEXT: Final = "Not paired"
_DENIED: Final = ("org.freedesktop.DBus.Error.AccessDenied", "org.bluez.Error.NotPermitted")
_GONE: Final = "The Bluetooth adapter is gone, or has forgotten the treadmill; plug the adapter in again."
_UNKNOWN_DEVICE: Final = re.compile(r"device '.*' not found")  # bleak's BlueZManager.add_device_watcher
_UNKNOWN_ADAPTER: Final = re.compile(r"adapter '(.*)' not found")  # bleak's BlueZManager._check_adapter
_UNKNOWN_OBJECT: Final = "org.freedesktop.DBus.Error.UnknownObject"
_IN_PROGRESS: Final = "org.bluez.Error.InProgress"
_BUSY: Final = (
    "The Bluetooth adapter is still busy with something else; wait a few seconds, close other programs that scan or "
    "connect, and try again."
)
_IN_USE: Final = (
    "Windows does not let this program at the treadmill: another program has it open; close that, and try again."
)
_NO_ANSWER: Final = "The treadmill did not answer in time; it may be out of reach or used by another app."
_WINDOWS_GUI: Final = (
    "Bluetooth cannot answer this program: a library that was loaded before, such as pythoncom, has set its thread up "
    "for a graphical interface; load that later, or call bleak.backends.winrt.util.uninitialize_sta() first."
)
_WINDOWS: Final = (  # the words of bleak's WinRT backend, and what they mean
    (re.compile(r".*: Access Denied"), NotFound, _IN_USE),
    (re.compile(r".*: Unreachable"), Disconnected, _NO_ANSWER),
    (re.compile(r"Thread is configured for Windows GUI.*"), NotFound, _WINDOWS_GUI),
    (re.compile(r"Failed to start scanner\..*"), NotFound, _UNAVAILABLE[_Reason.POWERED_OFF]),
)
_BROKE_OFF: Final = (
    "The connection broke off while it was being made, as it does where the signal is weak or the radio is busy; "
    "go nearer, and try again."
)
_ABSENT: Final = ("org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NoReply")


def adapter_options(adapter: str | None) -> dict[str, Any]:
    """Return the options by which bleak's scanner and client use the adapter of this name, such as ``hci1``."""
    return {} if adapter is None else {"bluez": {"adapter": adapter}}


def require_choice_of_adapter(platform: str = sys.platform) -> None:
    """Raise NotFound where the system gives every program the same adapter."""
    if platform != "linux":
        raise NotFound("Only Linux lets a program choose its Bluetooth adapter; leave out the choice of one here.")


def translated(error: BaseException, *, op_code: int = 0) -> MachineError:
    """Return the `MachineError` that says what `error`, one of `RADIO_ERRORS`, means for a person."""
    match error:
        case BleakBluetoothNotAvailableError():
            return NotFound(_UNAVAILABLE[error.reason])
        case BleakGATTProtocolError():
            return ProcedureRefused(str(error), op_code=op_code, att_error=int(error.code))
        case BleakDeviceNotFoundError() | BleakNotFoundError():
            return NotFound(
                "The treadmill is not in reach, or no longer advertising; wake it up and close other apps that use it."
            )
        case BleakOutOfConnectionSlotsError():
            return NotFound("The Bluetooth adapter has no free connection; disconnect another device and try again.")
        case BleakDBusError():
            return _from_bluez(error, op_code)
        case BleakConnectionError(__cause__=BleakDBusError() as cause):  # what the last of several attempts ended with
            return _from_bluez(cause, op_code)
        case BleakAbortedError():
            return Disconnected(f"{_BROKE_OFF} ({error})")
        case OSError():
            return _from_system(error)
        case _:
            return _from_words(str(error))


def _from_system(error: OSError) -> MachineError:
    match error:
        case PermissionError():
            return NotFound(_NO_PERMISSION)
        case FileNotFoundError() | ConnectionRefusedError():
            return NotFound(_NO_SERVICE)
        case TimeoutError():
            return Disconnected(_NO_ANSWER)
        case _:
            return Disconnected(f"The connection to the treadmill failed: {error}")


def _from_words(words: str) -> MachineError:
    """Return what an error means that has nothing but words."""
    if _UNKNOWN_DEVICE.fullmatch(words):
        return NotFound(_GONE)
    if (adapter := _UNKNOWN_ADAPTER.fullmatch(words)) is not None:
        return NotFound(f"There is no Bluetooth adapter {adapter[1]!r}; `backstride doctor` names those there are.")
    for pattern, kind, sentence in _WINDOWS:
        if pattern.fullmatch(words):
            return kind(sentence)
    return Disconnected(f"The connection to the treadmill failed: {words}")


def is_in_progress(error: BaseException) -> bool:
    """Tell whether BlueZ has not finished what it was asked before, which a moment's patience mends."""
    return isinstance(error, BleakDBusError) and error.dbus_error == _IN_PROGRESS


def _from_bluez(error: BleakDBusError, op_code: int) -> MachineError:
    name, words = error.dbus_error, error.dbus_error_details
    if name == _NOT_PAIRED and words == _NOT_PAIRED_TEXT:
        code = int(AttError.INSUFFICIENT_AUTHENTICATION)
        return ProcedureRefused("The treadmill demands pairing first.", op_code=op_code, att_error=code)
    if name in _DENIED:
        return NotFound(_NO_PERMISSION)
    if name in _ABSENT:
        return NotFound(_NO_SERVICE)
    if name == _IN_PROGRESS:
        return Disconnected(_BUSY)
    if name == _UNKNOWN_OBJECT:
        return Disconnected(_GONE)
    return Disconnected(f"The connection to the treadmill failed: {error}")
