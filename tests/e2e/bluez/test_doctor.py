"""The doctor on a real stack: what BlueZ tells, what is heard, and a treadmill that is read and left as it was."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from backstride.driver.discovery import Discovery
from backstride.driver.doctor.bluez import look
from backstride.driver.doctor.examination import examine
from backstride.driver.doctor.findings import Check, Verdict
from backstride.driver.doctor.gathering import look_around
from backstride.driver.doctor.snapshot import Access, Patient
from backstride.driver.machine import Machine
from tests.e2e.bluez.air import TAKEN_DOWN_WITHIN
from tests.e2e.bluez.emulated import BUS
from tests.e2e.command import Program
from tests.support.bench import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.bluez.air import KernelAir


async def test_a_treadmill_is_heard_read_and_left_as_it_was(air: KernelAir) -> None:
    async with air.treadmill("kingsmith-z1") as treadmill:
        patient = Patient(treadmill.address, treadmill.address, None, named=True)
        snapshot = await look_around(Discovery(), patients=(patient,), seconds=4, connect=True)
        assert treadmill.writes == []
        await until(lambda: not treadmill.peripheral.connections)
    findings = {finding.check: finding for finding in examine(snapshot)}
    for check in (Check.SERVICE, Check.PERMISSION, Check.ADAPTER, Check.POWER, Check.SCANNERS, Check.HELD):
        assert findings[check].verdict is Verdict.OK, findings[check]
    for check in (Check.WATCHDOG, Check.REACH, Check.CONNECTION):
        assert findings[check].verdict is Verdict.OK, findings[check]
    assert snapshot.bluez is not None
    assert snapshot.bluez.version is not None
    assert snapshot.bluez.kernel_adapters == tuple(adapter.name for adapter in snapshot.bluez.adapters or ())
    assert snapshot.reading is not None
    assert snapshot.reading.facts is not None
    assert snapshot.reading.facts.id == "kingsmith-z1"
    await asyncio.sleep(0.5)  # bluetoothd cleans up


async def test_a_treadmill_that_a_program_uses_is_seen_to_be_held(air: KernelAir) -> None:
    async with air.treadmill(name="Held") as treadmill:
        async with Machine.connect(await Discovery().find("Held")):
            (held,) = (await look(())).held or ()
        assert (held.address, held.in_use) == (treadmill.address, True)
        await until(lambda: not treadmill.peripheral.connections)
        assert (await look(())).held == ()


async def test_another_scan_is_seen(air: KernelAir) -> None:
    async with air.treadmill(name="Quiet"):
        before = await look(())
        scanning = asyncio.create_task(Discovery().scan(3))
        await asyncio.sleep(1)
        during = await look(())
        await scanning
    assert [adapter.discovering for adapter in before.adapters or ()] == [False]
    assert [adapter.discovering for adapter in during.adapters or ()] == [True]


async def test_an_adapter_that_was_chosen_and_is_there_hears(air: KernelAir) -> None:
    async with air.treadmill(name="Chosen") as treadmill:
        (adapter,) = (await look(())).adapters or ()
        async with Machine.connect(await Discovery(adapter=adapter.name).find("Chosen")) as machine:
            assert machine.identity.address == treadmill.address


async def test_an_adapter_that_is_pulled_out_is_missed(air: KernelAir) -> None:
    await asyncio.sleep(TAKEN_DOWN_WITHIN)  # bluetoothd 5.66 has crashed here with the last test's link in its hands
    await air.pull_out()
    try:
        told = await look(())
        assert (told.access, told.adapters, told.kernel_adapters) == (Access.OPEN, (), ())
    finally:
        await air.plug_in()


async def test_the_installed_command_finds_nothing_in_the_way(air: KernelAir, tmp_path: Path) -> None:
    program = Program(tmp_path)
    run = partial(
        subprocess.run,
        (sys.executable, "-m", "backstride", "doctor", "--json", "--seconds", "4", "--device", "Command"),
        stdout=subprocess.PIPE,
        env={**program.environment, "DBUS_SYSTEM_BUS_ADDRESS": BUS},
        timeout=60,
        check=False,
    )
    async with air.treadmill(name="Command") as treadmill:
        with ThreadPoolExecutor(1) as aside:
            done = await asyncio.get_running_loop().run_in_executor(aside, run)
        assert treadmill.writes == []
    told = json.loads(done.stdout)
    assert [finding for finding in told["findings"] if finding["verdict"] == "trouble"] == []
    assert done.returncode == 0
