"""`backstride simulate` on the air: its live console on a terminal, and a client at the other end, in real time."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

import pytest
from bleak import BleakClient
from bleak.exc import BleakError

from backstride.protocol import uuids
from backstride.simulator.virtual_link import VirtualLink
from tests.e2e.command import LONGEST, without_escapes
from tests.e2e.terminal import on_a_terminal
from tests.e2e.unix_adapter import unix_adapter
from tests.support.bench import until
from tests.support.bumble_client import target_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests.e2e.command import Program
    from tests.e2e.terminal import Terminal

ADDRESS: Final = "F0:F1:F2:F3:F4:F5"
GREETING: Final = f"Gym 7 is on the air at {ADDRESS}, over unix:"


@contextmanager
def simulating(program: Program, transport: str, *arguments: str) -> Iterator[Terminal]:
    """Run the command on a terminal, which is read at all times: a full one would hold the treadmill up."""
    loop = asyncio.get_running_loop()
    named = ("--name", "Gym 7", "--address", ADDRESS)
    with on_a_terminal(program, "--units", "km/h", "simulate", "--hci", transport, *named, *arguments) as terminal:
        loop.add_reader(terminal.master, terminal.read)
        try:
            yield terminal
        finally:
            loop.remove_reader(terminal.master)


async def shown(terminal: Terminal, *parts: str) -> None:
    """Wait until each part was shown since the last key."""
    try:
        await until(lambda: all(part in without_escapes(terminal.raw) for part in parts), LONGEST)
    except TimeoutError:
        pytest.fail(f"{parts} were never shown: {without_escapes(terminal.raw)[-3000:]}")


async def ended(terminal: Terminal) -> int:
    """Wait for the end; return the exit code of a program that left its terminal as it was."""
    await until(lambda: terminal.process.poll() is not None, LONGEST)
    return terminal.end()


class Phone:
    """A connected client, and what it has been told by characteristic."""

    def __init__(self, client: BleakClient) -> None:
        self.client = client
        self.data: list[bytes] = []
        self.status: list[str] = []
        self.speeds: list[bytes] = []
        self.hearts: list[bytes] = []

    async def subscribe(self) -> None:
        await self.client.start_notify(uuids.TREADMILL_DATA, lambda _, value: self.data.append(bytes(value)))
        await self.client.start_notify(uuids.MACHINE_STATUS, lambda _, value: self.status.append(value.hex()))
        await self.client.start_notify(uuids.RSC_MEASUREMENT, lambda _, value: self.speeds.append(bytes(value)))
        await self.client.start_notify(uuids.HEART_RATE_MEASUREMENT, lambda _, value: self.hearts.append(bytes(value)))

    @property
    def speed(self) -> int:
        """The last speed it was told, in 0.01 km/h."""
        return int.from_bytes(self.data[-1][2:4], "little") if self.data else 0


@asynccontextmanager
async def phone_on(link: VirtualLink) -> AsyncIterator[Phone]:
    target = target_at(link, ADDRESS)
    async with BleakClient(target.device, backend=target.backend) as client:
        yield Phone(client)


async def told(condition: Callable[[], bool]) -> None:
    """Wait until a client has been told so."""
    await until(condition, LONGEST)


async def test_keys_move_the_belt_and_screen_and_client_both_show_it(program: Program) -> None:
    link = VirtualLink()
    async with unix_adapter(link) as transport:
        with simulating(program, transport, "--rsc", "--heart-rate") as terminal:
            await shown(terminal, GREETING, "Nobody is connected.", "IDLE", "0 steps/min", "62 bpm", "q quit")
            async with phone_on(link) as phone:
                await phone.subscribe()
                await shown(terminal, "Client 1 is connected.", "Client 1 subscribes to Treadmill Data.", "MTU 247")
                terminal.press("s")
                await shown(terminal, "Start is pressed.", "The belt moves.", "RUNNING", "0.80 km/h  →  0.80 km/h")
                await told(lambda: phone.speed == 80)
                assert phone.status == ["04"]  # Started or Resumed by the User
                terminal.press("\x1b[A\x1b[C")
                await shown(terminal, "Faster is pressed.", "Steeper is pressed.", "→  0.90 km/h", "→  0.5 %")
                await told(lambda: phone.speed == 90)
                await shown(terminal, "71 steps/min")  # 60 and 12 for each of 0.9 km/h
                # 0.25 m/s = 64/256; 70.8 steps a minute are 35 of each foot
                await told(lambda: phone.speeds[-1][1:4] == bytes.fromhex("400023"))
                await told(lambda: phone.hearts[-1][0] == 0x06)
                terminal.press("p")
                await shown(terminal, "Pause is pressed.", "The belt stands.", "PAUSED")
                await told(lambda: phone.speed == 0)
                terminal.press("s")
                await told(lambda: phone.speed > 0)
                terminal.press("x")
                await shown(terminal, "Stop is pressed.", "The belt stands.", "IDLE")
                await told(lambda: phone.status[-3:] == ["0202", "04", "0201"])  # paused, resumed, stopped by the user
                await told(lambda: phone.speed == 0)
            await shown(terminal, "Client 1 is gone.", "Nobody is connected.")
            terminal.press("q")
            assert await ended(terminal) == 0
            assert "\x1b[?1049l" in terminal.raw


async def test_the_safety_key_and_a_typed_fault_reach_the_client(program: Program) -> None:
    link = VirtualLink()
    async with unix_adapter(link) as transport:
        with simulating(program, transport, "--rsc", "--heart-rate") as terminal:
            await shown(terminal, GREETING)
            async with phone_on(link) as phone:
                await phone.subscribe()
                terminal.press("s")
                await told(lambda: phone.speed == 80)
                terminal.press("k")
                await shown(terminal, "The safety key is pulled.", "SAFETY KEY PULLED", "The belt stands.")
                assert phone.status == ["04", "03"]  # started by the user, stopped by the safety key
                await told(lambda: phone.speed == 0)
                terminal.press("s")
                await shown(terminal, "Start is pressed.", "SAFETY KEY PULLED", "IDLE")
                terminal.press("k")
                await shown(terminal, "The safety key is back. Nothing moves by itself.")
                terminal.press("fsilentt\x7f")
                await shown(terminal, "Fault: silent▏  Enter: strike   Esc: back")
                terminal.press("\r")
                await shown(terminal, "Fault: silent.", "q quit")
                records, speeds = len(phone.data), len(phone.speeds)
                await told(lambda: len(phone.speeds) >= speeds + 3)
                assert len(phone.data) <= records + 1  # one may have been on its way
                terminal.press("fnonsense\r")
                await shown(terminal, "nonsense", "There is no fault")
                terminal.press("fq")
                await shown(terminal, "Fault: q▏")
                terminal.press("\x1b")
                await shown(terminal, "q quit")
                terminal.press("s")
                await told(lambda: phone.status[-1] == "04")  # q was part of a fault that was given up
                terminal.press("d")
                await shown(terminal, "The treadmill ends every link.", "Client 1 is gone.")
                await told(lambda: not phone.client.is_connected)
            terminal.press("q")
            assert await ended(terminal) == 0


async def test_commands_of_a_client_are_shown_with_their_answers(program: Program) -> None:
    link = VirtualLink()
    async with unix_adapter(link) as transport:
        with simulating(program, transport) as terminal:
            await shown(terminal, GREETING)
            async with phone_on(link) as phone:
                answers: list[str] = []
                with pytest.raises(BleakError):
                    await phone.client.write_gatt_char(uuids.CONTROL_POINT, b"\x00", response=True)
                await shown(terminal, "Client 1: request control: refused, cccd improperly configured (0xfd).")
                await phone.client.start_notify(uuids.CONTROL_POINT, lambda _, value: answers.append(value.hex()))
                await phone.client.write_gatt_char(uuids.CONTROL_POINT, b"\x00", response=True)
                await shown(terminal, "Client 1: request control: success.", "has control")
                assert answers == ["800001"]
                terminal.press("c")
                await shown(terminal, "The console takes control.")
                await phone.client.write_gatt_char(uuids.CONTROL_POINT, b"\x07", response=True)
                await shown(terminal, "Client 1: start or resume: control not permitted.")
                terminal.raw = ""
                await shown(terminal, "Client 1", "q quit")
                assert "has control" not in without_escapes(terminal.raw)
            terminal.press("q")
            assert await ended(terminal) == 0


async def test_ctrl_c_ends_it_with_130_and_its_client_loses_the_link(program: Program) -> None:
    link = VirtualLink()
    async with unix_adapter(link) as transport:
        with simulating(program, transport) as terminal:
            await shown(terminal, GREETING)
            async with phone_on(link) as phone:
                await shown(terminal, "Client 1 is connected.")
                terminal.press("\x03")
                assert await ended(terminal) == 130
                await told(lambda: not phone.client.is_connected)


async def test_without_a_terminal_each_happening_is_a_line(program: Program) -> None:
    link, loop, shown_so_far = VirtualLink(), asyncio.get_running_loop(), bytearray()
    async with unix_adapter(link) as transport:
        named = ("--name", "Gym 7", "--address", ADDRESS)
        with program.start("simulate", "--hci", transport, *named, "--heart-rate") as command:
            assert command.stdout is not None
            assert command.stderr is not None
            out = command.stdout.fileno()
            loop.add_reader(out, lambda: shown_so_far.extend(os.read(out, 65536)))
            await told(lambda: shown_so_far.startswith(GREETING.encode()))
            async with phone_on(link) as phone:
                assert phone.client.services.get_service(uuids.HEART_RATE_SERVICE)
                assert phone.client.services.get_service(uuids.RUNNING_SPEED_SERVICE) is None
                await told(lambda: b"\nClient 1 is connected.\n" in shown_so_far)
            await told(lambda: b"\nClient 1 is gone.\n" in shown_so_far)
            loop.remove_reader(out)
            command.send_signal(signal.SIGTERM)
            await told(lambda: command.poll() is not None)
            assert (command.returncode, command.stderr.read()) == (143, "")


async def test_a_terminal_that_is_closed_ends_it_with_129_and_its_client_loses_the_link(program: Program) -> None:
    link = VirtualLink()
    async with unix_adapter(link) as transport:
        with simulating(program, transport) as terminal:
            await shown(terminal, GREETING)
            async with phone_on(link) as phone:
                asyncio.get_running_loop().remove_reader(terminal.master)
                terminal.cut()
                await told(lambda: terminal.process.poll() == 129)
                await told(lambda: not phone.client.is_connected)
