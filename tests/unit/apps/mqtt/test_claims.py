"""Which bridge drives a treadmill: each bridge comes to the same result by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.mqtt.claims import MOST_KEPT, Claims
from backstride.apps.mqtt.payloads import Claim

NAMES = st.sampled_from(["attic", "barn", "cellar"])


def claims(bridge: str = "cellar", *, other: Claim | None = None, online: bool = True) -> Claims:
    known = Claims(bridge)
    if other is not None:
        known.hear_bridge(other.bridge, online=online)
        known.hear_claim("den", other)
    return known


def test_a_treadmill_is_held_by_a_bridge_that_is_there() -> None:
    theirs = Claim("attic", 5.0)
    assert claims(other=theirs).holder("den") == theirs
    assert claims(other=theirs).holder("hall") is None
    assert claims(other=theirs, online=False).holder("den") is None


def test_a_claim_ends_with_its_bridge_and_with_its_withdrawal() -> None:
    known = claims(other=Claim("attic", 5.0))
    known.hear_bridge("attic", online=False)
    assert known.holder("den") is None
    known.hear_bridge("attic", online=True)
    assert known.holder("den") is not None
    known.hear_claim("den", None)
    assert known.holder("den") is None


def test_a_bridge_that_nobody_has_heard_of_holds_nothing() -> None:
    known = Claims("cellar")
    known.hear_claim("den", Claim("attic", 5.0))
    assert known.holder("den") is None


def test_our_own_claim_is_nobody_elses() -> None:
    assert claims("attic", other=Claim("attic", 5.0)).holder("den") is None


def test_of_a_flood_of_claims_and_bridges_only_so_many_are_kept() -> None:
    known = claims(other=Claim("attic", 5.0))
    for number in range(MOST_KEPT + 5):
        known.hear_bridge(f"b{number}", online=True)
        known.hear_claim(f"t{number}", Claim(f"b{number}", 1.0))
    assert known.holder("t0") is not None
    assert known.holder(f"t{MOST_KEPT}") is None
    known.hear_bridge("attic", online=False)
    assert known.holder("den") is None


@given(NAMES, NAMES, st.floats(0, 9), st.floats(0, 9))
def test_of_two_bridges_exactly_one_stands_back(one: str, other: str, since: float, others_since: float) -> None:
    if one == other:
        return
    ours, theirs = Claim(one, since), Claim(other, others_since)
    one_stands_back = claims(one, other=theirs).rival("den", ours) is not None
    other_stands_back = claims(other, other=ours).rival("den", theirs) is not None
    assert one_stands_back is not other_stands_back
