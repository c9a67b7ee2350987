"""Everything that is fuzzed, by its name."""

from __future__ import annotations

from typing import Final

from tests.fuzz.decoders import DECODERS
from tests.fuzz.loaders import LOADERS

TARGETS: Final = {target.name: target for target in (*DECODERS, *LOADERS)}
