from __future__ import annotations

import inspect

import pytest

from backstride import errors
from backstride.errors import (
    BackstrideError,
    DecodeError,
    EncodeError,
    MachineError,
    PlanError,
    ProcedureRefused,
    ProfileError,
    SafetyError,
)

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_is_caught_by_the_root(kind: type[Exception]) -> None:
    assert issubclass(kind, BackstrideError)


def test_a_value_we_cannot_send_is_a_value_error_and_one_we_cannot_read_is_not() -> None:
    assert issubclass(EncodeError, ValueError)
    assert not issubclass(DecodeError, ValueError)


def test_errors_carry_their_data_beside_the_sentence() -> None:
    decode = DecodeError("cut", field="speed", offset=3, partial=7)
    assert (str(decode), decode.field, decode.offset, decode.partial) == ("cut", "speed", 3, 7)
    refused = ProcedureRefused("no", op_code=2, result=3)
    assert isinstance(refused, MachineError)
    assert (str(refused), refused.op_code, refused.result, refused.att_error) == ("no", 2, 3, None)
    profile = ProfileError("typo", file="a.yaml", line=3, column=5, key="steps[0].spede")
    assert (str(profile), profile.file, profile.line, profile.column) == ("typo", "a.yaml", 3, 5)
    assert profile.key == "steps[0].spede"
    assert PlanError("no", reasons=["a", "b"]).reasons == ("a", "b")
    assert SafetyError("no", rule="S7").rule == "S7"
