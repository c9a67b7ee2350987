"""The one gate: limits (S7), the way up (S8), and what forbids any increase (S9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backstride.errors import SafetyError
from backstride.machines.capabilities import SpeedGrid
from backstride.machines.facts import WireUnit
from backstride.units import Incline, Speed
from backstride.workout.envelope import BeltView, Envelope, thin_ice
from backstride.workout.profile import Facing, Limits
from tests.support.workout import FLAT, GENERIC, GENTLE, kmh, percent

BACKWARD, FORWARD = Facing.BACKWARD, Facing.FORWARD
LONG_AGO = 1000.0


def limits(speed: str | None = None, incline: str | None = None) -> Limits:
    return Limits(
        speed=None if speed is None else Speed.parse(speed), incline=None if incline is None else Incline.parse(incline)
    )


# --- S7: the tightest limit


def test_s7_backward_the_default_limits_are_3_6_mph_and_ten_per_cent() -> None:
    bounds = Envelope(GENERIC).bounds(BACKWARD)
    assert (bounds.speed, bounds.incline) == (Speed(579), Incline(100))
    assert bounds.speed_from == bounds.incline_from == "the default for walking backward"


def test_s7_forward_the_machine_is_the_limit() -> None:
    bounds = Envelope(GENERIC).bounds(FORWARD)
    assert (bounds.speed, bounds.incline) == (Speed(2000), Incline(150))
    assert bounds.speed_from == bounds.incline_from == "the machine"


@pytest.mark.parametrize(
    ("profile", "personal", "speed", "speed_from"),
    [
        (limits("4 mph"), None, "4 mph", "the profile"),
        (limits("3 mph"), None, "3 mph", "the profile"),
        (limits("4 mph"), limits("3.8 mph"), "3.8 mph", "your personal limits"),
        (limits(incline="12 %"), None, "3.6 mph", "the default for walking backward"),
        (None, limits("9 mph"), "3.6 mph", "the default for walking backward"),
        (limits("15 mph"), None, "20 km/h", "the machine"),
    ],
)
def test_s7_only_the_profile_lifts_the_default_and_the_tightest_limit_holds(
    profile: Limits | None, personal: Limits | None, speed: str, speed_from: str
) -> None:
    bounds = Envelope(GENERIC, profile, personal).bounds(BACKWARD)
    assert (bounds.speed, bounds.speed_from) == (Speed.parse(speed), speed_from)


@pytest.mark.parametrize(
    ("profile", "personal", "incline"),
    [
        (limits(incline="12 %"), None, 120),
        (limits("4 mph"), None, 100),
        (limits(incline="12 %"), limits(incline="3 %"), 30),
    ],
)
def test_s7_the_same_holds_for_the_incline(profile: Limits, personal: Limits | None, incline: int) -> None:
    assert Envelope(GENERIC, profile, personal).bounds(BACKWARD).incline == incline


def test_s7_what_a_machine_cannot_set_is_bounded_by_zero() -> None:
    bounds = Envelope(replace(FLAT, speed=None)).bounds(FORWARD)
    assert (bounds.speed, bounds.incline) == (0, 0)


@pytest.mark.parametrize(
    ("profile", "personal", "lifts"),
    [
        (None, None, False),
        (limits("3.6 mph", "10 %"), None, False),
        (limits("3.7 mph"), None, True),
        (limits(incline="11 %"), None, True),
        (limits("4 mph"), limits("3 mph"), False),
    ],
)
def test_s7_limits_above_the_default_are_to_be_confirmed_if_they_are_really_open(
    profile: Limits | None,
    personal: Limits | None,
    lifts: bool,  # noqa: FBT001 - a table
) -> None:
    assert Envelope(GENERIC, profile, personal).lifts_backward_limits is lifts


def test_s7_a_speed_above_the_limit_is_refused_with_the_limit_and_its_origin() -> None:
    envelope = Envelope(GENERIC)
    envelope.check_speed(Speed(570), BACKWARD)
    envelope.check_speed(Speed(600), FORWARD)
    with pytest.raises(SafetyError) as caught:
        envelope.check_speed(Speed(600), BACKWARD)
    assert caught.value.rule == "S7"
    assert str(caught.value) == (
        "6.00 km/h is above the limit of 5.79 km/h facing backward (from the default for walking backward)."
    )


def test_s7_an_incline_above_the_limit_is_refused_with_the_limit_and_its_origin() -> None:
    envelope = Envelope(GENERIC, limits(incline="4 %"))
    envelope.check_incline(Incline(40), BACKWARD)
    with pytest.raises(SafetyError) as caught:
        envelope.check_incline(Incline(45), FORWARD)
    assert str(caught.value) == "4.5 % is above the limit of 4.0 % facing forward (from the profile)."


def test_s7_what_the_machine_cannot_do_is_refused_with_its_reason() -> None:
    envelope = Envelope(replace(FLAT, speed=None, no_speed="it is a fan"))
    with pytest.raises(SafetyError, match="The speed cannot be set: it is a fan"):
        envelope.check_speed(kmh("2"), FORWARD)
    with pytest.raises(SafetyError, match="The incline cannot be set: the machine does not offer incline"):
        envelope.check_incline(percent("0"), FORWARD)
    with pytest.raises(SafetyError, match="outside what this machine can do"):
        Envelope(GENERIC).check_speed(kmh("0.7"), BACKWARD)
    with pytest.raises(SafetyError, match="outside what this machine can do"):
        Envelope(GENERIC).check_incline(percent("-1"), BACKWARD)


# --- S8: gentle up, quick down


def next_speed(
    envelope: Envelope, current: str, wanted: str, since: float = LONG_AGO, facing: Facing = BACKWARD
) -> str | None:
    speed = envelope.next_speed(kmh(current), kmh(wanted), facing, since)
    return None if speed is None else str(speed.kmh)


@pytest.mark.parametrize(
    ("current", "wanted", "target"),
    [("1.0", "5.0", "1.3"), ("1.0", "1.2", "1.2"), ("1.0", "1.32", "1.32"), ("1.25", "5.0", "1.5")],
)
def test_s8_backward_a_belt_that_may_be_sudden_rises_by_a_fifth_of_a_mile_at_most(
    current: str, wanted: str, target: str
) -> None:
    assert next_speed(Envelope(GENERIC), current, wanted) == target


def test_s8_backward_a_gentle_belt_rises_by_half_a_mile_at_most() -> None:
    assert next_speed(Envelope(GENTLE), "1.0", "5.0") == "1.8"


@pytest.mark.parametrize(("since", "target"), [(0.0, None), (4.999, None), (5.0, "1.3")])
def test_s8_five_seconds_lie_between_two_rises(since: float, target: str | None) -> None:
    assert next_speed(Envelope(GENERIC), "1.0", "5.0", since) == target


def test_s8_a_decrease_waits_for_nothing() -> None:
    assert next_speed(Envelope(GENERIC), "5.0", "1.0", since=0.0) == "1"


def test_s8_is_about_facing_backward() -> None:
    assert next_speed(Envelope(GENERIC), "1.0", "8.0", since=0.0, facing=FORWARD) == "8"


def test_s8_a_machine_with_coarse_steps_rises_by_one_of_them() -> None:
    coarse = Envelope(replace(GENERIC, speed=SpeedGrid(100, 600, 50)))
    assert next_speed(coarse, "1.0", "3.0") == "1.5"


def test_s8_a_machine_in_fifths_of_a_mile_comes_all_the_way_up_although_its_steps_differ_by_a_hundredth() -> None:
    envelope = Envelope(replace(GENERIC, speed=SpeedGrid(40, 400, 20, unit=WireUnit.MPH)))
    speeds = [Speed.from_mph("0.4")]
    while speeds[-1] < Speed.from_mph("2"):
        higher = envelope.next_speed(speeds[-1], Speed.from_mph("2"), BACKWARD, LONG_AGO)
        assert higher is not None
        speeds.append(higher)
    assert speeds == [Speed.from_mph(f"{tenths / 10}") for tenths in range(4, 21, 2)]


def test_s8_a_machine_whose_single_step_is_above_half_a_mile_never_rises_backward() -> None:
    assert next_speed(Envelope(replace(GENERIC, speed=SpeedGrid(100, 600, 100))), "1.0", "3.0") is None


def test_without_a_way_to_set_the_speed_the_wish_is_left_to_the_check() -> None:
    assert next_speed(Envelope(replace(GENERIC, speed=None)), "1.0", "3.0") == "3"


# --- S9: no increase on thin ice

FIRM = BeltView(speed=kmh("2.0"), age=0.5, samples=2, target=kmh("2.0"))


def test_s9_a_fresh_confirmed_belt_at_its_target_may_rise() -> None:
    assert thin_ice(FIRM) is None
    assert thin_ice(replace(FIRM, target=None)) is None


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (replace(FIRM, samples=1), "the link is fresh"),
        (replace(FIRM, age=3.2), "the treadmill has sent nothing for 3 s"),
        (replace(FIRM, unconfirmed="speed"), "the last command (speed) is not confirmed"),
        (replace(FIRM, speed=None), "the treadmill does not tell its speed"),
        (replace(FIRM, speed=kmh("1.51")), "the belt is at 1.51 km/h, not yet at its target of 2.00 km/h"),
        (replace(FIRM, speed=kmh("2.49")), "the belt is at 2.49 km/h, not yet at its target of 2.00 km/h"),
    ],
)
def test_s9_thin_ice_has_its_reason(view: BeltView, reason: str) -> None:
    assert thin_ice(view) == reason


@pytest.mark.parametrize(
    "view", [replace(FIRM, age=3.0), replace(FIRM, speed=kmh("1.52")), replace(FIRM, speed=kmh("2.48"))]
)
def test_s9_at_three_seconds_and_three_tenths_of_a_mile_the_ice_still_holds(view: BeltView) -> None:
    assert thin_ice(view) is None
