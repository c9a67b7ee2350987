"""`backstride decode`: the octets of a characteristic as JSON."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from backstride.apps.cli.exits import ExitCode
from backstride.errors import ConfigError

EXAMPLES = 'Example:  backstride decode 2ACD "04 00 fa 00 a6 05 00"   or   backstride decode --stdin < captured.txt'

_LONGEST_UUID16 = 4


def command(
    *,
    characteristic: Annotated[
        str | None,
        typer.Argument(metavar="CHARACTERISTIC", help="16-bit UUID, such as 2ACD, or a capture.", show_default=False),
    ] = None,
    octets: Annotated[
        list[str] | None,
        typer.Argument(metavar="HEX", help="Its value in hexadecimal digits; spaces and colons are allowed."),
    ] = None,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read lines of CHARACTERISTIC HEX from standard input.")
    ] = False,
) -> None:
    """Decode octets of a characteristic.

    Prints one JSON object a line. A value that breaks off gives the fields before the break, and an error. Of a capture
    every value of a known characteristic is decoded.
    """
    if stdin:
        if characteristic is not None:
            raise ConfigError("With --stdin the values come from standard input; leave out CHARACTERISTIC and HEX.")
        raise typer.Exit(decode_lines(sys.stdin))
    if characteristic is not None and characteristic.endswith(".jsonl") and octets is None:
        decode_capture(Path(characteristic))
        return
    if characteristic is None or octets is None:
        raise ConfigError("Name a characteristic and its value, such as: backstride decode 2ACD 8c05e803")
    typer.echo(decoded(characteristic, "".join(octets)))


def decode_capture(path: Path) -> None:
    """Print what each value of a capture decodes to, with its instant, its way and its characteristic."""
    from backstride.capture.events import Answered, Asked, Heard
    from backstride.capture.file import read_capture
    from backstride.capture.form import spelt
    from backstride.capture.lines import says

    for t, event in read_capture(path).entries:
        if isinstance(event, Asked | Answered | Heard) and event.value is not None:
            way = ">" if isinstance(event, Asked) else "<"
            first = {"t": t, "way": way, "uuid": spelt(event.uuid)}
            words = says(event.uuid, event.value) or {"hex": event.value.hex(" ")}
            typer.echo(json.dumps({**first, **words}, ensure_ascii=False))


def decode_lines(lines: Iterable[str]) -> int:
    """Print what each line of ``UUID HEX`` decodes to; return the exit code. Empty lines are passed over."""
    code = ExitCode.FINISHED
    for number, line in enumerate(lines, 1):
        characteristic, _, octets = line.strip().partition(" ")
        if not characteristic:
            continue
        try:
            typer.echo(decoded(characteristic, octets))
        except ConfigError as error:
            typer.echo(f"backstride: line {number}: {error}", err=True)
            code = ExitCode.WRONG_INPUT
    return code


def decoded(characteristic: str, octets: str) -> str:
    """Return the JSON object for one value.

    Raises:
        ConfigError: `characteristic` is no 16-bit UUID, or `octets` are no hexadecimal digits.
    """
    from backstride.protocol.readable import describe

    return json.dumps(describe(_uuid16(characteristic), _octets(octets)), ensure_ascii=False)


def _uuid16(text: str) -> int:
    digits = text.lower().removeprefix("0x")
    if len(digits) != _LONGEST_UUID16 or not _is_hex(digits):
        raise ConfigError(f"{text!r} is no 16-bit UUID; write it as 2ACD or 0x2ACD.")
    return int(digits, 16)


def _octets(text: str) -> bytes:
    digits = "".join(text.lower().removeprefix("0x").replace(":", " ").split())
    if not _is_hex(digits) or len(digits) % 2:
        allowed = "write two digits for each octet, such as 04 00 fa 00 a6 05 00"
        raise ConfigError(f"{text!r} is no hexadecimal value; {allowed}.")
    return bytes.fromhex(digits)


def _is_hex(digits: str) -> bool:
    return set(digits) <= set("0123456789abcdef")
