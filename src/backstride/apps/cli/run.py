"""`backstride run`: a guided walk."""

import sys
from dataclasses import replace
from typing import Annotated

import typer

from backstride.apps.cli.options import CaptureTo, Common, Device, Fault, Json, Log, Profile, Records, Redact, Simulated
from backstride.errors import ConfigError

EXAMPLES = "Example:  backstride run first-steps   or   backstride run retro-walk --simulated --fast"


def command(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    *,
    profile: Profile = None,
    device: Device = None,
    simulated: Simulated = None,
    fault: Fault = None,
    fast: Annotated[bool, typer.Option("--fast", help="Virtual time: an hour in seconds. Simulated only.")] = False,
    json: Json = False,
    record: Records = None,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to every question. Simulated only.")] = False,
    log: Log = None,
    capture: CaptureTo = None,
    redact: Redact = False,
) -> None:
    """Walk a profile, guided and recorded.

    Keys: space pauses, Enter starts and confirms, q stops, n and b go to the next step and back, the arrows change
    speed and incline. Ctrl-C stops the belt first, then the program.
    """
    from backstride.apps.cli import clock
    from backstride.apps.cli.arguments import profile_and_model
    from backstride.apps.cli.capturing import CaptureWish
    from backstride.apps.cli.faults import LIST, read_faults, show_catalogue
    from backstride.apps.cli.notice import acknowledged
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.target import choose
    from backstride.apps.cli.walking import Wish, walk
    from backstride.machines.facts import known_machines
    from backstride.workout.profile import load_profile

    if fault == [LIST]:
        show_catalogue()
        return
    faults = read_faults(fault or ())
    named, model = profile_and_model(profile, simulated, known_machines())
    settings = settings_for(Common.of(context), records=record)
    target = choose(settings, device=device, simulated=model)
    if faults and target.captured is not None:
        raise ConfigError("A capture replays what went wrong then; leave out --fault, or name a model instead.")
    if redact and capture is None:
        raise ConfigError("--redact is for a capture; add --capture FILE.")
    load_profile(named)  # what is wrong with the profile is said before anybody looks for a treadmill
    if not target.is_simulated:
        for option, typed in (("--fast", fast), ("--yes", yes), ("--fault", faults)):
            if typed:
                raise ConfigError(f"{option} is for simulated treadmills only; leave it out, or add --simulated.")
        if not sys.stdin.isatty():
            raise ConfigError("A real treadmill is started by a person at a terminal (S1), and there is none here.")
        settings = acknowledged(settings)
    target = replace(target, faults=faults)
    wish = Wish(profile=named, target=target, fast=fast, json=json, agreed=yes or fast, log=log)
    if capture is not None:
        wish = replace(wish, capture=CaptureWish(capture, redact))
    raise typer.Exit(clock.run(walk(wish, settings), virtual=fast))
