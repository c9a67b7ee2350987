"""`backstride run` without a terminal: walks, exit codes, signals, records."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.command import LONGEST, events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.command import Program

FULL = Path("/dev/full")

needs_signals = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals as POSIX has them")


def test_a_walk_in_virtual_time_ends_well_and_leaves_a_whole_record(program: Program) -> None:
    done = program.run("run", program.profile(), "--simulated", "--fast")
    assert (done.returncode, done.stderr) == (0, "")
    (record,) = program.records.iterdir()
    lines = events(record.read_text(encoding="ascii"))
    assert lines[0]["kind"] == "header"
    assert lines[-1]["event"] == "summary"
    assert lines[-1]["ending"] == "finished"
    assert lines[-1]["belt_standing"] is True
    assert str(record) in done.stdout


def test_plain_lines_tell_steps_cues_targets_and_how_it_goes(program: Program) -> None:
    lines = program.run("run", program.profile(), "--simulated", "--fast").stdout.splitlines()
    assert any(
        line.endswith("Step 1 of 2: Steady 1.0 mph, 0.0 %, 0:20; backward, both hands on the rails") for line in lines
    )
    assert any(line.endswith("Cue: Toes first") for line in lines)
    assert any(line.endswith("Target 1.0 mph") for line in lines)
    assert any(line.startswith("   0:30  ") and "target" in line for line in lines)
    assert any(line.endswith("Finished; the belt stands") for line in lines)


def test_json_prints_one_event_a_line_and_the_summary_last(program: Program) -> None:
    done = program.run("run", program.profile(), "--simulated", "--fast", "--json")
    lines = events(done.stdout)
    assert {"state", "step", "cue", "countdown", "target", "sample", "ended"} <= {line["event"] for line in lines}
    assert [line["event"] for line in lines].index("summary") == len(lines) - 1
    assert 1.6 in {line["speed_km_h"] for line in lines if line["event"] == "sample"}


def test_a_bare_simulated_before_the_profile_means_the_generic_model(program: Program) -> None:
    done = program.run("run", "--simulated", program.profile(), "--fast", "--json")
    assert done.returncode == 0
    (record,) = program.records.iterdir()
    assert json.loads(record.read_text(encoding="ascii").splitlines()[0])["machine"]["model"] == "generic"


def test_a_console_in_the_settings_decides_what_a_speed_is_written_as(program: Program) -> None:
    """1 mph: as 1.00 to a console that is set to miles, as 1.60 to one in kilometres."""
    written = {}
    for console in ("mph", "km/h"):
        program.settings.write_text(f'console = "{console}"\n', encoding="utf-8")
        log = program.folder / f"{console[:2]}.log"
        done = program.run("run", program.profile(), "--simulated", "therun-t15", "--fast", "--log", log)
        assert done.returncode == 0
        assert f"is taken to be set to {'miles' if console == 'mph' else 'kilometres'}" in done.stdout
        targets = [line.split("Control Point")[1].strip() for line in log.read_text().splitlines() if "> 2AD9" in line]
        written[console] = [target for target in targets if target.startswith("02 ")]
    assert "02 64 00" in written["mph"]
    assert max(written["mph"]) == "02 96 00"  # 1.5 mph, where the ramp ends
    assert "02 a0 00" in written["km/h"]


def test_units_hold_wherever_they_are_typed(program: Program) -> None:
    done = program.run("run", program.profile(), "--simulated", "--fast", "--units", "km/h")
    assert "Steady 1.60 km/h" in done.stdout
    assert "mph" not in done.stdout


def test_s3_a_stand_is_agreed_to_by_the_virtual_person(program: Program) -> None:
    done = program.run("run", "turn-around", "--simulated", "--fast")
    assert done.returncode == 0
    assert "The belt stands until you confirm." in done.stdout


@needs_signals
def test_s6_output_that_fails_stops_the_belt_and_is_a_fault_of_the_program(program: Program) -> None:
    shell = ["sh", "-c", 'exec "$0" "$@" >&-', sys.executable, "-m", "backstride"]
    done = subprocess.run(
        [*shell, "run", str(program.profile()), "--simulated", "--fast", "--json"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=program.environment,
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 1
    assert "Backstride has failed" in done.stderr
    assert "Traceback" not in done.stderr
    (record,) = program.records.iterdir()
    summary = events(record.read_text(encoding="ascii"))[-1]
    assert (summary["reason"], summary["belt_standing"] is not False) == ("the display failed", True)


@pytest.mark.skipif(not FULL.exists(), reason="this platform has no /dev/full")
@pytest.mark.parametrize("arguments", [("profiles",), ("run", "--simulated", "--fast", "--json")])
def test_output_that_finds_no_room_is_said_in_one_sentence(program: Program, arguments: tuple[str, ...]) -> None:
    """Whether it is noticed while it is written, or only when the rest of it is handed over."""
    profile = [str(program.profile())] if "run" in arguments else []
    with FULL.open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "backstride", *arguments, *profile],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=program.environment,
            timeout=LONGEST,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("backstride: Cannot write the output: no space left on device.")
    assert done.stderr.count("\n") == 1


def test_the_log_holds_every_octet_both_ways(program: Program) -> None:
    log = program.folder / "air.log"
    program.run("run", program.profile(), "--simulated", "--fast", "--json", "--log", log)
    lines = [line.split() for line in log.read_text(encoding="ascii").splitlines()]
    assert ["2AD9", "Fitness", "Machine", "Control", "Point", "07"] in [line[2:] for line in lines if line[1] == ">"]
    assert ["80", "07", "01"] in [line[-3:] for line in lines if line[1] == "<"]
    assert any(line[2:5] == ["2ACD", "Treadmill", "Data"] for line in lines)
    times = [float(line[0]) for line in lines]
    assert times == sorted(times)


def test_the_record_folder_can_be_named(program: Program) -> None:
    folder = program.folder / "elsewhere"
    program.run("run", program.profile(), "--simulated", "--fast", "--json", "--record", folder)
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("run",), 2, "Which profile?"),
        (("run", "retro-wlk", "--simulated"), 2, "did you mean 'retro-walk'"),
        (("run", "retro-walk", "--simulated", "horizon"), 2, "There is no machine file 'horizon'"),
        (("run", "retro-walk", "--fast"), 2, "--fast is for simulated treadmills only"),
        (("run", "retro-walk", "--yes"), 2, "--yes is for simulated treadmills only"),
        (("run", "retro-walk"), 2, "started by a person at a terminal"),
        (("run", "retro-walk", "--simulated", "--device", "x"), 2, "not both"),
        (("run", "retro-walk", "--simulated", "--units", "ell"), 2, "allowed is mph or km/h"),
        (("run", "retro-walk", "--simulated", "--record", "/dev/null"), 2, "Cannot write the record"),
        (("run", "retro-walk", "--simulated", "--log", "/no/such/place"), 2, "Cannot write the log"),
        (("run", "retro-walk", "--simulated", "xterra-t85", "--fast"), 4, "cannot run safely on this machine"),
        (
            ("--config", "mistyped.toml", "run", "retro-walk", "--simulated"),
            2,
            "There is no settings file mistyped.toml",
        ),
        (("--config", "/dev/null/x", "run", "retro-walk", "--simulated"), 2, "Cannot read the settings"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence_before_anything_moves(
    program: Program, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = program.run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("backstride: ")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not program.records.exists()


def test_a_fault_in_a_profile_is_named_with_its_line(program: Program) -> None:
    path = program.profile("name: Bad\nsteps:\n  - steady: {for: 20 s, sped: 1 mph}\n")
    done = program.run("run", path, "--simulated")
    assert done.returncode == 2
    assert f"{path}:3:" in done.stderr


def _read_until(process: subprocess.Popen[str], key: str, value: str) -> None:
    """Read events until `key` is `value`; fail if the output ends before."""
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get(key) == value:
            return
    pytest.fail(f"the output ended without {key} = {value}")


@contextmanager
def _moving(program: Program) -> Iterator[subprocess.Popen[str]]:
    """Start a walk of hours in virtual time, and wait until its belt moves; for real time see test_ends.py."""
    profile = program.profile("name: Long\nsteps:\n  - steady: {for: 6 h, speed: 1 mph}\n")
    process = program.start("run", profile, "--simulated", "--json", "--fast")
    try:
        _read_until(process, "state", "running")
        yield process
    finally:
        process.kill()
        process.communicate()


@needs_signals
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (1, 129)])
def test_s6_a_signal_stops_the_belt_before_the_program_goes(program: Program, number: int, code: int) -> None:
    with _moving(program) as process:
        process.send_signal(number)
        output, said = process.communicate(timeout=LONGEST)
    assert process.returncode == code
    assert said == "backstride: Interrupted. The belt stands.\n"
    summary = json.loads(output.splitlines()[-1])  # the first may be torn: what was read ahead of it is gone
    assert (summary["ending"], summary["belt_standing"]) == ("stopped", True)
    (record,) = program.records.iterdir()
    assert events(record.read_text(encoding="ascii"))[-1] == summary


@needs_signals
def test_s6_a_closed_pipe_stops_the_belt_without_a_word(program: Program) -> None:
    with _moving(program) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=LONGEST) == 128 + signal.SIGPIPE
        assert process.stderr.read() == ""
    (record,) = program.records.iterdir()
    assert events(record.read_text(encoding="ascii"))[-1]["belt_standing"] is True
