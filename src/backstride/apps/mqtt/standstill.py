"""A Stop for one treadmill, or for all of them, and what has come of it for each. Pure, the clock passed in.

"Stands" is said only of a belt of which its bridge has said so after the Stop (S5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.fleet import Condition, printable
from backstride.apps.mqtt.messages import read
from backstride.apps.mqtt.payloads import Answer, BeltState, Outcome
from backstride.apps.mqtt.topics import Channel

if TYPE_CHECKING:
    from backstride.apps.mqtt.fleet import Fleet, Row
    from backstride.apps.mqtt.topics import Topics

KNOWN_AFTER: Final = 1.5
"""Seconds after which everything has been heard that the broker has kept, and so who is there."""

AGAIN_EVERY: Final = 2.0
"""Seconds after which a Stop that has no answer is published once more."""

SEEN_AFTER: Final = 2.0
"""Seconds after the Stop from which on a belt that is told to stand counts as stopped, without an answer.

By so much clocks may differ: that of whoever stops, and that of the bridge which tells when the belt stood.
"""

_NOBODY: Final = frozenset({Condition.OFFLINE, Condition.GONE})  # there is no bridge that could answer
_UNSEEN: Final = "the belt is not seen to stand: use the console or the safety key"


@dataclass(frozen=True, slots=True)
class Result:
    """What has come of a Stop for one treadmill.

    Attributes:
        name: Its name in topics.
        title: What its owner calls it.
        stands: True if its belt is seen to stand.
        reason: What is known, as a sentence.
    """

    name: str
    title: str
    stands: bool
    reason: str


class Standstill:
    """One Stop on its way.

    Args:
        fleet: What is heard of the treadmills; it is fed elsewhere.
        topics: The topics in use.
        caller: The id under which the Stop is answered.
        wanted: The treadmill that is to stop, or None for all.
    """

    def __init__(self, fleet: Fleet, topics: Topics, caller: str, wanted: str | None) -> None:
        self._fleet = fleet
        self._topics = topics
        self._caller = caller
        self._wanted = wanted
        self._out_at: float | None = None
        self._out_at_wall = 0.0
        self._heard_from: float | None = None
        self._answers: dict[str, Answer] = {}
        self._seen: set[str] = set()

    @property
    def is_out(self) -> bool:
        """True once the broker has the Stop."""
        return self._out_at is not None

    def goes_out(self, now: float, at: float) -> None:
        """Take note that the broker has the Stop; `now` is on the clock of `fleet`, `at` in seconds since 1970."""
        if self._out_at is None:
            self._out_at, self._out_at_wall = now, at

    def hears(self, now: float) -> None:
        """Take note that from now on everything is heard, and first what the broker has kept."""
        self._heard_from = now

    def hear(self, topic: str, payload: bytes, now: float, *, retained: bool) -> None:
        """Take a message; what says nothing of this Stop is passed over."""
        place = self._topics.read(topic)
        try:
            if place is not None and place.channel is Channel.ANSWER:
                answer = read(Answer, payload)
                before = self._answers.get(place.name)
                if answer.id == self._caller and (before is None or before.outcome is not Outcome.CONFIRMED):
                    self._answers[place.name] = answer
            elif place is not None and place.channel is Channel.STATE and not retained:
                self._look(place.name, read(BeltState, payload), now)
        except ValueError:
            return

    def _look(self, name: str, belt: BeltState, now: float) -> None:
        """Take the word of a bridge for a standing belt; a bridge that comes back first tells how things were."""
        stands = belt.standing is True and belt.connected and not belt.stale
        later = self._out_at is not None and now - self._out_at >= SEEN_AFTER
        if stands and later and belt.at >= self._out_at_wall + SEEN_AFTER:
            self._seen.add(name)
        else:
            self._seen.discard(name)

    def results(self, now: float) -> tuple[Result, ...]:
        """Return what is known of each treadmill that a bridge drives, or has driven until it was lost."""
        return tuple(self._result(row) for row in self._concerned(now))

    def awaited(self, now: float) -> tuple[str, ...]:
        """Return the treadmills of which something may still be heard."""
        return tuple(
            row.name
            for row in self._concerned(now)
            if row.condition not in _NOBODY and row.name not in self._answers and row.name not in self._seen
        )

    def is_over(self, now: float) -> bool:
        """Tell whether nothing more is to be waited for."""
        if self._out_at is None or self._heard_from is None:
            return False
        return now - max(self._out_at, self._heard_from) >= KNOWN_AFTER and not self.awaited(now)

    def _concerned(self, now: float) -> list[Row]:
        rows = [row for row in self._fleet.rows(now) if self._wanted in {None, row.name}]
        if self._wanted is None:
            return [row for row in rows if row.condition is not Condition.GONE or row.name in self._answers]
        return rows

    def _result(self, row: Row) -> Result:
        answer = self._answers.get(row.name)
        if (answer is not None and answer.outcome is Outcome.CONFIRMED) or row.name in self._seen:
            return Result(row.name, row.title, stands=True, reason="the belt stands")
        if answer is not None:
            return Result(row.name, row.title, stands=False, reason=printable(answer.reason) or _UNSEEN)
        if row.condition is Condition.OFFLINE:
            return Result(row.name, row.title, stands=False, reason=f"its bridge {row.bridge} is gone; {_UNSEEN}")
        if row.condition is Condition.GONE:
            return Result(row.name, row.title, stands=False, reason=f"no bridge drives it; {_UNSEEN}")
        return Result(row.name, row.title, stands=False, reason=f"its bridge {row.bridge} has not answered; {_UNSEEN}")
