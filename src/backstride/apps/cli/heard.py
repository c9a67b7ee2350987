"""The treadmills that were heard, as a list for a person to pick from. Pure: the clock is passed in.

A signal goes up and down all the time, and a list that followed it would jump under the finger. So the nearest come
first for the first seconds only; from then on, or from the first key, everything stays where it is and what is new
comes last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.apps.cli.choice import Choice
from backstride.apps.cli.sighting import NAMELESS, Sighting, remark

if TYPE_CHECKING:
    from backstride.apps.cli.keys import Key

SETTLES_AFTER: Final = 3.0
"""Seconds of listening after which the order is settled: several times the usual advertising intervals."""


@dataclass(slots=True)
class Entry:
    """A treadmill in the list.

    Attributes:
        sighting: What was heard of it last.
        round: Number of the round of listening in which that was.
        refused: Whether it could not be connected to, the last time that was tried.
        refuses: Whether it was heard again since then: so it is there, and does not want.
        quiet: Whether a whole round has passed without it.
    """

    sighting: Sighting
    round: int
    refused: bool = False
    refuses: bool = False
    quiet: bool = False

    @property
    def remark(self) -> str:
        """What stands in the way of using it."""
        return remark(self.sighting, refuses=self.refuses, quiet=self.quiet)


class Heard:
    """The list.

    Args:
        now: Seconds of a clock that does not go backward.

    Attributes:
        choice: The order of the list, by address, and the cursor.
        deafness: Why nothing can be heard, with what to do; "" while the radio listens.
    """

    def __init__(self, now: float) -> None:
        self.choice = Choice()
        self.deafness = ""
        self._entries: dict[str, Entry] = {}
        self._round = 0
        self._settles_at: float | None = None  # counted from the first treadmill
        self._silent_since = now

    @property
    def entries(self) -> list[Entry]:
        """The treadmills in their order."""
        return [self._entries[address] for address in self.choice.lines]

    def hear(self, sighting: Sighting, now: float) -> None:
        """Take a treadmill that was heard."""
        self.deafness = ""
        self._silent_since = now
        if self._settles_at is None:
            self._settles_at = now + SETTLES_AFTER
        before = self._entries.get(sighting.address)
        refused = before is not None and before.refused
        self._entries[sighting.address] = Entry(sighting, self._round, refused=refused, refuses=refused)
        if now < self._settles_at:
            self.sort()
        elif before is None:
            self.choice.offer((*self.choice.lines, sighting.address))

    def press(self, key: Key | str, now: float) -> None:
        """Take a key that may move the cursor; the order is settled with it."""
        self._settles_at = now
        self.choice.press(key, now)

    def sort(self) -> None:
        """Bring the list into order: those met before first, then the nearest; a cursor nobody moved stays on top."""
        on_top = self.choice.index == 0
        order = sorted(self._entries, key=self._place)
        self.choice.offer(order)
        if on_top and order:
            self.choice.at = order[0]

    def end_round(self) -> None:
        """Take note that a whole round of listening is over: whatever was not heard in it has fallen silent."""
        self.deafness = ""
        for entry in self._entries.values():
            entry.quiet = entry.round < self._round
        self._round += 1

    def listens(self, now: float) -> None:
        """Take note that the radio listens."""
        if self.deafness:
            self._silent_since = now
        self.deafness = ""

    def deaf(self, sentence: str) -> None:
        """Take note that Bluetooth is not to be had, and why."""
        self.deafness = sentence

    def mark(self, address: str, *, refused: bool) -> None:
        """Take note of whether a treadmill has refused to be connected to."""
        if address in self._entries:
            self._entries[address].refused, self._entries[address].refuses = refused, False

    def silent_for(self, now: float) -> float:
        """Return for how many seconds the radio has listened and no treadmill was heard; 0 while it is deaf."""
        silent = not self.deafness and all(entry.quiet for entry in self._entries.values())
        return now - self._silent_since if silent else 0.0

    def title_of(self, address: str) -> str:
        """Return what the treadmill with this address is called."""
        return self._entries[address].sighting.title if address in self._entries else NAMELESS

    def _place(self, address: str) -> tuple[bool, int, str]:
        sighting = self._entries[address].sighting
        return not sighting.remembered, -sighting.rssi, address
