"""The shell's pane: draws the screen of a terminal, hands keys on to it, and tells which commands ran.

The terminal itself belongs to somebody else, who also keeps its last output; the pane reads and shows it. Does not
know what runs
in it.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tutor.errors import ShellError
from tutor.shell.keys import encode, for_application
from tutor.shell.marks import Command, Ended, Marks, Prompt

if TYPE_CHECKING:
    from tutor.shell.screen import CellStyle, Colour, Cursor, Run, Screen

_READ_SECONDS = 0.0005
_FRAME_SECONDS, _HOT_FRAME_SECONDS = 1 / 60, 0.004
_HOT_SECONDS = 0.1
_CHUNK = 65536
_WHEEL_LINES = 3
_MOST_STYLES = 4096


class Handle(Protocol):
    """A terminal that the pane may read and write."""

    @property
    def fd(self) -> int:
        """The master of the pseudo terminal, non-blocking."""

    def keep(self, data: bytes) -> None:
        """Record output for a screen that comes after this one."""

    def replay(self) -> bytes:
        """The last output."""

    def resize(self, columns: int, rows: int) -> None:
        """Tell the programs in it how large it is."""


class TerminalPane(Widget, can_focus=True):
    """A terminal."""

    class CommandDone(Message):
        """A command has ended in the shell."""

        def __init__(self, command: Command) -> None:
            super().__init__()
            self.command = command
            """The command."""

    class PromptShown(Message):
        """The shell waits for a command."""

    class HungUp(Message):
        """Nothing has the terminal open any more: the shell has ended."""

    class Broken(Message):
        """The screen could not be drawn; the shell goes on."""

        def __init__(self, error: str) -> None:
            super().__init__()
            self.error = error
            """What went wrong."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._handle: Handle | None = None
        self._screen: Screen | None = None
        self._marks = Marks()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._strips: list[Strip] = []
        self._cursor: Cursor | None = None
        self._styles: dict[CellStyle, Style] = {}
        self._unsent = b""
        self._scheduled = False
        self._painted_at = self._key_at = 0.0
        self._application_cursor = False

    # The terminal

    def attach(self, handle: Handle) -> None:
        """Show a terminal: what it has printed before, and what it prints from now on."""
        from tutor.shell.screen import Screen

        self.detach()
        columns, rows = self.columns_and_rows
        self._handle = handle
        self._loop = asyncio.get_running_loop()
        self._marks = Marks()
        # Answers to questions that were asked long ago would be typed into whatever runs now.
        screen = Screen(columns, rows, _unanswered)
        before = handle.replay()
        for _ in self._marks.feed(before):
            pass
        screen.feed(before)
        screen.on_reply(self.write)
        self._screen = screen
        self._strips = [Strip.blank(columns) for _ in range(rows)]
        os.set_blocking(handle.fd, False)
        handle.resize(columns, rows)
        self._loop.add_reader(handle.fd, self._read)
        self._schedule()

    def present(self, columns: int, rows: int) -> None:
        """Show what `show` is given, on a screen of this size, and take no keys."""
        from tutor.shell.screen import Screen

        self.detach()
        self._loop = asyncio.get_running_loop()
        self._screen = Screen(columns, rows, _unanswered)
        self._strips = [Strip.blank(columns) for _ in range(rows)]

    def show(self, output: bytes) -> None:
        """Draw some output."""
        self._show(output)
        self._schedule()

    def detach(self) -> None:
        """Show nothing; the terminal goes on without us."""
        if self._handle is not None and self._loop is not None:
            self._loop.remove_reader(self._handle.fd)
            self._loop.remove_writer(self._handle.fd)
        self._handle = None
        self._unsent = b""

    @property
    def columns_and_rows(self) -> tuple[int, int]:
        """The size of the pane in cells."""
        return max(2, self.size.width or 80), max(2, self.size.height or 24)

    @property
    def wants_keys(self) -> bool:
        """Whether there is a terminal to take them."""
        return self._handle is not None

    def take_keys(self, keys: bytes) -> None:
        """Take the keyboard's bytes as they are; called from the thread that reads the keyboard."""
        if self._application_cursor:
            keys = for_application(keys)
        self._key_at = time.monotonic()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._typed, keys)

    def type_text(self, text: str) -> None:
        """Put text at the prompt, as if it were typed."""
        self._typed(text.encode())

    def write(self, data: bytes) -> None:
        """Send bytes to the program in the terminal."""
        if self._handle is not None:
            self._unsent += data
            self._send()

    def _typed(self, keys: bytes) -> None:
        if self._screen is not None:
            self._screen.scroll_to_end()
        self.write(keys)

    def _send(self) -> None:
        handle, loop = self._handle, self._loop
        if handle is None or loop is None:
            return
        try:
            self._unsent = self._unsent[os.write(handle.fd, self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = b""
        if self._unsent:
            loop.add_writer(handle.fd, self._send)
        else:
            loop.remove_writer(handle.fd)

    def _read(self) -> None:
        """Read for at most half a millisecond: a flood of output must leave room for keys."""
        handle = self._handle
        if handle is None:
            return
        until = time.monotonic() + _READ_SECONDS
        try:
            while True:
                data = os.read(handle.fd, _CHUNK)
                if not data:
                    raise OSError
                handle.keep(data)
                self._show(data)
                if time.monotonic() >= until:
                    break
        except BlockingIOError:
            pass
        except OSError:  # EIO: the last program that had it open is gone
            self.detach()
            self.post_message(self.HungUp())
        self._schedule()

    def _show(self, data: bytes) -> None:
        for event in self._marks.feed(data):
            if isinstance(event, Ended):
                self.post_message(self.CommandDone(event.command))
            elif isinstance(event, Prompt):
                self.post_message(self.PromptShown())
        if self._screen is not None:
            try:
                self._screen.feed(data)
            except ShellError as error:
                self.post_message(self.Broken(error.message))

    # The picture

    def _schedule(self) -> None:
        """Paint soon: sooner after a key than in a flood."""
        if self._scheduled or self._loop is None:
            return
        now = time.monotonic()
        frame = _HOT_FRAME_SECONDS if now - self._key_at < _HOT_SECONDS else _FRAME_SECONDS
        self._scheduled = True
        self._loop.call_later(max(0.0, self._painted_at + frame - now), self._paint)

    def _paint(self) -> None:
        self._scheduled = False
        screen = self._screen
        if screen is None or not self.is_attached:
            return
        self._painted_at = time.monotonic()
        before = self._cursor
        rows, self._cursor = screen.changed_rows()
        self._application_cursor = screen.application_cursor
        for y, runs in rows.items():
            if y < len(self._strips):
                self._strips[y] = self._strip(runs, screen.columns)
        changed = set(rows)
        if before != self._cursor:
            changed |= {cursor.y for cursor in (before, self._cursor) if cursor is not None}
        if changed:
            self.refresh(*(Region(0, y, screen.columns, 1) for y in sorted(changed)))

    def _strip(self, runs: tuple[Run, ...], columns: int) -> Strip:
        return Strip([Segment(run.text, self._style(run.style)) for run in runs], columns)

    def _style(self, style: CellStyle) -> Style:
        known = self._styles.get(style)
        if known is None:
            if len(self._styles) > _MOST_STYLES:
                self._styles.clear()
            known = self._styles[style] = Style(
                color=_rich(style.foreground),
                bgcolor=_rich(style.background),
                bold=style.bold or None,
                dim=style.faint or None,
                italic=style.italic or None,
                underline=style.underline or None,
                blink=style.blink or None,
                reverse=style.inverse or None,
                conceal=style.invisible or None,
                strike=style.strike or None,
                overline=style.overline or None,
            )
        return known

    def render_line(self, y: int) -> Strip:
        """One row."""
        base = self.rich_style
        if y >= len(self._strips):
            return Strip.blank(self.size.width, base)
        strip = self._strips[y].apply_style(base)
        cursor = self._cursor
        if cursor is not None and cursor.y == y:
            left, under, right = strip.crop(0, cursor.x), strip.crop(cursor.x, cursor.x + 1), strip.crop(cursor.x + 1)
            look = Style(reverse=True) if self.has_focus else Style(underline=True)
            cell = Strip(
                [Segment(segment.text, (segment.style or base) + look) for segment in under]
                or [Segment(" ", base + look)]
            )
            strip = Strip.join([left, cell, right])
        return strip

    # Events

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Every key is ours, whatever it is bound to elsewhere, save the chord that leaves the shell."""
        del character
        return key != "ctrl+right_square_bracket"

    async def _on_key(self, event: events.Key) -> None:
        """Keys that come through Textual (without the raw driver)."""
        if event.key == "ctrl+right_square_bracket":
            return
        event.stop()
        event.prevent_default()
        self._key_at = time.monotonic()
        self._typed(encode(event.key, event.character, application_cursor=self._application_cursor))

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\r").replace("\n", "\r").replace("\x1b", "").encode()
        if self._screen is not None and self._screen.bracketed_paste:
            text = b"\x1b[200~" + text + b"\x1b[201~"
        self._typed(text)

    def _on_focus(self, event: events.Focus) -> None:
        super()._on_focus(event)
        self._tell_focus(b"\x1b[I")

    def _on_blur(self, event: events.Blur) -> None:
        super()._on_blur(event)
        self._tell_focus(b"\x1b[O")

    def _tell_focus(self, report: bytes) -> None:
        if self._screen is not None and self._screen.wants_focus:
            self.write(report)
        if self._cursor is not None:
            self.refresh(Region(0, self._cursor.y, self.size.width, 1))

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._wheel(-_WHEEL_LINES)

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._wheel(_WHEEL_LINES)

    def _wheel(self, lines: int) -> None:
        """Scroll: back in time, or, in a full-screen program, with its cursor keys."""
        if self._screen is None:
            return
        if self._screen.is_alternate:
            key = "up" if lines < 0 else "down"
            self.write(encode(key, None, application_cursor=self._application_cursor) * abs(lines))
        else:
            self._screen.scroll(lines)
            self._schedule()

    def _on_resize(self, event: events.Resize) -> None:
        del event
        columns, rows = self.columns_and_rows
        if self._handle is None or self._screen is None or (columns, rows) == (self._screen.columns, self._screen.rows):
            return
        self._screen.resize(columns, rows)
        self._strips = [Strip.blank(columns) for _ in range(rows)]
        self._handle.resize(columns, rows)
        self._schedule()

    def _on_unmount(self) -> None:
        self.detach()


def _unanswered(reply: bytes) -> None:
    """Drop an answer."""
    del reply


def _rich(colour: Colour) -> str | None:
    if colour is None:
        return None
    return f"color({colour})" if isinstance(colour, int) else "rgb({},{},{})".format(*colour)
