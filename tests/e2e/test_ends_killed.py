"""S13: a walk killed at any instant leaves a record that opens, lacks at most a second, and can be listed and shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backstride.apps.cli.main import app
from backstride.apps.cli.options import Common
from backstride.record.recording import RecordInfo, list_records, read_record
from tests.support.killed import Killed

KILLS = int(os.environ.get("BACKSTRIDE_KILLS", "200"))
SEED = int(os.environ.get("BACKSTRIDE_SEED", "3"))

ONE_SECOND = 1.0
LATE = 0.25
"""Seconds by which a sample may be late on a machine that does much else."""

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="walks are forked and killed as POSIX has it")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def killed(folder: Path) -> list[Killed]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killed", str(folder), str(KILLS), str(SEED)],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60 + KILLS,
        check=True,
    )
    return [Killed(**json.loads(line)) for line in done.stdout.splitlines()]


def _recorded(killed: list[Killed]) -> list[tuple[Killed, Path]]:
    return [(one, Path(one.record)) for one in killed if one.record is not None]


def test_the_kills_fall_into_every_part_of_a_walk(killed: list[Killed]) -> None:
    assert len(killed) == KILLS
    states = {
        str([entry.get("state") for entry in read_record(path).entries() if "state" in entry][-1])
        for one, path in _recorded(killed)
        if one.told
    }
    assert {"starting", "running", "stopping"} <= states
    assert len(_recorded(killed)) > 0.8 * KILLS


def test_s13_every_record_opens_and_lacks_nothing_that_was_told_and_at_most_a_second(killed: list[Killed]) -> None:
    for one, path in _recorded(killed):
        recording = read_record(path)
        entries = list(recording.entries())
        instants = [float(str(entry["t"])) for entry in entries]
        assert instants[: len(one.told)] == one.told
        assert not recording.running
        if not recording.complete:
            missing = one.clock - max([0.0, *instants])
            assert missing <= ONE_SECOND + LATE, f"{path}: killed at {one.clock:.2f}, recorded up to {instants[-3:]}"


def test_s13_a_walk_that_did_not_live_to_tell_of_its_record_leaves_none_or_an_empty_one(
    killed: list[Killed], folder: Path
) -> None:
    told, found = {path for _, path in _recorded(killed)}, set(folder.iterdir())
    assert told <= found
    assert [path for path in found - told if path.stat().st_size and list(read_record(path).entries())] == []


def test_s13_every_killed_walk_is_listed_as_interrupted(killed: list[Killed], folder: Path) -> None:
    told = {path for _, path in _recorded(killed)}
    infos = [info for info in list_records(folder) if info.path in told]
    assert len(infos) == len(told)
    assert [info for info in infos if info.unreadable is not None or info.running] == []
    listed = _said("records", "--record", str(folder)).splitlines()
    for info in infos:
        (line,) = [line for line in listed if line.startswith(f"{info.path.stem} ")]
        assert line.split()[-1] == _expected(info)
    assert sum("interrupted" in line for line in listed) > len(infos) / 2  # a busy computer kills some after their end


def test_s13_every_killed_walk_can_be_shown(killed: list[Killed]) -> None:
    for _, path in _recorded(killed):
        ending = "Stopped" if read_record(path).complete else "Interrupted: the record has no end."
        assert ending in _said("show", str(path))


def _expected(info: RecordInfo) -> str:
    return "stopped" if read_record(info.path).complete else "interrupted"


def _said(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, obj=Common(), env={"BACKSTRIDE_CONFIG": os.devnull, "COLUMNS": "100"})
    assert done.exit_code == 0, done.output
    return done.stdout
