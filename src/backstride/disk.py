"""Files of JSON lines that outlive the process that writes them (S13).

Each line is handed to the operating system in one unbuffered write, so that a killed process loses nothing that had
happened; a thread of its own brings it to the disk within a second, so that a slow disk holds up nobody.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import FileIO

EVERY: Final = 1.0
"""Seconds of real time between two flushes: what a power cut may take at most."""

FINISHES_WITHIN: Final = 2.0
"""Seconds for the last flush: a disk that hangs must not keep a program from ending (S6)."""

# Not a number is no JSON; plain ASCII survives every editor and cannot be torn inside a character.
_ENCODER: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"), check_circular=False)
_WHY: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is used up",
    errno.EFBIG: "the file would grow too large",
    errno.EACCES: "you have no permission to write there",
    errno.EPERM: "you have no permission to write there",
    errno.EROFS: "that disk is read-only",
    errno.EEXIST: "it is a file, not a folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
}
_flush: Final = getattr(os, "fdatasync", os.fsync)  # macOS and Windows know the second only


class Flushing:
    """Flushes one open file, from its making until `finish`.

    Args:
        descriptor: The file; it stays the caller's to close.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._failed: OSError | None = None
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backstride-record", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Flush a last time and end; a second call waits no longer.

        Raises:
            OSError: Something did not reach the disk, now or earlier, or the disk does not answer.
        """
        patience = 0.0 if self._finished.is_set() else FINISHES_WITHIN
        self._finished.set()
        self._thread.join(patience)
        if self._thread.is_alive():
            raise TimeoutError("the disk does not answer")
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._finished.wait(EVERY)
            try:
                _flush(self._descriptor)
            except OSError as error:
                self._failed = error
                return


class LineFile:
    """A file that is written line by line, one JSON object each.

    Args:
        file: The open, unbuffered file; it belongs to this object from now on.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._flushing = Flushing(file.fileno())

    @property
    def closed(self) -> bool:
        """True once the file was given back."""
        return self._file.closed

    def append(self, values: Mapping[str, object]) -> None:
        """Append one line.

        Raises:
            OSError: It could not be written, or not all of it.
            ValueError: A value has no form in JSON.
            TypeError: Likewise.
        """
        line = (_ENCODER.encode(values) + "\n").encode("ascii")
        while line:  # a disk that fills up takes a part of it and refuses only the next write
            line = line[self._file.write(line) :]

    def finish(self) -> None:
        """Bring everything to the disk. Raises OSError if it did not get there."""
        self._flushing.finish()

    def give_back(self) -> None:
        """Close the file as it is; closing again does nothing."""
        if not self._file.closed:
            with contextlib.suppress(OSError):
                self._flushing.finish()
            self._file.close()


def why(error: Exception) -> str:
    """Return in words why a file could not be opened or written."""
    if isinstance(error, OSError):
        return _WHY.get(error.errno or 0, (error.strerror or str(error)).lower())
    return f"a value has no form in JSON ({error})"
