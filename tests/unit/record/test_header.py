from __future__ import annotations

from datetime import datetime

import pytest

from backstride.record.header import Header, MachineRef, PlannedStep, ProfileRef
from backstride.units import Distance, Incline, Speed
from backstride.workout.plan import PlanStep, StepKind
from backstride.workout.profile import Facing, Handrails
from tests.unit.record.walks import header


def plan_step(duration: float, length: Distance | None = None, *, until_confirmed: bool = False) -> PlanStep:
    return PlanStep(
        index=0,
        where="steps[0]",
        kind=StepKind.RAMP,
        facing=Facing.BACKWARD,
        handrails=Handrails.BOTH,
        duration=duration,
        length=length,
        until_confirmed=until_confirmed,
        speed_from=Speed(80),
        speed=Speed(418),
        incline_from=Incline(0),
        incline=Incline(20),
    )


def test_a_header_comes_back_as_it_was_written() -> None:
    step = PlannedStep("up", "ramp", "forward", 60.0, 40.0, Speed(80), Speed(418), Incline(-15), Incline(25))
    written = Header(header().started, "0.1.0", ProfileRef("Ü", "a/b.yaml"), MachineRef("T", "AA", "x"), (step,))
    assert Header.from_payload(written.to_payload()) == written


def test_unplanned_values_stay_unknown() -> None:
    step = PlannedStep("turn", "stand")
    assert PlannedStep.from_payload(step.to_payload()) == step


def test_a_start_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        header(started=datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("kind", "sample", "not the header"),
        ("schema", "1", "not the header"),
        ("schema", 2, "newer Backstride"),
        ("started", "yesterday", "yesterday"),
        ("started", None, "started: found None, expected text"),
        ("version", 3, "version: found 3, expected text"),
        ("profile", "Retro walk", "profile: found 'Retro walk', expected an object"),
        ("machine", {"name": "T", "address": 7, "model": ""}, "address: found 7"),
        ("plan", None, "expected a list"),
        ("plan", [3], "plan: found 3, expected an object"),
        ("plan", [{"label": "a", "kind": "steady", "facing": "backward", "planned_s": "1"}], "planned_s: found '1'"),
    ],
)
def test_a_damaged_header_is_refused_by_key(key: str, value: object, sentence: str) -> None:
    values = header().to_payload() | {key: value}
    with pytest.raises(ValueError, match=sentence):
        Header.from_payload(values)


def test_a_step_by_distance_takes_as_long_as_its_mean_speed_says() -> None:
    assert PlannedStep("a", "ramp", metres=300, speed_from=Speed(360), speed_to=Speed(720)).expected_seconds == 200
    assert PlannedStep("a", "ramp", seconds=7, metres=300, speed_to=Speed(720)).expected_seconds == 7


def test_a_step_whose_length_nothing_tells_is_expected_to_take_none() -> None:
    assert PlannedStep("turn", "stand").expected_seconds == 0
    assert PlannedStep("a", "steady", metres=10).expected_seconds == 0


def test_a_compiled_step_by_time_plans_seconds_only() -> None:
    step = PlannedStep.of(plan_step(180.0), "up")
    assert step == PlannedStep("up", "ramp", "backward", 180.0, None, Speed(80), Speed(418), Incline(0), Incline(20))


def test_a_compiled_step_by_distance_or_until_confirmed_plans_no_seconds() -> None:
    by_distance = PlannedStep.of(plan_step(171.0, Distance(200)), "far")
    assert (by_distance.seconds, by_distance.metres) == (None, 200.0)
    assert PlannedStep.of(plan_step(0.0, until_confirmed=True), "turn").seconds is None
