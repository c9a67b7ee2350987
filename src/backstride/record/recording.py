"""Records read back: one at a time, streaming, or a folder of them as a list."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, NoReturn, cast

from backstride.errors import RecordError
from backstride.record.fields import number, text
from backstride.record.header import Header
from backstride.record.journal import SUFFIX
from backstride.record.lock import is_locked
from backstride.record.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from backstride.record.summary import Summary

_LONGEST_LINE: Final = 16 * 1024 * 1024  # a plan of ten thousand steps is a tenth of it; what is longer is no record
_BLOCK: Final = 64 * 1024


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


@dataclass(frozen=True, slots=True)
class Recording:
    """A record on disk; its lines stay there until `entries` walks over them.

    Attributes:
        path: The file.
        header: Its first line.
        complete: Whether it ends with a summary. Where it does not, the session was interrupted, or is still running.
        torn: Whether the last line was cut off while it was written; that line is left out.
        running: Whether a program is still writing it: the walk is under way.
    """

    path: Path
    header: Header
    complete: bool
    torn: bool
    running: bool = False

    def entries(self) -> Iterator[Mapping[str, object]]:
        """Read the events in order, the samples and the closing summary among them, one line in memory at a time.

        Raises:
            RecordError: A line is damaged; the sentence names file and line.
        """
        with _opened(self.path) as file:
            file.readline(_LONGEST_LINE)
            line_number = 1
            while line := _line(file, self.path, line_number + 1):
                line_number += 1
                entry = _entry(line)
                if isinstance(entry, str):
                    if not line.endswith(b"\n"):
                        return
                    raise RecordError(f"{self.path}, line {line_number}: {entry}.")
                yield entry

    def summary(self, body_mass_kg: float | None = None) -> Summary:
        """Sum the record up from its samples; with a body mass also the energy is estimated. Raises RecordError."""
        tally = Tally(self.header.plan, body_mass_kg=body_mass_kg)
        for entry in self.entries():
            tally.feed(entry)
        return tally.summary()


@dataclass(frozen=True, slots=True)
class RecordInfo:
    """One line of a list of records.

    Attributes:
        path: The file.
        started: When the session began; None where the file cannot be read.
        profile: Name of the profile.
        machine: Name of the treadmill.
        duration_s: From the start of the belt to the end, in seconds.
        distance_m: Distance walked, in metres.
        ending: ``finished``, ``stopped`` or ``aborted``; None for a session that was interrupted or is still running.
        running: Whether it is still running.
        unreadable: Why the file cannot be read, as a sentence; None where it can.
    """

    path: Path
    started: datetime | None = None
    profile: str = ""
    machine: str = ""
    duration_s: float | None = None
    distance_m: float | None = None
    ending: str | None = None
    running: bool = False
    unreadable: str | None = None


def read_record(path: Path) -> Recording:
    """Open the record at `path`: its header, and whether it is whole.

    A last line that was cut off by a killed process is tolerated. The lines between are read, and judged, by
    `Recording.entries`.

    Raises:
        RecordError: The file cannot be read, is no record, or was written by a newer Backstride.
    """
    return _read(path)[0]


def list_records(folder: Path) -> list[RecordInfo]:
    """List the records in `folder`, newest first; what cannot be read is listed with the reason.

    A folder that does not exist yet holds no records.

    Raises:
        RecordError: The folder cannot be read.
    """
    if not folder.exists():
        return []
    try:
        paths = [path for path in folder.iterdir() if path.suffix == SUFFIX]
    except OSError as error:
        raise RecordError(f"Cannot read the records in {folder}: {_why(error)}.") from error
    return sorted(map(_info, paths), key=_newest_last, reverse=True)


def _newest_last(info: RecordInfo) -> tuple[float, str]:
    return (info.started.timestamp() if info.started else -math.inf, info.path.name)


def _info(path: Path) -> RecordInfo:
    try:
        recording, last = _read(path)
        if recording.complete:
            duration, distance, ending = number(last, "duration_s"), number(last, "distance_m"), text(last, "ending")
        else:
            summary = recording.summary()
            duration, distance, ending = summary.duration, summary.distance, None
    except RecordError as error:
        return RecordInfo(path, unreadable=str(error))
    header = recording.header
    return RecordInfo(
        path,
        header.started,
        header.profile.name,
        header.machine.name,
        duration,
        distance,
        ending,
        running=recording.running,
    )


def _read(path: Path) -> tuple[Recording, Mapping[str, object]]:
    """Return the record and its last whole line, an empty mapping where that is not an event."""
    with _opened(path) as file:
        locked = is_locked(file.fileno())  # looked at first: whoever has given the lock back has written the summary
        first_line = _line(file, path, 1)
        header = _header(path, first_line)
        last_line = _last_line(file)
    last = _entry(last_line)
    torn = isinstance(last, str) and not last_line.endswith(b"\n") and last_line != first_line
    entry = {} if isinstance(last, str) else last
    complete = entry.get("event") == "summary"
    return Recording(path, header, complete=complete, torn=torn, running=locked and not complete), entry


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        raise RecordError(f"Cannot read the record {path}: {_why(error)}.") from error


def _why(error: OSError | ValueError) -> str:
    reason = error.strerror if isinstance(error, OSError) else None
    return (reason or str(error)).lower()


def _header(path: Path, line: bytes) -> Header:
    try:
        value = _decoded(line)
        return Header.from_payload(cast("Mapping[str, object]", value) if isinstance(value, dict) else {})
    except ValueError as error:
        raise RecordError(f"{path}, line 1: {error}.") from error


def _line(file: BinaryIO, path: Path, line_number: int) -> bytes:
    line = file.readline(_LONGEST_LINE)
    if len(line) == _LONGEST_LINE:
        raise RecordError(f"{path}, line {line_number}: longer than any line of a record.")
    return line


def _last_line(file: BinaryIO) -> bytes:
    """Return the last line without reading what comes before it."""
    position, tail = file.seek(0, os.SEEK_END), b""
    while position > 0 and b"\n" not in tail[:-1] and len(tail) < _LONGEST_LINE:
        step = min(_BLOCK, position)
        position -= step
        file.seek(position)
        tail = file.read(step) + tail
    return tail[tail.rfind(b"\n", 0, -1) + 1 :]


def _entry(line: bytes) -> Mapping[str, object] | str:
    """Return the event on `line`, or what is wrong with it."""
    try:
        value = _decoded(line)
    except ValueError as error:
        return str(error)
    if not isinstance(value, dict):
        return "not a JSON object"
    entry = cast("Mapping[str, object]", value)
    if text(entry, "event") is None or number(entry, "t") is None:
        return "an event without its name or its time"
    return entry


def _decoded(line: bytes) -> object:
    """Return the JSON value on `line`. Raises ValueError with a short sentence."""
    try:
        value: object = _DECODER.decode(line.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg.lower()} at column {error.colno})") from error
    except UnicodeDecodeError as error:
        raise ValueError("not text") from error
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value
