"""What is typed, before typer reads it."""

from __future__ import annotations

import pytest

from backstride.apps.cli.arguments import arrange, profile_and_model
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
