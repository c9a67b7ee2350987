"""How faults are written, and every sentence for what is no fault."""

from __future__ import annotations

import contextlib
import re
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstride.errors import ConfigError
from backstride.protocol.att import AttError
from backstride.simulator.faults import CATALOGUE, Effect, Fault, Kind, Moment

DOCS = Path(__file__).parents[3] / "docs" / "faults.md"
COUNTED = {"op code": 255, "result code": 255, "octets": 512}

seconds = st.floats(0, 1e6) | st.integers(0, 10_000).map(float)


def values_of(kind: Kind) -> st.SearchStrategy[float]:
    match kind.value:
        case "":
            return st.just(0.0)
        case "error code":
            return st.sampled_from(sorted(AttError)).map(float)
        case "records":
            return st.integers(1, 1_000).map(float)
        case "op code" | "result code" | "octets":
            return st.integers(0, COUNTED[kind.value]).map(float)
        case "per cent":
            return st.floats(0, 100)
        case "km/h":
            return st.floats(0, 655)
        case _:
            return st.floats(0, 86_400)


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    kind = draw(st.sampled_from(sorted(CATALOGUE.values(), key=lambda kind: kind.name)))
    moment = draw(st.none() | st.sampled_from(Moment))
    after = 0.0 if moment is None else draw(seconds)
    lasting = inf if kind.effect is Effect.HAPPENS else draw(st.just(inf) | seconds)
    return Fault(kind, draw(values_of(kind)), moment, after, lasting)


@given(faults())
def test_a_fault_reads_again_as_it_was_written(fault: Fault) -> None:
    assert Fault.parse(str(fault)) == fault


@given(st.text(max_size=30) | st.from_regex(r"[a-z-]{3,14}(=[0-9x.]+)?(@[a-z]*\+?[0-9.]*)?(/[0-9.]+)?", fullmatch=True))
def test_whatever_is_typed_is_a_fault_or_a_config_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        fault = Fault.parse(text)
        assert Fault.parse(str(fault)) == fault


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_name_alone_is_a_fault_with_its_usual_value_at_once_and_for_good(name: str) -> None:
    fault = Fault.parse(name)
    assert (fault.kind.name, fault.value, fault.moment, fault.after) == (name, CATALOGUE[name].usual, None, 0.0)
    assert fault.lasting == inf
    assert str(fault) == name


@pytest.mark.parametrize(
    ("text", "value", "moment", "after", "lasting"),
    [
        ("answer-late=4@start", 4.0, Moment.START, 0.0, inf),
        ("link-lost=8@motion+20", 8.0, Moment.MOTION, 20.0, inf),
        ("frozen@60/15", 0.0, Moment.CONNECT, 60.0, 15.0),
        ("frozen@+60/15", 0.0, Moment.CONNECT, 60.0, 15.0),
        ("frozen@0", 0.0, Moment.CONNECT, 0.0, inf),
        ("frozen/2.5", 0.0, None, 0.0, 2.5),
        ("doubled@reconnect", 0.0, Moment.RECONNECT, 0.0, inf),
        ("write-error=0x0F@stop+0.25/3", 15.0, Moment.STOP, 0.25, 3.0),
        ("write-error=15", 15.0, None, 0.0, inf),
        ("absurd=655.35", 655.35, None, 0.0, inf),
        ("  silent ", 0.0, None, 0.0, inf),
    ],
)
def test_a_fault_reads_as_it_is_meant(
    text: str, value: float, moment: Moment | None, after: float, lasting: float
) -> None:
    fault = Fault.parse(text)
    assert (fault.value, fault.moment, fault.after, fault.lasting) == (value, moment, after, lasting)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'' does not read as a fault: KIND[=VALUE][@MOMENT[+SECONDS] or @SECONDS][/SECONDS], such as"),
        ("Frozen", "'Frozen' does not read as a fault: "),
        ("frozen@", "'frozen@' does not read as a fault: "),
        ("frozen@motion5", "'frozen@motion5' does not read as a fault: "),
        ("frozen@motion+", "'frozen@motion+' does not read as a fault: "),
        ("frozen@-5", "'frozen@-5' does not read as a fault: "),
        ("frozen/", "'frozen/' does not read as a fault: "),
        ("answer-late=", "'answer-late=' does not read as a fault: "),
        ("answer-late=1e3", "'answer-late=1e3' does not read as a fault: "),
        ("answer-late=0x", "'answer-late=0x' does not read as a fault: "),
        ("answer-late=٣", "'answer-late=٣' does not read as a fault: "),
        ("frosen", "There is no fault 'frosen'; did you mean frozen? `--fault list` shows them all."),
        ("xyz", "There is no fault 'xyz'; `--fault list` shows them all."),
        ("frozen=3", "The fault frozen takes no value: 'frozen=3'."),
        (
            "frozen@lunch+5",
            f"There is no moment 'lunch' for a fault; there are: {', '.join(Moment)}.",
        ),
        ("answer-late=86401", "The fault answer-late takes 0 to 86400 (seconds), not 86401."),
        ("floor=700", "The fault floor takes 0 to 655.35 (km/h), not 700."),
        ("console-incline=101", "The fault console-incline takes 0 to 100 (per cent), not 101."),
        ("answer-other-op=0x100", "The fault answer-other-op takes whole numbers from 0 to 255 (op code), not 256."),
        ("answer-result=4.5", "The fault answer-result takes whole numbers from 0 to 255 (result code), not 4.5."),
        ("truncated=0.5", "The fault truncated takes whole numbers from 0 to 512 (octets), not 0.5."),
        ("zero-glitch=0", "The fault zero-glitch takes whole numbers from 1 to 1000 (records), not 0."),
        ("write-error=0", "The fault write-error takes whole numbers from 1 to 255 (error code), not 0."),
        ("write-error=0x99", "The fault write-error takes the error codes of ATT, and 0x99 is none."),
        (
            "link-lost/8",
            "The fault link-lost happens at an instant and takes no /SECONDS: write link-lost=8.",
        ),
        ("console-stop@20/8", "The fault console-stop happens at an instant and takes no /SECONDS."),
    ],
)
def test_what_is_no_fault_is_said_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        Fault.parse(text)
    assert str(error.value).startswith(sentence)
    assert not sentence.endswith(".") or str(error.value) == sentence


def test_a_fault_that_a_program_makes_keeps_the_same_limits() -> None:
    with pytest.raises(ConfigError, match="takes whole numbers from 1 to 1000"):
        Fault(CATALOGUE["zero-glitch"], 0.0)


@pytest.mark.parametrize("code", list(AttError))
def test_a_write_can_be_refused_with_every_error_that_att_knows(code: AttError) -> None:
    assert Fault.parse(f"write-error={code:#04x}").value == code


def test_every_kind_says_what_its_value_means_and_has_a_usual_one_that_it_takes() -> None:
    for name, kind in CATALOGUE.items():
        assert kind.name == name
        assert kind.summary
        assert kind.summary[0].islower() or kind.summary.startswith(("Start", "Stop", "Pause"))
        assert not kind.summary.endswith(".")
        assert kind.value or kind.usual == 0.0
        Fault(kind, kind.usual)


def test_the_docs_have_the_table_of_kinds_and_the_moments() -> None:
    text = DOCS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    assert rows == [
        (kind.name, kind.summary, f"{kind.value}, {kind.usual:g}" if kind.value else "") for kind in CATALOGUE.values()
    ]
    assert {name for name in Moment if f"`{name}`" in text} == {*Moment}
