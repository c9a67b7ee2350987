"""Records by name, and the log of the air."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from backstride.apps.cli.show import find_record
from backstride.apps.cli.wirelog import WireLog
from backstride.capture.events import Answered, Asked, Heard, Operation
from backstride.errors import ConfigError, RecordError
from backstride.protocol import uuids

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("2026-11-22T10-00-00-hill", "2026-11-22T10-00-00-hill-2", "2026-11-23T10-00-00-hill")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / f"{name}.jsonl").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("which", "found"),
    [(NAMES[0], NAMES[0]), (f"{NAMES[1]}.jsonl", NAMES[1]), ("2026-11-23", NAMES[2])],
)
def test_a_record_is_found_by_its_name_or_its_only_beginning(folder: Path, which: str, found: str) -> None:
    assert find_record(which, folder) == folder / f"{found}.jsonl"


def test_a_record_is_found_by_its_path(folder: Path) -> None:
    path = folder / f"{NAMES[0]}.jsonl"
    assert find_record(str(path), folder / "elsewhere") == path


def test_an_ambiguous_beginning_is_refused_with_the_choices(folder: Path) -> None:
    with pytest.raises(RecordError, match=f"{NAMES[0]}, {NAMES[1]}"):
        find_record("2026-11-22", folder)


@pytest.mark.parametrize("which", ["last", "yesterday"])
def test_a_record_that_is_not_there_is_said_to_be_missing(tmp_path: Path, which: str) -> None:
    with pytest.raises(RecordError, match="There is no record"):
        find_record(which, tmp_path / "none")


def test_the_log_names_characteristics_and_counts_from_its_beginning(tmp_path: Path) -> None:
    times = iter((100.0, 100.5, 101.0))
    with WireLog(tmp_path / "air.log", lambda: next(times)) as log:
        log(Asked(1, Operation.WRITE, uuids.CONTROL_POINT, b"\x07"))
        log(Answered(1, uuids.CONTROL_POINT))
        log(Heard("12345678-0000-0000-0000-000000000000", b"\x01\x02"))
    log(
        Asked(2, Operation.WRITE, uuids.CONTROL_POINT, b"\x08\x01")
    )  # after the end nothing is written, and nothing breaks
    lines = (tmp_path / "air.log").read_text(encoding="ascii").splitlines()
    assert [line.split() for line in lines] == [
        ["0.500000", ">", "2AD9", "Fitness", "Machine", "Control", "Point", "07"],
        ["1.000000", "<", "12345678-0000-0000-0000-000000000000", "01", "02"],
    ]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")  # noqa: PTH110 - at import
def test_a_full_disk_ends_the_log_and_not_the_walk(tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    with WireLog(full, lambda: 0.0) as log:
        for _ in range(3):
            log(Heard(uuids.CONTROL_POINT, b"\x07"))


def test_a_log_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Cannot write the log"):
        WireLog(tmp_path / "none" / "air.log", lambda: 0.0)
