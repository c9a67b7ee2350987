"""A walk as JSON, one event a line (docs/json.md)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from backstride.workout.events import payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.workout.events import SessionEvent


class JsonLines:
    """Writes each event as a line of JSON. `write` takes each line."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def show(self, event: SessionEvent, at: float) -> None:
        """Write `event`."""
        self._write(json.dumps(payload(event, at)))

    def note(self, text: str) -> None:
        """Remarks are for people."""

    def close(self) -> None:
        """Nothing is held open."""
