"""A list from which a person picks one line. Pure: the clock is passed in.

The cursor stays with its line, wherever that is in the list: what a finger is about to choose never changes under it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.apps.cli.keys import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGITS_WITHIN: Final = 1.0
"""Seconds within which a second digit belongs to the number that the first one began."""


class Choice:
    """The lines, by a key of each, and the one with the cursor.

    Attributes:
        lines: The keys of the lines, in their order.
        at: The key of the line with the cursor; None in an empty list.
    """

    def __init__(self, lines: Sequence[str] = (), at: str | None = None) -> None:
        self.lines: tuple[str, ...] = ()
        self.at: str | None = at
        self._digits = ""
        self._typed_at = 0.0
        self.offer(lines)

    @property
    def index(self) -> int:
        """Number of the line with the cursor, from 0; 0 in an empty list."""
        return self.lines.index(self.at) if self.at in self.lines else 0

    def offer(self, lines: Sequence[str]) -> None:
        """Take the lines as they are now; the cursor stays with its line, and moves only if that one is gone."""
        before = self.index
        self.lines = tuple(lines)
        if self.at not in self.lines:
            self.at = self.lines[min(before, len(self.lines) - 1)] if self.lines else None

    def press(self, key: Key | str, now: float) -> bool:
        """Move the cursor, if `key` does that; return whether it is such a key.

        Args:
            key: An arrow, or a digit of the number of a line, which is counted from 1.
            now: Seconds of any clock that does not go backward.
        """
        if key is Key.UP or key is Key.DOWN:
            self._digits = ""
            if self.lines:
                step = 1 if key is Key.DOWN else -1
                self.at = self.lines[min(max(self.index + step, 0), len(self.lines) - 1)]
            return True
        if isinstance(key, str) and key in "0123456789" and key:
            self._digit(key, now)
            return True
        return False

    def _digit(self, digit: str, now: float) -> None:
        so_far = self._digits if now - self._typed_at <= DIGITS_WITHIN else ""
        for number in (so_far + digit, digit):
            if 1 <= int(number) <= len(self.lines):
                self._digits, self._typed_at = number, now
                self.at = self.lines[int(number) - 1]
                return
        self._digits = ""
