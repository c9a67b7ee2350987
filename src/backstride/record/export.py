"""Records for other programs: the samples as comma-separated values."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

COLUMNS: Final = (
    "t",
    "state",
    "step",
    "target_speed_km_h",
    "target_incline_percent",
    "speed_km_h",
    "incline_percent",
    "distance_m",
    "climb_m",
    "heart_rate_bpm",
    "energy_kcal",
    "steps",
    "power_w",
    "machine_distance_m",
    "machine_elapsed_s",
    "stale",
)
"""The columns in order: the keys of a sample (docs/json.md), `t` in seconds renamed to ``t_s``."""


def write_csv(entries: Iterable[Mapping[str, object]], stream: TextIO) -> int:
    """Write the samples among `entries` to `stream` as RFC 4180 has it, a header row first; unknown is empty.

    Open a file with ``newline=""``, since the rows bring their own line ends.

    Returns:
        The number of samples written.
    """
    writer = csv.writer(stream)
    writer.writerow(["t_s", *COLUMNS[1:]])
    rows = 0
    for entry in entries:
        if entry.get("event") == "sample":
            writer.writerow([_cell(entry.get(column)) for column in COLUMNS])
            rows += 1
    return rows


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
