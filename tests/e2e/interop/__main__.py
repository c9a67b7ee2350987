"""`make test-interop`: other people's programs against ours, in a virtual machine with Python 3.13, in one boot."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tests.e2e.bluez.__main__ import Guest, main

HERE: Final = Path(__file__).parent


def _packages(name: str) -> tuple[str, ...]:
    lines = (HERE / name).read_text().splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


GUEST: Final = Guest(
    target="test-interop",
    parts=(("tests/e2e/interop",),),
    packages=_packages("packages.txt"),
    settings={
        "BLUEZ_VM_CACHE": str(Path.home() / ".cache" / "backstride-interop"),
        "BLUEZ_VM_SUITE": "trixie",
        "BLUEZ_VM_PYVER": "3.13",
        "BLUEZ_VM_ALONE": " ".join(_packages("packages-alone.txt")),
    },
    told=("BACKSTRIDE_BLUEZ=1", "BACKSTRIDE_INTEROP=1"),
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], GUEST))
