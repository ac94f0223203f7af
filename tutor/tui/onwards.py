"""What comes after a step, in words. Does not know when it comes."""

from __future__ import annotations

from enum import Enum


class Onwards(Enum):
    """How it goes on from the active step."""

    NOTHING = "it is not done yet, or it is the last of all"
    COMING = "the next step comes by itself"
    WAITING = "the learner leads on"
    END = "the lesson has ended, and another one follows"


def leading_on(onwards: Onwards, *, in_shell: bool) -> str:
    """Markup that says so, with the keys as they are to be pressed: behind Ctrl-] while the shell has them."""
    chord = "Ctrl-] " if in_shell else ""
    key = f"[@click=screen.next][b $accent]{chord}n[/]"
    match onwards:
        case Onwards.NOTHING:
            return ""
        case Onwards.COMING:
            wait = f"[@click=screen.wait_here][b $accent]{chord}w[/] wait[/]"
            return f"The next step comes in a moment.  {key} now[/]  {wait}"
        case Onwards.WAITING:
            return f"{key} leads on.[/]"
        case Onwards.END:
            return f"The lesson ends here.  {key} leads on.[/]"


UNSEEN = (
    "Something runs in the shell. If it is a shell that can't tell what it prints (sh, tmux):"
    "  [@click=screen.seen][b $accent]y[/] I have seen it[/]"
)
"""Markup for a step that is to be seen, where nobody can know."""
