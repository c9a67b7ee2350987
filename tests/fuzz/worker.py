"""Fuzzes one target in this process, guided by its coverage: ``python -m tests.fuzz.worker MODULE NAME OPTION…``.

Only Backstride itself is watched for coverage: it is imported here, and not before, with every branch instrumented.
"""

from __future__ import annotations

import importlib
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.target import Target


def fuzz(module: str, name: str, *options: str) -> None:
    """Fuzz the target `name` of `module` until the options, which are libFuzzer's, say that it is enough.

    The process ends then.
    """
    atheris: Any = importlib.import_module("atheris")  # has no types, and not every platform has it
    with atheris.instrument_imports(include=["backstride"]):
        target: Target = importlib.import_module(module).TARGETS[name]
    atheris.Setup([sys.argv[0], *options], in_time(target))
    atheris.Fuzz()


def in_time(target: Target) -> Callable[[bytes], None]:
    """Return the check of `target`, which then also fails where an input takes too long.

    Processor time counts, so that a busy machine accuses nobody; libFuzzer's own limit ends what never ends.
    """

    def check(octets: bytes) -> None:
        began = time.process_time()
        target.check(octets)
        seconds = time.process_time() - began
        if seconds > target.slowest:
            raise TimeoutError(f"{target.name} took {seconds:.2f} s for {len(octets)} octets")

    return check


if __name__ == "__main__":
    fuzz(*sys.argv[1:])
