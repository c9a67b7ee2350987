"""Stop from the command line, for one treadmill of a fleet or for all of them, and what has come of it."""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.apps.cli import keys
from backstride.apps.cli.exits import ExitCode, sentence
from backstride.apps.cli.fleet_view import result_json, result_line, summary
from backstride.apps.mqtt.fleet import Condition, Fleet
from backstride.apps.mqtt.waiting import end_of, until
from backstride.apps.mqtt.watching import LOOKS_EVERY, Halt
from backstride.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backstride.apps.mqtt.address import BrokerAddress
    from backstride.apps.mqtt.topics import Topics

WITHIN: Final = 30.0
"""Seconds for which it is waited that every belt stands."""

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
    for result in results:
        _print(result_json(result) if as_lines_of_json else result_line(result))
    if not results:
        who = "No treadmill" if wanted is None else f"No treadmill called {wanted}"
        there = ", ".join(row.name for row in fleet.rows(loop.time()) if row.condition is not Condition.GONE)
        others = f"; there are: {there:.400}" if there else ""
        sys.stderr.write(f"backstride: {who} is on this broker{others}.\n")
        return ExitCode.NO_MACHINE
    if not as_lines_of_json:
        _print(summary(results))
    return ExitCode.FINISHED if all(result.stands for result in results) else ExitCode.FAULT


class StopKey:
    """The space bar before the table: Stop for every belt of every bridge, at once and without asking (S4).

    Args:
        place: Where they are.
        fleet: The table: whoever is in it is waited for.
        gone: Called if the terminal goes away.

    Attributes:
        is_there: True while there is a keyboard, and it is listened to.
    """

    def __init__(self, place: Place, fleet: Fleet, gone: Callable[[], None]) -> None:
        self.is_there = False
        self._place = place
        self._fleet = fleet
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._pressed_at = -math.inf
        self._order: Halt | None = None
        self._halting: asyncio.Task[None] | None = None
        self._fault = ""

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take keys while the block runs."""
        if sys.stdin is None or not sys.stdin.isatty():
            yield
            return
        with keys.listening(self._loop, self._pressed, self._gone):
            self.is_there = True
            yield

    def told(self) -> str:
        """Return what has come of the last Stop, as a sentence; "" before the first."""
        if self._order is None or self._halting is None:
            return ""
        if not self._order.published:
            return f"{_NOT_OUT} {self._fault}" if self._fault else "Stop is on its way to the broker …"
        results = self._order.standstill.results(self._loop.time())
        if self._halting.done():
            return " ".join(filter(None, (f"Stop: {summary(results)}", self._fault)))
        return f"Stop is published; {sum(result.stands for result in results)} of {len(results)} stand by now …"

    async def end(self) -> None:
        """Wait until a Stop that is on its way has reached the broker, and for nothing more."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVES_WITHIN):
                await until(lambda: not self._is_on_its_way, LOOKS_EVERY)
        if self._halting is not None:
            await end_of(self._halting)

    @property
    def _is_on_its_way(self) -> bool:
        if self._order is None or self._halting is None:
            return False
        return not self._order.published and not self._halting.done()

    def _pressed(self, key: keys.Key) -> None:
        now, before = self._loop.time(), self._halting
        held_down = not self._fault and now - self._pressed_at < KEY_EVERY
        if key is not keys.Key.SPACE or self._is_on_its_way or held_down:
            return
        self._pressed_at, self._fault = now, ""
        self._order = Halt(self._place.address, self._place.topics, self._fleet, None)
        self._halting = self._loop.create_task(self._halt(self._order, before))

    async def _halt(self, order: Halt, before: asyncio.Task[None] | None) -> None:
        try:
            await order.run(WITHIN)
        except BridgeError as error:
            self._fault = str(error)
        finally:
            if before is not None:
                await end_of(before)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
