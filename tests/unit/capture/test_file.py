"""Captures as files: written as it happens, read strictly, and whole after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from backstride.capture import events
from backstride.capture.events import Answered, Asked, Failure, Heard, Operation, Trouble
from backstride.capture.file import SUFFIX, Capture, Captured, read_capture, write_capture
from backstride.capture.header import HEADER, Header
from backstride.capture.lines import FORMS, Entry, from_line, to_line
from backstride.capture.schema import capture_schema, schema_text
from backstride.errors import CaptureError
from backstride.protocol import uuids
from tests.support.captures import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
HEADER_OF_A_TEST = Header(
    1, datetime(2026, 11, 25, tzinfo=UTC), "1", "3", "3.11", "Linux", address="AA:BB", name="Sole"
)
WRITER = """
import sys, time
from pathlib import Path
from backstride.capture.events import Heard
from backstride.capture.file import Capture
from backstride.protocol.uuids import TREADMILL_DATA
from tests.unit.capture.test_file import HEADER_OF_A_TEST

with Capture.create(Path(sys.argv[1]), HEADER_OF_A_TEST, time.monotonic) as capture:
    while True:
        capture.trace(Heard(TREADMILL_DATA, bytes(4)))
        print("written", flush=True)
"""


def captured(path: Path, *told: events.Event) -> Path:
    times = iter(range(100, 200))
    with Capture.create(path, HEADER_OF_A_TEST, lambda: float(next(times))) as capture:
        for event in told:
            capture.trace(event)
    return path


def test_a_line_says_what_crossed_and_what_it_means(tmp_path: Path) -> None:
    path = captured(tmp_path / "a", Asked(1, Operation.WRITE, uuids.CONTROL_POINT, b"\x02\x2c\x01"))
    assert json.loads(path.read_text().splitlines()[1]) == {
        "t": 1.0,
        "event": "asked",
        "request": 1,
        "operation": "write",
        "uuid": "2AD9",
        "hex": "02 2c 01",
        "what": "Fitness Machine Control Point",
        "says": {"op_code": "set_target_speed", "op_code_raw": 2, "target_speed_km_h": 3.0},
    }


def test_what_was_written_is_read(tmp_path: Path) -> None:
    told = (
        events.Connecting("AA:BB", "Sole"),
        Asked(1, Operation.READ, uuids.SERIAL_NUMBER),
        Answered(1, uuids.SERIAL_NUMBER, failure=Failure(Trouble.ATT, att_error=5)),
        Heard("12345678-0000-0000-0000-000000000000", b"", indication=True),
        events.LetGo("ten seconds of silence"),
        events.Closed(Failure(Trouble.BLUEZ, "went away", name="org.bluez.Error.Failed")),
    )
    read = read_capture(captured(tmp_path / "a", *told))
    assert read.header == HEADER_OF_A_TEST
    assert [entry.event for entry in read.entries] == list(told)
    assert [entry.t for entry in read.entries] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    write_capture(tmp_path / "b", read)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


TEXTS = st.text(max_size=12)
OCTETS = st.binary(max_size=24)
FAILURES = st.builds(Failure, st.sampled_from(Trouble), TEXTS, st.none() | st.integers(0, 255), st.none() | TEXTS)
UUIDS = st.sampled_from([uuids.CONTROL_POINT, uuids.TREADMILL_DATA, uuids.SERIAL_NUMBER]) | st.uuids().map(str)
PROPERTIES = st.lists(st.sampled_from(["read", "write", "notify"]), max_size=3).map(tuple)
DESCRIPTORS = st.lists(st.builds(events.Descriptor, UUIDS, st.integers(0, 99)), max_size=2).map(tuple)
CHARACTERISTICS = st.lists(
    st.builds(events.Characteristic, UUIDS, st.integers(0, 99), PROPERTIES, DESCRIPTORS), max_size=2
).map(tuple)
SERVICES = st.lists(st.builds(events.Service, UUIDS, st.integers(0, 99), CHARACTERISTICS), max_size=2).map(tuple)
EVENTS: st.SearchStrategy[Any] = st.one_of(
    st.builds(events.Connecting, TEXTS, st.none() | TEXTS),
    st.builds(events.NotConnected, FAILURES),
    st.builds(events.Connected, st.none() | st.integers(0, 517), SERVICES),
    st.builds(events.Recognised, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=2)),
    st.builds(Asked, st.integers(0, 99), st.sampled_from(Operation), UUIDS, st.none() | OCTETS),
    st.builds(Answered, st.integers(0, 99), UUIDS, st.none() | OCTETS, st.none() | FAILURES),
    st.builds(Heard, UUIDS, OCTETS, st.booleans()),
    st.builds(events.LinkLost),
    st.builds(events.LetGo, TEXTS),
    st.builds(events.Closed, st.none() | FAILURES),
)
VALIDATOR = Draft202012Validator(capture_schema())


@given(t=st.floats(0, 1e6).map(lambda t: round(t, 6)), event=EVENTS)
def test_every_event_is_read_as_it_was_written_and_fits_the_schema(t: float, event: events.Event) -> None:
    line = json.loads(json.dumps(to_line(Entry(t, event))))
    assert from_line(line) == Entry(t, event)
    VALIDATOR.validate(line)


def test_every_kind_of_event_has_a_form_with_all_its_attributes() -> None:
    for form in (*FORMS.values(), HEADER):
        assert {key.name for key in form.keys} == {one.name for one in fields(form.kind)}


def test_the_schema_is_a_schema_and_the_committed_file_is_the_generated_one() -> None:
    Draft202012Validator.check_schema(capture_schema())
    command = [sys.executable, "-m", "backstride.capture"]
    generated = subprocess.run(command, capture_output=True, check=True).stdout
    assert (ROOT / "docs" / "capture.schema.json").read_bytes() == generated, "run: make schema"
    assert generated == schema_text().encode()


@pytest.mark.parametrize("path", sorted(FOLDER.glob(f"*{SUFFIX}")), ids=lambda path: path.stem)
def test_every_fixture_fits_the_schema(path: Path) -> None:
    for line in path.read_text(encoding="ascii").splitlines():
        VALIDATOR.validate(json.loads(line))


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (lambda lines: [b"", *lines], 1, "no JSON"),
        (lambda lines: [b"[]", *lines], 1, "expected an object"),
        (lambda lines: [lines[0].replace(b'"capture":1', b'"capture":2'), *lines[1:]], 1, "newer Backstride"),
        (lambda lines: [lines[0].replace(b'"name"', b'"nome"'), *lines[1:]], 1, "'nome' is no key"),
        (lambda lines: [lines[0].replace(b"+00:00", b""), *lines[1:]], 1, "zone"),
        (lambda lines: [lines[0], lines[1][:-9], *lines[1:]], 2, "no JSON"),
        (lambda lines: [lines[0], b'{"event":"link lost"}', *lines[1:]], 2, "t is missing"),
        (lambda lines: [lines[0], b'{"t":-1,"event":"link lost"}', *lines[1:]], 2, "t: found -1"),
        (lambda lines: [lines[0], b'{"t":NaN,"event":"link lost"}', *lines[1:]], 2, "not JSON"),
        (lambda lines: [lines[0], b'{"t":0,"event":"rained"}', *lines[1:]], 2, "expected one of: connecting"),
        (lambda lines: [lines[0], b'{"t":0,"event":"heard","uuid":"2ACD"}', *lines[1:]], 2, "hex is missing"),
        (lambda lines: [lines[0], b'{"t":0,"event":"link lost","says":{}}', *lines[1:]], 2, "'says' is no key"),
        (lambda lines: [*lines, b'{"t":0,"event":"link lost"}'], 4, "comes after"),
        (lambda lines: [*lines, lines[2]], 4, "nothing of the kind was asked"),
        (lambda lines: [*lines, lines[1].replace(b'"t":1.0', b'"t":9.0')], 4, "request: 1 follows 1"),
        (lambda lines: [lines[0], b'{"t":0,"event":"heard","uuid":"2ACD","hex":"0g"}'], 2, "hex: found '0g'"),
        (lambda lines: [lines[0], b'{"t":0,"event":"heard","uuid":"2AC","hex":""}'], 2, "uuid: found '2AC'"),
        (lambda lines: [lines[0], b"[" * 99_999], 2, "nested too deep"),
    ],
)
def test_damage_is_told_with_file_and_line(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]], line: int, says: str
) -> None:
    path = captured(tmp_path / "a", Asked(1, Operation.PAIR), Answered(1))
    path.write_bytes(b"".join(one + b"\n" for one in change(path.read_bytes().splitlines())))
    with pytest.raises(CaptureError, match=says) as caught:
        read_capture(path)
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert str(caught.value).startswith(f"{path}, line {line}: ")


def test_a_last_line_that_is_cut_off_is_left_out_and_told(tmp_path: Path) -> None:
    path = captured(tmp_path / "a", events.LinkLost(), events.LetGo("the end"))
    path.write_bytes(path.read_bytes()[:-7])
    read = read_capture(path)
    assert [entry.event for entry in read.entries] == [events.LinkLost()]
    assert read.cut


@pytest.mark.parametrize("content", [b"", b'{"capture":1'])
def test_a_file_without_a_whole_line_is_no_capture(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(CaptureError, match="no whole line"):
        read_capture(tmp_path / "a")


def test_what_is_not_there_or_there_already_is_said(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no such file"):
        read_capture(tmp_path / "none")
    path = captured(tmp_path / "a")
    with pytest.raises(CaptureError, match="There is already a file"):
        captured(path)
    with pytest.raises(CaptureError, match="There is already a file"):
        write_capture(path, read_capture(path))
    with pytest.raises(CaptureError, match="Cannot write the capture"):
        captured(tmp_path / "none" / "a")
    with pytest.raises(CaptureError, match="Cannot write the capture"):
        write_capture(tmp_path / "none" / "a", Captured(HEADER_OF_A_TEST, ()))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")  # noqa: PTH110 - at import
def test_a_full_disk_ends_the_capture_and_not_the_walk(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        capture = Capture(tmp_path / "a", full, lambda: 0.0)
        for _ in range(2):
            capture.trace(events.LinkLost())
        assert capture.failed is not None
        assert "the disk is full" in capture.failed
        capture.close()
        capture.close()


def test_s13_a_killed_process_leaves_everything_it_had_captured(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        seen = sum(1 for _ in zip(range(50), process.stdout, strict=False))
        process.send_signal(signal.SIGKILL)
    assert len(read_capture(path).entries) >= seen
