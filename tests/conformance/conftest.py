"""The transports that every case runs on, and the notes on how each ended."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.conformance.document import DOCUMENT
from tests.conformance.transports import BLUEZ, TRANSPORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.conformance.transports import Transport

RESULTS: Final = pytest.StashKey[dict[tuple[str, str], bool]]()
BLUEZ_RUN: Final = pytest.StashKey["Transport"]()
IN_THE_MACHINE: Final = bool(os.environ.get("BACKSTRIDE_BLUEZ"))
HERE: Final = [BLUEZ] if IN_THE_MACHINE else list(TRANSPORTS)
"""The columns of the document that this run can fill."""

WRITTEN: Final = Path("/out/conformance.md") if IN_THE_MACHINE else DOCUMENT
"""Where it writes the document: the machine's view of the project is thrown away."""

LAST: Final = "test_the_document_is_what_this_run_would_write"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer to write the document; pytest knows the option where this folder is named on the command line."""
    parser.addoption("--write-conformance", action="store_true", help="write docs/conformance.md from this run")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and begin with no results."""
    config.addinivalue_line("markers", "case(id): a case of docs/conformance.md")
    config.stash[RESULTS] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the test of the document come after everything that it reports."""
    items.sort(key=lambda item: item.name == LAST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note how a case ended; a failure while it is set up or taken down counts as one."""
    report = yield
    marker = item.get_closest_marker("case")
    if marker is not None and isinstance(item, pytest.Function) and (report.failed or report.when == "call"):
        results, key = item.config.stash[RESULTS], (str(marker.args[0]), str(item.callspec.params["transport"]))
        results[key] = report.passed and results.get(key, True)
    return report


@pytest.fixture(params=HERE)
def transport(request: pytest.FixtureRequest, virtual_time: Callable[..., Any]) -> Transport:
    """Each way to reach a simulated treadmill in turn; the cases run on all that there are here."""
    if request.param != BLUEZ:
        return TRANSPORTS[request.param](virtual_time)
    from tests.e2e.bluez.transport import BluezTransport  # noqa: PLC0415 - needs a Bluetooth stack

    stash = request.config.stash
    if BLUEZ_RUN not in stash:
        markers = (item.get_closest_marker("case") for item in request.session.items)
        stash[BLUEZ_RUN] = BluezTransport(str(marker.args[0]) for marker in markers if marker is not None)
    return stash[BLUEZ_RUN]
