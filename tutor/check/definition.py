"""How a function becomes a check, a fact or a question that lessons can name; and how a lesson's arguments reach it.

The id of a definition is its module's name and its own, `bridge.has_port`. Who finds the modules is not known here.
"""

from __future__ import annotations

import difflib
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
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
        bound, problems = self._bind(arguments)
        if problems:
            raise problems[0]
        return bound

    def problems_of(self, arguments: Arguments) -> tuple[CheckError, ...]:
        """Everything that is wrong with a lesson's arguments; `bind` would raise the first."""
        return self._bind(arguments)[1]

    def _bind(self, arguments: Arguments) -> tuple[dict[str, Any], tuple[CheckError, ...]]:
        signature = ", ".join(
            name + (f" (default {parameter.default!r})" if parameter.default is not parameter.empty else "")
            for name, parameter in self.parameters.items()
        )
        takes = f"it takes: {signature or 'nothing'}"
        bound: dict[str, Any] = {}
        problems: list[CheckError] = []
        for name, value in arguments.items():
            if name not in self.parameters:
                near = difflib.get_close_matches(name, self.parameters, n=1)
                hint = f"did you mean {near[0]!r}? {takes}" if near else takes
                problems.append(CheckError(f"{self.id} has no parameter {name!r}", hint=hint))
                continue
            try:
                bound[name] = _convert(self.id, name, value, self.types[name])
            except CheckError as error:
                problems.append(error)
        for name, parameter in self.parameters.items():
            if name not in arguments and parameter.default is parameter.empty:
                problems.append(CheckError(f"{self.id} needs the parameter {name!r}", hint=takes))
        return bound, tuple(problems)


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
        CheckError: a marked function has no docstring, or parameters that a lesson can't give.
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
    code = inspect.unwrap(function).__code__

    def wrong(message: str, hint: str) -> CheckError:
        return CheckError(message, path=Path(code.co_filename), line=code.co_firstlineno, hint=hint)

    if not inspect.getdoc(function):
        raise wrong(f"{id_} has no docstring", "say in one line what is true when it holds")
    parameters = dict(inspect.signature(function).parameters)
    if next(iter(parameters), "") != "state":
        raise wrong(f"the first parameter of {id_} must be `state`", "def name(state, *, ...)")
    wants_replies = "replies" in parameters
    own = {name: parameter for name, parameter in parameters.items() if name not in _GIVEN_BY_US}
    for name, parameter in own.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise wrong(f"the parameter {name!r} of {id_} must be keyword-only", "put a `*` after `state`")
    try:
        types = {name: type_ for name, type_ in typing.get_type_hints(function).items() if name in own}
    except NameError as error:
        raise wrong(f"a type of {id_} is not imported: {error}", "import it outside of `if TYPE_CHECKING`") from error
    for name in own:
        if name not in types:
            raise wrong(f"the parameter {name!r} of {id_} has no type", "give it one")
        if not _is_known(types[name]):
            hint = f"one of {', '.join(type_.__name__ for type_ in _SIMPLE)}, a list or tuple of one, or one `| None`"
            raise wrong(f"a lesson can't give {id_} its {name!r}: {types[name]}", hint)
    wanted = getattr(function, _PROBES, None)
    if wants_replies != (wanted is not None):
        raise wrong(f"{id_} takes `replies` or declares probes, but not both", "see `tutor.check.probes`")
    if wanted is not None:
        taken = inspect.signature(wanted).parameters
        takes_all = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in taken.values())
        missing = own.keys() - taken.keys()
        if missing and not takes_all:
            raise wrong(f"the probes of {id_} do not take {min(missing)!r}", "they take the parameters of the check")
    return Definition(id_, kind, function, own, types, wants_replies, wanted)


_SIMPLE: Mapping[Any, str] = {
    str: "text (in quotes, where YAML takes it for something else)",
    int: "a whole number",
    bool: "true or false",
    IPv4Address: "an address such as 10.0.0.2",
    IPv4Interface: "an address with its prefix length such as 10.0.0.2/24",
    IPv4Network: "a network such as 10.0.0.0/24",
}


def _is_known(type_: Any) -> bool:
    """Whether a lesson can write a value of this type."""
    members = typing.get_args(type_)
    if typing.get_origin(type_) in (typing.Union, UnionType):
        return all(member is type(None) or _is_known(member) for member in members)
    if typing.get_origin(type_) in (list, tuple):
        return members[0] in _SIMPLE and members[1:] in ((), (...,))
    return type_ in _SIMPLE


def _convert(id_: str, name: str, value: Any, type_: Any) -> Any:
    origin = typing.get_origin(type_)
    if origin in (typing.Union, UnionType):
        return _convert_to_one_of(id_, name, value, typing.get_args(type_))
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
    raise CheckError(f"{name!r} of {id_} is {value!r}", hint=f"it must be {_SIMPLE[type_]}")


def _convert_to_one_of(id_: str, name: str, value: Any, members: tuple[Any, ...]) -> Any:
    if value is None and type(None) in members:
        return None
    hints = []
    for member in members:
        if member is not type(None):
            try:
                return _convert(id_, name, value, member)
            except CheckError as error:
                hints.append(error.hint)
    raise CheckError(f"{name!r} of {id_} is {value!r}", hint="; or ".join(hints))
