"""Which characters terminals do not agree on: how wide they are, or what they make of them and their neighbours.

Emoji of several code points, what is invisible, scripts whose letters join, and what is newer than some terminals.
Does not know what is done about it.
"""

from __future__ import annotations

import re

_SCRIPTS = "\u0590-\u109f\u1100-\u11ff\u1780-\u1cff\ua800-\uabff\ud7b0-\ud7ff"
_INVISIBLE = "\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
_ENCLOSING = "\u20d0-\u20ff"
_BEYOND = "\U00010000-\U0001ffff\U000e0000-\U000effff"
_FLAG = "[\U0001f1e6-\U0001f1ff]"
_JOINS = f"(?:\u200d.|[\u200d\ufe00-\ufe0f\u0300-\u036f{_ENCLOSING}\U0001f3fb-\U0001f3ff])"

_ANY = re.compile(f"[{_SCRIPTS}{_INVISIBLE}{_ENCLOSING}{_BEYOND}]")
DISPUTED = re.compile(
    f"{_FLAG}{{2}}|[{_SCRIPTS}{_INVISIBLE}{_BEYOND}]{_JOINS}*|.{_JOINS}*[\u200d\ufe00-\ufe0f{_ENCLOSING}]{_JOINS}*"
)
"""A disputed character, with what joins it."""


def is_disputed(text: str) -> bool:
    """Whether there is a disputed character in it. Fast, as there seldom is."""
    return not text.isascii() and _ANY.search(text) is not None
