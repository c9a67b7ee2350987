"""From everything that was found out to findings, in the order in which they are told. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstride.driver.doctor.findings import Check
from backstride.driver.doctor.machine_checks import check_machines
from backstride.driver.doctor.system_checks import check_system

if TYPE_CHECKING:
    from backstride.driver.doctor.findings import Finding
    from backstride.driver.doctor.snapshot import Snapshot


def examine(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return what the facts mean; every check is told of, if only that it could not be made and why."""
    order = {check: place for place, check in enumerate(Check)}
    findings = (*check_system(snapshot), *check_machines(snapshot))
    return tuple(sorted(findings, key=lambda finding: order[finding.check]))
