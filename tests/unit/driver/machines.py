"""Capabilities of machines for the tests of the pure parts."""

from __future__ import annotations

from backstride.machines.capabilities import Capabilities, InclineGrid, SpeedGrid
from backstride.machines.facts import WireUnit
from backstride.units import Incline

GENERIC = Capabilities("Generic", SpeedGrid(80, 2000, 10), InclineGrid(Incline(0), Incline(150), Incline(5)))
SPEAKS_MPH = Capabilities("Pad", SpeedGrid(60, 380, 10, WireUnit.MPH, WireUnit.MPH), None, telemetry_unit=WireUnit.MPH)
TAKES_MPH = Capabilities("T202", SpeedGrid(80, 2000, 10, WireUnit.KMH, WireUnit.MPH), None)
REPORTS_ONLY = Capabilities("Display", None, None, "none", "none")
