"""`backstride capture`: listen to a treadmill, look at a capture, redact one."""

from pathlib import Path
from typing import Annotated

import typer

from backstride.apps.cli.options import Common, Device, Redact, Simulated
from backstride.errors import ConfigError

EXAMPLES = (
    "Example:  backstride capture listen -o mine.capture.jsonl   or   backstride capture show mine.capture.jsonl   "
    "A walk is captured with:  backstride run PROFILE --capture FILE"
)

app = typer.Typer(
    name="capture",
    help="Record all that crosses the Bluetooth connection into one file, for a bug report and for replay.",
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=EXAMPLES,
)

CaptureFile = Annotated[Path, typer.Argument(metavar="FILE", help="A capture.")]
Output = Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The file to write; it must be new.")]


@app.command(epilog="Example:  backstride capture listen --device 'Sole F63' --for 60 -o sole.capture.jsonl")
def listen(
    context: typer.Context,
    *,
    output: Output,
    device: Device = None,
    simulated: Simulated = None,
    seconds: Annotated[float, typer.Option("--for", metavar="SECONDS", min=1, help="How long to listen.")] = 30.0,
    redact: Redact = False,
) -> None:
    """Connect, read all that can be read, subscribe, and listen.

    Nothing is started and no target is set: use the treadmill's own buttons meanwhile, and what it says is captured.
    """
    import asyncio

    from backstride.apps.cli import clock
    from backstride.apps.cli.capturing import CaptureWish
    from backstride.apps.cli.exits import ExitCode
    from backstride.apps.cli.interruption import Interruption
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.target import choose, connected
    from backstride.apps.cli.terminal import say

    settings = settings_for(Common.of(context))
    target = choose(settings, device=device, simulated=simulated)

    async def heard() -> int:
        interruption = Interruption.of_task(asyncio.current_task())
        with interruption.listening(asyncio.get_running_loop()):  # whatever ends it, the capture is finished
            try:
                async with connected(target, settings, capture=CaptureWish(output, redact)) as machine:
                    await machine.survey()
                    say(f"Listening for {seconds:g} s …")
                    await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                if interruption.number is None:
                    raise
                return interruption.exit_code
        return ExitCode.FINISHED

    raise typer.Exit(clock.run(heard(), virtual=target.is_simulated))


@app.command(epilog="Example:  backstride capture show mine.capture.jsonl --only writes --only links --from 60")
def show(
    *,
    file: CaptureFile,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT", help="links, reads, writes, telemetry, status, or a UUID. May be repeated."),
    ] = None,
    since: Annotated[float, typer.Option("--from", metavar="SECONDS", help="Leave out what was before.")] = 0.0,
    until: Annotated[
        float | None, typer.Option("--to", metavar="SECONDS", help="Leave out what was after.", show_default=False)
    ] = None,
) -> None:
    """Show a capture as a timeline.

    Each request with its answer and how long that took, each value the treadmill sent, each turn of the connection.
    """
    from backstride.capture.file import read_capture
    from backstride.capture.timeline import contents, timeline

    wanted = frozenset(map(_wanted, only or ()))
    captured = read_capture(file)
    header = captured.header
    typer.echo(f"{header.name or 'A treadmill without a name'}, {header.started:%d %B %Y, %H:%M}")
    typer.echo(f"Backstride {header.backstride}, bleak {header.bleak}, Python {header.python}, {header.system}")
    typer.echo(f"{header.backend}{f', BlueZ {header.bluez}' if header.bluez else ''}")
    for sentence in contents(captured):
        typer.echo(sentence)
    if header.note:
        typer.echo(header.note)
    typer.echo()
    for line in timeline(captured):
        if since <= line.t <= (float("inf") if until is None else until) and line.is_among(wanted):
            typer.echo(str(line))


@app.command(epilog="Example:  backstride capture redact mine.capture.jsonl -o for-others.capture.jsonl")
def redact(*, file: CaptureFile, output: Output) -> None:
    """Replace what says whose treadmill it is.

    Addresses, names, serial numbers and texts are replaced, the same always by the same; the rest stays, so that the
    capture replays as before.
    """
    from backstride.capture.file import read_capture, write_capture
    from backstride.capture.redaction import redacted
    from backstride.capture.timeline import contents

    captured = redacted(read_capture(file))
    write_capture(output, captured)
    for sentence in contents(captured):
        typer.echo(sentence)


def _wanted(what: str) -> str:
    """Return a kind of line, or a UUID as captures spell it. Raises ConfigError for what is neither."""
    from backstride.capture.form import UUID, spelt
    from backstride.capture.timeline import KINDS

    if what in KINDS:
        return what
    try:
        return spelt(UUID.read(what))
    except ValueError:
        known = ", ".join(KINDS)
        raise ConfigError(f"{what!r} is neither a UUID, such as 2ACD, nor one of: {known}.") from None
