"""What the doctor makes of the facts, on each of the three systems."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstride.driver.doctor import remedies
from backstride.driver.doctor.examination import examine
from backstride.driver.doctor.findings import Check, Remedy, Verdict
from backstride.driver.doctor.machine_checks import check_model
from backstride.driver.doctor.snapshot import (
    Access,
    Adapter,
    Air,
    Bluez,
    Held,
    Host,
    Obstacle,
    Patient,
    Reading,
    Sighting,
    Snapshot,
    Switch,
    System,
)
from backstride.machines.capabilities import Capabilities, SpeedGrid
from backstride.machines.facts import known_machines, load_facts
from backstride.machines.unsupported import unsupported_machines
from backstride.protocol.control_point import OpCode
from backstride.units import Speed
from tests.support.bench import altered
from tests.support.doctor import BUILT_IN, DONGLE, EVERY_SYSTEM, HEARD, LINUX, MACOS, WELL, WINDOWS, bluez, found, heard

OK, NOTE, TROUBLE, UNKNOWN = Verdict.OK, Verdict.NOTE, Verdict.TROUBLE, Verdict.UNKNOWN
AFAR = replace(LINUX, air=None, bluez=None)
"""A Linux of which nothing is known."""


# --- everything at once


@pytest.mark.parametrize("snapshot", EVERY_SYSTEM)
def test_where_all_is_well_nothing_stands_in_the_way(snapshot: Snapshot) -> None:
    assert not [finding for finding in examine(snapshot) if finding.verdict is TROUBLE]


@pytest.mark.parametrize("system", list(System))
def test_where_nothing_is_known_nothing_is_called_ok(system: System) -> None:
    findings = examine(Snapshot(Host(system)))
    assert {finding.verdict for finding in findings} <= {UNKNOWN, NOTE}
    assert [finding.check for finding in findings if finding.verdict is NOTE] == (
        [] if system is System.LINUX else [Check.WATCHDOG]
    )


@pytest.mark.parametrize("snapshot", EVERY_SYSTEM)
def test_findings_come_in_the_order_of_the_checks(snapshot: Snapshot) -> None:
    order = list(Check)
    places = [order.index(finding.check) for finding in examine(snapshot)]
    assert places == sorted(places)


def _some(*values: object) -> st.SearchStrategy[object]:
    return st.sampled_from(values)


FLAGS = st.none() | st.booleans()

FACTS = st.builds(
    altered, control=st.builds(dict, locked=_some(None, "Shut."), ignored=_some((), (OpCode.STOP_OR_PAUSE,)))
)
SIGHTINGS = st.builds(
    Sighting,
    name=_some(None, "T"),
    address=_some("AA", "BB"),
    rssi=st.none() | st.integers(-126, 0),
    after=st.floats(0, 600),
    available=FLAGS,
    is_treadmill=FLAGS,
    facts=FACTS,
    unsupported=st.none() | st.sampled_from(unsupported_machines()),
)
ADAPTERS = st.builds(
    Adapter, _some("hci0", "hci1"), st.none(), powered=FLAGS, discovering=FLAGS, central=FLAGS, usb=FLAGS
)
SNAPSHOTS = st.builds(
    Snapshot,
    host=st.builds(Host, st.sampled_from(System), _some(None, "12.1"), _some(None, "3.11"), _some(None, "2.0", "x")),
    bluez=st.none()
    | st.builds(
        Bluez,
        st.none() | st.sampled_from(Access),
        st.none() | st.tuples(st.just(5), st.integers(0, 99)),
        st.none() | st.lists(ADAPTERS, max_size=2).map(tuple),
        _some(None, (), ("hci0",)),
        st.none() | st.lists(st.builds(Switch, st.just("hci0"), st.booleans(), st.booleans()), max_size=2).map(tuple),
        st.none() | st.lists(st.builds(Held, st.just("T"), st.just("AA"), in_use=FLAGS), max_size=2).map(tuple),
        _some(None, (), ("hass (process 1)",)),
    ),
    air=st.none()
    | st.builds(
        Air,
        st.floats(0, 600),
        st.lists(SIGHTINGS, max_size=3).map(tuple),
        st.none() | st.sampled_from(Obstacle),
        st.just("So it is."),
    ),
    chosen=_some(None, "hci1"),
    patients=st.lists(
        st.builds(Patient, st.just("T"), _some(None, "AA"), st.none() | FACTS, st.booleans()), max_size=2
    ).map(tuple),
)
ALWAYS = {
    Check.SOFTWARE,
    Check.SERVICE,
    Check.PERMISSION,
    Check.ADAPTER,
    Check.BLOCKED,
    Check.POWER,
    Check.SCANNERS,
    Check.HELD,
    Check.WATCHDOG,
    Check.REACH,
}


@given(SNAPSHOTS)
def test_every_combination_of_facts_has_findings_and_every_trouble_a_remedy(snapshot: Snapshot) -> None:
    findings = examine(snapshot)
    assert {finding.check for finding in findings} >= ALWAYS
    for finding in findings:
        assert finding.meaning
        if finding.verdict is TROUBLE:
            assert finding.remedy is not None
            assert all(finding.remedy.on(system) for system in System)


def test_the_remedy_is_the_one_of_the_system() -> None:
    remedy = Remedy("on Linux", "on macOS", "on Windows")
    assert [remedy.on(system) for system in System] == ["on Linux", "on macOS", "on Windows"]


# --- the computer


@pytest.mark.parametrize(
    ("bleak", "verdict"), [("3.1.0", OK), ("3.10.2", OK), ("4.0", OK), ("3.0.2", TROUBLE), ("0.22.3", TROUBLE)]
)
def test_a_bleak_that_is_too_old_is_a_trouble(bleak: str, verdict: Verdict) -> None:
    assert found(replace(LINUX, host=replace(LINUX.host, bleak=bleak)), Check.SOFTWARE).verdict is verdict


@pytest.mark.parametrize(("release", "verdict"), [("12.2", TROUBLE), ("12.2.1", TROUBLE), ("12.3", OK), ("15.3", OK)])
def test_a_macos_that_lets_programs_hear_nothing_is_a_trouble(release: str, verdict: Verdict) -> None:
    assert found(replace(MACOS, host=replace(MACOS.host, release=release)), Check.SYSTEM).verdict is verdict


def test_a_raspberry_pi_shares_its_radio_with_wifi() -> None:
    finding = found(replace(LINUX, host=replace(LINUX.host, board="Raspberry Pi 4 Model B Rev 1.4")), Check.SYSTEM)
    assert (finding.verdict, finding.remedy) == (NOTE, remedies.USE_OTHER_WIFI)


@pytest.mark.parametrize(
    ("access", "service", "permission"),
    [
        (Access.OPEN, OK, OK),
        (Access.NO_BUS, TROUBLE, UNKNOWN),
        (Access.NO_SERVICE, TROUBLE, UNKNOWN),
        (Access.SILENT, TROUBLE, UNKNOWN),
        (Access.DENIED, UNKNOWN, TROUBLE),
        (None, UNKNOWN, UNKNOWN),
    ],
)
def test_who_answers_on_the_bus_tells_of_bluez_and_of_permission(
    access: Access | None, service: Verdict, permission: Verdict
) -> None:
    snapshot = bluez(access=access)
    assert (found(snapshot, Check.SERVICE).verdict, found(snapshot, Check.PERMISSION).verdict) == (service, permission)
    assert found(snapshot, Check.WATCHDOG).verdict is (OK if access is Access.OPEN else UNKNOWN)


@pytest.mark.parametrize(
    ("version", "verdict", "words"),
    [
        ((5, 54), TROUBLE, "too old"),
        ((5, 55), OK, "no trouble"),
        ((5, 64), NOTE, "lose links"),
        ((5, 65), OK, "no trouble"),
        ((5, 66), NOTE, "four treadmills"),
        ((5, 87), NOTE, "certain services"),
        (None, UNKNOWN, "bluetoothctl"),
    ],
)
def test_releases_of_bluez_with_known_troubles_are_named(
    version: tuple[int, int] | None, verdict: Verdict, words: str
) -> None:
    finding = found(bluez(version=version), Check.VERSION)
    assert finding.verdict is verdict
    assert words in finding.meaning


@pytest.mark.parametrize(
    ("adapters", "kernel", "chosen", "verdict", "words"),
    [
        ((BUILT_IN,), ("hci0",), None, OK, "hci0 (DC:A6:32:00:00:01, built in)"),
        ((BUILT_IN, DONGLE), ("hci0", "hci1"), "hci1", OK, "USB"),
        ((), (), None, TROUBLE, "no Bluetooth adapter"),
        ((), None, None, TROUBLE, "no Bluetooth adapter"),
        ((), ("hci0",), None, TROUBLE, "does not take it up"),
        ((BUILT_IN,), ("hci0",), "hci1", TROUBLE, "There is no adapter hci1"),
        ((replace(BUILT_IN, central=False),), ("hci0",), None, TROUBLE, "no Bluetooth Low Energy"),
        ((replace(BUILT_IN, central=None),), ("hci0",), None, OK, "hci0"),
        (None, ("hci0",), None, UNKNOWN, "not told"),
    ],
)
def test_the_adapter_that_would_be_used_is_there_or_is_missed(
    adapters: tuple[Adapter, ...] | None,
    kernel: tuple[str, ...] | None,
    chosen: str | None,
    verdict: Verdict,
    words: str,
) -> None:
    finding = found(replace(bluez(adapters=adapters, kernel_adapters=kernel), chosen=chosen), Check.ADAPTER)
    assert finding.verdict is verdict
    assert words in finding.meaning


def test_of_several_adapters_one_can_be_chosen() -> None:
    several = bluez(adapters=(BUILT_IN, DONGLE))
    assert found(several, Check.CHOICE).remedy == remedies.CHOOSE_ADAPTER
    assert found(replace(several, chosen="hci1"), Check.CHOICE).verdict is OK
    for snapshot in (MACOS, WINDOWS):
        assert found(replace(snapshot, chosen="hci1"), Check.CHOICE).verdict is TROUBLE


@pytest.mark.parametrize(
    ("switches", "verdict", "remedy"),
    [
        ((), OK, None),
        ((Switch("hci0", soft=False, hard=False),), OK, None),
        ((Switch("hci0", soft=True, hard=False),), TROUBLE, remedies.UNBLOCK),
        (
            (Switch("hci0", soft=True, hard=False), Switch("tpacpi", soft=True, hard=True)),
            TROUBLE,
            remedies.TURN_SWITCH,
        ),
        (None, UNKNOWN, None),
    ],
)
def test_a_radio_that_is_blocked_is_a_trouble_and_a_key_outranks_the_system(
    switches: tuple[Switch, ...] | None, verdict: Verdict, remedy: Remedy | None
) -> None:
    finding = found(bluez(switches=switches), Check.BLOCKED)
    assert (finding.verdict, finding.remedy) == (verdict, remedy)


@pytest.mark.parametrize(
    ("powered", "chosen", "verdict"),
    [
        ((True,), None, OK),
        ((False,), None, TROUBLE),
        ((False, True), None, OK),
        ((True, False), "hci1", TROUBLE),
        ((None,), None, UNKNOWN),
        ((), None, UNKNOWN),
    ],
)
def test_one_adapter_that_may_be_used_must_be_switched_on(
    powered: tuple[bool | None, ...], chosen: str | None, verdict: Verdict
) -> None:
    adapters = tuple(Adapter(f"hci{number}", powered=on) for number, on in enumerate(powered))
    assert found(replace(bluez(adapters=adapters), chosen=chosen), Check.POWER).verdict is verdict


def test_another_scanner_is_noted_with_who_it_may_be() -> None:
    scanning = bluez(adapters=(replace(BUILT_IN, discovering=True),), programs=("bluetoothctl (process 812)",))
    finding = found(scanning, Check.SCANNERS)
    assert finding.verdict is NOTE
    assert "bluetoothctl (process 812)" in finding.meaning


@pytest.mark.parametrize("system", [MACOS, WINDOWS])
@pytest.mark.parametrize(
    ("obstacle", "check", "remedy"),
    [
        (Obstacle.NO_ADAPTER, Check.ADAPTER, remedies.GET_ADAPTER),
        (Obstacle.NO_LOW_ENERGY, Check.ADAPTER, remedies.GET_LOW_ENERGY),
        (Obstacle.OFF, Check.POWER, remedies.SWITCH_ON),
        (Obstacle.DENIED, Check.PERMISSION, remedies.GET_PERMISSION),
        (Obstacle.FORBIDDEN, Check.PERMISSION, remedies.ASK_ADMINISTRATOR),
        (Obstacle.OTHER, Check.SERVICE, remedies.SWITCH_ON),
    ],
)
def test_elsewhere_a_failed_scan_tells_what_is_wrong_and_the_rest_is_unknown(
    system: Snapshot, obstacle: Obstacle, check: Check, remedy: Remedy
) -> None:
    snapshot = replace(system, air=Air(8.0, (), obstacle, "It is so."))
    assert [(finding.check, finding.remedy) for finding in examine(snapshot) if finding.verdict is TROUBLE] == [
        (check, remedy)
    ]
    others = {Check.SERVICE, Check.ADAPTER, Check.POWER, Check.PERMISSION, Check.REACH} - {check}
    assert {found(snapshot, other).verdict for other in others} == {UNKNOWN}


# --- the treadmills


@pytest.mark.parametrize(
    ("in_use", "verdict", "words", "remedy"),
    [
        (True, TROUBLE, "hass (process 77)", remedies.let_go("AA")),
        (False, NOTE, "left the connection", remedies.take_down("AA")),
        (None, TROUBLE, "already", remedies.let_go("AA")),
    ],
)
def test_a_treadmill_that_is_connected_already_is_held_by_a_program_or_left_over(
    *, in_use: bool | None, verdict: Verdict, words: str, remedy: Remedy
) -> None:
    held = Held("Sole F63", "AA", "hci0", in_use)
    finding = found(bluez(held=(held,), programs=("hass (process 77)",)), Check.HELD)
    assert (finding.verdict, finding.remedy) == (verdict, remedy)
    assert words in finding.meaning


def test_who_holds_a_treadmill_is_not_made_up() -> None:
    held = (Held("Sole F63", "AA", "hci0", in_use=True),)
    assert "does not tell which." in found(bluez(held=held, programs=()), Check.HELD).meaning
    assert found(bluez(held=None), Check.HELD).verdict is UNKNOWN
    assert {found(snapshot, Check.HELD).verdict for snapshot in (MACOS, WINDOWS)} == {UNKNOWN}


@pytest.mark.parametrize("snapshot", EVERY_SYSTEM)
@pytest.mark.parametrize(
    ("facts", "check", "verdict"),
    [
        ({"available": False}, Check.FREE, TROUBLE),
        ({"available": True}, Check.FREE, OK),
        ({"available": None}, Check.FREE, UNKNOWN),
        ({"rssi": -80}, Check.SIGNAL, OK),
        ({"rssi": -81}, Check.SIGNAL, NOTE),
        ({"rssi": None}, Check.SIGNAL, UNKNOWN),
        ({"after": 4.0}, Check.FIRST_HEARD, OK),
        ({"after": 4.1}, Check.FIRST_HEARD, NOTE),
        ({"unsupported": unsupported_machines()[0], "facts": load_facts("generic")}, Check.MODEL, TROUBLE),
    ],
)
def test_what_is_heard_of_a_treadmill(
    snapshot: Snapshot, facts: dict[str, object], check: Check, verdict: Verdict
) -> None:
    assert found(heard(snapshot, **facts), check).verdict is verdict


def test_no_treadmill_in_reach_stands_in_the_way_and_several_must_be_named() -> None:
    nobody = found(replace(LINUX, air=Air(8.0)), Check.REACH)
    assert (nobody.verdict, nobody.remedy) == (TROUBLE, remedies.WAKE_IT)
    two = Air(8.0, (HEARD, replace(HEARD, address="BB", name=None)))
    finding = found(replace(LINUX, air=two), Check.REACH)
    assert (finding.verdict, finding.remedy) == (NOTE, remedies.NAME_ONE)
    assert "Treadmill, BB" in finding.meaning


@pytest.mark.parametrize(
    ("patient", "verdicts"),
    [
        (Patient("Sole", HEARD.address.lower(), None), [OK]),
        (Patient("tread", None, None, named=True), [OK]),
        (Patient(HEARD.address, None, None, named=True), [OK]),
        (Patient("Sole", "11", None, named=True), [TROUBLE]),
        (Patient("Sole", "11", None), [NOTE, NOTE]),
    ],
)
def test_a_treadmill_that_is_asked_about_is_heard_or_missed(patient: Patient, verdicts: list[Verdict]) -> None:
    findings = examine(replace(LINUX, patients=(patient,)))
    assert [finding.verdict for finding in findings if finding.check is Check.REACH] == verdicts


def test_where_none_of_those_met_before_is_heard_the_others_are_named() -> None:
    missed = replace(LINUX, patients=(Patient("Sole", "11", None), Patient("Old", "22", None)))
    assert any("others were: Treadmill" in finding.meaning for finding in examine(missed))
    assert [finding.verdict for finding in examine(replace(missed, air=Air(8.0))) if finding.check is Check.REACH] == [
        NOTE,
        NOTE,
        TROUBLE,
    ]


def test_a_name_that_fits_two_is_noted() -> None:
    both = replace(LINUX, air=Air(8.0, (HEARD, replace(HEARD, address="BB"))))
    findings = examine(replace(both, patients=(Patient("Tread", None, None, named=True),)))
    assert any(finding.remedy == remedies.NAME_ONE for finding in findings)


# --- what was read, and what is known


def test_a_reading_tells_what_the_treadmill_takes() -> None:
    slow = Capabilities("x", SpeedGrid(Speed(80), Speed(2000), Speed(10)), None, no_incline="there is none")
    good = replace(LINUX, reading=Reading("T", 2.1, load_facts("generic"), slow))
    assert found(good, Check.CONNECTION).verdict is OK
    assert any("takes no incline: there is none" in finding.meaning for finding in examine(good))
    fast = replace(slow, speed=SpeedGrid(Speed(160), Speed(640), Speed(10)))
    quick = examine(replace(LINUX, reading=Reading("T", 2.1, load_facts("generic"), fast)))
    assert [finding.verdict for finding in quick if "no slower than 1.60 km/h" in finding.meaning] == [NOTE]
    pad = examine(replace(LINUX, reading=Reading("T", 2.1, load_facts("kingsmith-z1"), fast)))
    assert len([finding for finding in pad if "no slower than" in finding.meaning]) == 1
    dumb = replace(slow, speed=None, no_speed="it has no control point")
    findings = examine(replace(LINUX, reading=Reading("T", 2.1, load_facts("generic"), dumb)))
    assert any(finding.verdict is TROUBLE and "takes no speed" in finding.meaning for finding in findings)


def test_what_a_person_has_to_see_to_on_a_model_is_told_once() -> None:
    told = [finding.meaning for finding in check_model("Mine", load_facts("merach-w50"))]
    assert len([meaning for meaning in told if "open the Merach app first" in meaning]) == 1
    assert [meaning for meaning in told if "depends on whether its console is set to km or miles" in meaning]


def test_a_reading_that_failed_is_a_trouble_with_its_own_words() -> None:
    finding = found(replace(LINUX, reading=Reading("T", 45.0, failure="No connection to T.")), Check.CONNECTION)
    assert (finding.verdict, finding.meaning) == (TROUBLE, "No connection to T.")


@pytest.mark.parametrize(
    ("section", "values", "verdict", "words"),
    [
        ("control", {"locked": "The maker's app opens it."}, NOTE, "The maker's app opens it."),
        ("link", {"require_encryption": True}, NOTE, "paired"),
        ("link", {"centrals": 1}, NOTE, "one app at a time"),
        ("speed", {"floor": Speed(160)}, NOTE, "no slower than 1.60 km/h"),
        ("control", {"properties": ()}, TROUBLE, "only reports"),
        ("control", {"refused": (OpCode.SET_TARGET_SPEED,)}, TROUBLE, "does not take speeds"),
        ("control", {"ignored": (OpCode.STOP_OR_PAUSE,)}, TROUBLE, "does not obey Stop"),
        ("control", {"ignored": (OpCode.START_OR_RESUME,)}, NOTE, "does not start"),
        ("control", {"ignored": (OpCode.SET_TARGET_INCLINATION,)}, NOTE, "does not take inclines"),
        ("control", {"withheld": {OpCode.SET_TARGET_INCLINATION: "it is not known"}}, NOTE, "it is not known."),
        ("incline", {"reported": False}, NOTE, "never reports its incline"),
        ("control", {"pause": "stops"}, NOTE, "does not pause"),
    ],
)
def test_what_is_known_of_a_model_and_concerns_its_user_is_told(
    section: str, values: dict[str, object], verdict: Verdict, words: str
) -> None:
    facts = altered("horizon-t202", **{section: values}).model_copy(update={"id": "mine"})
    findings = list(check_model("It", facts))
    assert [finding.verdict for finding in findings if words in finding.meaning] == [verdict]


def test_every_shipped_model_has_something_said_of_it() -> None:
    for model in known_machines():
        findings = list(check_model("It", load_facts(model)))
        assert findings
        assert (findings[0].verdict is UNKNOWN) == (model == "generic")


def test_a_model_is_told_of_once() -> None:
    row = Air(8.0, tuple(replace(HEARD, address=f"A{number}") for number in range(5)))
    findings = [finding for finding in examine(replace(LINUX, air=row)) if finding.check is Check.MODEL]
    assert len(findings) == len(list(check_model("Treadmill", HEARD.facts)))


def test_the_model_that_is_remembered_outranks_the_one_that_a_name_suggests() -> None:
    pad = Patient("Pad", HEARD.address, load_facts("kingsmith-z1"))
    assert any("may be locked" in finding.meaning for finding in examine(replace(LINUX, patients=(pad,))))


def test_linux_is_well_with_no_facts_of_its_switches() -> None:
    assert WELL.switches == ()
    assert {finding.verdict for finding in examine(AFAR)} == {OK, UNKNOWN}
