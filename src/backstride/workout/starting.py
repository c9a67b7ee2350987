"""The way from a person's start to the first motion: a countdown, then one Start (S1). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.workout.events import Countdown
from backstride.workout.inputs import StartBelt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.workout.inputs import Effect

START_COUNTDOWN: Final = 5
"""Seconds of countdown before the belt is started."""

TOO_LATE: Final = 2.0
"""Seconds after its instant at which a start has lapsed: a program that was halted must not start a belt on waking."""


@dataclass(slots=True)
class Starting:
    """One start: given once, used once.

    Attributes:
        by_console: True if the person started the belt on the console, so that we send nothing.
        sent: True once Start has gone out.
    """

    by_console: bool = False
    sent: bool = False
    _at: float | None = None
    _next: int = START_COUNTDOWN

    @classmethod
    def counted_down(cls, now: float) -> Starting:
        """Count down from `now`."""
        return cls(_at=now + START_COUNTDOWN)

    @classmethod
    def on_the_console(cls) -> Starting:
        """Wait for the motion that the console has begun."""
        return cls(by_console=True)

    @property
    def is_used(self) -> bool:
        """True if the belt may move because of it."""
        return self.sent or self.by_console

    def due(self, now: float) -> Iterator[Effect]:
        """Yield the marks of the countdown as they come, and then the one Start."""
        if self._at is None:
            return
        while self._next > 0 and now >= self._at - self._next:
            yield Countdown(self._next, "the belt starts")
            self._next -= 1
        if now >= self._at:
            self._at, self.sent = None, True
            yield StartBelt()

    def has_lapsed(self, now: float) -> bool:
        """Tell whether the instant of the start has gone by unused: it needs a person again (S1)."""
        return self._at is not None and now > self._at + TOO_LATE

    def next_mark(self) -> float | None:
        """Return the instant of the next mark, or None if nothing is counted."""
        return None if self._at is None else self._at - self._next
