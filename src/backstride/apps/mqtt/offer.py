"""A treadmill that this bridge offers, and what becomes of it while another bridge claims it as well."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.waiting import until

if TYPE_CHECKING:
    from backstride.apps.mqtt.outbox import Outbox
    from backstride.apps.mqtt.payloads import Claim
    from backstride.apps.mqtt.postman import Postman
    from backstride.apps.mqtt.station import Station

REPEATS_AFTER: Final = 1.0
"""Seconds after which what was written over is published a second time: the other may be at it still."""

LOOKS_EVERY: Final = 1.0
"""Seconds between two looks whether somebody still walks on a treadmill that another bridge drives."""


class Offer:
    """A treadmill that is offered.

    Args:
        station: The treadmill.
        outbox: What is to be said of it.
        claim: Our claim to it.
        postman: Carries what is to be said.

    Attributes:
        station: The treadmill.
        outbox: What is to be said of it.
        claim: Our claim to it.
    """

    def __init__(self, station: Station, outbox: Outbox, claim: Claim, postman: Postman) -> None:
        self.station = station
        self.outbox = outbox
        self.claim = claim
        self._contested = asyncio.Event()
        self._postman = postman
        self._insisted_at = float("-inf")
        self._again: asyncio.TimerHandle | None = None

    @property
    def contested(self) -> bool:
        """True while another bridge drives it.

        What is to be said of it is for that one to say, except what comes of our own session and who asked something.
        """
        return self._contested.is_set()

    async def until_over(self) -> None:
        """Wait until it is to be given up: another bridge drives it, and nobody walks on it."""
        while not (self.contested and not self.station.in_session):
            await self._contested.wait()
            await until(lambda: not self.contested or not self.station.in_session, LOOKS_EVERY)

    def stand_back(self) -> None:
        """Leave it to the other bridge; who walks, walks to the end."""
        self._contested.set()
        self.outbox.narrow = self.station.gives_way = True

    def resume(self) -> None:
        """Speak for it again: the other bridge is gone."""
        self._contested.clear()
        self.outbox.narrow = self.station.gives_way = False
        self._repeat()

    def insist(self) -> bool:
        """Publish what the broker keeps once more, and a second time later; False if that is under way already."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._insisted_at < REPEATS_AFTER:
            return False
        self._insisted_at = loop.time()
        self._repeat()
        self._again = loop.call_later(REPEATS_AFTER, self._repeat)
        return True

    def end(self) -> None:
        """Say nothing more of it by itself."""
        if self._again is not None:
            self._again.cancel()

    def _repeat(self) -> None:
        self.outbox.repeat()
        self._postman.call(self.outbox)
