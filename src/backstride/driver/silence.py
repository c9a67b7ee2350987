"""Silence is link loss: a link may stay "connected" for minutes without a word (safety rule S9)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backstride.driver.linked import Linked
    from backstride.driver.state import TelemetryWatch

SILENCE_IS_LOSS: Final = 10.0
"""Age of telemetry in seconds that counts as link loss (S9)."""


class SilenceWatch:
    """Declares the link of a machine dead once nothing has been heard for too long."""

    def __init__(self, machine: Linked, telemetry: TelemetryWatch) -> None:
        self._machine = machine
        self._telemetry = telemetry
        self._loop = asyncio.get_running_loop()
        self._linked_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def link_made(self) -> None:
        """Begin to watch a new link."""
        self.close()
        self._linked_at = self._loop.time()
        self._look()

    def close(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        machine, now = self._machine, self._loop.time()
        if not machine.is_connected:
            return
        heard = max(self._linked_at, machine.state.at or 0.0)
        if machine.capabilities.silent_when_stopped and machine.state.standing is not False:
            heard = now  # this model says nothing while it stands
        if now >= heard + SILENCE_IS_LOSS:
            unread = (self._telemetry.value_at or 0.0) > heard  # some machines send what is no record
            what = "nothing that can be read" if unread else "nothing"
            machine.link_is_dead(f"the treadmill has sent {what} for {SILENCE_IS_LOSS:.0f} s")
        else:
            self._timer = self._loop.call_at(heard + SILENCE_IS_LOSS, self._look)
