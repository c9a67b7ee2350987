"""What a person reads of a capture."""

from __future__ import annotations

import pytest

from backstride.capture import events
from backstride.capture.events import Answered, Asked, Failure, Heard, Operation, Trouble
from backstride.capture.file import Captured
from backstride.capture.lines import Entry
from backstride.capture.timeline import contents, timeline
from backstride.protocol import uuids
from tests.unit.capture.test_file import HEADER_OF_A_TEST

WRITE = Asked(1, Operation.WRITE, uuids.CONTROL_POINT, b"\x00")


def lines(*told: events.Event) -> list[str]:
    captured = Captured(HEADER_OF_A_TEST, tuple(Entry(number / 2, event) for number, event in enumerate(told)))
    return [str(line).strip() for line in timeline(captured)]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Failure(Trouble.ATT, att_error=0xFE), "ATT error 0xfe, procedure already in progress, after 500 ms"),
        (Failure(Trouble.ATT, att_error=0x80), "ATT error 0x80, unknown, after 500 ms"),
        (Failure(Trouble.BLUEZ, "no", name="org.bluez.Error.Failed"), "org.bluez.Error.Failed: no, after 500 ms"),
        (Failure(Trouble.LINK_LOST), "link lost, after 500 ms"),
        (Failure(Trouble.OTHER, "BleakError: what"), "other (BleakError: what), after 500 ms"),
    ],
)
def test_a_failed_request_says_why(failure: Failure, words: str) -> None:
    assert lines(WRITE, Answered(1, uuids.CONTROL_POINT, failure=failure)) == [
        f"0.000 ! write 2AD9 Fitness Machine Control Point 00  op code request_control: {words}"
    ]


def test_a_request_without_an_end_says_so() -> None:
    assert lines(WRITE)[0].endswith("no end of it in the capture")


def test_a_missing_value_is_not_told_and_a_zero_is() -> None:
    """S10: a missing value is unknown, never zero."""
    (line,) = lines(Heard(uuids.TREADMILL_DATA, bytes.fromhex("080000000000ff7f")))
    assert "instantaneous speed km h 0.0, inclination percent 0.0" in line
    assert "ramp angle" not in line


def test_every_turn_of_a_link_has_its_words() -> None:
    assert lines(
        events.Connecting("AA:BB"),
        events.NotConnected(Failure(Trouble.TIMEOUT)),
        events.Connected(),
        events.Recognised("sole-f85", {}),
        events.LinkLost(),
        events.LetGo("ten seconds of silence"),
        events.Closed(),
        events.Closed(Failure(Trouble.TIMEOUT)),
    ) == [
        "0.000 * connecting to a machine without a name, AA:BB",
        "0.500 ! not connected: timeout",
        "1.000 * connected, MTU unknown, 0 characteristics in 0 services",
        "1.500 * recognised; machine file sole-f85",
        "2.000 ! link lost",
        "2.500 * link let go: ten seconds of silence",
        "3.000 * link closed",
        "3.500 * link closed: timeout",
    ]


def test_a_person_is_told_of_a_line_that_was_cut_off() -> None:
    assert "cut off" in " ".join(contents(Captured(HEADER_OF_A_TEST, (), cut=True)))
