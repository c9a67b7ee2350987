"""How long the stateful tests run: a few thousand steps in CI, as many as ``BACKSTRIDE_SOAK`` says in ``make soak``.

In a soak the examples are random, so that every run sees others; a failure prints what reproduces it. In CI they are
always the same, so that a change is judged by itself.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.stateful import RuleBasedStateMachine

SOAK: Final = int(os.environ.get("BACKSTRIDE_SOAK", "0"))
"""Runner steps wanted; 0 is the little that CI does."""

tally: Final[Counter[str]] = Counter()
"""What has been done, by its name: the terminal summary shows it (tests/property/conftest.py)."""

seconds: Final[dict[str, float]] = {}
"""Seconds of processor time that took."""


def settings_of(examples: int, steps: int = 50) -> settings:
    """Return the settings of one round of `examples` with at most `steps` steps each."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=not SOAK,
        database=None,
        print_blob=True,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )


def rounds(name: str, once: Callable[[], None], share: float) -> None:
    """Do `once`, and in a soak again until `tally` of `name` has come to `share` of the steps wanted."""
    began = time.process_time()
    try:
        once()
        while tally[name] < share * SOAK:
            once()
    finally:
        seconds[name] = seconds.get(name, 0.0) + time.process_time() - began


def run_machine(machine: type[RuleBasedStateMachine], name: str, *, examples: int, steps: int, share: float) -> None:
    """Run a state machine; see `rounds`."""
    rounds(name, lambda: run_state_machine_as_test(machine, settings=settings_of(examples, steps)), share)
