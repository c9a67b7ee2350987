"""Whether a record is still being written: a lock on the open file, which no dead process can leave behind.

The system takes it back with the file, however the process ended. It keeps nobody from reading.
"""

from __future__ import annotations

import contextlib
import os
import sys

if sys.platform != "win32":
    import fcntl

    def lock(descriptor: int) -> None:
        """Mark an open file as being written until it is closed; where files cannot be locked, nothing happens."""
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def is_locked(descriptor: int) -> bool:
        """Return whether the file, opened anew, is marked by a living process, this one included."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return False

else:
    import msvcrt

    _FAR = 1 << 40  # behind the end of any record: Windows locks octets, and nobody could read those

    def lock(descriptor: int) -> None:
        """Mark an open file as being written until it is closed; where files cannot be locked, nothing happens."""
        _try(descriptor, msvcrt.LK_NBLCK)

    def is_locked(descriptor: int) -> bool:
        """Return whether the file, opened anew, is marked by a living process, this one included."""
        if not _try(descriptor, msvcrt.LK_NBLCK):
            return True
        _try(descriptor, msvcrt.LK_UNLCK)
        return False

    def _try(descriptor: int, how: int) -> bool:
        before = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, how, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)
        return True
