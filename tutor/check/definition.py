"""How a function becomes a check, a fact or a question that lessons can name; and how a lesson's arguments reach it.

The id of a definition is its module's name and its own, `bridge.has_port`. Who finds the modules is not known here.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from types import ModuleType, UnionType
from typing import Any, TypeVar

from tutor.check.probe import Probe
from tutor.check.verdict import Diagnosis
from tutor.errors import CheckError

F = TypeVar("F", bound=Callable[..., Any])
Arguments = Mapping[str, Any]
"""Arguments as a lesson gives them: text, numbers, booleans and lists of them."""

_MARK = "__tutor_kind__"
_PROBES = "__tutor_probes__"
_GIVEN_BY_US = ("state", "replies")


class Kind(Enum):
    """What a definition is for."""

    CHECK = "check"
    FACT = "fact"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Definition:
    """A check, fact or question of a pack."""

    id: str
    """`module.function`."""
    kind: Kind
    """What it returns: a `Verdict`, a `Shown` or an `Answer`."""
    function: Callable[..., Any]
    """The function as its author wrote it."""
    parameters: Mapping[str, inspect.Parameter] = field(default_factory=dict)
    """What a lesson may give it."""
    types: Mapping[str, Any] = field(default_factory=dict)
    """The type of each parameter."""
    wants_replies: bool = False
    """Whether it looks at answers of probes."""
    probes: Callable[..., tuple[Probe, ...]] | None = None
    """Which probes it needs, from the same arguments; None for a check of the state alone."""

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    def bind(self, arguments: Arguments) -> dict[str, Any]:
        """Turn a lesson's arguments into those of the function.

        Raises:
            CheckError: an argument is unknown, missing or of the wrong type; the hint says what would be right.
        """
        signature = ", ".join(
            name + (f" (default {parameter.default!r})" if parameter.default is not parameter.empty else "")
            for name, parameter in self.parameters.items()
        )
        bound: dict[str, Any] = {}
        for name, value in arguments.items():
            if name not in self.parameters:
                raise CheckError(f"{self.id} has no parameter {name!r}", hint=f"it takes: {signature or 'nothing'}")
            bound[name] = _convert(self.id, name, value, self.types[name])
        for name, parameter in self.parameters.items():
            if name not in bound and parameter.default is parameter.empty:
                raise CheckError(f"{self.id} needs the parameter {name!r}", hint=f"it takes: {signature}")
        return bound


def check(function: F) -> F:
    """Mark a function `(state, *, ...) -> Verdict` as a check.

    A check that needs the network alive takes `replies` as its second parameter and declares with `probes` what is to
    be sent.
    """
    setattr(function, _MARK, Kind.CHECK)
    return function


def fact(function: F) -> F:
    """Mark a function `(state, *, ...) -> Shown` as a fact: text that a *see* step's output must hold."""
    setattr(function, _MARK, Kind.FACT)
    return function


def question(function: F) -> F:
    """Mark a function `(state, *, ...) -> Answer` as a question with an answer computed from the state."""
    setattr(function, _MARK, Kind.QUESTION)
    return function


def probes(of: Callable[..., Any]) -> Callable[[F], F]:
    """Mark a function `(*, ...) -> tuple[Probe, ...]` as the one that says which probes the check `of` needs.

    It takes the same parameters as the check, less `state` and `replies`.
    """

    def mark(function: F) -> F:
        setattr(of, _PROBES, function)
        return function

    return mark


def definitions_of(module: ModuleType, stem: str) -> dict[str, Definition]:
    """The definitions that `module` itself makes, by id; `stem` is the first half of the ids.

    Raises:
        CheckError: a marked function has no docstring, or a signature that a lesson can't fill in.
    """
    found: dict[str, Definition] = {}
    for name, function in vars(module).items():
        kind = getattr(function, _MARK, None)
        if kind is None or getattr(function, "__module__", "") != module.__name__:
            continue
        definition = _define(f"{stem}.{name}", kind, function)
        found[definition.id] = definition
    return found


def diagnoses_of(module: ModuleType) -> dict[str, Diagnosis]:
    """The diagnoses that are named in `module`, by id."""
    return {value.id: value for value in vars(module).values() if isinstance(value, Diagnosis)}


def _define(id_: str, kind: Kind, function: Callable[..., Any]) -> Definition:
    if not inspect.getdoc(function):
        raise CheckError(f"{id_} has no docstring", hint="say in one line what is true when it holds")
    parameters = dict(inspect.signature(function).parameters)
    if next(iter(parameters), "") != "state":
        raise CheckError(f"the first parameter of {id_} must be `state`", hint="def name(state, *, ...)")
    wants_replies = "replies" in parameters
    own = {name: parameter for name, parameter in parameters.items() if name not in _GIVEN_BY_US}
    for name, parameter in own.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise CheckError(f"the parameter {name!r} of {id_} must be keyword-only", hint="put a `*` after `state`")
    types = {name: type_ for name, type_ in typing.get_type_hints(function).items() if name in own}
    if missing := own.keys() - types.keys():
        raise CheckError(f"the parameter {min(missing)!r} of {id_} has no type", hint="give it one")
    wanted = getattr(function, _PROBES, None)
    if wants_replies != (wanted is not None):
        raise CheckError(f"{id_} takes `replies` or declares probes, but not both", hint="see `tutor.check.probes`")
    return Definition(id_, kind, function, own, types, wants_replies, wanted)


_SIMPLE: Mapping[Any, str] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    IPv4Address: "an address such as 10.0.0.2",
    IPv4Interface: "an address with its prefix length such as 10.0.0.2/24",
    IPv4Network: "a network such as 10.0.0.0/24",
}


def _convert(id_: str, name: str, value: Any, type_: Any) -> Any:
    origin = typing.get_origin(type_)
    if origin in (typing.Union, UnionType):
        if value is None:
            return None
        type_ = next(member for member in typing.get_args(type_) if member is not type(None))
        return _convert(id_, name, value, type_)
    if origin in (list, tuple):
        if not isinstance(value, list):
            raise CheckError(f"{name!r} of {id_} is {value!r}", hint="it must be a list")
        return origin(_convert(id_, name, item, typing.get_args(type_)[0]) for item in value)
    if type_ in (IPv4Address, IPv4Interface, IPv4Network) and isinstance(value, str):
        try:
            if type_ is IPv4Interface and "/" not in value:
                raise ValueError("no prefix length")
            return type_(value)
        except ValueError:
            pass
    elif type_ in (str, int, bool) and type(value) is type_:
        return value
    raise CheckError(f"{name!r} of {id_} is {value!r}", hint=f"it must be {_SIMPLE.get(type_, str(type_))}")
