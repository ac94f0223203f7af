"""What a query does to a value: searches, which are functions, and what they are put together from.

Does not know how a query is written.

Source: the JMESPath specification (jmespath.org): what is not there is null, and null is left out of projections.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tutor.lab.azure.refusals import Refused

Search = Callable[[Any], Any]
"""From a value to what is asked of it."""


def itself(value: Any) -> Any:
    """`@`."""
    return value


def field(name: str) -> Search:
    """`name`."""
    return lambda value: value.get(name) if isinstance(value, Mapping) else None


def index(number: int) -> Search:
    """`[number]`."""

    def search(value: Any) -> Any:
        if not isinstance(value, list) or not -len(value) <= number < len(value):
            return None
        return value[number]

    return search


def chain(first: Search, second: Search) -> Search:
    """`first.second`, and `first | second`."""
    return lambda value: second(first(value))


def project(items: Search, rest: Search) -> Search:
    """Ask each of the items for the rest."""

    def search(value: Any) -> Any:
        found = items(value)
        if not isinstance(found, list):
            return None
        return [each for each in map(rest, found) if each is not None]

    return search


def flatten(items: Search) -> Search:
    """`items[]`: one level of lists less."""

    def search(value: Any) -> Any:
        found = items(value)
        if not isinstance(found, list):
            return None
        return [each for item in found for each in (item if isinstance(item, list) else [item])]

    return search


def select(items: Search, condition: Search) -> Search:
    """`items[?condition]`."""

    def search(value: Any) -> Any:
        found = items(value)
        return [each for each in found if _is_true(condition(each))] if isinstance(found, list) else None

    return search


def _is_true(value: Any) -> bool:
    # Null, false and what is empty; the number 0 is true.
    return value is not None and value is not False and value not in ("", [], {})


def either(left: Search, right: Search) -> Search:
    """`left || right`."""

    def search(value: Any) -> Any:
        found = left(value)
        return found if _is_true(found) else right(value)

    return search


def both(left: Search, right: Search) -> Search:
    """`left && right`."""

    def search(value: Any) -> Any:
        found = left(value)
        return right(value) if _is_true(found) else found

    return search


def deny(part: Search) -> Search:
    """`!part`."""
    return lambda value: not _is_true(part(value))


def compare(left: Search, right: Search, holds: Callable[[Any, Any], Any]) -> Search:
    """`left == right` and the like."""
    return lambda value: holds(left(value), right(value))


def make_mapping(parts: Sequence[tuple[str, Search]]) -> Search:
    """`{key: part}`: its keys stay in the order in which they are written."""
    return lambda value: None if value is None else OrderedDict((key, part(value)) for key, part in parts)


def make_list(parts: Sequence[Search]) -> Search:
    """`[part, part]`."""
    return lambda value: None if value is None else [part(value) for part in parts]


def call(name: str, function: Callable[..., Any], arguments: Sequence[Search]) -> Search:
    """`name(argument, argument)`.

    Raises:
        Refused: when it is asked, of a value that the function can't be asked of.
    """

    def search(value: Any) -> Any:
        given = [argument(value) for argument in arguments]
        try:
            return function(*given)
        except TypeError:
            message = f"Invalid jmespath query supplied for `--query`: {name}() can't be asked of such a value."
            raise Refused(message) from None

    return search


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    # For Python 1 == True; for JMESPath a number is no boolean.
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    return lambda one, other: holds(one, other) if _is_number(one) and _is_number(other) else None


COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": _same,
    "!=": lambda one, other: not _same(one, other),
    "<=": _ordered(lambda one, other: one <= other),
    ">=": _ordered(lambda one, other: one >= other),
    "<": _ordered(lambda one, other: one < other),
    ">": _ordered(lambda one, other: one > other),
}
"""By their signs, the longer ones first."""


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


FUNCTIONS: Mapping[str, tuple[Callable[..., Any], int]] = {
    "contains": (_contains, 2),
    "ends_with": (_ends_with, 2),
    "join": (_join, 2),
    "length": (_length, 1),
    "sort": (_sort, 1),
    "starts_with": (_starts_with, 2),
}
"""By their names, each with how many arguments it takes."""
KNOWN = ", ".join(f"{name}()" for name in FUNCTIONS)
"""The names, for a message."""
