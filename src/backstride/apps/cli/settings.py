"""The settings as the command line sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstride.apps.config import Settings, load_settings
from backstride.workout.profile import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from backstride.apps.cli.options import Common


def settings_for(common: Common, *, records: Path | None = None, device: str | None = None) -> Settings:
    """Return the settings that hold for this command. Raises ConfigError."""
    return load_settings(common.config, units=common.units, records=records, device=device, adapter=common.adapter)


def personal_limits(settings: Settings) -> Limits | None:
    """Return the walker's own limits, or None if there are none."""
    if settings.limits.speed is None and settings.limits.incline is None:
        return None
    return Limits(speed=settings.limits.speed, incline=settings.limits.incline)
