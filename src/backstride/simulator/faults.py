"""What can go wrong with a treadmill, as data: a fault has a kind, a value, a moment and a duration. Pure.

In words, as ``--fault``, machine files and tests write it::

    KIND[=VALUE][@MOMENT[+SECONDS] or @SECONDS][/SECONDS]

    speed-ignored               from now on, for good
    answer-late=4@start         from the first Start on, answers take 4 s
    link-lost=8@motion+20       20 s after the belt began to move the link is gone for 8 s
    frozen@60/15                telemetry repeats itself for 15 s, a minute after the next connection, usually the first

Most kinds make another machine of it (they alter its facts) or distort what goes over the air; `Effect.HAPPENS` marks
those that happen at an instant, such as a press on the console. What a fault does is in misbehaviour.py; a fault that
lies outside the peripheral (radio, adapter, event loop) is carried out by treadmill.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum, StrEnum
from math import inf
from typing import Final, Self

from backstride.errors import ConfigError
from backstride.protocol.att import AttError
from backstride.units import Speed


class Moment(StrEnum):
    """What a fault can wait for; it strikes at the first time."""

    CONNECT = "connect"
    RECONNECT = "reconnect"  # a client connects after the link was gone
    CONTROL = "control"  # a client asks for control
    START = "start"  # a client writes Start or Resume
    MOTION = "motion"  # the belt begins to move
    SPEED = "speed"  # a client writes a target speed
    INCLINE = "incline"  # a client writes a target inclination
    PAUSE = "pause"
    STOP = "stop"
    STANDING = "standing"  # the belt has come to rest


class Effect(Enum):
    """How a kind of fault shows."""

    LASTS = "lasts"  # for its duration
    HAPPENS = "happens"  # at an instant; the value may say for how long
    UNTIL_LINK = "until the link is gone"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault.

    Attributes:
        name: As it is written.
        summary: What the treadmill does, in a few words.
        value: What the value means, with its unit; empty if the kind takes none.
        usual: The value where none is given.
        effect: How it shows.
    """

    name: str
    summary: str
    value: str = ""
    usual: float = 0.0
    effect: Effect = Effect.LASTS


_HAPPENS, _UNTIL_LINK = Effect.HAPPENS, Effect.UNTIL_LINK

CATALOGUE: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("answer-late", "procedures are answered late", "seconds", 5.0),
        Kind("answer-lost", "procedures are carried out and never answered"),
        Kind("answer-doubled", "every answer comes twice"),
        Kind("answer-other-op", "answers name another procedure", "op code", 0x00),
        Kind("answer-result", "procedures are not carried out, and answered with this result", "result code", 0x04),
        Kind("answer-first", "the answer overtakes the write response"),
        Kind("hang", "the next procedure never ends; every other is refused with ATT 0xFE", effect=_UNTIL_LINK),
        Kind("write-lost", "control point writes are acknowledged and dropped"),
        Kind("write-error", "control point writes are refused with this ATT error", "error code", 0x0E),
        Kind("response-late", "reads and writes are acknowledged late", "seconds", 5.0),
        Kind("no-motion", "Start is answered with Success; the belt stays where it is"),
        Kind("late-motion", "the belt moves this long after Start", "seconds", 6.0),
        Kind("speed-ignored", "target speeds are answered with Success and have no effect"),
        Kind("incline-ignored", "target inclinations are answered with Success and have no effect"),
        Kind("stop-ignored", "Stop and Pause are answered with Success and have no effect"),
        Kind("pause-stops", "Pause ends the session"),
        Kind("pause-refused", "Pause is answered with Operation Failed"),
        Kind("floor", "the belt does not run slower than this", "km/h", 1.5),
        Kind("ceiling", "the belt does not run faster than this", "km/h", 1.5),
        Kind("overshoot", "the belt rises this far above its target before it settles", "km/h", 0.3),
        Kind("restarts-on-target", "a target starts the standing belt"),
        Kind("silent", "no telemetry comes"),
        Kind("frozen", "telemetry repeats the last record"),
        Kind("malformed", "telemetry is noise that cannot be decoded"),
        Kind("truncated", "telemetry is cut after so many octets", "octets", 3),
        Kind("absurd", "telemetry tells this speed", "km/h", 400.0),
        Kind("zero-glitch", "every so many records one tells a speed of zero", "records", 5),
        Kind("paused-speed", "a paused belt is reported at its old speed"),
        Kind("unit-mph", "the machine changes to miles: reports and targets are mph from now on"),
        Kind("doubled", "every notification and indication comes twice"),
        Kind("console-start", "Start is pressed on the console", effect=_HAPPENS),
        Kind("console-stop", "Stop is pressed on the console", effect=_HAPPENS),
        Kind("console-pause", "Pause is pressed on the console", effect=_HAPPENS),
        Kind("console-speed", "the speed is set on the console", "km/h", 1.2, _HAPPENS),
        Kind("console-incline", "the incline is set on the console", "per cent", 1.0, _HAPPENS),
        Kind("safety-key", "the safety key is pulled, and put back", "seconds", 5.0, _HAPPENS),
        Kind("control-taken", "the console takes control away", effect=_HAPPENS),
        Kind("other-client", "another app takes control and sets this speed", "km/h", 1.2, _HAPPENS),
        Kind("link-lost", "the link is lost; the machine cannot be reached for a while", "seconds", 5.0, _HAPPENS),
        Kind("out-of-range", "the air carries nothing for a while", "seconds", 5.0, _HAPPENS),
        Kind("returns-moving", "the link is lost; the belt is started meanwhile", "seconds", 12.0, _HAPPENS),
        Kind("returns-standing", "the link is lost; the belt is stopped meanwhile", "seconds", 5.0, _HAPPENS),
        Kind("returns-other", "the link is lost; another machine answers instead", "seconds", 5.0, _HAPPENS),
        Kind("power-cut", "the machine has no mains for a while", "seconds", 5.0, _HAPPENS),
        Kind("adapter-lost", "the computer's Bluetooth adapter is gone for a while", "seconds", 5.0, _HAPPENS),
        Kind("adapter-unsaid", "the same, and the system does not say that the link is gone", "seconds", 5.0, _HAPPENS),
        Kind("stalled", "the program's event loop stands still", "seconds", 4.0, _HAPPENS),
    )
}
"""Every kind of fault by its name."""

_LIMITS: Final = {
    "seconds": (0, 86_400),
    "km/h": (0, 655.35),  # what a record can tell
    "per cent": (0, 100),
    "op code": (0, 0xFF),
    "result code": (0, 0xFF),
    "error code": (1, 0xFF),
    "octets": (0, 512),
    "records": (1, 1_000),
}
"""The lowest and the highest value, by what a value means."""

_COUNTED: Final = {"op code", "result code", "error code", "octets", "records"}

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_FAULT: Final = re.compile(
    rf"(?P<kind>[a-z-]+)(?:=(?P<value>0x[0-9a-fA-F]+|{_NUMBER}))?"
    rf"(?:@(?:(?P<moment>[a-z]+)(?:\+(?P<after>{_NUMBER}))?|\+?(?P<alone>{_NUMBER})))?(?:/(?P<lasting>{_NUMBER}))?"
)

FORM: Final = "KIND[=VALUE][@MOMENT[+SECONDS] or @SECONDS][/SECONDS], such as link-lost=8@motion+20"
"""How a fault is written, for people."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        kind: What it is.
        value: What the kind says it means.
        moment: What it waits for; None strikes as soon as it is given.
        after: Seconds after that moment.
        lasting: Seconds it lasts; infinite for good.

    Raises:
        ConfigError: The kind does not take this value, or does not last.
    """

    kind: Kind
    value: float = 0.0
    moment: Moment | None = None
    after: float = 0.0
    lasting: float = inf

    def __post_init__(self) -> None:
        kind = self.kind
        if kind.value:
            _require_within_limits(kind, self.value)
        if kind.effect is Effect.HAPPENS and self.lasting != inf:
            hint = f": write {kind.name}={_plain(self.lasting)}" if kind.value == "seconds" else ""
            raise ConfigError(f"The fault {kind.name} happens at an instant and takes no /SECONDS{hint}.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a fault as people write it.

        Raises:
            ConfigError: It does not read as a fault, or there is no such kind or moment.
        """
        match = _FAULT.fullmatch(text.strip())
        if match is None:
            raise ConfigError(f"{text!r} does not read as a fault: {FORM}.")
        kind = CATALOGUE.get(match["kind"])
        if kind is None:
            near = get_close_matches(match["kind"], CATALOGUE, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ConfigError(f"There is no fault {match['kind']!r}; {hint}`--fault list` shows them all.")
        if match["value"] is not None and not kind.value:
            raise ConfigError(f"The fault {kind.name} takes no value: {text!r}.")
        value = kind.usual if match["value"] is None else _number(match["value"])
        lasting = inf if match["lasting"] is None else float(match["lasting"])
        return cls(kind, value, _moment(match), float(match["after"] or match["alone"] or 0.0), lasting)

    def __str__(self) -> str:
        text = self.kind.name
        if self.kind.value and self.value != self.kind.usual:
            text += f"={_plain(self.value)}"
        if self.moment is not None:
            text += f"@{self.moment}" + (f"+{_plain(self.after)}" if self.after else "")
        return text + (f"/{_plain(self.lasting)}" if self.lasting != inf else "")


def speed_of(kmh: float) -> Speed:
    """Return the speed that a fault's value of so many km/h means."""
    return Speed(round(kmh * 100))


def _number(text: str) -> float:
    return float(int(text, 16)) if text.startswith("0x") else float(text)


def _plain(number: float) -> str:
    """Return the shortest text that reads as `number` again, without an exponent."""
    return f"{Decimal(repr(number)):f}".removesuffix(".0")


def _require_within_limits(kind: Kind, value: float) -> None:
    lowest, highest = _LIMITS[kind.value]
    counted = kind.value in _COUNTED
    if not lowest <= value <= highest or (counted and value != int(value)):
        numbers = "whole numbers from " if counted else ""
        raise ConfigError(f"The fault {kind.name} takes {numbers}{lowest} to {highest} ({kind.value}), not {value:g}.")
    if kind.value == "error code" and value not in {*AttError}:
        raise ConfigError(f"The fault {kind.name} takes the error codes of ATT, and {int(value):#04x} is none.")


def _moment(match: re.Match[str]) -> Moment | None:
    """Return what a fault waits for; a bare number of seconds counts from the next connection."""
    if match["moment"] is None:
        return None if match["alone"] is None else Moment.CONNECT
    if match["moment"] not in {*Moment}:
        raise ConfigError(f"There is no moment {match['moment']!r} for a fault; there are: {', '.join(Moment)}.")
    return Moment(match["moment"])
