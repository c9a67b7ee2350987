"""What a session tells the world: the vocabulary that the display, the record and every front end share.

Each event is a frozen dataclass; `payload` turns one into plain JSON values with the unit in the key, and that form is
what ``run --json`` prints and the journal keeps (docs/json.md).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.units import Distance, Incline, Speed


class SessionState(StrEnum):
    """Where a session stands."""

    READY = "ready"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    FINISHED = "finished"
    ABORTED = "aborted"


class Ending(StrEnum):
    """How a session ended."""

    FINISHED = "finished"  # walked to the end of the plan
    STOPPED = "stopped"  # ended early by the person, here or on the console
    ABORTED = "aborted"  # ended by a safety rule or a fault


class Ask(StrEnum):
    """What a session waits for a person to do."""

    START = "start"  # start the belt (S1)
    CONFIRM = "confirm"  # confirm that the stand is over, or that they have turned round (S3)
    RESUME = "resume"  # start again after a pause (S2), or let increases go on after a reconnection or doubt (S12, S10)


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """The base of all events; `name` is the value of the key ``event`` in JSON."""

    name: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class StateChanged(SessionEvent):
    """The session went into another state."""

    name: ClassVar[str] = "state"
    state: SessionState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StepStarted(SessionEvent):
    """A step of the plan began."""

    name: ClassVar[str] = "step"
    step: int
    label: str
    kind: str
    facing: str
    handrails: str


@dataclass(frozen=True, slots=True)
class StepEnded(SessionEvent):
    """A step of the plan ended: ``completed``, ``skipped``, ``repeated`` (the person went back) or ``cut``."""

    name: ClassVar[str] = "step_end"
    step: int
    how: str
    walked_s: float
    distance_m: float


@dataclass(frozen=True, slots=True)
class Cue(SessionEvent):
    """A sentence of the profile, or of the program, for the walker."""

    name: ClassVar[str] = "cue"
    text: str


@dataclass(frozen=True, slots=True)
class Countdown(SessionEvent):
    """A change comes in so many seconds."""

    name: ClassVar[str] = "countdown"
    seconds: int
    next: str


@dataclass(frozen=True, slots=True)
class TargetSet(SessionEvent):
    """A target went to the machine; None is a quantity that this command leaves alone."""

    name: ClassVar[str] = "target"
    speed: Speed | None = None
    incline: Incline | None = None


@dataclass(frozen=True, slots=True)
class CommandSettled(SessionEvent):
    """A command is confirmed, rejected or unknown (S10)."""

    name: ClassVar[str] = "command"
    command: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Overridden(SessionEvent):
    """The console changed something; it is held to the end of the step (S11)."""

    name: ClassVar[str] = "console"
    change: str
    speed: Speed | None = None
    incline: Incline | None = None


@dataclass(frozen=True, slots=True)
class Held(SessionEvent):
    """An increase waits, or a wish was refused, because a rule says so."""

    name: ClassVar[str] = "held"
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Warned(SessionEvent):
    """Something the walker must know at once; `urgent` means: use the console or the safety key."""

    name: ClassVar[str] = "warning"
    text: str
    rule: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class PersonNeeded(SessionEvent):
    """The session waits for a person."""

    name: ClassVar[str] = "ask"
    ask: Ask
    text: str


@dataclass(frozen=True, slots=True)
class LinkChanged(SessionEvent):
    """The link to the machine was lost or is there again (S12)."""

    name: ClassVar[str] = "link"
    connected: bool


@dataclass(frozen=True, slots=True)
class Ended(SessionEvent):
    """The session is over; `belt_standing` is None where nobody could see the belt."""

    name: ClassVar[str] = "ended"
    ending: Ending
    reason: str
    belt_standing: bool | None


@dataclass(frozen=True, slots=True)
class Sample(SessionEvent):
    """The state of belt and session, once a second. None is unknown, never zero (S10)."""

    name: ClassVar[str] = "sample"
    state: SessionState
    step: int | None
    target_speed: Speed | None
    target_incline: Incline | None
    speed: Speed | None
    incline: Incline | None
    distance: float
    climb: float
    heart_rate_bpm: int | None = None
    energy_kcal: int | None = None
    steps: int | None = None
    power_w: int | None = None
    machine_distance: Distance | None = None
    machine_elapsed_s: int | None = None
    stale: bool = False


_Forms: TypeAlias = "tuple[tuple[str, str, Callable[[Any], object]], ...]"

_FORMS: dict[type[SessionEvent], _Forms] = {}


def payload(event: SessionEvent, at: float) -> dict[str, object]:
    """Return `event` as JSON values: ``event``, ``t`` (seconds since the session was made), and its fields.

    Speeds get the key ``…_km_h``, inclinations ``…_percent``, distances ``…_m``.
    """
    values: dict[str, object] = {"event": event.name, "t": round(at, 3)}
    for name, key, form in _FORMS.get(type(event)) or _forms(type(event)):
        value = getattr(event, name)
        values[key] = None if value is None else form(value)
    return values


def _forms(kind: type[SessionEvent]) -> _Forms:
    """Return attribute, key and conversion for each field of an event class, and keep them."""
    forms = tuple((field.name, *_form(field.name)) for field in fields(kind))
    _FORMS[kind] = forms
    return forms


def _form(name: str) -> tuple[str, Callable[[Any], object]]:
    if name.endswith("speed"):
        return f"{name}_km_h", lambda speed: int(speed) / 100
    if name.endswith("incline"):
        return f"{name}_percent", lambda incline: int(incline) / 10
    if name in {"distance", "climb", "machine_distance"}:
        return f"{name}_m", lambda metres: round(float(metres), 2)
    return name, lambda value: round(value, 3) if isinstance(value, float) else value
