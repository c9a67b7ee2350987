"""Any text is a profile or gets a ProfileError; any profile survives being written and read."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

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
    Step,
    read_profile,
    to_yaml,
)

FRAGMENTS = st.sampled_from(
    [
        "name", "steps", "limits", "steady", "ramp", "repeat", "intervals", "stand", "for", "until", "speed",
        "pace", "to", "incline", "facing", "handrails", "cue", "cues", "times", "work", "rest", "x", "3",
        "confirmed", "backward", "~", "true", ".nan", "'", '"', ":", ",", "{", "}", "[", "]", "&", "&a", "*a",
        "!t", "|", ">", "#", "---", "?", "<<", "é", "\\", "\\x", "3 mph", "90 s", "1:30", "2 %", "24:00 /mi", ": ",
        "- ", ", ", "\n", "\n  ", "\n    ", "\t", "%YAML 1.1\n---\n",
    ]
)  # fmt: skip
YAML_LIKE = st.lists(FRAGMENTS, max_size=40).map("".join)

VALUES = st.sampled_from(
    ["3 mph", "3", "", "90 s", "200 m", "2 %", "-99 %", "confirmed", "forward", "one", "9" * 50, "{}", "[]", "~"]
)
BODY = st.dictionaries(
    st.sampled_from(
        ["for", "until", "speed", "pace", "to", "incline", "facing", "handrails", "cue", "cues", "times", "steps"]
    ),
    VALUES,
).map(lambda body: "{" + ", ".join(f"{key}: {value}" for key, value in body.items()) + "}")
STEP_TEXT = st.tuples(st.sampled_from(["steady", "ramp", "repeat", "intervals", "stand", "run"]), BODY)
NEARLY_RIGHT = st.lists(STEP_TEXT, max_size=5).map(
    lambda steps: "name: x\nsteps:\n" + "".join(f"  - {kind}: {body}\n" for kind, body in steps)
)


LINE_BREAKS = "\n\r\x85\u2028\u2029"


def check_any(text: str) -> None:
    """Fail unless `text` is a profile that survives being written, or gets a ProfileError inside the text."""
    profile, place = None, 1
    try:
        profile = read_profile(text, "any.yaml")
    except ProfileError as error:
        place = error.line
    assert place <= sum(text.count(mark) for mark in LINE_BREAKS) + 2
    assert profile is None or read_profile(to_yaml(profile), "again.yaml") == profile


@given(st.text(max_size=200))
def test_any_text_is_a_profile_or_a_profile_error(text: str) -> None:
    check_any(text)


@given(YAML_LIKE)
def test_any_pieces_of_yaml_are_a_profile_or_a_profile_error(text: str) -> None:
    check_any(text)


@given(NEARLY_RIGHT)
def test_any_nearly_right_profile_is_a_profile_or_a_profile_error(text: str) -> None:
    check_any(text)


SPEEDS = st.integers(50, 2500).map(Speed)
INCLINES = st.integers(-150, 400).map(Incline)
DURATIONS = st.integers(1_000, 600_000).map(lambda milliseconds: milliseconds / 1000)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=30).filter(
    lambda text: text.strip() != ""
)
FACINGS = st.none() | st.sampled_from(Facing)
HANDRAILS = st.none() | st.sampled_from(Handrails)


def cues(duration: float) -> st.SearchStrategy[tuple[CuePoint, ...]]:
    points = st.builds(CuePoint, at=st.integers(0, round(duration * 1000) - 1).map(lambda ms: ms / 1000), text=TEXTS)
    return st.lists(points, max_size=3, unique_by=lambda cue: cue.at).map(tuple)


@st.composite
def leaves(draw: st.DrawFn) -> Step:
    duration = draw(DURATIONS)
    pose = {"facing": draw(FACINGS), "handrails": draw(HANDRAILS), "cues": draw(cues(duration))}
    length = {"distance": draw(st.integers(10, 500).map(Distance))} if draw(st.booleans()) else {"duration": duration}
    kind = draw(st.sampled_from(["steady", "ramp", "stand"]))
    if kind == "steady":
        return Steady(**length, speed=draw(st.none() | SPEEDS), incline=draw(st.none() | INCLINES), **pose)
    if kind == "ramp":
        return Ramp(**length, to=draw(SPEEDS), incline=draw(st.none() | INCLINES), **pose)
    return Stand(until_confirmed=draw(st.booleans()), duration=duration, **pose)


def repeats(inner: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    return st.builds(Repeat, times=st.integers(1, 3), steps=st.lists(inner, min_size=1, max_size=3).map(tuple))


STEPS = leaves() | repeats(leaves() | repeats(leaves()))
PROFILES = st.builds(
    Profile,
    name=TEXTS,
    summary=st.just("") | TEXTS,
    source=st.just("") | TEXTS,
    facing=st.sampled_from(Facing),
    limits=st.none() | st.builds(Limits, speed=SPEEDS, incline=st.none() | INCLINES),
    steps=st.lists(STEPS, max_size=4).map(lambda steps: (Steady(duration=60, speed=Speed(300)), *steps)),
)


@settings(max_examples=50)  # a profile takes long to draw
@given(PROFILES)
def test_a_written_profile_reads_back_equal(profile: Profile) -> None:
    assert read_profile(to_yaml(profile), "written.yaml") == profile
