"""The live console of a treadmill on the air, or plain lines where there is no terminal to draw on."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import deque
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from backstride.apps.cli.desk import KEYS, Desk, Gossip, subscribed
from backstride.apps.cli.interruption import CLOSED_TERMINAL, Interruption
from backstride.apps.cli.keys import Key, listening, read_console_keys
from backstride.apps.cli.terminal import console
from backstride.apps.cli.wording import in_unit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from backstride.simulator.hci import HciTreadmill
    from backstride.units import SpeedUnit

LOOKS_EVERY: Final = 0.2
"""Seconds between two looks at the treadmill."""

_REMEMBERED: Final = 200  # sentences
_HEAD: Final = 12  # lines of everything but the sentences


async def serve(treadmill: HciTreadmill, transport: str, unit: SpeedUnit) -> int:
    """Be on the air until the person or a signal ends it; return the exit code.

    Raises:
        ConfigError: There is no such transport, or it cannot be opened.
        Disconnected: The adapter does not come up.
    """
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    interruption = Interruption(first=over.set, again=over.set)
    with interruption.listening(loop):
        async with treadmill.on_air(transport):
            await _watched(treadmill, transport, unit, over, interruption)
    return interruption.exit_code if interruption.number is not None else 0


async def _watched(
    treadmill: HciTreadmill, transport: str, unit: SpeedUnit, over: asyncio.Event, interruption: Interruption
) -> None:
    out = console()
    desk, gossip = Desk(treadmill), Gossip(treadmill)
    said: deque[str] = deque(maxlen=_REMEMBERED)
    drawn = out.is_terminal and not out.is_dumb_terminal and sys.stdin.isatty()

    def tell(sentence: str | None) -> None:
        if sentence is None:
            return
        said.append(sentence)
        if not drawn:
            out.print(sentence, markup=False, soft_wrap=True)

    def pressed(key: str | Key) -> None:
        tell(desk.press(key))
        if desk.over:
            over.set()

    tell(f"{treadmill.name or 'A treadmill without a name'} is on the air at {treadmill.address}, over {transport}.")
    with contextlib.ExitStack() as stack:
        live: Live | None = None
        if drawn:
            stack.enter_context(
                listening(
                    asyncio.get_running_loop(),
                    pressed,
                    lambda: interruption.interrupt(CLOSED_TERMINAL),
                    read_console_keys,
                )
            )
            live = stack.enter_context(
                Live(
                    console=out,
                    screen=True,
                    auto_refresh=False,
                    get_renderable=lambda: draw(treadmill, desk, said, unit, out.size.height),
                )
            )
        while not over.is_set():
            for sentence in gossip.news():
                tell(sentence)
            if live is not None:
                live.refresh()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), LOOKS_EVERY)


def draw(treadmill: HciTreadmill, desk: Desk, said: deque[str], unit: SpeedUnit, height: int) -> RenderableType:
    """Return the screen for a terminal of so many lines."""
    head = Text.assemble(
        (treadmill.name or "(no name)", "bold"), f"  {treadmill.facts.model}  ", (treadmill.address, "dim")
    )
    lines = [Text(sentence, no_wrap=True, overflow="ellipsis") for sentence in list(said)[-max(3, height - _HEAD) :]]
    typed = (
        Text(KEYS, style="dim") if desk.typing is None else Text(f"Fault: {desk.typing}▏  Enter: strike   Esc: back")
    )
    return Group(head, _belt(treadmill, unit), _clients(treadmill), Text(), *lines, Text(), typed)


def _belt(treadmill: HciTreadmill, unit: SpeedUnit) -> RenderableType:
    belt, desk = treadmill.belt, treadmill.console
    figures = (
        f"{in_unit(f'{belt.speed:.2f} km/h', unit)}  →  {in_unit(f'{belt.target:.2f} km/h', unit)}",
        f"{belt.incline:.1f} %  →  {belt.incline_target:.1f} %",
        f"{belt.distance:.0f} m",
        desk.state.value.upper(),
    )
    text = Text("     ".join(figures), style="bold green" if belt.running else "bold")
    if not desk.safety_key:
        text.append("     SAFETY KEY PULLED", style="bold white on red")
    return Panel(text, title="Belt", title_align="left")


def _clients(treadmill: HciTreadmill) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for one in treadmill.peripheral.connections:
        owner = "has control" if treadmill.peripheral.control.owner == one.number else ""
        lock = "encrypted" if one.encrypted else "open"
        table.add_row(f"Client {one.number}", f"MTU {one.mtu}", lock, owner, ", ".join(sorted(subscribed(one))))
    if not treadmill.peripheral.connections:
        table.add_row(Text("Nobody is connected.", style="dim"))
    return Panel(table, title="Clients", title_align="left")
