"""`backstride simulate`: what keeps a treadmill from the air is said in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.command import Program


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Over which Bluetooth adapter? Name one with --hci: usb:0 is the first USB dongle"),
        (("--hci", "bogus:1"), "unknown transport scheme. A dongle must be plugged in"),
        (("--hci", "serial:/dev/no-such-port"), "serial:/dev/no-such-port cannot be opened: "),
        (("no-such-model", "--hci", "bogus:1"), "There is no machine file 'no-such-model'."),
        (("--hci", "bogus:1", "--fault", "adapter-lost=3"), "adapter-lost happens to the computer at the other end"),
    ],
)
def test_what_keeps_it_from_the_air_is_said(program: Program, arguments: tuple[str, ...], sentence: str) -> None:
    done = program.run("simulate", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_faults_are_listed_without_an_adapter(program: Program) -> None:
    done = program.run("simulate", "--fault", "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert "link-lost" in done.stdout
