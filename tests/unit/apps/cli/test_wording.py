"""Sentences and figures in the person's own unit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backstride.apps.cli.wording import (
    distance_text,
    ending_text,
    first_sentence,
    in_unit,
    speed_figure,
    summary_rows,
)
from backstride.record.tally import Tally
from backstride.units import Incline, Speed, SpeedUnit, climb_text
from backstride.workout.events import Ended, Ending, Sample, SessionState, StateChanged, payload

MPH, KMH = SpeedUnit.MPH, SpeedUnit.KMH


def test_every_speed_in_a_sentence_turns_to_mph_and_nothing_else_does() -> None:
    text = "4.18 km/h rounded to 4.20 km/h; 2.5 % at 4 km/h"
    assert in_unit(text, MPH) == "2.60 mph rounded to 2.61 mph; 2.5 % at 4 km/h"
    assert in_unit(text, KMH) == text


def test_unknown_figures_are_dashes_never_zero() -> None:
    assert speed_figure(None, MPH) == "\N{EN DASH}"
    assert distance_text(None, MPH) == "\N{EN DASH}"
    assert speed_figure(Speed(418), MPH) == "2.6"
    assert distance_text(805, MPH) == "0.50 mi"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Four minutes. And more.", "Four minutes."),
        ("At 8 %. More.", "At 8 %."),
        ("By A. Author (1998). More.", "By A. Author (1998)."),
        ("No end", "No end"),
    ],
)
def test_a_first_sentence_does_not_end_behind_an_initial(text: str, first: str) -> None:
    assert first_sentence(text) == first


def _walked(*endings: Ended) -> Tally:
    tally = Tally((), body_mass_kg=None)
    tally.feed(payload(StateChanged(SessionState.RUNNING), 0.0))
    for second in range(11):
        tally.feed(
            payload(
                Sample(SessionState.RUNNING, 0, Speed(400), Incline(0), Speed(400), Incline(20), second * 1.1, 0.0),
                second,
            )
        )
    for ended in endings:
        tally.feed(payload(ended, 11.0))
    return tally


def test_a_summary_leaves_out_what_nobody_knows() -> None:
    rows = dict(summary_rows(_walked().summary(), KMH))
    assert rows["Highest speed"] == "4.00 km/h"
    assert rows["Highest incline"] == "2.0 %"
    assert {"Average pulse", "Steps", "Energy", "Warnings"} & set(rows) == set()


def test_a_climb_is_told_in_feet_beside_miles() -> None:
    climbed = replace(_walked().summary(), climb=24.14)
    assert dict(summary_rows(climbed, KMH))["Climb"] == "24.1 m"
    assert dict(summary_rows(climbed, MPH))["Climb"] == "79 ft"
    assert climb_text(1609.344, MPH) == "5280 ft"


def test_a_walk_that_is_running_is_not_called_interrupted() -> None:
    assert ending_text(_walked().summary(), MPH, running=True) == "Under way: the record has no end yet."


def test_how_a_walk_ended_is_a_sentence() -> None:
    assert ending_text(_walked().summary(), MPH) == "Interrupted: the record has no end."
    assert ending_text(_walked(Ended(Ending.FINISHED, "", belt_standing=True)).summary(), MPH) == "Finished."
    aborted = _walked(Ended(Ending.ABORTED, "at 1.61 km/h", None)).summary()
    assert ending_text(aborted, MPH) == "Ended by a safety rule or a fault: at 1.00 mph."
