"""From findings to a machine file: the facts, each deviation with its evidence, and the story for the person. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from backstride.learning.commands import console_words, learn_commands
from backstride.learning.decisions import DECISIONS
from backstride.learning.deck import learn_deck
from backstride.learning.findings import Finding, Findings, How
from backstride.learning.log import Doing
from backstride.learning.motion import learn_belt, learn_units
from backstride.learning.motions import BLIND
from backstride.learning.reading import Read, learn_reading
from backstride.learning.shape import learn_rest, learn_shape
from backstride.machines.facts import InclineFacts, MachineFacts, Quirk
from backstride.protocol.control_point import OpCode
from backstride.protocol.features import TargetSetting
from backstride.units import Incline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from backstride.learning.log import Log

ON_HARDWARE: Final = "learned on hardware"
ON_THE_SIMULATOR: Final = "learned on the simulator"

_NO_DECK: Final = "the machine announces no range of inclinations"
_NOT_REACHED: Final = "it was not tried"


def analyse(read: Read, log: Log) -> Findings:
    """Return all that follows from what was read and seen."""
    findings = Findings()
    learn_reading(read, findings)
    learn_shape(log, findings)
    learn_rest(log, findings)
    learn_units(log, read.speeds, findings)
    learn_belt(log, findings)
    learn_deck(log, read.inclines, findings)
    learn_commands(log, findings)
    for finding in tuple(findings.found.values()):
        if not _can_be_said(finding):
            findings.unlearn(finding.field, f"{value_text(finding.value)} makes no sense")
    for name, (how, reason, _) in DECISIONS.items():
        if name in {"summary", "quirks"}:
            continue
        if name.startswith("incline.") and read.inclines is None:
            findings.gaps.pop(name, None)
        else:
            findings.miss(name, reason if how is How.NOT else _NOT_REACHED)
    if read.inclines is None:
        findings.miss("belt.incline_rate", _NO_DECK)
    return findings


def _can_be_said(finding: Finding) -> bool:
    """Tell whether a machine file can hold a finding: nothing that a machine or a person says may spoil the others."""
    table, _, field = finding.field.partition(".")
    value = {field: finding.value} if field else finding.value
    try:
        MachineFacts.model_validate({"id": "", "model": "", "summary": "", table: value})
    except ValidationError:
        return False
    return True


def facts_of(read: Read, findings: Findings, name: str, log: Log, *, day: date, provenance: str) -> MachineFacts:
    """Return the machine file that follows from findings; what was not found stays as the standard has it.

    Args:
        read: What the machine says of itself.
        findings: What was found.
        name: Name of the file without its ending.
        log: What was seen, for what the console announces.
        day: The day of the trial.
        provenance: `ON_HARDWARE` or `ON_THE_SIMULATOR`.
    """
    tables: dict[str, Any] = {"id": name}
    for finding in findings.found.values():
        table, _, field = finding.field.partition(".")
        if field:
            tables.setdefault(table, {})[field] = finding.value
        elif finding.field == "incline":
            tables["incline"] = finding.value
        else:
            tables[table] = finding.value
    cautions = list(_be_careful(tables, findings, log))
    source = f"backstride learn, {day.isoformat()}"
    sentences = [*filter(None, (verdict(read, log, findings), *cautions, *_deviations(findings), console_words(log)))]
    if read.firmware:
        sentences.append(f"Found on firmware {read.firmware}.")
    if findings.gaps:
        missing = "; ".join(f"{gap.field}: {gap.reason}" for gap in _worth_saying(findings))
        sentences.append(f"Not found out: {missing}.")
    tables["quirks"] = tuple(Quirk(text=text, source=source, provenance=provenance) for text in sentences)
    tables["summary"] = _summary(findings)
    return MachineFacts.model_validate(tables)


def _be_careful(tables: dict[str, Any], findings: Findings, log: Log) -> Iterator[str]:
    """Keep Backstride from what was not tried, or not understood; yield why (S7)."""
    incline = tables.get("incline")
    if not incline:
        return
    if incline.get("minimum", 0) < 0:
        incline["floor"] = Incline(0)
        yield "Declines were not tried: the floor of 0 % keeps Backstride from asking for one."
    if "incline.write_scale" in findings.gaps and any(deed.succeeded is not False for deed in log.of(Doing.INCLINE)):
        reason = f"what its numbers mean is not known: {findings.gaps['incline.write_scale'].reason}"
        tables.setdefault("control", {})["withheld"] = {OpCode.SET_TARGET_INCLINATION: reason}
        yield f"Inclines are withheld: {reason}."


def verdict(read: Read, log: Log, findings: Findings) -> str | None:
    """Return what keeps Backstride from driving the machine, as a sentence; None if nothing was found that does."""
    deaf = {*findings.value("control.ignored", ()), *findings.value("control.refused", ())}
    if not read.properties:
        return "It takes no commands over Bluetooth: Backstride can show what it reports, and cannot drive it."
    if (locked := findings.value("control.locked")) is not None:
        return str(locked)
    if log.is_blind:
        return f"Not to be driven: {BLIND}."
    if OpCode.START_OR_RESUME in deaf:
        return "It does not obey a Start over Bluetooth: Backstride cannot drive it."
    if OpCode.SET_TARGET_SPEED in deaf or TargetSetting.SPEED_TARGET not in read.features.target:
        return "It does not obey target speeds over Bluetooth: Backstride can start and stop it, and sets no speed."
    return None


def _worth_saying(findings: Findings) -> Iterator[Any]:
    return (gap for gap in findings.gaps.values() if DECISIONS[gap.field].how is not How.NOT)


def default_of(field: str) -> object:
    """Return what a machine file that does not name `field` has there."""
    table, _, name = field.partition(".")
    if not name:
        return MachineFacts.model_fields[table].get_default()
    part = InclineFacts() if table == "incline" else MachineFacts.model_fields[table].get_default()
    return getattr(part, name)


def _is_deviation(field: str, value: object) -> bool:
    """Tell whether a fact is more than what the machine announces in the form that the standard has."""
    plain = {"model", "incline", "identity.names", "identity.manufacturer", "identity.model_number", "telemetry.flags"}
    if field in plain or field.endswith((".minimum", ".maximum", ".increment")) or field == "control.targets":
        return False
    if field == "telemetry.unavailable" and value == ():
        return False
    return bool(value != default_of(field))


def _deviations(findings: Findings) -> Iterator[str]:
    """Yield each deviation from the standard, with what was seen."""
    for finding in findings.found.values():
        if _is_deviation(finding.field, finding.value):
            yield f"{finding.field} = {value_text(finding.value)}: {finding.seen} ({finding.how.value})."


def value_text(value: object) -> str:
    """Return a fact as a person reads it."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case tuple() | list():
            return ", ".join(value_text(one) for one in value) or "none"
        case OpCode() | TargetSetting():
            return str(value.name).lower().replace("_", " ")
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _summary(findings: Findings) -> str:
    """Return one line on what is odd about the machine."""
    odd = [finding.field for finding in findings.found.values() if _is_deviation(finding.field, finding.value)]
    if not odd:
        return "Learned on the machine itself: nothing that was tried deviates from the standard."
    return f"Learned on the machine itself; deviates in {', '.join(odd)}."


def story(findings: Findings) -> list[tuple[str, str]]:
    """Return what was learned, as names and values, for a person: deviations first, then what is not known."""
    rows = [
        (finding.field, f"{value_text(finding.value)}: {finding.seen}")
        for finding in findings.found.values()
        if _is_deviation(finding.field, finding.value)
    ]
    rows += [(gap.field, f"not known: {gap.reason}") for gap in _worth_saying(findings)]
    return rows
