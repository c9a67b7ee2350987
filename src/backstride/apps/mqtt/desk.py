"""What becomes of a command that comes in, before any rule of the session has its say. Pure, the clock passed in.

Stop is always accepted, whatever is wrong with it, and waits for nothing (S4). Everything else must be readable, fresh,
no repetition, not too much of it, and allowed (S1). What is refused changes nothing: it is answered, or it is counted.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.messages import read_command
from backstride.apps.mqtt.payloads import Answer, Cause, Command, Outcome, Unreadable, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

FRESH_FOR: Final = 2.0
"""Seconds after which a command is too old, and by which it may lie in the future: clocks differ."""

REMEMBERED_FOR: Final = 10.0
"""Seconds for which an id is remembered: more than twice as long as a command is fresh."""

BURST: Final = 10
"""Commands that may come at once."""

PER_SECOND: Final = 5.0
"""Commands a second that may come for as long as somebody likes."""

SAYS_FLOODED_EVERY: Final = 1.0
"""Seconds between two answers that say that there are too many commands."""

_GOING_ON: Final = frozenset({Verb.RESUME, Verb.CONFIRM})
"""What starts a belt as things stand, or else lets the session go on with one that moves (S1, S2)."""

_NOT_ALLOWED: Final = (
    "the belt of this treadmill is not started over MQTT (S1): start it where it stands, or allow it with mqtt_start = "
    "true in the settings of this machine"
)

_OVERTAKEN: Final = (
    f"by its sent_at it was sent before a Stop, or within {FRESH_FOR:g} s after it, by which clocks may differ (S4): "
    "send it anew"
)
_DEAF: Final = "the line to the broker on which Stop comes is down: no belt is started that could not be stopped (S4)"


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that was not considered; `answer` is None where it is only counted."""

    cause: Cause
    answer: Answer | None


class Desk:
    """Takes the commands for one treadmill.

    Args:
        allow_start: True if its belt may be started over MQTT (S1).

    Attributes:
        unanswered: How many were refused without an answer.
    """

    def __init__(self, *, allow_start: bool) -> None:
        self.allow_start = allow_start
        self.unanswered = 0
        self._refused: Counter[str] = Counter()
        self._seen: OrderedDict[str, float] = OrderedDict()  # ids, and when each came
        self._left = float(BURST)
        self._filled_at: float | None = None
        self._flooded_at = self._stopped_at = float("-inf")

    @property
    def refused(self) -> Mapping[str, int]:
        """How many were refused, by cause."""
        return dict(self._refused)

    def stopped(self, now: float) -> None:
        """Take note of a Stop: no start that was sent before it starts the belt after it (S4).

        Clocks may differ by as much as a command may be old, so what seems to be sent so soon after it may be older.

        Args:
            now: Seconds since 1970.
        """
        self._stopped_at = now

    def take(
        self, octets: bytes, *, retained: bool, confirm_starts: bool, now: float, hears_stop: bool = True
    ) -> Command | Refused:
        """Take what came; return the command to carry out, or what became of it.

        Args:
            octets: What came.
            retained: True if the broker had kept it: nobody knows since when.
            confirm_starts: True if a confirmation would start the belt as things stand.
            now: Seconds since 1970.
            hears_stop: False while a Stop would not be heard.
        """
        command = read_command(octets)
        if isinstance(command, Command) and command.verb is Verb.STOP:
            return command
        if not self._has_room(now):
            return self._flooded(command.id, now)
        if isinstance(command, Unreadable):
            return self._refuse(command.cause, command.id, "", command.reason)
        if (fault := self._untimely(command, now, retained=retained)) is not None:
            return self._refuse(fault[0], command.id, command.verb, fault[1])
        if command.id in self._seen:
            return self.count(Cause.REPLAYED)  # it has its answer, or will have
        self._seen[command.id] = now
        if command.verb is Verb.START or (command.verb in _GOING_ON and confirm_starts):
            return self._take_start(command, hears_stop=hears_stop)
        return command

    def _take_start(self, command: Command, *, hears_stop: bool) -> Command | Refused:
        if not self.allow_start:
            return self._refuse(Cause.NOT_ALLOWED, command.id, command.verb, _NOT_ALLOWED)
        if not hears_stop:
            return self._refuse(Cause.NOT_ALLOWED, command.id, command.verb, _DEAF)
        if command.sent_at < self._stopped_at + FRESH_FOR:
            return self._refuse(Cause.STALE, command.id, command.verb, _OVERTAKEN)
        return command

    def count(self, cause: Cause) -> Refused:
        """Count something that is refused without an answer."""
        self._refused[cause.value] += 1
        self.unanswered += 1
        return Refused(cause, None)

    def _refuse(self, cause: Cause, caller: str, command: str, reason: str) -> Refused:
        if not caller:
            return self.count(cause)
        self._refused[cause.value] += 1
        return Refused(cause, Answer(caller, command, Outcome.REJECTED, reason))

    def _untimely(self, command: Command, now: float, *, retained: bool) -> tuple[Cause, str] | None:
        age = now - command.sent_at
        self._forget(now)
        if retained:
            return Cause.RETAINED, "a retained command is an old one: publish commands without retain"
        if age > FRESH_FOR:
            return Cause.STALE, f"it was sent {age:.1f} s ago, by its sent_at; at most {FRESH_FOR:g} s are taken"
        if age < -FRESH_FOR:
            return Cause.FROM_THE_FUTURE, f"its sent_at lies {-age:.1f} s in the future: set the clocks right"
        return None

    def _forget(self, now: float) -> None:
        """Forget old ids; all of those whose instants lie in the future, after a clock was set back, are kept."""
        while self._seen:
            oldest = next(iter(self._seen))
            if now - self._seen[oldest] <= REMEMBERED_FOR:
                return
            del self._seen[oldest]

    def _has_room(self, now: float) -> bool:
        """Take one of the commands that may come now; False if there are none left."""
        passed = 0.0 if self._filled_at is None else max(0.0, now - self._filled_at)
        self._filled_at = now
        self._left = min(BURST, self._left + passed * PER_SECOND)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def _flooded(self, caller: str, now: float) -> Refused:
        if abs(now - self._flooded_at) < SAYS_FLOODED_EVERY:
            return self.count(Cause.FLOODED)
        self._flooded_at = now
        reason = f"too many commands: {PER_SECOND:g} a second are taken, {BURST} at once; Stop is always taken"
        return self._refuse(Cause.FLOODED, caller, "", reason)
