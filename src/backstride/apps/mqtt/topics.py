"""Every topic of the bridge, with its quality of service, whether the broker keeps it, and why. Pure.

A topic is ``BASE/v1/…``: the number rises when a topic goes away or its payload changes its meaning. Names in topics
are slugs, so that no name can hold a wildcard or a level of its own.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from backstride.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

BASE: Final = "backstride"
"""The first level of all topics, unless somebody wants another."""

VERSION: Final = "v1"
LONGEST_NAME: Final = 48
"""Characters of a slug."""

ALL: Final = "+"
"""In place of a name: whatever name (MQTT 4.7.1)."""

_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NO_SLUG: Final = re.compile(r"[^a-z0-9]+")
_NO_BASE: Final = re.compile(r"[+#$\x00-\x20\x7f]")
_LONGEST_BASE: Final = 100
_ADDRESS_END: Final = 4  # characters of an address that tell two treadmills of one model apart


class Keeping(StrEnum):
    """What becomes of a message while the broker is away (outbox.py)."""

    LATEST = "latest"  # only the last one matters: it takes the place of the one before
    TELEMETRY = "telemetry"  # a bounded backlog: the oldest is dropped, and counted
    EVERY = "every"  # kept, in order


class Channel(StrEnum):
    """What a topic is for; the value is its path below ``BASE/v1``, with the name of its owner in braces."""

    BRIDGE = "bridge/{name}/availability"
    LINK = "treadmill/{name}/availability"
    CLAIM = "treadmill/{name}/claim"
    CAPABILITIES = "treadmill/{name}/capabilities"
    STATE = "treadmill/{name}/state"
    SESSION = "treadmill/{name}/session"
    EVENT = "treadmill/{name}/event"
    COUNTERS = "treadmill/{name}/counters"
    COMMAND = "treadmill/{name}/command"
    STOP = "treadmill/{name}/stop"
    ALL_STOP = "all/stop"
    ANSWER = "treadmill/{name}/answer"


@dataclass(frozen=True, slots=True)
class Rule:
    """How a topic is used.

    Attributes:
        payload: Name of its payload in the JSON Schema; empty where anything will do.
        qos: Quality of service: 0 at most once, 1 at least once.
        retained: True if the broker keeps the last message for who subscribes later.
        why: Why quality of service and retention are so.
        keeping: What becomes of it while the broker is away; None for what the bridge hears.
    """

    payload: str
    qos: int
    why: str
    keeping: Keeping | None = None
    retained: bool = False


TOPICS: Final[Mapping[Channel, Rule]] = {
    Channel.BRIDGE: Rule(
        "availability",
        1,
        "the broker itself says offline for a bridge that is gone (last will)",
        Keeping.LATEST,
        retained=True,
    ),
    Channel.LINK: Rule(
        "availability", 1, "whoever comes later must see whether the radio link is up", Keeping.LATEST, retained=True
    ),
    Channel.CLAIM: Rule(
        "claim", 1, "a second bridge must see it before it takes the same treadmill", Keeping.LATEST, retained=True
    ),
    Channel.CAPABILITIES: Rule(
        "capabilities", 1, "whoever comes later must know what can be asked for", Keeping.LATEST, retained=True
    ),
    Channel.STATE: Rule(
        "state",
        0,
        "the next one comes within a second; whoever comes later sees the last",
        Keeping.TELEMETRY,
        retained=True,
    ),
    Channel.SESSION: Rule("session", 1, "changes seldom, and must not be missed", Keeping.LATEST, retained=True),
    Channel.EVENT: Rule("event", 1, "each happens once; old ones would mislead who comes later", Keeping.EVERY),
    Channel.COUNTERS: Rule(
        "counters", 1, "what was refused or dropped must be seen by who comes later", Keeping.LATEST, retained=True
    ),
    Channel.COMMAND: Rule("command", 1, "a command that is retained is an old one, and refused"),
    Channel.STOP: Rule("", 1, "Stop is always accepted; twice is no harm"),
    Channel.ALL_STOP: Rule("", 1, "Stop for every treadmill of every bridge"),
    Channel.ANSWER: Rule("answer", 1, "who asked must hear of it, and nobody else later on", Keeping.EVERY),
}
"""The whole table; docs/mqtt.md shows it, and a test holds the two together."""


@dataclass(frozen=True, slots=True)
class Place:
    """A topic that was read back.

    Attributes:
        name: The treadmill, or the bridge; empty for what concerns all.
    """

    channel: Channel
    name: str = ""


class Topics:
    """The topics below one base.

    Args:
        base: The first level, or levels, of all topics.

    Raises:
        ConfigError: `base` cannot be the beginning of a topic.
    """

    def __init__(self, base: str = BASE) -> None:
        levels = base.split("/")
        if not all(levels) or len(base) > _LONGEST_BASE or _NO_BASE.search(base):
            raise ConfigError(
                f"{base!r} cannot begin a topic: levels are separated by single slashes and hold no blank and none of "
                f"+ # $, {_LONGEST_BASE} characters in all. Leave out --base for {BASE!r}."
            )
        self.base = base
        self._prefix = f"{base}/{VERSION}/"

    def of(self, channel: Channel, name: str = "") -> str:
        """Return the topic of a treadmill or bridge called `name`; ALL for a filter that hears every one of them."""
        return self._prefix + channel.value.replace("{name}", name)

    def read(self, topic: str) -> Place | None:
        """Return what `topic` is for, or None if it is none of ours."""
        if not topic.startswith(self._prefix):
            return None
        match topic[len(self._prefix) :].split("/"):
            case [owner, name, what] if is_slug(name):
                channel = _BY_PATH.get((owner, what))
                return None if channel is None else Place(channel, name)
            case ["all", "stop"]:
                return Place(Channel.ALL_STOP)
            case _:
                return None


_BY_PATH: Final = {
    (path[0], path[2]): channel
    for channel in Channel
    if len(path := channel.value.split("/")) == 3  # noqa: PLR2004 - owner, name, what
}


def is_slug(text: str) -> bool:
    """Tell whether `text` is a name as topics spell it: lower-case letters, digits and single dashes."""
    return len(text) <= LONGEST_NAME and _SLUG.fullmatch(text) is not None


def slug(text: str, otherwise: str) -> str:
    """Return `text` as topics spell it; `otherwise` where nothing is left of it."""
    plain = unicodedata.normalize("NFKD", text).casefold().encode("ascii", "ignore").decode()
    return _NO_SLUG.sub("-", plain)[:LONGEST_NAME].strip("-") or otherwise


def treadmill_id(called: str | None, advertised: str | None, address: str) -> str:
    """Return the name of a treadmill in topics: stable as long as its owner calls it the same.

    Args:
        called: What its owner calls it, which is unique among the owner's treadmills; None where nobody has named it.
        advertised: The name it advertises, which it shares with every other of its model; None for an anonymous one.
        address: Its Bluetooth address, or the identifier the system gives instead.
    """
    end = _NO_SLUG.sub("", address.casefold())[-_ADDRESS_END:]
    if called is not None and (own := slug(called, "")):
        return own
    name = slug(advertised or "", "treadmill")[: LONGEST_NAME - _ADDRESS_END - 1].strip("-")
    return f"{name}-{end}" if end else name


def free_id(called: str | None, advertised: str | None, address: str, taken: Collection[str]) -> str:
    """Return the name of a treadmill as `treadmill_id` does, or another one where it is `taken` by a namesake."""
    first = treadmill_id(called, advertised, address)
    if first in taken:
        first = treadmill_id(None, called or advertised, address)
    name, number = first, 1
    while name in taken:
        number += 1
        name = f"{first[: LONGEST_NAME - _ADDRESS_END - 1].strip('-')}-{number}"
    return name
