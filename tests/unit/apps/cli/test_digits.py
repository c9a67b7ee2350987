"""Big figures."""

from __future__ import annotations

from backstride.apps.cli.digits import HEIGHT, big


def test_every_line_of_a_figure_has_the_same_width() -> None:
    lines = big("-1234567890.5").split("\n")
    assert len(lines) == HEIGHT
    assert len({len(line) for line in lines}) == 1


def test_a_figure_looks_like_its_digits() -> None:
    assert big("1.") == "  ██     \n████     \n  ██     \n  ██     \n██████ ██"


def test_no_two_digits_look_alike() -> None:
    assert len({big(digit) for digit in "0123456789"}) == 10


def test_the_unknown_is_a_dash_and_the_rest_is_blank() -> None:
    assert big("\N{EN DASH}") == big("-")
    assert big("x").strip() == ""
