"""Treadmills that Backstride cannot drive because they speak only their maker's protocol, and what their owner sees."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Final

from backstride.machines.facts import Quirk
from backstride.machines.fields import Facts

_FILE: Final = "machines.toml"


class Unsupported(Facts):
    """A treadmill, or a family of them, that is named so that its owner need not wonder.

    Attributes:
        id: Short name.
        model: What it is called.
        names: Prefixes of the advertised name, in any letter case; none where nothing is noted that tells it apart.
        protocol: What it speaks instead of FTMS.
        offers_service: True if it offers the FTMS service all the same, and takes no commands there.
        seen: What its owner sees in Backstride and on the machine, in a sentence.
        quirks: What is known of it besides, with the sources.
    """

    id: str
    model: str
    names: tuple[str, ...] = ()
    protocol: str
    offers_service: bool = False
    seen: str
    quirks: tuple[Quirk, ...]

    @property
    def sentence(self) -> str:
        """Why it cannot be driven, for its owner."""
        return f"A {self.model} is not supported: it speaks {self.protocol} and takes no FTMS commands. {self.seen}"


@cache
def unsupported_machines() -> tuple[Unsupported, ...]:
    """Return every treadmill known not to work."""
    content = files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    return tuple(Unsupported.model_validate({"id": name, **data}) for name, data in tomllib.loads(content).items())
