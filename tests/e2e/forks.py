"""Many runs of the command line, each in a process of its own, for the price of one start of Python.

``python -m tests.e2e.forks FOLDER PROFILE FAULT…`` walks the profile once with each fault; what the runs print goes to
``FOLDER/NUMBER.out`` and ``.err``, their records to ``FOLDER/NUMBER``, and their exit codes to ``FOLDER/codes.json``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from backstride.apps.cli import run, target, walking  # noqa: F401 - loaded once, before the forks
from backstride.apps.cli.main import run_program

LONGEST = 60
"""Seconds of real time after which a run is killed."""


def _child(folder: Path, number: int, profile: str, fault: str) -> None:
    signal.alarm(LONGEST)
    os.environ["BACKSTRIDE_RECORDS"] = str(folder / str(number))
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / f"{number}.{name}", os.O_WRONLY | os.O_CREAT), descriptor)
    sys.argv = ["backstride", "run", profile, "--simulated", "--fast"]
    for one in fault.split():
        sys.argv += ["--fault", one]
    run_program()


def main() -> None:
    folder, profile = Path(sys.argv[1]), sys.argv[2]
    codes = []
    for number, fault in enumerate(sys.argv[3:]):
        pid = os.fork()
        if not pid:
            _child(folder, number, profile, fault)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    (folder / "codes.json").write_text(json.dumps(codes), encoding="ascii")


if __name__ == "__main__":
    main()
