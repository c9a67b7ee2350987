"""The list of records, on wide and on narrow terminals."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from backstride.apps.cli.records import show_records
from backstride.record.recording import RecordInfo
from backstride.units import SpeedUnit
from tests.unit.record.walks import STARTED

STEM = "2026-11-22T10-58-03-a-rather-long-way-to-say-retro-walk-and-back"
NAME = "A rather long way to say retro walk and back again"


def _info(ending: str | None, *, running: bool = False) -> RecordInfo:
    path = Path(f"{STEM}.jsonl")
    return RecordInfo(path, STARTED, NAME, "Generic treadmill (simulated)", 3725.0, 4828.0, ending, running)


def _lines(width: int, *infos: RecordInfo) -> list[str]:
    out = io.StringIO()
    show_records(Console(file=out, width=width), infos, SpeedUnit.MPH)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_at_sixty_columns_each_record_is_one_line_that_can_be_read_and_typed() -> None:
    _, _, *rows = _lines(60, _info("finished"), _info(None), _info(None, running=True))
    assert [len(row) <= 60 for row in rows] == [True] * 3
    for row, end in zip(rows, ("finished", "interrupted", "running"), strict=True):
        assert row.startswith("2026-11-22T10-58-03  A ra")  # what `show` takes, and the beginning of what was walked
        assert row.split()[-4:] == ["1:02:05", "3.00", "mi", end]


def test_on_a_wide_terminal_the_whole_name_and_the_treadmill_are_told() -> None:
    row = _lines(160, _info("stopped"))[2]
    assert row.split() == [STEM, "Generic", "treadmill", "(simulated)", "1:02:05", "3.00", "mi", "stopped"]


def test_what_cannot_be_read_is_said_whole_below_the_table() -> None:
    reason = "/home/somebody/records/notes.jsonl, line 1: this is not the header of a Backstride record."
    lines = _lines(60, RecordInfo(Path("notes.jsonl"), unreadable=reason), _info("finished"))
    assert " ".join(lines[3:]) == f"Unreadable: {reason}"
    assert _lines(60, RecordInfo(Path("notes.jsonl"), unreadable=reason))[0].startswith("Unreadable: ")
