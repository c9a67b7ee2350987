"""What is typed, before typer reads it."""

from __future__ import annotations

import pytest

from backstride.apps.cli.arguments import alone, arrange, profile_and_model
from backstride.errors import ConfigError

MODELS = ("generic", "horizon-omega-z")


@pytest.mark.parametrize(
    ("typed", "arranged"),
    [
        ("run p --simulated", "run p --simulated generic"),
        ("run p --simulated --fast", "run p --simulated generic --fast"),
        ("run p --simulated sole-f85 --fast", "run p --simulated sole-f85 --fast"),
        ("run --simulated p --fast", "run --simulated p --fast"),
        ("scan --simulated", "scan --simulated"),
        ("--debug scan --simulated", "--debug scan --simulated"),
        ("run p --units km/h --fast", "--units km/h run p --fast"),
        ("run p --config=here.toml --debug", "--config=here.toml --debug run p"),
        ("run p --units", "--units run p"),
        ("scan --adapter hci1 --simulated", "--adapter hci1 scan --simulated"),
        ("show -- --simulated --debug", "show -- --simulated --debug"),
        ("", ""),
    ],
)
def test_options_of_the_program_come_first_and_a_bare_simulated_gets_its_model(typed: str, arranged: str) -> None:
    assert arrange(typed.split()) == arranged.split()


@pytest.mark.parametrize(
    ("typed", "for_a_person", "for_a_pipe"),
    [
        ("", "pair", "--help"),
        ("--units km/h --debug", "--units km/h --debug pair", "--units km/h --debug"),
        ("--config=here.toml", "--config=here.toml pair", "--config=here.toml"),
        ("--debug --simulated generic", "--debug pair --simulated generic", "--debug pair --simulated generic"),
        ("--units km/h scan", "--units km/h scan", "--units km/h scan"),
        ("--help", "--help", "--help"),
        ("--units", "--units pair", "--units"),
    ],
)
def test_without_a_command_a_person_gets_the_pairing_and_a_pipe_the_help(
    typed: str, for_a_person: str, for_a_pipe: str
) -> None:
    assert alone(typed.split(), at_a_terminal=True) == for_a_person.split()
    assert alone(typed.split(), at_a_terminal=False) == for_a_pipe.split()


@pytest.mark.parametrize(
    ("profile", "simulated", "expected"),
    [
        ("p", None, ("p", None)),
        ("p", "generic", ("p", "generic")),
        ("p", "typo", ("p", "typo")),
        (None, "retro-walk", ("retro-walk", "generic")),
    ],
)
def test_the_word_behind_simulated_is_the_profile_where_none_is_named(
    profile: str | None, simulated: str | None, expected: tuple[str, str | None]
) -> None:
    assert profile_and_model(profile, simulated, MODELS) == expected


@pytest.mark.parametrize("simulated", [None, "generic", "mine.toml"])
def test_a_model_is_never_taken_for_a_profile(simulated: str | None) -> None:
    with pytest.raises(ConfigError, match="Which profile"):
        profile_and_model(None, simulated, MODELS)
