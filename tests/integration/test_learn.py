"""`learn` against simulated treadmills: what they are is found out, and nothing moves that nobody agreed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backstride.machines.facts import MachineFacts, PauseEffect, WireUnit, known_machines
from backstride.protocol.control_point import OpCode
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from tests.support.bench import altered
from tests.support.learning import Trial, differences, try_out

if TYPE_CHECKING:
    from collections.abc import Callable

    Virtual = Callable[[Any], Any]

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


def learned(virtual_time: Virtual, facts: MachineFacts | str, **options: Any) -> Trial:  # noqa: ANN401
    """Try out a treadmill with an onlooker beside it."""
    trial: Trial = virtual_time(try_out(SimulatedTreadmill(facts), **options))
    return trial


@pytest.mark.parametrize("model", known_machines())
def test_what_a_machine_file_says_is_found_out_field_by_field_and_nothing_moves_unasked(
    virtual_time: Virtual, model: str
) -> None:
    trial = learned(virtual_time, model)
    assert differences(trial) == []
    assert violations(trial) == []
    assert trial.result.belt_stands


UNMEASURED = ("ramp_angle", "force_on_belt", "power_output")
STOPS, REFUSED = PauseEffect.STOPS, PauseEffect.REFUSED
VARIANTS: dict[str, MachineFacts] = {
    "starts on a target": altered(control={"starts_on_target": True}),
    "needs motion": altered(control={"needs_motion": True}),
    "pause stops": altered(control={"pause": STOPS}),
    "pause is refused": altered(control={"pause": REFUSED}),
    "slow answers": altered(control={"answer_delay": 0.4}),
    "echoes status": altered(control={"echoes_status": True}),
    "pacing": altered(control={"pacing": 0.7}),
    "start is not answered": altered(control={"unanswered": (OpCode.START_OR_RESUME,)}),
    "speed is not answered": altered(control={"unanswered": (OpCode.SET_TARGET_SPEED,)}),
    "incline is not answered": altered(control={"unanswered": (OpCode.SET_TARGET_INCLINATION,)}),
    "control is not answered": altered(control={"unanswered": (OpCode.REQUEST_CONTROL,), "pacing": 0.4}),
    "incline is ignored": altered(control={"ignored": (OpCode.SET_TARGET_INCLINATION,)}),
    "incline is refused": altered(control={"refused": (OpCode.SET_TARGET_INCLINATION,)}),
    "takes miles": altered(control={"write_unit": WireUnit.MPH}),
    "tells miles": altered(speed={"unit": WireUnit.MPH, "minimum": Speed(50), "maximum": Speed(1200)}),
    "tells and takes miles": altered(
        control={"write_unit": WireUnit.MPH},
        speed={"unit": WireUnit.MPH, "minimum": Speed(50), "maximum": Speed(1200)},
    ),
    "has a floor": altered(speed={"floor": Speed(130)}),
    "has a floor and takes miles": altered(speed={"floor": Speed(160)}, control={"write_unit": WireUnit.MPH}),
    "says nothing at rest": altered(telemetry={"when_stopped": False}),
    "forgets at a stop": altered(telemetry={"zeroed_by_stop": True}),
    "levels at a stop": altered(incline={"levels_on_stop": True}),
    "never tells the incline": altered(incline={"reported": False}),
    "never tells the incline and levels": altered(incline={"reported": False, "levels_on_stop": True}),
    "scales its incline": altered(incline={"telemetry_scale": 100.0}),
    "means more by an incline": altered(incline={"write_scale": 2.5}),
    "means less by an incline": altered(incline={"write_scale": 20.0, "maximum": Incline(300)}),
    "counts inclines from another zero": altered(incline={"write_offset": 16, "increment": Incline(10)}),
    "goes downhill": altered(incline={"minimum": Incline(-50)}),
    "small records": altered(link={"mtu": 23}, telemetry={"flags": 0x1F9E, "unavailable": UNMEASURED}),
    "two records a second": altered(telemetry={"interval": 0.5}),
    "wants encryption": altered(link={"require_encryption": True}),
    "starts late": altered(belt={"dead_time": 5.0}, control={"motion_within": 7.0}),
    "overshoots": altered(belt={"overshoot": 0.2}),
    "is gentle": altered(belt={"acceleration": 0.2, "braking": 0.4}),
    "is quick": altered(belt={"acceleration": 1.5, "braking": 3.0}),
}


@pytest.mark.parametrize("facts", VARIANTS.values(), ids=VARIANTS)
def test_a_deviation_is_found_out_and_nothing_moves_unasked(virtual_time: Virtual, facts: MachineFacts) -> None:
    trial = learned(virtual_time, facts)
    assert differences(trial) == []
    assert violations(trial) == []
    assert trial.result.belt_stands
