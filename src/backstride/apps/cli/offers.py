"""The sessions for a connected treadmill: the shipped ones and the walker's own, each compiled for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backstride.apps.cli.preflight import prepared_for, totals, verdict_text
from backstride.apps.cli.wording import distance_text, first_sentence, in_unit
from backstride.errors import ProfileError, RecordError
from backstride.record.recording import list_records, read_record
from backstride.units import format_duration
from backstride.workout.plan import Verdict
from backstride.workout.profile import shipped_profiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.apps.config import Settings
    from backstride.driver.machine import Machine
    from backstride.units import SpeedUnit
    from backstride.workout.plan import Plan

OWN_FOLDER: Final = "profiles"
"""Folder beside the settings file in which the walker's own profiles are looked for."""

_SUFFIXES: Final = {".yaml", ".yml"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A session as it is offered.

    Attributes:
        reference: The profile's name or path.
        name: What it is called.
        sentence: What it is, in a sentence.
        extent: How long it takes and how far it goes on this machine; "" where it cannot run.
        why_not: Why this machine cannot run it, in a sentence; "" where it can.
        preflight: What there is to know of it before it begins, as names and values.
    """

    reference: str
    name: str
    sentence: str
    extent: str = ""
    why_not: str = ""
    preflight: tuple[tuple[str, str], ...] = ()


def offers_for(machine: Machine, settings: Settings, also: str | None = None) -> tuple[Offer, ...]:
    """Return every shipped profile and the walker's own ones, compiled for a connected machine; nothing moves.

    Args:
        machine: The treadmill.
        settings: The settings, beside whose file the walker's own profiles lie.
        also: Path of one more profile of the walker's.
    """
    references = [*own_profiles(settings, also), *shipped_profiles()]
    return tuple(_offer(reference, machine, settings) for reference in references)


def last_walked(settings: Settings) -> str | None:
    """Return the name or path of the profile that was walked last, if there is one and it is still there."""
    try:
        for record in list_records(settings.records):
            if record.unreadable is None:
                reference = read_record(record.path).header.profile.ref
                return reference if reference in shipped_profiles() or Path(reference).is_file() else None
    except RecordError:
        return None  # the list of records says what is wrong with them
    return None


def own_profiles(settings: Settings, also: str | None = None) -> Iterator[str]:
    """Yield the paths of the walker's own profiles, and `also`, where that is none of them and not shipped."""
    folder = settings.file.parent / OWN_FOLDER
    paths = sorted(path for path in folder.glob("*") if path.suffix in _SUFFIXES) if folder.is_dir() else []
    yield from map(str, paths)
    if also is not None and also not in shipped_profiles() and Path(also).resolve() not in map(Path.resolve, paths):
        yield also


def _offer(reference: str, machine: Machine, settings: Settings) -> Offer:
    unit = settings.units
    try:
        prepared = prepared_for(reference, machine, settings)
    except ProfileError as error:
        return Offer(reference, Path(reference).stem, str(error).partition("\n")[0], why_not="it cannot be read")
    plan, sentence = prepared.plan, first_sentence(prepared.profile.summary)
    if not plan.runnable:
        return Offer(reference, plan.name, sentence, why_not=in_unit(_refusal(plan), unit))
    facings = " and ".join(dict.fromkeys(step.facing.value for step in plan.steps))
    extent = f"{format_duration(plan.total_time)}, {distance_text(plan.total_distance, unit)}, {facings}"
    return Offer(reference, plan.name, sentence, extent, preflight=tuple(_preflight(plan, unit)))


def _refusal(plan: Plan) -> str:
    """Return the first reason in words; `backstride check` tells all of them, with their places."""
    notes = (step.note for step in plan.steps if step.verdict is Verdict.REFUSED)
    return f"{next(notes, plan.refusals[0]).rstrip('.')}."


def _preflight(plan: Plan, unit: SpeedUnit) -> Iterator[tuple[str, str]]:
    yield from totals(plan, unit)
    rounded = [step for step in plan.steps if step.verdict is Verdict.ROUNDED]
    told = dict.fromkeys(verdict_text(step, unit) for step in rounded)
    told.pop(Verdict.AS_WRITTEN.value, None)
    yield from zip(("This machine", *[""] * len(told)), told, strict=False)
