"""`make test-bluez`: build the virtual machine if need be, and run the tests of this folder in two of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parents[3]
VM: Final = Path(__file__).parent / "vm"
RESULTS: Final = ROOT / ".bluez"
"""What the machine leaves: the package as it is installed there, and its reports."""

TOOLS: Final = {"qemu-system-x86_64": "qemu-system-x86", "mmdebstrap": "mmdebstrap", "cpio": "cpio"}
"""Commands that are needed, and Debian's packages that bring them."""

_SITE: Final = PurePosixPath("/run/site")
"""Where the machine has the package: in its memory."""

NOT_NEEDED: Final = ("atheris", "import-linter", "mypy", "pytest-cov", "ruff", "types-")
WITHIN: Final = os.environ.get("BACKSTRIDE_BLUEZ_WITHIN", "900")
"""Seconds for everything in a machine; a part takes a third of it."""

KILL_PROGRAMS: Final = ("tests/e2e/bluez/test_commands.py", "tests/e2e/bluez/test_watchdog.py")
"""In a boot of their own: bluetoothd 5.66 has crashed when an adapter was pulled out after a program that used it was
killed."""

ELSEWHERE: Final = ("tests/e2e/bluez/faults", *KILL_PROGRAMS)
PLAIN: Final = "--assert=plain"
"""Where nobody is looking for a cause, pytest rewrites no assertions: it takes an emulated computer ten seconds."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A virtual machine, and the tests that are run in it.

    Attributes:
        target: The make target that starts it.
        parts: What is run unless others are chosen, as pytest is told: each part in a boot of its own, side by side.
        packages: What pip puts into it besides the project's own requirements.
        settings: Environment of `vm/build-image` and `vm/run`.
        told: Environment of the tests.
    """

    target: str = "test-bluez"
    parts: tuple[tuple[str, ...], ...] = (
        (PLAIN, "tests/e2e/bluez", *(f"--ignore={path}" for path in ELSEWHERE)),
        (PLAIN, *KILL_PROGRAMS),
    )
    packages: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ("BACKSTRIDE_BLUEZ=1",)


def main(arguments: list[str], guest: Guest = Guest()) -> int:
    """Run the tests, all or those that pytest's own `arguments` choose; return the exit code.

    `--image` alone makes the image and runs nothing: so CI learns early whether it can be made.
    """
    missing = [package for command, package in TOOLS.items() if shutil.which(command) is None]
    if missing:
        sys.stdout.write(f"{guest.target}: skipped, there is no virtual machine: apt-get install {' '.join(missing)}\n")
        return 1 if os.environ.get("CI") else 0
    ours = {"PIP_CONSTRAINT": str(ROOT / "constraints.txt"), "PYTHON": sys.executable}
    environment = {**guest.settings, **os.environ, **ours}
    _do([VM / "build-image", *_requirements(), *guest.packages], environment)
    if arguments == ["--image"]:
        return 0
    _install(environment)
    parts = (tuple(arguments),) if arguments else guest.parts
    return _alone(parts[0], guest, environment) if len(parts) == 1 else _side_by_side(parts, guest, environment)


def _alone(tests: tuple[str, ...], guest: Guest, environment: dict[str, str]) -> int:
    return subprocess.run(_command("junit.xml", tests, guest), cwd=ROOT, env=environment, check=False).returncode


def _side_by_side(parts: tuple[tuple[str, ...], ...], guest: Guest, environment: dict[str, str]) -> int:
    """Run each part in a machine; show what each said when it has ended, and return the first code that is not 0."""
    running: list[tuple[subprocess.Popen[bytes], Path]] = []
    for number, tests in enumerate(parts, 1):
        said = RESULTS / f"part-{number}.txt"
        command = _command(f"junit-{number}.xml", tests, guest)
        with said.open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        running.append((process, said))
    _say(f"{guest.target}: {len(parts)} virtual machines are at work; what they say is shown when each has ended.\n")
    codes = []
    for process, said in running:
        codes.append(process.wait())
        _say(said.read_text(errors="replace"))
    return next((code for code in codes if code), 0)


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {*project["dependencies"], *extras["hci"], *extras["dev"]}
    return sorted(one for one in wanted if not one.startswith(NOT_NEEDED))


def _install(environment: dict[str, str]) -> None:
    """Install the package as a user would, in one file: the machine reads many through a shared folder slowly."""
    site = RESULTS / "site"
    shutil.rmtree(site, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _do([*pip, "--target", site, ROOT], environment)
    shutil.make_archive(str(site), "tar", RESULTS, "site")


def _command(report: str, tests: tuple[str, ...], guest: Guest) -> list[str | Path]:
    settings = (f"PYTHONPATH={_SITE}", "PYTHONDONTWRITEBYTECODE=1", *guest.told)
    options = [part for setting in settings for part in ("-e", setting)]
    machine: list[str | Path] = [VM / "run", "-p", ROOT, "-o", RESULTS, "-t", WITHIN, *options, "--"]
    begin = ["sh", "-c", f'tar -xf /out/site.tar -C {_SITE.parent} && exec "$@"', "sh"]
    return [*machine, *begin, "python3", "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml=/out/{report}", *tests]


def _do(command: list[str | Path], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
