"""From the log: what the control point of the machine answers, and what it does. Pure."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

from backstride.learning.deck import followed
from backstride.learning.log import Deed, Doing, Log
from backstride.learning.motion import changes, obeyed
from backstride.machines.facts import PauseEffect
from backstride.protocol.att import AttError
from backstride.protocol.control_point import (
    OpCode,
    Request,
    RequestControl,
    ResultCode,
    SetTargetInclination,
    SetTargetSpeed,
    StartOrResume,
    StopOrPauseRequest,
)
from backstride.protocol.machine_status import ControlPermissionLost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backstride.learning.findings import Findings

ECHO_WITHIN: Final = 1.0
"""Seconds after one's own procedure within which a status is its echo."""

LOCKED: Final = (
    "it acknowledges every command, answers none and reports nothing: it may be locked until the maker's app unlocks it"
)

_MOVING: Final = (Doing.STARTING, Doing.SPEED, Doing.INCLINE)
_DEMANDS_ENCRYPTION: Final = frozenset(
    {AttError.INSUFFICIENT_AUTHENTICATION, AttError.INSUFFICIENT_ENCRYPTION, AttError.INSUFFICIENT_ENCRYPTION_KEY_SIZE}
)
_NOT_TRIED: Final = "it was not tried"


def learn_commands(log: Log, findings: Findings) -> None:
    """Find out what the control point answers, and what it does."""
    _learn_requests(log, findings)
    _learn_answers(log, findings)
    _learn_pacing(log, findings)
    _learn_target_at_rest(log, findings)
    _learn_obedience(log, findings)
    _learn_pause(log, findings)
    _learn_echo(log, findings)
    refusals = [deed for deed in log.deeds if deed.att_error in _DEMANDS_ENCRYPTION]
    if log.paired or refusals:
        findings.learn("link.require_encryption", value=True, seen="a write was refused until the two were paired")
    elif any(deed.request is not None for deed in log.deeds):
        findings.learn("link.require_encryption", value=False, seen="it took writes without pairing")
    else:
        findings.miss("link.require_encryption", "nothing was written to it")
    _learn_lock(log, findings)


def _learn_requests(log: Log, findings: Findings) -> None:
    """Find out how often control is asked for before a procedure is permitted."""
    first: float | None = None
    asked, gap = 0, 0.0
    for write in log.writes:
        if write.refused:
            continue
        if isinstance(write.request, RequestControl):
            gap = 0.0 if first is None else write.at - first
            first = write.at
            asked += 1
        elif write.response is not None and write.response.result != ResultCode.CONTROL_NOT_PERMITTED:
            break
    else:
        for name in ("control.requests", "control.request_gap"):
            findings.miss(name, "no procedure was ever permitted")
        return
    findings.learn("control.requests", max(1, asked), f"asked for {asked} times before a procedure was permitted")
    findings.learn("control.request_gap", round(gap, 1) if asked > 1 else 0.0, "between the last two of these")


def _learn_answers(log: Log, findings: Findings) -> None:
    """Find out which procedures are never answered, and how long the others take."""
    kinds = {write.request.op_code for write in log.writes}
    delays = [write.answered_at - write.at for write in log.writes if write.answered_at is not None]
    if not delays:
        for name in ("control.unanswered", "control.answer_delay"):
            findings.miss(name, "nothing was answered" if log.writes else _NOT_TRIED)
        return
    worked = {deed.request.op_code for deed in log.deeds if deed.request is not None and _worked(log, deed)}
    if any(isinstance(deed.request, StartOrResume) and deed.person for deed in log.deeds):
        worked.add(OpCode.REQUEST_CONTROL)  # control was had, whatever was answered
    silent = [op for op in sorted(kinds) if all(write.response is None for write in log.answers(op)) and op in worked]
    findings.learn(
        "control.unanswered",
        tuple(silent),
        f"of {len(log.writes)} procedures {len(delays)} were answered; the others of these kinds were carried out",
    )
    delay = round(median(delays), 1)
    findings.learn("control.answer_delay", delay, f"{median(delays) * 1000:.0f} ms, the median of {len(delays)}")


def _worked(log: Log, deed: Deed) -> bool:
    """Tell whether a deed had its effect, whatever was answered."""
    match deed.request:
        case StartOrResume():
            return bool(deed.person)
        case SetTargetSpeed():
            return any(obeyed(change) for change in changes(log) if change.deed is deed)
        case SetTargetInclination():
            return followed(log, deed)
        case StopOrPauseRequest():
            return deed.doing is Doing.PAUSING and (deed.person is not False)
        case _:
            return False


def _learn_pacing(log: Log, findings: Findings) -> None:
    if not log.pacing:
        findings.miss("control.pacing", "no harmless procedure was answered" if log.writes else _NOT_TRIED)
        return
    dropped = [test.gap for test in log.pacing if not test.taken]
    taken = [test.gap for test in log.pacing if test.taken and test.gap > max(dropped, default=-1.0)]
    if not dropped:
        findings.learn("control.pacing", 0.0, f"{len(taken)} procedures were taken right after another")
    elif taken:
        least = round(min(taken), 1)
        seen = f"{min(taken):.2f} s after another a procedure was taken, {max(dropped):.2f} s after it was dropped"
        findings.learn("control.pacing", least, seen)
    else:
        findings.miss("control.pacing", f"even {max(dropped):.1f} s after another a procedure was dropped")


def _learn_target_at_rest(log: Log, findings: Findings) -> None:
    """Find out whether a target starts a standing belt, or needs one that moves."""
    tried = log.of(Doing.TARGET_AT_REST)
    if not tried:
        for name in ("control.needs_motion", "control.starts_on_target"):
            findings.miss(name, log.skipped.get(Doing.TARGET_AT_REST, _NOT_TRIED))
        return
    deed = tried[0]
    findings.learn("control.starts_on_target", bool(deed.person), "a target speed was set while the belt stood")
    later = [one for one in log.of(Doing.SPEED) if one.succeeded]
    if deed.succeeded is None:
        findings.miss("control.needs_motion", "the target at rest was not answered")
    elif deed.succeeded:
        findings.learn("control.needs_motion", value=False, seen="the standing machine took a target speed")
    elif deed.result != ResultCode.OPERATION_FAILED or (log.of(Doing.SPEED) and not later):
        findings.learn("control.needs_motion", value=False, seen="target speeds are refused in every state")
    elif later:
        findings.learn("control.needs_motion", value=True, seen="a target failed at rest, and succeeded in motion")
    else:
        findings.miss("control.needs_motion", "no target was tried in motion")


def _learn_obedience(log: Log, findings: Findings) -> None:
    """Find out what is refused in every state, and what is answered with Success and comes to nothing."""
    refused: list[OpCode] = []
    ignored: list[OpCode] = []
    seen: list[str] = []
    for deeds in _by_kind(log).values():
        op_code, words = deeds[0].request.op_code, deeds[0].doing.value  # type: ignore[union-attr] # see _by_kind
        if all(deed.result == ResultCode.OPERATION_FAILED for deed in deeds):
            refused.append(op_code)
            seen.append(f"{words} failed {len(deeds)} times of {len(deeds)}")
        elif _comes_to_nothing(log, deeds):
            ignored.append(op_code)
            seen.append(f"{words} was answered with Success and came to nothing")
        else:
            seen.append(f"{words} was obeyed")
    if not seen:
        for name in ("control.refused", "control.ignored"):
            findings.miss(name, _NOT_TRIED)
        return
    sentence = "; ".join(seen)
    findings.learn("control.refused", tuple(sorted(refused)), sentence)
    findings.learn("control.ignored", tuple(sorted(ignored)), sentence)


def _by_kind(log: Log) -> dict[type[Request], list[Deed]]:
    """Return what was written to move belt or deck, by its kind."""
    kinds: dict[type[Request], list[Deed]] = {}
    for deed in log.of(*_MOVING):
        if deed.request is not None:
            kinds.setdefault(type(deed.request), []).append(deed)
    return kinds


def _comes_to_nothing(log: Log, deeds: Sequence[Deed]) -> bool:
    """Tell whether what succeeded never had an effect, although it should have."""
    succeeded = [deed for deed in deeds if deed.succeeded]
    if isinstance(deeds[0].request, SetTargetSpeed):
        asked = {deed.request for deed in succeeded}
        if len(asked) < 2:  # noqa: PLR2004 - the slowest speed is what a start comes to anyway
            return False
    return bool(succeeded) and not any(_worked(log, deed) for deed in deeds)


def _learn_pause(log: Log, findings: Findings) -> None:
    tried = log.of(Doing.PAUSING)
    if not tried:
        findings.miss("control.pause", log.skipped.get(Doing.PAUSING, _NOT_TRIED))
        return
    deed = tried[0]
    after = log.of(Doing.STOP_AFTER_PAUSE)
    if deed.succeeded is False:
        findings.learn("control.pause", PauseEffect.REFUSED, f"Pause was answered with result {deed.result}")
    elif not after or after[0].succeeded is None:
        findings.miss("control.pause", "the belt was not seen to stand, or the Stop after it was not answered")
    else:
        effect = PauseEffect.PAUSES if after[0].succeeded else PauseEffect.STOPS
        was = "was there to end" if after[0].succeeded else "was over"
        findings.learn("control.pause", effect, f"after a Pause the belt stood, and the session {was}")


def _learn_echo(log: Log, findings: Findings) -> None:
    """Find out whether one's own procedures come back as Machine Status."""
    done = [
        deed
        for deed in log.deeds
        if deed.succeeded and not isinstance(deed.request, RequestControl | None) and deed.doing in _MOVING
    ]
    if not done:
        findings.miss("control.echoes_status", "no procedure of ours changed anything")
        return
    echoes = [
        deed
        for deed in done
        if any(
            deed.began <= one.at <= deed.began + ECHO_WITHIN
            for one in log.announced
            if not isinstance(one.status, ControlPermissionLost)
        )
    ]
    seen = f"{len(echoes)} of {len(done)} procedures came back as a Machine Status"
    findings.learn("control.echoes_status", bool(echoes), seen)


def looks_locked(log: Log) -> bool:
    """Tell whether commands were written, and nothing came back, nor any record."""
    written = [write for write in log.writes if not write.refused]
    return bool(written) and not log.records and all(write.response is None for write in written)


def _learn_lock(log: Log, findings: Findings) -> None:
    if looks_locked(log):
        sentence = f"{LOCKED[0].upper()}{LOCKED[1:]}."
        findings.learn("control.locked", sentence, f"{len(log.writes)} writes, no answer, no record")
    else:
        findings.learn("control.locked", None, "it answers, or reports")


def console_words(log: Log) -> str:
    """Return what the console was heard to announce, as a sentence."""
    for deed in log.of(Doing.CONSOLE):
        heard = [one.status for one in log.announced if deed.began <= one.at <= deed.ended]
        if not heard:
            return "The console announces nothing of what is done on it."
        return f"The console announces: {', '.join(dict.fromkeys(type(status).__name__ for status in heard))}."
    return ""
