"""What a finding is: a check, how it came out, what that means, and what to do about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from backstride.driver.doctor.snapshot import System


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    NOTE = "note"  # worth knowing; nothing stands in the way
    TROUBLE = "trouble"  # stands in the way
    UNKNOWN = "unknown"  # could not be checked; the meaning says why


class Check(StrEnum):
    """What is looked at, in the order in which it is told."""

    SOFTWARE = "software"
    SYSTEM = "system"
    SERVICE = "Bluetooth service"
    PERMISSION = "permission"
    VERSION = "BlueZ version"
    ADAPTER = "adapter"
    CHOICE = "choice of adapter"
    BLOCKED = "blocked"
    POWER = "power"
    SCANNERS = "other scanners"
    HELD = "held connections"
    WATCHDOG = "watchdog"
    REACH = "in reach"
    FREE = "free"
    SIGNAL = "signal"
    FIRST_HEARD = "first heard"
    CONNECTION = "connection"
    MODEL = "model"
    SETTINGS = "settings file"
    RECORDS = "records folder"
    WALK = "walk under way"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do, on each system."""

    linux: str
    macos: str
    windows: str

    def on(self, system: System) -> str:
        """Return the words for `system`."""
        match system:
            case System.LINUX:
                return self.linux
            case System.MACOS:
                return self.macos
            case System.WINDOWS:
                return self.windows


def everywhere(text: str) -> Remedy:
    """Return a remedy that is the same on every system."""
    return Remedy(text, text, text)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: a sentence or two on what was found and what it means, and the remedy where there is one."""

    check: Check
    verdict: Verdict
    meaning: str
    remedy: Remedy | None = None


def ok(check: Check, meaning: str) -> Finding:
    """Return a finding of which nothing needs to be said but that all is well."""
    return Finding(check, Verdict.OK, meaning)


def note(check: Check, meaning: str, remedy: Remedy | None = None) -> Finding:
    """Return a finding that is worth knowing and stands in nobody's way."""
    return Finding(check, Verdict.NOTE, meaning, remedy)


def trouble(check: Check, meaning: str, remedy: Remedy) -> Finding:
    """Return a finding that stands in the way."""
    return Finding(check, Verdict.TROUBLE, meaning, remedy)


def unknown(check: Check, why: str, remedy: Remedy | None = None) -> Finding:
    """Return the finding of a check that could not be made, with the reason."""
    return Finding(check, Verdict.UNKNOWN, why, remedy)


FILES: Final = frozenset({Check.SETTINGS, Check.RECORDS})
"""Checks of files: their trouble is no trouble with Bluetooth."""
