"""What a profile says, from YAML and from Python."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from pydantic import ValidationError

from backstride.errors import ProfileError
from backstride.units import Distance, Incline, Speed
from backstride.workout.profile import (
    CuePoint,
    Facing,
    Handrails,
    Limits,
    Profile,
    Ramp,
    Repeat,
    Stand,
    Steady,
    load_profile,
    read_profile,
    shipped_profiles,
    to_yaml,
)

EXAMPLE = Path(__file__).parents[2] / "data" / "profile-example.yaml"
SLOW = Speed.parse("0.5 mph")
WALK = Steady(duration=60, speed=SLOW)


def steps(text: str) -> Profile:
    """Return a profile whose steps are the flow list `text`."""
    return read_profile(f"name: x\nsteps: [{text}]\n", "x.yaml")


def test_the_example_of_the_format_reads_as_it_is_meant() -> None:
    assert load_profile(EXAMPLE) == Profile(
        name="Retro walk",
        summary="Work up from a first step to a brisk backward walk.",
        facing=Facing.BACKWARD,
        limits=Limits(speed=Speed.parse("3.4 mph"), incline=Incline(40)),
        source="article 'Retro Walk': 2 % and 2.6–3.2 mph suit most people",  # noqa: RUF001 - as in the file
        steps=(
            Steady(
                duration=60,
                speed=SLOW,
                incline=Incline(0),
                handrails=Handrails.BOTH,
                cues=(CuePoint(at=0, text="Short steps, toes first"),),
            ),
            Ramp(duration=180, to=Speed.parse("2.6 mph"), incline=Incline(20), handrails=Handrails.ONE),
            Repeat(
                times=4,
                steps=(
                    Steady(
                        duration=90,
                        speed=Speed.parse("3.2 mph"),
                        cues=(
                            CuePoint(at=0, text="Upright, arms for balance"),
                            CuePoint(at=60, text="Change shoulder"),
                        ),
                    ),
                    Steady(distance=Distance(200), speed=Speed(420)),
                ),
            ),
            Stand(until_confirmed=True, cues=(CuePoint(at=0, text="Hold the rails and turn round"),)),
            Steady(duration=120, speed=Speed.parse("24:00 /mi"), facing=Facing.FORWARD),
            Ramp(duration=60, to=SLOW, incline=Incline(0)),
        ),
    )


def test_a_step_knows_its_line_and_is_equal_to_one_that_does_not() -> None:
    read = load_profile(EXAMPLE)
    assert [step.line for step in read.steps] == [8, 9, 10, 15, 16, 17]
    assert Steady(duration=60, speed=SLOW, line=3) == WALK
    assert hash(Steady(duration=60, speed=SLOW, line=3)) == hash(WALK)
    assert Steady(duration=61, speed=SLOW) != WALK
    assert WALK != "a text"


def test_what_a_step_does_not_say_is_absent() -> None:
    step = steps("{steady: {for: 1 min, speed: 3 km/h}}").steps[0]
    assert isinstance(step, Steady)
    assert (step.distance, step.incline, step.facing, step.handrails, step.cues) == (None, None, None, None, ())


def test_what_a_profile_does_not_say_has_its_documented_default() -> None:
    profile = steps("{steady: {for: 1 min, speed: 3 km/h}}")
    assert (profile.summary, profile.source, profile.limits, profile.facing) == ("", "", None, Facing.BACKWARD)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90 s", 90),
        ("3 min", 180),
        ("1 h 30 min", 5400),
        ("1:30", 90),
        ("1:00:00", 3600),
        ('"1:30"', 90),
        ("1.5 min", 90),
    ],
)
def test_a_time_is_read_in_every_spelling_and_never_as_a_sexagesimal_number(text: str, seconds: float) -> None:
    step = steps(f"{{steady: {{for: {text}, speed: 3 km/h}}}}").steps[0]
    assert isinstance(step, Steady)
    assert (step.duration, step.distance) == (seconds, None)


def test_metres_are_metres_and_never_minutes() -> None:
    step = steps("{steady: {for: 30 m, speed: 3 km/h}}").steps[0]
    assert isinstance(step, Steady)
    assert (step.duration, step.distance) == (None, Distance(30))


@pytest.mark.parametrize("to", ["4 km/h", "15:00 /km"])
def test_a_ramp_goes_to_a_speed_or_a_pace(to: str) -> None:
    step = steps(f"{{ramp: {{for: 1 min, to: {to}}}}}").steps[0]
    assert isinstance(step, Ramp)
    assert step.to == Speed(400)


def test_a_ramp_may_change_the_inclination_alone() -> None:
    step = steps("{steady: {for: 1 min, speed: 3 km/h}}, {ramp: {for: 1 min, incline: 4 %}}").steps[1]
    assert step == Ramp(duration=60, incline=Incline(40))


def test_cue_is_a_cue_at_the_start_and_cues_are_put_in_order() -> None:
    step = steps('{steady: {for: 1 min, speed: 3 km/h, cues: {30 s: c, 10 s: b}, cue: "a"}}').steps[0]
    assert isinstance(step, Steady)
    assert step.cues == (CuePoint(at=0, text="a"), CuePoint(at=10, text="b"), CuePoint(at=30, text="c"))


@pytest.mark.parametrize(
    ("text", "stand"),
    [
        ("until: confirmed", Stand(until_confirmed=True)),
        ("for: 30 s", Stand(duration=30)),
        ("until: confirmed, for: 30 s", Stand(until_confirmed=True, duration=30)),
    ],
)
def test_a_stand_ends_by_confirmation_or_after_a_time_or_both(text: str, stand: Stand) -> None:
    assert steps(f"{{stand: {{{text}}}}}, {{steady: {{for: 1 min, speed: 3 km/h}}}}").steps[0] == stand


def test_intervals_are_a_repeat_of_work_and_rest() -> None:
    profile = steps("{intervals: {times: 6, work: {for: 30 s, speed: 5 km/h}, rest: {for: 200 m, speed: 3 km/h}}}")
    work, rest = Steady(duration=30, speed=Speed(500)), Steady(distance=Distance(200), speed=Speed(300))
    assert profile.steps == (Repeat(times=6, steps=(work, rest)),)


def test_intervals_take_steps_as_repeat_does() -> None:
    inner = "[{steady: {for: 30 s, speed: 5 km/h}}, {stand: {for: 10 s}}]"
    assert steps(f"{{intervals: {{times: 2, steps: {inner}}}}}") == steps(f"{{repeat: {{times: 2, steps: {inner}}}}}")


def test_repeats_nest_and_are_written_out_in_the_order_of_walking() -> None:
    fast, slow = Steady(duration=10, speed=Speed(500)), Steady(duration=20, speed=Speed(300))
    profile = Profile(name="x", steps=(Repeat(times=2, steps=(slow, Repeat(times=2, steps=(fast,)))), slow))
    assert list(profile.expanded()) == [slow, fast, fast, slow, fast, fast, slow]


def nested(depth: int) -> Repeat:
    step: Steady | Repeat = WALK
    for _ in range(depth):
        step = Repeat(times=1, steps=(step,))
    assert isinstance(step, Repeat)
    return step


def test_five_repeats_in_each_other_are_allowed_and_six_are_not() -> None:
    assert Profile(name="x", steps=(nested(5),)).steps
    with pytest.raises(ValidationError, match="more than 5 deep"):
        nested(6)


def test_two_thousand_steps_are_allowed_and_one_more_is_not() -> None:
    ten = Repeat(times=10, steps=(Repeat(times=200, steps=(Steady(duration=1, speed=SLOW),)),))
    assert len(list(Profile(name="x", steps=(ten,)).expanded())) == 2000
    with pytest.raises(ValidationError, match="2001 steps"):
        Profile(name="x", steps=(ten, WALK))
    with pytest.raises(ValidationError, match="this makes 2010 steps"):
        Repeat(times=10, steps=(Repeat(times=200, steps=(WALK,)), WALK))


def test_a_session_lasts_a_day_at_most() -> None:
    hours = Steady(duration=6 * 3600, speed=SLOW)
    assert Profile(name="x", steps=(hours,) * 4).steps
    with pytest.raises(ValidationError, match=r"takes 24\.0 h; at most 24 h"):
        Profile(name="x", steps=(*(hours,) * 4, WALK))


def test_a_distance_is_timed_by_the_speed_that_holds_there() -> None:
    start = Steady(duration=60, speed=Speed(100))
    assert Profile(name="x", steps=(start, Steady(distance=Distance(6000)))).steps
    with pytest.raises(ValidationError, match=r"takes 6\.1 h; at most 6 h"):
        Profile(name="x", steps=(start, Steady(distance=Distance(6100))))
    assert Profile(name="x", steps=(start, Ramp(distance=Distance(12_000), to=Speed(300)))).steps
    with pytest.raises(ValidationError, match=r"takes 6\.1 h; at most 6 h"):
        Profile(name="x", steps=(start, Ramp(distance=Distance(12_200), to=Speed(300))))


@pytest.mark.parametrize(
    "first", [Steady(duration=60), Ramp(duration=60, incline=Incline(20)), Steady(distance=Distance(100))]
)
def test_the_first_walking_step_must_say_its_speed(first: Steady | Ramp) -> None:
    with pytest.raises(ValidationError, match="the first walking step must say its speed"):
        Profile(name="x", steps=(Stand(duration=10), first, WALK))


def test_a_session_without_a_walking_step_is_none() -> None:
    with pytest.raises(ValidationError, match="no step of this session walks"):
        Profile(name="x", steps=(Stand(duration=10),))


@pytest.mark.parametrize("speed", [Speed(0), Speed(-100), Speed(2501)])
def test_a_speed_outside_what_a_step_may_have_is_refused(speed: Speed) -> None:
    with pytest.raises(ValidationError, match="outside the speeds"):
        Steady(duration=60, speed=speed)
    with pytest.raises(ValidationError, match="outside the speeds"):
        Limits(speed=speed)


@pytest.mark.parametrize("incline", [Incline(-151), Incline(401)])
def test_an_inclination_outside_what_a_step_may_have_is_refused(incline: Incline) -> None:
    with pytest.raises(ValidationError, match="outside the inclinations"):
        Steady(duration=60, speed=SLOW, incline=incline)


def test_the_edges_of_every_range_are_allowed() -> None:
    assert Steady(duration=1, speed=Speed(1), incline=Incline(-150)).incline == Incline(-150)
    assert Steady(duration=6 * 3600, speed=Speed(2500), incline=Incline(400)).incline == Incline(400)
    assert Steady(distance=Distance(10), speed=Speed(100)).distance == Distance(10)
    assert Steady(distance=Distance(50_000), speed=Speed(100)).distance == Distance(50_000)
    assert Repeat(times=200, steps=(WALK,)).times == 200


@pytest.mark.parametrize("duration", [0, 0.9, -5, 6 * 3600 + 1, float("nan"), float("inf"), "60"])
def test_a_duration_that_is_no_sane_time_is_refused(duration: float) -> None:
    with pytest.raises(ValidationError):
        Steady(duration=duration, speed=SLOW)
    with pytest.raises(ValidationError):
        Stand(duration=duration)


@pytest.mark.parametrize("distance", [Distance(0), Distance(9), Distance(50_001)])
def test_a_distance_that_is_no_sane_length_is_refused(distance: Distance) -> None:
    with pytest.raises(ValidationError, match="10 m to 50"):
        Steady(distance=distance, speed=SLOW)


def test_a_bare_number_is_no_speed_in_python_either() -> None:
    with pytest.raises(ValidationError):
        Steady.model_validate({"duration": 60, "speed": 300})


def test_a_walking_step_has_one_length() -> None:
    with pytest.raises(ValidationError, match="a duration or a distance, and not both"):
        Steady(speed=SLOW)
    with pytest.raises(ValidationError, match="a duration or a distance, and not both"):
        Steady(duration=60, distance=Distance(100), speed=SLOW)


def test_a_ramp_goes_somewhere_a_stand_ends_and_limits_limit() -> None:
    with pytest.raises(ValidationError, match="a ramp needs"):
        Ramp(duration=60)
    with pytest.raises(ValidationError, match="a stand needs"):
        Stand()
    with pytest.raises(ValidationError, match="limits need"):
        Limits()


def test_a_cue_lies_inside_its_step() -> None:
    late = (CuePoint(at=60, text="late"),)
    with pytest.raises(ValidationError, match="the cue at 60 s is outside its step, which takes 60 s"):
        Steady(duration=60, speed=SLOW, cues=late)
    assert Steady(duration=61, speed=SLOW, cues=late).cues == late
    assert Steady(distance=Distance(10), speed=SLOW, cues=late).cues == late
    assert Stand(until_confirmed=True, cues=late).cues == late


def test_two_cues_at_one_time_are_refused() -> None:
    with pytest.raises(ValidationError, match="two cues stand at 5 s"):
        Steady(duration=60, speed=SLOW, cues=(CuePoint(at=5, text="a"), CuePoint(at=5, text="b")))


def test_a_text_has_letters_and_no_control_characters() -> None:
    for text in ("", "   ", "bell \x07", "x" * 201):
        with pytest.raises(ValidationError):
            CuePoint(at=0, text=text)


def test_cues_that_are_no_cues_are_refused() -> None:
    with pytest.raises(ValidationError):
        Steady.model_validate({"duration": 60, "cues": "Upright"})
    with pytest.raises(ValidationError):
        Steady.model_validate(["duration", 60])


def test_a_profile_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        WALK.duration = 120  # type: ignore[misc]  # what the test is about


def test_a_profile_built_in_python_is_written_as_a_file_that_reads_back_equal(tmp_path: Path) -> None:
    profile = Profile(
        name='A "quoted" name: with \\ and #',
        summary="Two lines\nof summary\u2028and a separator",
        source="me",
        facing=Facing.FORWARD,
        limits=Limits(speed=Speed(547), incline=Incline(-5)),
        steps=(
            Steady(duration=0.1 + 59.9, speed=SLOW, incline=Incline(-15), cues=(CuePoint(at=1.25, text="é 😀"),)),
            Ramp(distance=Distance(1500), to=Speed(301), facing=Facing.BACKWARD, handrails=Handrails.NONE),
            Repeat(times=2, steps=(WALK, Repeat(times=3, steps=(WALK, Stand(duration=5))))),
            Stand(until_confirmed=True),
            Ramp(duration=12, incline=Incline(0)),
        ),
    )
    path = tmp_path / "mine.yaml"
    path.write_text(to_yaml(profile), encoding="utf-8")
    assert load_profile(path) == profile
    assert load_profile(str(path)) == profile


def test_the_written_file_speaks_mph_where_a_tenth_is_exact() -> None:
    text = to_yaml(Profile(name="x", steps=(WALK, Steady(duration=60, speed=Speed(301)))))
    assert "speed: 0.5 mph" in text
    assert "speed: 3.01 km/h" in text


def test_a_shipped_profile_is_found_by_its_name_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_profile("retro-walk").name == "Retro walk"


def test_a_shipped_name_wins_over_a_file_of_that_name_and_another_name_finds_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("hill", "mine"):
        shutil.copy(EXAMPLE, tmp_path / name)
    assert load_profile("hill").name == "Hill"
    assert load_profile("mine").name == load_profile("./hill").name == "Retro walk"


def test_the_shipped_profiles_are_listed_by_name() -> None:
    expected = (
        "active-recovery build-to-two-minutes cool-down first-steps hill knee-care retro-run-introduction retro-walk"
    )
    assert {*expected.split(), "turn-around", "warm-up"} <= set(shipped_profiles())


def test_the_profiles_travel_inside_the_package(tmp_path: Path) -> None:
    package = Path(sys.modules["backstride"].__path__[0])
    copied = tmp_path / "site" / "backstride"
    shutil.copytree(package, copied, ignore=shutil.ignore_patterns("__pycache__", "profiles"))
    (copied / "profiles").mkdir()
    shutil.copy(EXAMPLE, copied / "profiles" / "only-one.yaml")
    program = (
        "from backstride.workout.profile import load_profile, shipped_profiles;"
        "print(*shipped_profiles(), load_profile('only-one').name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["only-one", "Retro", "walk"]


def test_an_installation_without_profiles_says_so(tmp_path: Path) -> None:
    copied = tmp_path / "site" / "backstride"
    shutil.copytree(
        sys.modules["backstride"].__path__[0], copied, ignore=shutil.ignore_patterns("__pycache__", "profiles")
    )
    program = "from backstride.workout.profile import load_profile; load_profile('hill')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "none are shipped with this installation" in done.stderr


def test_an_unknown_name_gets_the_nearest_one_and_the_whole_list() -> None:
    with pytest.raises(ProfileError) as caught:
        load_profile("retrowalk")
    assert str(caught.value).startswith(
        "there is no profile 'retrowalk' (did you mean 'retro-walk'?); shipped are active-"
    )
    assert "first-steps" in str(caught.value)
    assert (caught.value.file, caught.value.line) == ("retrowalk", 0)


PAGE = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text(encoding="utf-8")
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"^ *```yaml\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)]


@pytest.mark.parametrize("block", [block for block in BLOCKS if "steps:" in block])
def test_every_example_of_the_manual_loads(block: str) -> None:
    text = block if block.startswith("name:") else "name: x\n" + block
    assert read_profile(text, "manual.yaml").steps


def test_the_python_example_of_the_manual_prints_a_profile(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = re.findall(r"^```python\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
    exec(program, {})  # noqa: S102 - the manual's own program
    assert read_profile(capsys.readouterr().out, "printed.yaml").name == "Up and down"
