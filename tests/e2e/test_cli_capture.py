"""Captures at the command line: made, looked at, redacted, replayed."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backstride.capture.file import read_capture
from tests.e2e.command import LONGEST

if TYPE_CHECKING:
    from tests.e2e.command import Program

ADDRESS = "D0:5E:96:4F:A1:D3"  # of the simulated generic treadmill
GENERIC = Path(__file__).parents[1] / "data" / "captures" / "generic.capture.jsonl"


def test_a_walk_is_captured_and_its_capture_is_walked_on(program: Program) -> None:
    capture, profile = program.folder / "walk.capture.jsonl", program.profile()
    walked = program.run("run", profile, "--simulated", "--fast", "--json", "--capture", capture)
    assert walked.returncode == 0
    assert f"Capture: {capture}. " in walked.stderr
    assert f"address: {ADDRESS}" in walked.stderr
    replayed = program.run("run", profile, "--simulated", capture, "--fast", "--json")
    assert replayed.returncode == 0
    there, here = (json.loads(done.stdout.splitlines()[-1]) for done in (walked, replayed))
    assert here["distance_m"] == there["distance_m"]
    assert "not in the capture" not in replayed.stderr


def test_what_a_replay_does_not_know_is_told(program: Program) -> None:
    done = program.run("run", program.profile(), "--simulated", GENERIC, "--fast", "--json")
    assert "backstride: Replay: " in done.stderr


def test_a_capture_is_walked_on_whatever_its_name_ends_with(program: Program) -> None:
    capture = program.folder / "sent-by-mail.txt"
    capture.write_bytes(GENERIC.read_bytes())
    done = program.run("run", program.profile(), "--simulated", capture, "--fast", "--json")
    assert done.returncode == 0, done.stderr


def test_a_capture_is_redacted_at_once_if_that_is_wanted(program: Program) -> None:
    capture = program.folder / "walk.capture.jsonl"
    done = program.run("run", program.profile(), "--simulated", "--fast", "--json", "--capture", capture, "--redact")
    assert "Addresses, names, serial numbers and texts are replaced." in done.stderr
    assert ADDRESS not in capture.read_text(encoding="ascii")
    assert read_capture(capture).header.redacted
    assert list(program.folder.glob("*.redacted")) == []


def test_a_capture_is_redacted_into_a_file_of_its_own(program: Program) -> None:
    output = program.folder / "for-others.capture.jsonl"
    done = program.run("capture", "redact", GENERIC, "-o", output)
    assert done.returncode == 0
    assert "are replaced" in done.stdout
    assert ADDRESS in GENERIC.read_text(encoding="ascii")
    assert ADDRESS not in output.read_text(encoding="ascii")
    assert program.run("info", "--simulated", output).returncode == 0


def test_listening_reads_all_and_starts_nothing(program: Program) -> None:
    output = program.folder / "heard.capture.jsonl"
    done = program.run("capture", "listen", "--simulated", "--for", "5", "-o", output)
    assert done.returncode == 0
    text = output.read_text(encoding="ascii")
    assert '"what":"Firmware Revision String"' in text
    assert "start_or_resume" not in text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without telling it")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_capture_is_redacted_when_the_listening_is_broken_off(program: Program, number: str) -> None:
    output = program.folder / "heard.capture.jsonl"
    listening = program.start("capture", "listen", "--simulated", "--for", "1e9", "--redact", "-o", output)
    until_told(output, '"uuid":"2ACD"')
    listening.send_signal(signal.Signals[number])
    _, errors = listening.communicate(timeout=LONGEST)
    assert listening.returncode == 128 + signal.Signals[number]
    assert "Addresses, names, serial numbers and texts are replaced." in errors
    assert read_capture(output).header.redacted


def until_told(output: Path, text: str) -> None:
    ends = time.monotonic() + LONGEST
    while not (output.exists() and text in output.read_text(encoding="ascii")):
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_timeline_tells_what_was_asked_what_came_of_it_and_how_long_it_took(program: Program) -> None:
    lines = program.run("capture", "show", GENERIC).stdout.splitlines()
    assert lines[0].startswith("Generic treadmill, 25 November 2026")
    assert any(
        "write 2AD9 Fitness Machine Control Point 07  op code start_or_resume  (15 ms)" in line for line in lines
    )
    assert any("instantaneous speed km h 3.0" in line for line in lines)
    assert any("instantaneous speed km h 0.0" in line for line in lines)


def test_a_timeline_is_narrowed_down(program: Program) -> None:
    shown = program.run("capture", "show", GENERIC, "--only", "links", "--only", "2ad9", "--from", "1", "--to", "9")
    lines = shown.stdout.partition("\n\n")[2].splitlines()
    assert lines
    assert all("2AD9" in line for line in lines)
    assert all(1 <= float(line.split()[0]) <= 9 for line in lines)


def test_every_value_of_a_capture_is_decoded(program: Program) -> None:
    done = program.run("decode", GENERIC)
    values = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"t", "way", "uuid"} <= set(values[0])
    assert any(value.get("op_code") == "set_target_speed" and value["way"] == ">" for value in values)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "first-steps", "--simulated", "none.jsonl"), "Cannot read the capture none.jsonl"),
        (("run", "first-steps", "--simulated", str(GENERIC), "--fault", "hang"), "replays what went wrong then"),
        (
            ("run", "first-steps", "--simulated", str(Path(__file__))),
            "line 1: this is no capture, or a damaged one: no JSON",
        ),
        (("run", "first-steps", "--simulated", "--redact"), "add --capture FILE"),
        (("run", "first-steps", "--simulated", "--fast", "--capture", str(GENERIC)), "There is already a file"),
        (("capture", "show", str(GENERIC), "--only", "weather"), "neither a UUID"),
        (("capture", "redact", str(GENERIC), "-o", str(GENERIC)), "There is already a file"),
        (("run", "--simulated", str(GENERIC)), "Which profile?"),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(program: Program, arguments: tuple[str, ...], sentence: str) -> None:
    done = program.run(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
