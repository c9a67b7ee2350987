"""`backstride run --simulated --fault …`: whatever goes wrong, the program ends by itself and says the truth."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from backstride.simulator.faults import CATALOGUE, Moment
from tests.e2e.command import Program, events

ROOT = Path(__file__).parents[2]
FINISHED, NO_MACHINE, FAULT = 0, 3, 5
UNPROVEN = {
    False: "backstride: THE BELT WAS MOVING WHEN IT WAS LAST SEEN.",
    None: "backstride: NOBODY CAN SEE WHETHER THE BELT STANDS.",
}
PROFILE = """\
name: Short
facing: backward
steps:
  - steady: {for: 12 s, speed: 1 mph, incline: 0 %}
  - ramp: {for: 12 s, to: 1.5 mph, incline: 1 %}
"""

ENDS = {
    "stop-ignored@stop": FAULT,
    "returns-other@20": FAULT,
    "silent": FAULT,
    "frozen@motion+5": FAULT,
    "write-lost@stop": FAULT,
    "console-start": FINISHED,
    "hang@stop": FINISHED,
    "adapter-lost=600": NO_MACHINE,
    "power-cut=600": NO_MACHINE,
    "adapter-lost=600@motion+5": FAULT,
    "adapter-unsaid=600@motion+5": FAULT,
    "late-motion=3 floor=2 link-lost=3@motion+8 doubled@reconnect": FINISHED,
}
"""How some runs end; several faults stand side by side."""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that doubles itself, as POSIX has it")


@dataclass(frozen=True)
class Run:
    """What is left of a run."""

    code: int
    out: str
    err: str
    records: tuple[list[dict[str, object]], ...]

    @property
    def said(self) -> set[bool | None]:
        """What was said of a belt that is not seen to stand."""
        return {standing for standing, words in UNPROVEN.items() if words in self.err}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Walk with each fault of the catalogue, and with those of `ENDS`."""
    folder = tmp_path_factory.mktemp("faults")
    program = Program(folder)
    faults = [*(f"{kind}@motion+5" for kind in CATALOGUE), *ENDS]
    profile = program.profile(PROFILE)
    subprocess.run(
        [sys.executable, "-m", "tests.e2e.forks", str(folder), str(profile), *faults],
        cwd=ROOT,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=600,
    )
    codes: list[int] = json.loads((folder / "codes.json").read_text(encoding="ascii"))
    return {fault: _left(folder, number, codes[number]) for number, fault in enumerate(faults)}


def _left(folder: Path, number: int, code: int) -> Run:
    out, err = ((folder / f"{number}.{name}").read_text(encoding="utf-8") for name in ("out", "err"))
    records = folder / str(number)
    paths = records.iterdir() if records.exists() else ()
    return Run(code, out, err, tuple(events(path.read_text(encoding="ascii")) for path in paths))


@needs_fork
@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_fault_ends_by_itself_with_a_code_that_fits(runs: dict[str, Run], kind: str) -> None:
    run = runs[f"{kind}@motion+5"]
    assert run.code in {FINISHED, FAULT}, run.err
    assert "Traceback" not in run.out + run.err
    (record,) = run.records
    summary = record[-1]
    assert summary["event"] == "summary"
    if run.code == FINISHED:
        assert (summary["ending"], summary["belt_standing"], run.err) == ("finished", True, "")
    else:
        assert summary["ending"] == "aborted"
        assert run.said == {summary["belt_standing"]} - {True}


@needs_fork
@pytest.mark.parametrize(("faults", "code"), ENDS.items())
def test_these_end_as_they_should(runs: dict[str, Run], faults: str, code: int) -> None:
    run = runs[faults]
    assert run.code == code, run.err
    assert "Traceback" not in run.out + run.err
    if code == NO_MACHINE:
        assert run.records == ()
        assert run.err.endswith(" Nothing has moved.\n")


@needs_fork
@pytest.mark.parametrize(
    ("faults", "standing"),
    [("stop-ignored@stop", False), ("returns-other@20", None), ("adapter-lost=600@motion+5", None)],
)
def test_s5_who_gave_up_on_a_belt_that_may_move_is_told_last_what_is_known_of_it(
    runs: dict[str, Run],
    faults: str,
    standing: bool | None,  # noqa: FBT001 - as pytest gives it
) -> None:
    run = runs[faults]
    assert run.err.rstrip().splitlines()[-1].startswith(UNPROVEN[standing])
    assert run.records[0][-1]["belt_standing"] is standing
    assert "Record: " in run.out.splitlines()[-1]


@needs_fork
def test_two_minutes_are_what_the_simulated_walker_gives_a_link(runs: dict[str, Run]) -> None:
    (record,) = runs["returns-other@20"].records
    lost = next(line["t"] for line in record if line.get("event") == "link")
    (stopping,) = [line for line in record if line.get("state") == "stopping" and line["event"] == "state"]
    assert stopping["reason"] == "nothing got on for two minutes"
    assert isinstance(lost, float)
    assert stopping["t"] == pytest.approx(lost + 120.0, abs=2.0)


def test_the_list_shows_every_kind_and_how_a_fault_is_written(program: Program) -> None:
    done = program.run("run", "--fault", "list")
    assert (done.returncode, done.stderr) == (0, "")
    words = re.findall(r"[a-z-]+", done.stdout)
    assert {*CATALOGUE} <= {*words}
    assert {*Moment} <= {*words}
    assert "link-lost=8@motion+20" in done.stdout


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("frosen", "There is no fault 'frosen'; did you mean frozen? `--fault list` shows them all."),
        ("frozen@noon", "There is no moment 'noon' for a fault; there are: connect, "),
        ("zero-glitch=0", "The fault zero-glitch takes whole numbers from 1 to 1000 (records), not 0."),
        ("link-lost/8", "The fault link-lost happens at an instant and takes no /SECONDS: write link-lost=8."),
    ],
)
def test_a_fault_that_is_none_is_wrong_input(program: Program, fault: str, sentence: str) -> None:
    done = program.run("run", program.profile(), "--simulated", "--fast", "--fault", fault)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"backstride: {sentence}")
    assert done.stderr.count("\n") == 1


def test_a_real_treadmill_gets_no_faults(program: Program) -> None:
    done = program.run("run", program.profile(), "--device", "Horizon", "--fault", "silent")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("backstride: --fault is for simulated treadmills only; leave it out, or add --simulated.\n")


def test_a_machine_file_with_a_wrong_fault_is_wrong_input_that_names_it(program: Program) -> None:
    mine = program.folder / "mine.toml"
    mine.write_text('model = "Mine"\nsummary = "A treadmill."\nfaults = ["silnt"]\n', encoding="utf-8")
    done = program.run("run", program.profile(), "--simulated", mine, "--fast")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "backstride: The machine file 'mine' cannot be simulated: There is no fault 'silnt'; did you mean silent? "
        "`--fault list` shows them all.\n"
    )


def test_a_machine_file_brings_its_faults_to_the_command_line(program: Program) -> None:
    mine = program.folder / "mine.toml"
    mine.write_text('model = "Mine"\nsummary = "A treadmill."\nfaults = ["no-motion"]\n', encoding="utf-8")
    done = program.run("run", program.profile(), "--simulated", mine, "--fast")
    assert done.returncode == FAULT
    assert "the belt did not start" in done.stdout
