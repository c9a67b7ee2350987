"""What a target is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True)
class Target:
    """Something that must take any octets.

    Attributes:
        name: What it is called on the command line and in the report.
        holds: What it checks, in words.
        check: Raises nothing, whatever it is given.
        seeds: Inputs to begin with.
        inputs: Inputs in `make fuzz`; 0 where it goes by time.
        longest: Octets of an input, at most.
        slowest: Processor seconds that one input may take.
    """

    name: str
    holds: str
    check: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    inputs: int = 0
    longest: int = 16_384
    slowest: float = 2.0
