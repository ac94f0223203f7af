"""The shell's pane: draws the screen of a terminal, hands keys on to it, and tells which commands ran.

The terminal itself belongs to somebody else, who also keeps its last output; the pane reads and shows it. Does not
know what runs in it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.geometry import Offset
from textual.strip import Strip
from textual.widget import Widget

from tutor.errors import ShellError
from tutor.lab.ring import Piece
from tutor.shell.cells import Mouse
from tutor.shell.keys import as_typed, encode, for_application, pasted
from tutor.shell.marks import Ended, Marks, Prompt, Started
from tutor.shell.mouse import encode_mouse
from tutor.tui.driver import TerminalCursor
from tutor.tui.stream import Stream
from tutor.tui.terminal import messages
from tutor.tui.terminal.canvas import Canvas
from tutor.tui.terminal.courier import Courier
from tutor.tui.terminal.hand import Hand
from tutor.tui.terminal.making import Handle, make_screen, tell_colours

if TYPE_CHECKING:
    from tutor.shell.screen import Screen

_NARROW_SECONDS = 0.1
_WHEEL_LINES = 3
_WHEEL_UP, _WHEEL_DOWN = 65, 66
_TWICE_SECONDS = 2.0
_CHORD = "ctrl+right_square_bracket"
_REDRAW = b"\x0c"
_SCROLL_KEYS = {b"\x1b[5;2~": -1, b"\x1b[6;2~": 1}
_SCROLLS = re.compile(b"(" + b"|".join(re.escape(key) for key in _SCROLL_KEYS) + b")")


class TerminalPane(messages.Posts, Widget, can_focus=True):
    """A terminal."""

    ALLOW_SELECT = False  # by Textual, which knows nothing of what has scrolled away

    def __init__(self, *, id: str | None = None, direct: bool = True) -> None:  # noqa: A002  # as every widget calls it
        """A pane without a terminal.

        Args:
            id: its name in style sheets.
            direct: whether rows may be written to the outer terminal without waiting for Textual, where that is safe.
        """
        super().__init__(id=id)
        self._handle: Handle | None = None
        self._stream: Stream | None = None
        self._courier = Courier()
        self._marks = Marks()
        self._canvas = Canvas(self, direct=direct, painted=self._was_painted, failed=self._break)
        self._hand = Hand(
            self._canvas, copied=self._put_on_clipboard, mode_changed=lambda on: self.post_message(self.ModeChanged(on))
        )
        self._title = ""
        self._application_cursor = False
        self._failed_at = float("-inf")

    # The terminal

    def attach(self, handle: Handle) -> None:
        """Show a terminal: what it has printed before, and what it prints from now on."""
        self.detach()
        self._handle = handle
        self._courier.start()
        self._marks = Marks()
        before = handle.replay()
        self._marks.feed(before.output)
        self._make_screen(*self.columns_and_rows, before.pieces)
        handle.resize(*self.columns_and_rows)
        if not before.whole:  # rows that a program drew long ago are not there
            handle.narrow(*self.columns_and_rows)
            self.set_timer(_NARROW_SECONDS, lambda: self._widen(handle))
        self._stream = Stream(handle.fd, self._take_output, self._hung_up)

    def _widen(self, handle: Handle) -> None:
        if self._handle is handle:
            handle.resize(*self.columns_and_rows)

    def present(self, columns: int, rows: int) -> None:
        """Show what `show` is given, on a screen of this size, and take no keys."""
        self.detach()
        self._courier.start()
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
    def has_terminal(self) -> bool:
        """Whether there is a terminal."""
        return self._handle is not None

    @property
    def wants_keys(self) -> bool:
        """Whether there is a terminal to take them, and nobody looks back."""
        return self.has_terminal and not self._hand.is_looking_back

    def take_keys(self, keys: bytes) -> None:
        """Take the keyboard's bytes as they are; called from the thread that reads the keyboard."""
        stream = self._stream
        # Straight to the program, where there is nothing to do but that, and nothing that came before still waits.
        if stream is not None and self._courier.is_idle and self._hand.is_still and self._screen is not None:
            self._canvas.key()
            sent = for_application(keys) if self._application_cursor else keys
            if not _SCROLLS.search(keys) and stream.write_from_thread(sent):
                return
        self._courier.send(self._take_keys, keys)

    def take_paste(self, text: bytes) -> None:
        """Take pasted text; called from the thread that reads the keyboard."""
        self._courier.send(self._paste, text)

    def type_text(self, text: str) -> None:
        """Put text at the prompt, as if it were typed. Line ends execute what stands before them."""
        self._send(as_typed(text))

    def write(self, data: bytes) -> None:
        """Send bytes to the program in the terminal."""
        if self._stream is not None:
            self._stream.write(data)

    def _take_keys(self, keys: bytes) -> None:
        """Keys as the outer terminal sends them, save those that scroll."""
        if self._screen is None and _REDRAW in keys:
            self._make_screen(*self.columns_and_rows)  # an empty one: what is on record may be what breaks it
        for part in _SCROLLS.split(keys):
            screen = self._screen
            if part in _SCROLL_KEYS and screen is not None and not screen.is_alternate:
                self._hand.scroll(_SCROLL_KEYS[part] * max(1, screen.rows - 1))
            elif part:
                self._send(for_application(part) if screen is not None and screen.application_cursor else part)

    def _paste(self, text: bytes) -> None:
        self._send(pasted(text, bracketed=self._screen is not None and self._screen.bracketed_paste))

    def _send(self, keys: bytes) -> None:
        """Send what a learner has done, who wants to see what comes of it."""
        self._canvas.key()
        self._hand.come_back()
        self.write(keys)

    def look_back(self) -> None:
        """Let keys move through what was printed (arrows or hjkl), search (/), select (v), copy (y), and leave (q)."""
        self._hand.look_back()

    def search(self) -> None:
        """Search in what was printed."""
        self._hand.look_back(searching=True)

    @property
    def is_full_screen(self) -> bool:
        """Whether a full-screen program (an editor, a pager) has the screen."""
        return self._screen is not None and self._screen.is_alternate

    def come_back(self) -> None:
        """Look at the present, with nothing selected."""
        self._hand.come_back()

    def reset_screen(self) -> None:
        """Draw anew: turn off what a program has left turned on, and ask the shell for its prompt."""
        if self._screen is None:
            self._renew()
        else:
            try:
                self._screen.make_sane()
            except ShellError as error:
                self._break(error)
        self._took_output()
        self._send(_REDRAW)

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
        self._took_output()

    def _took_output(self) -> None:
        if self._screen is not None:
            self._application_cursor = self._screen.application_cursor
            self._hand.output()
        self._canvas.soon()

    def _hung_up(self) -> None:
        self.detach()
        self.post_message(self.ShellClosed())

    # The picture

    @property
    def _screen(self) -> Screen | None:
        return self._canvas.screen

    def _make_screen(self, columns: int, rows: int, before: Sequence[Piece] = ()) -> None:
        """A new screen, on which `before` was printed."""
        try:
            screen = make_screen(columns, rows, before)
        except ShellError as error:
            self._break(error)
            return
        screen.on_reply(self.write)
        screen.on_bell(self.app.bell)
        screen.on_copy(self._put_on_clipboard)
        self._application_cursor = screen.application_cursor
        self._canvas.start(screen, columns, rows)
        self._hand.take(screen)
        tell_colours(screen, self)

    def _renew(self) -> None:
        """A new screen, with what is on record on it."""
        before = self._handle.replay().pieces if self._handle is not None else ()
        self._make_screen(*self.columns_and_rows, before)

    def _break(self, error: ShellError) -> None:
        """The screen core has failed: try another screen, and do without one if that fails too."""
        now = time.monotonic()
        again, self._failed_at = now - self._failed_at < _TWICE_SECONDS, now
        self._hand.take(None)
        self._canvas.give_up()
        if again or self._handle is None:
            self.post_message(self.Broken(error.message))
        else:
            self.call_later(self._renew)

    def _put_on_clipboard(self, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.post_message(self.Copied(text))

    def _was_painted(self) -> None:
        if self._screen is not None and self._screen.title != self._title:
            self._title = self._screen.title
            self.post_message(self.TitleChanged(self._title))

    def render_line(self, y: int) -> Strip:
        """One row."""
        return self._canvas.line(y)

    def notify_style_update(self) -> None:
        """Look as the style sheet says now."""
        super().notify_style_update()
        self._canvas.restyle()

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
        if self._hand.is_looking_back:
            self._hand.key(event.key, event.character)
        else:
            self._take_keys(encode(event.key, event.character))

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if self._hand.is_looking_back:
            self._hand.type(event.text)
        else:
            self._paste(event.text.encode())

    def watch_has_focus(self, has_focus: bool) -> None:
        """Tell the program, if it asks to be told, and draw the cursor as it is now."""
        super().watch_has_focus(has_focus)
        if self._screen is not None and self._screen.wants_focus:
            self.write(b"\x1b[I" if has_focus else b"\x1b[O")
        self._canvas.refresh_cursor()

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        where = event.get_content_offset(self)
        if self._screen is None or where is None or self._mouse(event, Mouse.PRESS, event.button):
            return
        link = self._screen.scrollback.link_at(where.x, where.y) if event.ctrl or event.meta else ""
        if self._canvas.is_badge(where):
            self._hand.come_back()
        elif link:
            self._put_on_clipboard(link)
            self.post_message(self.LinkChosen(link))
        elif event.button == 1:
            self._hand.press(where)
            self.capture_mouse()

    async def _on_mouse_up(self, event: events.MouseUp) -> None:
        if self._hand.is_dragging:
            self.release_mouse()
            self._hand.release()
        else:
            self._mouse(event, Mouse.CLICK, event.button, pressed=False)

    def _on_mouse_move(self, event: events.MouseMove) -> None:
        if self._hand.is_dragging:
            above = event.screen_y == 0  # there is nothing above to drag to
            self._hand.drag(event.get_content_offset_capture(self) - Offset(0, above))
        else:
            self._mouse(event, Mouse.DRAG if event.button else Mouse.MOVE, event.button, moved=True)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -_WHEEL_LINES)

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, _WHEEL_LINES)

    def _mouse(
        self, event: events.MouseEvent, kind: Mouse, button: int, *, pressed: bool = True, moved: bool = False
    ) -> bool:
        """Tell the program of a mouse event if it asks for its kind; returns whether it does.

        With Shift or Alt the mouse is ours, as in other terminals.
        """
        where, screen = event.get_content_offset(self), self._screen
        if screen is None or where is None or screen.mouse < kind or event.shift or event.meta:
            return False
        if self._hand.is_looking_back or self._handle is None:
            return False
        form = screen.mouse_form
        self._send(encode_mouse(button, where.x, where.y, pressed=pressed, moved=moved, control=event.ctrl, form=form))
        return True

    def _wheel(self, event: events.MouseEvent, lines: int) -> None:
        """Scroll: back in time, or, in a full-screen program, with its wheel or its cursor keys."""
        event.stop()
        if self._screen is None or self._mouse(event, Mouse.PRESS, _WHEEL_UP if lines < 0 else _WHEEL_DOWN):
            return
        if self._screen.is_alternate and self.wants_keys:
            key = encode("up" if lines < 0 else "down", None, application_cursor=self._screen.application_cursor)
            self._send(key * abs(lines))
        else:
            self._hand.scroll(lines)

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
        self._took_output()

    def on_mount(self) -> None:
        """Follow the colours."""
        self.app.theme_changed_signal.subscribe(self, lambda _: tell_colours(self._screen, self))

    def _on_unmount(self) -> None:
        self.detach()
