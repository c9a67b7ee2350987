"""Learning a simulated treadmill, and comparing what was learned with what it is, field by field."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from backstride.driver.discovery import Discovery
from backstride.learning.course import Learned, learn
from backstride.learning.decisions import DECISIONS
from backstride.learning.findings import How
from backstride.learning.onlooker import Onlooker
from backstride.learning.report import ON_THE_SIMULATOR, facts_of
from backstride.machines.facts import MachineFacts, RecordLayout
from backstride.protocol.control_point import OpCode
from backstride.protocol.treadmill_data import DataFlag
from backstride.protocol.treadmill_fields import announced_fields
from backstride.simulator.gatt import features_of
from backstride.simulator.treadmill import SimulatedTreadmill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backstride.learning.bench import Person
    from backstride.learning.course import Course

DAY = date(2026, 11, 25)
STRICTLY_TRUNCATED = 20
CLOSE = 0.12
"""How far, as a fraction, a measured rate may lie from the true one."""


@dataclass
class Trial:
    """One treadmill that was tried out.

    Attributes:
        person: Who stood beside it, if it was an onlooker.
        told: What the person was told.
    """

    treadmill: SimulatedTreadmill
    person: Onlooker
    told: list[str] = field(default_factory=list)
    learned: Learned | None = None

    @property
    def result(self) -> Learned:
        assert self.learned is not None
        return self.learned

    @property
    def facts(self) -> MachineFacts:
        """The machine file that follows."""
        got = self.result
        return facts_of(
            got.findings, self.treadmill.facts.id, got.log, day=DAY, provenance=ON_THE_SIMULATOR, firmware=None
        )


async def try_out(
    treadmill: SimulatedTreadmill,
    person: Callable[[Onlooker], Person] = lambda onlooker: onlooker,
    begun: Callable[[Course], None] = lambda _course: None,
) -> Trial:
    """Scan for a treadmill and learn it, with an onlooker beside it or with `person` in their place."""
    told: list[str] = []
    onlooker = Onlooker(treadmill, told.append)
    found = await Discovery(scanner=treadmill.scanner_backend, client=treadmill.backend).find(treadmill.address)
    trial = Trial(treadmill, onlooker, told)
    trial.learned = await learn(found, person(onlooker), begun=begun)
    await asyncio.sleep(1.0)  # what was on its way to the belt arrives
    return trial


def paths(facts: type[BaseModel] = MachineFacts) -> Iterator[str]:
    """Yield the place of each fact: ``control.pacing``."""
    tables = {"identity", "link", "control", "speed", "incline", "telemetry", "belt"}
    for name, info in facts.model_fields.items():
        if name in tables:
            kind = info.default if info.default is not None else None
            assert isinstance(kind, BaseModel)
            yield from (f"{name}.{inner}" for inner in type(kind).model_fields)
        else:
            yield name


def fact(facts: MachineFacts, path: str) -> Any:  # noqa: ANN401 - whatever the fact is
    """Return the fact at a place; None where its table is not there."""
    value: Any = facts
    for name in path.split("."):
        value = None if value is None else getattr(value, name)
    return value


def differences(trial: Trial) -> list[str]:
    """Return each field in which what was learned is not what the treadmill is, with both values.

    What docs/learn.md calls not to be learned must not have been, and what was not learned must be called so.
    """
    true, learned = trial.treadmill.facts, trial.facts
    found = trial.result.findings.found
    wrong = []
    for path, (how, _) in DECISIONS.items():
        if path in {"summary", "quirks"} or (path.startswith("incline.") and true.incline is None):
            continue
        if how is How.NOT:
            wrong += [f"{path} was learned, and cannot be"] if path in found else []
        elif path not in found:
            wrong += [] if may_be_missing(path, true) else [f"{path} was not learned: {_reason(trial, path)}"]
        elif not is_recovered(path, fact(learned, path), true, trial):
            wrong.append(f"{path}: learned {fact(learned, path)!r}, true is {fact(true, path)!r}")
    if (true.incline is None) is not (learned.incline is None):
        wrong.append(f"incline: learned {learned.incline!r}, true is {true.incline!r}")
    return wrong


def _reason(trial: Trial, path: str) -> str:
    gap = trial.result.findings.gaps.get(path)
    return "nobody says why" if gap is None else gap.reason


def told_fields(facts: MachineFacts) -> set[str]:
    """Return the names of the fields that the records of this machine hold whole."""
    telemetry = facts.telemetry
    octets = telemetry.step_octets if telemetry.flags & DataFlag.STEPS else 0
    names, size = set(), 2
    for announced in announced_fields(telemetry.flags, legacy=False, step_octets=octets):
        size += announced.width.octets
        if telemetry.layout is RecordLayout.TRUNCATED and size > STRICTLY_TRUNCATED:
            break
        names.add(announced.name)
    return names


def may_be_missing(path: str, true: MachineFacts) -> bool:
    """Tell whether a fact could not be seen on this machine, for the reason that docs/learn.md gives."""
    control = true.control
    deaf = {*control.ignored, *control.refused}
    if path.startswith("incline.") or path == "belt.incline_rate":
        announced = {"incline.minimum", "incline.maximum", "incline.increment"}
        if OpCode.SET_TARGET_INCLINATION in deaf and path not in announced:
            return True
    match path:
        case "telemetry.zeroed_by_stop":
            counters = {"total_distance", "elapsed_time"} & told_fields(true)
            return not counters - {*true.telemetry.stuck, *true.telemetry.unavailable}
        case "control.write_unit":
            return OpCode.SET_TARGET_SPEED in deaf
        case "control.needs_motion":
            return OpCode.SET_TARGET_SPEED in control.unanswered
        case "telemetry.step_octets":
            return not true.telemetry.flags & DataFlag.STEPS
        case "belt.incline_rate":
            return true.incline is None or not true.incline.reported or _is_quick(1.0 / true.belt.incline_rate, true)
        case "incline.telemetry_scale" | "incline.telemetry_offset":
            return true.incline is None or not true.incline.reported
        case "belt.acceleration" | "belt.dead_time":
            return _is_quick(float(true.speed.slowest) / 100 / true.belt.acceleration, true)
        case "belt.braking":
            return _is_quick(float(true.speed.slowest) / 100 / true.belt.braking, true)
        case _:
            return False


def _is_quick(seconds: float, true: MachineFacts) -> bool:
    """Tell whether a change of this duration may fall between two records."""
    return seconds < 3 * true.telemetry.interval


def is_recovered(path: str, learned: Any, true: MachineFacts, trial: Trial) -> bool:  # noqa: ANN401 - any fact
    """Tell whether a fact that was learned is the true one, as docs/learn.md promises it."""
    expected = fact(true, path)
    match path:
        case "model":
            return bool(learned == (true.identity.model_number or true.model))
        case "identity.names":
            return bool(learned == ((trial.treadmill.name,) if trial.treadmill.name else ()))
        case "identity.manufacturer":
            return bool(learned == (expected or "Backstride simulator"))
        case "identity.model_number":
            return bool(learned == (expected or true.model))
        case "control.targets":
            return sum(learned) == features_of(true).target
        case "control.ignored" | "control.refused" | "control.unanswered":
            return set(learned) == set(expected)
        case "control.motion_within":
            seen = true.belt.dead_time + true.telemetry.interval + 0.1
            return bool(true.belt.dead_time < learned <= max(4.0, 1.5 * seen + 0.5))
        case "control.locked":
            return learned is None
        case "control.request_gap":
            return bool(learned >= expected)
        case "telemetry.unavailable" | "telemetry.stuck":
            return set(learned) == set(expected) & told_fields(true)
        case "belt.acceleration" | "belt.braking" | "belt.incline_rate":
            return bool(abs(learned / expected - 1) <= CLOSE)
        case "belt.dead_time":
            return bool(abs(learned - expected) <= 0.2)
        case "belt.overshoot":
            return bool(0 <= learned <= expected + 0.02)
        case _:
            return bool(learned == expected)
