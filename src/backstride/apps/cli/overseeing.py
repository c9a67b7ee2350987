"""The fleet as the command line shows it: a table with a key for Stop, lines, or JSON."""

from __future__ import annotations

import asyncio
import functools
import sys
from typing import IO, TYPE_CHECKING, Final, cast

from backstride.apps.cli.exits import ExitCode
from backstride.apps.cli.fleet_view import as_json, counted, line, screen, table
from backstride.apps.cli.halting import StopKey
from backstride.apps.cli.interruption import CLOSED_TERMINAL, Interruption
from backstride.apps.cli.outlet import Outlet
from backstride.apps.cli.terminal import console, whole_screen, write_lines
from backstride.apps.mqtt.fleet import Condition, Fleet
from backstride.apps.mqtt.standstill import KNOWN_AFTER
from backstride.apps.mqtt.watching import Watch

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

    With `once` a broker that cannot be reached at the first attempt is told of, and the exit code says so.

    Raises:
        BridgeError: The broker refuses us.
    """
    overview = _Overview(Fleet(place.topics), unit)
    interruption = Interruption.of_task(asyncio.current_task())
    watch = Watch(place.address, overview.fleet, overview.note)
    gone = functools.partial(interruption.interrupt, CLOSED_TERMINAL)
    stop = StopKey(place, overview.fleet, gone, at_hand=lambda: watch.connection)
    with interruption.listening(asyncio.get_running_loop()):
        watching = asyncio.create_task(watch.run())
        if once:
            showing = asyncio.create_task(_shown_once(overview, as_lines_of_json=as_lines_of_json))
        else:
            showing = asyncio.create_task(_shown(overview, stop, gone, as_lines_of_json=as_lines_of_json))
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
        self.first_word = asyncio.Event()  # set once the broker is there, or is not
        self.draws = False  # the notice is on the screen then
        self._loop = asyncio.get_running_loop()
        self._told: dict[str, str] = {}

    def note(self, notice: str) -> None:
        self.notice = notice
        self.connected = self.connected or not notice
        self.first_word.set()
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


async def _shown_once(overview: _Overview, *, as_lines_of_json: bool) -> None:
    await overview.first_word.wait()
    if not overview.connected:
        return
    await asyncio.sleep(KNOWN_AFTER)
    if as_lines_of_json:
        write_lines(*map(as_json, overview.rows()))
    else:
        rows = [row for row in overview.rows() if row.condition is not Condition.GONE]
        out = console()
        out.print(table(rows, overview.unit))
        out.print(counted(rows), markup=False)


async def _shown(overview: _Overview, stop: StopKey, gone: Callable[[], None], *, as_lines_of_json: bool) -> None:
    if as_lines_of_json:
        await _told(overview, as_json)
    elif not console().is_terminal:
        await _told(overview, lambda row: line(row, overview.unit))
    else:
        overview.draws = True
        outlet = Outlet(sys.stdout, lambda _: gone())  # a terminal that takes no more holds up no Stop (S4)
        out = console(file=cast("IO[str]", outlet))

        def draw() -> RenderableType:
            notices = (stop.told(), overview.notice)
            return screen(overview.rows(), overview.unit, out.height, notices, has_key=stop.is_there)

        try:
            with stop.listening(), whole_screen(out, draw) as live:
                while True:
                    if not outlet.is_behind:
                        live.refresh()
                    await asyncio.sleep(DRAWN_EVERY)
        finally:
            outlet.finish()


async def _told(overview: _Overview, form: Callable[[Row], str]) -> None:
    await overview.first_word.wait()
    await asyncio.sleep(KNOWN_AFTER)  # what the broker has kept comes in pieces
    while True:
        write_lines(*overview.news(form))
        await asyncio.sleep(TOLD_EVERY)
