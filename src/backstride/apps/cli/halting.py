"""Stop from the command line, for one treadmill of a fleet or for all of them, and what has come of it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.apps.cli import keys
from backstride.apps.cli.exits import ExitCode
from backstride.apps.cli.fleet_view import result_json, result_line, summary
from backstride.apps.cli.terminal import write_lines
from backstride.apps.mqtt.fleet import Condition, Fleet
from backstride.apps.mqtt.waiting import until
from backstride.apps.mqtt.watching import LOOKS_EVERY, Halt
from backstride.driver.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backstride.apps.mqtt.address import BrokerAddress
    from backstride.apps.mqtt.broker import Connection
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
        BridgeError: The broker refuses us, or cannot be reached in all that time; no Stop has gone out.
    """
    loop = asyncio.get_running_loop()
    fleet = Fleet(place.topics)
    told: set[str] = set()

    def tell(trouble: str) -> None:
        if trouble not in told:
            told.add(trouble)
            sys.stderr.write(f"backstride: {trouble} {order.meaning}\n")

    order = Halt(place.address, place.topics, fleet, wanted, tell)
    await order.run(within)
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


class _Press:
    """One press of the key, and what has come of it."""

    def __init__(self, place: Place, fleet: Fleet, at: float) -> None:
        self.order = Halt(place.address, place.topics, fleet, None, self._note)
        self.at = at
        self._trouble = ""
        self._is_over = False

    @property
    def is_on_its_way(self) -> bool:
        """True until the broker has the Stop, or nobody tries any more."""
        return not self.order.published and not self._is_over

    def told(self, now: float) -> str:
        """Return what has come of it, as a sentence."""
        if not self.order.published:
            waits = not self._trouble and not self._is_over
            return "Stop is on its way to the broker …" if waits else f"{_NOT_OUT} {self._trouble}"
        results = self.order.standstill.results(now)
        stand = sum(result.stands for result in results)
        if not self._is_over:
            return f"Stop is published; {stand} of {len(results)} stand by now …"
        return " ".join(filter(None, (f"Stop: {summary(results)}", self._trouble if stand < len(results) else "")))

    async def run(self, at_hand: Connection | None) -> None:
        """Bring the Stop to the broker and wait for the belts; whatever fails, it is told."""
        try:
            await self.order.run(WITHIN, at_hand)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person must know that no Stop went out
            self._note(str(error) or type(error).__name__)
        finally:
            self._is_over = True

    def _note(self, trouble: str) -> None:
        self._trouble = trouble


class StopKey:
    """The space bar before the table: Stop for every belt of every bridge, at once and without asking (S4).

    Args:
        place: Where they are.
        fleet: The table: whoever is in it is waited for.
        gone: Called if the terminal goes away.
        at_hand: Returns a connection to the broker that is there already, or None.

    Attributes:
        is_there: True if there is a keyboard.
    """

    def __init__(
        self, place: Place, fleet: Fleet, gone: Callable[[], None], at_hand: Callable[[], Connection | None]
    ) -> None:
        self.is_there = sys.stdin is not None and sys.stdin.isatty()
        self._place = place
        self._fleet = fleet
        self._gone = gone
        self._at_hand = at_hand
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
        return "" if self._last is None else self._last.told(self._loop.time())

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
        goes_on = last is not None and (last.is_on_its_way or now - last.at < KEY_EVERY)
        if key is keys.Key.SPACE and not goes_on:
            self._last = _Press(self._place, self._fleet, now)
            self._tasks.spawn(self._last.run(self._at_hand()))
