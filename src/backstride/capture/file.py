"""Captures as files: one JSON object a line, written as it happens and read back strictly (docs/capture.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NoReturn, Self, TypeVar

from backstride.capture.events import Answered, Asked
from backstride.capture.form import OBJECT
from backstride.capture.header import HEADER
from backstride.capture.lines import Entry, from_line, to_line
from backstride.disk import LineFile, why
from backstride.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from io import FileIO
    from pathlib import Path
    from types import TracebackType

    from backstride.capture.events import Event
    from backstride.capture.header import Header

SUFFIX: Final = ".capture.jsonl"
"""What the name of a capture ends with."""

Read = TypeVar("Read")

_LONGEST_FILE: Final = 256 * 1024 * 1024  # octets: a day of telemetry is a tenth of it


class Capture:
    """A capture being written; its `trace` goes to `Machine.connect(trace=…)`. Made by `Capture.create`.

    Each line is handed to the operating system as it happens, and is on the disk within a second (S13). A disk that
    fails ends the capture and nothing else.

    Attributes:
        path: The file.
        failed: Why nothing is written any more, as a sentence; None while all is well.
    """

    def __init__(self, path: Path, file: FileIO, now: Callable[[], float]) -> None:
        self.path = path
        self.failed: str | None = None
        self._file = LineFile(file)
        self._now = now
        self._began = now()

    @classmethod
    def create(cls, path: Path, header: Header, now: Callable[[], float]) -> Self:
        """Begin a capture.

        Args:
            path: The file, which must not exist yet.
            header: Its first line; `Header.now` makes one, and `backstride.driver.capturing.header_of` a full one.
            now: Tells the time in seconds, such as ``loop.time``.

        Raises:
            CaptureError: It cannot be written; the sentence says why.
        """
        try:
            file = path.open("xb", buffering=0)
        except FileExistsError:
            raise CaptureError(f"There is already a file {path}; name another one.", file=str(path)) from None
        except OSError as error:
            raise CaptureError(_sentence(path, error), file=str(path)) from error
        capture = cls(path, file, now)
        capture._append(HEADER.write(header))
        if capture.failed is not None:
            capture.close()
            raise CaptureError(capture.failed, file=str(path))
        return capture

    def trace(self, event: Event) -> None:
        """Write an event that happens now. Never raises for want of room; `failed` tells."""
        if self.failed is None and not self._file.closed:
            self._append(to_line(Entry(max(0.0, self._now() - self._began), event)))

    def close(self) -> None:
        """Bring everything to the disk and close the file; closing again does nothing."""
        if self._file.closed:
            return
        try:
            self._file.finish()
        except OSError as error:
            self.failed = self.failed or _sentence(self.path, error)
        finally:
            self._file.give_back()

    def _append(self, values: Mapping[str, object]) -> None:
        try:
            self._file.append(values)
        except (OSError, ValueError, TypeError) as error:
            self.failed = _sentence(self.path, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Captured:
    """A capture that was read.

    Attributes:
        header: Its first line.
        entries: Its events in order.
        cut: True if the last line was cut off while it was written; that line is left out.
    """

    header: Header
    entries: tuple[Entry, ...]
    cut: bool = False


def read_capture(path: Path) -> Captured:
    """Read a capture. A last line that was cut off by a killed process is tolerated, nothing else.

    Raises:
        CaptureError: It cannot be read, or is damaged; the sentence names file and line.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_FILE + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CaptureError(f"Cannot read the capture {path}: {reason}.", file=str(path)) from error
    if len(content) > _LONGEST_FILE:
        raise CaptureError(f"{path} is too long for a capture: over 256 MiB.", file=str(path))
    *whole, rest = content.split(b"\n")
    if not whole:
        raise CaptureError(f"{path} is no capture: it holds no whole line.", file=str(path), line=1)
    header = _at(path, 1, lambda: HEADER.read(_object(whole[0])))
    entries = tuple(_entries(path, whole[1:]))
    return Captured(header, entries, cut=bool(rest))


def write_capture(path: Path, captured: Captured) -> None:
    """Write a whole capture to a new file. Raises CaptureError if that cannot be done, and leaves no file then."""
    lines = [HEADER.write(captured.header), *map(to_line, captured.entries)]
    content = "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)
    try:
        with path.open("x", encoding="ascii") as file:
            file.write(content)
    except FileExistsError:
        raise CaptureError(f"There is already a file {path}; name another one.", file=str(path)) from None
    except OSError as error:
        path.unlink(missing_ok=True)
        raise CaptureError(_sentence(path, error), file=str(path)) from error


def _entries(path: Path, lines: Iterable[bytes]) -> Iterator[Entry]:
    """Yield what the lines after the first say, and make sure that they follow from one another."""
    before = 0.0
    open_requests: dict[int, str] = {}
    asked_last = 0
    for number, line in enumerate(lines, 2):
        entry = _at(path, number, partial(_entry, line))
        if entry.t < before:
            raise _damaged(path, number, f"t: {entry.t:g} comes after {before:g}")
        before = entry.t
        match entry.event:
            case Asked():
                if entry.event.number <= asked_last:
                    raise _damaged(path, number, f"request: {entry.event.number} follows {asked_last}")
                asked_last = entry.event.number
                open_requests[asked_last] = entry.event.uuid
            case Answered():
                if open_requests.pop(entry.event.number, None) != entry.event.uuid:
                    raise _damaged(path, number, f"request: nothing of the kind was asked as {entry.event.number}")
            case _:
                pass
        yield entry


def _entry(line: bytes) -> Entry:
    return from_line(_object(line))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def _object(line: bytes) -> Mapping[str, object]:
    try:
        return OBJECT.read(_DECODER.decode(line.decode("utf-8")))
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON ({error.msg})") from error


def _at(path: Path, line: int, read: Callable[[], Read]) -> Read:
    try:
        return read()
    except RecursionError as error:
        raise _damaged(path, line, "nested too deep") from error
    except ValueError as error:
        raise _damaged(path, line, str(error)) from error


def _damaged(path: Path, line: int, what: str) -> CaptureError:
    of_what = "this is no capture, or a damaged one" if line == 1 else "the capture is damaged"
    return CaptureError(f"{path}, line {line}: {of_what}: {what}.", file=str(path), line=line)


def _sentence(path: Path, error: Exception) -> str:
    return f"Cannot write the capture {path}: {why(error)}."
