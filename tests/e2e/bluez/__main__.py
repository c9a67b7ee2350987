"""`make test-bluez`: build the virtual machine if need be, and run the tests of this folder in it, in one boot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parents[3]
VM: Final = Path(__file__).parent / "vm"
RESULTS: Final = ROOT / ".bluez"
"""What the machine leaves: the package as it is installed there, and its reports."""

TOOLS: Final = {"qemu-system-x86_64": "qemu-system-x86", "mmdebstrap": "mmdebstrap", "cpio": "cpio"}
"""Commands that are needed, and Debian's packages that bring them."""

_SITE: Final = "/run/site"
"""Where the machine has the package: in its memory, since programs load slowly through a shared folder."""

NOT_NEEDED: Final = ("atheris", "import-linter", "mypy", "ruff", "types-")
WITHIN: Final = os.environ.get("BACKSTRIDE_BLUEZ_WITHIN", "900")
"""Seconds for everything in the machine; a whole run takes half of it."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A virtual machine, and the tests that are run in it.

    Attributes:
        target: The make target that starts it.
        tests: The tests that are run unless others are chosen, as pytest is told.
        packages: What pip puts into it besides the project's own requirements.
        settings: Environment of `vm/build-image` and `vm/run`.
        told: Environment of the tests.
    """

    target: str = "test-bluez"
    tests: tuple[str, ...] = ("tests/e2e/bluez", "--ignore=tests/e2e/bluez/faults")
    packages: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ("BACKSTRIDE_BLUEZ=1",)


def main(arguments: list[str], guest: Guest = Guest()) -> int:
    """Run the tests, all or those that pytest's own `arguments` choose; return the exit code."""
    missing = [package for command, package in TOOLS.items() if shutil.which(command) is None]
    if missing:
        sys.stdout.write(f"{guest.target}: skipped, there is no virtual machine: apt-get install {' '.join(missing)}\n")
        return 1 if os.environ.get("CI") else 0
    ours = {"PIP_CONSTRAINT": str(ROOT / "constraints.txt"), "PYTHON": sys.executable}
    environment = {**guest.settings, **os.environ, **ours}
    _do([VM / "build-image", *_requirements(), *guest.packages], environment)
    _install(environment)
    return subprocess.run(_command(arguments, guest), cwd=ROOT, env=environment, check=False).returncode


def _requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {*project["dependencies"], *extras["hci"], *extras["dev"]}
    return sorted(one for one in wanted if not one.startswith(NOT_NEEDED))


def _install(environment: dict[str, str]) -> None:
    """Install the package as a user would, where the machine finds it."""
    site = RESULTS / "site"
    shutil.rmtree(site, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _do([*pip, "--target", site, ROOT], environment)


def _command(arguments: list[str], guest: Guest) -> list[str | Path]:
    settings = (f"PYTHONPATH={_SITE}", "PYTHONDONTWRITEBYTECODE=1", *guest.told)
    options = [part for setting in settings for part in ("-e", setting)]
    machine: list[str | Path] = [VM / "run", "-p", ROOT, "-o", RESULTS, "-t", WITHIN, *options, "--"]
    tests = arguments or guest.tests
    begin = ["sh", "-c", f'cp -a /out/site {_SITE} && exec "$@"', "sh"]
    return [*machine, *begin, "python3", "-m", "pytest", "-p", "no:cacheprovider", "--junitxml=/out/junit.xml", *tests]


def _do(command: list[str | Path], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
