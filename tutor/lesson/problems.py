"""The list of what is wrong with one file, and guesses at what was meant. Does not know any rule itself."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from tutor.errors import LessonError

_FEW = 12


class Problems:
    """Collects the errors of one lesson file, so that all are told at once."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        """The file; None for text that came from none."""
        self.errors: list[LessonError] = []
        """In the order found."""

    def add(self, line: int, message: str, hint: str = "") -> None:
        """Note that `message` is wrong at `line` (1-based; 0 for the whole file)."""
        self.errors.append(LessonError(message, path=self.path, line=line, hint=hint))

    def in_order(self) -> tuple[LessonError, ...]:
        """The errors by line."""
        return tuple(sorted(self.errors, key=lambda error: error.line))


def suggestion(word: str, known: Iterable[str], what: str = "") -> str:
    """A hint for somebody who wrote `word`: the known name nearest to it, else all of them where they are few."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return f"there is no {what}" if what else ""
    listed = ", ".join(names[:_FEW]) + (", …" if len(names) > _FEW else "")
    return f"there is: {listed}"
