"""Session profiles: the models, the file format, and the profiles that travel with Backstride (docs/profiles.md)."""

from __future__ import annotations

from backstride.workout.profile.models import (
    CuePoint,
    Facing,
    Handrails,
    Limits,
    Profile,
    Ramp,
    Repeat,
    Stand,
    Steady,
    Step,
)
from backstride.workout.profile.reader import read_profile
from backstride.workout.profile.schema import profile_schema
from backstride.workout.profile.shipped import load_profile, shipped_profiles
from backstride.workout.profile.writer import to_yaml

__all__ = [
    "CuePoint",
    "Facing",
    "Handrails",
    "Limits",
    "Profile",
    "Ramp",
    "Repeat",
    "Stand",
    "Steady",
    "Step",
    "load_profile",
    "profile_schema",
    "read_profile",
    "shipped_profiles",
    "to_yaml",
]
