"""What fuzzing begins with: real values and real files, from which a fuzzer comes further than from nothing."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backstride.machines.facts import known_machines
from backstride.record.tally import Tally
from backstride.workout.events import payload
from backstride.workout.profile import shipped_profiles
from backstride.workout.profile.yaml_tree import Mapping, Node, Scalar, parse_yaml
from tests.unit.record.walks import PLAN, header, short_walk

if TYPE_CHECKING:
    from tests.fuzz.documents import Tree

_DATA: Final = Path(__file__).parents[1] / "data"
_VECTORS: Final = _DATA / "ftms_vectors.json"
_SOON: Final = 5.0  # seconds of a capture: enough for a start
_FAULTS: Final = _DATA / "profile-faults.txt"


@cache
def vectors() -> dict[int, tuple[bytes, ...]]:
    """Return the value of every conformance vector, by the 16-bit UUID of its characteristic."""
    values: dict[int, tuple[bytes, ...]] = {}
    for vector in json.loads(_VECTORS.read_text(encoding="utf-8")):
        uuid16 = int(vector["uuid16"], 16)
        values[uuid16] = (*values.get(uuid16, ()), bytes.fromhex(vector["hex"]))
    return values


@cache
def profile_files() -> tuple[bytes, ...]:
    """Return the text of every profile that travels with Backstride."""
    return tuple(path.read_bytes() for path in shipped_profiles().values())


@cache
def faulty_profiles() -> tuple[bytes, ...]:
    """Return a short profile for each fault that the unit tests know, each with one faulty step."""
    lines = [line for line in _FAULTS.read_text(encoding="utf-8").splitlines() if line.startswith("- ")]
    return tuple(f"name: x\nsteps:\n  - steady: {{for: 9 s, speed: 3 mph}}\n  {line}\n".encode() for line in lines)


@cache
def profile_trees() -> tuple[Tree, ...]:
    """Return the same profiles as trees of texts."""
    return tuple(_plain(parse_yaml(text.decode(), "seed")) for text in profile_files())


def _plain(node: Node) -> Tree:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Mapping):
        return {key.text: _plain(value) for key, value in node.entries}
    return [_plain(item) for item in node.items]


@cache
def machine_files() -> tuple[bytes, ...]:
    """Return the text of every machine file."""
    folder = files("backstride.machines")
    return tuple(folder.joinpath(f"{name}.toml").read_bytes() for name in known_machines())


@cache
def machine_trees() -> tuple[Tree, ...]:
    """Return the same machine files as trees."""
    return tuple(tomllib.loads(text.decode()) for text in machine_files())


@cache
def capture_lines() -> tuple[Tree, ...]:
    """Return the lines of a short capture: a link is made, a belt is started, the link is lost."""
    text = (_DATA / "captures" / "generic-link-lost.capture.jsonl").read_text(encoding="ascii")
    lines = [json.loads(line) for line in text.splitlines()]
    return tuple(line for line in lines if line.get("t", 0) < _SOON)


@cache
def capture_files() -> tuple[bytes, ...]:
    """Return a capture, and the same one as a killed process leaves it."""
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in capture_lines()).encode()
    return text, text[:-9]


@cache
def journal_lines() -> tuple[Tree, ...]:
    """Return the lines of a short record: header, events and samples, summary."""
    tally = Tally(PLAN)
    events = [dict(payload(event, at)) for event, at in short_walk()]
    for event in events:
        tally.feed(event)
    lines: list[Tree] = json.loads(json.dumps([header().to_payload(), *events, tally.summary().to_payload()]))
    return tuple(lines)


@cache
def journal_files() -> tuple[bytes, ...]:
    """Return a record, and the same one without its summary, as a killed process leaves it."""
    lines = [json.dumps(line, separators=(",", ":")) + "\n" for line in journal_lines()]
    return "".join(lines).encode(), "".join(lines[:-1]).encode()[:-9]
