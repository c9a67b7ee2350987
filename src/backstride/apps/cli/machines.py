"""`backstride machines`: the models that Backstride knows, and the treadmills it has met."""

from typing import Annotated

import typer

from backstride.apps.cli.options import Common

EXAMPLES = "Example:  backstride machines horizon-omega-z"


def command(
    context: typer.Context,
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Tell all that is known of this model.", show_default=False)
    ] = None,
    forget: Annotated[
        str | None, typer.Option(metavar="NAME", help="Forget a treadmill that was met before.", show_default=False)
    ] = None,
) -> None:
    """List known models and treadmills met.

    With the name of a model, tell all that is known of it, with the sources; also of one that is not supported.
    """
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.config import forget_machine
    from backstride.machines.facts import load_facts
    from backstride.machines.unsupported import unsupported_machines

    settings = settings_for(Common.of(context))
    if forget is not None:
        forget_machine(settings, forget)
        typer.echo(f"{forget} is forgotten.")
    elif name is not None:
        from backstride.apps.cli.portrait import facts_rows, show_quirks, show_unsupported
        from backstride.apps.cli.terminal import console, show_pairs

        for unsupported in unsupported_machines():
            if unsupported.id == name:
                show_unsupported(console(), unsupported)
                return
        facts = load_facts(name)
        show_pairs(console(), facts_rows(facts, settings.units))
        show_quirks(console(), facts)
    else:
        _show_lists(Common.of(context))


def _show_lists(common: Common) -> None:
    from rich.text import Text

    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.terminal import console, plain_table
    from backstride.apps.cli.wording import UNKNOWN
    from backstride.machines.facts import known_machines, load_facts
    from backstride.machines.unsupported import unsupported_machines

    settings, out = settings_for(common), console()
    models = plain_table("Model", "Treadmill", "What is special")
    for name in known_machines():
        facts = load_facts(name)
        models.add_row(Text(name, style="bold"), facts.model, facts.summary)
    out.print(models)
    unsupported = plain_table("Not supported", "Treadmill", "Is called", "Speaks")
    for one in unsupported_machines():
        names = ", ".join(f"{name} …" for name in one.names) or UNKNOWN
        unsupported.add_row(Text(one.id, style="bold"), one.model, names, one.protocol.rstrip(","))
    out.print()
    out.print(unsupported)
    if not settings.machines:
        typer.echo("\nNo treadmill has been met yet.")
        return
    met = plain_table("Treadmill met", "Address", "Model", "Last seen")
    for known, machine in settings.machines.items():
        seen = UNKNOWN if machine.last_seen is None else f"{machine.last_seen:%d %b %Y, %H:%M}"
        model = f"{machine.model or UNKNOWN}{' (simulated)' if machine.simulated else ''}"
        met.add_row(Text(known, style="bold"), machine.address, model, seen)
    out.print()
    out.print(met)
