"""What came of every entry of the research: machine files, unsupported treadmills, or a reason for neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backstride.machines.facts import GENERIC


@dataclass(frozen=True)
class Account:
    """What came of one entry.

    Attributes:
        files: The machine files that describe it.
        unsupported: The unsupported treadmill it is listed under.
        reason: Why it is neither.
        names: Names under which such machines advertise, each with the id it is to be recognised as: of a machine
            file, or of an unsupported treadmill.
        owner: What the owner of one is told where there is only a reason.
    """

    files: tuple[str, ...] = ()
    unsupported: str | None = None
    reason: str = ""
    names: tuple[tuple[str, str], ...] = ()
    owner: str = ""


def _file(file: str, *names: str) -> Account:
    return Account(files=(file,), names=tuple((name, file) for name in names))


def _unsupported(one: str, *names: str) -> Account:
    return Account(unsupported=one, names=tuple((name, one) for name in names))


ACCOUNTS: Final[dict[int, Account]] = {
    1: _file("yesoul-w2-pro", "YS_W2PRO_0042"),
    2: _file("horizon-omega-z", "JFTMOmega Z"),
    3: _file("kingsmith-z1", "KS-HD-Z1D0001"),
    4: _file("bh-t01", "T01_07D57", "BH-RT", "i.concept 5"),
    5: _file("matrix-performance", "CTM123"),
    6: Account(files=("matrix-touchxl",), names=(("CTM123", "matrix-performance"),)),
    7: _file("life-fitness", "LF1234567890123", "LF1234567890123456"),
    8: _file("technogym-myrun", "MYRUN 1234"),
    9: _file("technogym-run", "TREADMILL"),
    10: _file("npe-runn", "RUNN 1234"),
    11: _file("horizon-7", "HORIZON_7.0AT", "HZ_7.4"),
    12: _file("horizon-paragon-x", "PARAGON X", "JFTMPARAGON"),
    13: _file("horizon-t202", "JFTM T202"),
    14: _file("urevo-spacewalk-3s", "URTM024"),
    15: _file("urevo-e1l"),
    16: _file("urevo-spacewalk-e3", "URTM028"),
    17: _file("sperax-rm-01", "SPERAX_RM-01"),
    18: _file("citysports-pad", "CITYSPORTS-Linker"),
    19: Account(files=("fitshow-dbt-pad",), names=(("FS-1234", "fitshow-module"),)),
    20: Account(files=("ronning-x27-pro",), names=(("FS-1234", "fitshow-module"),)),
    21: _file("fitshow-module", "FS-1234"),
    22: _file("xterra-t85", "FS-BT-02"),
    23: _unsupported("fitshow-f15"),
    24: _file("mobvoi-walking-pad", "Mobvoi TM"),
    25: _file("mobvoi-treadmill-plus", "MOBVOI TMP"),
    26: _file("kettler", "KETTLER TREADMILL"),
    27: Account(
        files=("3g-pro-runner", "3g-elite"), names=(("3G PRO RUNNER", "3g-pro-runner"), ("3G ELITE", "3g-elite"))
    ),
    28: _file("merach-w50", "MRK-T25"),
    29: _file("ypoo-mini-pro", "YPOO-MINI PRO-1234"),
    30: _file("wellfit-tm", "WELLFIT TM1234"),
    31: _file("sportstech-swalk", "SW123456789012"),
    32: _file("toputure-tp1", "TP1"),
    33: Account(
        files=("xterra-trx3500", "xterra-trx4500"),
        names=(("TRX3500", "xterra-trx3500"), ("TRX4500", "xterra-trx4500")),
    ),
    34: _file("anplus", "ANPLUS-1234"),
    35: _file("tunturi-t60-t90", "TUNTURI T60-1234", "TUNTURI T90-1234"),
    36: _file("sole-f85", "F85"),
    37: _file("sole-f89", "F89"),
    38: _file("sole-tt8", "TT8"),
    39: _file("sole-s77", "S77"),
    40: _file("adidas-t19-t800", "ADIDAS T-800"),
    41: _file("schwinn-810", "SCHWINN 810"),
    42: Account(files=("fit-tm", "fit-module"), names=(("FIT-TM-1234", "fit-tm"), ("FIT-1234", "fit-module"))),
    43: _file("bowflex-t9", "BFX_T9_1234"),
    44: _file("bowflex-t22", "BFX_T22"),
    45: _unsupported("domyos-tc", "DOMYOS-TC-1234"),
    46: _file("domyos-ts100", "DOMYOS-TS100"),
    47: _unsupported("domyos", "Domyos-RUN"),
    48: _unsupported("domyos", "Domyos-RUN"),
    49: Account(
        files=("lifesmart-tm4800", "lifesmart-tm6500"),
        names=(
            ("TM4800-1234", "lifesmart-tm4800"),
            ("TM6500-1234", "lifesmart-tm6500"),
            ("TM4500", "lifesmart-tm6500"),
        ),
    ),
    50: _file("therun-t15", "THERUN  T15"),
    51: _file("wt703", "WT703"),
    52: Account(files=("jtx-sprint-7",), names=(("JTX-7", "jtx-sprint-7"), ("FS-1234", "fitshow-module"))),
    53: Account(files=("jtx-sprint-5",), names=(("JTX-5", "jtx-sprint-7"),)),
    54: _file("noblepro", "NOBLEPRO CONNECT"),
    55: Account(
        reason="Its incline did not obey at first, and then did: no rule follows, and its name is not noted.",
        owner="If it offers FTMS it is driven as any other treadmill of the standard; an incline that does not follow "
        "is said within 8 seconds and left out of the session.",
    ),
    56: _file("sport-synology-z5", "TF04-1234"),
    57: _file("incline-6-5-a-step"),
    58: _file("toorx-power-compact-s", "TOORX 1234"),
    59: _file("reebok-fr30z"),
    60: _file("focus-jet-7", "TC-1234"),
    61: _unsupported("focus-ew-tm", "EW-TM-1234"),
    62: _file("horizon-7-4at", "7.4AT-03"),
    63: Account(
        reason="Another program failed while it listed the ranges; what the machine told is not noted, nor its name.",
        owner="If it is called FS-…, as FitShow's modules are, it is driven as one. Ranges that cannot be read are "
        "taken as not told, and a target without a range is not set.",
    ),
    64: _unsupported("kingsmith-wilink", "WalkingPad", "R1 PRO", "KS-R1AC"),
    65: _unsupported("kingsmith-x21", "KS-X21"),
    66: _unsupported("kingsmith-k12", "KS-ST-K12PRO"),
    67: _unsupported("ifit", "I_TL"),
    68: _unsupported("ifit", "I_TL"),
    69: _unsupported("pitpat", "PitPat-T01"),
    70: _file("winfita-t532", "WINFITA T532"),
    71: _file("umay-s100"),
    72: Account(
        reason="A bike, noted for what its split records ask of whoever reads them.",
        names=(("YS_S3_1234", GENERIC),),
        owner="It offers no Treadmill Data, so Backstride does not connect to it.",
    ),
    73: Account(
        reason="A bike, noted for an answer of one octet to a command that it does not know.",
        names=(("KICKR CORE 1234", GENERIC),),
        owner="It offers no Treadmill Data, so Backstride does not connect to it.",
    ),
}
"""By the number of the entry."""

WITHOUT_ENTRY: Final = {GENERIC: "a treadmill that follows the standard: what is not recognised is taken for it"}
"""Machine files that describe no entry, each with its reason."""
