"""When treadmills are looked at: each once a beat, and not all at once."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.mqtt.beat import BEAT, TURNS, until_turn


@given(st.text(), st.floats(0, 1e6))
def test_the_next_turn_is_at_most_a_beat_away_and_never_now(name: str, now: float) -> None:
    wait = until_turn(name, now)
    assert 0.001 < wait <= 1.01 * BEAT
    again = until_turn(name, now + wait)
    assert again == pytest.approx(BEAT, abs=0.002)


def test_who_is_late_is_in_time_for_the_next() -> None:
    first = 100.0 + until_turn("den", 100.0)
    assert first + 0.4 + until_turn("den", first + 0.4) == pytest.approx(first + BEAT)


def test_a_thousand_treadmills_have_turns_all_over_the_beat() -> None:
    turns = Counter(round(until_turn(f"lane-{number}", 0.0), 6) for number in range(1000))
    assert len(turns) == TURNS
    assert max(turns.values()) < 100
