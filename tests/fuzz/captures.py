"""The reader of captures, and what is made of a capture that could be read."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from backstride.capture.file import Captured, read_capture, write_capture
from backstride.capture.redaction import redacted
from backstride.capture.timeline import contents, timeline
from backstride.errors import CaptureError, ConfigError
from backstride.machines.facts import GENERIC, load_facts
from backstride.protocol import uuids
from backstride.simulator.gatt import AttFault, Cccd
from backstride.simulator.replay import Replay
from backstride.simulator.replayed import facts_in
from backstride.simulator.script import script_of
from tests.fuzz import seeds
from tests.fuzz.documents import Choices, as_json_lines, changed

if TYPE_CHECKING:
    from backstride.machines.facts import MachineFacts

WORDS: Final = (
    *("capture", "started", "backstride", "address", "name", "redacted", "t", "event", "request", "operation", "uuid"),
    *("hex", "failure", "trouble", "att_error", "services", "handle", "characteristics", "properties", "descriptors"),
    *("connecting", "connected", "not connected", "recognised", "asked", "answered", "heard", "link lost", "let go"),
    *("closed", "read", "write", "command", "subscribe", "pair", "att", "bluez", "timeout", "given up", "facts"),
    *("2ACD", "2AD9", "2A25", "2A00", "2A23", "02 2c 01", "8c 05", "", "AA:BB:CC:DD:EE:FF", "\ud800", "1e12", "NaN"),
    *("2026-11-22T10:58:03", "2026-11-22T10:58:03+00:00", "0001-01-01T00:00:00+23:59", "indicate", "notify", "mtu"),
)


def capture(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "any.capture.jsonl")
        path.write_bytes(content)
        captured = _read(path)
        if captured is None:
            return
        for number, one in enumerate((captured, redacted(captured))):
            again = Path(folder, f"{number}")
            write_capture(again, one)
            assert read_capture(again) == Captured(one.header, one.entries)
            assert all(map(str, timeline(one)))
            assert list(contents(one))
            _replays(one)


def _read(path: Path) -> Captured | None:
    try:
        return read_capture(path)
    except CaptureError as caught:
        error = caught
    assert error.file == str(path)
    assert 0 <= error.line <= path.read_bytes().count(b"\n") + 1
    return None


def capture_text(octets: bytes) -> bytes:
    """Return a short capture, changed and cut off as `octets` say; with none it is whole."""
    choices = Choices(octets)
    return as_json_lines(changed(list(seeds.capture_lines()), choices, WORDS), choices)


def _replays(captured: Captured) -> None:
    """Connect to what was captured, subscribe, start, and wait a while."""
    try:
        replay = Replay(script_of(captured), _facts(captured))
    except CaptureError:
        return
    connection = replay.connect(mtu=247)
    for uuid in (uuids.TREADMILL_DATA, uuids.CONTROL_POINT):
        for value in Cccd:
            _attempt(lambda uuid=uuid, value=value: replay.subscribe(connection, uuid, value, 0.0))
    _attempt(lambda: replay.read(uuids.FITNESS_MACHINE_FEATURE, 0.1))
    _attempt(lambda: replay.write(connection, uuids.CONTROL_POINT, b"\x07", 0.2))
    for _ in range(20):
        deadline = replay.next_deadline()
        if deadline is None:
            return
        replay.poll(deadline)
        replay.take_happenings()


def _attempt(act: object) -> None:
    assert callable(act)
    try:
        act()
    except AttFault:
        return


def _facts(captured: Captured) -> MachineFacts:
    try:
        return facts_in(captured)
    except ConfigError:
        return load_facts(GENERIC)
