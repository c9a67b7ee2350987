"""The fleet as the command line shows it: a table with a key for Stop, lines, or JSON."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

from backstride.apps.cli.exits import ExitCode
from backstride.apps.cli.fleet_view import as_json, counted, line, screen, table
from backstride.apps.cli.halting import StopKey
from backstride.apps.cli.interruption import CLOSED_TERMINAL, Interruption
from backstride.apps.cli.terminal import console, whole_screen, write_lines
from backstride.apps.mqtt.fleet import Condition, Fleet
from backstride.apps.mqtt.standstill import KNOWN_AFTER
from backstride.apps.mqtt.watching import watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from backstride.apps.cli.halting import Place
    from backstride.apps.mqtt.fleet import Row
    from backstride.units import SpeedUnit

DRAWN_EVERY: Final = 0.5
"""Seconds between two pictures of the table."""

TOLD_EVERY: Final = 1.0
"""Seconds between two lines about one treadmill at least."""


async def oversee(place: Place, unit: SpeedUnit, *, once: bool, as_lines_of_json: bool) -> int:
    """Show the treadmills until the program is told to go, or `once`; return the exit code.

    Raises:
        BridgeError: The broker refuses us; with `once` also where it cannot be reached.
    """
    overview = _Overview(Fleet(place.topics), unit)
    interruption = Interruption.of_task(asyncio.current_task())
    stop = StopKey(place, overview.fleet, gone=lambda: interruption.interrupt(CLOSED_TERMINAL))
    with interruption.listening(asyncio.get_running_loop()):
        watching = asyncio.create_task(watch(place.address, overview.fleet, overview.note))
        showing = asyncio.create_task(_shown(overview, stop, once=once, as_lines_of_json=as_lines_of_json))
        try:
            done, _ = await asyncio.wait({watching, showing}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except asyncio.CancelledError:
            if interruption.number is None:
                raise
            return interruption.exit_code
        finally:
            for task in (watching, showing):
                task.cancel()
            await asyncio.gather(watching, showing, stop.end(), return_exceptions=True)
    return ExitCode.FINISHED if overview.connected else ExitCode.NO_MACHINE


class _Overview:
    """What is known, and of what the person was told."""

    def __init__(self, fleet: Fleet, unit: SpeedUnit) -> None:
        self.fleet = fleet
        self.unit = unit
        self.notice = "Connecting to the broker …"
        self.connected = False
        self.draws = False  # the notice is on the screen then
        self._loop = asyncio.get_running_loop()
        self._told: dict[str, str] = {}

    def note(self, notice: str) -> None:
        self.notice = notice
        self.connected = self.connected or not notice
        if notice and not self.draws:
            sys.stderr.write(f"backstride: {notice}\n")

    def rows(self) -> tuple[Row, ...]:
        return self.fleet.rows(self._loop.time())

    def news(self, form: Callable[[Row], str]) -> list[str]:
        """Return the lines that have not been told."""
        lines: list[str] = []
        for row in self.rows():
            text = form(row)
            known = self._told.get(row.name)
            if text != known and not (known is None and row.condition is Condition.GONE):
                self._told[row.name] = text
                lines.append(text)
        return lines


async def _shown(overview: _Overview, stop: StopKey, *, once: bool, as_lines_of_json: bool) -> None:
    out = console()
    if once:
        await asyncio.sleep(KNOWN_AFTER)
        if not overview.connected:
            return
        if as_lines_of_json:
            write_lines(*map(as_json, overview.rows()))
        else:
            rows = [row for row in overview.rows() if row.condition is not Condition.GONE]
            out.print(table(rows, overview.unit))
            out.print(counted(rows), markup=False)
    elif as_lines_of_json:
        await _told(overview, as_json)
    elif not out.is_terminal:
        await _told(overview, lambda row: line(row, overview.unit))
    else:
        overview.draws = True

        def draw() -> RenderableType:
            notices = (stop.told(), overview.notice)
            return screen(overview.rows(), overview.unit, out.height, notices, has_key=stop.is_there)

        with stop.listening(), whole_screen(out, draw) as live:
            while True:
                live.refresh()
                await asyncio.sleep(DRAWN_EVERY)


async def _told(overview: _Overview, form: Callable[[Row], str]) -> None:
    await asyncio.sleep(KNOWN_AFTER)  # what the broker has kept comes in pieces
    while True:
        write_lines(*overview.news(form))
        await asyncio.sleep(TOLD_EVERY)
