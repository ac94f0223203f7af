"""The shell's pane: draws the screen of a terminal, hands keys on to it, and tells which commands ran.

The terminal itself belongs to somebody else, who also keeps its last output; the pane reads and shows it. Does not
know what runs in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tutor.errors import ShellError
from tutor.lab.ring import Piece, Replay
from tutor.shell.cells import Mouse
from tutor.shell.keys import as_typed, encode, encode_mouse, for_application, pasted
from tutor.shell.marks import Command, Ended, Marks, Prompt, Started
from tutor.tui.driver import TerminalCursor
from tutor.tui.stream import Stream
from tutor.tui.terminal.canvas import Canvas

if TYPE_CHECKING:
    from tutor.shell.screen import Screen

_NARROW_SECONDS = 0.1
_WHEEL_LINES = 3
_WHEEL_UP, _WHEEL_DOWN = 65, 66
_CHORD = "ctrl+right_square_bracket"
_REDRAW = b"\x0c"
_SCROLL_KEYS = {b"\x1b[5;2~": -1, b"\x1b[6;2~": 1}
_SCROLLS = re.compile(b"(" + b"|".join(re.escape(key) for key in _SCROLL_KEYS) + b")")
_BROKEN = ("The screen could not be drawn.", "The shell goes on, and so does what runs in it.", "Ctrl-L: draw it anew.")


class Handle(Protocol):
    """A terminal that the pane may read and write."""

    @property
    def fd(self) -> int:
        """The master of the pseudo terminal, non-blocking."""

    def keep(self, data: bytes) -> None:
        """Record output for a screen that comes after this one."""

    def replay(self) -> Replay:
        """The last output, with what was in force before it."""

    def resize(self, columns: int, rows: int) -> None:
        """Tell the programs in it how large it is."""

    def narrow(self, columns: int, rows: int) -> None:
        """Say for a moment that it is less wide: at `resize`, programs draw everything anew."""


class TerminalPane(Widget, can_focus=True):
    """A terminal."""

    class CommandDone(Message):
        """A command has ended in the shell."""

        def __init__(self, command: Command) -> None:
            super().__init__()
            self.command = command
            """The command."""

    class CommandStarted(Message):
        """A command begins to run in the shell."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text
            """As it was typed."""

    class PromptShown(Message):
        """The shell waits for a command."""

    class TitleChanged(Message):
        """The program in the terminal calls its window otherwise."""

        def __init__(self, title: str) -> None:
            super().__init__()
            self.title = title
            """The new title."""

    class ShellClosed(Message):
        """Nothing has the terminal open any more: the shell has ended."""

    class Broken(Message):
        """The screen could not be drawn; the shell goes on."""

        def __init__(self, error: str) -> None:
            super().__init__()
            self.error = error
            """What went wrong."""

    def __init__(self, *, id: str | None = None, direct: bool = True) -> None:  # noqa: A002  # as every widget calls it
        """A pane without a terminal.

        Args:
            id: its name in style sheets.
            direct: whether rows may be written to the outer terminal without waiting for Textual, where that is safe.
        """
        super().__init__(id=id)
        self._handle: Handle | None = None
        self._stream: Stream | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._marks = Marks()
        self._canvas = Canvas(self, direct=direct, painted=self._was_painted, failed=self._break)
        self._title = ""
        self._scrolled = self._application_cursor = False
        self._asked = self._done = 0

    # The terminal

    def attach(self, handle: Handle) -> None:
        """Show a terminal: what it has printed before, and what it prints from now on."""
        self.detach()
        self._handle = handle
        self._loop = asyncio.get_running_loop()
        self._marks = Marks()
        before = handle.replay()
        self._marks.feed(before.output)
        self._make_screen(*self.columns_and_rows, before.pieces)
        handle.resize(*self.columns_and_rows)
        if not before.whole:  # rows that a program drew long ago are not there
            handle.narrow(*self.columns_and_rows)
            self._loop.call_later(_NARROW_SECONDS, self._widen, handle)
        self._stream = Stream(handle.fd, self._take_output, self._hung_up)

    def _widen(self, handle: Handle) -> None:
        if self._handle is handle:
            handle.resize(*self.columns_and_rows)

    def present(self, columns: int, rows: int) -> None:
        """Show what `show` is given, on a screen of this size, and take no keys."""
        self.detach()
        self._loop = asyncio.get_running_loop()
        self._marks = Marks()
        self._make_screen(columns, rows)

    def show(self, output: bytes) -> None:
        """Draw some output."""
        self._take_output(output)

    def detach(self) -> None:
        """Show nothing new; the terminal goes on without us."""
        if self._stream is not None:
            self._stream.close()
        self._handle = self._stream = None

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
        stream = self._stream
        # Straight to the program, where there is nothing to do but that, and nothing that came before still waits.
        if stream is not None and self._asked == self._done and not self._scrolled and self._screen is not None:
            self._canvas.key()
            sent = for_application(keys) if self._application_cursor else keys
            if not _SCROLLS.search(keys) and stream.write_from_thread(sent):
                return
        self._call(self._take_keys, keys)

    def take_paste(self, text: bytes) -> None:
        """Take pasted text; called from the thread that reads the keyboard."""
        self._call(self._paste, text)

    def type_text(self, text: str) -> None:
        """Put text at the prompt, as if it were typed. Line ends execute what stands before them."""
        self._send(as_typed(text))

    def write(self, data: bytes) -> None:
        """Send bytes to the program in the terminal."""
        if self._stream is not None:
            self._stream.write(data)

    def _call(self, do: Callable[[bytes], None], data: bytes) -> None:
        def call() -> None:
            do(data)
            self._done += 1

        if self._loop is not None:
            self._asked += 1
            with contextlib.suppress(RuntimeError):  # the application ends, and its loop with it
                self._loop.call_soon_threadsafe(call)

    def _take_keys(self, keys: bytes) -> None:
        """Keys as the outer terminal sends them, save those that scroll."""
        if self._screen is None and _REDRAW in keys:
            self._make_screen(*self.columns_and_rows)
        for part in _SCROLLS.split(keys):
            screen = self._screen
            if part in _SCROLL_KEYS and screen is not None and not screen.is_alternate:
                self._scroll(_SCROLL_KEYS[part] * max(1, screen.rows - 1))
            elif part:
                self._send(for_application(part) if screen is not None and screen.application_cursor else part)

    def _paste(self, text: bytes) -> None:
        self._send(pasted(text, bracketed=self._screen is not None and self._screen.bracketed_paste))

    def _send(self, keys: bytes) -> None:
        """Send what a learner has done, who wants to see what comes of it."""
        self._canvas.key()
        if self._scrolled and self._screen is not None:
            self._scrolled = False
            self._screen.scroll_to_end()
            self._canvas.soon()
        self.write(keys)

    def _take_output(self, data: bytes) -> None:
        if self._handle is not None:
            self._handle.keep(data)
        for event in self._marks.feed(data):
            if isinstance(event, Ended):
                self.post_message(self.CommandDone(event.command))
            elif isinstance(event, Started):
                self.post_message(self.CommandStarted(event.text))
            elif isinstance(event, Prompt):
                self.post_message(self.PromptShown())
        if self._screen is not None:
            try:
                self._screen.feed(data)
            except ShellError as error:
                self._break(error)
            else:
                self._application_cursor = self._screen.application_cursor
        self._canvas.soon()

    def _hung_up(self) -> None:
        self.detach()
        self.post_message(self.ShellClosed())

    # The picture

    @property
    def _screen(self) -> Screen | None:
        return self._canvas.screen

    def _make_screen(self, columns: int, rows: int, before: Sequence[Piece] = ()) -> None:
        """A new screen, on which `before` was printed, while it had the size that each piece was printed for."""
        from tutor.shell.screen import Screen  # takes long to load, and is not needed for the first picture

        self._scrolled = False
        try:
            # Answers to questions that were asked long ago would be typed into whatever runs now.
            size = (before[0].columns, before[0].rows) if before else (columns, rows)
            screen = Screen(*size, _unanswered)
            for piece in (*before, Piece(columns, rows, b"")):
                if (piece.columns, piece.rows) != (screen.columns, screen.rows):
                    screen.resize(piece.columns, piece.rows)
                screen.feed(piece.output)
            screen.on_reply(self.write)
        except ShellError as error:
            self._break(error)
        else:
            self._application_cursor = screen.application_cursor
            self._canvas.start(screen, columns, rows)

    def _break(self, error: ShellError) -> None:
        """Do without a screen: the shell must not suffer from it."""
        self._canvas.say(Strip([Segment(line)]) for line in _BROKEN)
        self.post_message(self.Broken(error.message))

    def _was_painted(self) -> None:
        screen = self._screen
        if screen is not None and screen.title != self._title:
            self._title = screen.title
            self.post_message(self.TitleChanged(self._title))

    def render_line(self, y: int) -> Strip:
        """One row."""
        return self._canvas.line(y, self.rich_style)

    @property
    def terminal_cursor(self) -> TerminalCursor | None:
        """Where the terminal's own cursor is to be while the pane has the focus."""
        found = self._canvas.terminal_cursor()
        return None if found is None else TerminalCursor(*found[0], found[1])

    # Events

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Every key is ours, whatever it is bound to elsewhere, save the chord that leaves the shell."""
        del character
        return key != _CHORD

    async def _on_key(self, event: events.Key) -> None:
        """Keys that come through Textual (without the raw driver)."""
        if event.key == _CHORD:
            return
        event.stop()
        event.prevent_default()
        self._take_keys(encode(event.key, event.character))

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self._paste(event.text.encode())

    def watch_has_focus(self, has_focus: bool) -> None:
        """Tell the program, if it asks to be told, and draw the cursor as it is now."""
        super().watch_has_focus(has_focus)
        if self._screen is not None and self._screen.wants_focus:
            self.write(b"\x1b[I" if has_focus else b"\x1b[O")
        self._canvas.refresh_cursor()

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        await super()._on_mouse_down(event)
        self._mouse(event, Mouse.PRESS, event.button)

    async def _on_mouse_up(self, event: events.MouseUp) -> None:
        await super()._on_mouse_up(event)
        self._mouse(event, Mouse.CLICK, event.button, pressed=False)

    def _on_mouse_move(self, event: events.MouseMove) -> None:
        self._mouse(event, Mouse.DRAG if event.button else Mouse.MOVE, event.button, moved=True)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._wheel(event, -_WHEEL_LINES)

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._wheel(event, _WHEEL_LINES)

    def _mouse(
        self, event: events.MouseEvent, kind: Mouse, button: int, *, pressed: bool = True, moved: bool = False
    ) -> bool:
        """Tell the program of a mouse event if it asks for its kind; returns whether it does."""
        where = event.get_content_offset(self)
        if self._screen is None or where is None or self._screen.mouse < kind:
            return False
        held = {"shift": event.shift, "alt": event.meta, "control": event.ctrl}
        self._send(encode_mouse(button, where.x, where.y, pressed=pressed, moved=moved, **held))
        return True

    def _wheel(self, event: events.MouseEvent, lines: int) -> None:
        """Scroll: back in time, or, in a full-screen program, with its wheel or its cursor keys."""
        if self._screen is None or self._mouse(event, Mouse.PRESS, _WHEEL_UP if lines < 0 else _WHEEL_DOWN):
            return
        if self._screen.is_alternate:
            key = encode("up" if lines < 0 else "down", None, application_cursor=self._screen.application_cursor)
            self._send(key * abs(lines))
        else:
            self._scroll(lines)

    def _scroll(self, lines: int) -> None:
        if self._screen is not None:
            self._scrolled = True
            self._screen.scroll(lines)
            self._canvas.soon()

    def _on_resize(self, event: events.Resize) -> None:
        del event
        columns, rows = self.columns_and_rows
        screen = self._screen
        if self._handle is None or (screen is not None and (columns, rows) == (screen.columns, screen.rows)):
            return
        if screen is not None:
            try:
                screen.resize(columns, rows)
                self._canvas.start(screen, columns, rows)
            except ShellError as error:
                self._break(error)
        self._handle.resize(columns, rows)
        self._canvas.soon()

    def _on_unmount(self) -> None:
        self.detach()


def _unanswered(reply: bytes) -> None:
    """Drop an answer."""
    del reply
