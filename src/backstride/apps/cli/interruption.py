"""Ctrl-C, SIGTERM and a closed terminal: the first stops the belt, a second Ctrl-C leaves at once (S6).

Ctrl-Z and SIGQUIT count as well: a program that is halted, or thrown away, guards no belt.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, Final, Self

from backstride.apps.cli.exits import ExitCode

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP", "SIGBREAK")
_SIGNALS: Final = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
_INSISTING: Final = (signal.SIGINT, signal.SIGTERM)
CLOSED_TERMINAL: Final = int(getattr(signal, "SIGHUP", 1))
CLOSED_PIPE: Final = int(getattr(signal, "SIGPIPE", 13))
INSISTS_AFTER: Final = 0.5
"""Seconds after which the same signal again is a person who insists, and no wrapper that forwards it as well."""


class Interruption:
    """Whether the program was told to go, and by what.

    Attributes:
        number: The signal that came first, or None.
        first: What to do at the first signal.
        again: What to do if the same Ctrl-C or SIGTERM comes again, half a second later or more.
    """

    def __init__(self, first: Callable[[], None], again: Callable[[], None]) -> None:
        self.number: int | None = None
        self._since = 0.0
        self.first = first
        self.again = again

    @classmethod
    def of_task(cls, task: asyncio.Task[object] | None) -> Self:
        """Return one that cancels `task`, and leaves at once if the person insists: for while nothing moves."""
        one = cls(first=lambda: None, again=lambda: os._exit(one.exit_code))
        if task is not None:
            one.first = lambda: _cancel(task)
        return one

    @property
    def exit_code(self) -> int:
        """The code to leave with when the belt stands: 130 after Ctrl-C."""
        return ExitCode.SIGNALLED + (self.number or 0)

    def interrupt(self, number: int) -> None:
        """Take a signal. A terminal that closes sends several; only a person who repeats it means: at once."""
        if self.number is None:
            self.number = number
            self._since = time.monotonic()
            self.first()
        elif number == self.number and number in _INSISTING and time.monotonic() - self._since >= INSISTS_AFTER:
            self.again()

    def close_terminal(self) -> None:
        """Take note that the terminal has gone away."""
        self.interrupt(CLOSED_TERMINAL)

    @contextlib.contextmanager
    def listening(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Take signals while the block runs."""
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        for number in _SIGNALS:
            try:
                loop.add_signal_handler(number, self.interrupt, number)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda got, _: loop.call_soon_threadsafe(self.interrupt, got))
        try:
            yield
        finally:
            for number, handler in before.items():
                with contextlib.suppress(NotImplementedError):
                    loop.remove_signal_handler(number)
                if handler is not None:  # None: it was set outside of Python
                    signal.signal(number, handler)


def _cancel(task: asyncio.Task[object]) -> None:
    task.cancel()
