"""The sessions that a bridge offers, and what a treadmill may be asked to do: said once for all its treadmills."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Self

from backstride.apps.consent import Consent
from backstride.apps.service import prepare
from backstride.errors import ProfileError
from backstride.units import SpeedUnit
from backstride.workout.compiler import compile_plan
from backstride.workout.profile import load_profile, shipped_profiles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backstride.apps.service import Prepared
    from backstride.driver.machine import Machine
    from backstride.machines.capabilities import Capabilities
    from backstride.workout.profile import Limits, Profile

FIRST: Final = "first-steps"
"""The session that is chosen until somebody chooses another."""


@dataclass(slots=True)
class Repertoire:
    """The sessions on offer, by name, and for whom they are.

    Only what is on offer can be chosen over MQTT: a name that comes from the broker never becomes a path.

    Attributes:
        profiles: The sessions by name.
        personal: The walker's own limits.
        records: Folder of the records; None keeps none.
        body_mass_kg: The walker's mass, for the estimate of energy.
        unit: Unit of speeds in what is told and recorded as text.
    """

    profiles: Mapping[str, Profile]
    personal: Limits | None = None
    records: Path | None = None
    body_mass_kg: float | None = None
    unit: SpeedUnit = SpeedUnit.KMH
    _fitting: list[tuple[Capabilities, tuple[str, ...]]] = field(default_factory=list)

    def fitting(self, capabilities: Capabilities) -> tuple[str, ...]:
        """Return the names of the sessions that can run on such a machine."""
        for known, names in self._fitting:
            if known == capabilities:
                return names
        names = tuple(
            name
            for name, profile in self.profiles.items()
            if compile_plan(profile, capabilities, self.personal).runnable
        )
        self._fitting.append((capabilities, names))
        return names

    def prepare(self, name: str, machine: Machine) -> Prepared:
        """Compile a session on offer for a connected machine; nothing moves.

        Raises:
            ProfileError: No session of this name is on offer.
            PlanError: It cannot run on this machine; every reason is in it.
        """
        if name not in self.profiles:
            raise ProfileError(f"no session called {name!r} is on offer; capabilities has those that are", file=name)
        prepared = prepare(self.profiles[name], machine, self.personal)
        prepared.plan.require_runnable()
        return prepared


@dataclass(frozen=True, slots=True)
class Choice:
    """The session that is chosen for one treadmill, compiled, and what a person has agreed to for it."""

    name: str
    prepared: Prepared
    consent: Consent

    @classmethod
    def of(cls, name: str, repertoire: Repertoire, machine: Machine) -> Self:
        """Choose a session on offer. Raises ProfileError or PlanError as `Repertoire.prepare` does."""
        prepared = repertoire.prepare(name, machine)
        return cls(name, prepared, Consent(prepared.plan))

    @classmethod
    def first(cls, repertoire: Repertoire, machine: Machine) -> Self | None:
        """Return the session to begin with; None where the machine can run none that is on offer."""
        names = repertoire.fitting(machine.capabilities)
        name = FIRST if FIRST in names else next(iter(names), None)
        return None if name is None else cls.of(name, repertoire, machine)

    @property
    def renewed(self) -> Self:
        """The same session, to which nobody has agreed yet."""
        return replace(self, consent=Consent(self.prepared.plan))


def shipped() -> dict[str, Profile]:
    """Return every session that travels with Backstride, by name."""
    return {name: load_profile(path) for name, path in shipped_profiles().items()}
