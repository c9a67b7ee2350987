"""Every octet that crosses the air, one line each, for `run --log`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from backstride.capture.events import Answered, Asked, Heard
from backstride.errors import ConfigError
from backstride.protocol.uuids import NAMES, short_uuid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from backstride.capture.events import Event


class WireLog:
    """A log being written: loop time, direction (``>`` to the treadmill), 16-bit UUID, its name, octets.

    Args:
        path: The file, written anew.
        now: Tells the time in seconds.

    Raises:
        ConfigError: The file cannot be written.
    """

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        try:
            self._file = path.open("w", encoding="ascii", buffering=1)
        except OSError as error:
            raise ConfigError(f"Cannot write the log {path}: {(error.strerror or str(error)).lower()}.") from error
        self._now = now
        self._began = now()

    def __call__(self, event: Event) -> None:
        """Write the value that an event carries, if it carries one."""
        match event:
            case Asked(value=bytes(value)):
                self._write(">", event.uuid, value)
            case Answered(value=bytes(value)) | Heard(value=value):
                self._write("<", event.uuid, value)
            case _:
                pass

    def _write(self, direction: str, uuid: str, octets: bytes) -> None:
        """Write one value; a disk that is full ends the log, never the walk."""
        short = short_uuid(uuid)
        name = uuid if short is None else f"{short:04X} {NAMES.get(short, '')}"
        try:
            if not self._file.closed:
                self._file.write(f"{self._now() - self._began:12.6f} {direction} {name:<36} {octets.hex(' ')}\n")
        except OSError:
            self._close()

    def _close(self) -> None:
        try:
            self._file.close()
        except OSError:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()
