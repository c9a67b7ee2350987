"""Runs the targets, each in a process of its own, as many at a time as there are cores, and tells what came of it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement

from tests.fuzz.decoders import DECODERS
from tests.fuzz.loaders import LOADERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.fuzz.target import Target

BOX: Final = 60
"""Seconds for each loader in `make fuzz`."""

_MINUTE: Final = 60.0
_STARTING: Final = 1.5  # seconds until a process has imported and instrumented everything
_ENDLESS: Final = 30  # seconds after which libFuzzer itself ends an input
_ROOT: Final = Path(__file__).parents[2]
_LAST_WORDS: Final = 20  # lines


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one target.

    Attributes:
        target: Which.
        inputs: How many were tried.
        seconds: How long that took, start of the process included.
        entries: Inputs that reached something no seed and no input before had reached.
        crashers: Inputs for which the check failed; one at most, since the first ends the process.
        failure: What the process said at its end, where it failed; empty where all is well.
    """

    target: Target
    inputs: int
    seconds: float
    entries: int
    crashers: tuple[bytes, ...] = ()
    failure: str = ""

    def __str__(self) -> str:
        crashers = f"{len(self.crashers)} crashers"
        return (
            f"fuzz: {self.target.name:<16}{self.inputs:>12,} inputs{self.seconds:>6.0f} s"
            f"{self.entries:>6} new entries, {crashers}"
        )

    def advice(self) -> str:
        """Return what the process said, and how to see each crasher again."""
        replays = (
            f"python -m tests.fuzz replay {self.target.name} {octets.hex() or '-'}\n" for octets in self.crashers
        )
        return f"{self.failure}\n{''.join(replays)}"


def cores() -> int:
    """Return how many targets may run at a time."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def minute() -> Iterator[Outcome]:
    """Run every target for its share of a minute."""
    targets = (*DECODERS, *LOADERS)
    share = _MINUTE / ceil(len(targets) / cores()) - _STARTING
    return _in_parallel(targets, {target.name: f"-max_total_time={max(1, int(share))}" for target in targets})


def full() -> Iterator[Outcome]:
    """Run every decoder for its number of inputs, and every loader for `BOX` seconds."""
    decoders = sorted(DECODERS, key=lambda target: -target.inputs)
    limits = {target.name: f"-runs={target.inputs}" for target in decoders}
    limits |= {target.name: f"-max_total_time={BOX}" for target in LOADERS}
    return _in_parallel((*decoders, *LOADERS), limits)


def _in_parallel(targets: Sequence[Target], limits: dict[str, str]) -> Iterator[Outcome]:
    with ThreadPoolExecutor(cores()) as pool:
        yield from pool.map(lambda target: fuzzed(target, limits[target.name]), targets)


def fuzzed(target: Target, limit: str, module: str = "tests.fuzz.targets") -> Outcome:
    """Fuzz the target of `module` in a process of its own until `limit`, an option of libFuzzer, is reached."""
    with TemporaryDirectory() as folder:
        corpus, seeds, crashers = (Path(folder, name) for name in ("corpus", "seeds", "crashers"))
        for path in (corpus, seeds, crashers):
            path.mkdir()
        for number, seed in enumerate(target.seeds()):
            seeds.joinpath(str(number)).write_bytes(seed)
        options = [
            *(limit, f"-max_len={target.longest}", f"-timeout={_ENDLESS}", "-print_final_stats=1"),
            *(f"-artifact_prefix={crashers}{os.sep}", str(corpus), str(seeds)),
        ]
        began = time.monotonic()
        process = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.worker", module, target.name, *options],
            cwd=_ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        return Outcome(
            target,
            inputs=_statistic(process.stderr, "number_of_executed_units"),
            seconds=time.monotonic() - began,
            entries=len(list(corpus.iterdir())),
            crashers=tuple(path.read_bytes() for path in sorted(crashers.iterdir())),
            failure=f"{process.stdout}{_end(process.stderr)}" if process.returncode else "",
        )


def _end(words: str) -> str:
    return "\n".join(words.splitlines()[-_LAST_WORDS:])


def _statistic(words: str, name: str) -> int:
    """Return a figure of libFuzzer's last words, 0 where it did not come that far."""
    found = re.search(rf"stat::{name}:\s*([0-9]+)", words)
    return int(found[1]) if found else 0


def asked_for() -> list[str]:
    """Return what the extra ``fuzz`` asks for."""
    project = tomllib.loads(_ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra: list[str] = project["optional-dependencies"]["fuzz"]
    return extra


def absence(requirements: Sequence[str]) -> str | None:
    """Return why nothing can be fuzzed here, None where atheris is installed.

    Raises:
        LookupError: It is missing, though one of `requirements` asks for it on this platform.
    """
    if importlib.util.find_spec("atheris") is not None:
        return None
    if any(marker is None or marker.evaluate() for marker in (Requirement(line).marker for line in requirements)):
        raise LookupError("atheris has a wheel for this platform and is missing: pip install --editable '.[fuzz]'")
    here = f"Python {platform.python_version()} on {sys.platform} {platform.machine()}"
    return f"fuzz: left out, atheris has no wheel for {here}"


def report(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Return docs/fuzzing.md, after a campaign of `seconds`."""
    decoders = [outcome for outcome in outcomes if outcome.target in DECODERS]
    loaders = [outcome for outcome in outcomes if outcome.target in LOADERS]
    versions = f"atheris {importlib.metadata.version('atheris')}, Python {platform.python_version()}"
    return _REPORT.format(
        inputs=sum(outcome.inputs for outcome in decoders),
        crashers=sum(len(outcome.crashers) for outcome in outcomes),
        minutes=seconds / 60,
        where=f"{versions}, {cores()} cores",
        box=BOX,
        decoders="".join(map(_row, decoders)),
        loaders="".join(map(_row, loaders)),
    )


def _row(outcome: Outcome) -> str:
    target = outcome.target
    figures = f"{outcome.inputs:,} | {outcome.seconds:.0f} | {outcome.entries} | {len(outcome.crashers)}"
    return f"| {target.name} | {target.holds} | {figures} |\n"


_REPORT: Final = """\
# Fuzzing

Written by `make fuzz`. A fuzzer makes inputs, watches which branches of Backstride each of them reaches, and goes on
from those that reach a new one. Whatever a radio, a disk or a person hands over, nothing may come back but a value or
the one error that is documented, within 0.2 s of processor time for a value and 2 s for a file.

Inputs to the decoders: {inputs:,}. Crashers in all: {crashers}. It took {minutes:.0f} minutes ({where}).
A new entry is an input that reached what no seed and no input before it had reached; the seeds are the conformance
vectors, the shipped profiles and machine files, a record and a capture.

## Decoders

Octets of the radio: a value, or a `DecodeError` whose offset lies within the octets.

| target | what else must hold | inputs | seconds | new entries | crashers |
| --- | --- | ---: | ---: | ---: | ---: |
{decoders}
## Files

{box} s each. The targets on trees do not change the octets of a file but its keys and values, and so come past the
parser.

| target | what must hold | inputs | seconds | new entries | crashers |
| --- | --- | ---: | ---: | ---: | ---: |
{loaders}
`make test` runs every target for its share of a minute. A crasher is printed with the command that shows it again, and
becomes a test in `tests/property/test_fuzz_crashers.py`.
"""
