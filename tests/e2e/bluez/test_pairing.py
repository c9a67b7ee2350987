"""The pairing as a person does it, on a terminal, through a real stack: the program is a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from tests.e2e.terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.bluez.air import KernelAir
    from tests.e2e.command import Program

Result = TypeVar("Result")

READY_WITHIN: Final = 5.0
"""Seconds from the start of the process until the remembered treadmill is ready."""

RUNS: Final = 5
BUS: Final = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/var/run/dbus/system_bus_socket")


async def beside_the_loop(work: Callable[[], Result]) -> Result:
    """Do what waits in a thread: the treadmills live in this loop."""
    with ThreadPoolExecutor(1) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, work)


def ready(program: Program) -> float:
    """Return the seconds from the start of the program until the remembered treadmill is ready."""
    began = time.monotonic()
    with on_a_terminal(program, "--debug", DBUS_SYSTEM_BUS_ADDRESS=BUS) as terminal:
        terminal.read_until("Ready: Cellar")
        took = time.monotonic() - began
        terminal.press("q")
        assert terminal.end() == 0
    return took


def made_acquaintance(program: Program) -> None:
    with on_a_terminal(program, DBUS_SYSTEM_BUS_ADDRESS=BUS) as terminal:
        terminal.read_until("Newcomer")
        terminal.press("\r")
        terminal.read_until("in steps of")
        terminal.press("\r")
        terminal.read_until("Name:")
        terminal.press("Attic\r")
        terminal.read_until("Ready: Attic")
        terminal.press("q")
        assert terminal.end() == 0


async def test_from_launch_to_ready_on_the_remembered_treadmill_takes_less_than_5_s(
    air: KernelAir, program: Program
) -> None:
    async with air.treadmill("generic", name="Anything"), air.treadmill("horizon-omega-z") as treadmill:
        program.settings.write_text(f'[machines.Cellar]\naddress = "{treadmill.address}"\n', encoding="utf-8")
        took = [await beside_the_loop(lambda: ready(program)) for _ in range(RUNS)]
        assert treadmill.peripheral.connections == []
    sys.stdout.write(f"ready after {', '.join(f'{seconds:.1f}' for seconds in took)} s\n")
    assert max(took) < READY_WITHIN


async def test_a_new_treadmill_is_found_named_and_remembered(air: KernelAir, program: Program) -> None:
    async with air.treadmill("generic", name="Newcomer") as treadmill:
        await beside_the_loop(lambda: made_acquaintance(program))
    machines = tomllib.loads(program.settings.read_text(encoding="utf-8"))["machines"]
    assert {name: machine["address"] for name, machine in machines.items()} == {"Attic": treadmill.address}
    assert machines["Attic"]["advertised"] == "Newcomer"
