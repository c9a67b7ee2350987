"""``python -m tests.matrix [--check] [WORDS]``: run the matrix, or the runs whose names contain WORDS.

Without words docs/reliability.md is written anew; with ``--check`` it is compared instead.
"""

from __future__ import annotations

import sys
import time

from tests.matrix.report import DOCUMENT, document, run_all, scenes_named


def main(arguments: list[str]) -> int:
    """Run, print, and write or compare; return the exit code."""
    check = "--check" in arguments
    words = " ".join(argument for argument in arguments if argument != "--check")
    began = time.monotonic()
    results = run_all(scenes_named(words))
    violations = [(result.scene, one) for result in results for one in result.violations]
    for scene, violation in violations:
        sys.stdout.write(f"{violation.rule}  {scene}: {violation.text}\n")
    seconds = time.monotonic() - began
    sys.stdout.write(f"{len(results)} runs, {len(violations)} violations, {seconds:.0f} s\n")
    if not words and not check:
        DOCUMENT.write_text(document(results), encoding="utf-8")
    elif not words and DOCUMENT.read_text(encoding="utf-8") != document(results):
        sys.stdout.write(f"{DOCUMENT.name} is not what this run finds: run `make matrix` and look at what changed.\n")
        return 1
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
