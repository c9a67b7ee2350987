"""What is typed, brought into the form that typer reads: options that hold everywhere, and a bare `--simulated`. Pure.

Typer wants the options of the program before the command, and knows no option whose value may be left out; people type
``backstride run retro-walk --simulated --units km/h``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SIMULATED: Final = "--simulated"
PAIR: Final = "pair"
DEFAULT_MODEL: Final = "generic"
_WITHOUT_MODEL: Final = "scan"  # the command whose --simulated means every model
_EVERYWHERE: Final = {"--config": True, "--units": True, "--adapter": True, "--debug": False}  # whether a value follows


def arrange(arguments: Sequence[str]) -> list[str]:
    """Return `arguments` with the program's own options first and a value behind every `--simulated`."""
    first: list[str] = []
    others: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            return [*first, *others, argument, *waiting]
        name = argument.partition("=")[0]
        if name in _EVERYWHERE:
            first.append(argument)
            if _EVERYWHERE[name] and argument == name and waiting:
                first.append(waiting.pop(0))
        elif argument == SIMULATED and _lacks_model(others, waiting):
            others += [argument, DEFAULT_MODEL]
        else:
            others.append(argument)
    return first + others


def alone(arguments: Sequence[str], *, at_a_terminal: bool) -> list[str]:
    """Return `arguments` with the command that is meant where none is named: `pair` for a person, else the help.

    Args:
        arguments: As `arrange` returns them.
        at_a_terminal: Whether a person can be asked.
    """
    behind = list(arguments)
    while behind and (name := behind[0].partition("=")[0]) in _EVERYWHERE:
        del behind[: 2 if _EVERYWHERE[name] and behind[0] == name else 1]
    if behind and behind[0].partition("=")[0] != SIMULATED:
        return list(arguments)
    if not behind and not at_a_terminal:
        return list(arguments) or ["--help"]
    return [*arguments[: len(arguments) - len(behind)], PAIR, *behind]


def _lacks_model(before: Sequence[str], behind: Sequence[str]) -> bool:
    return before[:1] != [_WITHOUT_MODEL] and (not behind or behind[0].startswith("-"))


def profile_and_model(profile: str | None, simulated: str | None, models: Collection[str]) -> tuple[str, str | None]:
    """Tell a profile from a model: in ``--simulated retro-walk`` the word is the profile, and the model is `generic`.

    Args:
        profile: The profile as typer read it, or None.
        simulated: What stood behind `--simulated`, or None without that option.
        models: Names of the machine files there are.

    Raises:
        ConfigError: No profile is named.
    """
    if profile is not None:
        return profile, simulated
    if simulated is None or simulated in models or simulated.endswith((".toml", ".jsonl")):
        raise ConfigError("Which profile? Name one, such as retro-walk, or a path; `backstride profiles` lists them.")
    return simulated, DEFAULT_MODEL
