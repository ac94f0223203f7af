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
        # A form or token of nothing would be shown by any output.
        return any(form and all(token and _occurs(token, output) for token in form) for form in self.forms)


_WORD_BEGINS = r"(?<![\w.-])"
_WORD_ENDS = r"(?![\w-]|\.\w)"
_HEX_BEGINS = r"(?<![0-9a-fA-F:]:)"
_HEX_ENDS = r"(?!:[0-9a-fA-F])"


def _occurs(token: str, output: str) -> bool:
    # Only where the token's own edge is part of a word can it be cut out of a longer one: `@if41` follows a name.
    before = _WORD_BEGINS if re.match(r"\w", token) else ""
    after = _WORD_ENDS if re.search(r"\w\Z", token) else ""
    if re.fullmatch(r"[0-9a-fA-F]{1,4}", token):
        # A small number, such as an ifindex, also occurs within link-layer and IPv6 addresses.
        before, after = before + _HEX_BEGINS, after + _HEX_ENDS
    return re.search(f"{before}{re.escape(token)}{after}", output) is not None


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
