"""Bringing a file to the disk every second, in a thread of its own: a slow disk holds up nobody (S13)."""

from __future__ import annotations

import os
import threading
from typing import Final

EVERY: Final = 1.0
"""Seconds of real time between two flushes: what a power cut may take at most."""

FINISHES_WITHIN: Final = 2.0
"""Seconds for the last flush: a disk that hangs must not keep a program from ending (S6)."""

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
