"""The learner's network at a glance, as the kernel has it now. Does not know what a lesson wants of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

if TYPE_CHECKING:
    from tutor.netmap import LinkLine, NetnsPart

_SIGNS = {"up": "[$text-success]●[/]", "down": "[$text-muted]○[/]", "no carrier": "[$text-warning]◌[/]"}


class NetworkPane(VerticalScroll):
    """Namespaces, and their links."""

    can_focus = False

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(id="inventory")

    def show(self, parts: Sequence[NetnsPart]) -> None:
        """Show them."""
        self.query_one("#inventory", Static).update("\n".join(_lines(parts)))


def _lines(parts: Sequence[NetnsPart]) -> list[str]:
    lines = []
    wide = max((len(link.name) for part in parts for link in part.links), default=0)
    for part in parts:
        forwards = "  [$text-muted]forwards[/]" if part.forwards else ""
        lines.append(f"[b]{escape(part.name)}[/]{forwards}")
        lines += [_link(link, wide) for link in part.links]
    return lines


def _link(link: LinkLine, wide: int) -> str:
    words = [f"{_SIGNS[link.condition]} {escape(link.name):{wide}}", f"{link.condition:10}"]
    words += [f"[$text-primary]{address}[/]" for address in link.addresses]
    if link.joins:
        words.append(f"[$text-muted]{escape(link.joins)}[/]")
    return "  " + "  ".join(words)
