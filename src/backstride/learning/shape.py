"""From the log: what Treadmill Data of the machine looks like. Pure."""

from __future__ import annotations

import itertools
from statistics import median
from typing import TYPE_CHECKING, Final

from backstride.errors import BackstrideError
from backstride.learning.log import MORE_DATA, Doing, Log
from backstride.machines.facts import RecordLayout
from backstride.protocol.treadmill_data import DataFlag, RecordAssembler, split_record
from backstride.protocol.treadmill_fields import BIT_OF_VALUE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backstride.learning.findings import Findings
    from backstride.learning.log import Notification, Record

DEFAULT_SIZE: Final = 20
"""Octets that fit into one notification before both sides agree on more (ATT_MTU 23)."""

_ATT_HEADER: Final = 3  # octets before the value in a notification (Core Vol 3 F 3.4.7.1)

WALKED_ENOUGH: Final = 20.0
"""Seconds of motion after which a counter that is still zero never leaves it."""

_ANSWERING: Final = {
    "instantaneous_speed": "speed",
    "average_speed": "motion",
    "total_distance": "motion",
    "inclination": "deck",
    "ramp_angle": "deck",
    "positive_elevation_gain": "climb",
    "instantaneous_pace": "motion",
    "average_pace": "motion",
    "total_energy": "motion",
    "energy_per_hour": "motion",
    "energy_per_minute": "motion",
    "metabolic_equivalent": "motion",
    "elapsed_time": "motion",
    "steps": "motion",
}
"""What makes a field leave zero. The others may stay there: nobody holds the sensors, no goal is set."""

_FEW: Final = "no record came"
FIELDS: Final = (
    "telemetry.flags",
    "telemetry.interval",
    "telemetry.layout",
    "telemetry.later_flags",
    "telemetry.packets",
    "telemetry.step_octets",
    "telemetry.trailing_octets",
    "telemetry.unavailable",
    "telemetry.stuck",
)


def learn_shape(log: Log, findings: Findings) -> None:
    """Find out which fields a record has, how it is sent, and which fields say nothing."""
    groups = _groups(log.notifications)
    if not groups:
        for name in FIELDS:
            findings.miss(name, _FEW)
        return
    _learn_flags(groups, log.mtu, findings)
    _learn_interval(log.records, findings)
    last = [group[-1].data for group in groups]
    octets = {data.step_octets for data in last if data.flags & DataFlag.STEPS and data.steps is not None}
    if len(octets) == 1:
        findings.learn("telemetry.step_octets", octets.pop(), "the steps under bit 13 take so many octets")
    else:
        findings.miss("telemetry.step_octets", "no record has steps")
    trailing = {0 if data.missing is not None else len(data.trailing) for data in last}  # what is cut off trails not
    if len(trailing) == 1:
        findings.learn("telemetry.trailing_octets", trailing.pop(), f"in every one of {len(groups)} records")
    else:
        findings.miss("telemetry.trailing_octets", "it differs from record to record")
    _learn_silent_fields(log, findings)


def _groups(notifications: Sequence[Notification]) -> list[list[Notification]]:
    """Return the notifications of each record; one that was cut off by its end is left out."""
    groups: list[list[Notification]] = []
    parts: list[Notification] = []
    for notification in notifications:
        parts.append(notification)
        if not notification.data.more_data:
            groups.append(parts)
            parts = []
    return groups


def _learn_flags(groups: Sequence[Sequence[Notification]], mtu: int | None, findings: Findings) -> None:
    kinds: list[tuple[int, ...]] = []
    for group in groups:
        flags = tuple(part.data.flags for part in group)
        if flags not in kinds:
            kinds.append(flags)
    unions = [_union(kind) for kind in kinds]
    known = ", ".join(f"{flags:#06x}" for flags in dict.fromkeys(unions))
    seen = f"flags {known} in {len(groups)} records"
    findings.learn("telemetry.flags", unions[0], seen)
    later = tuple(flags for flags in dict.fromkeys(unions) if flags != unions[0])
    findings.learn("telemetry.later_flags", later, seen)
    group = groups[-1]
    if any(part.data.missing is not None for part in group):
        lengths = sorted({len(part.octets) for part in group})
        findings.learn("telemetry.layout", RecordLayout.TRUNCATED, f"a value ends after {lengths[-1]} octets")
        findings.learn("telemetry.packets", (), seen)
    elif len(group) == 1 or _is_by_size(group, mtu):
        findings.learn("telemetry.layout", RecordLayout.STANDARD, f"{len(group)} notifications a record")
        findings.learn("telemetry.packets", (), seen)
    else:
        packets = tuple(part.data.flags for part in group)
        listed = ", ".join(f"{flags:#06x}" for flags in packets)
        findings.learn("telemetry.layout", RecordLayout.SPLIT, f"each record comes as {listed}")
        findings.learn("telemetry.packets", packets, f"each record comes as {listed}")


def _union(flags: Sequence[int]) -> int:
    union = 0
    for one in flags:
        union |= one
    return union & ~MORE_DATA


def _is_by_size(group: Sequence[Notification], mtu: int | None) -> bool:
    """Tell whether a record is split as the standard says: because it does not fit, and as late as possible."""
    assembler = RecordAssembler()
    whole = next((joined for part in group if (joined := assembler.feed(part.data, 0.0)) is not None), None)
    size = max((mtu or 0) - _ATT_HEADER, DEFAULT_SIZE, *(len(part.octets) for part in group))
    try:
        return whole is not None and split_record(whole, size) == tuple(part.octets for part in group)
    except BackstrideError:
        return False


def _learn_interval(records: Sequence[Record], findings: Findings) -> None:
    gaps = [later.at - one.at for one, later in itertools.pairwise(records)]
    if gaps:
        interval = round(median(gaps), 2)
        findings.learn("telemetry.interval", interval, f"between {len(records)} records, usually")
    else:
        findings.miss("telemetry.interval", _FEW)


def _learn_silent_fields(log: Log, findings: Findings) -> None:
    """Find the fields that are never available, and those that never leave zero although they should."""
    values: dict[str, list[object]] = {name: [] for name in BIT_OF_VALUE}
    for record in log.records:
        for name, bit in BIT_OF_VALUE.items():
            announced = name not in _LEGACY and (bit == MORE_DATA or record.data.flags & bit)
            if announced and not _is_lost(record, name):
                values[name].append(getattr(record.data, name))
    told = {name: seen for name, seen in values.items() if seen}
    unavailable = tuple(name for name, seen in told.items() if all(value is None for value in seen))
    findings.learn("telemetry.unavailable", unavailable, f"in all of {len(log.records)} records")
    moved = sum(run[-1].at - run[0].at for run in log.moving())
    if log.is_blind and "instantaneous_speed" in told:
        findings.learn("telemetry.stuck", ("instantaneous_speed",), "the person saw the belt move")
        return
    if moved < WALKED_ENOUGH:
        findings.miss("telemetry.stuck", "the belt did not move for long enough")
        return
    expected = {"motion", *(("deck", "climb") if log.of(Doing.INCLINE) and _deck_shown(log) else ())}
    stuck = tuple(
        name
        for name, seen in told.items()
        if _ANSWERING.get(name) in expected and name != "inclination" and all(value == 0 for value in seen)
    )
    findings.learn("telemetry.stuck", stuck, f"in {moved:.0f} s of motion")


def _deck_shown(log: Log) -> bool:
    """Tell whether the deck is known to have been inclined while the belt moved, and no telemetry hides it."""
    inclines = log.inclines(0.0, float("inf"))
    return any(number > inclines[0][1] for _, number in inclines)


def _is_lost(record: Record, name: str) -> bool:
    """Tell whether a record was cut off before this field."""
    missing = record.data.missing
    order = tuple(BIT_OF_VALUE)
    return missing is not None and order.index(name) >= order.index(missing)


_LEGACY: Final = ("instantaneous_pace_legacy", "average_pace_legacy")


def learn_rest(log: Log, findings: Findings) -> None:
    """Find out what a standing machine says, and whether a stop zeroes its counters."""
    _learn_when_stopped(log, findings)
    name = "telemetry.zeroed_by_stop"
    for deed in log.of(Doing.STOPPING)[:1]:
        before = log.records_between(0.0, deed.began)[-1:]
        standing = [record for record in log.records_of(deed) if record.data.instantaneous_speed == 0]
        later = log.records_between(deed.ended, float("inf"))
        after = standing[-1:] or later[:1]  # a machine that says nothing at rest tells it at the next start
        if not before or not after or not any(_counters(before[0])):
            findings.miss(name, "neither distance nor time was counted before and after a stop")
            return
        counted, kept = _counters(before[0]), _counters(after[0])
        seen = f"distance and time were {counted} before a stop, {kept} after"
        findings.learn(name, all(one < other for one, other in zip(kept, counted, strict=True) if other), seen)
    findings.miss(name, "the belt was not stopped")


def _counters(record: Record) -> tuple[int, int]:
    return record.data.total_distance or 0, record.data.elapsed_time or 0


def _learn_when_stopped(log: Log, findings: Findings) -> None:
    name = "telemetry.when_stopped"
    rests = log.of(Doing.LISTENING)
    if not rests:
        findings.miss(name, "nobody listened to it at rest")
        return
    heard = len(log.records_of(rests[0]))
    seen = f"{heard} records in {rests[0].ended - rests[0].began:.0f} s at rest"
    if not heard and not log.records:
        findings.miss(name, f"{seen}, and none later: it says nothing at all")
    else:
        findings.learn(name, heard > 0, seen)
