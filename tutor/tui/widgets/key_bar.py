"""The line at the bottom: the keys that work now; a click on one is as good. Does not know what they do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.widgets import Static


@dataclass(frozen=True, slots=True)
class KeyHint:
    """A key that works now."""

    key: str
    """As it is written on the keyboard; empty for plain words."""
    words: str
    """What it does, in a word or two."""
    action: str = ""
    """What a click on it does, as Textual calls the action."""


class KeyBar(Static):
    """Keys."""

    _shown: tuple[KeyHint, ...] = ()

    def show(self, hints: Iterable[KeyHint]) -> None:
        """Show these."""
        wanted = tuple(hints)
        if wanted != self._shown:
            self._shown = wanted
            self.update("  ".join(_markup(hint) for hint in wanted))


def _markup(hint: KeyHint) -> str:
    text = f"[b $accent]{hint.key}[/] {hint.words}".strip() if hint.key else f"[$text-muted]{hint.words}[/]"
    return f"[@click={hint.action}]{text}[/]" if hint.action else text
