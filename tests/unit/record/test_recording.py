from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backstride.errors import RecordError
from backstride.record.journal import Journal
from backstride.record.recording import list_records, read_record
from backstride.record.tally import Tally
from backstride.workout.events import payload
from tests.unit.record.walks import PLAN, STARTED, header, sample, short_walk

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def written(folder: Path, *, whole: bool = True, name: str = "Retro walk", started: datetime = STARTED) -> Path:
    tally = Tally(PLAN)
    with Journal.create(folder, header(name, started)) as journal:
        for event, at in short_walk():
            journal.write(event, at)
            tally.feed(payload(event, at))
        if whole:
            journal.close(tally.summary().to_payload())
    return journal.path


def test_a_whole_record_is_read_back(tmp_path: Path) -> None:
    recording = read_record(written(tmp_path))
    assert recording.header == header()
    assert recording.complete
    assert not recording.torn
    names = [entry["event"] for entry in recording.entries()]
    assert names.count("sample") == 22
    assert names[-2:] == ["ended", "summary"]


def test_entries_can_be_walked_twice(tmp_path: Path) -> None:
    recording = read_record(written(tmp_path))
    assert list(recording.entries()) == list(recording.entries())


def test_the_summary_read_back_is_the_one_that_was_written(tmp_path: Path) -> None:
    recording = read_record(written(tmp_path))
    *_, last = recording.entries()
    assert json.loads(json.dumps(recording.summary().to_payload())) == last


def test_a_record_without_summary_is_interrupted(tmp_path: Path) -> None:
    recording = read_record(written(tmp_path, whole=False))
    assert not recording.complete
    assert not recording.torn


def test_a_last_line_cut_off_at_any_octet_is_left_out(tmp_path: Path) -> None:
    """S13: wherever the kill falls, the lines before stay readable."""
    path = written(tmp_path, whole=False)
    whole = path.read_bytes()
    before = list(read_record(path).entries())
    start = whole.rindex(b"\n", 0, -1) + 1
    for end in range(start, len(whole) - 1):
        path.write_bytes(whole[:end])
        recording = read_record(path)
        assert list(recording.entries()) == before[:-1]
        assert recording.torn is (end > start)
        assert not recording.complete
    path.write_bytes(whole[:-1])  # only the line feed is missing: nothing is lost
    assert list(read_record(path).entries()) == before


def test_a_header_without_line_feed_is_a_record_without_events(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(header().to_payload()))
    recording = read_record(path)
    assert list(recording.entries()) == []
    assert not recording.torn


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not text"),
        (b"3", "not a JSON object"),
        (b'{"t":1}', "an event without its name or its time"),
        (b'{"event":"cue"}', "an event without its name or its time"),
        (b'{"event":"cue","t":NaN}', "NaN is not JSON"),
        (b'{"event":"cue","t":1e999}', "an event without its name or its time"),
        (b'{"event":"cue","t":' + b"9" * 400 + b"}", "an event without its name or its time"),
        (b"[" * 200_000, "nested too deep"),
        (b"", "not JSON"),
    ],
)
def test_damage_before_the_last_line_is_refused_with_file_and_line(tmp_path: Path, line: bytes, why: str) -> None:
    path = written(tmp_path)
    content = path.read_bytes().split(b"\n")
    content[4] = line
    path.write_bytes(b"\n".join(content))
    with pytest.raises(RecordError, match=rf"retro-walk\.jsonl, line 5: {why}"):
        list(read_record(path).entries())


def test_a_last_line_that_is_damaged_but_not_cut_off_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, whole=False)
    with path.open("ab") as file:
        file.write(b"{\n")
    with pytest.raises(RecordError, match="not JSON"):
        list(read_record(path).entries())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "line 1: not JSON"),
        (b"\x00\x01", "line 1: not JSON"),
        (b"[]\n", "line 1: this is not the header"),
        (b'{"schema":1,"kind":"hea', "line 1: not JSON"),
        (b'{"schema":99,"kind":"header"}\n', "newer Backstride"),
    ],
)
def test_a_file_without_header_is_no_record(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=why):
        read_record(path)


def test_a_file_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"Cannot read the record .*a\.jsonl: no such file or directory\."):
        read_record(tmp_path / "a.jsonl")


def test_a_path_that_no_file_can_have_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="Cannot read the record"):
        read_record(tmp_path / "a\0b")


def test_a_line_longer_than_any_of_a_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b" " * (16 * 1024 * 1024))
    with pytest.raises(RecordError, match="line 1: longer than any line"):
        read_record(path)


def test_the_last_line_is_found_across_blocks(tmp_path: Path) -> None:
    path = written(tmp_path, whole=False)
    with path.open("ab") as file:
        file.write(json.dumps({"event": "summary", "t": 26, "steps": ["x" * 200_000]}).encode() + b"\n")
    assert read_record(path).complete


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), has_header=st.booleans())
def test_any_bytes_are_a_recording_or_a_record_error(tmp_path: Path, body: bytes, has_header: bool) -> None:  # noqa: FBT001
    path = tmp_path / "any.jsonl"
    path.write_bytes((json.dumps(header().to_payload()).encode() + b"\n" if has_header else b"") + body)
    with contextlib.suppress(RecordError):
        recording = read_record(path)
        assert recording.header == header()
        recording.summary().to_payload()


JSON = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}))
EVENTS = st.sampled_from(["sample", "step", "step_end", "state", "ended", "held", "summary", "other"])
KEYS = st.sampled_from(
    ["distance_m", "climb_m", "speed_km_h", "incline_percent", "heart_rate_bpm", "step", "state", "how", "walked_s"]
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(st.tuples(EVENTS, JSON, st.dictionaries(KEYS, JSON)), max_size=6))
def test_any_json_values_are_a_summary_or_a_record_error(
    tmp_path: Path, entries: list[tuple[str, object, dict[str, object]]]
) -> None:
    path = tmp_path / "any.jsonl"
    rows = [header().to_payload(), *({**values, "event": event, "t": at} for event, at, values in entries)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with contextlib.suppress(RecordError):
        recording = read_record(path)
        json.dumps(recording.summary(70.0).to_payload(), allow_nan=False)
    assert len(list_records(tmp_path)) == 1


def test_records_are_listed_newest_first(tmp_path: Path) -> None:
    for days, name in ((1, "b"), (3, "d"), (0, "a"), (2, "c")):
        written(tmp_path, name=name, started=STARTED + timedelta(days=days))
    infos = list_records(tmp_path)
    assert [info.profile for info in infos] == ["d", "c", "b", "a"]
    assert infos[0].started == STARTED + timedelta(days=3)
    assert infos[0].machine == "Belt"
    assert (infos[0].duration_s, infos[0].distance_m, infos[0].ending) == (21.0, 30.0, "stopped")
    assert infos[0].unreadable is None


def test_an_interrupted_record_is_listed_with_what_was_walked(tmp_path: Path) -> None:
    with Journal.create(tmp_path, header()) as journal:
        for second in range(8):
            journal.write(sample(float(second)), float(second))
    (info,) = list_records(tmp_path)
    assert (info.duration_s, info.distance_m, info.ending) == (7.0, 7.0, None)


def test_what_cannot_be_read_is_listed_last_with_the_reason(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "zz.jsonl").write_text("no record\n")
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "notes.txt").write_text("not listed")
    good, *bad = list_records(tmp_path)
    assert good.unreadable is None
    assert sorted(info.path.name for info in bad) == ["folder.jsonl", "zz.jsonl"]
    reasons = " ".join(info.unreadable or "" for info in bad)
    assert "zz.jsonl, line 1: not JSON" in reasons
    assert "is a directory" in reasons


def test_a_folder_that_does_not_exist_holds_no_records(tmp_path: Path) -> None:
    assert list_records(tmp_path / "none") == []


def test_a_folder_that_is_a_file_cannot_be_listed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match="Cannot read the records"):
        list_records(tmp_path / "file")


def test_entries_are_read_one_at_a_time(tmp_path: Path) -> None:
    """Damage further down says nothing until it is reached: the file is never read as a whole."""
    path = written(tmp_path)
    with path.open("ab") as file:
        file.write(b"damage\n" + b'{"event":"cue","t":1}\n')
    entries = read_record(path).entries()
    assert [next(entries)["event"] for _ in range(3)] == ["sample", "step", "sample"]
    with pytest.raises(RecordError):
        list(entries)
