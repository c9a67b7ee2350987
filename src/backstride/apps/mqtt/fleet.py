"""All treadmills on a broker as rows of one table, from what is heard of them. Pure, the clock passed in.

What the broker has kept may be old, and a belt that stands says nothing for hours. So a figure counts as fresh only
while its bridge and its radio link are there, and, in a session, which tells its time every second, only while that is
heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.messages import read, read_availability, read_event
from backstride.apps.mqtt.payloads import IDLE, Abilities, BeltState, Claim, Counters, Progress
from backstride.apps.mqtt.topics import ALL, Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backstride.apps.mqtt.topics import Topics

SILENT_AFTER: Final = 5.0
"""Seconds without a word after which a treadmill in a session is not fresh any more: it tells its time every second."""

CONTESTED_FOR: Final = 10.0
"""Seconds for which a second claim to one treadmill is shown after it was heard last."""

WARNS_FOR: Final = 30.0
"""Seconds for which a warning of a session is shown; three times as long where it is urgent."""

LARGEST_FLEET: Final = 10_000
"""Treadmills that are told apart; a broker that names more is mistaken, or hostile."""

LONGEST_TEXT: Final = 200
"""Characters of a text that is shown."""

HEARD: Final = (
    Channel.BRIDGE,
    Channel.LINK,
    Channel.CLAIM,
    Channel.CAPABILITIES,
    Channel.STATE,
    Channel.SESSION,
    Channel.EVENT,
    Channel.COUNTERS,
)
"""What must be heard for the table."""


class Condition(StrEnum):
    """What can be said of a belt."""

    GONE = "gone"  # no bridge drives it any more: it was let go of
    OFFLINE = "offline"  # its bridge is gone without letting go of it
    UNREACHABLE = "unreachable"  # its bridge is there, its radio link is not
    UNKNOWN = "unknown"  # nothing was heard of the belt yet, or nobody can tell
    STANDING = "standing"
    MOVING = "moving"


@dataclass(frozen=True, slots=True)
class Row:
    """One treadmill.

    Attributes:
        name: Its name in topics.
        title: What its owner calls it.
        model: Its model; empty where that was not heard.
        bridge: The bridge that drives it; empty where that was not heard.
        stale: True if the figures may be old; of a belt that stands they are not.
        belt: What was told last; None before the first word.
        session: Where its session stands; None before the first word.
        waits_for: What a person is to do, as a sentence; empty while nobody is waited for.
        troubles: What is not as it should be, the weightiest first.
    """

    name: str
    title: str
    model: str
    bridge: str
    condition: Condition
    stale: bool
    belt: BeltState | None
    session: Progress | None
    waits_for: str
    troubles: tuple[str, ...]

    @property
    def in_session(self) -> bool:
        """True while a session is told to run."""
        return self.session is not None and self.session.state != IDLE

    @property
    def needs_a_look(self) -> bool:
        """True if somebody should look at it."""
        return bool(self.troubles or self.waits_for)


@dataclass(slots=True)
class _Warning:
    text: str
    until: float


@dataclass(slots=True)
class _Treadmill:
    """What was heard of one treadmill."""

    linked: bool | None = None
    abilities: Abilities | None = None
    belt: BeltState | None = None
    belt_at: float = 0.0
    session: Progress | None = None
    counters: Counters | None = None
    claims: dict[str, tuple[Claim, float]] = field(default_factory=dict)  # by bridge, the last one last; when heard
    warning: _Warning | None = None
    fault: str = ""  # how its last session ended, where a safety rule or a fault ended it


class Fleet:
    """The treadmills on one broker.

    Args:
        topics: The topics in use.

    Attributes:
        unreadable: How many messages were none of those that are expected on their topic.
        left_out: How many messages came of treadmills beyond those that are told apart.
    """

    def __init__(self, topics: Topics) -> None:
        self.unreadable = 0
        self.left_out = 0
        self._topics = topics
        self._treadmills: dict[str, _Treadmill] = {}
        self._bridges: dict[str, bool] = {}

    @property
    def filters(self) -> tuple[str, ...]:
        """The topics to subscribe to."""
        return tuple(self._topics.of(channel, ALL) for channel in HEARD)

    # --- what comes

    def hear(self, topic: str, payload: bytes, now: float) -> None:
        """Take a message; what cannot be read changes nothing, and is counted.

        Args:
            topic: Its topic.
            payload: What it holds.
            now: Seconds of a clock that does not go backward.
        """
        place = self._topics.read(topic)
        if place is None or place.channel not in HEARD:
            return
        try:
            if place.channel is Channel.BRIDGE:
                self._hear_bridge(place.name, payload)
            elif (treadmill := self._treadmill(place.name)) is not None:
                _TAKES[place.channel](treadmill, payload, now)
        except ValueError:
            self.unreadable += 1

    def _hear_bridge(self, bridge: str, payload: bytes) -> None:
        if not payload:
            self._bridges.pop(bridge, None)
        elif bridge in self._bridges or len(self._bridges) < LARGEST_FLEET:
            self._bridges[bridge] = read_availability(payload)

    def _treadmill(self, name: str) -> _Treadmill | None:
        known = self._treadmills.get(name)
        if known is None and len(self._treadmills) < LARGEST_FLEET:
            known = self._treadmills[name] = _Treadmill()
        if known is None:
            self.left_out += 1
        return known

    # --- what is to be seen

    def rows(self, now: float) -> tuple[Row, ...]:
        """Return the treadmills by name, so that none of them jumps; `now` is on the clock of `hear`."""
        return tuple(self._row(name, self._treadmills[name], now) for name in sorted(self._treadmills))

    def row(self, name: str, now: float) -> Row | None:
        """Return one treadmill, or None if nothing was heard of it."""
        known = self._treadmills.get(name)
        return None if known is None else self._row(name, known, now)

    def _row(self, name: str, one: _Treadmill, now: float) -> Row:
        bridge = self._driver(one)
        condition = self._condition(one, bridge)
        stale = _is_stale(one, condition, now)
        session = one.session
        asks = (
            condition in {Condition.STANDING, Condition.MOVING, Condition.UNKNOWN}
            and session is not None
            and session.state != IDLE
            and session.asking is not None
        )
        return Row(
            name=name,
            title=name if one.abilities is None else printable(one.abilities.name) or name,
            model="" if one.abilities is None else printable(one.abilities.model),
            bridge=bridge,
            condition=condition,
            stale=stale,
            belt=one.belt,
            session=session,
            waits_for=printable(session.question) or "confirm" if session is not None and asks else "",
            troubles=tuple(self._troubles(one, bridge, condition, now, stale=stale)),
        )

    def _driver(self, one: _Treadmill) -> str:
        """Return the bridge that drives a treadmill: of several that claim it, the one that the rule gives it."""
        claims = [claim for claim, _ in one.claims.values()]
        present = [claim for claim in claims if self._bridges.get(claim.bridge)] or claims[-1:]
        if present:
            return min(present, key=lambda claim: (claim.since, claim.bridge)).bridge
        return "" if one.abilities is None else one.abilities.bridge

    def _condition(self, one: _Treadmill, bridge: str) -> Condition:
        if not one.claims:
            return Condition.GONE
        if not self._bridges.get(bridge):
            return Condition.OFFLINE
        if one.linked is False or (one.belt is not None and not one.belt.connected):
            return Condition.UNREACHABLE
        if one.belt is None or one.belt.standing is None:
            return Condition.UNKNOWN
        return Condition.STANDING if one.belt.standing else Condition.MOVING

    def _troubles(self, one: _Treadmill, bridge: str, condition: Condition, now: float, *, stale: bool) -> list[str]:
        troubles: list[str] = []
        if condition is Condition.OFFLINE:
            troubles.append(f"its bridge {bridge} is gone: nobody sees the belt")
        elif condition is Condition.UNREACHABLE:
            troubles.append("no radio link: the belt may keep moving")
        elif condition is not Condition.GONE and stale:
            troubles.append("the figures are not fresh")
        if one.warning is not None and now < one.warning.until:
            troubles.append(one.warning.text)
        if one.fault:
            troubles.append(one.fault)
        if rivals := self._rivals(one, bridge, now):
            troubles.append(f"claimed by {bridge} and by {', '.join(rivals)}")
        if one.counters is not None and one.counters.lost:
            troubles.append(f"{one.counters.lost} events or answers were lost on their way to the broker")
        return troubles

    def _rivals(self, one: _Treadmill, bridge: str, now: float) -> list[str]:
        """Return the bridges that are there and claim a treadmill which another one drives."""
        stands = next(reversed(one.claims), bridge)  # whose claim the broker has kept
        return [
            rival
            for rival, (_, heard_at) in one.claims.items()
            if rival != bridge and self._bridges.get(rival) and (rival == stands or now - heard_at < CONTESTED_FOR)
        ]


def _is_stale(one: _Treadmill, condition: Condition, now: float) -> bool:
    belt, session = one.belt, one.session
    if belt is None or belt.stale or condition in {Condition.GONE, Condition.OFFLINE, Condition.UNREACHABLE}:
        return True
    tells_time = session is not None and session.state != IDLE and belt.session_elapsed_s is not None
    return tells_time and now - one.belt_at > SILENT_AFTER


def printable(text: str) -> str:
    """Return a text that somebody has put on the broker as a terminal may have it: no control characters, not long."""
    return "".join(one if one.isprintable() else " " for one in text[:LONGEST_TEXT]).strip()


# --- one function for each topic of a treadmill


def _hear_link(one: _Treadmill, payload: bytes, _: float) -> None:
    one.linked = read_availability(payload) if payload else None


def _hear_claim(one: _Treadmill, payload: bytes, now: float) -> None:
    if not payload:
        one.claims.clear()
        return
    claim = read(Claim, payload)
    one.claims.pop(claim.bridge, None)
    one.claims[claim.bridge] = (claim, now)
    while len(one.claims) > _MOST_CLAIMS:
        del one.claims[next(iter(one.claims))]


def _hear_abilities(one: _Treadmill, payload: bytes, _: float) -> None:
    one.abilities = read(Abilities, payload) if payload else None


def _hear_belt(one: _Treadmill, payload: bytes, now: float) -> None:
    one.belt, one.belt_at = read(BeltState, payload) if payload else None, now


def _hear_session(one: _Treadmill, payload: bytes, _: float) -> None:
    one.session = read(Progress, payload) if payload else None


def _hear_counters(one: _Treadmill, payload: bytes, _: float) -> None:
    one.counters = read(Counters, payload) if payload else None


def _hear_event(one: _Treadmill, payload: bytes, now: float) -> None:
    match event := read_event(payload):
        case {"event": "warning", "text": str(text)}:
            lasts = WARNS_FOR * 3 if event.get("urgent") is True else WARNS_FOR
            one.warning = _Warning(printable(text), now + lasts)
        case {"event": "command", "outcome": "unknown", "command": str(command)}:
            reason = printable(str(event.get("reason", "")))
            text = f"what became of the {printable(command)} command is unknown{f': {reason}' if reason else ''}"
            one.warning = _Warning(text, now + WARNS_FOR)
        case {"event": "link", "connected": True}:
            one.warning = None
        case {"event": "ended"}:
            one.warning, one.fault = None, _ending(event)
        case {"event": "state"}:
            one.fault = ""
        case _:
            pass


def _ending(event: Mapping[str, object]) -> str:
    """Return how a session ended where somebody should look; "" where all is well."""
    unseen = "" if event.get("belt_standing") is True else "; the belt was not seen to stand"
    if event.get("ending") != "aborted" and not unseen:
        return ""
    return f"the session ended: {printable(str(event.get('reason', '')))}{unseen}"


_MOST_CLAIMS: Final = 8

_TAKES: Final[Mapping[Channel, Callable[[_Treadmill, bytes, float], None]]] = {
    Channel.LINK: _hear_link,
    Channel.CLAIM: _hear_claim,
    Channel.CAPABILITIES: _hear_abilities,
    Channel.STATE: _hear_belt,
    Channel.SESSION: _hear_session,
    Channel.COUNTERS: _hear_counters,
    Channel.EVENT: _hear_event,
}
