"""Errors as exit codes and sentences."""

from __future__ import annotations

import errno
import inspect

import pytest

from backstride import errors
from backstride.apps.cli.exits import ExitCode, exit_code, sentence


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ProfileError("x", file="x"), 2),
        (errors.ConfigError("x"), 2),
        (errors.RecordError("x"), 2),
        (errors.NotFound("x"), 3),
        (errors.NotATreadmill("x"), 3),
        (errors.Disconnected("x"), 3),
        (errors.PlanError("x"), 4),
        (errors.SafetyError("x", rule="S1"), 5),
        (KeyError("x"), 1),
        (OSError(errno.ENOSPC, "x"), 2),
        (OSError(errno.EBADF, "x"), 1),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: Exception, code: int) -> None:
    assert exit_code(error) == code


def test_no_error_of_ours_counts_as_a_fault_of_the_program() -> None:
    kinds = [
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.BackstrideError)
    ]
    assert [kind for kind in kinds if exit_code(kind.__new__(kind)) == ExitCode.BROKEN] == []


def test_a_sentence_carries_what_was_noted_on_the_way() -> None:
    error = errors.NotFound("No treadmill is in reach.")
    error.add_note("Nothing has moved.")
    assert sentence(error) == "No treadmill is in reach. Nothing has moved."


def test_a_full_disk_is_no_fault_of_the_program() -> None:
    error = OSError(errno.ENOSPC, "No space left on device")
    assert sentence(error) == "Cannot write the output: no space left on device."


def test_an_unexpected_error_says_what_of_the_belt_and_how_to_find_out_more() -> None:
    text = sentence(ZeroDivisionError())
    assert "ZeroDivisionError" in text
    assert "stop button" in text
    assert "--debug" in text
    assert "ZeroDivisionError: why" in sentence(ZeroDivisionError("why"))
