"""The doctor's gatherers: BlueZ on a message bus of its own, the kernel's files, the air, and the command itself."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason

from backstride.apps.config import Settings
from backstride.apps.examination import examination
from backstride.driver import bluez_version
from backstride.driver.discovery import Discovery
from backstride.driver.doctor.bluez import look
from backstride.driver.doctor.findings import Check
from backstride.driver.doctor.gathering import look_around
from backstride.driver.doctor.listening import listen, read
from backstride.driver.doctor.snapshot import Access, Adapter, Held, Obstacle, Patient, Switch
from backstride.driver.watchdog import bluez as system_bus
from backstride.machines.facts import WireUnit, load_facts
from backstride.simulator.memory import Air
from backstride.simulator.memory_scanner import MemoryScanner
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Speed
from tests.support.private_bus import ADDRESS, DEVICE, bluez_on_a_bus, message_bus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FREEBUDS = "/org/bluez/hci0/dev_11_22_33_44_55_66"


# --- BlueZ


async def test_bluez_tells_adapters_and_connected_treadmills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bluez_on_a_bus(tmp_path, monkeypatch) as bluez:
        bluez.adapter()
        bluez.adapter("/org/bluez/hci1", powered=False, discovering=True)
        bluez.device(connected=True)
        bluez.device(FREEBUDS, name="Earphones", connected=True, fitness=False)
        told = await look((), tmp_path)
        assert set(bluez.calls) == {"GetManagedObjects"}
    assert told.access is Access.OPEN
    assert told.adapters == (
        Adapter("hci0", "00:1A:7D:DA:71:13", powered=True, discovering=False, central=True),
        Adapter("hci1", "00:1A:7D:DA:71:13", powered=False, discovering=True, central=True),
    )
    assert told.held == (Held("Treadmill", ADDRESS, "hci0", None),)


@pytest.mark.parametrize("notifying", [True, False])
async def test_a_connection_that_a_program_has_left_behind_has_no_subscription(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, notifying: bool
) -> None:
    async with bluez_on_a_bus(tmp_path, monkeypatch) as bluez:
        bluez.device(connected=True, fitness=False)
        bluez.services(notifying=notifying)
        assert (await look((), tmp_path)).held == ()
        assert (await look((ADDRESS.lower(),), tmp_path)).held == (Held("Treadmill", ADDRESS, "hci0", notifying),)


async def test_bluez_that_is_not_there_is_not_started_by_a_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with message_bus(tmp_path, monkeypatch):
        told = await look((), tmp_path)
    assert (told.access, told.adapters, told.held) == (Access.NO_SERVICE, None, None)


async def test_a_user_whom_the_bus_keeps_from_bluez_is_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bluez_on_a_bus(tmp_path, monkeypatch, deny=True):
        assert (await look((), tmp_path)).access is Access.DENIED


async def test_bluez_that_does_not_answer_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_bus, "ANSWERS_WITHIN", 0.3)
    async with bluez_on_a_bus(tmp_path, monkeypatch) as bluez:
        bluez.silent = True
        assert (await look((), tmp_path)).access is Access.SILENT


async def test_without_a_bus_nobody_can_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    told = await look((), tmp_path)
    assert (told.access, told.adapters, told.kernel_adapters, told.switches) == (Access.NO_BUS, None, None, None)


async def test_programs_that_may_use_bluetooth_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = tmp_path / f"proc/{os.getpid()}"
    process.mkdir(parents=True)
    (process / "comm").write_text("bluetoothctl\n")
    (process / "cmdline").write_text("/usr/bin/bluetoothctl\0scan\0on\0")
    async with bluez_on_a_bus(tmp_path, monkeypatch):
        assert (await look((), tmp_path)).programs == ()  # ourselves
        monkeypatch.setattr(os, "getpid", lambda: 1)
        told = await look((), tmp_path)
        (process / "comm").write_text("NetworkManager\n")
        other = await look((), tmp_path)
    assert told.programs == (f"bluetoothctl scan on (process {process.name})",)
    assert other.programs == ()


@pytest.mark.parametrize(
    ("says", "version"), [("bluetoothctl: 5.77", (5, 77)), ("5.9", (5, 9)), ("bluetoothctl: 5.66-1+rpt1", (5, 66))]
)
async def test_bluetoothctl_tells_the_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, version: tuple[int, int]
) -> None:
    _program(tmp_path, "bluetoothctl", f"echo '{says}'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert (await look((), tmp_path)).version == version


async def test_a_bluetoothctl_that_hangs_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "bluetoothctl", "exec sleep 60")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(bluez_version, "VERSION_WITHIN", 0.2)
    monkeypatch.setattr(bluez_version, "_TELLERS", ("bluetoothctl", str(tmp_path / "none")))
    assert (await look((), tmp_path)).version is None


async def test_the_kernel_tells_adapters_and_switches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in (("hci0", "serial0"), ("hci1", "usb1/1-2"), ("hci1:64", "usb1/1-2")):
        device = tmp_path / f"sys/devices/{place}/{name}"
        device.mkdir(parents=True)
        (tmp_path / "sys/class/bluetooth").mkdir(parents=True, exist_ok=True)
        (tmp_path / "sys/class/bluetooth" / name).symlink_to(device)
    for number, (kind, name, soft) in enumerate((("bluetooth", "hci0", "1"), ("wlan", "phy0", "1"))):
        switch = tmp_path / f"sys/class/rfkill/rfkill{number}"
        switch.mkdir(parents=True)
        for what, value in (("type", kind), ("name", name), ("soft", soft), ("hard", "0")):
            (switch / what).write_text(f"{value}\n")
    async with bluez_on_a_bus(tmp_path, monkeypatch) as bluez:
        bluez.adapter()
        bluez.adapter("/org/bluez/hci1")
        told = await look((), tmp_path)
    assert told.kernel_adapters == ("hci0", "hci1")
    assert told.switches == (Switch("hci0", soft=True, hard=False),)
    assert [adapter.usb for adapter in told.adapters or ()] == [False, True]


# --- the air


def test_what_is_heard_is_told_with_when(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air = Air()
        treadmill = SimulatedTreadmill("horizon-t202", air=air)
        treadmill.hide()
        asyncio.get_running_loop().call_later(3, treadmill.show)
        told, found = await listen(Discovery(scanner=air.scanner_backend, client=air.client_backend), 8)
        (sighting,) = told.sightings
        assert [item.address for item in found] == [sighting.address]
        assert 3 <= sighting.after < 4.1
        assert (sighting.facts.id, sighting.is_treadmill) == ("horizon-t202", True)
        assert told.obstacle is None

    virtual_time(story())


@pytest.mark.parametrize("reason", list(BleakBluetoothNotAvailableReason))
def test_why_nothing_can_be_heard_is_told(
    virtual_time: Callable[..., Any], reason: BleakBluetoothNotAvailableReason
) -> None:
    class Deaf(MemoryScanner):
        async def start(self) -> None:
            raise BleakBluetoothNotAvailableError("bleak's words", reason)

        async def stop(self) -> None:
            """Nothing was begun."""

    async def story() -> None:
        told, found = await listen(Discovery(scanner=Deaf), 8)
        assert found == ()
        assert told.obstacle is not None
        assert told.sentence.endswith(".")
        if reason is BleakBluetoothNotAvailableReason.POWERED_OFF:
            assert told.obstacle is Obstacle.OFF

    virtual_time(story())


def test_reading_a_treadmill_writes_nothing_and_subscribes_to_nothing(virtual_time: Callable[..., Any]) -> None:
    """S1, and the next app's link: the doctor leaves a treadmill as it was."""

    async def story() -> None:
        air = Air()
        treadmill = SimulatedTreadmill("kingsmith-z1", air=air)
        found = await Discovery(scanner=air.scanner_backend, client=air.client_backend).find_any()
        reading = await read(found, None)
        assert reading.facts is not None
        assert reading.facts.id == "kingsmith-z1"
        assert reading.able is not None
        assert reading.able.speed is not None
        assert reading.able.speed.minimum == Speed(160)
        assert treadmill.writes == []
        assert treadmill.peripheral.connections == []

    virtual_time(story())


def test_a_treadmill_that_cannot_be_connected_to_is_read_in_vain(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air = Air()
        treadmill = SimulatedTreadmill("generic", air=air)
        found = await Discovery(scanner=air.scanner_backend, client=air.client_backend).find_any()
        treadmill.drop_link(out_of_reach_for=1000)
        reading = await read(found, None)
        assert (reading.facts, reading.able) == (None, None)
        assert reading.failure.endswith(".")

    virtual_time(story())


# --- together


async def test_where_bluez_is_not_reached_nobody_scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan of bleak's would make the system start BlueZ."""
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_text("Raspberry Pi 5 Model B\0")

    scans: list[str] = []

    class Forbidden(MemoryScanner):
        async def start(self) -> None:
            scans.append("begun")

    with message_bus(tmp_path, monkeypatch):
        snapshot = await look_around(Discovery(scanner=Forbidden), seconds=5, root=tmp_path)
    assert scans == []
    assert snapshot.air is not None
    assert snapshot.air.obstacle is Obstacle.OTHER
    assert snapshot.host.board == "Raspberry Pi 5 Model B"


@pytest.mark.parametrize("connect", [True, False])
async def test_only_a_treadmill_that_was_named_is_connected_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, connect: bool
) -> None:
    air = Air()
    treadmill = SimulatedTreadmill("generic", air=air)
    patient = Patient("Generic", None, None, named=True)
    async with bluez_on_a_bus(tmp_path, monkeypatch) as bluez:
        bluez.adapter()
        snapshot = await look_around(
            Discovery(scanner=air.scanner_backend, client=air.client_backend),
            patients=(patient,),
            seconds=1.5,
            connect=connect,
            root=tmp_path,
        )
    assert (snapshot.reading is not None) == connect
    assert treadmill.writes == []


async def test_a_treadmill_nobody_has_met_is_read_as_all_consoles_are_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    air = Air()
    SimulatedTreadmill(load_facts("therun-t15").with_console(WireUnit.MPH), air=air)
    discovery = Discovery(scanner=air.scanner_backend, client=air.client_backend)
    settings = Settings(file=tmp_path / "settings.toml", records=tmp_path / "records", console=WireUnit.MPH)
    async with bluez_on_a_bus(tmp_path, monkeypatch) as bluez:
        bluez.adapter()
        told = await examination(settings, discovery, device="THERUN  T15", seconds=1.5)
    of_the_model = [finding.meaning for finding in told.findings if finding.check is Check.MODEL]
    assert any("walks no slower than 1.29 km/h" in meaning for meaning in of_the_model), of_the_model


async def test_a_treadmill_met_before_is_heard_though_it_says_of_itself_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bare(MemoryScanner):
        def call_detection_callbacks(self, device: Any, advertisement_data: Any) -> None:  # noqa: ANN401
            bare = advertisement_data._replace(service_uuids=[], service_data={}, local_name=None)
            super().call_detection_callbacks(device, bare)

    air = Air()
    treadmill = SimulatedTreadmill("generic", air=air)
    patient = Patient("Cellar", treadmill.address, None)
    async with bluez_on_a_bus(tmp_path, monkeypatch) as bluez:
        bluez.adapter()
        discovery = Discovery(scanner=type("Scanner", (Bare,), {"air": air}), client=air.client_backend)
        snapshot = await look_around(discovery, patients=(patient,), seconds=1.5, root=tmp_path)
    assert snapshot.air is not None
    assert [sighting.address for sighting in snapshot.air.sightings] == [treadmill.address]


# --- the command


async def doctor(folder: Path, *options: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Run the command; return its exit code and its findings by check, the last of each."""
    environment = {**os.environ, "BACKSTRIDE_CONFIG": str(folder / "settings.toml"), "BACKSTRIDE_RECORDS": str(folder)}
    command = (sys.executable, "-m", "backstride", "doctor", "--json", "--seconds", "1.5", *options)
    run = partial(subprocess.run, command, stdout=subprocess.PIPE, env=environment, timeout=30, check=False)
    with ThreadPoolExecutor(1) as aside:
        done = await asyncio.get_running_loop().run_in_executor(aside, run)
    told = json.loads(done.stdout)
    assert told["system"] == "linux"
    assert told["exit_code"] == done.returncode
    return told["exit_code"], {finding["check"]: finding for finding in told["findings"]}


async def test_the_command_hears_a_treadmill_through_bleak_and_bluez(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bluez_on_a_bus(tmp_path, monkeypatch) as bluez:
        bluez.adapter()
        bluez.on_air(name="JFTM T202", rssi=-88)
        code, findings = await doctor(tmp_path)
        assert {"StartDiscovery", "StopDiscovery"} <= set(bluez.calls)
        assert "Connect" not in bluez.calls
    assert code == 0
    assert findings["in reach"]["meaning"] == "JFTM T202 is in reach."
    assert findings["signal"]["verdict"] == "note"
    assert "-88 dBm" in findings["signal"]["meaning"]
    assert findings["watchdog"]["verdict"] == findings["free"]["verdict"] == "ok"


async def test_the_command_connects_and_reads_where_a_treadmill_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bluez_on_a_bus(tmp_path, monkeypatch) as bluez:
        bluez.adapter()
        bluez.on_air()
        code, findings = await doctor(tmp_path, "--device", "tread")
        assert {"Connect", "ReadValue", "Disconnect"} <= set(bluez.calls)
        assert not {"WriteValue", "StartNotify", "AcquireWrite", "AcquireNotify", "Pair"} & set(bluez.calls)
    assert findings["connection"]["verdict"] == "ok"
    assert code == 0


async def test_the_command_ends_with_3_where_the_treadmill_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bluez_on_a_bus(tmp_path, monkeypatch) as bluez:
        bluez.adapter()
        bluez.on_air(available=False)
        code, findings = await doctor(tmp_path)
    assert code == 3
    assert findings["free"]["verdict"] == "trouble"
    assert "Close every app" in findings["free"]["remedy"]


async def test_the_command_asks_with_the_adapter_that_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bluez_on_a_bus(tmp_path, monkeypatch) as bluez:
        bluez.adapter()
        bluez.adapter("/org/bluez/hci1")
        bluez.on_air(DEVICE.replace("hci0", "hci1"))
        deaf, _ = await doctor(tmp_path, "--adapter", "hci0")
        code, findings = await doctor(tmp_path, "--adapter", "hci1")
    assert (deaf, code) == (3, 0)
    assert findings["choice of adapter"]["meaning"] == "hci1 was chosen."


def _program(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
