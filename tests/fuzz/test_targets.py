"""The targets themselves, with inputs that hypothesis makes: so they are tested where there is no fuzzer, too."""

from __future__ import annotations

import random
import tomllib
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from backstride.capture.file import read_capture
from backstride.errors import BackstrideError, DecodeError
from backstride.machines.facts import load_facts
from backstride.record.recording import read_record
from backstride.workout.profile import read_profile
from tests.fuzz import seeds
from tests.fuzz.captures import capture_text
from tests.fuzz.decoders import DECODERS, decoded, survives
from tests.fuzz.documents import Choices, as_toml, as_yaml, changed
from tests.fuzz.loaders import LOADERS, journal_text, machine_text, profile_text
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS
from tests.fuzz.worker import in_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fuzz.documents import Tree

OCTETS: Final = st.binary(max_size=64)


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_takes_its_seeds_in_time(name: str) -> None:
    target = TARGETS[name]
    begun_with = list(target.seeds())
    assert begun_with
    for seed in begun_with:
        assert len(seed) <= target.longest
        in_time(target)(seed)


@pytest.mark.parametrize("name", [target.name for target in DECODERS])
@settings(max_examples=300, deadline=None)
@given(octets=OCTETS)
def test_every_decoder_takes_any_octets(name: str, octets: bytes) -> None:
    TARGETS[name].check(octets)


@pytest.mark.parametrize("name", [target.name for target in LOADERS])
@settings(max_examples=80, deadline=None)
@given(octets=OCTETS)
def test_every_loader_takes_any_octets(name: str, octets: bytes) -> None:
    TARGETS[name].check(octets)


def test_what_decodes_to_something_else_once_it_was_sent_again_is_found() -> None:
    assert survives(bytes.hex, bytes.fromhex, b"\x07") == "07"
    with pytest.raises(AssertionError):
        survives(bytes.hex, lambda text: bytes.fromhex(text) + b"\0", b"\x07")


def test_any_error_of_a_decoder_but_its_own_is_found() -> None:
    with pytest.raises(UnicodeDecodeError):
        decoded(bytes.decode, b"\xff")


@pytest.mark.parametrize("error", [DecodeError(""), DecodeError("two\nlines"), DecodeError("beyond the end", offset=3)])
def test_an_error_that_does_not_say_what_is_wrong_and_where_is_found(error: DecodeError) -> None:
    def decode(_: bytes) -> None:
        raise error

    with pytest.raises(AssertionError):
        decoded(decode, b"ab")


def test_an_input_that_takes_too_long_is_found() -> None:
    def check(octets: bytes) -> None:
        sum(range(len(octets)))

    target = Target("slow", "", check, list, slowest=0.001)
    in_time(target)(b"")
    with pytest.raises(TimeoutError, match="slow took"):
        in_time(target)(bytes(1_000_000))


@pytest.mark.parametrize("tree", seeds.profile_trees())
def test_a_tree_is_written_as_yaml_that_reads_back_equal(tree: Tree) -> None:
    assert YAML(typ="base", pure=True).load(as_yaml(tree)) == tree


@pytest.mark.parametrize("tree", seeds.machine_trees())
def test_a_tree_is_written_as_toml_that_reads_back_equal(tree: Tree) -> None:
    assert tomllib.loads(as_toml(tree)) == tree


def test_without_octets_a_document_is_as_it_was() -> None:
    assert read_profile(profile_text(b""), "x").name == "Active recovery"
    assert 'model" = "Generic treadmill"' in machine_text(b"")
    assert journal_text(b"") == seeds.journal_files()[0]
    assert capture_text(b"") == seeds.capture_files()[0]


def test_each_octet_is_a_decision_where_to_change_what() -> None:
    tree: Tree = {"speed": "3 mph", "steps": ["a", "b"]}
    one_change_in_the_list, second_item, to_a_word = b"\x01\x01\x01", b"\x01\x01", b"\x00\x02"
    octets = one_change_in_the_list + second_item + to_a_word
    assert changed(tree, Choices(octets), ["x", "y", "z"]) == {"speed": "3 mph", "steps": ["a", "z"]}


def share_loaded(load: Callable[[bytes], object]) -> float:
    """Return which share of changed documents still loads."""
    generator, loaded = random.Random(2026), 0  # noqa: S311 - reproducible, not secret
    for _ in range(200):
        try:
            load(generator.randbytes(24))
        except BackstrideError:
            continue
        loaded += 1
    return loaded / 200


def test_changed_documents_reach_both_sides_of_every_loader(tmp_path: Path) -> None:
    def load_machine(octets: bytes) -> object:
        path = tmp_path / "any.toml"
        path.write_text(machine_text(octets), encoding="utf-8", errors="replace")
        return load_facts(str(path))

    def load_record(octets: bytes) -> object:
        path = tmp_path / "any.jsonl"
        path.write_bytes(journal_text(octets))
        return list(read_record(path).entries())

    def load_capture(octets: bytes) -> object:
        path = tmp_path / "any.capture.jsonl"
        path.write_bytes(capture_text(octets))
        return read_capture(path)

    for load in (lambda octets: read_profile(profile_text(octets), "x"), load_machine, load_record, load_capture):
        assert 0.05 < share_loaded(load) < 0.95
