"""Captures at the command line: made beside whatever a command does with a treadmill, and told to a person."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backstride.capture.file import Capture, read_capture, write_capture
from backstride.capture.redaction import redacted
from backstride.capture.timeline import contents
from backstride.driver.capturing import header_of
from backstride.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backstride.capture.events import Event, Trace
    from backstride.driver.connectable import Connectable
    from backstride.simulator.replay import Replay


@dataclass(frozen=True, slots=True)
class CaptureWish:
    """A capture that is wanted: where to, and whether it is to be redacted once it is whole."""

    path: Path
    redact: bool = False


@contextlib.contextmanager
def capturing(wish: CaptureWish | None, target: Connectable, log: Trace | None) -> Iterator[Trace | None]:
    """Capture what happens to the trace that is yielded, for the log as well; without a wish it is the log alone.

    Afterwards a person is told what the capture holds. What fails in this fails after the walk, and in words only.

    Raises:
        CaptureError: The file cannot be written; nothing has moved.
    """
    if wish is None:
        yield log
        return
    capture = Capture.create(wish.path, header_of(target), asyncio.get_running_loop().time)
    try:
        with capture:
            yield capture.trace if log is None else _both(capture.trace, log)
    finally:
        _tell(_finished(wish) if capture.failed is None else f"{capture.failed}{_remains(wish)}")


def redact_in_place(path: Path) -> None:
    """Replace a capture by its redacted self. Raises CaptureError, and leaves the file as it is then."""
    beside = path.with_name(f"{path.name}.redacted")
    write_capture(beside, redacted(read_capture(path)))
    try:
        os.replace(beside, path)  # noqa: PTH105 - one step, whatever happens to the program
    except OSError as error:
        raise CaptureError(f"Cannot replace the capture {path}: {error.strerror or error}.", file=str(path)) from error


def told_of(replay: Replay) -> Iterator[str]:
    """Yield, in sentences, where a replay had to leave its capture: what it was asked and does not know."""
    if replay.strangers:
        written = ", ".join(sorted({value.hex(" ") for value in replay.strangers}))
        yield f"Refused {len(replay.strangers)} writes that are not in the capture: {written}."
    if replay.likened:
        written = ", ".join(sorted({value.hex(" ") for value in replay.likened}))
        yield f"Answered {len(replay.likened)} writes as another value of the same kind was answered: {written}."
    if replay.unread:
        yield f"Refused {len(replay.unread)} reads that are not in the capture."
    if replay.repeated or replay.skipped:
        yield f"Sent {replay.repeated} records again and left out {replay.skipped}, to keep step with the program."


def say_of(replay: Replay) -> None:
    """Tell on standard error where a replay had to leave its capture."""
    for sentence in told_of(replay):
        _tell(f"Replay: {sentence}")


def _both(one: Trace, other: Trace) -> Trace:
    def trace(event: Event) -> None:
        one(event)
        other(event)

    return trace


def _finished(wish: CaptureWish) -> str:
    """Redact what was captured, if that is wanted; return what a person should know."""
    try:
        if wish.redact:
            redact_in_place(wish.path)
        return " ".join((f"Capture: {wish.path}.", *contents(read_capture(wish.path))))
    except CaptureError as error:
        return f"{error}{_remains(wish)}"


def _remains(wish: CaptureWish) -> str:
    return " It is not redacted." if wish.redact else ""


def _tell(sentence: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
        sys.stderr.write(f"backstride: {sentence}\n")
