"""Every entry of the research has come to something, and a machine called so is recognised as just that."""

from __future__ import annotations

import re

import pytest

from backstride.machines.facts import GENERIC, known_machines, load_facts
from backstride.machines.recognition import recognise, unsupported_by
from backstride.machines.unsupported import unsupported_machines
from tests.machines.account import ACCOUNTS, WITHOUT_ENTRY
from tests.machines.quirks import COPY, ORIGINAL, Entry, entries, entry, read

NUMBERS = range(1, 74)
UNSUPPORTED = {one.id: one for one in unsupported_machines()}
UNNAMED = {"?", "(none advertised) or JFTMOmega Z", "WT + 3 digits"}
"""What stands in the place of a name prefix and is none, or not only one."""


def recognised(name: str, *, offers_service: bool) -> str:
    """Return the id of what is known of whatever is called so."""
    unsupported = unsupported_by(name, offers_service=offers_service)
    return unsupported.id if unsupported else recognise(name=name, offers_service=offers_service).id


def prefixes(one: Entry) -> list[str]:
    """Return the name prefixes of an entry; what stands in brackets is a remark."""
    if one.name_prefix in UNNAMED:
        return ["JFTMOmega Z"] if "JFTM" in one.name_prefix else []
    written = one.name_prefix.replace("JTX (FS-)", "JTX / FS-").split(" / ")
    return [prefix for prefix in written if prefix and not prefix.startswith("(")]


def speaks_ftms(one: Entry) -> bool:
    return one.protocol.startswith("FTMS") or "FTMS status" in one.protocol


def test_the_copy_says_what_the_research_says() -> None:
    if not ORIGINAL.exists():
        pytest.skip("the research lies beside the repository, and is not here")
    originals, copies = read(ORIGINAL), read(COPY)
    assert len(copies) == len(originals)
    for copy, original in zip(copies, originals, strict=True):
        assert copy == {key: original[key] for key in copy}


def test_every_entry_is_accounted_for_and_nothing_else() -> None:
    assert [one.number for one in entries()] == list(NUMBERS)
    assert sorted(ACCOUNTS) == list(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_an_entry_has_machine_files_or_is_unsupported_or_has_a_reason(number: int) -> None:
    account = ACCOUNTS[number]
    assert sum(map(bool, (account.files, account.unsupported, account.reason))) == 1
    assert bool(account.reason) == bool(account.owner)
    assert all(file in known_machines() for file in account.files)
    assert account.unsupported is None or account.unsupported in UNSUPPORTED


def test_every_machine_file_describes_an_entry_or_says_why_not() -> None:
    described = {file for account in ACCOUNTS.values() for file in account.files}
    assert set(known_machines()) - described == set(WITHOUT_ENTRY)


def test_every_unsupported_treadmill_stands_for_an_entry() -> None:
    assert {account.unsupported for account in ACCOUNTS.values()} - {None} == set(UNSUPPORTED)


@pytest.mark.parametrize("number", [number for number, account in ACCOUNTS.items() if not account.reason])
def test_what_describes_an_entry_names_its_sources(number: int) -> None:
    account = ACCOUNTS[number]
    about = [load_facts(file).quirks for file in account.files]
    about += [UNSUPPORTED[account.unsupported].quirks] if account.unsupported else []
    for quirks in about:
        named = " ".join(quirk.source for quirk in quirks)
        assert any(re.sub(r" \(.*", "", source) in named for source in entry(number).source)


def test_only_proprietary_protocols_are_unsupported_but_for_one_that_offers_ftms_to_no_avail() -> None:
    for number, account in ACCOUNTS.items():
        if account.unsupported is not None and speaks_ftms(entry(number)):
            assert UNSUPPORTED[account.unsupported].offers_service
        if account.files:
            assert speaks_ftms(entry(number))


NAMES = [(number, name, known) for number, account in ACCOUNTS.items() for name, known in account.names]


@pytest.mark.parametrize(("number", "name", "known"), NAMES)
def test_a_machine_is_recognised_by_the_name_of_its_entry(number: int, name: str, known: str) -> None:
    """With the service that its entry says it has; in any letter case."""
    for spelling in (name, name.lower(), name.upper()):
        assert recognised(spelling, offers_service=speaks_ftms(entry(number))) == known


@pytest.mark.parametrize("number", NUMBERS)
def test_every_name_prefix_of_an_entry_is_tried(number: int) -> None:
    names = [name.upper() for name, _ in ACCOUNTS[number].names]
    for prefix in prefixes(entry(number)):
        assert any(name.startswith(prefix.upper()) for name in names), prefix
    assert all(
        any(name.startswith(prefix.upper()) for prefix in (*prefixes(entry(number)), "WT", "FS-")) for name in names
    )


@pytest.mark.parametrize(
    ("name", "offers_service", "known"),
    [
        ("LF12345678901234", True, GENERIC),  # 16 characters: Life Fitness has 15 or 18
        ("SW1234567890123", True, GENERIC),  # 15 characters: sWalk has 14
        ("WT70X", True, GENERIC),
        ("WT7031", True, GENERIC),
        ("TREADMILL", False, GENERIC),  # a name that others have too, without the service
        ("ADIDAS Running", False, GENERIC),
        ("BH-X", False, GENERIC),
        ("Domyos-RUN", True, "domyos-ts100"),
        ("DOMYOS-TC", False, "domyos-tc"),
        ("KS-HD-Z1D", False, "kingsmith-z1"),  # longer than the unsupported KS-
        ("KS-NGCH", True, GENERIC),  # a KingSmith with the service is driven as the standard has it
        ("MOBVOI TMP1", True, "mobvoi-treadmill-plus"),  # longer than Mobvoi TM
        ("FS-BT-02X", True, "xterra-t85"),
        ("THERUN T15", True, GENERIC),  # the name has two spaces
    ],
)
def test_names_that_only_look_alike_are_told_apart(name: str, offers_service: bool, known: str) -> None:  # noqa: FBT001
    assert recognised(name, offers_service=offers_service) == known


@pytest.mark.parametrize("file", [name for name in known_machines() if name != GENERIC])
def test_the_simulated_machine_s_own_name_is_recognised_as_its_file(file: str) -> None:
    """Or as the file of the model with the same name; a name that nobody noted is nobody's."""
    facts = load_facts(file)
    identity = facts.identity
    name = identity.example or (identity.names[0] if identity.names else None)
    if identity.anonymous:
        name = None
    told = recognise(
        name=name,
        manufacturer=identity.manufacturer,
        model_number=identity.model_number or facts.model,
        firmware=identity.firmware,
        offers_service=True,
    )
    noted = bool(identity.names or identity.shapes or identity.shared)
    assert told.id == ((identity.twin or file) if noted or identity.anonymous else GENERIC)
