"""YAML -> `Node`, straight from the parser's events.

Lines are kept, a key given twice is an error, and tags, anchors and aliases are refused: a lesson needs none, and an
alias can grow without end. Does not know what the values are for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from tutor.lesson.node import Node, scalar
from tutor.lesson.problems import Problems

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 16
_TAB = re.compile(r"^ *\t", re.MULTILINE)


class _RefusedError(Exception):
    """YAML that we do not take: where, what and what instead. Never leaves this module."""

    def __init__(self, line: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.line, self.message, self.hint = line, message, hint


def read_yaml(text: str, first_line: int, problems: Problems) -> Node | None:
    """Read one YAML document whose first line is `first_line` of the file; None where it is broken, which is noted."""
    tab = _TAB.search(text)
    if tab:
        line = first_line + text.count("\n", 0, tab.start())
        problems.add(line, "a tab in YAML", "indent with spaces")
        return None
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER), first_line).document()
    except _RefusedError as refused:
        problems.add(refused.line, refused.message, refused.hint)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.add(
            first_line + (mark.line if mark else 0),
            f"this is not YAML: {error.problem or error.context}",
            "put a text with `: `, ` #` or a leading sign in quotes, and line up the keys",
        )
    except (yaml.YAMLError, UnicodeError) as error:
        problems.add(first_line, f"this is not YAML: {' '.join(str(error).split())}", "remove what does not print")
    return None


class _Builder:
    """Turns events into nodes."""

    def __init__(self, events: Iterator[yaml.Event], first_line: int) -> None:
        self._events = events
        self._first_line = first_line

    def document(self) -> Node:
        """The one document of the stream."""
        next(self._events)
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            return Node(None, self._first_line)
        node = self._node(next(self._events), 0)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _RefusedError(self._line(after), "a second YAML document", "remove the `---`")
        return node

    def _line(self, event: yaml.Event) -> int:
        return self._first_line + (event.start_mark.line if event.start_mark else 0)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = self._line(event)
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) or event.anchor is not None:
            raise _RefusedError(
                line, "an anchor or alias in YAML", "write the value out; put a leading `&` or `*` in quotes"
            )
        if event.tag is not None:
            raise _RefusedError(line, f"a tag in YAML: {event.tag}", "leave it out; put a leading `!` in quotes")
        if depth > _DEEPEST:
            raise _RefusedError(line, "YAML nested too deeply", "a lesson needs three levels")
        if isinstance(event, yaml.ScalarEvent):
            return Node(scalar(event.value) if event.implicit[0] else event.value, line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(tuple(self._items(depth)), line)
        return Node(dict(self._entries(depth)), line)

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> Iterator[tuple[str, Node]]:
        seen: set[str] = set()
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(event, yaml.ScalarEvent):
                raise _RefusedError(key.line, "a key in YAML that is a list or mapping", "a key is a word")
            name = event.value
            if name in seen:
                raise _RefusedError(key.line, f"the key {name!r} is given twice", "keep one of them")
            seen.add(name)
            value = self._node(next(self._events), depth + 1)
            # A value on the following lines is blamed where its key stands.
            yield name, Node(value.value, key.line)
