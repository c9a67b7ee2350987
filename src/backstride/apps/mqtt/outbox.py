"""What waits to be published, and what is kept while the broker is away. Pure.

Of some topics only the latest matters; of telemetry a bounded backlog is kept, the oldest dropped and counted; events
and answers are kept in order until the broker has acknowledged them (topics.Keeping).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from backstride.apps.mqtt.topics import TOPICS, Channel, Keeping, Topics

TELEMETRY_KEPT: Final = 60
"""States of a treadmill that are kept: a minute at 1 Hz."""

EVERY_KEPT: Final = 5_000
"""Events and answers of a treadmill that are kept: several hours of a session."""


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """What is to be published."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    keeping: Keeping


class Outbox:
    """The messages of one treadmill on their way to the broker.

    Args:
        topics: The topics in use.
        name: The treadmill, or the bridge, as topics call it.

    Attributes:
        name: The treadmill, or the bridge, as topics call it.
        dropped: States that were dropped.
        lost: Events and answers that were dropped after all, because there were too many of them.
        narrow: True while only events and answers go out: what a broker keeps of this treadmill is for another to say.
    """

    def __init__(
        self, topics: Topics, name: str, *, telemetry_kept: int = TELEMETRY_KEPT, every_kept: int = EVERY_KEPT
    ) -> None:
        self.name = name
        self.dropped = 0
        self.lost = 0
        self.narrow = False
        self._topics = topics
        self._telemetry_kept = telemetry_kept
        self._every_kept = every_kept
        self._every: deque[Message] = deque()
        self._in_flight: dict[Message, None] = {}  # events and answers that are not acknowledged yet, in order
        self._latest: dict[str, Message] = {}
        self._unsent: dict[str, None] = {}  # topics whose latest message has not been taken yet, in order
        self._telemetry: deque[Message] = deque()
        self._last_state: Message | None = None

    def __len__(self) -> int:
        """Return how many messages wait to be taken."""
        return len(self._every) + (0 if self.narrow else len(self._unsent) + len(self._telemetry))

    @property
    def is_empty(self) -> bool:
        """True once everything has been taken, and every event and answer is acknowledged."""
        return not len(self) and not self._in_flight

    def put(self, channel: Channel, payload: bytes) -> None:
        """Let `payload` be published on the topic of `channel`; an empty one takes back what the broker has kept."""
        rule = TOPICS[channel]
        assert rule.keeping is not None, f"{channel} is for others to publish on"  # noqa: S101 - a mistake of ours
        self.keep(Message(self._topics.of(channel, self.name), payload, rule.qos, rule.retained, rule.keeping))

    def keep(self, message: Message) -> None:
        """Let `message` be published: one that is on no topic of topics.py."""
        match message.keeping:
            case Keeping.LATEST:
                self._latest[message.topic] = message
                self._unsent.pop(message.topic, None)
                self._unsent[message.topic] = None
            case Keeping.TELEMETRY:
                self._last_state = message
                self._telemetry.append(message)
                if len(self._telemetry) > self._telemetry_kept:
                    self._telemetry.popleft()
                    self.dropped += 1
            case Keeping.EVERY:
                self._every.append(message)
                if len(self._every) > self._every_kept:
                    self._every.popleft()
                    self.lost += 1

    def take(self) -> Message | None:
        """Return what is to be published next, or None; answers and events first, telemetry last."""
        if self._every:
            message = self._every.popleft()
            self._in_flight[message] = None
            return message
        if self.narrow:
            return None
        if self._unsent:
            topic = next(iter(self._unsent))
            del self._unsent[topic]
            return self._latest[topic]
        return self._telemetry.popleft() if self._telemetry else None

    def acknowledge(self, message: Message) -> None:
        """Take note that the broker has `message`."""
        self._in_flight.pop(message, None)

    def repeat(self) -> None:
        """Let all that a broker is to keep go out once more."""
        self._unsent = dict.fromkeys(self._latest)

    def start_over(self) -> None:
        """Begin on a new connection: what was not acknowledged goes out again, and all that a broker is to keep.

        A broker that was restarted may have forgotten everything.
        """
        self._every.extendleft(reversed(self._in_flight))
        self._in_flight.clear()
        self.repeat()
        if not self._telemetry and self._last_state is not None:
            self._telemetry.append(self._last_state)
