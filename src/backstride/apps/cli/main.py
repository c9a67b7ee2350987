"""The program `backstride`: its commands, its own options, and the one place where errors become exit codes.

Commands import what they need when they run, so that ``--help`` waits for neither bleak nor pydantic.
"""

import contextlib
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import backstride
from backstride.apps.cli import (
    bridge,
    capture,
    check,
    decode,
    doctor,
    fleet,
    info,
    learn,
    machines,
    pair,
    profiles,
    records,
    run,
    scan,
    show,
    simulate,
)
from backstride.apps.cli.arguments import alone, arrange
from backstride.apps.cli.exits import exit_code, is_full, sentence
from backstride.apps.cli.options import Common

app = typer.Typer(
    name="backstride",
    help="Walks you backward on a smart treadmill: guided sessions over Bluetooth, shown live and recorded.",
    epilog="Try it without a treadmill:  backstride run retro-walk --simulated --fast",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help takes a third of the time
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _module in (
    pair,
    run,
    check,
    scan,
    info,
    doctor,
    learn,
    profiles,
    machines,
    records,
    show,
    bridge,
    simulate,
    decode,
):
    app.command(_module.__name__.rpartition(".")[2], epilog=_module.EXAMPLES)(_module.command)

app.add_typer(capture.app)
app.add_typer(fleet.app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"backstride {backstride.__version__}")
        raise typer.Exit


@app.callback()
def program(
    context: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Settings file, instead of the platform's place for it.")
    ] = None,
    units: Annotated[str | None, typer.Option(metavar="mph|km/h", help="Unit of speeds.")] = None,
    adapter: Annotated[
        str | None, typer.Option(metavar="NAME", help="Bluetooth adapter to use, such as hci1 (Linux).")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program a fault happened.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback has done it all
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Keep what holds for every command."""
    common = Common.of(context)
    common.config, common.units, common.adapter, common.debug = config, units, adapter, debug


def run_program() -> None:
    """Run the command that was typed, and exit with its code (docs/cli.md)."""
    _take_descriptors()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character must not end a walk
    common = Common()
    try:
        arguments = alone(arrange(sys.argv[1:]), at_a_terminal=_is_at_a_terminal())
        app(arguments, prog_name="backstride", obj=common)
    except Exception as error:
        _settle_output()
        if common.debug:
            raise
        _fail(error)
    except SystemExit:
        if (failure := _settle_output()) is not None and is_full(failure):
            _fail(failure)
        raise


def _is_at_a_terminal() -> bool:
    """Tell whether a person can be asked here, on a screen that can be drawn on."""
    streams = (sys.stdin, sys.stdout)
    return os.environ.get("TERM") not in {"dumb", "unknown"} and all(
        stream is not None and stream.isatty() for stream in streams
    )


def _fail(error: Exception) -> NoReturn:
    with contextlib.suppress(OSError):
        print(f"backstride: {sentence(error)}", file=sys.stderr)  # noqa: T201 - the command line's own voice
    sys.exit(exit_code(error))


def _take_descriptors() -> None:
    """Fill up standard streams that are closed: a record that got their number would take what is meant for them."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _settle_output() -> Exception | None:
    """Hand over what was printed; return what kept standard output from taking it, so that nothing more is tried."""
    failure: Exception | None = None
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError) as error:
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            failure = error if stream is sys.stdout else failure
    return failure
