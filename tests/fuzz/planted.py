"""A target that fails, to see that the campaign would say so."""

from __future__ import annotations

from typing import Final

from tests.fuzz.target import Target


def _breaks(octets: bytes) -> None:
    if len(octets) > 3:
        raise ValueError("planted")


FRAGILE: Final = Target("fragile", "nothing longer than three octets", _breaks, lambda: [b"abc"], longest=8)
TARGETS: Final = {FRAGILE.name: FRAGILE}
