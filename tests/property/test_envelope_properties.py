"""The envelope on any machine, for any limits and any wishes: S7, S8, S9 against figures worked out from their text."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from backstride.errors import SafetyError
from backstride.machines.capabilities import Capabilities, InclineGrid, SpeedGrid
from backstride.machines.facts import WireUnit
from backstride.units import Incline, Speed
from backstride.workout.envelope import BeltView, Envelope, thin_ice
from backstride.workout.profile import Facing, Limits
from tests.support.figures import FASTEST_BACKWARD, HALF_A_MILE, OFF_TARGET, STEEPEST_BACKWARD, Figures, in_km_h
from tests.support.soak import settings_of
from tests.support.workout import GENERIC

BACKWARD = Facing.BACKWARD
MOST_RISES = 2500
"""More than any machine has steps."""


@st.composite
def machines(draw: st.DrawFn) -> Capabilities:
    """Draw any machine with a speed grid: odd ends, fine and coarse steps, km/h and mph, gentle or not."""
    low, step = draw(st.integers(10, 300)), draw(st.integers(1, 200))
    grid = SpeedGrid(low, low + draw(st.integers(0, 2500)), step, unit=draw(st.sampled_from(WireUnit)))
    lowest = draw(st.integers(-60, 20))
    incline = InclineGrid(
        Incline(lowest), Incline(lowest + draw(st.integers(0, 300))), Incline(draw(st.integers(1, 20)))
    )
    return replace(GENERIC, speed=grid, incline=draw(st.none() | st.just(incline)), gentle=draw(st.booleans()))


ANY_SPEED = st.integers(0, 3000).map(Speed)
NEARBY = st.sampled_from([-1, 0, 1, 1])
ANY_INCLINE = st.integers(-100, 400).map(Incline)
LIMITS = (
    st.none()
    | st.builds(Limits, speed=st.integers(50, 2500).map(Speed), incline=st.none() | st.integers(0, 300).map(Incline))
    | st.builds(Limits, incline=st.integers(0, 300).map(Incline))
)
ENVELOPES = st.builds(Envelope, machines(), LIMITS, LIMITS)
FACINGS = st.sampled_from(Facing)
SINCE = st.sampled_from([0.0, 0.2, 4.9, 4.999, 5.0, 5.1, 300.0])


def figures_of(envelope: Envelope) -> Figures:
    return Figures.of(envelope.capabilities, envelope.profile, envelope.personal)


def grid_of(envelope: Envelope) -> SpeedGrid:
    assert envelope.capabilities.speed is not None
    return envelope.capabilities.speed


def limits_of(envelope: Envelope) -> list[Limits]:
    return [limits for limits in (envelope.profile, envelope.personal) if limits is not None]


@st.composite
def speeds_at_the_edge(draw: st.DrawFn, envelope: Envelope) -> Speed:
    """Draw a speed beside one of the limits, or any."""
    edges = [FASTEST_BACKWARD, int(grid_of(envelope).maximum), *(limits.speed or 0 for limits in limits_of(envelope))]
    beside = st.builds(lambda edge, by: Speed(max(0, edge + by)), st.sampled_from(edges), NEARBY)
    return draw(ANY_SPEED | beside | beside)


@st.composite
def inclines_at_the_edge(draw: st.DrawFn, envelope: Envelope) -> Incline:
    """Draw an inclination beside one of the limits, or any."""
    edges = [STEEPEST_BACKWARD, *(limits.incline or 0 for limits in limits_of(envelope))]
    beside = st.builds(lambda edge, by: Incline(edge + by), st.sampled_from(edges), NEARBY)
    return draw(ANY_INCLINE | beside | beside)


@settings_of(300)
@given(ENVELOPES.flatmap(lambda envelope: st.tuples(st.just(envelope), speeds_at_the_edge(envelope))), FACINGS)
def test_s7_a_speed_passes_if_and_only_if_it_is_inside_every_limit(
    case: tuple[Envelope, Speed], facing: Facing
) -> None:
    envelope, speed = case
    grid, passed = grid_of(envelope), False
    with contextlib.suppress(SafetyError):
        envelope.check_speed(speed, facing)
        passed = True
    number, lowest, highest = int(speed), in_km_h(grid.low, grid.unit), in_km_h(grid.high, grid.unit)
    assume(min(abs(number - lowest), abs(number - highest)) >= 1)  # the ends themselves are rounded
    given = [limits.speed for limits in limits_of(envelope) if limits.speed is not None]
    lifted = envelope.profile is not None and envelope.profile.speed is not None
    default = [FASTEST_BACKWARD] if facing is BACKWARD and not lifted else []
    assert passed is (lowest < number < highest and number <= min([*given, *default], default=number))


@settings_of(300)
@given(ENVELOPES.flatmap(lambda envelope: st.tuples(st.just(envelope), inclines_at_the_edge(envelope))), FACINGS)
def test_s7_an_incline_passes_if_and_only_if_it_is_inside_every_limit(
    case: tuple[Envelope, Incline], facing: Facing
) -> None:
    envelope, incline = case
    grid, passed = envelope.capabilities.incline, False
    with contextlib.suppress(SafetyError):
        envelope.check_incline(incline, facing)
        passed = True
    if grid is None or not grid.minimum <= incline <= grid.maximum:
        assert not passed
        return
    given = [limits.incline for limits in limits_of(envelope) if limits.incline is not None]
    lifted = envelope.profile is not None and envelope.profile.incline is not None
    default = [STEEPEST_BACKWARD] if facing is BACKWARD and not lifted else []
    assert passed is (incline <= min([*given, *default], default=incline))


@settings_of(300)
@given(ENVELOPES, FACINGS, st.lists(st.tuples(ANY_SPEED, SINCE), min_size=1, max_size=30))
def test_s7_s8_no_row_of_wishes_makes_a_target_too_high_or_a_rise_too_steep_or_too_soon(
    envelope: Envelope, facing: Facing, wishes: list[tuple[Speed, float]]
) -> None:
    grid, figures = grid_of(envelope), figures_of(envelope)
    highest = Speed(figures.fastest[facing])
    assume(highest >= grid.minimum)
    target = grid.minimum
    for wish, since_rise in wishes:
        wanted = grid.snap(wish, ceiling=highest)
        following = envelope.next_speed(target, wanted, facing, since_rise)
        if wanted <= target:
            assert following == wanted, "S8: decreases are never delayed"
        elif facing is Facing.FORWARD:
            assert following == wanted
        elif following is not None:
            assert since_rise >= 5.0, "S8: five seconds between two rises"
            assert target < following <= wanted, "on the way, and not beyond"
            assert following - target <= figures.rise, "S8: gentle"
        if following is not None:
            assert following in figures.speeds, "S7: one of the machine's own steps"
            assert following <= max(highest, grid.minimum), "S7"
            target = following


@settings_of(100)
@given(ENVELOPES, ANY_SPEED, FACINGS)
def test_s8_whoever_waits_gets_there(envelope: Envelope, wish: Speed, facing: Facing) -> None:
    grid, figures = grid_of(envelope), figures_of(envelope)
    assume(figures.fastest[facing] >= grid.minimum)
    wanted = grid.snap(wish, ceiling=Speed(figures.fastest[facing]))
    target, rises = grid.minimum, 0
    while target != wanted:
        following = envelope.next_speed(target, wanted, facing, 5.0)
        if following is None:
            assert in_km_h(grid.step, grid.unit) > HALF_A_MILE - 2, "only steps that are too coarse are never made (S8)"
            return
        target, rises = following, rises + 1
        assert rises <= MOST_RISES, "every rise is one, and there is an end to them"


VIEWS = st.builds(
    BeltView,
    speed=st.none() | st.integers(0, 800).map(Speed),
    age=st.sampled_from([0.0, 2.9, 3.0, 3.1, 11.0, float("inf")]),
    samples=st.integers(0, 4),
    target=st.none() | st.integers(0, 800).map(Speed),
    unconfirmed=st.sampled_from(["", "", "speed", "incline"]),
)


@settings_of(300)
@given(VIEWS, st.integers(-60, 60))
def test_s9_an_increase_may_go_out_if_and_only_if_nothing_forbids_it(view: BeltView, off: int) -> None:
    if view.target is not None and view.speed is not None:
        view = replace(view, speed=Speed(max(0, view.target + off)))
    firm = view.age <= 3.0 and view.samples >= 2 and not view.unconfirmed and view.speed is not None
    near = view.speed is None or view.target is None or abs(view.speed - view.target) <= OFF_TARGET
    assert (thin_ice(view) is None) is (firm and near)
