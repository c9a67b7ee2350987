"""Inputs that once broke what reads them, each of them forever (tests/fuzz)."""

from __future__ import annotations

import pytest

from tests.fuzz.targets import TARGETS
from tests.fuzz.worker import in_time

MACHINE = b'model = "x"\nsummary = "x"\n'
RECORD = (
    b'{"schema":1,"kind":"header","started":"2026-11-22T10:58:03+00:00","version":"0.1.0",'
    b'"profile":{"name":"x","ref":""},"machine":{"name":"x","address":"","model":""},"plan":[]}\n'
)
CAPTURE = (
    b'{"capture":1,"started":"2026-11-22T10:58:03+00:00","backstride":"0.1.0","bleak":"3.1.0","python":"3.11",'
    b'"system":"Linux"}\n'
)
CONNECTED = b'{"t":0,"event":"connecting","address":"AA:BB:CC:DD:EE:FF"}\n{"t":0,"event":"connected"}\n'
PROFILE = b"name: x\nsteps:\n  - steady: {speed: 3 mph, for: '%s'}\n"


@pytest.mark.parametrize(
    ("target", "octets"),
    [
        ("machine-file", b"a = " + b"[" * 2000),
        ("machine-file", MACHINE + b"gentle = " + b"1" * 5000),
        ("machine-file", MACHINE + b"[control]\npacing = inf\n"),
        ("machine-file", MACHINE + b"[belt]\nacceleration = inf\n"),
        ("machine-file", MACHINE + b"[incline]\ntelemetry_scale = inf\n"),
        ("machine-file", MACHINE + b"[incline]\ntelemetry_scale = 1e-308\n"),
        ("machine-file", MACHINE + b"[speed]\nmaximum = '656 km/h'\n"),
        ("machine-file", MACHINE + b"[speed]\nminimum = '-5 km/h'\n"),
        ("machine-file", MACHINE + b"[incline]\nminimum = '-3277 %'\n"),
        ("machine-file", MACHINE + b"[control]\ntargets = [4294967296]\n"),
        ("profile", PROFILE % (b"1" * 10_000 + b":")),
        ("profile", PROFILE % (b"1" * 1000 + b" " * 1000 + b":")),
        ("journal", RECORD + b'{"event":"sample","t":0,"speed_km_h":3}\n{"event":"sample","t":600,"speed_km_h":3}\n'),
        (
            "journal",
            RECORD + b'{"event":"sample","t":0,"speed_km_h":3}\n'
            b'{"event":"sample","t":1e11,"target_speed_km_h":4}\n{"event":"sample","t":1e11}\n',
        ),
        ("capture", CAPTURE + b'{"t":1e-9,"event":"link lost"}\n'),
        ("capture", CAPTURE + b'{"t":0,"event":"asked","request":1,"operation":[]}\n'),
        ("capture", CAPTURE + b'{"t":0,"event":"connecting","address":"","name":"\\ud800\\ud800\\ud800\\ud800"}\n'),
        ("capture", CAPTURE + CONNECTED + b'{"t":1,"event":"link lost"}\n{"t":1e11,"event":"connected"}\n'),
    ],
)
def test_an_input_that_once_broke_its_reader_breaks_it_no_more(target: str, octets: bytes) -> None:
    in_time(TARGETS[target])(octets)
