"""``python -m tests.matrix [--check | --further] [WORDS]``: run the matrix, or the runs whose names contain WORDS.

Without words docs/reliability.md is written anew; with ``--check`` it is compared instead. ``--further`` plays it on
other machines, and writes nothing.
"""

from __future__ import annotations

import sys
import time

from tests.matrix.report import DOCUMENT, document, run_all, scenes_named
from tests.matrix.scenes import FURTHER, MACHINES


def main(arguments: list[str]) -> int:
    """Run, print, and write or compare; return the exit code."""
    check, further = "--check" in arguments, "--further" in arguments
    words = " ".join(argument for argument in arguments if not argument.startswith("--"))
    began = time.monotonic()
    results = run_all(scenes_named(words, FURTHER if further else MACHINES))
    violations = [(result.scene, one) for result in results for one in result.violations]
    for scene, violation in violations:
        sys.stdout.write(f"{violation.rule}  {scene}: {violation.text}\n")
    seconds = time.monotonic() - began
    sys.stdout.write(f"{len(results)} runs, {len(violations)} violations, {seconds:.0f} s\n")
    if words or further:
        return 1 if violations else 0
    page = document(results)
    if not check:
        sys.stdout.write(page)
        DOCUMENT.write_text(page, encoding="utf-8")
    elif DOCUMENT.read_text(encoding="utf-8") != page:
        sys.stdout.write(f"{DOCUMENT.name} is not what this run finds: run `make matrix` and look at what changed.\n")
        return 1
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
