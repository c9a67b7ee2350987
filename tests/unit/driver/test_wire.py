"""What bleak's errors are in a capture."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError, BleakGATTProtocolErrorCode

from backstride.capture.events import Answered, Event, Failure, Operation, Trouble
from backstride.driver import bluez_version
from backstride.driver.capturing import header_of
from backstride.driver.wire import Wire, failure_of
from backstride.errors import Disconnected, MachineError, ProcedureTimeout
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.support.bench import Address

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (
            BleakGATTProtocolError(BleakGATTProtocolErrorCode.PROCEDURE_ALREADY_IN_PROGRESS),
            Failure(Trouble.ATT, att_error=0xFE),
        ),
        (
            BleakDBusError("org.bluez.Error.Failed", ["something"]),
            Failure(Trouble.BLUEZ, "something", name="org.bluez.Error.Failed"),
        ),
        (TimeoutError(), Failure(Trouble.TIMEOUT)),
        (asyncio.CancelledError(), Failure(Trouble.GIVEN_UP)),
        (BleakError("what"), Failure(Trouble.OTHER, "BleakError: what")),
    ],
)
def test_what_bleak_said_is_kept(error: BaseException, failure: Failure) -> None:
    assert failure_of(error) == failure
    ours = MachineError("in our words")
    ours.__cause__ = error
    assert failure_of(ours) == failure


@pytest.mark.parametrize(
    ("error", "trouble"),
    [(Disconnected("gone"), Trouble.LINK_LOST), (ProcedureTimeout("late"), Trouble.TIMEOUT)],
)
def test_what_the_driver_knows_better_is_kept_instead(error: MachineError, trouble: Trouble) -> None:
    error.__cause__ = BleakError("what")
    told: list[Event] = []
    wire = Wire(told.append)
    wire.failed(wire.asked(Operation.READ, "2ACD", None), error)
    assert told[1] == Answered(1, "2ACD", failure=Failure(trouble))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has BlueZ")
@pytest.mark.parametrize(
    ("tool", "version"),
    [("echo 'bluetoothctl: 5.66'", "5.66"), ("exit 1", None), (None, None)],
)
def test_the_version_of_bluez_is_what_its_own_tool_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tool: str | None, version: str | None
) -> None:
    if tool is not None:
        path = tmp_path / "bluetoothctl"
        path.write_text(f"#!/bin/sh\n{tool}\n", encoding="ascii")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(bluez_version, "_TELLERS", ("bluetoothctl", str(tmp_path / "bluetoothd")))
    treadmill = SimulatedTreadmill()
    header = header_of(Address(treadmill.device, None))
    assert (header.bluez, header.backend, header.simulated) == (version, "bluez_dbus", False)


def test_a_header_says_what_is_known_before_the_link_is_made() -> None:
    treadmill = SimulatedTreadmill("sole-f85")
    header = header_of(treadmill, "on Sunday")
    assert (header.address, header.name) == (treadmill.device.address, treadmill.device.name)
    assert (header.simulated, header.backend, header.bluez, header.note) == (True, "MemoryClient", None, "on Sunday")
    assert header.bleak[0].isdigit()
