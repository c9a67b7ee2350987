from __future__ import annotations

import csv
import io

from backstride.record.export import COLUMNS, write_csv
from backstride.workout.events import Cue, SessionState, payload
from tests.unit.record.walks import sample


def exported(*entries: dict[str, object]) -> str:
    stream = io.StringIO(newline="")
    write_csv(entries, stream)
    return stream.getvalue()


def test_the_columns_are_the_keys_of_a_sample() -> None:
    keys = [key for key in payload(sample(0), 0.0) if key != "event"]
    assert list(COLUMNS) == keys


def test_samples_become_rows_and_other_events_do_not() -> None:
    text = exported(payload(sample(1.5, heart_rate=98), 1.0), payload(Cue("x"), 1.5), payload(sample(2.5), 2.0))
    header, first, second, end = text.split("\r\n")
    assert header.startswith("t_s,state,step,target_speed_km_h,target_incline_percent,speed_km_h,")
    assert first == "1.0,running,0,3.6,2.0,3.6,2.0,1.5,0.0,98,,,,,,false"
    assert second.startswith("2.0,running,0,3.6,2.0,3.6,2.0,2.5,0.0,,")
    assert end == ""


def test_unknown_is_an_empty_cell() -> None:
    (row,) = csv.DictReader(io.StringIO(exported(payload(sample(0, speed=None, incline=None), 0.0))))
    assert (row["speed_km_h"], row["incline_percent"], row["heart_rate_bpm"]) == ("", "", "")


def test_a_comma_is_quoted() -> None:
    (row,) = csv.DictReader(io.StringIO(exported({"event": "sample", "t": 1, "state": 'a,"b"'})))
    assert row["state"] == 'a,"b"'


def test_the_rows_are_counted() -> None:
    assert write_csv([payload(sample(0, state=SessionState.READY), 0.0), payload(Cue("x"), 1.0)], io.StringIO()) == 1
