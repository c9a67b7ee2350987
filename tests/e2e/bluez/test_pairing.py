"""The pairing as a person does it, on a terminal, through a real stack: the program is a process of its own."""

from __future__ import annotations

import asyncio
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from tests.e2e.bluez.emulated import BUS, PATIENCE
from tests.e2e.terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.bluez.air import KernelAir
    from tests.e2e.command import Program

Result = TypeVar("Result")

RUNS: Final = 2
READY_WITHIN: Final = 5.0  # seconds (issue 4, part 4)


async def beside_the_loop(work: Callable[[], Result]) -> Result:
    """Do what waits in a thread: the treadmills live in this loop."""
    with ThreadPoolExecutor(1) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, work)


def ready(program: Program) -> tuple[float, float]:
    """Return the seconds from the start of the program to its first screen, and from there until it is ready."""
    began = time.monotonic()
    with on_a_terminal(program, "--debug", DBUS_SYSTEM_BUS_ADDRESS=BUS) as terminal:
        terminal.read_until("treadmill", PATIENCE)
        looked = time.monotonic()
        terminal.read_until("Ready: Cellar", PATIENCE)
        took = (looked - began, time.monotonic() - looked)
        terminal.press("q")
        assert terminal.end() == 0
    return took


def made_acquaintance(program: Program) -> None:
    with on_a_terminal(program, DBUS_SYSTEM_BUS_ADDRESS=BUS) as terminal:
        terminal.read_until("Newcomer", PATIENCE)
        terminal.press("\r")
        terminal.read_until("in steps of", PATIENCE)
        terminal.press("\r")
        terminal.read_until("Name:")
        terminal.press("Attic\r")
        terminal.read_until("Ready: Attic", PATIENCE)
        terminal.press("q")
        assert terminal.end() == 0


async def test_the_remembered_treadmill_is_connected_to_by_its_address_alone(air: KernelAir, program: Program) -> None:
    """Loading the program is printed, not judged: an emulated processor takes twenty times as long for it."""
    async with air.treadmill("generic", name="Anything"), air.treadmill("horizon-omega-z") as treadmill:
        program.settings.write_text(f'[machines.Cellar]\naddress = "{treadmill.address}"\n', encoding="utf-8")
        took = [await beside_the_loop(lambda: ready(program)) for _ in range(RUNS)]
        assert treadmill.peripheral.connections == []
    told = ", ".join(f"{load:.1f} + {found:.1f}" for load, found in took)
    sys.stdout.write(f"FIGURE seconds to load, and to be ready: {told}\n")
    assert min(found for _, found in took) < READY_WITHIN


async def test_a_new_treadmill_is_found_named_and_remembered(air: KernelAir, program: Program) -> None:
    async with air.treadmill("generic", name="Newcomer") as treadmill:
        await beside_the_loop(lambda: made_acquaintance(program))
    machines = tomllib.loads(program.settings.read_text(encoding="utf-8"))["machines"]
    assert {name: machine["address"] for name, machine in machines.items()} == {"Attic": treadmill.address}
    assert machines["Attic"]["advertised"] == "Newcomer"
