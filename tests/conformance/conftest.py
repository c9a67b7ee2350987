"""The transports that every case runs on, and the notes on how each ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.conformance.transports import TRANSPORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.conformance.transports import Transport

RESULTS: Final = pytest.StashKey[dict[tuple[str, str], bool]]()
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


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest, virtual_time: Callable[..., Any]) -> Transport:
    """Each way to reach a simulated treadmill in turn; the cases run on all of them."""
    return TRANSPORTS[request.param](virtual_time)
