from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backstride.errors import RecordError
from backstride.record.journal import Journal
from backstride.record.recording import read_record
from backstride.workout.events import Cue, payload
from tests.unit.record.walks import header, short_walk

FULL = Path("/dev/full")

WRITER = """
import sys, time
from pathlib import Path
from backstride.record.journal import Journal
from tests.unit.record.walks import header, sample

with Journal.create(Path(sys.argv[1]), header()) as journal:
    second = 0
    while True:
        journal.write(sample(float(second)), float(second))
        print(second, flush=True)
        second += 1
"""


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_the_file_is_named_after_start_and_profile(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "new" / "folder", header()) as journal:
        assert journal.path == tmp_path / "new" / "folder" / "2026-11-22T10-58-03-retro-walk.jsonl"


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Rückwärts/5 %", "ruckwarts-5"), ("后退", "session"), ("..", "session"), ("a" * 90, "a" * 40), ("-a-", "a")],
)
def test_any_profile_name_makes_a_plain_file_name(tmp_path: Path, name: str, slug: str) -> None:
    with Journal.create(tmp_path, header(name)) as journal:
        assert journal.path.name == f"2026-11-22T10-58-03-{slug}.jsonl"


def test_a_name_that_is_taken_gets_a_number_and_nothing_is_overwritten(tmp_path: Path) -> None:
    names = []
    for text in ("one", "two", "three"):
        with Journal.create(tmp_path, header()) as journal:
            journal.write(Cue(text), 1.0)
            names.append(journal.path.stem.removeprefix("2026-11-22T10-58-03-"))
    assert names == ["retro-walk", "retro-walk-2", "retro-walk-3"]
    assert lines(tmp_path / "2026-11-22T10-58-03-retro-walk.jsonl")[1]["text"] == "one"


def test_header_events_and_summary_stand_one_a_line(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, header())
    for event, at in short_walk():
        journal.write(event, at)
    journal.close({"event": "summary", "t": 26.0})
    assert lines(journal.path) == [
        header().to_payload(),
        *(json.loads(json.dumps(payload(event, at))) for event, at in short_walk()),
        {"event": "summary", "t": 26.0},
    ]


def test_a_line_is_in_the_file_as_soon_as_it_is_written(tmp_path: Path) -> None:
    """S13: no buffer of ours stands between an event and the operating system."""
    with Journal.create(tmp_path, header()) as journal:
        journal.write(Cue("Upright"), 1.0)
        assert lines(journal.path)[-1] == {"event": "cue", "t": 1.0, "text": "Upright"}


def test_a_killed_process_leaves_every_sample_it_had_written(tmp_path: Path) -> None:
    """S13: SIGKILL in the middle of writing; what the process reported as written is there, the file opens."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        reported = [int(next(process.stdout)) for _ in range(200)]
        process.send_signal(signal.SIGKILL)
        reported += [int(line) for line in process.stdout.read().splitlines() if line]
    assert process.returncode == -signal.SIGKILL
    recording = read_record(next(tmp_path.iterdir()))
    written = [entry["t"] for entry in recording.entries()]
    assert not recording.complete
    assert written[: len(reported)] == reported
    assert written == list(range(len(written)))


def test_after_the_close_nothing_is_written_any_more(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, header())
    journal.close({"event": "summary", "t": 1.0})
    journal.write(Cue("late"), 2.0)
    journal.close({"event": "summary", "t": 2.0})
    assert lines(journal.path)[1:] == [{"event": "summary", "t": 1.0}]


def test_a_value_without_a_form_in_json_is_a_failed_record_not_a_crash(tmp_path: Path) -> None:
    with Journal.create(tmp_path, header()) as journal:
        with pytest.raises(RecordError, match="no form in JSON"):
            journal.append({"event": "x", "t": float("nan")})
        journal.append({"event": "x", "t": 1.0})
        assert len(lines(journal.path)) == 1


def test_text_that_is_no_unicode_is_written_all_the_same(tmp_path: Path) -> None:
    with Journal.create(tmp_path, header()) as journal:
        journal.write(Cue("a\udcffb\u2028"), 1.0)
        assert lines(journal.path)[1]["text"] == "a\udcffb\u2028"


@pytest.mark.skipif(not FULL.exists(), reason="this platform has no /dev/full")
def test_a_full_disk_raises_once_and_then_lets_the_session_go_on() -> None:
    journal = Journal(FULL, FULL.open("wb", buffering=0))
    with pytest.raises(RecordError, match="the disk is full"):
        journal.write(Cue("a"), 1.0)
    assert journal.failed is not None
    assert "the disk is full" in journal.failed
    journal.write(Cue("b"), 2.0)
    journal.close({"event": "summary", "t": 3.0})


@pytest.mark.skipif(not FULL.exists(), reason="this platform has no /dev/full")
def test_a_summary_that_finds_the_disk_full_is_told() -> None:
    journal = Journal(FULL, FULL.open("wb", buffering=0))
    with pytest.raises(RecordError, match="the disk is full"):
        journal.close({"event": "summary", "t": 3.0})


def test_what_cannot_be_brought_to_the_disk_at_the_end_is_told() -> None:
    reading, writing = os.pipe()  # a pipe takes every line, and no fsync
    journal = Journal(Path("pipe"), open(writing, "wb", buffering=0))  # noqa: SIM115, PTH123 - closed by the journal
    with pytest.raises(RecordError, match="Cannot write the record in pipe"):
        journal.close({"event": "summary", "t": 3.0})
    os.close(reading)
    assert journal.failed is not None


def test_a_line_that_only_half_fits_is_torn_and_the_record_still_opens(tmp_path: Path) -> None:
    with Journal.create(tmp_path, header()) as journal:
        journal.write(Cue("fits"), 1.0)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (journal.path.stat().st_size + 20, hard))
        try:
            with pytest.raises(RecordError, match="too large"):
                journal.write(Cue("does not fit any more"), 2.0)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    recording = read_record(journal.path)
    assert [entry["text"] for entry in recording.entries()] == ["fits"]
    assert recording.torn


def test_a_header_that_does_not_fit_is_told_at_once(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(RecordError, match="too large"):
            Journal.create(tmp_path, header())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_folder_that_is_a_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.touch()
    with pytest.raises(RecordError) as raised:
        Journal.create(file, header())
    assert str(raised.value) == (
        f"Cannot write the record in {file}: it is a file, not a folder. "
        "Choose another folder with --record or the setting `records`."
    )
    with pytest.raises(RecordError, match="a part of the path is a file"):
        Journal.create(file / "records", header())


def test_a_folder_without_permission_is_said_in_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may write everywhere; nobody may not
    try:
        with pytest.raises(RecordError, match="you have no permission to write there"):
            Journal.create(tmp_path, header())
    finally:
        os.seteuid(user)
