"""Where profiles come from: a path, or the name of one that travels with Backstride."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backstride.errors import ProfileError
from backstride.workout.profile.reader import read_profile
from backstride.workout.profile.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backstride.workout.profile.models import Profile

LARGEST_FILE: Final = 1 << 20
_IN_PACKAGE: Final = Path(__file__).parents[2] / "profiles"
_IN_CHECKOUT: Final = Path(__file__).parents[4] / "profiles"
_ENDINGS: Final = (".yaml", ".yml")


def shipped_profiles() -> Mapping[str, Path]:
    """Return the path of every profile that travels with Backstride, by name: ``retro-walk`` and its like."""
    folder = _IN_PACKAGE if _IN_PACKAGE.is_dir() else _IN_CHECKOUT
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_profile(path_or_name: str | Path) -> Profile:
    """Return the profile in a file, or a shipped one by its name.

    Args:
        path_or_name: A path, or a name as in `shipped_profiles`. A text is a path if it holds a separator or ends with
            ``.yaml`` or ``.yml``, or if no shipped profile is called so and such a file exists.

    Raises:
        ProfileError: There is no such profile, or it cannot be read; every fault is in a line of its own.
    """
    shipped = shipped_profiles()
    text = str(path_or_name)
    if isinstance(path_or_name, str) and not _is_path(text):
        if text in shipped:
            return _load(shipped[text], text)
        if not Path(text).is_file():
            raise ProfileError(_unknown(text, shipped), file=text)
    return _load(Path(path_or_name), text)


def _is_path(text: str) -> bool:
    separators = [separator for separator in (os.sep, os.altsep, "/") if separator]
    return text.endswith(_ENDINGS) or any(separator in text for separator in separators)


def _unknown(name: str, shipped: Mapping[str, Path]) -> str:
    known = f"shipped are {', '.join(shipped)}" if shipped else "none are shipped with this installation"
    return f"there is no profile '{name}'{did_you_mean(name, shipped)}; {known}; a path to a .yaml file works too"


def _load(path: Path, name: str) -> Profile:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ProfileError(f"{name}: the profile cannot be read: {reason}", file=name) from error
    if len(content) > LARGEST_FILE:
        raise ProfileError(f"{name}: the file is larger than 1 MiB; a profile has a few kilobytes", file=name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProfileError(
            f"{name}: octet {error.start} is not UTF-8; a profile is plain text in UTF-8", file=name
        ) from error
    return read_profile(text, name)
