"""Programs that are not ours: there only in the image of `make test-interop`, so not known where tests are typed."""

from __future__ import annotations

import importlib
import os
import warnings
from typing import Any

import pytest


def foreign(name: str) -> Any:  # noqa: ANN401 - a module that is not installed here
    """Return somebody else's module; without it, skip the tests of the module that asks."""
    if not os.environ.get("BACKSTRIDE_INTEROP"):
        pytest.skip("needs other people's programs and a Bluetooth stack: make test-interop", allow_module_level=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it uses that is deprecated is its maker's affair
        return importlib.import_module(name)
