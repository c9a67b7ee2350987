"""How the program ends: one number and one sentence for everything that can go wrong."""

from __future__ import annotations

import errno
from enum import IntEnum
from typing import Final

from backstride import errors


class ExitCode(IntEnum):
    """What the shell is told."""

    FINISHED = 0
    BROKEN = 1  # a fault of the program itself
    WRONG_INPUT = 2
    NO_MACHINE = 3
    REFUSED = 4  # by pre-flight; nothing has moved
    FAULT = 5  # ended by a safety rule or a fault
    SIGNALLED = 128  # plus the signal's number, the belt standing: 130 after Ctrl-C


_CODES: Final = (
    (errors.PlanError, ExitCode.REFUSED),
    (errors.SafetyError, ExitCode.FAULT),
    (errors.MachineError, ExitCode.NO_MACHINE),
    (errors.BackstrideError, ExitCode.WRONG_INPUT),
)

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNEXPECTED: Final = (
    "Backstride has failed ({fault}). A belt that it moved has been told to stop: look, and use the treadmill's own "
    "stop button if it moves. Run the command again with --debug and report what it shows."
)


def is_full(error: Exception) -> bool:
    """Return whether `error` says that a file cannot take more: no fault of the program."""
    return isinstance(error, OSError) and error.errno in _FULL


def exit_code(error: Exception) -> ExitCode:
    """Return the exit code for an exception that ends a command."""
    if is_full(error):
        return ExitCode.WRONG_INPUT
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.BROKEN)


def sentence(error: Exception) -> str:
    """Return what a person needs to know of `error`: what happened, what of the belt, what to do."""
    text = str(error)
    if isinstance(error, OSError) and is_full(error):
        text = f"Cannot write the output: {(error.strerror or text).lower()}."
    elif not isinstance(error, errors.BackstrideError):
        text = _UNEXPECTED.format(fault=": ".join(filter(None, (type(error).__name__, text))))
    return " ".join((text, *getattr(error, "__notes__", ())))
