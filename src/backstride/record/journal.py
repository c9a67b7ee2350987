"""The journal: one JSON object a line, appended while the session runs (docs/json.md).

Each line is handed to the operating system in one unbuffered write, so that a killed process loses nothing that had
happened; a second later it is on the disk, where a power cut cannot take it either (S13). A session must not end
because its disk is full: the first failure raises, later writes do nothing. While the file is open it is locked, which
tells a walk under way from one that was interrupted.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import count
from typing import TYPE_CHECKING, Final, Self

from backstride.disk import LineFile, why
from backstride.errors import RecordError
from backstride.record.lock import lock
from backstride.workout.events import payload

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import FileIO
    from pathlib import Path
    from types import TracebackType

    from backstride.record.header import Header
    from backstride.workout.events import SessionEvent

SUFFIX: Final = ".jsonl"
_SLUG_LENGTH: Final = 40


class Journal:
    """A record being written. Made by `Journal.create`.

    As a context manager it gives the file back at the end of the block; a record without a summary is an interrupted
    one.

    Attributes:
        path: The file.
        failed: Why nothing is written any more, as a sentence; None while all is well.
    """

    def __init__(self, path: Path, file: FileIO) -> None:
        self.path = path
        self.failed: str | None = None
        self._file = LineFile(file)

    @classmethod
    def create(cls, folder: Path, header: Header) -> Self:
        """Make a new record in `folder`, which is created where missing, and write its header.

        The file is named after the start and the profile, ``2026-11-22T10-58-03-retro-walk.jsonl``; a name that is
        taken gets a number, so that nothing is ever overwritten.

        Raises:
            RecordError: It cannot be written; the sentence says why and what to do.
        """
        stem = f"{header.started:%Y-%m-%dT%H-%M-%S}-{_slug(header.profile.name)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file, path = _open_new(folder, stem)
        except OSError as error:
            raise RecordError(_sentence(folder, error)) from error
        lock(file.fileno())
        journal = cls(path, file)
        try:
            journal.append(header.to_payload())
        except RecordError:
            journal.give_back()
            raise
        return journal

    def write(self, event: SessionEvent, at: float) -> None:
        """Append `event`, which happened `at` seconds after the session was made.

        Raises:
            RecordError: The line could not be written. It is raised once; after it every write does nothing.
        """
        self.append(payload(event, at))

    def append(self, values: Mapping[str, object]) -> None:
        """Append one line of JSON values, such as `payload` makes them. Raises RecordError as `write` does."""
        if self.failed is not None or self._file.closed:
            return
        try:
            self._file.append(values)
        except (OSError, ValueError, TypeError) as error:
            self.failed = _sentence(self.path, error)
            raise RecordError(self.failed) from error

    def close(self, summary: Mapping[str, object]) -> None:
        """Append `summary` as the last line, bring everything to the disk, and close the file.

        Closing again does nothing.

        Raises:
            RecordError: The summary, or what was written before, did not reach the disk.
        """
        if self._file.closed:
            return
        try:
            self.append(summary)
            if self.failed is None:
                self._file.finish()
        except OSError as error:
            self.failed = _sentence(self.path, error)
            raise RecordError(self.failed) from error
        finally:
            self.give_back()

    def give_back(self) -> None:
        """Close the file as it is: a record without a summary is one of an interrupted session."""
        self._file.give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.give_back()


def _open_new(folder: Path, stem: str) -> tuple[FileIO, Path]:
    """Open the first of ``stem``, ``stem-2``, ``stem-3`` … that does not exist yet."""
    for number in count(1):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}{SUFFIX}"
        try:
            return path.open("xb", buffering=0), path
        except FileExistsError:
            continue
    raise AssertionError("count() does not end")  # pragma: no cover - for the type checker


def _slug(name: str) -> str:
    """Return `name` in lower-case letters, digits and hyphens, which every file system takes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_SLUG_LENGTH].strip("-") or "session"


def _sentence(path: Path, error: Exception) -> str:
    remedy = "Choose another folder with --record or the setting `records`."
    return f"Cannot write the record in {path}: {why(error)}. {remedy}"
