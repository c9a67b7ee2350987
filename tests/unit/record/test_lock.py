"""Telling a record that is being written from one that was left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from backstride.record.journal import Journal
from backstride.record.lock import is_locked, lock
from backstride.record.recording import list_records, read_record
from backstride.workout.events import Cue
from tests.unit.record.walks import header

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys, time
from pathlib import Path
from backstride.record.journal import Journal
from tests.unit.record.walks import header

journal = Journal.create(Path(sys.argv[1]), header())
print("open", flush=True)
time.sleep(60)
"""


def _is_running(folder: Path) -> bool:
    (info,) = list_records(folder)
    assert read_record(info.path).running is info.running
    return info.running


def test_a_record_is_running_from_its_header_to_its_summary(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, header())
    assert _is_running(tmp_path)
    journal.write(Cue("Upright"), 1.0)
    assert _is_running(tmp_path)
    journal.close({"event": "summary", "t": 1.0})
    assert not _is_running(tmp_path)


def test_a_record_that_was_given_up_is_not_running(tmp_path: Path) -> None:
    with Journal.create(tmp_path, header()):
        assert _is_running(tmp_path)
    assert not _is_running(tmp_path)


def test_s13_a_killed_program_leaves_no_record_that_looks_as_if_it_were_running(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert next(process.stdout) == "open\n"
        assert _is_running(tmp_path)
        process.send_signal(signal.SIGKILL)
    assert not _is_running(tmp_path)


def test_looking_at_a_record_locks_nobody_out(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    first, second = os.open(path, os.O_RDONLY), os.open(path, os.O_WRONLY)
    assert not is_locked(first)
    lock(second)
    assert is_locked(first)
    os.close(second)
    assert not is_locked(first)
    os.close(first)


def test_where_files_cannot_be_locked_nothing_is_running() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    lock(writing)
    assert not is_locked(writing)
