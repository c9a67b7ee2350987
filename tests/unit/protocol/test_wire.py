from __future__ import annotations

import pytest

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.control_point import StopOrPause
from backstride.protocol.wire import SINT16, UINT8, UINT16, UINT24, UINT32, Layout, Part, Width

PAIR = Layout(Part("first", UINT8), Part("second", SINT16))


@pytest.mark.parametrize(
    ("width", "minimum", "maximum"),
    [
        (UINT8, 0, 0xFF),
        (UINT16, 0, 0xFFFF),
        (UINT24, 0, 0xFFFFFF),
        (UINT32, 0, 0xFFFFFFFF),
        (SINT16, -0x8000, 0x7FFF),
    ],
)
def test_a_width_holds_exactly_its_range(width: Width, minimum: int, maximum: int) -> None:
    assert (width.minimum, width.maximum) == (minimum, maximum)
    for number in (minimum, maximum):
        assert width.read(width.write(number, "x")) == number
    for number in (minimum - 1, maximum + 1):
        with pytest.raises(EncodeError, match=f"x {number} does not fit into {minimum}\\.\\.{maximum}"):
            width.write(number, "x")


def test_numbers_are_little_endian() -> None:
    assert UINT24.write(0x012345, "x") == bytes.fromhex("452301")
    assert UINT16.read(bytes.fromhex("ff3412ff"), 1) == 0x1234
    assert SINT16.read(bytes.fromhex("feff")) == -2


def test_a_layout_reads_its_parts_and_leaves_the_rest() -> None:
    assert PAIR.size == 3
    assert PAIR.read(bytes.fromhex("aa01feffbb"), 1) == [1, -2]


def test_a_value_cut_short_yields_what_is_whole() -> None:
    assert PAIR.whole_numbers(bytes.fromhex("01fe")) == {"first": 1}
    with pytest.raises(DecodeError, match="the value ends before second") as caught:
        PAIR.read(bytes.fromhex("01fe"))
    assert (caught.value.field, caught.value.offset, caught.value.partial) == ("second", 1, (1,))


def test_a_reserved_number_says_where_it_is() -> None:
    layout = Layout(Part("first", UINT8), Part("control", UINT8, StopOrPause))
    with pytest.raises(DecodeError, match="control 7 is reserved") as caught:
        layout.read(b"\x01\x07")
    assert (caught.value.field, caught.value.offset, caught.value.partial) == ("control", 1, (1,))
