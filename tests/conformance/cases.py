"""Which cases there are, and how a test says that it is one of them.

A case is a coroutine over a `Bench`; `case` and `duty` make the test of it, which runs on every transport of the
fixture. The conftest notes how each ended, and `document` makes docs/conformance.md of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from backstride.machines.facts import load_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from backstride.machines.facts import MachineFacts
    from tests.conformance.transports import Bench, Transport

    Story = Callable[[Bench], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that the standard demands, by its id and in a line."""

    id: str
    demand: str


def _numbered(group: str, *numbers: str) -> tuple[str, ...]:
    return tuple(f"FTMS/SR/{group}/{number}-C" for number in numbers)


GROUPS: Final = {
    "SGGIT/CHA": _numbered("SGGIT/CHA", *(f"BV-{n:02}" for n in (1, 2, 8, 9, 10, 14, 15, 16))),
    "CR": _numbered("CR", *(f"BV-{n:02}" for n in range(1, 5))),
    "CON": _numbered("CON", *(f"BV-{n:02}" for n in (1, 7, 8, 9))),
    "CN": _numbered("CN", *(f"BV-{n:02}" for n in range(1, 13))),
    "TSN": _numbered("TSN", *(f"BV-{n:02}" for n in range(1, 4))),
    "FMSN": _numbered("FMSN", *(f"BV-{n:02}" for n in (*range(1, 8), 11, 14, 15, 23, 24))),
    "CW": _numbered("CW", *(f"BV-{n:02}" for n in (1, 2, 3, 4, 8, 9, 10, 11, 14, 15))),
    "SPE": _numbered("SPE", "BV-01", "BV-02", "BV-03", "BV-04", "BI-05", "BV-09"),
}
"""The cases of the FTMS test suite that matter for a treadmill server: the fact sheet's section 14."""

SUITE: Final = tuple(case_id for group in GROUPS.values() for case_id in group)

_NO_STRING: Final = "The string is optional (FTMS 4.10.1.1), and the simulated treadmill sends none."
NOT_APPLICABLE: Final = {
    "FTMS/SR/SGGIT/CHA/BV-16-C": (
        "Feature with Indicate is for a server that bonds and whose features can change over its life (FTMS 1.0.1 "
        "C.7); those of the simulated treadmill are constant, so Indicate is excluded. BV-01 holds that."
    ),
    "FTMS/SR/TSN/BV-02-C": _NO_STRING,
    "FTMS/SR/TSN/BV-03-C": _NO_STRING,
}
"""Why a case of the suite has no test."""

NOT_CHECKED: Final = {
    "FTMP Table 4.2, Read Long": (
        "The operating system's Bluetooth stack does it on every read; Backstride uses no value of a treadmill that "
        "would be cut without it."
    ),
    "FTMP 4.4.14, one procedure at a time": (
        "Departed from on purpose for Stop and Pause: they are written while another procedure is unanswered, and on a "
        "link that is suspect after 30 s (safety rules S4, S5)."
    ),
    "FTMP 5.1.4, 5.2.2, advertising": (
        "What a scan makes of type and availability is held by `tests/integration/test_radio_faults.py`."
    ),
    "FTMP 4.7, Service Changed": (
        "The operating system's Bluetooth stack receives it and bleak does not pass it on. Values are read anew on "
        "every link instead: FTMP/CL/4.7-1."
    ),
    "FTMP 4.8, User Data": "Backstride does not use the User Data Service.",
}
"""Duties of a collector that have no case, or that Backstride departs from on purpose, and why."""

SERVER: Final[dict[str, Case]] = {}
"""The cases with a test, in the order of the tests."""

DUTIES: Final[dict[str, Case]] = {}
"""Likewise for the collector."""

STORIES: Final[dict[str, tuple[Story, MachineFacts]]] = {}
"""What each case of either does, and on which treadmill."""

SOURCES: Final = ("FTMP", "FTMS", "FACTS")
"""Who demands a collector's duties: the profile, the service, and our fact sheet where these are silent."""


def case(
    case_id: str, demand: str, *, facts: MachineFacts | None = None
) -> Callable[[Story], Callable[[Transport], None]]:
    """Make a coroutine the test of the suite's case ``FTMS/SR/<case_id>-C``, on a generic treadmill or on `facts`."""
    return _testing(SERVER, Case(f"FTMS/SR/{case_id}-C", demand), facts)


def duty(
    duty_id: str, demand: str, *, facts: MachineFacts | None = None
) -> Callable[[Story], Callable[[Transport], None]]:
    """Make a coroutine the test of a collector's duty.

    The id is ours: one of `SOURCES`, CL, the clause there, and a number.
    """
    return _testing(DUTIES, Case(duty_id, demand), facts)


def _testing(
    cases: dict[str, Case], one: Case, facts: MachineFacts | None
) -> Callable[[Story], Callable[[Transport], None]]:
    if one.id in cases:
        raise ValueError(f"{one.id} has a test already")
    cases[one.id] = one

    machine = load_facts("generic") if facts is None else facts

    def make(story: Story) -> Callable[[Transport], None]:
        STORIES[one.id] = (story, machine)

        def test(transport: Transport) -> None:
            transport.run(story, machine)

        test.__name__ = story.__name__
        test.__doc__ = f"{one.id}: {one.demand}"
        marked: Callable[[Transport], None] = pytest.mark.case(one.id)(test)
        return marked

    return make
