"""The profiles that travel with Backstride, and the JSON Schema that editors check them with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from backstride.units import Incline, Speed
from backstride.workout.profile import (
    Facing,
    Handrails,
    Profile,
    Ramp,
    Stand,
    Steady,
    load_profile,
    profile_schema,
    shipped_profiles,
)

EXAMPLE = Path(__file__).parents[2] / "data" / "profile-example.yaml"
FOLDER = Path(__file__).parents[3] / "profiles"
SHIPPED = sorted(shipped_profiles())
GENTLEST_START = Speed.parse("0.5 mph")
BIGGEST_CHANGE = Speed.parse("0.5 mph")  # S8, at one time
SECONDS_PER_CHANGE = 5  # S8
FASTEST_BACKWARD = Speed.parse("3.6 mph")  # S7, without limits of its own
STEEPEST_BACKWARD = Incline.parse("10 %")  # S7
VALIDATOR = Draft202012Validator(profile_schema())


def plain(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def test_the_schema_is_a_schema_and_the_committed_file_is_the_generated_one() -> None:
    Draft202012Validator.check_schema(profile_schema())
    command = [sys.executable, "-m", "backstride.workout.profile"]
    generated = subprocess.run(command, capture_output=True, check=True).stdout
    assert (FOLDER / "profile.schema.json").read_bytes() == generated, "run: make schema"


@pytest.mark.parametrize("path", [*sorted(FOLDER.glob("*.yaml")), EXAMPLE], ids=lambda path: path.stem)
def test_every_profile_validates_against_the_schema(path: Path) -> None:
    assert list(VALIDATOR.iter_errors(plain(path))) == []


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "name: x",
        "{name: x, steps: []}",
        "{name: '', steps: [stand: {for: 9 s}]}",
        "{name: x, extra: 1, steps: [stand: {for: 9 s}]}",
        "{name: x, limits: {}, steps: [stand: {for: 9 s}]}",
        "{name: x, steps: [stnad: {for: 9 s}]}",
        "{name: x, steps: [{}]}",
        "{name: x, steps: [{stand: {for: 9 s}, steady: {for: 9 s}}]}",
        "{name: x, steps: [stand: {}]}",
        "{name: x, steps: [stand: {for: 9 m}]}",
        "{name: x, steps: [stand: {until: confirm}]}",
        "{name: x, steps: [steady: {speed: 3 mph}]}",
        "{name: x, steps: [steady: {for: 90, speed: 3 mph}]}",
        "{name: x, steps: [steady: {for: 90 s, speed: 3}]}",
        "{name: x, steps: [steady: {for: 90 s, inclne: 2 %}]}",
        "{name: x, steps: [steady: {for: 90 s, speed: 24:00 /mi}]}",
        "{name: x, steps: [steady: {for: 90 s, speed: 3 mph, pace: 24:00 /mi}]}",
        "{name: x, steps: [steady: {for: 90 s, facing: backwards}]}",
        "{name: x, steps: [steady: {for: 90 s, cues: {'5': a}}]}",
        "{name: x, steps: [steady: {for: 90 s, cues: {}}]}",
        "{name: x, steps: [steady: {for: 90 s, cue: 5}]}",
        "{name: x, steps: [ramp: {for: 90 s}]}",
        "{name: x, steps: [repeat: {times: 201, steps: [stand: {for: 9 s}]}]}",
        "{name: x, steps: [repeat: {times: 2.5, steps: [stand: {for: 9 s}]}]}",
        "{name: x, steps: [repeat: {steps: [stand: {for: 9 s}]}]}",
        "{name: x, steps: [intervals: {times: 2, work: {for: 9 s}}]}",
        "{name: x, steps: [intervals: {times: 2, work: {for: 9 s}, rest: {for: 9 s}, steps: [stand: {for: 9 s}]}]}",
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(text: str) -> None:
    assert list(VALIDATOR.iter_errors(YAML(typ="safe", pure=True).load(text))) != []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_says_what_it_is_and_where_its_figures_come_from(name: str) -> None:
    profile = load_profile(name)
    text = shipped_profiles()[name].read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=profile.schema.json\n")
    assert profile.summary
    assert "article" in profile.source or "et al." in profile.source
    assert any(step.cues for step in profile.expanded())


def changes(profile: Profile) -> list[tuple[Facing, Speed, Speed, float]]:
    """Return of every walking step: facing, speed before it (0 from a stand), speed at its end, seconds of a ramp."""
    speed, facing, found = Speed(0), profile.facing, []
    for step in profile.expanded():
        facing = step.facing or facing
        if isinstance(step, Stand):
            speed = Speed(0)
            continue
        assert step.duration is not None
        end = (step.to if isinstance(step, Ramp) else step.speed) or speed
        found.append((facing, speed, end, step.duration if isinstance(step, Ramp) else 0.0))
        speed = end
    return found


@pytest.mark.parametrize("name", SHIPPED)
def test_s8_no_shipped_profile_asks_for_more_than_gentle_increases(name: str) -> None:
    for facing, before, after, seconds in changes(load_profile(name)):
        allowed = BIGGEST_CHANGE * (1 + seconds // SECONDS_PER_CHANGE)
        assert facing is Facing.FORWARD or after - before <= allowed, (before, after, seconds)


@pytest.mark.parametrize("name", SHIPPED)
def test_s7_a_shipped_profile_keeps_its_limits_and_says_so_above_the_default_ones(name: str) -> None:
    profile = load_profile(name)
    assert profile.limits is not None
    assert profile.limits.speed is not None
    assert profile.limits.incline is not None
    for facing, _, speed, _ in changes(profile):
        assert speed <= profile.limits.speed
        assert facing is Facing.FORWARD or speed <= FASTEST_BACKWARD or name in {"hill", "retro-run-introduction"}
    inclines = [step.incline for step in profile.expanded() if not isinstance(step, Stand) and step.incline is not None]
    assert max(inclines) <= min(profile.limits.incline, STEEPEST_BACKWARD)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_begins_slow_level_and_held(name: str) -> None:
    first = next(load_profile(name).expanded())
    assert isinstance(first, Steady)
    assert (first.speed, first.incline, first.handrails) == (GENTLEST_START, Incline(0), Handrails.BOTH)


@pytest.mark.parametrize("name", SHIPPED)
def test_s3_a_shipped_profile_turns_round_on_a_standing_belt_only(name: str) -> None:
    profile = load_profile(name)
    facing, stood = profile.facing, True
    for step in profile.expanded():
        assert stood or step.facing in {None, facing}, step.line
        facing = step.facing or facing
        stood = isinstance(step, Stand) and step.until_confirmed


def seconds(name: str) -> float:
    return sum(step.duration or 0 for step in load_profile(name).expanded())


def test_the_figures_of_the_sources_are_those_of_the_profiles() -> None:
    bouts = {name: [s for s in load_profile(name).expanded() if isinstance(s, Steady)] for name in SHIPPED}
    assert {step.duration for step in bouts["first-steps"]} == {20}
    assert {step.speed for step in bouts["first-steps"]} == {Speed.parse("0.5 mph")}
    assert {step.duration for step in bouts["active-recovery"]} == {15, 20, 30}
    assert seconds("knee-care") == 600
    assert 15 * 60 <= seconds("retro-walk") <= 20 * 60
    assert max(after for _, _, after, _ in changes(load_profile("retro-walk"))) == Speed.parse("3.2 mph")
    assert max(after for _, _, after, _ in changes(load_profile("hill"))) == Speed.parse("4 mph")
    inclines = {
        s.incline for s in load_profile("hill").expanded() if isinstance(s, Ramp) and s.to == Speed.parse("4 mph")
    }
    assert inclines == {Incline.parse("6 %"), Incline.parse("8 %")}


def test_the_longest_bout_of_build_to_two_minutes_is_two_minutes() -> None:
    bouts, walked = [], 0.0
    for step in load_profile("build-to-two-minutes").expanded():
        walked = 0.0 if isinstance(step, Stand) else walked + (step.duration or 0)
        bouts.append(walked)
    assert max(bouts) == bouts[-1] == 120
