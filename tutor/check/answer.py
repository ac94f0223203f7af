"""What a *see* step must have shown, and what an *answer* step must be answered: both computed from a state."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """Text that the output of a command holds once a learner has seen a fact.

    >>> eth0 = Shown((("eth0", "10.1.0.4/24"), ("eth0", "10.1.0.4", "255.255.255.0")), "eth0 has the address 10.1.0.4")
    >>> eth0.is_in("inet 10.1.0.4/24 scope global eth0")
    True
    >>> eth0.is_in("inet 10.1.0.40/24 scope global eth0")
    False
    """

    forms: tuple[tuple[str, ...], ...]
    """Ways to show it (tools print differently): of one of them each token must occur in the output, as a word."""
    what: str
    """The fact in the learner's words, for the message when it was not shown."""

    def is_in(self, output: str) -> bool:
        """Whether `output` (with no escape sequences in it) shows the fact."""
        return any(all(_occurs(token, output) for token in form) for form in self.forms)


def _occurs(token: str, output: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(token)}(?![\w-]|\.\w)", output) is not None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question is to be answered."""

    accepted: tuple[str, ...]
    """Every form of the right answer; the first is the one to show. Compared without case and surrounding blanks."""
    why: str = ""
    """One sentence that explains it, shown after the right answer; may be empty."""

    def accepts(self, given: str) -> bool:
        """Whether `given` is one of the accepted forms."""
        return _plain(given) in {_plain(form) for form in self.accepted}


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
