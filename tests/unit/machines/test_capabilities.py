"""What a machine announces joined with what its file knows, and the steps that come of it."""

from __future__ import annotations

import pytest

from backstride.errors import SafetyError
from backstride.machines.capabilities import Capabilities, InclineGrid, SpeedGrid, capabilities
from backstride.machines.facts import MachineFacts, WireUnit, load_facts
from backstride.protocol.features import Features, MachineFeature, TargetSetting
from backstride.protocol.ranges import InclinationRange, SpeedRange
from backstride.units import Incline, Speed

BOTH = Features(MachineFeature(0), TargetSetting.SPEED_TARGET | TargetSetting.INCLINATION_TARGET)
SPEEDS = SpeedRange(Speed(80), Speed(2000), Speed(10))
INCLINES = InclinationRange(Incline(0), Incline(150), Incline(5))
TENTHS = SpeedGrid(80, 2000, 10)
HALVES = SpeedGrid(100, 600, 50)
MILES = SpeedGrid(60, 380, 10, unit=WireUnit.MPH)
FIFTHS_OF_A_MILE = SpeedGrid(40, 400, 20, unit=WireUnit.MPH)
WHOLE = InclineGrid(Incline(-50), Incline(150), Incline(10))


def join(
    model: str = "generic",
    features: Features = BOTH,
    speeds: SpeedRange | None = SPEEDS,
    inclines: InclinationRange | None = INCLINES,
    *,
    has_control_point: bool = True,
) -> Capabilities:
    return capabilities(load_facts(model), features, speeds, inclines, has_control_point=has_control_point)


# --- steps


@pytest.mark.parametrize(
    ("grid", "asked", "nearest"),
    [
        (TENTHS, 83, 80),
        (TENTHS, 85, 80),  # a tie goes to the slower one
        (TENTHS, 86, 90),
        (TENTHS, 0, 80),
        (TENTHS, 2600, 2000),
        (HALVES, 125, 100),
        (HALVES, 126, 150),
        (SpeedGrid(80, 210, 50), 210, 180),  # the highest of the range is not one of its steps
        (MILES, 97, 97),  # 0.6 mph
        (MILES, 104, 97),
        (MILES, 106, 113),
    ],
)
def test_a_speed_goes_to_the_nearest_step(grid: SpeedGrid, asked: int, nearest: int) -> None:
    assert grid.snap(Speed(asked)) == nearest


@pytest.mark.parametrize(
    ("asked", "ceiling", "snapped"), [(126, 140, 100), (126, 150, 150), (330, 180, 150), (120, 20, 100)]
)
def test_s7_no_speed_is_rounded_above_its_ceiling(asked: int, ceiling: int, snapped: int) -> None:
    assert HALVES.snap(Speed(asked), ceiling=Speed(ceiling)) == snapped


@pytest.mark.parametrize(
    ("asked", "ceiling", "snapped"), [(26, 26, 20), (26, 30, 30), (99, 26, 20), (-20, -99, -50), (25, None, 20)]
)
def test_s7_no_incline_is_rounded_above_its_ceiling(asked: int, ceiling: int | None, snapped: int) -> None:
    assert WHOLE.snap(Incline(asked), ceiling=None if ceiling is None else Incline(ceiling)) == snapped


@pytest.mark.parametrize(("speed", "above"), [(80, 90), (84, 90), (86, 90), (10, 80), (2000, 2000)])
def test_the_next_faster_speed_is_one_step_away(speed: int, above: int) -> None:
    assert TENTHS.above(Speed(speed)) == above


def test_every_step_of_a_machine_in_mph_leads_to_the_next() -> None:
    speeds = [FIFTHS_OF_A_MILE.minimum]
    while speeds[-1] < FIFTHS_OF_A_MILE.maximum:
        speeds.append(FIFTHS_OF_A_MILE.above(speeds[-1]))
    assert speeds == [Speed.from_mph(f"{tenths / 10}") for tenths in range(4, 41, 2)]


def test_a_machine_in_mph_has_its_ends_and_its_step_in_kmh() -> None:
    assert (MILES.minimum, MILES.maximum, MILES.increment) == (97, 612, 16)


@pytest.mark.parametrize("speed", [79, 2001, 0])
def test_s7_a_speed_outside_the_range_is_refused_with_the_range(speed: int) -> None:
    with pytest.raises(SafetyError, match=r"outside what this machine can do, 0\.80 km/h to 20\.00 km/h") as caught:
        TENTHS.require(Speed(speed))
    assert caught.value.rule == "S7"


def test_s7_a_speed_between_two_steps_is_refused_and_not_rounded() -> None:
    with pytest.raises(SafetyError, match=r"0\.83 km/h is between this machine's steps; the nearest is 0\.80 km/h"):
        TENTHS.require(Speed(83))
    TENTHS.require(Speed(90))


@pytest.mark.parametrize(
    ("incline", "sentence"),
    [
        (-51, r"-5\.1 % is outside what this machine can do, -5\.0 % to 15\.0 %"),
        (151, r"15\.1 % is outside"),
        (15, r"1\.5 % is between this machine's steps; the nearest is 1\.0 %"),
    ],
)
def test_s7_an_incline_the_machine_cannot_hold_is_refused(incline: int, sentence: str) -> None:
    with pytest.raises(SafetyError, match=sentence):
        WHOLE.require(Incline(incline))
    WHOLE.require(Incline(-50))


# --- announced and known


def test_a_standard_machine_can_do_what_it_announces() -> None:
    caps = join()
    assert caps.speed == SpeedGrid(80, 2000, 10)
    assert caps.incline == InclineGrid(Incline(0), Incline(150), Incline(5))
    assert (caps.no_speed, caps.no_incline) == ("", "")


def test_a_machine_without_a_control_point_only_reports() -> None:
    caps = join(has_control_point=False)
    assert (caps.speed, caps.incline) == (None, None)
    assert caps.no_speed == caps.no_incline == "the machine has no control point: it reports, and takes no commands"


@pytest.mark.parametrize(
    ("model", "features", "speeds", "reason"),
    [
        ("xterra-t85", BOTH, SPEEDS, "the Xterra T85 acknowledges speed commands without obeying them"),
        ("sole-f85", BOTH, SPEEDS, "the Sole F85 (2023) refuses speed commands"),
        (
            "generic",
            Features(MachineFeature(0), TargetSetting.INCLINATION_TARGET),
            SPEEDS,
            "the machine does not offer speed as a target",
        ),
        ("generic", BOTH, None, "the machine does not tell its speed range"),
        (
            "generic",
            BOTH,
            SpeedRange(Speed(80), Speed(2000), Speed(0)),
            "the machine tells a speed range that makes no sense",
        ),
        (
            "generic",
            BOTH,
            SpeedRange(Speed(80), Speed(70), Speed(10)),
            "the machine tells a speed range that makes no sense",
        ),
    ],
)
def test_a_speed_that_cannot_be_set_has_its_reason(
    model: str, features: Features, speeds: SpeedRange | None, reason: str
) -> None:
    caps = join(model, features, speeds)
    assert (caps.speed, caps.no_speed) == (None, reason)


def test_the_file_that_knows_of_no_incline_wins_over_the_module_that_announces_one() -> None:
    caps = join("citysports-pad")
    assert (caps.incline, caps.no_incline) == (None, "the CITYSPORTS walking pad has no motor for its incline")


def test_an_incline_that_telemetry_never_shows_is_known_as_such() -> None:
    caps = join("horizon-t202")
    assert caps.incline is not None
    assert not caps.incline.reported


def with_speed(**speed: object) -> MachineFacts:
    return MachineFacts.model_validate({"id": "x", "model": "X", "summary": "", "speed": speed})


@pytest.mark.parametrize(("floor", "low"), [("1.2 km/h", 120), ("0.5 km/h", 80), (None, 80)])
def test_the_real_floor_of_a_machine_wins_over_a_lower_one_that_it_announces(floor: str | None, low: int) -> None:
    caps = capabilities(with_speed(floor=floor), BOTH, SPEEDS, INCLINES)
    assert caps.speed is not None
    assert caps.speed.minimum == low


def test_a_range_that_begins_at_zero_begins_at_its_first_step_because_zero_is_no_way_to_walk() -> None:
    caps = join(speeds=SpeedRange(Speed(0), Speed(1600), Speed(20)))
    assert caps.speed is not None
    assert caps.speed.minimum == 20


def test_the_unit_of_writes_and_of_telemetry_comes_from_the_file() -> None:
    caps = join("fitshow-dbt-pad", speeds=SpeedRange(Speed(60), Speed(380), Speed(10)))
    assert caps.speed == SpeedGrid(60, 380, 10, unit=WireUnit.MPH, write_unit=WireUnit.MPH)
    assert caps.telemetry_unit is WireUnit.MPH


@pytest.mark.parametrize(("speed", "absurd"), [(2000, False), (2500, False), (2501, True), (6553, True)])
def test_a_speed_far_beyond_the_machine_is_a_broken_frame(speed: int, absurd: bool) -> None:  # noqa: FBT001 - a table
    assert join().is_absurd(Speed(speed)) is absurd


def test_nothing_is_absurd_where_the_range_is_unknown() -> None:
    assert not join(has_control_point=False).is_absurd(Speed(6553))
