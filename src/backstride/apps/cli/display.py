"""The live screen of a walk: big figures, what is asked, what comes next."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from rich import box
from rich.align import Align
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from backstride.apps.cli.digits import HEIGHT, big
from backstride.apps.cli.wording import UNKNOWN, distance_text, speed_figure
from backstride.record.charts import draw_curves
from backstride.record.curves import Curves
from backstride.units import Incline, Speed, format_duration
from backstride.workout import events
from backstride.workout.events import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import ConsoleOptions, RenderableType, RenderResult

    from backstride.apps.cli.view import View
    from backstride.workout.events import SessionEvent

FRAMES: Final = 240
"""Frames that a whole walk takes in virtual time."""

FRAME_LASTS: Final = 0.05
"""Seconds of real time for each of them, so that a person can follow."""

KEYS: Final = "q stop   space pause   ↑↓ speed   ←→ incline   n next   b back"
_STATES: Final = {
    SessionState.READY: "bold cyan",
    SessionState.STARTING: "bold yellow",
    SessionState.RUNNING: "bold green",
    SessionState.PAUSED: "bold yellow",
    SessionState.STOPPING: "bold yellow",
    SessionState.FINISHED: "bold green",
    SessionState.ABORTED: "bold red",
}
_LEVELS: Final = {"info": "cyan", "warning": "bold yellow", "urgent": "bold white on red"}
_RAILS: Final = {"both": "both hands on the rails", "one": "one hand on the rail", "none": "hands free"}
_ARROWS: Final = {"backward": "↓ BACKWARD", "forward": "↑ FORWARD"}
_LINK_LOST: Final = "CONNECTION LOST. The belt may keep moving: use its own stop button or the safety key."
_OFF_TARGET: Final = Speed(30)
_BODY: Final = 22  # lines of everything but the chart
_CHART: Final = (10, 16)
_WIDEST: Final = 110
_AXIS: Final = 7
_NEWEST: Final = 2  # remarks that are shown where there is little room
_THREE_FIGURES: Final = 78  # columns in which three figures of four characters find room


class LiveDisplay:
    """Draws a walk on a terminal.

    Args:
        view: What is to be shown.
        out: The terminal.
        paced: True in virtual time: a frame every so many seconds of the walk, and a little real time for each.
        is_behind: Tells whether the terminal has not taken the last frames yet.
    """

    def __init__(self, view: View, out: Console, *, paced: bool, is_behind: Callable[[], bool]) -> None:
        self._view = view
        self._console = out
        self._paced = paced
        self._is_behind = is_behind
        self._frame_every = max(1.0, view.plan.total_time / FRAMES)
        self._next_frame = 0.0
        self._drawn_at = 0.0
        self._live = Live(console=out, screen=True, auto_refresh=False, get_renderable=self._draw)
        self._live.start(refresh=True)

    def show(self, event: SessionEvent, at: float) -> None:
        """Take an event and draw, in virtual time only when a frame is due."""
        self._view.feed(event, at)
        if isinstance(event, events.Warned) and event.urgent:
            self._console.bell()
        if not self._paced:
            self._refresh()
        elif isinstance(event, events.Sample) and at >= self._next_frame:
            self._next_frame = at + self._frame_every
            self._live.refresh()
            time.sleep(max(0.0, self._drawn_at + FRAME_LASTS - time.monotonic()))
            self._drawn_at = time.monotonic()

    def note(self, text: str) -> None:
        """Show a remark for a while."""
        self._view.note(text)
        if not self._paced:
            self._refresh()

    def close(self) -> None:
        """Give the terminal back; one that is gone needs nothing."""
        with contextlib.suppress(OSError):
            self._live.stop()

    def _refresh(self) -> None:
        if not self._is_behind():
            self._live.refresh()

    def _draw(self) -> RenderableType:
        size = self._console.size
        return draw(self._view, min(size.width, _WIDEST), size.height)


def draw(view: View, width: int, height: int) -> RenderableType:
    """Return the screen for a terminal of so many columns and lines."""
    urgent = _urgent(view, width)
    above: list[RenderableType] = [_head(view, width), *urgent]
    if view.question:
        above.append(Panel(Text(f"{view.question}  Enter: yes   q: stop", style="bold"), style="yellow", width=width))
    notes = [Text(note.text, style=_LEVELS[note.level]) for note in view.notes if note.level != "urgent"]
    course = []
    if height >= _BODY + _CHART[0] and not urgent:
        course.append(_course(view, width, min(_CHART[1], height - _BODY)))
    figures, pose, progress, cue = _figures(view, width), _pose(view), _progress(view, width), _cue(view)
    spread = [*above, figures, pose, Text(), *progress, Text(), cue, Text(), *notes, *course]
    close = [*above, figures, pose, *progress, cue, *notes[-_NEWEST:]]
    low = [*above, *notes[: -_NEWEST - 1 : -1], _small_figures(view), pose, cue, *progress]
    return _Fitting((spread, close, low), height)


class _Fitting:
    """The first way to fill the screen for which it is high enough, and the keys below whatever there is room for.

    Args:
        ways: What is shown, from top to bottom; the last way begins with what must not be cut off.
        height: Lines of the terminal.
    """

    def __init__(self, ways: Sequence[Sequence[RenderableType]], height: int) -> None:
        self._ways = ways
        self._height = height

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        unbounded = options.update(height=None)
        lines: list[list[Segment]] = []
        for parts in self._ways:
            lines = console.render_lines(Group(*parts), unbounded, pad=False)
            if len(lines) < self._height:
                break
        for line in lines[: self._height - 1]:
            yield from line
            yield Segment.line()
        yield Text(KEYS, style="dim", no_wrap=True, overflow="ellipsis")


def _head(view: View, width: int) -> RenderableType:
    grid = Table.grid(expand=False)
    grid.width = width
    grid.add_column()
    grid.add_column(justify="right")
    left = Text(f"{view.plan.name}", style="bold", no_wrap=True, overflow="ellipsis")
    left.append(f"  {view.machine}", style="dim")
    right = Text(f" {view.heading} ", style=f"reverse {_STATES[view.state]}")
    right.append(f"  {format_duration(view.at)}", style="bold not reverse")
    grid.add_row(left, right)
    return grid


def _figures(view: View, width: int) -> RenderableType:
    target, incline_target = speed_figure(view.target_speed, view.unit), _percent(view.target_incline)
    style, fresh = _speed_style(view), _freshness(view)
    figures = [
        (f"Speed, {view.unit}", speed_figure(view.speed, view.unit), style, fresh),
        (f"Target, {view.unit}", target, "cyan", ""),
        ("Incline, %", _percent(view.incline), "blue", f"target {incline_target}"),
    ]
    if width < _THREE_FIGURES:
        figures[0] = (*figures[0][:3], fresh or f"target {target}")
        del figures[1]
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row(*(_figure(*figure, width=width // len(figures) - 1) for figure in figures))
    return grid


def _small_figures(view: View) -> RenderableType:
    """Return speed and incline, each with its target, on one line."""
    fresh = f", {fresh}" if (fresh := _freshness(view)) else ""
    return Text.assemble(
        (f" {speed_figure(view.speed, view.unit)} {view.unit}", f"bold {_speed_style(view)}"),
        f" (target {speed_figure(view.target_speed, view.unit)}{fresh})   ",
        (f"{_percent(view.incline)} %", "bold blue"),
        f" (target {_percent(view.target_incline)})",
        no_wrap=True,
        overflow="ellipsis",
    )


def _speed_style(view: View) -> str:
    off = view.speed is None or view.target_speed is None or abs(view.speed - view.target_speed) > _OFF_TARGET
    return "red" if view.stale or not view.connected else "yellow" if off else "green"


def _freshness(view: View) -> str:
    return "not fresh" if view.stale and view.speed is not None else ""


def _figure(title: str, value: str, style: str, below: str, *, width: int) -> RenderableType:
    figure = Text(big(value), style=f"bold {style}", no_wrap=True)
    return Panel(
        Align.center(figure, height=HEIGHT),
        title=title,
        subtitle=below or None,
        width=width,
        padding=0,
        box=box.ROUNDED,
    )


def _percent(incline: Incline | None) -> str:
    return UNKNOWN if incline is None else incline.text().partition(" ")[0]


def _pose(view: View) -> RenderableType:
    step = view.step
    line = Text(no_wrap=True, overflow="ellipsis")
    if step is not None:
        line.append(f" {_ARROWS[step.facing]} ", style="bold reverse" if step.facing == "backward" else "bold")
        line.append(f"  {_RAILS[step.handrails]}", style="bold yellow" if step.handrails == "both" else "")
    line.append(f"   {distance_text(view.distance, view.unit)}")
    if view.heart_rate is not None:
        line.append(f"   ♥ {view.heart_rate}", style="red")
    return line


def _progress(view: View, width: int) -> list[RenderableType]:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim", width=7)
    grid.add_column(width=width // 2)
    grid.add_column(no_wrap=True, overflow="ellipsis", width=width - width // 2 - 9)
    left = max(0.0, view.plan.total_time - view.done_seconds)
    grid.add_row("Step", _bar(view.progress.fraction(), width // 2, "green"), _left(view.step_left))
    grid.add_row("Session", _bar(view.session_fraction, width // 2, "cyan"), _left(format_duration(left)))
    return [grid, _line("Now", view.step_text, "bold"), _line("Next", view.next_text, "dim")]


def _line(name: str, text: str, style: str) -> Text:
    return Text.assemble((f"{name:<8}", "dim"), (text, style), no_wrap=True, overflow="ellipsis")


def _left(text: str) -> Text:
    return Text(f"{text} left" if text else "")


def _bar(fraction: float, width: int, style: str) -> Text:
    full = round(min(1.0, max(0.0, fraction)) * width)
    return Text.assemble(("━" * full, f"bold {style}"), ("─" * (width - full), "dim"))


def _cue(view: View) -> RenderableType:
    line = Text(no_wrap=True, overflow="ellipsis")
    if view.countdown:
        line.append(f" {view.countdown} ", style="bold reverse yellow")
    line.append(f"  {view.cue}", style="bold italic magenta")
    return line


def _course(view: View, width: int, height: int) -> RenderableType:
    """Draw the planned course with a mark where the walker is."""
    curves = Curves.of_course(view.plan.course, view.plan.total_time)
    mark = Text(" " * (_AXIS + round(view.session_fraction * (width - _AXIS - 1))) + "▲", style="bold green")
    return Group(Text(draw_curves(curves, width=width, height=height, unit=view.unit), style="dim cyan"), mark)


def _urgent(view: View, width: int) -> list[RenderableType]:
    """Return what must not be missed: each on red, in a frame of its own."""
    texts = [] if view.connected else [_LINK_LOST]
    texts += [note.text for note in view.notes if note.level == "urgent"]
    style = _LEVELS["urgent"]
    return [Panel(Text(text, style=style), style=style, box=box.HEAVY, width=width) for text in texts]
