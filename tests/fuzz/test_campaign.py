"""What a campaign tells: of a target that fails, of one that holds, and of a platform without a fuzzer."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tests.fuzz import campaign
from tests.fuzz.__main__ import USAGE, main
from tests.fuzz.campaign import Outcome, fuzzed
from tests.fuzz.planted import FRAGILE
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs" / "fuzzing.md"
HAS_ATHERIS = importlib.util.find_spec("atheris") is not None
needs_atheris = pytest.mark.skipif(not HAS_ATHERIS, reason="atheris is not installed")


@needs_atheris
def test_a_target_that_fails_is_told_with_its_input_and_how_to_see_it_again() -> None:
    outcome = fuzzed(FRAGILE, "-runs=20000", "tests.fuzz.planted")
    (crasher,) = outcome.crashers
    assert len(crasher) > 3
    assert "ValueError: planted" in outcome.failure
    assert f"python -m tests.fuzz replay fragile {crasher.hex()}\n" in outcome.advice()
    assert str(outcome).endswith("1 crashers")


@needs_atheris
def test_a_target_that_holds_is_told_with_its_figures() -> None:
    outcome = fuzzed(TARGETS["requests"], "-runs=2000")
    assert (outcome.inputs, outcome.crashers, outcome.failure) == (2000, (), "")
    assert outcome.entries > 0


@needs_atheris
def test_a_process_that_cannot_even_begin_is_a_failure() -> None:
    outcome = fuzzed(replace(FRAGILE, name="nobody"), "-runs=1", "tests.fuzz.planted")
    assert outcome.crashers == ()
    assert "KeyError: 'nobody'" in outcome.failure


def test_a_platform_without_a_fuzzer_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    sentence = campaign.absence(['atheris>=3; sys_platform == "moon"'])
    assert sentence is not None
    assert sentence.startswith("fuzz: left out, atheris has no wheel for Python 3.")
    assert "\n" not in sentence


def test_a_fuzzer_that_should_be_there_and_is_not_is_no_reason_to_be_green(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(LookupError, match="atheris has a wheel for this platform and is missing"):
        campaign.absence([f'atheris>=3; sys_platform == "{sys.platform}"'])


def test_the_extra_asks_for_the_fuzzer_only_where_it_has_a_wheel() -> None:
    (line,) = campaign.asked_for()
    requirement = Requirement(line)
    assert requirement.name == "atheris"
    assert requirement.marker is not None
    here = {"sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.13"}
    assert requirement.marker.evaluate(here)
    elsewhere = ({"sys_platform": "darwin"}, {"platform_machine": "aarch64"}, {"python_version": "3.14"})
    assert not any(requirement.marker.evaluate(here | other) for other in elsewhere)


def outcomes(failure: str) -> Iterator[Outcome]:
    yield Outcome(TARGETS["wire"], 10, 1.0, 2)
    yield Outcome(TARGETS["profile"], 10, 1.0, 2, (b"\x0a",) if failure else (), failure)


@pytest.mark.parametrize(("failure", "code"), [("", 0), ("ValueError: x", 1)])
def test_one_failure_makes_the_minute_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failure: str, code: int
) -> None:
    monkeypatch.setattr(campaign, "absence", lambda _: None)
    monkeypatch.setattr(campaign, "minute", lambda: outcomes(failure))
    assert main(["minute"]) == code
    printed = capsys.readouterr().out
    assert "fuzz: wire" in printed
    assert ("python -m tests.fuzz replay profile 0a" in printed) == bool(failure)


def test_an_input_is_seen_again_by_its_octets() -> None:
    assert main(["replay", "features", "-"]) == 0
    assert main(["replay", "features", "0102030405060708"]) == 0


def test_wrong_arguments_get_the_right_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fast"]) == 2
    assert capsys.readouterr().out == f"{USAGE}\n"


def test_the_fuzzer_is_not_needed_to_import_any_of_it() -> None:
    program = "import sys; sys.modules['atheris'] = None; import tests.fuzz.__main__, tests.fuzz.worker"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def rows() -> dict[str, list[str]]:
    """Return the cells of every target in docs/fuzzing.md."""
    lines = [line.strip("| ").split(" | ") for line in REPORT.read_text(encoding="utf-8").splitlines()]
    return {cells[0]: cells[1:] for cells in lines if len(cells) == 6 and cells[0] in TARGETS}


def test_the_report_tells_of_every_target_as_it_is_now() -> None:
    told = {name: cells[0] for name, cells in rows().items()}
    assert told == {name: target.holds for name, target in TARGETS.items()}


def test_the_report_tells_of_ten_million_inputs_to_the_decoders_and_of_no_crasher() -> None:
    inputs = {name: int(cells[1].replace(",", "")) for name, cells in rows().items()}
    assert all(inputs[name] >= target.inputs for name, target in TARGETS.items())
    assert sum(inputs[name] for name, target in TARGETS.items() if target.inputs) >= 10_000_000
    assert {cells[-1] for cells in rows().values()} == {"0"}
