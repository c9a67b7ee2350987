"""Whether a run kept the rules, from the peripheral's side: the belt's own log, the writes, the air, the record.

Nothing here asks the driver or the runner what they think; what was told is judged as words that must be true.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from backstride.protocol import uuids
from backstride.simulator.belt_log import Cause
from backstride.workout.events import Ended, Ending, LinkChanged, SessionState, StateChanged, StepStarted, Warned
from tests.matrix.scenes import BROKER_LOST, FASTEST, LIMIT, SECONDS, STAND, STEADY, STEEPEST, Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backstride.simulator.belt_log import Breakpoint
    from tests.matrix.story import Evidence

STOP, PAUSE = "0801", "0802"
_START_ACTS: Final = {"start", "confirm"}
_CHANGE: Final = 0.81  # km/h: 0.5 mph, the largest rise in one change (S8)
_SPACING: Final = 5.0  # seconds between rises (S8), which the program counts; the air may hold one back
_AIR: Final = 0.4  # seconds, by that much
_STALE: Final = 3.0  # seconds of silence after which nothing increases (S9)
_SILENCE: Final = 10.0  # seconds of silence that are link loss (S9)
_GRID: Final = 0.06  # km/h by which machines round
_REPEAT: Final = 2.7  # seconds between two attempts to stop: one a second, of which a slowing belt is spared one
_START_WITHIN: Final = 40.0  # seconds: countdown, and an answer that may come as late as ATT allows

_LYING: Final = {"frozen", "paused-speed"}
"""Faults whose telemetry says what is not so: nobody could know better from the air."""

_SLOW_AIR: Final = {"response-late", "stalled", "out-of-range", "power-cut"}
"""Faults that hold every write back, Stop included: ATT knows one request at a time, and a loop that stands none."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was not kept, and what shows it."""

    rule: str
    text: str


def judge(evidence: Evidence) -> list[Violation]:
    """Return every violation in a run."""
    case = _Case(evidence)
    found = [violation for _, rule in RULES for violation in rule(case)]
    return list(dict.fromkeys(found))


class _Case:
    """The evidence, ordered for the questions of the rules."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.lag = evidence.lag
        self.kind = evidence.scene.kind.name
        self.belt = evidence.treadmill.belt
        self.log = self.belt.log
        self.breakpoints = self.log.breakpoints
        self.ours = {f"client {number}" for number in evidence.ours}
        self.writes = [
            (write.time, write.value.hex(), write.att_error)
            for write in evidence.treadmill.writes
            if write.connection in evidence.ours
        ]
        self.ended = [(at, event) for at, event in evidence.told if isinstance(event, Ended)]
        self.is_lying = self.kind in _LYING

    def by_us(self, *causes: Cause) -> Iterator[tuple[Breakpoint, Breakpoint]]:
        """Yield what our commands did to the belt, each with the breakpoint before it."""
        for before, after in pairwise(self.breakpoints):
            if after.cause in causes and after.by in self.ours:
                yield before, after

    def acted(self, *acts: str, after: float, until: float) -> bool:
        """Tell whether the walker did one of `acts` in the time."""
        return any(act in acts and after < at <= until for at, act in self.evidence.acts)

    def records(self) -> Iterator[tuple[float, int]]:
        """Yield instant and speed (0.01 km/h as told) of each record that can be read."""
        for at, uuid, value in self.evidence.heard:
            if uuid == uuids.TREADMILL_DATA and len(value) >= 4 and not value[0] & 1:
                yield at, int.from_bytes(value[2:4], "little")


# --- S1, S2, S3: motion needs a person


def _starts_are_a_persons(case: _Case) -> Iterator[Violation]:
    """S1: each Start that reached the belt was paid by one act of the walker, and nothing undid it between."""
    unspent = [at for at, act in case.evidence.acts if act in _START_ACTS]
    for _, start in case.by_us(Cause.START):
        paid = [at for at in unspent if start.time - _START_WITHIN <= at <= start.time]
        if not paid:
            yield Violation("S1", f"the belt was started at {start.time:.1f} s without a person's act")
            continue
        unspent.remove(paid[-1])
        if case.acted("stop", "pause", after=paid[-1], until=start.time - 0.001):
            yield Violation("S1", f"the belt was started at {start.time:.1f} s after the walker had stopped it")


def _no_target_to_a_standing_belt(case: _Case) -> Iterator[Violation]:
    """S2: no target is written once the air has told that the belt stands, until it is told to move."""
    records = list(case.records())
    told_standing: list[tuple[float, bool]] = []
    zeros = 0
    for at, speed in records:
        zeros = zeros + 1 if speed == 0 else 0
        told_standing.append((at, zeros >= 2))
    stopped = [
        at
        for at, uuid, value in case.evidence.heard
        if uuid == uuids.MACHINE_STATUS and value[:1] in {b"\x02", b"\x03"}
    ]
    starts = [one.time for one in case.breakpoints if one.cause is Cause.START]
    for at, value, _ in case.writes:
        if value[:2] not in {"02", "03"}:
            continue
        left = at - case.lag  # or later: what was told meanwhile may have been known
        standing = next((standing for seen, standing in reversed(told_standing) if seen <= left), True)
        standing = standing and all(still for seen, still in told_standing if left < seen <= at)
        started = max((one for one in starts if one < at), default=-1.0)
        halted = any(started < stop < left for stop in stopped)
        if standing or halted:
            yield Violation("S2", f"target {value} was written at {at:.1f} s to a belt that was stopped")
        elif case.log.speed_at(at) == 0 and case.log.speed_at(left - 2.2) == 0 and not case.is_lying:
            yield Violation("S2", f"target {value} was written at {at:.1f} s to a belt that had stood for 2 s")


def _turning_needs_a_standing_belt(case: _Case) -> Iterator[Violation]:
    """S3: what comes after the turn starts from a true standstill."""
    turned = [at for at, event in case.evidence.told if isinstance(event, StepStarted) and event.step > STAND]
    halt = [at for at, event in case.evidence.told if isinstance(event, StepStarted) and event.step == STAND]
    if not turned or not halt or case.is_lying:
        return
    if not any(case.log.speed_at(halt[-1] + step / 10) == 0 for step in range(round((turned[0] - halt[-1]) * 10))):
        yield Violation("S3", f"the walk went on forward at {turned[0]:.1f} s, and the belt had not stood")


# --- S4, S5, S6: stop wins


def _stop_is_on_the_wire_at_once(case: _Case) -> Iterator[Violation]:
    """S4: with a link, each Stop of the walker is written in the same turn, whatever else is under way."""
    if case.kind in _SLOW_AIR:
        return
    for at, act in case.evidence.acts:
        if act != "stop" or case.log.speed_at(at) == 0 or not _linked(case, at):
            continue
        if not any(value == STOP and at <= written <= at + 0.02 + case.lag for written, value, _ in case.writes):
            yield Violation("S4", f"Stop at {at:.1f} s was not written at once")


def _stop_is_repeated(case: _Case) -> Iterator[Violation]:
    """S5: from a Stop until the belt slows, something is written every other second as long as there is a link."""
    if case.kind in _SLOW_AIR or case.evidence.ended is None:
        return
    stops = [at for at, event in case.evidence.told if isinstance(event, StateChanged) and event.state is _STOPPING]
    for stop in stops:
        end = min([at for at, _ in case.ended if at >= stop], default=case.evidence.ended)
        written = [at for at, value, _ in case.writes if stop - 0.1 <= at <= end and value[:2] in {"08", "02"}]
        for first, second in pairwise([stop, *written, end]):
            instants = (first + 0.9, first + 1.8, first + _REPEAT)
            if second - first > _REPEAT + case.lag and all(
                _linked(case, at) and _keeps_moving(case, at) for at in instants
            ):
                yield Violation("S5", f"nothing was written from {first:.1f} to {second:.1f} s to a belt that ran on")


def _keeps_moving(case: _Case, at: float) -> bool:
    return case.log.speed_at(at) > 0 and case.log.speed_at(at) >= case.log.speed_at(at - 1.0)


def _linked(case: _Case, at: float) -> bool:
    """Tell whether the program could reach the machine: the air brought something within the last second or two."""
    told = [event.connected for seen, event in case.evidence.told if isinstance(event, LinkChanged) and seen <= at]
    heard = any(at - 2.1 <= seen <= at for seen, _, _ in case.evidence.heard)
    return heard and (not told or told[-1])


def _it_ends(case: _Case) -> Iterator[Violation]:
    """S6: every session ends, once, in time and without an exception."""
    evidence = case.evidence
    if evidence.failure is not None:
        yield Violation("S6", f"it failed: {evidence.failure!r}")
    if evidence.refused is not None and evidence.record is not None:
        yield Violation("S6", f"a session that had begun ended with: {evidence.refused}")
    if evidence.record is None:
        return
    if len(case.ended) != 1:
        yield Violation("S6", f"the end was told {len(case.ended)} times")
        return
    if evidence.left is not None and evidence.ended is not None and evidence.left - evidence.ended > 6.0:
        yield Violation("S6", f"leaving took {evidence.left - evidence.ended:.1f} s")
    ended_at = case.ended[0][0]
    left = [at for at, act in evidence.acts if act == "leave"]
    if left and ended_at - left[0] > 5.5:
        yield Violation("S6", f"after Ctrl-C it took {ended_at - left[0]:.1f} s to the end")


def _the_last_word_is_true(case: _Case) -> Iterator[Violation]:
    """S5: "stands" is said only of a belt that stands; otherwise people are sent to the console or the safety key."""
    if len(case.ended) != 1:
        return
    ended_at, word = case.ended[0]
    starts = [one for one in case.breakpoints if one.cause is Cause.START and one.time <= ended_at]
    ours_to_come = bool(starts) and starts[-1].by in case.ours and case.belt.target > 0
    if word.belt_standing is True and not case.is_lying and (case.log.speed_at(ended_at) > 0 or ours_to_come):
        yield Violation("S5", f"'the belt stands' was said at {ended_at:.1f} s, and it moves")
    has_moved = any(one.by in case.ours for one in starts)
    if (
        word.belt_standing is not True
        and has_moved
        and not any(
            isinstance(event, Warned) and event.urgent and "stop button" in event.text
            for at, event in case.evidence.told
            if at > ended_at - 40
        )
    ):
        yield Violation("S5", "the belt was not seen to stand, and nobody was told to use the console")


# --- S7, S8, S9: one gate for every target


def _targets_stay_in_the_envelope(case: _Case) -> Iterator[Violation]:
    """S7: nothing we set is faster than the plan, nor than its limit on a machine that takes miles for kilometres."""
    fastest = LIMIT if case.kind == "unit-mph" else max(FASTEST, case.belt.floor)
    if case.kind == "unit-mph" and "total_distance" in case.evidence.treadmill.facts.telemetry.stuck:
        return  # only the distance gives miles away, and this machine's never moves (docs/safety.md)
    unknowable = (case.evidence.struck or 0.0) + 1.1 if case.kind == "unit-mph" else 0.0
    for _, change in case.by_us(Cause.TARGET, Cause.START):
        if change.target > fastest + _GRID and change.time > unknowable:  # until the next record nobody can know
            yield Violation("S7", f"the belt was sent to {change.target:.2f} km/h at {change.time:.1f} s")


def _speed_rises_gently(case: _Case) -> Iterator[Violation]:
    """S8: backward, the rises we write are at most 0.5 mph and at least 5 s apart, counted from the last target."""
    turned = min((at for at, event in case.evidence.told if isinstance(event, StepStarted) and event.step > STAND),
                 default=float("inf"))  # fmt: skip
    console = [one for one in case.breakpoints if one.by not in case.ours and one.cause is Cause.TARGET]
    last: tuple[float, float] | None = None  # when and what the target was
    last_rise = float("-inf")
    for at, value, att_error in case.writes:
        if at >= turned or att_error is not None:
            continue
        if value in {"07", STOP, PAUSE}:
            last, last_rise = None, at
        elif value[:2] == "02":
            target = int.from_bytes(bytes.fromhex(value)[1:3], "little") / 100
            seen = [one for one in console if last is not None and last[0] < one.time < at]
            before = seen[-1].target if seen else None if last is None else last[1]
            if before is not None and target > (before := max(before, case.log.speed_at(at))) + 0.001:
                if target - before > _CHANGE + _GRID:
                    yield Violation("S8", f"one change from {before:.2f} to {target:.2f} km/h at {at:.1f} s")
                if at - last_rise < _SPACING - _AIR - case.lag:
                    yield Violation("S8", f"two rises within {at - last_rise:.1f} s at {at:.1f} s")
                last_rise = at
            last = (at, target)


def _no_rise_on_thin_ice(case: _Case) -> Iterator[Violation]:
    """S9: no rise while nothing has been heard for 3 s."""
    heard = [at for at, _ in case.records()]
    for before, after in case.by_us(Cause.TARGET):
        if after.target <= max(before.target, before.speed) + 0.001:
            continue
        age = after.time - max((at for at in heard if at <= after.time), default=float("-inf"))
        if age > _STALE + 0.1 + case.lag:
            yield Violation("S9", f"a rise at {after.time:.1f} s on telemetry {age:.1f} s old")


# --- S11, S12: the console, the link


def _the_console_is_not_fought(case: _Case) -> Iterator[Violation]:
    """S11: what the console set holds until the step changes or the walker acts."""
    lets_go = [at for at, event in case.evidence.told if isinstance(event, StepStarted)]
    lets_go += [at for at, event in case.evidence.told if isinstance(event, StateChanged)]
    for index, change in enumerate(case.breakpoints):
        if change.cause is not Cause.TARGET or change.by in case.ours or change.target == 0:
            continue
        for later in case.breakpoints[index + 1 :]:
            if later.cause in {Cause.STOP, Cause.PAUSE, Cause.START, Cause.SAFETY_KEY, Cause.POWER}:
                break
            if later.cause is Cause.TARGET and later.by not in case.ours:
                break
            if later.cause is Cause.TARGET and later.time > change.time + 0.1 + case.lag:
                if not any(change.time < at <= later.time for at in lets_go):
                    text = f"the console's {change.target:.2f} km/h was changed to {later.target:.2f} km/h"
                    yield Violation("S11", f"{text} at {later.time:.1f} s")
                break


def _loss_of_the_link_is_said(case: _Case) -> Iterator[Violation]:
    """S12: a link that is gone for longer than silence allows is told, with what to do."""
    evidence = case.evidence
    if evidence.ended is None or evidence.record is None or case.kind == "stalled":
        return
    begun = evidence.told[0][0] if evidence.told else evidence.ended
    end = case.ended[0][0] if case.ended else evidence.ended
    heard = [begun, *(at for at, _ in case.records() if begun < at < end), end]
    for first, second in pairwise(heard):
        if second - first > _SILENCE + 1.5 and not any(
            isinstance(event, Warned) and event.urgent and first <= at <= first + _SILENCE + 1.1 + case.lag
            for at, event in evidence.told
        ):
            yield Violation("S12", f"nothing came from {first:.1f} to {second:.1f} s, and nobody was told")


def _no_rise_after_a_reconnection(case: _Case) -> Iterator[Violation]:
    """S12: on a belt that moves when the link is back nothing rises until the walker confirms."""
    told = case.evidence.told
    for at, event in told:
        if not (isinstance(event, LinkChanged) and event.connected) or case.log.speed_at(at) == 0:
            continue
        for before, after in case.by_us(Cause.TARGET):
            if after.time <= at or after.target <= max(before.target, before.speed) + 0.001:
                continue
            if not case.acted("confirm", after=at, until=after.time):
                yield Violation("S12", f"a rise at {after.time:.1f} s after the reconnection, unconfirmed")
            break


# --- S13: the record


def _the_record_is_complete(case: _Case) -> Iterator[Violation]:
    """S13: the file is whole, has a sample for each second, and says at its end what was said."""
    evidence = case.evidence
    if evidence.record is None:
        return
    lines = [json.loads(line) for line in evidence.record.read_text(encoding="ascii").splitlines()]
    if lines[-1].get("event") != "summary":
        yield Violation("S13", "the record has no summary")
        return
    ended = [line for line in lines if line.get("event") == "ended"]
    if [line["belt_standing"] for line in ended] != [word.belt_standing for _, word in case.ended]:
        yield Violation("S13", "the record's last word is not the session's")
    samples = [line["t"] for line in lines if line.get("event") == "sample"]
    allowed = 1.65 + case.lag + (evidence.scene.seconds if case.kind == "stalled" else 0.0)
    for first, second in pairwise(samples):
        if second - first > allowed:
            yield Violation("S13", f"no sample from {first:.1f} to {second:.1f} s of the record")


# --- over MQTT: the broker is no walker


def _only_walker_and_plan_halt(case: _Case) -> Iterator[Violation]:
    """MQTT: over a broker the belt is halted by the walker and by the plan, and by nothing else."""
    if case.evidence.mqtt is None:
        return
    halts = [at for at, event in case.evidence.told if isinstance(event, StepStarted) and event.step == STAND]
    halts += [at - _COMES_TO_REST for at, event in case.ended if event.ending is Ending.FINISHED]
    for _, halt in case.by_us(Cause.STOP, Cause.PAUSE):
        begun = halt.time - _COMES_TO_REST
        planned = any(begun - case.lag <= at <= halt.time + case.lag for at in halts)
        if not planned and not case.acted("stop", "pause", after=begun, until=halt.time + case.lag):
            yield Violation("MQTT", f"the belt was halted at {halt.time:.1f} s, and nobody had asked for it")


def _the_plan_is_walked(case: _Case) -> Iterator[Violation]:
    """MQTT: the plan goes on meanwhile, as fast and as steep as it says and as long, until its end or a Stop."""
    evidence = case.evidence
    if evidence.mqtt is None:
        return
    for _, ended in case.ended:
        if ended.ending is not Ending.FINISHED and not any(act == "stop" for _, act in evidence.acts):
            yield Violation("MQTT", f"the session ended without a Stop of the walker: {ended.reason}")
    for _, change in case.by_us(Cause.INCLINE):
        if change.incline_target > STEEPEST + _GRID:
            yield Violation("MQTT", f"the deck was sent to {change.incline_target:.1f} % at {change.time:.1f} s")
    steps = [(at, event.step) for at, event in evidence.told if isinstance(event, StepStarted)]
    for (at, step), (then, following) in pairwise(steps):
        if following != step + 1:
            yield Violation("MQTT", f"step {following} came after step {step} at {then:.1f} s")
        elif (
            step < len(SECONDS)
            and not (step == STEADY and evidence.scene.phase is Phase.PAUSED)
            and abs(then - at - SECONDS[step]) > _STEP_WITHIN
        ):
            yield Violation("MQTT", f"step {step} took {then - at:.1f} s instead of {SECONDS[step]:.0f} s")


def _it_is_heard_again(case: _Case) -> Iterator[Violation]:
    """MQTT: when the broker is back, and in the midst of a flood, Stop is taken, and answered with a standing belt."""
    evidence = case.evidence
    mqtt = evidence.mqtt
    if mqtt is None:
        return
    for stop in mqtt.stops:
        if mqtt.answers.get(stop) != "confirmed":
            yield Violation("MQTT", f"{stop} was answered with {mqtt.answers.get(stop, 'nothing')}")
    if evidence.struck is None or evidence.struck < 0:
        yield Violation("MQTT", "the phase never came")
    elif case.kind == BROKER_LOST:
        if mqtt.returned is None or not mqtt.stops:
            yield Violation("MQTT", "the bridge did not come back to the broker, or nobody stopped the belt then")
    elif mqtt.flooded < _A_FLOOD or mqtt.refused < mqtt.flooded * _HAS_COME:
        yield Violation("MQTT", f"of {mqtt.flooded} commands {mqtt.refused} were refused: this was no flood")


_COMES_TO_REST: Final = 12.0  # seconds for a halt that is repeated, from a Stop or a stand to the last write
_STEP_WITHIN: Final = 1.0  # seconds by which a step may be longer or shorter than its plan
_A_FLOOD: Final = 500  # commands that were sent at least, before a Stop ended the session
_HAS_COME: Final = 0.6  # of them at least: what comes before the treadmill is offered is heard by nobody

_STOPPING: Final = SessionState.STOPPING

RULES: Final[tuple[tuple[str, Callable[[_Case], Iterator[Violation]]], ...]] = (
    ("S1", _starts_are_a_persons),
    ("S2", _no_target_to_a_standing_belt),
    ("S3", _turning_needs_a_standing_belt),
    ("S4", _stop_is_on_the_wire_at_once),
    ("S5", _stop_is_repeated),
    ("S5", _the_last_word_is_true),
    ("S6", _it_ends),
    ("S7", _targets_stay_in_the_envelope),
    ("S8", _speed_rises_gently),
    ("S9", _no_rise_on_thin_ice),
    ("S11", _the_console_is_not_fought),
    ("S12", _loss_of_the_link_is_said),
    ("S12", _no_rise_after_a_reconnection),
    ("S13", _the_record_is_complete),
    ("MQTT", _only_walker_and_plan_halt),
    ("MQTT", _the_plan_is_walked),
    ("MQTT", _it_is_heard_again),
)
"""Every rule that is judged, by its id; the first sentence of each says what."""
