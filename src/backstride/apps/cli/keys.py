"""Keys as they are pressed, without Enter: what the octets mean, and the terminal's mode for it."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import sys
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

AnyKey = TypeVar("AnyKey")


class Key(Enum):
    """A key that does something in a walk."""

    ENTER = "Enter"
    SPACE = "space"
    QUIT = "q"
    NEXT = "n"
    BACK = "b"
    UP = "↑"
    DOWN = "↓"
    RIGHT = "→"
    LEFT = "←"


_ARROWS: Final = {"A": Key.UP, "B": Key.DOWN, "C": Key.RIGHT, "D": Key.LEFT}
_WINDOWS_ARROWS: Final = {"H": Key.UP, "P": Key.DOWN, "M": Key.RIGHT, "K": Key.LEFT}
_LETTERS: Final = {"\r": Key.ENTER, "\n": Key.ENTER, " ": Key.SPACE, "q": Key.QUIT, "n": Key.NEXT, "b": Key.BACK}
_WINDOWS_PREFIXES: Final = "\x00\xe0"
_SEQUENCES: Final = re.compile(r"(\x1b(?:\[[0-?]*[ -/]*|O)(?:([A-D])|[@-~]))|(.)", re.DOTALL)
_POLL: Final = 0.05  # seconds between two looks at the keyboard where it cannot be waited for


def read_keys(typed: str) -> Iterator[Key]:
    """Yield the keys in `typed`, as a POSIX terminal or Windows sends them; what means nothing here is passed over."""
    for key in read_console_keys(typed):
        if isinstance(key, Key):
            yield key
        elif key.lower() in _LETTERS:
            yield _LETTERS[key.lower()]


def read_console_keys(typed: str) -> Iterator[Key | str]:
    """Yield arrows as keys and everything else as the character it is: for consoles and for words that are typed."""
    waiting = iter(typed)
    for character in waiting:
        if character == "\x1b" and (introducer := next(waiting, "")):
            final = next(waiting, "")
            if introducer in {"[", "O"} and final in _ARROWS:
                yield _ARROWS[final]
        elif character in _WINDOWS_PREFIXES:
            if (final := next(waiting, "")) in _WINDOWS_ARROWS:
                yield _WINDOWS_ARROWS[final]
        else:
            yield character


class Typist:
    """Arrows as keys and everything else as characters, in every script: for lists and for words that are typed.

    A POSIX terminal sends octets, handed over one character each, and may cut one of ours in two between two reads.
    """

    def __init__(self, *, octets: bool = sys.platform != "win32") -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore") if octets else None

    def read(self, typed: str) -> Iterator[Key | str]:
        """Yield what was typed; sequences of other keys are passed over."""
        if self._decoder is None:
            yield from read_console_keys(typed)
            return
        text = self._decoder.decode(typed.encode("latin-1"))
        for sequence, arrow, character in _SEQUENCES.findall(text):
            if arrow:
                yield _ARROWS[arrow]
            elif not sequence:
                yield character


@contextlib.contextmanager
def listening(
    loop: asyncio.AbstractEventLoop,
    pressed: Callable[[AnyKey], None],
    gone: Callable[[], None],
    read: Callable[[str], Iterator[AnyKey]] = read_keys,  # type: ignore[assignment]  # mypy#3737: a generic default
) -> Iterator[Callable[[], None]]:
    """Call `pressed` with each key that `read` finds while the block runs, and `gone` if the terminal goes away.

    Yields:
        How to give the terminal back at once, before the block ends. The end of the block does so in any case.
    """

    def take(typed: str) -> None:
        for key in read(typed):
            pressed(key)

    restore = _listen(loop, take, gone)
    try:
        yield restore
    finally:
        restore()


if sys.platform != "win32":
    import termios
    import tty

    def _listen(
        loop: asyncio.AbstractEventLoop, take: Callable[[str], None], gone: Callable[[], None]
    ) -> Callable[[], None]:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)

        def readable() -> None:
            try:
                typed = os.read(descriptor, 64)
            except OSError:
                typed = b""
            if not typed:
                loop.remove_reader(descriptor)
                gone()
            take(typed.decode("latin-1"))

        def restore() -> None:
            loop.remove_reader(descriptor)
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(descriptor, termios.TCSANOW, before)  # a halted terminal drains never

        tty.setcbreak(descriptor)  # signals stay signals: Ctrl-C is heard even if this program hangs
        loop.add_reader(descriptor, readable)
        return restore

else:
    import msvcrt

    def _listen(
        loop: asyncio.AbstractEventLoop, take: Callable[[str], None], gone: Callable[[], None]
    ) -> Callable[[], None]:
        del gone  # a console that is closed ends the program by itself
        timer: list[asyncio.TimerHandle] = []

        def look() -> None:
            typed = ""
            while msvcrt.kbhit():
                typed += msvcrt.getwch()
            take(typed)
            timer[:] = [loop.call_later(_POLL, look)]

        while msvcrt.kbhit():
            msvcrt.getwch()  # typed ahead, before anything was asked
        timer.append(loop.call_later(_POLL, look))
        return lambda: timer[0].cancel()  # noqa: PLW0108 - the timer is another one by then
