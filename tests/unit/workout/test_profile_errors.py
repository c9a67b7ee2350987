"""Broken profiles, and the sentence each of them gets."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from backstride.errors import ProfileError
from backstride.workout.profile import load_profile, read_profile

TABLE = Path(__file__).parents[2] / "data" / "profile-faults.txt"
HEAD = "name: x\nsteps:\n"
SPEED = "allowed is a speed above 0 and up to 25 km/h (15.5 mph), such as 2.6 mph or 4.2 km/h"
UNITS = "; a number alone has no meaning here, units are required: write"
STEPS = "allowed is a list of steps, each beginning with '- '"
PROFILE = "name, summary, facing, limits, source, steps"
NO_YAML = "this is not readable as YAML:"
YAML_ADVICE = "look for a missing quote, bracket or colon, or a wrong indentation"


def faults(text: str) -> tuple[ProfileError, list[str]]:
    """Return the error that `text` gets, and its lines."""
    with pytest.raises(ProfileError) as caught:
        read_profile(text, "my.yaml")
    return caught.value, str(caught.value).split("\n")


def step(body: str) -> str:
    """Return a profile with one good step in line 3, and `body` as the second, in line 4."""
    return f"{HEAD}  - steady: {{for: 60 s, speed: 3 km/h}}\n  - {body}\n"


def cases() -> list[tuple[str, str]]:
    """Return every step of the table with its fault."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [(step.removeprefix("- "), fault.strip()) for step, fault in zip(lines[::2], lines[1::2], strict=True)]


@pytest.mark.parametrize(("body", "fault"), cases())
def test_a_fault_in_a_step_names_place_key_found_allowed_and_suggestion(body: str, fault: str) -> None:
    error, lines = faults(step(body))
    assert lines[0] == f"my.yaml:{fault}"
    place, path, _ = fault.split(": ", 2)
    assert (error.file, f"{error.line}:{error.column}", error.key) == ("my.yaml", place, path)


@pytest.mark.parametrize(
    ("text", "line", "column", "key", "sentence"),
    [
        ("walk", 1, 1, "", "found 'walk'; allowed is a group of keys: " + PROFILE),
        ("- a", 1, 1, "", "found a list; allowed is a group of keys: " + PROFILE),
        ("name: x", 1, 1, "", f"the key 'steps' is missing; 'steps' takes {STEPS[11:]}"),
        ("name: x\nsteps:\n", 2, 1, "steps", f"found nothing; {STEPS}"),
        (
            "name: 7\nsteps: []",
            1,
            7,
            "name",
            "found '7'; allowed is a text of up to 80 characters; put a text that looks like a number in quotes",
        ),
        (
            "name: ' '\nsteps: [steady: {for: 9 s, speed: 3 mph}]",
            1,
            7,
            "name",
            "found ' '; allowed is a text of up to 80 characters",
        ),
        (
            "nmae: x\nsteps: []",
            1,
            1,
            "nmae",
            f"there is no key 'nmae' here; allowed are {PROFILE} (did you mean 'name'?)",
        ),
        ("name: x\nlimits: {speed: 3}\nsteps: []", 2, 17, "limits.speed", f"found '3'; {SPEED}{UNITS} 3 mph or 3 km/h"),
        (
            "name: x\nlimits: {}\nsteps: []",
            2,
            9,
            "limits",
            f"the key 'speed' or 'incline' is missing; 'speed' takes {SPEED[11:]}",
        ),
        (
            "name: x\nlimits: 3 mph\nsteps: []",
            2,
            9,
            "limits",
            "found '3 mph'; allowed is a group of keys: speed, incline",
        ),
        (
            "name: x\nfacing: back\nsteps: []",
            2,
            9,
            "facing",
            "found 'back'; allowed is backward or forward (did you mean 'backward'?)",
        ),
        (
            HEAD + "  - steady: {for: 60 s}",
            3,
            5,
            "steps[0].steady",
            "the first walking step must say its speed, under the key 'speed'",
        ),
        (
            HEAD + "  - ramp: {for: 60 s, incline: 2 %}",
            3,
            5,
            "steps[0].ramp",
            "the first walking step must say its speed, under the key 'to'",
        ),
        (
            HEAD + "  - intervals: {times: 2, work: {for: 9 s}, rest: {for: 9 s}}",
            3,
            33,
            "steps[0].intervals.work",
            "the first walking step must say its speed, under the key 'speed'",
        ),
        (HEAD + "  - stand: {for: 60 s}", 3, 3, "steps", "no step of this session walks"),
        (
            HEAD + "  - repeat: {times: 30, steps: [steady: {for: 1 h, speed: 3 mph}]}",
            3,
            3,
            "steps",
            "the session takes 30.0 h; at most 24 h are allowed",
        ),
    ],
)
def test_a_fault_of_the_whole_session_names_its_place_too(
    text: str, line: int, column: int, key: str, sentence: str
) -> None:
    error, lines = faults(text)
    where = f"my.yaml:{line}:{column}: "
    assert lines[0] == where + (f"{key}: {sentence}" if key else sentence)
    assert (error.line, error.column, error.key) == (line, column, key)


@pytest.mark.parametrize(
    ("text", "where", "sentence"),
    [
        ("", "my.yaml", "the file is empty; a profile has at least the keys name and steps"),
        ("# nothing but a comment\n", "my.yaml", "the file is empty; a profile has at least the keys name and steps"),
        ("name: x\nsteps:\n\t- stand: {}\n", "my.yaml:3:1", "a tab stands here; YAML is indented with spaces only"),
        (
            "name: x\nsteps:\n  - stand:\n\t  for: 9 s\n",
            "my.yaml:4:1",
            "a tab stands here; YAML is indented with spaces only",
        ),
        (
            "name: 'x",
            "my.yaml:1:9",
            f"{NO_YAML} while scanning a quoted scalar found unexpected end of stream; {YAML_ADVICE}",
        ),
        (
            "name: a: b",
            "my.yaml:1:8",
            f"{NO_YAML} mapping values are not allowed here; {YAML_ADVICE}",
        ),
        (
            "{",
            "my.yaml:1:2",
            f"{NO_YAML} while parsing a flow node expected the node content, but found '<stream end>'; {YAML_ADVICE}",
        ),
        ("a\nb: \x00", "my.yaml:2:4", "the character U+0000 stands here; a profile is plain text"),
        ("name: &a x", "my.yaml:1:7", "anchors (&) and aliases (*) are not part of the format; use repeat, or quotes"),
        ("name: *a", "my.yaml:1:7", "anchors (&) and aliases (*) are not part of the format; use repeat, or quotes"),
        (
            "name: !!python/object:os.system x",
            "my.yaml:1:7",
            "tags (!) are not part of the format; put the text in quotes",
        ),
        ("steps: !x [a]", "my.yaml:1:8", "tags (!) are not part of the format; put the text in quotes"),
        ("? [a]\n: b\n", "my.yaml:1:3", "a key must be a single word"),
        ("name: x\n---\nname: y\n", "my.yaml:2:1", "a second document begins here; a file holds one profile"),
        ('name: "\\U00110000"', "my.yaml", f"{NO_YAML} chr() arg not in range(0x110000)"),
        ("[" * 1000, "my.yaml:1:42", "this is far more than a session can hold; the rest was not read"),
        (
            "[" + "1," * 50_001 + "]",
            "my.yaml:1:99998",
            "this is far more than a session can hold; the rest was not read",
        ),
    ],
)
def test_what_is_no_yaml_or_too_much_of_it_is_refused(text: str, where: str, sentence: str) -> None:
    error, lines = faults(text)
    assert lines == [f"{where}: {sentence}"]
    assert error.file == "my.yaml"


@pytest.mark.parametrize("figure", ["1" * 10_000 + ":", "1" * 500 + " " * 500 + ":"])
def test_a_figure_of_thousands_of_characters_is_refused_at_once(figure: str) -> None:
    began = time.process_time()
    _, lines = faults(step(f"steady: {{for: '{figure}'}}"))
    assert time.process_time() - began < 0.5
    assert lines[0].endswith("such as 90 s, 3 min or 1:30, or a distance from 10 m to 50 km, such as 200 m")


def test_every_fault_is_reported_in_the_order_of_the_file() -> None:
    error, lines = faults(step("steady: {for: 90, speed: 3, inclne: 2 %}") + "  - stand: {for: 3 m}\n")
    assert [line.split(": ")[0] for line in lines] == ["my.yaml:4:19", "my.yaml:4:30", "my.yaml:4:33", "my.yaml:5:18"]
    assert (error.line, error.column, error.key) == (4, 19, "steps[1].steady.for")


def test_one_mistake_is_one_line() -> None:
    for body in ("steady: {fro: 60 s, speed: 3 mph}", "intervals: {times: 2, work: {for: 9 s}, rest: {for: x}}"):
        _, lines = faults(step(body))
        assert len(lines) == 1


def test_a_flood_of_faults_is_cut_and_counted() -> None:
    _, lines = faults(HEAD + "  - a: b\n" * 35)
    assert len(lines) == 21
    assert lines[-1] == "my.yaml: and 15 more"


def test_a_repeat_that_makes_too_much_is_refused_where_it_stands() -> None:
    inner = "steady: {for: 1 s, speed: 3 mph}"
    for _ in range(2):
        inner = f"repeat: {{times: 200, steps: [{inner}]}}"
    _, lines = faults(step(inner))
    assert lines == ["my.yaml:4:5: steps[1].repeat: this makes 40000 steps; a session has at most 2000"]
    for _ in range(4):
        inner = f"repeat: {{times: 1, steps: [{inner.replace('200', '1')}]}}"
    _, lines = faults(step(inner))
    assert lines == ["my.yaml:4:5: steps[1].repeat: repeats stand more than 5 deep in each other"]


def test_too_many_steps_without_one_repeat_that_does_it_are_refused_too() -> None:
    seconds = "steady: {for: 1 s, speed: 3 mph}"
    repeat = f"  - repeat: {{times: 200, steps: [{', '.join([seconds] * 9)}]}}\n"
    _, lines = faults(HEAD + repeat + repeat)
    assert lines == ["my.yaml:3:3: steps: the session has 3600 steps; at most 2000 are allowed"]


def test_a_line_ending_of_windows_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: x\r\nsteps:\r\n  - steady: {for: 1 min, speed: 3 mph}\r\n")
    assert load_profile(path).name == "x"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "octet 0 is not UTF-8; a profile is plain text in UTF-8"),
        (b"name: x\xe9", "octet 7 is not UTF-8; a profile is plain text in UTF-8"),
        (b"#" * ((1 << 20) + 1), "the file is larger than 1 MiB; a profile has a few kilobytes"),
    ],
)
def test_a_file_that_is_no_profile_text_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert str(caught.value) == f"{path}: {sentence}"
    assert caught.value.file == str(path)


def test_a_file_of_a_mebibyte_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    text = HEAD + "  - steady: {for: 1 s, speed: 3 mph}\n"
    path.write_text(text + "#" * ((1 << 20) - len(text)), encoding="utf-8")
    assert load_profile(path).name == "x"


def test_a_path_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    for path in (str(tmp_path / "none.yaml"), str(tmp_path) + os.sep, "none.yml", "a\0b.yaml", "a\0b"):
        with pytest.raises(ProfileError) as caught:
            load_profile(path)
        assert caught.value.file == path
    with pytest.raises(ProfileError, match=r"none\.yaml: the profile cannot be read: No such file or directory"):
        load_profile(tmp_path / "none.yaml")
