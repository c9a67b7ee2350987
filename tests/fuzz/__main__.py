"""Fuzzing from the command line: ``python -m tests.fuzz minute``, ``full REPORT`` or ``replay TARGET OCTETS``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz import campaign
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fuzz.campaign import Outcome

USAGE = "python -m tests.fuzz minute | full REPORT | replay TARGET OCTETS"


def main(arguments: list[str]) -> int:
    """Return 0 if nothing failed, 1 if something did, 2 for wrong arguments; what nobody can run here does not fail."""
    match arguments:
        case ["replay", name, octets]:
            TARGETS[name].check(b"" if octets == "-" else bytes.fromhex(octets))
            return 0
        case ["minute" | "full", *_] if (absence := campaign.absence(campaign.asked_for())) is not None:
            _say(absence)
            return 0
        case ["minute"]:
            return _told(campaign.minute())[1]
        case ["full", path]:
            began = time.monotonic()
            outcomes, code = _told(campaign.full())
            Path(path).write_text(campaign.report(outcomes, time.monotonic() - began), encoding="utf-8")
            return code
        case _:
            _say(USAGE)
            return 2


def _told(outcomes: Iterable[Outcome]) -> tuple[list[Outcome], int]:
    """Print each outcome as it comes; return all of them, and 1 if any failed."""
    done = []
    for outcome in outcomes:
        done.append(outcome)
        _say(str(outcome))
        if outcome.failure:
            _say(outcome.advice())
    return done, int(any(outcome.failure for outcome in done))


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
