"""The settings as the command line sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstride.apps.config import Settings, load_settings
from backstride.errors import ConfigError
from backstride.workout.profile import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from backstride.apps.cli.options import Common


def settings_for(common: Common, *, records: Path | None = None, device: str | None = None) -> Settings:
    """Return the settings that hold for this command.

    Raises:
        ConfigError: They cannot be used, or the file that was named is not there: with a mistyped name a person's own
            limits would be left out (S7).
    """
    if common.config is not None and _is_missing(common.config):
        raise ConfigError(
            f"There is no settings file {common.config}. An empty one will do; without --config the usual one holds."
        )
    return load_settings(common.config, units=common.units, records=records, device=device, adapter=common.adapter)


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # reading it says what is wrong
    return False


def personal_limits(settings: Settings) -> Limits | None:
    """Return the walker's own limits, or None if there are none."""
    if settings.limits.speed is None and settings.limits.incline is None:
        return None
    return Limits(speed=settings.limits.speed, incline=settings.limits.incline)
