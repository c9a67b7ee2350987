"""The doctor for every front end: which treadmills are meant, the files, and what everything comes to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.driver.doctor import remedies
from backstride.driver.doctor.examination import examine
from backstride.driver.doctor.findings import Check, Finding, Verdict, ok, trouble, unknown
from backstride.driver.doctor.gathering import look_around
from backstride.driver.doctor.snapshot import Patient
from backstride.errors import ConfigError, RecordError
from backstride.machines.facts import GENERIC, load_facts
from backstride.record.recording import list_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backstride.apps.config import RememberedMachine, Settings
    from backstride.driver.discovery import Discovery
    from backstride.driver.doctor.snapshot import System
    from backstride.machines.facts import MachineFacts

LISTEN_FOR: Final = 8.0
"""Seconds to listen, as a scan does."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor has found, and on which system."""

    system: System
    findings: tuple[Finding, ...]

    @property
    def troubles(self) -> tuple[Finding, ...]:
        """What stands in the way."""
        return tuple(finding for finding in self.findings if finding.verdict is Verdict.TROUBLE)

    def remedy(self, finding: Finding) -> str | None:
        """Return what to do about a finding on this system, or None."""
        return None if finding.remedy is None else finding.remedy.on(self.system)


async def examination(
    settings: Settings, discovery: Discovery, *, device: str | None = None, seconds: float = LISTEN_FOR, fault: str = ""
) -> Examination:
    """Examine this computer and the treadmills around it; nothing is started, moved or written.

    Args:
        settings: The settings.
        discovery: What hears treadmills.
        device: Name or address of a treadmill that is to be connected to and read; None connects to none.
        seconds: How long to listen; 0 does not.
        fault: Why the settings that hold are not those of the file, or empty.
    """
    snapshot = await look_around(
        discovery,
        patients=patients(settings, device),
        seconds=seconds,
        chosen=settings.adapter,
        connect=device is not None,
        console=settings.console_of,
    )
    return Examination(snapshot.host.system, (*examine(snapshot), *file_findings(settings, fault)))


def patients(settings: Settings, device: str | None) -> tuple[Patient, ...]:
    """Return the treadmill that is named, or else those met before."""
    if device is None:
        return tuple(
            Patient(name, known.address, _facts(settings, known), named=settings.device in {name, known.address})
            for name, known in settings.machines.items()
        )
    known = settings.machine(device)
    if known is None:
        return (Patient(device, None, None, named=True),)
    return (Patient(device, known.address, _facts(settings, known), named=True),)


def file_findings(settings: Settings, fault: str = "") -> Iterator[Finding]:
    """Yield what is found of the settings file and the folder of records."""
    if fault:
        yield trouble(Check.SETTINGS, fault, remedies.MEND_SETTINGS)
    else:
        yield _writable(Check.SETTINGS, settings.file, "The settings can be saved")
    yield _writable(Check.RECORDS, settings.records, "Walks can be recorded")
    yield _walk(settings.records)


def _writable(check: Check, path: Path, all_well: str) -> Finding:
    """Return whether `path` can be written, without writing: the nearest folder that exists decides."""
    place = path
    try:
        while not place.exists() and place != place.parent:
            place = place.parent
        folder = path if check is Check.RECORDS else path.parent
        may = os.access(place, os.W_OK) and (place != folder or place.is_dir())
    except OSError as error:
        return unknown(check, f"{path} cannot be looked at: {(error.strerror or str(error)).lower()}.")
    if may:
        return ok(check, f"{all_well}: {path}.")
    return trouble(check, f"{path} cannot be written.", remedies.MAKE_WRITABLE)


def _walk(folder: Path) -> Finding:
    try:
        running = [info for info in list_records(folder) if info.running]
    except RecordError as error:
        return unknown(Check.WALK, str(error))
    if not running:
        return ok(Check.WALK, "No walk is under way.")
    machine = running[0].machine or "a treadmill"
    return trouble(Check.WALK, f"Another Backstride is walking on {machine} now, and holds it.", remedies.END_WALK)


def _facts(settings: Settings, known: RememberedMachine) -> MachineFacts | None:
    if known.model is None or known.model == GENERIC:
        return None
    try:
        return load_facts(known.model).with_console(settings.console_of(known.address))
    except ConfigError:  # a file of one's own that has moved: the model is unknown then
        return None
