"""`--query`: the part of JMESPath that questions to this cloud need.

Names, `.`, `[0]`, `[]`, `[*]`, `[?…]`, `[a, b]`, `{a: b}`, `|`, `@`, comparisons, `&&`, `||`, `!`, literals and a few
functions. Everything else of the language is refused by its name. Does not know what a search does to a value.

Source: the JMESPath specification (jmespath.org): a projection takes all that follows to itself, up to `|`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tutor.lab.azure.refusals import usage
from tutor.lab.azure.searches import (
    COMPARISONS,
    FUNCTIONS,
    KNOWN,
    Search,
    both,
    call,
    chain,
    compare,
    deny,
    either,
    field,
    flatten,
    index,
    itself,
    make_list,
    make_mapping,
    project,
    select,
)

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
_POWERS = {"[]": 9, "[*]": 20, "[?": 21, ".": 40, "!": 45, "[": 55}
"""How tight it binds to what stands before it; a projection's is also that of what it takes to itself."""

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
            search = chain(search, self._either())
        self._depth -= 1
        return search

    def expect_end(self) -> None:
        if self._place < len(self._tokens):
            raise self._unexpected()

    def _either(self) -> Search:
        search = self._both()
        while self._takes("||"):
            search = either(search, self._both())
        return search

    def _both(self) -> Search:
        search = self._comparison()
        while self._takes("&&"):
            search = both(search, self._comparison())
        return search

    def _comparison(self) -> Search:
        left = self._path()
        for sign, holds in COMPARISONS.items():
            if self._takes(sign):
                return compare(left, self._path(), holds)
        return left

    def _path(self, power: int = 0) -> Search:
        if self._takes("!"):
            # It binds tighter than a dot: !a.b asks for the b of !a, which is null.
            return self._follow(deny(self._path(_POWERS["!"])), power)
        return self._follow(self._start(), power)

    def _start(self) -> Search:
        token = self._next()
        if token.kind == "literal":
            return lambda _value: token.value
        if token.kind == "name" and self._takes("("):
            return self._function(token.value)
        if token.kind in {"name", "quoted"}:
            return field(token.value)
        if token.kind == "sign":
            if token.value == "@":
                return itself
            if token.value == "(":
                search = self.pipe()
                self._expect(")")
                return search
            if token.value == "{":
                return self._hash()
            if token.value in {"[", "[]", "[?"}:
                self._place -= 1
                return itself if self._is_bracket_of_a_list() else self._list()
        self._place -= 1
        raise self._unexpected()

    def _follow(self, search: Search, power: int, *, is_first: bool = False) -> Search:
        """What comes after a beginning and binds tighter than `power`; the first one does so anyway."""
        while True:
            sign = self._peek()
            if sign not in _POWERS or (_POWERS[sign] <= power and not is_first):
                return search
            is_first = False
            if sign == ".":
                self._expect(".")
                search = chain(search, self._after_dot())
            elif sign == "[]":
                self._expect("[]")
                search = project(flatten(search), self._rest("[]"))
            elif sign == "[?":
                self._expect("[?")
                condition = self.pipe()
                self._expect("]")
                search = project(select(search, condition), self._rest("[?"))
            elif self._is_bracket_of_a_list():
                search = self._bracket(search)
            else:
                return search

    def _bracket(self, search: Search) -> Search:
        self._expect("[")
        if self._takes("*"):
            self._expect("]")
            return project(search, self._rest("[*]"))
        number = self._next()
        if number.kind != "number" or self._takes(":"):
            raise _NoQueryError(f"{_REFUSED[':']} are no part of --query here.")
        self._expect("]")
        return chain(search, index(number.value))

    def _rest(self, projection: str) -> Search:
        """What a projection asks of each item."""
        power = _POWERS[projection]
        if self._peek() == ".":
            self._expect(".")
            search = self._after_dot()
            # What is put together right behind the dot ends the projection.
            return search if self._previous() in ("}", "]") else self._follow(search, power)
        if self._peek() in ("[", "[?"):
            return self._follow(self._start(), power, is_first=True)
        return itself

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
            return field(token.value)
        if token == _Token("sign", "{"):
            return self._hash()
        self._place -= 1
        if self._peek() == "[" and not isinstance(self._peek(1), int):
            return self._list()
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
        return make_mapping(parts)

    def _list(self) -> Search:
        self._expect("[")
        parts: list[Search] = []
        while not parts or self._takes(","):
            parts.append(self.pipe())
        self._expect("]")
        return make_list(parts)

    def _function(self, name: str) -> Search:
        if name not in FUNCTIONS:
            raise _NoQueryError(f"The function {name}() is no part of --query here; there are: {KNOWN}.")
        function, number = FUNCTIONS[name]
        arguments: list[Search] = []
        if not self._takes(")"):
            while not arguments or self._takes(","):
                arguments.append(self.pipe())
            self._expect(")")
        if len(arguments) != number:
            raise _NoQueryError(f"The function {name}() takes {number} argument{'s'[: number - 1]}.")

        return call(name, function, arguments)

    def _peek(self, ahead: int = 0) -> Any:
        place = self._place + ahead
        token = self._tokens[place] if place < len(self._tokens) else None
        return token.value if token is not None and token.kind in {"sign", "number"} else None

    def _next(self) -> _Token:
        if self._place >= len(self._tokens):
            raise _NoQueryError("It ends too early.")
        self._place += 1
        return self._tokens[self._place - 1]

    def _previous(self) -> Any:
        return self._peek(-1)

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
