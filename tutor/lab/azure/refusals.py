"""Why a command is not done: what is printed, and the exit status.

Two kinds, as the real command line has them: words that make no command (status 2), and what the cloud itself answers
with a code (status 1, or 3 where the resource is not there). Does not know which command asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

ALIKE = 0.7
"""How much a word has to resemble another one to be taken for it."""


class Refused(Exception):
    """A command that is not done.

    Args:
        message: what is wrong.
        status: of the program.
        hints: lines that say what to do.
    """

    def __init__(self, message: str, *, status: int = 1, hints: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        """What is wrong."""
        self.status = status
        """Exit status: 2 for words that make no command, 3 for what is not there, else 1."""
        self.hints = tuple(hints)
        """What to do about it, a line each."""

    def as_text(self) -> str:
        """As it is printed."""
        return "".join(f"{line}\n" for line in (f"ERROR: {self.message}", *self.hints))


def usage(message: str, *hints: str) -> Refused:
    """Words that make no command."""
    return Refused(message, status=2, hints=hints)


def answered(code: str, message: str, *hints: str, status: int = 1) -> Refused:
    """What the cloud answers with a code."""
    return Refused(f"({code}) {message}", status=status, hints=(f"Code: {code}", f"Message: {message}", *hints))


def no_group(name: str) -> Refused:
    """There is no such resource group."""
    return answered("ResourceGroupNotFound", f"Resource group '{name}' could not be found.", status=3)


def no_resource(kind: str, name: str, group: str, known: Iterable[str] = ()) -> Refused:
    """There is no such resource in the group."""
    message = f"The Resource '{kind}/{name}' under resource group '{group}' was not found."
    return answered("ResourceNotFound", message, *did_you_mean(name, known), status=3)


def no_child(identifier: str, known: Iterable[str] = ()) -> Refused:
    """The parent resource is there, but has no such part."""
    name = identifier.rpartition("/")[2]
    return answered("NotFound", f"Resource {identifier} not found.", *did_you_mean(name, known), status=3)


def did_you_mean(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """One line with the known word that resembles this one most; nothing where none does."""
    spellings = {each.casefold(): each for each in known}
    found = get_close_matches(word.casefold(), spellings, n=1, cutoff=ALIKE)
    return (f"Did you mean '{spellings[found[0]]}' ?",) if found else ()
