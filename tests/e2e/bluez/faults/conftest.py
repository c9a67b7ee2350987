"""Keeps what came of each run, and writes it down where all were made in the virtual machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.e2e.bluez.faults.report import document

if TYPE_CHECKING:
    from tests.e2e.bluez.faults.report import Results

RESULTS: Final = pytest.StashKey["Results"]()
WRITTEN: Final = Path("/out/reliability-bluez.md")
IN_THE_MACHINE: Final = bool(os.environ.get("BACKSTRIDE_BLUEZ"))


def pytest_configure(config: pytest.Config) -> None:
    """Begin with no results."""
    config.stash[RESULTS] = {}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page, whatever it says."""
    results = session.config.stash[RESULTS]
    if IN_THE_MACHINE and results:
        WRITTEN.write_text(document(results), encoding="utf-8")


@pytest.fixture
def results(request: pytest.FixtureRequest) -> Results:
    """Where a run puts what came of it."""
    return request.config.stash[RESULTS]
