"""Stop from the command line, for one treadmill of a fleet or for all of them, and what has come of it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.apps.cli import keys
from backstride.apps.cli.exits import ExitCode, sentence
from backstride.apps.cli.fleet_view import result_json, result_line, summary
from backstride.apps.cli.terminal import write_lines
from backstride.apps.mqtt.fleet import Condition, Fleet
from backstride.apps.mqtt.waiting import until
from backstride.apps.mqtt.watching import LOOKS_EVERY, Halt
from backstride.driver.tasks import Tasks
from backstride.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backstride.apps.mqtt.address import BrokerAddress
    from backstride.apps.mqtt.topics import Topics

WITHIN: Final = 30.0
"""Seconds for which it is waited that every belt stands, as by `fleet stop`."""

KEY_EVERY: Final = 1.0
"""Seconds after which the key begins another Stop: one that is held down comes thirty times a second."""

LEAVES_WITHIN: Final = 3.0
"""Seconds that a Stop gets to reach the broker where the person leaves at once."""

_NOT_OUT: Final = "NO STOP WENT OUT: use the consoles or the safety keys."


@dataclass(frozen=True, slots=True)
class Place:
    """A broker, and the topics in use there."""

    address: BrokerAddress
    topics: Topics


async def halt(place: Place, wanted: str | None, within: float, *, as_lines_of_json: bool) -> int:
    """Stop a treadmill, or all of them; print what came of it for each, and return the exit code.

    Raises:
        BridgeError: The broker cannot be reached; one that is lost afterwards is told of beside the results.
    """
    loop = asyncio.get_running_loop()
    fleet = Fleet(place.topics)
    order = Halt(place.address, place.topics, fleet, wanted)
    try:
        await order.run(within)
    except BridgeError as error:
        if not order.published:
            raise
        sys.stderr.write(f"backstride: {sentence(error)}\n")
    results = order.standstill.results(loop.time())
    write_lines(*map(result_json if as_lines_of_json else result_line, results))
    if not results:
        who = "No treadmill" if wanted is None else f"No treadmill called {wanted}"
        there = ", ".join(row.name for row in fleet.rows(loop.time()) if row.condition is not Condition.GONE)
        others = f"; there are: {there:.400}" if there else ""
        sys.stderr.write(f"backstride: {who} is on this broker{others}.\n")
        return ExitCode.NO_MACHINE
    if not as_lines_of_json:
        write_lines(summary(results))
    return ExitCode.FINISHED if all(result.stands for result in results) else ExitCode.FAULT


@dataclass(slots=True)
class _Press:
    """One press of the key, and what has come of it."""

    order: Halt
    at: float
    is_over: bool = False
    fault: str = ""

    @property
    def is_on_its_way(self) -> bool:
        return not self.order.published and not self.is_over


class StopKey:
    """The space bar before the table: Stop for every belt of every bridge, at once and without asking (S4).

    Args:
        place: Where they are.
        fleet: The table: whoever is in it is waited for.
        gone: Called if the terminal goes away.

    Attributes:
        is_there: True if there is a keyboard.
    """

    def __init__(self, place: Place, fleet: Fleet, gone: Callable[[], None]) -> None:
        self.is_there = sys.stdin is not None and sys.stdin.isatty()
        self._place = place
        self._fleet = fleet
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks()
        self._last: _Press | None = None

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take keys while the block runs."""
        with contextlib.ExitStack() as stack:
            if self.is_there:
                stack.enter_context(keys.listening(self._loop, self._pressed, self._gone))
            yield

    def told(self) -> str:
        """Return what has come of the last Stop, as a sentence; "" before the first."""
        last = self._last
        if last is None:
            return ""
        if not last.order.published:
            return f"{_NOT_OUT} {last.fault}" if last.fault else "Stop is on its way to the broker …"
        results = last.order.standstill.results(self._loop.time())
        if last.is_over:
            return " ".join(filter(None, (f"Stop: {summary(results)}", last.fault)))
        return f"Stop is published; {sum(result.stands for result in results)} of {len(results)} stand by now …"

    async def end(self) -> None:
        """Wait until a Stop that is on its way has reached the broker, and for nothing more."""
        last = self._last
        if last is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVES_WITHIN):
                    await until(lambda: not last.is_on_its_way, LOOKS_EVERY)
        await self._tasks.end()

    def _pressed(self, key: keys.Key) -> None:
        now, last = self._loop.time(), self._last
        goes_on = last is not None and (last.is_on_its_way or (not last.fault and now - last.at < KEY_EVERY))
        if key is keys.Key.SPACE and not goes_on:
            self._last = _Press(Halt(self._place.address, self._place.topics, self._fleet, None), now)
            self._tasks.spawn(self._halt(self._last))

    async def _halt(self, press: _Press) -> None:
        try:
            await press.order.run(WITHIN)
        except BridgeError as error:
            press.fault = str(error)
        finally:
            press.is_over = True
