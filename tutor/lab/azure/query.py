"""`--query`: the part of JMESPath that questions to this cloud need.

Names, `.`, `[0]`, `[]`, `[*]`, `[?…]`, `[a, b]`, `{a: b}`, `|`, `@`, comparisons, `&&`, `||`, `!`, literals and a few
functions. Everything else of the language is refused by its name. Does not know what the value is about.

Source: the JMESPath specification (jmespath.org): projections end at `|`, at `[]` and at what follows in brackets of
their own; what is not there is null.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tutor.lab.azure.refusals import Refused, usage

Search = Callable[[Any], Any]
"""From a value to what is asked of it."""

# Functions call each other as deep as a query goes, and the stack is not endless.
_DEEPEST = 30
_MOST_TOKENS = 200

_TOKENS = re.compile(
    r"""\s*(?:
        (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | "(?P<quoted>(?:[^"\\]|\\.)*)"
      | '(?P<raw>(?:[^'\\]|\\.)*)'
      | `(?P<literal>(?:[^`\\]|\\.)*)`
      | (?P<number>-?[0-9]+)
      | (?P<sign>\[\?|\[\]|&&|\|\||==|!=|<=|>=|[][(){}.,:|!<>*@&])
    )""",
    re.VERBOSE | re.ASCII,
)
_REFUSED = {"*": "'*' of an object's values", "&": "'&' for an expression that a function takes", ":": "slices"}


@dataclass(frozen=True, slots=True)
class Query:
    """A query that has been understood."""

    search: Search
    """Asks it of a value."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: Any


def parse_query(text: str) -> Query:
    """Understand a query.

    Raises:
        Refused: it is none, or asks for more than there is here.
    """
    try:
        parser = _Parser(_tokens(text))
        search = parser.pipe()
        parser.expect_end()
    except _NoQueryError as error:
        raise usage(f"argument --query: invalid jmespath_type value: {text!r}", str(error)) from None
    return Query(search)


class _NoQueryError(Exception):
    """The text is no query, or not one of this part of the language."""


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKENS.match(text, place)
        if match is None or match.lastgroup is None:
            raise _NoQueryError(f"Nobody understands {text[place:].lstrip()[:20]!r} in it.")
        tokens.append(_token(match.lastgroup, match[match.lastgroup]))
        place = match.end()
        if len(tokens) > _MOST_TOKENS:
            raise _NoQueryError(f"It has more than {_MOST_TOKENS} parts.")
    return tokens


def _token(kind: str, text: str) -> _Token:
    if kind == "raw":
        return _Token("literal", text.replace("\\'", "'"))
    if kind == "number":
        # int() refuses what is longer, and no list here is.
        if len(text) > 9:
            raise _NoQueryError(f"The number {text[:20]} is too large.")
        return _Token(kind, int(text))
    if kind == "literal" and text.count("[") + text.count("{") > _DEEPEST:
        raise _NoQueryError("Its brackets go too deep.")
    try:
        if kind == "quoted":
            return _Token("quoted", json.loads(f'"{text}"'))
        if kind == "literal":
            return _Token("literal", json.loads(text.replace("\\`", "`")))
    except ValueError:
        raise _NoQueryError(f"{text[:40]!r} is no JSON.") from None
    return _Token(kind, text)


class _Parser:
    """Recursive descent; each method takes what it stands for from the tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def pipe(self) -> Search:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _NoQueryError("Its brackets go too deep.")
        search = self._either()
        while self._takes("|"):
            search = _chain(search, self._either())
        self._depth -= 1
        return search

    def expect_end(self) -> None:
        if self._place < len(self._tokens):
            raise self._unexpected()

    def _either(self) -> Search:
        search = self._both()
        while self._takes("||"):
            search = _either(search, self._both())
        return search

    def _both(self) -> Search:
        search = self._comparison()
        while self._takes("&&"):
            search = _both(search, self._comparison())
        return search

    def _comparison(self) -> Search:
        left = self._denial()
        for sign, holds in _COMPARISONS.items():
            if self._takes(sign):
                return _compare(left, self._denial(), holds)
        return left

    def _denial(self) -> Search:
        denials = 0
        while self._takes("!"):
            denials += 1
        search = self._path()
        for _ in range(denials):
            search = _deny(search)
        return search

    def _path(self) -> Search:
        return self._follow(self._start())

    def _start(self) -> Search:
        token = self._next()
        if token.kind == "literal":
            return lambda _value: token.value
        if token.kind == "name" and self._takes("("):
            return self._function(token.value)
        if token.kind in {"name", "quoted"}:
            return _field(token.value)
        if token.kind == "sign":
            if token.value == "@":
                return _itself
            if token.value == "(":
                search = self.pipe()
                self._expect(")")
                return search
            if token.value == "{":
                return self._hash()
            if token.value in {"[", "[]", "[?"}:
                self._place -= 1
                return _itself if self._is_bracket_of_a_list() else self._list()
        self._place -= 1
        raise self._unexpected()

    def _follow(self, search: Search) -> Search:
        """What comes after a beginning: `.name`, `[0]`, and projections, which take all the rest to themselves."""
        while True:
            if self._takes("."):
                search = _chain(search, self._after_dot())
            elif self._takes("[]"):
                search = _flatten(search)
                return _project(search, self._follow(_itself))
            elif self._takes("[?"):
                condition = self.pipe()
                self._expect("]")
                return _project(_select(search, condition), self._follow(_itself))
            elif self._is_bracket_of_a_list():
                self._expect("[")
                if self._takes("*"):
                    self._expect("]")
                    return _project(search, self._follow(_itself))
                number = self._next()
                if number.kind != "number":
                    raise _NoQueryError(f"{_REFUSED[':']} are no part of --query here.")
                if self._takes(":"):
                    raise _NoQueryError(f"{_REFUSED[':']} are no part of --query here.")
                self._expect("]")
                search = _chain(search, _index(number.value))
            else:
                return search

    def _is_bracket_of_a_list(self) -> bool:
        """Whether what comes is `[]`, `[?`, `[*]`, `[0]`, and not a list that is to be made."""
        first, second = self._peek(), self._peek(1)
        if first in ("[]", "[?"):
            return True
        return first == "[" and (second in ("*", ":") or isinstance(second, int))

    def _after_dot(self) -> Search:
        token = self._next()
        if token.kind == "name" and self._takes("("):
            return self._function(token.value)
        if token.kind in {"name", "quoted"}:
            return _field(token.value)
        if token.value == "{":
            return self._hash()
        if token.value == "[" and not isinstance(self._peek(), int):
            self._place -= 1
            return self._list()
        self._place -= 1
        raise self._unexpected()

    def _hash(self) -> Search:
        parts: list[tuple[str, Search]] = []
        while not parts or self._takes(","):
            key = self._next()
            if key.kind not in {"name", "quoted"}:
                self._place -= 1
                raise self._unexpected()
            self._expect(":")
            parts.append((key.value, self.pipe()))
        self._expect("}")
        return lambda value: None if value is None else OrderedDict((key, part(value)) for key, part in parts)

    def _list(self) -> Search:
        self._expect("[")
        parts: list[Search] = []
        while not parts or self._takes(","):
            parts.append(self.pipe())
        self._expect("]")
        return lambda value: None if value is None else [part(value) for part in parts]

    def _function(self, name: str) -> Search:
        if name not in _FUNCTIONS:
            raise _NoQueryError(f"The function {name}() is no part of --query here; there are: {_KNOWN}.")
        function, number = _FUNCTIONS[name]
        arguments: list[Search] = []
        if not self._takes(")"):
            while not arguments or self._takes(","):
                arguments.append(self.pipe())
            self._expect(")")
        if len(arguments) != number:
            raise _NoQueryError(f"The function {name}() takes {number} argument{'s'[: number - 1]}.")

        def call(value: Any) -> Any:
            given = [argument(value) for argument in arguments]
            try:
                return function(*given)
            except TypeError:
                raise Refused(
                    f"Invalid jmespath query supplied for `--query`: {name}() can't be asked of such a value."
                ) from None

        return call

    def _peek(self, ahead: int = 0) -> Any:
        place = self._place + ahead
        token = self._tokens[place] if place < len(self._tokens) else None
        return token.value if token is not None and token.kind in {"sign", "number"} else None

    def _next(self) -> _Token:
        if self._place >= len(self._tokens):
            raise _NoQueryError("It ends too early.")
        self._place += 1
        return self._tokens[self._place - 1]

    def _takes(self, sign: str) -> bool:
        if self._peek() != sign:
            return False
        self._place += 1
        return True

    def _expect(self, sign: str) -> None:
        if self._place >= len(self._tokens):
            raise _NoQueryError(f"It ends where {sign!r} should come.")
        if not self._takes(sign):
            raise self._unexpected()

    def _unexpected(self) -> _NoQueryError:
        token = self._tokens[self._place]
        if token.kind == "sign" and token.value in _REFUSED:
            return _NoQueryError(f"{_REFUSED[token.value]} is no part of --query here.")
        return _NoQueryError(f"{token.value!r} can't stand where it does.")


def _itself(value: Any) -> Any:
    return value


def _field(name: str) -> Search:
    return lambda value: value.get(name) if isinstance(value, Mapping) else None


def _index(number: int) -> Search:
    def search(value: Any) -> Any:
        if not isinstance(value, list) or not -len(value) <= number < len(value):
            return None
        return value[number]

    return search


def _chain(first: Search, second: Search) -> Search:
    return lambda value: second(first(value))


def _project(items: Search, rest: Search) -> Search:
    def search(value: Any) -> Any:
        found = items(value)
        if not isinstance(found, list):
            return None
        return [each for each in map(rest, found) if each is not None]

    return search


def _flatten(items: Search) -> Search:
    def search(value: Any) -> Any:
        found = items(value)
        if not isinstance(found, list):
            return None
        return [each for item in found for each in (item if isinstance(item, list) else [item])]

    return search


def _select(items: Search, condition: Search) -> Search:
    def search(value: Any) -> Any:
        found = items(value)
        return [each for each in found if _is_true(condition(each))] if isinstance(found, list) else None

    return search


def _is_true(value: Any) -> bool:
    # Null, false and what is empty; the number 0 is true.
    return value is not None and value is not False and value not in ("", [], {})


def _either(left: Search, right: Search) -> Search:
    def search(value: Any) -> Any:
        found = left(value)
        return found if _is_true(found) else right(value)

    return search


def _both(left: Search, right: Search) -> Search:
    def search(value: Any) -> Any:
        found = left(value)
        return right(value) if _is_true(found) else found

    return search


def _deny(part: Search) -> Search:
    return lambda value: not _is_true(part(value))


def _compare(left: Search, right: Search, holds: Callable[[Any, Any], Any]) -> Search:
    return lambda value: holds(left(value), right(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    # For Python 1 == True; for JMESPath a number is no boolean.
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    return lambda one, other: holds(one, other) if _is_number(one) and _is_number(other) else None


_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": _same,
    "!=": lambda one, other: not _same(one, other),
    "<=": _ordered(lambda one, other: one <= other),
    ">=": _ordered(lambda one, other: one >= other),
    "<": _ordered(lambda one, other: one < other),
    ">": _ordered(lambda one, other: one > other),
}


def _texts(*values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise TypeError


def _starts_with(text: Any, start: Any) -> bool:
    _texts(text, start)
    return bool(text.startswith(start))


def _ends_with(text: Any, end: Any) -> bool:
    _texts(text, end)
    return bool(text.endswith(end))


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, str):
        return isinstance(part, str) and part in whole
    if isinstance(whole, list):
        return part in whole
    raise TypeError


def _length(value: Any) -> int:
    return len(value)


def _join(glue: Any, parts: Any) -> str:
    _texts(glue, *parts)
    return str(glue.join(parts))


def _sort(items: Any) -> Any:
    return sorted(items)


_FUNCTIONS: Mapping[str, tuple[Callable[..., Any], int]] = {
    "contains": (_contains, 2),
    "ends_with": (_ends_with, 2),
    "join": (_join, 2),
    "length": (_length, 1),
    "sort": (_sort, 1),
    "starts_with": (_starts_with, 2),
}
_KNOWN = ", ".join(f"{name}()" for name in _FUNCTIONS)
