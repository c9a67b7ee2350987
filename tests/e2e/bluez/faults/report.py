"""docs/reliability-bluez.md: what came of the link faults on BlueZ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.workout.events import Ended

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.matrix.judge import Violation
    from tests.matrix.scenes import Scene
    from tests.matrix.story import Evidence

    Results = dict[Scene, tuple[Evidence, Sequence[Violation]]]

_HEAD: Final = """\
# Reliability on BlueZ: the faults of the link

Written by `make matrix-bluez`, which takes most of an hour: bleak, D-Bus, bluetoothd and the kernel in the virtual
machine of docs/bluez.md, in real time, against the same peripheral over bumble. Walker, walk, faults and judge are
those of docs/reliability.md; the judge grants every value {lag:g} s for its way, and the walker stops after
{patience:g} s.

**{runs} runs: {faults} faults, {phases} phases, {machines} machines ({names}). {violations} violations.**

Each cell: how the session ended, and after how many seconds from the fault. *stands*: with the belt seen standing;
*unknown*: with the words that nobody can see it.
"""


def document(results: Mapping[Scene, tuple[Evidence, Sequence[Violation]]]) -> str:
    """Return the page."""
    scenes = list(results)
    phases = list(dict.fromkeys(scene.phase for scene in scenes))
    rows = list(dict.fromkeys((scene.fault, scene.model) for scene in scenes))
    by_place = {(scene.fault, scene.model, scene.phase): results[scene] for scene in scenes}
    any_evidence = next(iter(results.values()))[0]
    models = list(dict.fromkeys(scene.model for scene in scenes))
    head = _HEAD.format(
        lag=any_evidence.lag,
        patience=any_evidence.patience,
        runs=len(scenes),
        faults=len({scene.fault for scene in scenes}),
        phases=len(phases),
        machines=len(models),
        names=", ".join(models),
        violations=sum(len(violations) for _, violations in results.values()),
    )
    lines = [
        f"| fault | machine | {' | '.join(phases)} |",
        f"| --- | --- |{' --- |' * len(phases)}",
        *(
            f"| `{fault}` | {model} | "
            + " | ".join(_cell(by_place.get((fault, model, phase))) for phase in phases)
            + " |"
            for fault, model in rows
        ),
    ]
    broken = [f"- {one.rule}  {scene}: {one.text}" for scene in scenes for one in results[scene][1]]
    return "\n".join((head, *lines, *(("", "## Violations\n", *broken) if broken else ()), ""))


def _cell(result: tuple[Evidence, Sequence[Violation]] | None) -> str:
    if result is None:
        return "not run"
    evidence, violations = result
    ends = [(at, event) for at, event in evidence.told if isinstance(event, Ended)]
    if not ends or evidence.struck is None:
        return "not connected"
    at, end = ends[0]
    seen = "stands" if end.belt_standing is True else "unknown"
    broken = f", {', '.join(sorted({one.rule for one in violations}))} broken" if violations else ""
    return f"{end.ending.value}, {seen}, {at - evidence.struck:.0f} s{broken}"
