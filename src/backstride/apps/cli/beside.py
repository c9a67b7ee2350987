"""The person beside the belt, at a terminal: what they are told and asked, key by key."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Final

from backstride.learning.bench import Choice, Topic
from backstride.learning.log import Shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.apps.cli import keys
    from backstride.learning.bench import Question, Step

_STEP_KEYS: Final = "Enter: go   s: leave it out   Space or q: stop and end"
_YES_OR_NO: Final = "y or n; Enter if you cannot tell"
_SPEED: Final = "the number with k for km/h or m for mph, as 1.6k, then Enter; Enter alone if you cannot tell"
_FIGURE: Final = "the number, then Enter; Enter alone if you cannot tell"
_DEAF_FOR: Final = 1.0
"""Seconds for which a step takes no Enter: nobody reads one faster. An Enter that comes within them makes it as long
again: a key that is held down repeats, and is no word for what it runs into (S1)."""

_TICK: Final = 0.02  # seconds

_STOP_KEYS: Final = frozenset({" ", "q", "Q"})
_ENTER: Final = frozenset({"\r", "\n"})
_BACKSPACE: Final = frozenset({"\x7f", "\b"})
_SHOWN: Final = re.compile(r"(?P<number>-?\d+(?:[.,]\d+)?)(?P<unit>[kKmM]?)")
_HIGHEST: Final = 50.0  # of any console's figures
_UNITS: Final = {"k": "km/h", "m": "mph"}


class Beside:
    """A person at a terminal: one key for a step or a question, a figure with Enter for what the console shows.

    Args:
        say: Prints a line.
        echo: Shows what is typed of a figure.
        fast: True for virtual time, which goes on at the person's pace while they are asked.

    Attributes:
        stop: What stops the belt and ends everything; called at any time.
    """

    def __init__(self, say: Callable[[str], None], echo: Callable[[str], None], *, fast: bool = False) -> None:
        self.stop: Callable[[], None] = lambda: None
        self._say = say
        self._echo = echo
        self._fast = fast
        self._typed: str | None = None
        self._wanted: Callable[[str], bool] = lambda _: False
        self._answer: asyncio.Future[str] | None = None
        self._deaf_until = float("-inf")

    async def agrees(self, step: Step) -> Choice:
        """Put a step before the person; a key that was meant for what came before it counts for nothing (S1)."""
        self._say(f"\n{step.text}\n  [{_STEP_KEYS}]")
        self._deaf_until = float("-inf") if self._fast else asyncio.get_running_loop().time() + _DEAF_FOR
        key = await self._key(lambda key: key in _ENTER or key in "sS")
        return Choice.GO if key in _ENTER else Choice.SKIP

    async def sees(self, question: Question) -> bool | None:
        """Ask yes or no."""
        self._say(f"{question.text}  [{_YES_OR_NO}]")
        key = await self._key(lambda key: key in _ENTER or key in "yYnN")
        return None if key in _ENTER else key in "yY"

    async def reads(self, question: Question) -> Shown | None:
        """Ask for a figure, until one can be read."""
        wants_unit = question.topic is Topic.SPEED_SHOWN
        how = _SPEED if wants_unit else _FIGURE
        self._say(f"{question.text}  [{how}]")
        while True:
            self._typed = ""
            await self._key(lambda key: key in _ENTER)
            typed, self._typed = self._typed.strip(), None
            self._echo("\n")
            if not typed:
                return None
            if (shown := read_shown(typed, wants_unit=wants_unit)) is not None:
                return shown
            self._say(f"{typed!r} is not understood.  [{how}]")

    def told(self, text: str) -> None:
        """Tell the person."""
        self._say(text)

    def pressed(self, key: str | keys.Key) -> None:
        """Take a key: the belt comes first (S4)."""
        if key in _STOP_KEYS:
            self.stop()
        elif isinstance(key, str) and self._answer is not None and not self._answer.done():
            self._take(key, self._answer)

    def _take(self, key: str, answer: asyncio.Future[str]) -> None:
        if self._wanted(key):
            now = asyncio.get_running_loop().time()
            if now >= self._deaf_until:
                answer.set_result(key)
            else:
                self._deaf_until = now + _DEAF_FOR
        elif self._typed and key in _BACKSPACE:
            self._typed = self._typed[:-1]
            self._echo("\b \b")
        elif self._typed is not None and key.isprintable():
            self._typed += key
            self._echo(key)

    async def _key(self, wanted: Callable[[str], bool]) -> str:
        self._wanted = wanted
        self._answer = asyncio.get_running_loop().create_future()
        while self._fast and not self._answer.done():
            _think()
            await asyncio.sleep(_TICK)
        return await self._answer


def _think() -> None:
    """Let real time pass while a person thinks: virtual time alone would run away from them."""
    time.sleep(_TICK)


def read_shown(typed: str, *, wants_unit: bool) -> Shown | None:
    """Return the figure that was typed, or None if it is none; a speed without its unit is none, nor is 300."""
    match = _SHOWN.fullmatch(typed)
    if match is None or bool(match["unit"]) is not wants_unit:
        return None
    number = float(match["number"].replace(",", "."))
    return None if abs(number) > _HIGHEST else Shown(number, _UNITS.get(match["unit"].lower(), ""))
