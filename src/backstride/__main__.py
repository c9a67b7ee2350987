"""`python -m backstride` is the command `backstride`."""

from __future__ import annotations

from backstride.apps.cli.main import run_program

if __name__ == "__main__":
    run_program()
