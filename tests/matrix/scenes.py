"""What is varied: the faults, the phases of a session they strike in, and the machines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING

from backstride.simulator.faults import CATALOGUE, Effect, Kind
from backstride.units import Speed
from backstride.workout.profile import Facing, Limits, Profile, Stand
from tests.support.workout import profile, ramp, steady

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MACHINES = ("generic", "horizon-omega-z")
"""One to the letter; one that starts late and never answers Request Control."""

FURTHER = ("yesoul-w2-pro", "bh-t01", "kingsmith-z1")
"""Machines for the soak: two records a second and one client at a time; an incline told otherwise; slow commands."""


class Phase(StrEnum):
    """Where in the session the fault strikes."""

    CONNECTING = "connecting"
    COUNTDOWN = "countdown"
    FIRST_MOTION = "first motion"
    RAMP_UP = "ramp up"
    STEADY = "steady"
    INCLINE = "incline change"
    RAMP_DOWN = "ramp down"
    TURNING = "turning round"
    STAND = "stand"
    PAUSED = "paused"
    STOPPING = "stopping"


RAMP_UP, STEADY, INCLINE, RAMP_DOWN, STAND = range(1, 6)
"""Numbers of the steps of the walk that phases name."""

SECONDS = (8.0, 24.0, 10.0, 12.0, 12.0)
"""How long each step before the stand takes."""

FASTEST = 2.4
"""km/h: the fastest speed of the plan."""

STEEPEST = 2.0
"""Per cent: the steepest incline of the plan."""

LIMIT = 3.2
"""km/h: the limit of the profile (S7)."""


def walk(*, inclines: bool) -> Profile:
    """Return the walk: up, steady, uphill, down, a stand to turn round, a little forward."""
    up, level = ("2", "0") if inclines else (None, None)
    return profile(
        steady("1.2", SECONDS[0], incline=level),
        ramp("2.4", SECONDS[RAMP_UP]),
        steady("2.4", SECONDS[STEADY]),
        steady("2.4", SECONDS[INCLINE], incline=up),
        ramp("1.2", SECONDS[RAMP_DOWN], incline=level),
        Stand(duration=5.0, facing=Facing.FORWARD),
        steady("1.6", 10.0, facing=Facing.FORWARD),
        limits=Limits(speed=Speed.from_kmh("3.2")),
    )


BROKER_LOST, COMMAND_FLOOD = "broker-lost", "command-flood"
OVER_MQTT = {
    kind.name: kind
    for kind in (
        Kind(BROKER_LOST, "the MQTT broker is killed, and started anew after a while", "seconds", 5.0, Effect.HAPPENS),
        Kind(COMMAND_FLOOD, "thousands of commands come over MQTT: valid, malformed, wrong-typed, old, repeated, huge"),
    )
}
"""What goes wrong on the way from the walker to the session, where that leads over a broker and the bridge."""

_BRIEF = "/6"
_RESULTS = (0x00, 0x02, 0x03, 0x04, 0x05, 0x06, 0xFF)
_ATT_ERRORS = (0x05, 0x0E, 0x0F, 0xFD, 0xFE)
_VALUES = {
    "answer-result": [f"={code:#04x}" for code in _RESULTS],
    "write-error": [f"={code:#04x}" for code in _ATT_ERRORS],
    "answer-other-op": ["=0x00", "=0x08"],
    "answer-late": ["=2", "=5", "=40"],
    "late-motion": ["=4", "=6"],
    "response-late": ["=2", "=40"],
    "link-lost": ["=0.5", "=5", "=30"],
    "out-of-range": ["=1", "=20"],
    "stalled": ["=1", "=4", "=30"],
    BROKER_LOST: ["=5", "=25"],
}
_LASTING = {"late-motion", "floor", "ceiling", "overshoot", "restarts-on-target", "pause-stops", "pause-refused"}
"""Kinds that are how a machine is: they do not pass."""


def faults() -> Iterator[str]:
    """Yield every fault of the matrix: each kind in the values that matter, for a while, and for good."""
    for kind in (*CATALOGUE.values(), *OVER_MQTT.values()):
        for value in _VALUES.get(kind.name, [""]):
            yield kind.name + value
            if kind.effect.name == "LASTS" and kind.name not in _LASTING:
                yield kind.name + value + _BRIEF


@dataclass(frozen=True, slots=True)
class Scene:
    """One run of the matrix."""

    model: str
    fault: str
    phase: Phase

    def __str__(self) -> str:
        return f"{self.fault} while {self.phase} on {self.model}"

    @property
    def kind(self) -> Kind:
        """The kind of its fault."""
        name = self.fault.split("=")[0].split("/")[0]
        return OVER_MQTT[name] if name in OVER_MQTT else CATALOGUE[name]

    @property
    def seconds(self) -> float:
        """The value of a fault that takes seconds."""
        return float(self.fault.partition("/")[0].partition("=")[2] or self.kind.usual)

    @property
    def lasts(self) -> float:
        """Seconds for which its fault lasts."""
        return float(self.fault.partition("/")[2] or inf)

    @property
    def is_over_mqtt(self) -> bool:
        """True where the walker drives the session over MQTT."""
        return self.kind.name in OVER_MQTT


def scenes(machines: Sequence[str] = MACHINES) -> Iterator[Scene]:
    """Yield every run on these machines."""
    for fault in faults():
        for phase in Phase:
            for model in machines:
                yield Scene(model, fault, phase)
