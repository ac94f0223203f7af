"""What a lesson comes to, below its last step. Does not know how it was reached."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from textual.containers import Vertical
from textual.widgets import Static

from tutor.tui.markup import with_code


class LessonEnd(Vertical):
    """A lesson's end."""

    def __init__(self, title: str, built: Sequence[str], onwards: str) -> None:
        """Prepare it.

        Args:
            title: the lesson's title.
            built: what is there now, a sentence each.
            onwards: the title of the next lesson; empty at the end of the course.
        """
        parts = [Static(f"[b $text-success]✓ {escape(title)}[/]: all steps are done.")]
        if built:
            parts.append(Static("\nWhat you have built, and what holds now:"))
            parts += [Static(f"[$text-success]✓[/] {with_code(sentence)}", classes="built") for sentence in built]
        if onwards:
            next_one = f"the next lesson: [b]{escape(onwards)}[/]"
            parts.append(Static(f"\n[@click=screen.next][b $accent]n[/] leads on to {next_one}.[/]"))
        else:
            parts.append(Static("\nThis was the last lesson. The network is yours: try what you like in it."))
        super().__init__(*parts)
