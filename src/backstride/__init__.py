"""Backstride drives smart treadmills over the Bluetooth Fitness Machine Service through guided sessions.

The names below are resolved when they are first used, so that importing the package loads neither bleak nor pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backstride.apps.service import Unattended, run_session
    from backstride.driver.confirmation import Confirmed, Outcome, Rejected, Unknown
    from backstride.driver.discovery import Discovery, Found
    from backstride.driver.machine import Machine
    from backstride.driver.state import MachineState
    from backstride.errors import BackstrideError, SafetyError
    from backstride.simulator.treadmill import SimulatedTreadmill
    from backstride.units import Distance, Incline, Speed
    from backstride.workout.profile import Limits, Profile, Ramp, Repeat, Stand, Steady, load_profile
    from backstride.workout.session import Session

    __version__: str

_HOMES: Final = {
    "BackstrideError": "backstride.errors",
    "Confirmed": "backstride.driver.confirmation",
    "Discovery": "backstride.driver.discovery",
    "Distance": "backstride.units",
    "Found": "backstride.driver.discovery",
    "Incline": "backstride.units",
    "Limits": "backstride.workout.profile",
    "Machine": "backstride.driver.machine",
    "MachineState": "backstride.driver.state",
    "Outcome": "backstride.driver.confirmation",
    "Profile": "backstride.workout.profile",
    "Ramp": "backstride.workout.profile",
    "Rejected": "backstride.driver.confirmation",
    "Repeat": "backstride.workout.profile",
    "SafetyError": "backstride.errors",
    "Session": "backstride.workout.session",
    "SimulatedTreadmill": "backstride.simulator.treadmill",
    "Unattended": "backstride.apps.service",
    "Speed": "backstride.units",
    "Stand": "backstride.workout.profile",
    "Steady": "backstride.workout.profile",
    "Unknown": "backstride.driver.confirmation",
    "load_profile": "backstride.workout.profile",
    "run_session": "backstride.apps.service",
}

__all__ = [
    "BackstrideError",
    "Confirmed",
    "Discovery",
    "Distance",
    "Found",
    "Incline",
    "Limits",
    "Machine",
    "MachineState",
    "Outcome",
    "Profile",
    "Ramp",
    "Rejected",
    "Repeat",
    "SafetyError",
    "Session",
    "SimulatedTreadmill",
    "Speed",
    "Stand",
    "Steady",
    "Unattended",
    "Unknown",
    "__version__",
    "load_profile",
    "run_session",
]


def __getattr__(name: str) -> object:
    """Resolve a public name at its first use (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - only who asks for the version pays for it

        return version("backstride")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
