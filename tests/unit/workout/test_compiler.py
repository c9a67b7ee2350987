"""Compiling a profile against a machine: verdicts, totals, and a course that keeps S7 and S8."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from backstride.machines.capabilities import Capabilities, InclineGrid, SpeedGrid
from backstride.machines.facts import WireUnit
from backstride.units import Distance, Incline, Speed
from backstride.workout.compiler import compile_plan
from backstride.workout.envelope import Envelope
from backstride.workout.plan import Plan, StepKind, Verdict
from backstride.workout.profile import (
    CuePoint,
    Facing,
    Handrails,
    Limits,
    Repeat,
    Stand,
    Step,
    load_profile,
    shipped_profiles,
)
from tests.support.workout import FLAT, GENERIC, GENTLE, kmh, percent, profile, ramp, steady

EXAMPLE = Path(__file__).parents[2] / "data" / "profile-example.yaml"
PROFILES = [*sorted(shipped_profiles()), str(EXAMPLE)]
SLOW_START = SpeedGrid(100, 1400, 10)
MACHINES = {
    "generic": GENERIC,
    "gentle": GENTLE,
    "no incline": FLAT,
    "half steps": replace(FLAT, speed=SpeedGrid(100, 600, 50)),
    "from 1.0 km/h": replace(GENERIC, speed=SLOW_START, incline=InclineGrid(Incline(0), Incline(120), Incline(10))),
    "mph": replace(GENERIC, speed=SpeedGrid(50, 1200, 10, unit=WireUnit.MPH, write_unit=WireUnit.MPH)),
    "coarse mph": replace(GENERIC, speed=SpeedGrid(50, 1200, 20, unit=WireUnit.MPH)),
    "incline not reported": replace(GENERIC, incline=InclineGrid(Incline(0), Incline(120), Incline(5), reported=False)),
}
FORWARD = Facing.FORWARD
TOO_COARSE = (
    "This machine changes its speed in steps of 1.00 km/h; "
    "facing backward a change of more than 0.80 km/h is too sudden (S8)."
)
HARD = (
    "This profile goes beyond the default limits for walking backward: up to 6.50 km/h and 10.0 %. "
    "It is a hard session."
)


def plan(
    *steps: Step,
    machine: Capabilities = GENERIC,
    personal: Limits | None = None,
    facing: Facing = Facing.BACKWARD,
    limits: Limits | None = None,
) -> Plan:
    return compile_plan(profile(*steps, facing=facing, limits=limits), machine, personal)


def verdict(step: Step, machine: Capabilities = GENERIC, limits: Limits | None = None) -> tuple[Verdict, str]:
    last = plan(step, machine=machine, limits=limits).steps[-1]
    return last.verdict, last.note


# --- verdicts


def test_what_the_machine_can_do_stays_as_written() -> None:
    assert verdict(steady("2.0", 60, "2.5")) == (Verdict.AS_WRITTEN, "")


@pytest.mark.parametrize(
    ("step", "machine", "note"),
    [
        (steady("2.04"), GENERIC, "2.04 km/h rounded to 2.00 km/h"),
        (steady("2.05"), GENERIC, "2.05 km/h rounded to 2.00 km/h"),
        (steady("2.06"), GENERIC, "2.06 km/h rounded to 2.10 km/h"),
        (steady("2.06", 60, "2.2"), GENERIC, "2.06 km/h rounded to 2.10 km/h; 2.2 % rounded to 2.0 %"),
        (steady("0.8"), MACHINES["half steps"], "0.80 km/h rounded to 1.00 km/h"),
        (steady("2.0"), MACHINES["mph"], "2.00 km/h rounded to 1.93 km/h"),
        (steady("2", 60, "2.5"), MACHINES["from 1.0 km/h"], "2.5 % rounded to 2.0 %"),
    ],
)
def test_what_lies_between_two_steps_of_the_machine_is_rounded_and_shown(
    step: Step, machine: Capabilities, note: str
) -> None:
    assert verdict(step, machine=machine) == (Verdict.ROUNDED, note)


@pytest.mark.parametrize(
    ("machine", "seconds", "reaches"),
    [
        ("generic", 20, "2.0"),  # the first rise after a second, by 0.1 km/h; then three by 0.3 km/h, which is 0.2 mph
        ("generic", 60, None),
        ("gentle", 20, None),
    ],
)
def test_s8_a_step_that_is_too_short_for_a_gentle_rise_says_what_it_reaches(
    machine: str, seconds: float, reaches: str | None
) -> None:
    steps = plan(steady("1.0"), ramp("4.0", seconds), machine=MACHINES[machine]).steps
    assert [step.reaches for step in steps] == [None, None if reaches is None else kmh(reaches)]


def test_s7_rounding_goes_below_a_limit_and_never_above_it() -> None:
    limits = Limits(speed=kmh("2.08"), incline=percent("2.8"))
    step = steady("2.08", 60, "2.8")
    assert verdict(step, limits=limits) == (
        Verdict.ROUNDED,
        "2.08 km/h rounded to 2.00 km/h; 2.8 % rounded to 2.5 %",
    )


@pytest.mark.parametrize(
    ("step", "machine", "note"),
    [
        (
            steady("5.9"),
            GENERIC,
            "5.90 km/h is above the limit of 5.79 km/h facing backward (from the default for walking backward).",
        ),
        (
            steady("2", 60, "10.1"),
            GENERIC,
            "10.1 % is above the limit of 10.0 % facing backward (from the default for walking backward).",
        ),
        (
            steady("0.7"),
            MACHINES["from 1.0 km/h"],
            "0.70 km/h is outside what this machine can do, 1.00 km/h to 14.00 km/h.",
        ),
        (steady("2", 60, "-1"), GENERIC, "-1.0 % is outside what this machine can do, 0.0 % to 15.0 %."),
        (steady("2", 60, "1"), FLAT, "1.0 % cannot be set: the machine does not offer incline as a target."),
        (
            steady("2", 60, "1"),
            MACHINES["incline not reported"],
            "1.0 % cannot be set: the machine never tells its inclination (S10).",
        ),
    ],
)
def test_s7_what_the_machine_or_the_limits_forbid_is_refused_with_the_reason(
    step: Step, machine: Capabilities, note: str
) -> None:
    compiled = plan(step, machine=machine)
    assert (compiled.steps[0].verdict, compiled.steps[0].note) == (Verdict.REFUSED, note)
    assert compiled.refusals == (f"steps[0]: {note}",)
    assert (compiled.course, compiled.total_time) == ((), 0.0)


def test_s7_the_limits_of_the_walker_tighten_those_of_the_profile() -> None:
    compiled = plan(steady("3.0"), limits=Limits(speed=kmh("4")), personal=Limits(speed=kmh("2.9")))
    assert compiled.refusals == (
        "steps[0]: 3.00 km/h is above the limit of 2.90 km/h facing backward (from your personal limits).",
    )


def test_flat_steps_run_on_a_machine_without_an_incline() -> None:
    assert verdict(steady("2", 60, "0"), machine=FLAT) == (Verdict.AS_WRITTEN, "")


def test_a_machine_whose_speed_cannot_be_set_runs_nothing() -> None:
    compiled = plan(steady("2"), machine=replace(GENERIC, speed=None, no_speed="it is a fan"))
    assert compiled.refusals == ("The speed cannot be set: it is a fan.",)


def test_s8_backward_a_machine_with_steps_above_half_a_mile_runs_nothing_and_forward_it_does() -> None:
    coarse = replace(GENERIC, speed=SpeedGrid(100, 600, 100))
    assert plan(steady("2"), machine=coarse).refusals == (TOO_COARSE,)
    assert plan(steady("2"), machine=coarse, facing=FORWARD).runnable


def test_a_reason_is_said_once_with_its_first_place_and_the_number_of_others() -> None:
    compiled = plan(Repeat(times=2, steps=(steady("2"), steady("9"))))
    assert [refusal.split(":")[0] for refusal in compiled.refusals] == ["steps[0].repeat[1/2].steps[1] and 1 more"]


@pytest.mark.parametrize(
    ("facing", "personal", "sentence"),
    [
        (
            Facing.BACKWARD,
            None,
            HARD,
        ),
        (FORWARD, None, ""),
        (Facing.BACKWARD, Limits(speed=kmh("5")), ""),
    ],
)
def test_s7_limits_above_the_default_are_to_be_confirmed_only_where_somebody_walks_backward_at_them(
    facing: Facing, personal: Limits | None, sentence: str
) -> None:
    compiled = plan(steady("2"), facing=facing, limits=Limits(speed=kmh("6.5")), personal=personal)
    assert compiled.confirm_limits == sentence


# --- what a step keeps from the one before


def test_a_step_keeps_what_it_does_not_say() -> None:
    second = plan(steady("2", 60, "2", handrails=Handrails.NONE), steady(None, 30)).steps[1]
    assert (second.speed, second.incline, second.handrails, second.facing) == (200, 20, Handrails.NONE, Facing.BACKWARD)


def test_a_stand_keeps_the_inclination_the_machine_really_has() -> None:
    whole = replace(GENERIC, incline=InclineGrid(Incline(0), Incline(120), Incline(10)))
    _, stand, climb = plan(steady("2", 60, "2.4"), Stand(duration=10), ramp("2", 60, "4"), machine=whole).steps
    assert (stand.incline, climb.incline_from) == (20, 20)


def test_a_ramp_begins_where_the_step_before_ends_and_after_a_stand_at_the_slowest() -> None:
    steps = plan(steady("2", 60, "1"), ramp("3", 60, "2"), Stand(duration=10), ramp("3"), ramp(None, 60, "4")).steps
    assert [(step.speed_from, step.incline_from) for step in steps if step.kind is StepKind.RAMP] == [
        (200, 10),
        (80, 20),
        (300, 20),
    ]


def test_a_ramp_at_the_very_beginning_begins_at_the_slowest() -> None:
    first = plan(ramp("3")).steps[0]
    assert (first.speed_from, first.incline_from) == (80, 0)


def test_repeats_are_written_out_with_their_rounds_and_indices() -> None:
    inner = Repeat(times=2, steps=(steady("3"),))
    steps = plan(steady("2"), Repeat(times=2, steps=(inner, steady("2")))).steps
    assert [step.index for step in steps] == list(range(7))
    assert steps[2].where == "steps[1].repeat[1/2].steps[0].repeat[2/2].steps[0]"
    assert steps[6].where == "steps[1].repeat[2/2].steps[1]"


# --- S3: turning


def test_s3_a_turn_without_a_stand_gets_one_that_waits_for_a_confirmation_with_both_hands_on_the_rails() -> None:
    steps = plan(steady("2", handrails=Handrails.NONE), steady("2", facing=FORWARD)).steps
    stand = steps[1]
    assert [step.kind for step in steps] == [StepKind.STEADY, StepKind.STAND, StepKind.STEADY]
    assert (stand.until_confirmed, stand.handrails, stand.speed) == (True, Handrails.BOTH, 0)
    assert stand.cues == (CuePoint(at=0, text="Hold the rails and turn round"),)
    assert [step.facing for step in steps] == [Facing.BACKWARD, Facing.BACKWARD, FORWARD]


@pytest.mark.parametrize("stand", [Stand(until_confirmed=True), Stand(duration=5), Stand(duration=5, facing=FORWARD)])
def test_s3_a_turn_at_a_written_stand_needs_no_second_one(stand: Stand) -> None:
    steps = plan(steady("2"), stand, steady("2", facing=FORWARD)).steps
    assert [step.kind for step in steps] == [StepKind.STEADY, StepKind.STAND, StepKind.STEADY]


def test_s3_the_first_step_may_face_either_way_without_a_stand() -> None:
    assert len(plan(steady("2", facing=FORWARD)).steps) == 1


@pytest.mark.parametrize("name", PROFILES)
def test_s3_between_two_walking_steps_that_face_differently_always_lies_a_stand(name: str) -> None:
    steps = compile_plan(load_profile(name), GENERIC).steps
    assert steps
    for before, after in pairwise(steps):
        assert before.is_stand or after.is_stand or before.facing is after.facing


# --- totals


def test_a_minute_at_3_6_kmh_forward_is_sixty_metres() -> None:
    compiled = plan(steady("3.6", 60, "5"), facing=FORWARD)
    assert compiled.total_time == 60.0
    assert compiled.total_distance == pytest.approx(60.0)
    assert compiled.climb == pytest.approx(3.0)


def test_s8_backward_the_same_minute_begins_at_the_slowest_and_rises_by_0_3_every_five_seconds() -> None:
    compiled = plan(steady("3.6", 60))
    # 5 s each at 0.8, 1.1, 1.4 … 3.5 km/h and 10 s at 3.6 km/h
    assert compiled.total_distance == pytest.approx((5 * 21.5 + 10 * 3.6) / 3.6)
    rises = [point for before, point in pairwise(compiled.course) if point.speed > before.speed > 0]
    assert [(point.at, int(point.speed)) for point in rises] == [
        (5 * number, min(360, 80 + 30 * number)) for number in range(1, 11)
    ]


def test_s8_backward_a_gentle_belt_rises_by_half_a_mile_every_five_seconds() -> None:
    compiled = plan(steady("3.6", 60), machine=GENTLE)
    # 5 s each at 0.8, 1.6, 2.4, 3.2 km/h and 40 s at 3.6 km/h
    assert compiled.total_distance == pytest.approx((5 * 8.0 + 40 * 3.6) / 3.6)


def test_a_distance_takes_the_time_it_takes_at_the_speeds_that_are_walked() -> None:
    compiled = plan(steady("3.6", distance=Distance(100), duration=None), facing=FORWARD)
    assert compiled.total_time == pytest.approx(100.0)
    assert compiled.steps[0].duration == pytest.approx(100.0)
    assert compiled.steps[0].metres == pytest.approx(100.0)


def test_steps_follow_each_other_and_a_stand_is_time_without_way() -> None:
    compiled = plan(
        steady("3.6", 60), Stand(duration=30), Stand(until_confirmed=True), steady("1.8", 60), facing=FORWARD
    )
    assert [(step.starts, step.duration, round(step.metres, 6)) for step in compiled.steps] == [
        (0, 60, 60),
        (60, 30, 0),
        (90, 0, 0),
        (90, 60, 30),
    ]
    assert compiled.total_time == 150.0
    assert [(point.at, int(point.speed)) for point in compiled.course if point.at == 60.0] == [(60.0, 360), (60.0, 0)]


def test_a_ramp_forward_covers_the_mean_of_its_ends() -> None:
    compiled = plan(steady("2", 10), ramp("4", 100), facing=FORWARD)
    # steps of a second at speeds rounded to 0.1 km/h
    assert compiled.steps[1].metres == pytest.approx(100 * 3.0 / 3.6, rel=0.01)


def test_the_shipped_first_steps_are_six_bouts_of_twenty_seconds_at_half_a_mile() -> None:
    compiled = compile_plan(load_profile("first-steps"), GENERIC)
    assert compiled.total_time == 120.0
    assert compiled.total_distance == pytest.approx(120 * 0.8 / 3.6)


def test_the_example_profile_is_rounded_and_runs_on_a_generic_treadmill() -> None:
    compiled = compile_plan(load_profile(EXAMPLE), GENERIC)
    assert compiled.refusals == ()
    assert [step.note for step in compiled.steps[:4]] == [
        "",
        "4.18 km/h rounded to 4.20 km/h",
        "5.15 km/h rounded to 5.10 km/h",
        "",
    ]
    assert compiled.steps[-2].facing is FORWARD
    assert compiled.steps[-2].note == "4.02 km/h rounded to 4.00 km/h"


# --- every profile on every kind of machine

RUN_EVERYTHING = {"generic", "gentle", "mph", "coarse mph"}
LARGEST_RISE = {"gentle": 80, "half steps": 50}
A_FIFTH_OF_A_MILE = 33


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", PROFILES)
def test_s8_the_course_of_every_profile_stays_within_the_limits_and_rises_gently(name: str, machine: str) -> None:
    written, capabilities = load_profile(name), MACHINES[machine]
    compiled = compile_plan(written, capabilities)
    if not compiled.runnable:
        assert machine not in RUN_EVERYTHING, compiled.refusals
        assert all(refusal.startswith("steps[") for refusal in compiled.refusals)
        return
    envelope, last_rise = Envelope(capabilities, written.limits), 0.0
    for before, after in pairwise(compiled.course):
        step = next(step for step in reversed(compiled.steps) if step.starts <= after.at)
        bounds = envelope.bounds(step.facing)
        assert after.speed <= bounds.speed
        assert after.incline <= max(0, bounds.incline)
        if after.speed > before.speed > 0 and step.facing is Facing.BACKWARD:
            assert after.speed - before.speed <= LARGEST_RISE.get(machine, A_FIFTH_OF_A_MILE)
            assert after.at - last_rise >= 5.0
        if after.speed > before.speed:
            last_rise = after.at
    assert compiled.total_distance == pytest.approx(sum(step.metres for step in compiled.steps))
    assert compiled.total_time == pytest.approx(sum(step.duration for step in compiled.steps))
    assert Speed(0) in {point.speed for point in compiled.course} or not any(step.is_stand for step in compiled.steps)


# --- a deck that cannot be moved


def fixed_at(incline: str) -> Capabilities:
    deck = percent(incline)
    return replace(FLAT, fixed_incline=deck, no_incline=f"the deck is fixed at {deck}")


def test_s7_a_deck_too_steep_for_walking_backward_is_refused_whatever_is_asked_for() -> None:
    refused, note = verdict(steady("2.0", 60), fixed_at("26.8"))
    assert refused is Verdict.REFUSED
    assert note == "26.8 % is above the limit of 10.0 % facing backward (from the default for walking backward)."


def test_a_fixed_deck_within_the_limits_is_said_in_the_plan() -> None:
    assert verdict(steady("2.0", 60), fixed_at("4.0")) == (Verdict.ROUNDED, "the deck stays at 4.0 %")
    assert verdict(steady("2.0", 60, "4.0"), fixed_at("4.0")) == (Verdict.AS_WRITTEN, "")


def test_s7_another_incline_than_that_of_a_fixed_deck_is_refused() -> None:
    assert verdict(steady("2.0", 60, "2.0"), fixed_at("4.0")) == (
        Verdict.REFUSED,
        "2.0 % cannot be set: the deck is fixed at 4.0 %.",
    )
