"""A tree of YAML values that remember their lines, and the questions asked of one. Does not know any YAML parser."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tutor.lesson.problems import Problems, suggestion

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_WORDS: Mapping[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_LONGEST_NUMBER = 18
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""How a lesson or step may be called: it is typed on the command line."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands."""

    value: bool | int | str | tuple[Node, ...] | Mapping[str, Node] | None
    """A simple value, a list or a mapping."""
    line: int
    """1-based line in the file."""

    def plain(self) -> Any:
        """The value without its lines, lists as `list`."""
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        if isinstance(self.value, Mapping):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value


def scalar(text: str) -> bool | int | str | None:
    """What a word without quotes means: the core of YAML 1.2, so that `on`, `012` and `1:30` stay text."""
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if len(text) <= _LONGEST_NUMBER and _WHOLE.fullmatch(text) else text


def keys_of(node: Node, known: Collection[str], what: str, problems: Problems) -> Mapping[str, Node]:
    """The entries of a mapping whose keys must be `known`; `what` is what to call it. Empty where it is no mapping."""
    if not isinstance(node.value, Mapping):
        problems.add(node.line, f"{what} is not a mapping", f"it has the keys {', '.join(known)}")
        return {}
    for key, item in node.value.items():
        if key not in known:
            problems.add(item.line, f"{what} has no key {key!r}", suggestion(key, known))
    return {key: item for key, item in node.value.items() if key in known}


def text_of(node: Node, what: str, problems: Problems) -> str:
    """A text that is not empty; empty where it is something else, which is noted."""
    if isinstance(node.value, str) and node.value.strip():
        return node.value.strip()
    problems.add(
        node.line, f"{what} is not a text", "write some words, in quotes where YAML takes them for something else"
    )
    return ""


def name_of(node: Node, what: str, problems: Problems) -> str:
    """A name in lower case with dashes; empty where it is something else, which is noted."""
    text = text_of(node, what, problems)
    if text and not NAME.fullmatch(text):
        problems.add(node.line, f"{what} is {text!r}", "small letters, digits and single dashes, such as veth-pair")
        return ""
    return text
