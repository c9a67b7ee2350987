"""The screens of the way to a session, drawn from what the wizard knows. Pure."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.console import Group
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from backstride.apps.cli.notice import NOTICE
from backstride.apps.cli.sighting import UNKNOWN_MODEL, signal_text
from backstride.apps.cli.wizard import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from backstride.apps.cli.choice import Choice
    from backstride.apps.cli.heard import Entry
    from backstride.apps.cli.offers import Offer
    from backstride.apps.cli.wizard import Wizard

DOCTOR: Final = "`backstride doctor` tells more."
"""Where to go with a trouble that its sentence does not end."""

TRY_IT: Final = "Try it without a treadmill: s"
ADVICE: Final = (
    "No treadmill is heard. Usually it is one of these:",
    "• It is asleep: many can be found only for a minute or two after they are switched on. Switch it off and on.",
    "• Another app has it, on a phone or a watch: most take one connection. Close that app, or its Bluetooth.",
    "• Its Bluetooth is off, or in another mode: look for it on the console or in its manual.",
    "• It is too far away, or speaks its maker's own language only.",
)
NONE_FITS: Final = (
    "None of these sessions fits this treadmill as it is written. Make one of your own, beginning with "
    "`backstride profiles retro-walk`."
)
_WIDEST: Final = 100
_FRAME: Final = 3  # lines of the head and the rule
_LONGEST: Final = 3  # lines of what is said of the line with the cursor
_MARGIN: Final = 5  # columns before it
_BLINK: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_GAP: Final = "   "  # between two keys
_KEYS: Final = {
    Page.LOOKING: "any key: another treadmill   q quit",
    Page.LIST: "↑↓ or number   Enter connect   r nearest first   s simulated   q quit",
    Page.CONNECTING: "any key: another treadmill   q quit",
    Page.PORTRAIT: "Enter go on   b another treadmill   q quit",
    Page.NAMING: "Enter take this name   Esc leave it as it is",
    Page.SESSIONS: "↑↓ or number   Enter choose   i machine   n name   b another   q quit",
    Page.PREFLIGHT: "Enter go to the start   b another session   q quit",
    Page.NOTICE: "Enter   Esc back",
}


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a list, and what is said of it below."""

    head: Text
    below: str
    style: str = "dim"


def draw(wizard: Wizard, now: float, width: int, height: int, aside: str = "") -> RenderableType:
    """Return the screen.

    Args:
        wizard: What is to be shown.
        now: Seconds, as the wizard counts them.
        width: Columns of the terminal.
        height: Lines of the terminal.
        aside: What stands at the right of the title.
    """
    width = min(width, _WIDEST)
    troubles = [
        line for text in (wizard.heard.deafness, wizard.trouble) if text for line in textwrap.wrap(text, width - 1)
    ]
    keys = _keys(_KEYS[wizard.page], width)
    room = max(3, height - _FRAME - len(keys) - len(troubles) - bool(troubles))
    body = _body(wizard, now, width, room)
    told = [Text(line, style="bold yellow") for line in troubles]
    return Group(_head(wizard, now, width, aside), *told, *([Text()] if told else []), *body, Rule(style="dim"), *keys)


def _keys(text: str, width: int) -> list[Text]:
    """Return what the keys do, in as many lines as that takes."""
    lines = [""]
    for key in text.split(_GAP):
        longer = f"{lines[-1]}{_GAP}{key}" if lines[-1] else key
        if len(longer) < width:
            lines[-1] = longer
        else:
            lines.append(key)
    return [Text(line, style="dim") for line in lines]


def _head(wizard: Wizard, now: float, width: int, aside: str) -> RenderableType:
    titles = {
        Page.LOOKING: f"Looking for your treadmill {_busy(now)}",
        Page.LIST: f"Treadmills in reach {_busy(now)}",
        Page.CONNECTING: f"Connecting to {wizard.name} {_busy(now)}",
        Page.PORTRAIT: wizard.name,
        Page.NAMING: f"A name for {wizard.name}",
        Page.SESSIONS: f"Ready: {wizard.name}. Which session?",
        Page.PREFLIGHT: f"{'' if wizard.offer is None else wizard.offer.name} on {wizard.name}",
        Page.NOTICE: "Before your first walk",
    }
    title = Text(titles[wizard.page], style="bold", no_wrap=True, overflow="ellipsis")
    title.truncate(max(1, width - cell_len(aside) - 2), overflow="ellipsis")
    title.pad_right(max(0, width - title.cell_len - cell_len(aside)))
    return Group(title.append(aside, style="not bold dim"), Text())


def _busy(now: float) -> str:
    return _BLINK[int(now * 4) % len(_BLINK)]


def _body(wizard: Wizard, now: float, width: int, room: int) -> list[RenderableType]:
    match wizard.page:
        case Page.LOOKING | Page.CONNECTING:
            return [Text("This takes a few seconds. Nothing moves.")]
        case Page.LIST:
            return _treadmills(wizard, now, width, room)
        case Page.PORTRAIT:
            return _pairs(() if wizard.welcome is None else wizard.welcome.portrait, width, room)
        case Page.NAMING:
            return [
                Text("What do you want to call it? Enter alone keeps the name it has."),
                Text(),
                _typed(wizard.typed),
            ]
        case Page.SESSIONS:
            offers = () if wizard.welcome is None else wizard.welcome.offers
            warning = textwrap.wrap(NONE_FITS, width - 1) if wizard.fits_none else []
            lines = [_session(offer) for offer in offers]
            return [*map(Text, warning), *_list(wizard.sessions, lines, width, room - len(warning))]
        case Page.PREFLIGHT:
            return _preflight(wizard.offer, width, room)
        case _:
            return _notice(wizard, width, room)


def _typed(words: str, question: str = "Name: ") -> Text:
    return Text.assemble(question, (words, "bold"), ("▏", "blink"))


def _notice(wizard: Wizard, width: int, room: int) -> list[RenderableType]:
    """Draw the notice, all of it, in as many columns as there are (S14)."""
    _, *told, question = NOTICE.split("\n\n")
    parts = [part for block in told for part in block.split("\n  - ")]
    lines: list[str] = []
    for number, part in enumerate(parts):
        mark = "• " if number and part.strip() else ""
        text = " ".join(part.removeprefix("  - ").split())
        lines += [*textwrap.wrap(f"{mark}{text}", width - 1, subsequent_indent="  " if mark else ""), ""]
    asked = [*textwrap.wrap(question.strip(), width - 5), ""]
    if len(lines) + len(asked) > room:
        lines = [line for line in lines if line]
    *before, last = asked[:-1]
    return [*map(Text, (*lines, *before)), _typed(wizard.typed, f"{last} ")]


# --- lists


def _treadmills(wizard: Wizard, now: float, width: int, room: int) -> list[RenderableType]:
    entries = wizard.heard.entries
    if wizard.needs_advice(now):
        advice = [part for line in ADVICE for part in textwrap.wrap(line, width - 1, subsequent_indent="  ")]
        closing = [*textwrap.wrap(f"{DOCTOR} {TRY_IT}", width - 1)]
        below = _list(wizard.heard.choice, [_treadmill(entry) for entry in entries], width, 3) if entries else []
        return [*map(Text, (*advice, *closing)), *below][:room]
    if not entries and wizard.heard.deafness:
        return [Text(line) for line in textwrap.wrap(f"{DOCTOR} {TRY_IT}", width - 1)]
    if not entries:
        return [Text("Switch the treadmill on and stand beside it. Close other apps that use it."), Text(TRY_IT)]
    return _list(wizard.heard.choice, [_treadmill(entry) for entry in entries], width, room)


def _treadmill(entry: Entry) -> _Line:
    sighting = entry.sighting
    head = Text(sighting.title, style="dim" if entry.quiet else "bold")
    if sighting.remembered:
        head.append("  yours", style="not bold green")
    if not entry.quiet:
        head.append(f"  {signal_text(sighting.rssi)}", style="not bold cyan")
    below = f"{sighting.model or UNKNOWN_MODEL}{f'; {entry.remark}' if entry.remark else ''}"
    return _Line(head, below, "yellow" if entry.remark else "dim")


def _session(offer: Offer) -> _Line:
    head = Text(offer.name, style="dim" if offer.why_not else "bold")
    head.append(
        f"  {offer.extent or 'not on this machine'}", style="not bold dim" if offer.why_not else "not bold cyan"
    )
    return _Line(head, offer.why_not or offer.sentence)


def _list(choice: Choice, lines: Sequence[_Line], width: int, room: int) -> list[RenderableType]:
    """Draw as many lines as there is room for: the one with the cursor, the next, those before, and what follows."""
    blocks = [_block(number, line, width, at=number == choice.index) for number, line in enumerate(lines)]
    first, last = choice.index, choice.index + 1
    used = len(blocks[choice.index]) + 2  # and the lines that say that there is more
    while True:
        below = last < len(blocks) and used + len(blocks[last]) <= room
        above = first > 0 and used + len(blocks[first - 1]) <= room
        if above and not (below and last == choice.index + 1):
            first -= 1
            used += len(blocks[first])
        elif below:
            used += len(blocks[last])
            last += 1
        else:
            break
    before = [Text(f"   ↑ {first} more", style="dim")] if first else []
    after = [Text(f"   ↓ {len(blocks) - last} more", style="dim")] if last < len(blocks) else []
    return [*before, *(line for block in blocks[first:last] for line in block), *after]


def _block(number: int, line: _Line, width: int, *, at: bool) -> list[Text]:
    head = Text.assemble((f"{'▸' if at else ' '}{number + 1:>2}  ", "bold green" if at else "dim"), line.head)
    head.truncate(width, overflow="ellipsis")
    wrapped = textwrap.wrap(line.below, max(10, width - _MARGIN - 1))
    if at:
        shown = wrapped[:_LONGEST]
    else:
        shown = [textwrap.shorten(line.below, max(10, width - _MARGIN - 1), placeholder=" …")] if wrapped else []
    return [head, *(Text(f"{' ' * _MARGIN}{text}", style=line.style) for text in shown)]


# --- a machine and a session


def _preflight(offer: Offer | None, width: int, room: int) -> list[RenderableType]:
    if offer is None:
        return []
    sentence = textwrap.wrap(offer.sentence, width - 1)[:_LONGEST]
    return [*map(Text, sentence), Text(), *_pairs(offer.preflight, width, room - len(sentence) - 1)]


def _pairs(rows: Sequence[tuple[str, str]], width: int, room: int) -> list[RenderableType]:
    """Draw names and values; what finds no room is left out and said to be."""
    titles = max((len(name) for name, _ in rows), default=0) + 2
    lines: list[Text] = []
    for name, value in rows:
        wrapped = textwrap.wrap(value, max(10, width - titles - 1)) or [""]
        lines += [
            Text.assemble((f"{title:<{titles}}", "dim"), part)
            for title, part in zip((name, *[""] * len(wrapped)), wrapped, strict=False)
        ]
    if len(lines) > room:
        lines = [*lines[: room - 1], Text("… `backstride info` and `backstride check` tell the rest", style="dim")]
    grid = Table.grid()
    for line in lines:
        grid.add_row(line)
    return [grid]
