"""A compiled session: what a step wants when, and what makes a plan unwalkable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backstride.errors import PlanError
from backstride.machines.capabilities import InclineGrid
from backstride.units import Distance, Incline, Speed, SpeedUnit
from backstride.workout.compiler import compile_plan
from backstride.workout.plan import Plan, PlanStep, step_label, wanted_on
from backstride.workout.profile import Limits, Stand, Step
from tests.support.workout import FLAT, GENERIC, kmh, percent, profile, ramp, steady


def plan(*steps: Step, limits: Limits | None = None) -> Plan:
    return compile_plan(profile(*steps, limits=limits), GENERIC)


def climb() -> PlanStep:
    return plan(steady("2.0", 60, "1"), ramp("3.0", 100, "3")).steps[1]


@pytest.mark.parametrize(
    ("progress", "speed", "incline"),
    [(-1, 200, 10), (0, 200, 10), (0.25, 225, 15), (0.5, 250, 20), (1, 300, 30), (2, 300, 30)],
)
def test_a_ramp_goes_evenly_from_the_step_before_to_its_end(progress: float, speed: int, incline: int) -> None:
    assert climb().wanted(progress) == (speed, incline)


@pytest.mark.parametrize("progress", [0, 0.5, 1])
def test_a_steady_step_wants_the_same_all_along(progress: float) -> None:
    assert plan(steady("2.0", 60, "1")).steps[0].wanted(progress) == (200, 10)


@pytest.mark.parametrize(("progress", "speed", "incline"), [(0.04, 200, 10), (0.55, 250, 20), (0.99, 300, 30)])
def test_what_a_step_wants_lies_on_the_steps_of_the_machine(progress: float, speed: int, incline: int) -> None:
    assert wanted_on(GENERIC, climb(), progress) == (speed, incline)


def test_s7_rounding_never_takes_a_ramp_above_its_ends() -> None:
    step = replace(climb(), speed_from=Speed(206), speed=Speed(206), incline_from=Incline(28), incline=Incline(29))
    whole = replace(GENERIC, incline=InclineGrid(Incline(0), Incline(150), Incline(10)))
    assert wanted_on(whole, step, 0.9) == (200, 20)


def test_on_a_machine_that_can_set_nothing_a_step_wants_what_is_written() -> None:
    step = replace(climb(), speed=Speed(203), incline=Incline(23))
    assert wanted_on(replace(FLAT, speed=None), step, 1.0) == (203, 23)


def test_a_plan_that_cannot_run_is_refused_with_every_reason() -> None:
    refused = plan(steady("9.0"), steady("2.0", 60, "30"))
    assert not refused.runnable
    with pytest.raises(PlanError, match="cannot run safely on this machine; nothing was moved") as caught:
        refused.require_runnable()
    assert [reason.split(":")[0] for reason in caught.value.reasons] == ["steps[0]", "steps[1]"]
    assert all(reason in str(caught.value) for reason in refused.refusals)


def test_a_plan_that_can_run_is_let_through() -> None:
    runnable = plan(steady("2.0"))
    runnable.require_runnable()
    assert runnable.runnable


@pytest.mark.parametrize(
    ("step", "label"),
    [
        (steady("4.8", 90, "2"), "Steady 4.80 km/h, 2.0 %, 1:30"),
        (steady("4.8", 90, None, duration=None, distance=Distance(200)), "Steady 4.80 km/h, 0.0 %, 200 m"),
        (ramp("4.8", 60, "2"), "Ramp to 4.80 km/h, 2.0 %, 1:00"),
    ],
)
def test_a_step_has_a_label_of_a_few_words(step: Step, label: str) -> None:
    assert step_label(plan(step).steps[0]) == label


def test_a_label_is_in_the_unit_of_its_reader() -> None:
    walk = plan(steady("4.83", 90), limits=Limits(speed=kmh("5"), incline=percent("4"))).steps[0]
    assert step_label(walk, SpeedUnit.MPH) == "Steady 3.0 mph, 0.0 %, 1:30"


def test_a_stand_is_labelled_by_what_ends_it() -> None:
    timed, confirmed, _ = plan(Stand(duration=30), Stand(until_confirmed=True), steady("2")).steps
    assert (step_label(timed), step_label(confirmed)) == ("Stand 0:30", "Stand until you confirm")
