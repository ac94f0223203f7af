"""A question over the screen, answered with one key or a click. Does not know what follows from the answer."""

from __future__ import annotations

from collections.abc import Mapping

from rich.markup import escape
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static


class Ask(ModalScreen[str]):
    """Asks; the result is the key of the choice."""

    CSS_PATH = "ask.tcss"

    def __init__(self, title: str, text: str, choices: Mapping[str, str]) -> None:
        """Prepare the question.

        Args:
            title: a few words.
            text: what it is about.
            choices: what each key means, in order; the last one is the harmless one, and what Escape means.
        """
        super().__init__()
        self._title, self._text, self._choices = title, text, dict(choices)
        self._answered = False

    def compose(self) -> ComposeResult:
        """The question and its choices."""
        with Vertical(id="ask") as box:
            box.border_title = self._title
            yield Static(escape(self._text), id="text")
            with Horizontal(id="choices"):
                for key, meaning in self._choices.items():
                    yield Button(f"{key}  {meaning}", id=f"choice-{key}")

    def on_key(self, event: events.Key) -> None:
        """A choice by its key."""
        if event.key in self._choices:
            event.stop()
            self._answer(event.key)
        elif event.key == "escape":
            event.stop()
            self._answer(list(self._choices)[-1])

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A choice by a click."""
        event.stop()
        self._answer((event.button.id or "").removeprefix("choice-"))

    def _answer(self, choice: str) -> None:
        """Take the first answer; a second one, typed too fast, would take away the screen below."""
        if not self._answered:
            self._answered = True
            self.dismiss(choice)
