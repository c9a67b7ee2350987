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
from backstride.simulator.sensors import Sensor

if TYPE_CHECKING:
    from collections.abc import Iterator

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
            screen = OnAir(treadmill, unit, over, interruption)
            name = treadmill.name or "A treadmill without a name"
            screen.tell(f"{name} is on the air at {treadmill.address}, over {transport}.")
            await screen.watch()
    return interruption.exit_code if interruption.number is not None else 0


class OnAir:
    """A treadmill on the air, before a person.

    Args:
        treadmill: The treadmill.
        unit: Unit of speeds.
        over: Set when the person wants to end.
        interruption: Hears of a terminal that goes away.
    """

    def __init__(
        self, treadmill: HciTreadmill, unit: SpeedUnit, over: asyncio.Event, interruption: Interruption
    ) -> None:
        self._treadmill = treadmill
        self._unit = unit
        self._over = over
        self._interruption = interruption
        self._desk = Desk(treadmill)
        self._said: deque[str] = deque(maxlen=_REMEMBERED)
        self._out = console()
        self._drawn = self._out.is_terminal and not self._out.is_dumb_terminal and sys.stdin.isatty()

    def tell(self, sentence: str | None) -> None:
        """Show a sentence."""
        if sentence is None:
            return
        self._said.append(sentence)
        if not self._drawn:
            self._out.print(sentence, markup=False, soft_wrap=True)

    async def watch(self) -> None:
        """Show what happens, and take keys, until it is over."""
        gossip = Gossip(self._treadmill)
        with contextlib.ExitStack() as stack:
            live = self._take_terminal(stack) if self._drawn else None
            while not self._over.is_set():
                for sentence in gossip.news():
                    self.tell(sentence)
                if live is not None:
                    live.refresh()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), LOOKS_EVERY)

    def _take_terminal(self, stack: contextlib.ExitStack) -> Live:
        loop = asyncio.get_running_loop()
        stack.enter_context(listening(loop, self._pressed, self._terminal_gone, read_console_keys))
        return stack.enter_context(Live(console=self._out, screen=True, auto_refresh=False, get_renderable=self._draw))

    def _pressed(self, key: str | Key) -> None:
        self.tell(self._desk.press(key))
        if self._desk.over:
            self._over.set()

    def _terminal_gone(self) -> None:
        self._interruption.interrupt(CLOSED_TERMINAL)

    def _draw(self) -> RenderableType:
        return draw(self._treadmill, self._desk, self._said, self._unit, self._out.size.height)


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
        *_walker(treadmill),
    )
    text = Text("     ".join(figures), style="bold green" if belt.running else "bold")
    if not desk.safety_key:
        text.append("     SAFETY KEY PULLED", style="bold white on red")
    return Panel(text, title="Belt", title_align="left")


def _walker(treadmill: HciTreadmill) -> Iterator[str]:
    """Yield what its sensors tell of whoever walks there."""
    sensors = treadmill.peripheral.sensors
    if Sensor.RUNNING_SPEED in sensors.kinds:
        yield f"{sensors.cadence:.0f} steps/min"
    if Sensor.HEART_RATE in sensors.kinds:
        yield f"{sensors.heart_rate} bpm"


def _clients(treadmill: HciTreadmill) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for one in treadmill.peripheral.connections:
        owner = "has control" if treadmill.peripheral.control.owner == one.number else ""
        lock = "encrypted" if one.encrypted else "open"
        table.add_row(f"Client {one.number}", f"MTU {one.mtu}", lock, owner, ", ".join(sorted(subscribed(one))))
    if not treadmill.peripheral.connections:
        table.add_row(Text("Nobody is connected.", style="dim"))
    return Panel(table, title="Clients", title_align="left")
