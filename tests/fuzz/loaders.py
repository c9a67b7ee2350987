"""The readers of files: profiles, records and machine files, whatever a disk or a person hands over.

Each is fuzzed twice: with any octets as the file, and with octets that change a good file in a few places.
"""

from __future__ import annotations

import json
import math
from functools import reduce
from io import StringIO
from operator import or_
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from backstride.errors import BackstrideError, ConfigError, ProfileError, RecordError
from backstride.machines.facts import load_facts
from backstride.protocol.features import Features, MachineFeature, TargetSetting, encode_features
from backstride.protocol.ranges import InclinationRange, SpeedRange, encode_inclination_range, encode_speed_range
from backstride.record.charts import draw_curves, draw_steps
from backstride.record.curves import Curves
from backstride.record.export import write_csv
from backstride.record.header import Header
from backstride.record.recording import Recording, list_records, read_record
from backstride.units import Incline, Speed
from backstride.workout.profile import load_profile, read_profile, to_yaml
from backstride.workout.profile.sections import KEY_SYNONYMS, LIMITS, PROFILE, STEPS
from tests.fuzz import seeds
from tests.fuzz.captures import capture, capture_text
from tests.fuzz.documents import Choices, as_json_lines, as_toml, as_yaml, changed
from tests.fuzz.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from backstride.machines.facts import InclineFacts, MachineFacts
    from backstride.workout.profile import Profile


def profile(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "any.yaml")
        path.write_bytes(content)
        _is_a_profile_or_not(lambda: load_profile(path), content.decode("utf-8", "replace"))


def profile_tree(octets: bytes) -> None:
    text = profile_text(octets)
    _is_a_profile_or_not(lambda: read_profile(text, "any.yaml"), text)


def profile_text(octets: bytes) -> str:
    """Return a shipped profile, changed as `octets` say; with none it is the first, unchanged."""
    choices = Choices(octets)
    return as_yaml(changed(choices.among(seeds.profile_trees()), choices, PROFILE_WORDS)).lstrip()


PROFILE_WORDS: Final = (
    *{key for section in (PROFILE, LIMITS, *STEPS.values()) for key in section.names},
    *STEPS,
    *KEY_SYNONYMS,
    *("0", "1", "3", "200", "0 s", "1 s", "90 s", "1:30", "3 min", "6 h", "24 h", "999 h", "10 m", "200 m", "50 km"),
    *("0 mph", "2.6 mph", "4.2 km/h", "25 km/h", "999999999 mph", "24:00 /mi", "0:00 /km", "2 %", "-15 %", "40 %"),
    *("confirmed", "backward", "forward", "both", "one", "none", "3 m", "5 %%", "1.5.2", "٣ mph", "\N{MINUS SIGN}2 %"),
)
_LINE_BREAKS: Final = "\n\r\x85\u2028\u2029"


def _is_a_profile_or_not(load: Callable[[], Profile], text: str) -> None:
    try:
        loaded = load()
    except ProfileError as error:
        _points_into(text, error)
        return
    assert read_profile(to_yaml(loaded), "again.yaml") == loaded


def _points_into(text: str, error: ProfileError) -> None:
    assert str(error)
    assert error.file
    assert 0 <= error.line <= sum(map(text.count, _LINE_BREAKS)) + 2


def _explains(error: BackstrideError) -> None:
    assert str(error)


def journal(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "any.jsonl")
        path.write_bytes(content)
        recording = _opened(path)
        (info,) = list_records(Path(folder))
        assert info.unreadable is None or "\n" not in info.unreadable
        if recording is None:
            assert info.unreadable is not None
            return
        assert not (recording.complete and recording.torn)
        if _walked_over(recording) and info.unreadable is None:
            _sums_up(recording)


def _opened(path: Path) -> Recording | None:
    try:
        recording = read_record(path)
    except RecordError as error:
        _explains(error)
        return None
    header = json.loads(json.dumps(recording.header.to_payload(), allow_nan=False))
    assert Header.from_payload(header) == recording.header
    return recording


def _walked_over(recording: Recording) -> bool:
    """Read every event; return False if a line is damaged."""
    try:
        for entry in recording.entries():
            assert isinstance(entry["event"], str)
            assert isinstance(entry["t"], int | float)
    except RecordError as error:
        _explains(error)
        return False
    return True


def _sums_up(recording: Recording) -> None:
    summary = recording.summary(body_mass_kg=70)
    curves = Curves.of_samples(recording.entries())
    assert draw_curves(curves, width=30, height=10)
    assert draw_curves(Curves.of_plan(recording.header.plan), width=30, height=10)
    assert draw_steps(summary.steps, width=30)
    write_csv(recording.entries(), StringIO())
    assert math.isfinite(summary.distance)
    assert summary.duration >= 0
    json.dumps(summary.to_payload(), allow_nan=False)


def journal_tree(octets: bytes) -> None:
    journal(journal_text(octets))


def journal_text(octets: bytes) -> bytes:
    """Return a short record, changed and cut off as `octets` say; with none it is whole."""
    choices = Choices(octets)
    return as_json_lines(changed(list(seeds.journal_lines()), choices, JOURNAL_WORDS), choices)


JOURNAL_WORDS: Final = (
    *("event", "t", "sample", "state", "step", "step_end", "held", "console", "warning", "ended", "summary", "header"),
    *("kind", "schema", "started", "version", "profile", "machine", "plan", "name", "ref", "address", "model", "label"),
    *("facing", "planned_s", "planned_m", "speed_from_km_h", "incline_to_percent", "speed_km_h", "incline_percent"),
    *("distance_m", "climb_m", "heart_rate_bpm", "energy_kcal", "machine_distance_m", "steps", "stale", "ending"),
    *("reason", "belt_standing", "how", "walked_s", "running", "starting", "stopped", "forward", "backward", "\ud800"),
    *("2026-11-22T10:58:03", "2026-11-22T10:58:03+00:00", "0001-01-01T00:00:00+23:59", "9999-12-31", "-1", "NaN"),
)


def machine_file(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "any.toml")
        path.write_bytes(content)
        try:
            facts = load_facts(str(path))
        except ConfigError as error:
            _explains(error)
            return
    _can_be_simulated(facts)


def _can_be_simulated(facts: MachineFacts) -> None:
    """Make sure that every figure of the file has a place on the wire, and none makes the arithmetic fail."""
    speed = facts.speed
    encode_speed_range(SpeedRange(speed.minimum, speed.maximum, speed.increment))
    encode_features(Features(MachineFeature(0), reduce(or_, facts.control.targets, TargetSetting(0))))
    for figure in (speed.slowest, speed.fastest, Speed(0), Speed(0xFFFF)):
        speed.nearest(figure)
    if facts.incline is not None:
        _can_be_climbed(facts.incline)
    json.dumps(facts.model_dump(mode="json"), allow_nan=False)


def _can_be_climbed(incline: InclineFacts) -> None:
    encode_inclination_range(InclinationRange(incline.minimum, incline.maximum, incline.increment))
    for number in (Incline(-0x8000), Incline(0), Incline(0x7FFF)):
        incline.nearest(number)
        incline.to_telemetry(number)
        incline.from_telemetry(number)


def capture_tree(octets: bytes) -> None:
    capture(capture_text(octets))


def machine_tree(octets: bytes) -> None:
    machine_file(machine_text(octets).encode("utf-8", "surrogatepass"))


def machine_text(octets: bytes) -> str:
    """Return a shipped machine file, changed as `octets` say; with none it is the first, unchanged."""
    choices = Choices(octets)
    return as_toml(changed(choices.among(seeds.machine_trees()), choices, MACHINE_WORDS))


MACHINE_WORDS: Final = (
    *("id", "model", "summary", "gentle", "identity", "link", "control", "speed", "incline", "telemetry", "belt"),
    *("names", "example", "anonymous", "manufacturer", "model_number", "firmware", "service_data", "mtu", "centrals"),
    *("require_encryption", "properties", "pacing", "unanswered", "ignored", "refused", "targets", "write_unit"),
    *("needs_motion", "pause", "motion_within", "evicts", "echoes_status", "answer_delay", "locked", "minimum"),
    *("maximum", "increment", "unit", "floor", "reported", "telemetry_scale", "levels_on_stop", "flags", "interval"),
    *("layout", "packets", "step_octets", "trailing_octets", "unavailable", "stuck", "when_stopped", "zeroed_by_stop"),
    *("acceleration", "braking", "incline_rate", "dead_time", "quirks", "text", "source", "provenance", "mph", "km/h"),
    *("0 km/h", "-5 km/h", "12 mph", "655.36 km/h", "999999999 km/h", "-3 %", "0 %", "999999999 %", "swapped", "split"),
    *("request control", "set target speed", "speed target", "stops", "refused", "truncated", "write", "notify"),
)


def _profile_seeds() -> Iterable[bytes]:
    return seeds.profile_files() + seeds.faulty_profiles()


def _tree_seeds() -> Iterable[bytes]:
    return [bytes([number, *range(number, 24 + number)]) for number in range(24)] + [b"\0"]


LOADERS: Final = (
    Target("profile", "ProfileError, or written and read it is the same", profile, _profile_seeds),
    Target("profile-tree", "the same, of profiles changed in a few places", profile_tree, _tree_seeds, longest=256),
    Target("journal", "RecordError, or it can be listed, summed up and drawn", journal, seeds.journal_files),
    Target("journal-tree", "the same, of a record changed in a few places", journal_tree, _tree_seeds, longest=256),
    Target("machine-file", "ConfigError, or every figure has its place on the wire", machine_file, seeds.machine_files),
    Target("machine-tree", "the same, of files changed in a few places", machine_tree, _tree_seeds, longest=256),
    Target("capture", "CaptureError with its line, or it is redacted and replayed", capture, seeds.capture_files),
    Target("capture-tree", "the same, of a capture changed in a few places", capture_tree, _tree_seeds, longest=256),
)
