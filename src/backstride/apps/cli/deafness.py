"""A key that is held down, or pressed before a question was read, agrees to nothing (S1). Pure."""

from __future__ import annotations

from typing import Final

DEAF_FOR: Final = 1.0
"""Seconds: nobody reads a question faster, and a key that is held down repeats sooner."""


class Deafness:
    """For a while after a question its answer counts for nothing, and each that comes too early makes that longer.

    Args:
        seconds: How long; 0 for never.
    """

    def __init__(self, seconds: float = DEAF_FOR) -> None:
        self._seconds = seconds
        self._until = float("-inf")

    def asked(self, now: float) -> None:
        """Take note that a question is shown."""
        self._until = now + self._seconds

    def ignores(self, now: float) -> bool:
        """Tell whether an answer counts for nothing."""
        if now >= self._until:
            return False
        self._until = now + self._seconds
        return True
