"""The link to a treadmill while no session runs, which would make it anew itself (S12)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from backstride.driver.reconnect import reconnect
from backstride.errors import BackstrideError

if TYPE_CHECKING:
    import asyncio

    from backstride.driver.machine import Machine
    from backstride.driver.tasks import Tasks

LOG: Final = logging.getLogger("backstride.mqtt")


class Linking:
    """Makes a link anew that was lost between two sessions.

    Args:
        machine: The treadmill.
        name: What it is called in the log.
        tasks: Where the work is kept; who ends them ends it.
    """

    def __init__(self, machine: Machine, name: str, tasks: Tasks) -> None:
        self._machine = machine
        self._name = name
        self._tasks = tasks
        self._linking: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Begin, if the link is lost and nothing has begun yet."""
        if not self._machine.is_connected and self._linking is None:
            self._linking = self._tasks.spawn(self._link_again())

    async def _link_again(self) -> None:
        try:
            await reconnect(self._machine, lambda trouble: LOG.warning("%s: %s", self._name, trouble))
        except BackstrideError as error:
            LOG.warning("%s: %s", self._name, error)
        finally:
            self._linking = None
