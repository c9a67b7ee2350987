"""Learning a simulated treadmill, and comparing what was learned with what it is, field by field."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from backstride.driver.discovery import Discovery
from backstride.learning.course import Learned, learn
from backstride.learning.decisions import DECISIONS, Need
from backstride.learning.findings import How
from backstride.learning.onlooker import Onlooker
from backstride.learning.report import ON_THE_SIMULATOR, facts_of
from backstride.machines.facts import InclineFacts, MachineFacts, RecordLayout
from backstride.protocol.control_point import OpCode
from backstride.protocol.features import TargetSetting
from backstride.protocol.treadmill_data import DataFlag
from backstride.protocol.treadmill_fields import announced_fields
from backstride.simulator.gatt import features_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backstride.capture.events import Trace
    from backstride.learning.bench import Person
    from backstride.learning.course import Course
    from backstride.simulator.treadmill import SimulatedTreadmill

DAY = date(2026, 11, 25)
STRICTLY_TRUNCATED = 20
STEEPEST = 3.0
CLOSE = 0.12
"""How far, as a fraction, a measured rate may lie from the true one."""

LATE = 0.2
OVER = 0.02
"""Seconds, and km/h, by which a dead time and an overshoot may be off."""


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
        name = self.treadmill.facts.id
        return facts_of(got.read, got.findings, name, got.log, day=DAY, provenance=ON_THE_SIMULATOR)


async def try_out(
    treadmill: SimulatedTreadmill,
    person: Callable[[Onlooker], Person] = lambda onlooker: onlooker,
    begun: Callable[[Course], None] = lambda _course: None,
    trace: Trace | None = None,
) -> Trial:
    """Scan for a treadmill and learn it, with an onlooker beside it or with `person` in their place."""
    told: list[str] = []
    onlooker = Onlooker(treadmill, told.append)
    found = await Discovery(scanner=treadmill.scanner_backend, client=treadmill.backend).find(treadmill.address)
    trial = Trial(treadmill, onlooker, told)
    trial.learned = await learn(found, person(onlooker), trace=trace, begun=begun)
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
    offers_incline = true.incline is not None and true.incline.fixed is None
    wrong = [] if offers_incline is (learned.incline is not None) else [f"incline: learned {learned.incline!r}"]
    for path, (how, _, need) in DECISIONS.items():
        if path in {"summary", "quirks"} or (path.startswith("incline.") and not offers_incline):
            continue
        if how is How.NOT:
            wrong += [f"{path} was learned, and cannot be"] if path in found else []
        elif path not in found:
            missing = not offers(true, need) or is_out_of_sight(path, true)
            wrong += [] if missing else [f"{path} was not learned: {_reason(trial, path)}"]
        elif not is_recovered(path, fact(learned, path), trial):
            wrong.append(f"{path}: learned {fact(learned, path)!r}, true is {fact(true, path)!r}")
    return wrong


def _reason(trial: Trial, path: str) -> str:
    gap = trial.result.findings.gaps.get(path)
    return "nobody says why" if gap is None else gap.reason


def offers(true: MachineFacts, need: Need) -> bool:
    """Tell whether a machine does what a fact needs: the column of docs/learn.md."""
    control = true.control
    deaf = {*control.ignored, *control.refused}
    commands = bool(control.properties)
    starts = commands and OpCode.START_OR_RESUME not in deaf and "instantaneous_speed" not in true.telemetry.stuck
    match need:
        case Need.COMMANDS:
            return commands
        case Need.START:
            return starts
        case Need.SPEED:
            return starts and OpCode.SET_TARGET_SPEED not in deaf
        case Need.DECK:
            has_deck = true.incline is not None and TargetSetting.INCLINATION_TARGET in control.targets
            return starts and has_deck and OpCode.SET_TARGET_INCLINATION not in deaf
        case _:
            return True


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


def is_out_of_sight(path: str, true: MachineFacts) -> bool:
    """Tell whether a fact could not be seen on this machine, for the reason that docs/learn.md gives."""
    telemetry, belt = true.telemetry, true.belt
    slowest = float(true.speed.slowest) / 100
    counters = {"total_distance", "elapsed_time"} & told_fields(true)
    deck = true.incline or InclineFacts()
    told = true.incline is not None and deck.reported
    reasons = {
        "telemetry.zeroed_by_stop": not counters - {*telemetry.stuck, *telemetry.unavailable},
        "control.needs_motion": OpCode.SET_TARGET_SPEED in true.control.unanswered,
        "telemetry.step_octets": not telemetry.flags & DataFlag.STEPS,
        "belt.incline_rate": not told or _is_quick(1.0 / belt.incline_rate, true),
        "incline.step": 2 * int(deck.increment) / deck.write_scale > STEEPEST,
        "incline.telemetry_scale": not told,
        "incline.telemetry_offset": not told,
        "belt.acceleration": _is_quick(slowest / belt.acceleration, true),
        "belt.dead_time": _is_quick(slowest / belt.acceleration, true),
        "belt.braking": _is_quick(slowest / belt.braking, true),
    }
    return reasons.get(path, False)


def _is_quick(seconds: float, true: MachineFacts) -> bool:
    """Tell whether a change of this duration may fall between two records."""
    return seconds < 3 * true.telemetry.interval


def is_recovered(path: str, learned: Any, trial: Trial) -> bool:  # noqa: ANN401 - any fact
    """Tell whether a fact that was learned is the true one, as docs/learn.md promises it."""
    judge = JUDGES.get(path)
    expected = fact(trial.treadmill.facts, path)
    return bool(learned == expected if judge is None else judge(learned, expected, trial))


def _obedience(learned: Any, expected: Any, trial: Trial) -> bool:  # noqa: ANN401 - procedures
    """Compare what a machine does not obey, of what was tried: after a Start that comes to nothing, nothing is."""
    tried = {OpCode.START_OR_RESUME}
    if offers(trial.treadmill.facts, Need.START):
        tried |= {OpCode.SET_TARGET_SPEED, OpCode.SET_TARGET_INCLINATION}
    return set(learned) == set(expected) & tried


def _silent(learned: Any, expected: Any, trial: Trial) -> bool:  # noqa: ANN401 - names of fields
    """Compare the fields that say nothing: of declines, and of a belt that is not seen to move, there is no more."""
    true = trial.treadmill.facts
    if "instantaneous_speed" in true.telemetry.stuck and trial.result.log.is_blind:
        return tuple(learned) == ("instantaneous_speed",)
    return set(learned) == (set(expected) & told_fields(true)) - {"negative_elevation_gain"}


def _motion_within(learned: Any, _: Any, trial: Trial) -> bool:  # noqa: ANN401 - seconds
    true = trial.treadmill.facts
    seen = true.belt.dead_time + true.telemetry.interval + 0.1
    return bool(true.belt.dead_time < learned <= max(4.0, 1.5 * seen + 0.5))


def _floor(learned: Any, _: Any, trial: Trial) -> bool:  # noqa: ANN401 - a speed or None
    """Compare the slowest speed: a file may repeat the announced one."""
    speed = trial.treadmill.facts.speed
    return bool((speed.unit.from_wire(speed.minimum) if learned is None else learned) == speed.slowest)


def _step(learned: Any, _: Any, trial: Trial) -> bool:  # noqa: ANN401 - an incline or None
    """Compare the smallest step: a file may repeat the announced one."""
    deck = trial.treadmill.facts.incline
    assert deck is not None
    return bool((learned or deck.increment) == (deck.step or deck.increment))


def _written(learned: Any, expected: Any, trial: Trial) -> bool:  # noqa: ANN401 - a scale or an offset
    """Compare the numbers written for an incline: to half a step, and not where the machine has a table of its own."""
    deck = trial.treadmill.facts.incline
    assert deck is not None
    half_a_step = int(deck.step or deck.increment) / 2 * deck.write_scale / 10 if deck.write_offset else 0.0
    return any(code > 0 for code, _ in deck.write_codes) or bool(abs(learned - expected) <= half_a_step)


def _close(learned: Any, expected: Any, _: Trial) -> bool:  # noqa: ANN401 - a rate
    return bool(abs(learned / expected - 1) <= CLOSE)


JUDGES: Final[dict[str, Callable[[Any, Any, Trial], bool]]] = {
    "model": lambda learned, _, trial: learned == (trial.treadmill.facts.identity.model_number or _model(trial)),
    "identity.names": lambda learned, _, trial: learned == ((trial.treadmill.name,) if trial.treadmill.name else ()),
    "identity.manufacturer": lambda learned, expected, _: learned == (expected or "Backstride simulator"),
    "identity.model_number": lambda learned, expected, trial: learned == (expected or _model(trial)),
    "control.targets": lambda learned, _, trial: sum(learned) == features_of(trial.treadmill.facts).target,
    "control.ignored": _obedience,
    "control.refused": _obedience,
    "control.unanswered": lambda learned, expected, _: set(learned) == set(expected),
    "control.motion_within": _motion_within,
    "control.locked": lambda learned, _, trial: (learned is None) is not trial.treadmill.peripheral.locked,
    "control.request_gap": lambda learned, expected, _: learned >= expected,
    "speed.floor": _floor,
    "incline.step": _step,
    "incline.write_scale": _written,
    "incline.write_offset": _written,
    "telemetry.unavailable": lambda learned, expected, trial: (
        set(learned) == set(expected) & told_fields(trial.treadmill.facts)
    ),
    "telemetry.stuck": _silent,
    "belt.acceleration": _close,
    "belt.braking": _close,
    "belt.incline_rate": _close,
    "belt.dead_time": lambda learned, expected, _: abs(learned - expected) <= LATE,
    "belt.overshoot": lambda learned, expected, _: 0 <= learned <= expected + OVER,
}
"""How a fact is compared that need not be equal."""


def _model(trial: Trial) -> str:
    return trial.treadmill.facts.model


# --- what the belt did

WALK = 3.05  # km/h, and what a belt overshoots
STEEP = 3.05  # %


def violations(trial: Trial) -> list[str]:
    """Return what the belt did that nobody had agreed to, or that was no small motion: from its own log."""
    wrong: list[str] = []
    agreed = [at for at, step in trial.person.agreed if step.moves]
    used: set[float] = set()
    was_standing = True
    for point in trial.treadmill.belt.log.breakpoints:
        moves = point.speed > 0 or point.acceleration > 0
        if was_standing and moves and point.by != "console":
            before = [at for at in agreed if at <= point.time]
            if not before or before[-1] in used:
                wrong.append(f"S1: the belt began to move at {point.time:.1f} s, and nobody had agreed")
            else:
                used.add(before[-1])
        was_standing = not moves
        floor = float(trial.treadmill.facts.speed.slowest) / 100
        if point.speed > max(WALK, floor) + trial.treadmill.facts.belt.overshoot and point.by != "console":
            wrong.append(f"S7: {point.speed:.2f} km/h at {point.time:.1f} s")
    if not trial.treadmill.belt.standing:
        wrong.append("S6: the belt still moves")
    return [*wrong, *unasked(trial), *too_steep(trial)]


def unasked(trial: Trial) -> list[str]:
    """Return each speed and each incline that was written without a word of the person before (S1)."""
    wrong = []
    agreed = [at for at, step in trial.person.agreed if step.moves]
    targets = [write for write in trial.treadmill.writes if write.value[:1] in {b"\x02", b"\x03"}]
    for op_code in (OpCode.SET_TARGET_SPEED, OpCode.SET_TARGET_INCLINATION):
        last = float("-inf")
        for write in targets:
            if write.value[0] == op_code and not [at for at in agreed if last < at <= write.time]:
                wrong.append(f"S1: {write.value.hex(' ')} at {write.time:.1f} s without a word")
            if write.value[0] == op_code and op_code == OpCode.SET_TARGET_INCLINATION:
                last = write.time
    return wrong


def too_steep(trial: Trial) -> list[str]:
    """Return where a decline was asked for, or the deck went above 3 %."""
    written = [write.value for write in trial.treadmill.writes if write.value[:1] == b"\x03"]
    wrong = [
        f"S7: a decline, {value.hex(' ')}" for value in written if int.from_bytes(value[1:3], "little", signed=True) < 0
    ]
    steepest = max((point.incline for point in trial.treadmill.belt.log.breakpoints), default=0.0)
    rests_at = trial.treadmill.facts.deck.percent
    return [
        *wrong,
        *([f"S7: the deck went up to {steepest} %"] if steepest > max(STEEP, float(rests_at) + 0.05) else []),
    ]
