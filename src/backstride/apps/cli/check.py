"""`backstride check`: what would become of a profile on a machine; nothing moves."""

import typer

from backstride.apps.cli.options import Common, Device, Json, Profile, Simulated

EXAMPLES = "Example:  backstride check retro-walk --simulated horizon-omega-z"


def command(
    context: typer.Context,
    *,
    profile: Profile = None,
    device: Device = None,
    simulated: Simulated = None,
    json: Json = False,
) -> None:
    """Show what a treadmill makes of a profile.

    Every step with its verdict: as written, rounded, or refused with the reason; then the course as a chart. Nothing
    moves. The exit code is 4 if the session cannot run safely.
    """
    from backstride.apps.cli import clock
    from backstride.apps.cli.arguments import profile_and_model
    from backstride.apps.cli.exits import ExitCode
    from backstride.apps.cli.portrait import watchdog_text
    from backstride.apps.cli.preflight import plan_payload, prepared_for, show_plan
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.target import choose, connected
    from backstride.apps.cli.terminal import console, show_pairs
    from backstride.machines.facts import known_machines
    from backstride.workout.plan import Plan
    from backstride.workout.profile import load_profile

    named, model = profile_and_model(profile, simulated, known_machines())
    settings = settings_for(Common.of(context))
    target = choose(settings, device=device, simulated=model)
    load_profile(named)  # what is wrong with the profile is said before anybody looks for a treadmill

    async def compiled() -> tuple[Plan, str, str]:
        async with connected(target, settings) as machine:
            return prepared_for(named, machine, settings).plan, machine.name, watchdog_text(machine)

    plan, machine_name, watchdog = clock.run(compiled(), virtual=target.is_simulated)
    if json:
        from json import dumps

        typer.echo(dumps(plan_payload(plan, machine_name)))
    else:
        out = console()
        show_plan(out, plan, machine_name, settings.units)
        show_pairs(out, [("Watchdog", watchdog)])
    raise typer.Exit(ExitCode.FINISHED if plan.runnable else ExitCode.REFUSED)
