"""Every payload of the bridge as a frozen value. Pure; forms.py says how each is written, messages.py reads and writes.

Units stand in the keys, null is unknown and never zero (S10).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backstride.units import Incline, Speed
    from backstride.workout.events import Ask

SCHEMA: Final = 1
"""Version of the payloads."""

LARGEST: Final = 65_536
"""Octets of a payload that is read at all."""

LARGEST_COMMAND: Final = 1024
"""Octets of a command that is read at all: the longest there is needs a quarter of it."""

LONGEST_ID: Final = 64
"""Characters of the id that a caller gives a command."""

LONGEST_PROFILE: Final = 80
ONLINE: Final = "online"
OFFLINE: Final = "offline"
IDLE: Final = "idle"
"""The state of a treadmill without a session."""


class Verb(StrEnum):
    """What can be commanded."""

    START = "start"  # begin the chosen session, or begin another: a person's act (S1)
    PAUSE = "pause"
    RESUME = "resume"  # start again after a pause (S2)
    STOP = "stop"
    CONFIRM = "confirm"  # agree to what the session asks for
    SKIP = "skip"
    BACK = "back"
    SET_SPEED = "set_speed"
    SET_INCLINE = "set_incline"
    PROFILE = "profile"  # choose the session


class Outcome(StrEnum):
    """What has come of a command (S10)."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Why something that was sent to a treadmill was not even considered; the keys of `Counters.refused`."""

    OVERSIZED = "oversized"
    MALFORMED = "malformed"
    WRONG_TYPED = "wrong_typed"
    RETAINED = "retained"
    STALE = "stale"
    FROM_THE_FUTURE = "from_the_future"
    REPLAYED = "replayed"
    FLOODED = "flooded"
    NOT_ALLOWED = "not_allowed"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody wants of one treadmill.

    Attributes:
        id: The caller's id, under which it is answered; empty only for a Stop that wants no answer.
        sent_at: When it was sent, in seconds since 1970.
        argument: Speed, incline or profile, where the verb has one.
    """

    id: str
    sent_at: float
    verb: Verb
    argument: Speed | Incline | str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A command that cannot be read.

    Attributes:
        id: The caller's id, where that can be read; else there is nobody to answer.
    """

    cause: Cause
    reason: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What has come of a command."""

    id: str
    command: str
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Which bridge drives a treadmill, and since when, in seconds since 1970."""

    bridge: str
    since: float


@dataclass(frozen=True, slots=True)
class SpeedSteps:
    """The speeds a treadmill can be told to hold; `unit` is the one in which its steps are even: km/h or mph."""

    minimum: Speed
    maximum: Speed
    increment: Speed
    unit: str


@dataclass(frozen=True, slots=True)
class InclineSteps:
    """The inclines a treadmill can be told to hold."""

    minimum: Incline
    maximum: Incline
    increment: Incline


@dataclass(frozen=True, slots=True)
class Abilities:
    """What one treadmill is, and what can be asked of it.

    Attributes:
        speed: None where its speed cannot be set.
        incline: None where its incline cannot be set.
        profiles: The sessions that it can be told to walk.
        allows_start: True if its belt may be started over MQTT (S1).
    """

    name: str
    model: str
    bridge: str
    simulated: bool
    speed: SpeedSteps | None
    incline: InclineSteps | None
    profiles: tuple[str, ...]
    allows_start: bool


@dataclass(frozen=True, slots=True)
class BeltState:
    """What is known of belt and walker. None is unknown.

    Attributes:
        at: When this was so, in seconds since 1970.
        stale: True where the values are older than they should be (S9).
        distance_m: The machine's own counter.
        elapsed_s: The machine's own clock.
        session_distance_m: Walked in the session, by Backstride's own reckoning; None without one.
        session_climb_m: Climbed in it.
        session_elapsed_s: Since it was begun.
    """

    at: float
    connected: bool
    standing: bool | None
    stale: bool
    speed: Speed | None
    incline: Incline | None
    distance_m: int | None
    elapsed_s: int | None
    heart_rate_bpm: int | None
    energy_kcal: int | None
    power_w: int | None
    steps: int | None
    session_distance_m: float | None
    session_climb_m: float | None
    session_elapsed_s: float | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a session stands.

    Attributes:
        profile: The session that is chosen, or walked.
        state: A state of sessions, or ``idle``.
        step: Number of the step under way, counted from 0; None outside of one.
        steps: How many there are.
        label: That step as a person reads it.
        remaining_s: Seconds to the end of the step; None where nobody can tell.
        asking: What it waits for a person to do, or None.
        question: That as a sentence.
        reason: Why it is in this state, where there is something to say.
    """

    profile: str
    state: str
    step: int | None
    steps: int
    label: str
    target_speed: Speed | None
    target_incline: Incline | None
    remaining_s: float | None
    asking: Ask | None
    question: str
    reason: str


@dataclass(frozen=True, slots=True)
class Counters:
    """What did not go through since the bridge took the treadmill.

    Attributes:
        refused: How many messages were refused, by cause.
        unanswered: How many of them were not answered, because they were too many or had no id.
        dropped: States that were dropped while the broker was away.
        lost: Events and answers that were dropped, because the broker was away for too long.
    """

    refused: Mapping[str, int]
    unanswered: int
    dropped: int
    lost: int
