"""The options that several commands share, each declared once."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer


@dataclass(slots=True)
class Common:
    """What holds for every command.

    Attributes:
        config: The settings file that was named, or None.
        units: ``mph`` or ``km/h`` as typed, or None.
        adapter: The Bluetooth adapter that was named, or None.
        debug: Whether faults show where in the program they happened, and how long it took to be ready.
        launched: When the program began, by the monotonic clock.
    """

    config: Path | None = None
    units: str | None = None
    adapter: str | None = None
    debug: bool = False
    launched: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, context: typer.Context) -> Common:
        """Return what was typed before the command."""
        return context.ensure_object(cls)


Profile = Annotated[
    str | None,
    typer.Argument(metavar="PROFILE", help="Name of a shipped profile, or path of a file.", show_default=False),
]
Device = Annotated[
    str | None,
    typer.Option("--device", metavar="NAME", help="Treadmill: its name, the beginning of it, or its address."),
]
Simulated = Annotated[
    str | None,
    typer.Option(
        "--simulated",
        metavar="[MODEL]",
        help="Use a simulated treadmill: a MODEL that `backstride machines` lists, or a capture.",
    ),
]
Fault = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="FAULT",
        help="Let this go wrong with it; `--fault list` shows what can. May be repeated.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]
Records = Annotated[
    Path | None, typer.Option("--record", metavar="DIR", help="Folder of the records, instead of the settings' one.")
]
CaptureTo = Annotated[
    Path | None, typer.Option("--capture", metavar="FILE", help="Capture the whole connection, for a bug report.")
]
Redact = Annotated[
    bool, typer.Option("--redact", help="Replace addresses, names, serial numbers and texts in the capture.")
]
Log = Annotated[
    Path | None, typer.Option("--log", metavar="FILE", help="Write every octet that crosses the air, both ways.")
]
