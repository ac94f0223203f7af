"""How a function becomes something that lessons can name, and how their arguments reach it."""

from __future__ import annotations

import typing
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.check import (
    PASSED,
    ROOT,
    Answer,
    Cause,
    Definition,
    Diagnosis,
    Kind,
    NetworkState,
    Probe,
    Replies,
    Shown,
    Verdict,
    check,
    fact,
    probes,
    question,
)
from tutor.check.definition import definitions_of, diagnoses_of
from tutor.errors import CheckError

if TYPE_CHECKING:
    from decimal import Decimal


def _defined(*functions: Callable[..., Any], **others: Any) -> dict[str, Definition]:
    module = ModuleType(__name__)
    for function in functions:
        setattr(module, function.__name__, function)
    vars(module).update(others)
    return definitions_of(module, "link")


_INTERFACE = IPv4Interface("10.0.0.1/24")
_NETWORK = IPv4Network("10.0.0.0/24")


@check
def _everything(
    state: NetworkState,
    *,
    name: str,
    count: int = 1,
    flag: bool = False,
    address: IPv4Address | None = None,
    interface: IPv4Interface = _INTERFACE,
    network: IPv4Network = _NETWORK,
    names: tuple[str, ...] = (),
    counts: list[int] | None = None,
    either: int | IPv4Address = 0,
    old: typing.Optional[str] = None,  # noqa: UP045 (a pack's author may write it so)
) -> Verdict:
    """Everything is as it should be.

    At length.
    """
    return PASSED


EVERYTHING = _defined(_everything)["link._everything"]


def test_a_check_is_known_by_its_module_and_name() -> None:
    assert (EVERYTHING.id, EVERYTHING.kind, EVERYTHING.function) == ("link._everything", Kind.CHECK, _everything)
    assert EVERYTHING.summary == "Everything is as it should be."
    assert list(EVERYTHING.parameters)[:2] == ["name", "count"]
    assert (EVERYTHING.wants_replies, EVERYTHING.probes) == (False, None)


def test_a_definition_without_a_docstring_has_an_empty_summary() -> None:
    assert Definition("a.b", Kind.CHECK, lambda state: PASSED).summary == ""


@fact
def _name(state: NetworkState, *, link: str) -> Shown:
    """Its name."""
    return Shown(((link,),), link)


@question
def _index(state: NetworkState, *, link: str, netns: str = ROOT) -> Answer:
    """Its ifindex."""
    return Answer(("1",))


def test_facts_and_questions_are_told_apart() -> None:
    found = _defined(_name, _index, DOWN=Diagnosis("link.down", Cause.UP, ""), other=str)
    assert {id_: definition.kind for id_, definition in found.items()} == {
        "link._name": Kind.FACT,
        "link._index": Kind.QUESTION,
    }


def test_what_a_module_imports_is_not_its_own() -> None:
    module = ModuleType("another")
    module._name = _name  # type: ignore[attr-defined]  # made here
    assert definitions_of(module, "another") == {}


def test_diagnoses_are_found_by_id() -> None:
    module = ModuleType("link")
    down = Diagnosis("link.down", Cause.UP, "not set up")
    vars(module).update(DOWN=down, ALSO=down, other="link.up")
    assert diagnoses_of(module) == {"link.down": down}


@check
def _ping(state: NetworkState, replies: Replies, *, src: str, dst: IPv4Address) -> Verdict:
    """A ping from `src` to `dst` is answered."""
    return PASSED


@probes(_ping)
def _ping_probes(*, src: str, dst: IPv4Address) -> tuple[Probe, ...]:
    return (Probe("ping", src, str(dst)),)


def test_a_check_that_wants_replies_says_what_to_send() -> None:
    (definition,) = _defined(_ping, _ping_probes).values()
    assert definition.wants_replies
    assert definition.probes is not None
    bound = definition.bind({"src": "ns1", "dst": "8.8.8.8"})
    assert definition.probes(**bound) == (Probe("ping", "ns1", "8.8.8.8"),)


@check
def _greedy(state: NetworkState, replies: Replies, *, src: str) -> Verdict:
    """Its probes take whatever comes."""
    return PASSED


@probes(_greedy)
def _greedy_probes(**given_: object) -> tuple[Probe, ...]:
    return (Probe("ping", str(given_["src"]), "8.8.8.8"),)


def test_probes_may_take_whatever_the_check_takes() -> None:
    (definition,) = _defined(_greedy).values()
    assert definition.probes is not None
    assert definition.probes(src="ns1") == (Probe("ping", "ns1", "8.8.8.8"),)


@pytest.mark.parametrize(
    ("given_", "bound"),
    [
        ({"name": "a"}, {"name": "a"}),
        ({"name": "a", "count": 2, "flag": True}, {"name": "a", "count": 2, "flag": True}),
        ({"name": "a", "address": "10.0.0.2"}, {"name": "a", "address": IPv4Address("10.0.0.2")}),
        ({"name": "a", "address": None}, {"name": "a", "address": None}),
        ({"name": "a", "interface": "10.0.0.2/24"}, {"name": "a", "interface": IPv4Interface("10.0.0.2/24")}),
        ({"name": "a", "network": "10.0.0.0/16"}, {"name": "a", "network": IPv4Network("10.0.0.0/16")}),
        ({"name": "a", "names": ["b", "c"]}, {"name": "a", "names": ("b", "c")}),
        ({"name": "a", "counts": [1, 2]}, {"name": "a", "counts": [1, 2]}),
        ({"name": "a", "either": 5}, {"name": "a", "either": 5}),
        ({"name": "a", "either": "10.0.0.2"}, {"name": "a", "either": IPv4Address("10.0.0.2")}),
        ({"name": "a", "old": "b"}, {"name": "a", "old": "b"}),
    ],
)
def test_arguments_are_turned_into_what_the_check_takes(given_: dict[str, Any], bound: dict[str, Any]) -> None:
    assert EVERYTHING.bind(given_) == bound
    assert EVERYTHING.problems_of(given_) == ()


@pytest.mark.parametrize(
    ("given_", "message", "hint"),
    [
        ({}, "needs the parameter 'name'", "it takes: name, count (default 1)"),
        ({"name": "a", "cuont": 2}, "has no parameter 'cuont'", "did you mean 'count'? it takes: name"),
        ({"name": "a", "xyz": 2}, "has no parameter 'xyz'", "it takes: name"),
        ({"name": 5}, "'name' of link._everything is 5", "it must be text (in quotes"),
        ({"name": True}, "'name' of link._everything is True", "it must be text"),
        ({"name": None}, "'name' of link._everything is None", "it must be text"),
        ({"name": ["a"]}, "'name' of link._everything is ['a']", "it must be text"),
        ({"name": "a", "count": "2"}, "'count' of link._everything is '2'", "a whole number"),
        ({"name": "a", "count": True}, "'count' of link._everything is True", "a whole number"),
        ({"name": "a", "flag": 1}, "'flag' of link._everything is 1", "true or false"),
        ({"name": "a", "address": "10.0.0"}, "'address' of link._everything is '10.0.0'", "such as 10.0.0.2"),
        ({"name": "a", "interface": "10.0.0.2"}, "'interface' of link._everything", "prefix length"),
        ({"name": "a", "network": "10.0.0.2/24"}, "'network' of link._everything", "such as 10.0.0.0/24"),
        ({"name": "a", "network": 10}, "'network' of link._everything is 10", "such as 10.0.0.0/24"),
        ({"name": "a", "names": "b"}, "'names' of link._everything is 'b'", "a list"),
        ({"name": "a", "names": ["b", 1]}, "'names' of link._everything is 1", "text"),
        (
            {"name": "a", "either": None},
            "'either' of link._everything is None",
            "a whole number; or it must be an addr",
        ),
    ],
)
def test_a_wrong_argument_is_named_with_what_would_be_right(given_: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(CheckError) as caught:
        EVERYTHING.bind(given_)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_all_wrong_arguments_are_told_at_once() -> None:
    found = EVERYTHING.problems_of({"nmae": "a", "count": "2", "flag": 1})
    assert [error.message.partition(" of ")[0] for error in found] == [
        "link._everything has no parameter 'nmae'",
        "'count'",
        "'flag'",
        "link._everything needs the parameter 'name'",
    ]


def test_a_check_without_parameters_takes_nothing() -> None:
    @check
    def bare(state: NetworkState) -> Verdict:
        """Nothing is asked."""
        return PASSED

    definition = _defined(bare)["link.bare"]
    assert definition.bind({}) == {}
    assert definition.problems_of({"a": 1})[0].hint == "it takes: nothing"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(("10.0.0.2", "10.0.0.0/24")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*EVERYTHING.parameters, "x"]), _VALUES))
def test_any_arguments_are_bound_or_refused_with_a_hint(given_: dict[str, Any]) -> None:
    problems = EVERYTHING.problems_of(given_)
    assert all(isinstance(error, CheckError) and error.hint for error in problems)
    if not problems:
        bound = EVERYTHING.bind(given_)
        assert bound.keys() == given_.keys()
        assert EVERYTHING.function(NetworkState(()), **bound) is PASSED


def _no_docstring(state: NetworkState) -> Verdict:
    return PASSED


def _no_state(*, link: str) -> Verdict:
    """It forgot the state."""
    return PASSED


def _no_parameters() -> Verdict:
    """It takes nothing at all."""
    return PASSED


def _positional(state: NetworkState, link: str) -> Verdict:
    """It forgot the star."""
    return PASSED


def _rest(state: NetworkState, **rest: str) -> Verdict:
    """It takes anything."""
    return PASSED


def _untyped(state, *, link) -> Verdict:  # type: ignore[no-untyped-def]  # that is the mistake
    """It has no types."""
    return PASSED


def _unimported(state: NetworkState, *, link: Decimal) -> Verdict:
    """Its type is there for type checkers only."""
    return PASSED


def _odd_type(state: NetworkState, *, link: dict[str, str]) -> Verdict:
    """A lesson can't give it that."""
    return PASSED


def _odd_union(state: NetworkState, *, link: str | bytes) -> Verdict:
    """A lesson can't give it that."""
    return PASSED


def _odd_list(state: NetworkState, *, link: list[list[str]]) -> Verdict:
    """A lesson can't give it that."""
    return PASSED


def _odd_tuple(state: NetworkState, *, link: tuple[str, int]) -> Verdict:
    """A lesson can't give it that."""
    return PASSED


def _bare_list(state: NetworkState, *, link: list) -> Verdict:  # type: ignore[type-arg]  # that is the mistake
    """A list of what."""
    return PASSED


def _probeless(state: NetworkState, replies: Replies, *, link: str) -> Verdict:
    """It wants replies, and asks nobody."""
    return PASSED


@pytest.mark.parametrize(
    ("function", "message", "hint"),
    [
        (_no_docstring, "link._no_docstring has no docstring", "in one line"),
        (_no_state, "the first parameter of link._no_state must be `state`", "def name(state, *, ...)"),
        (_no_parameters, "the first parameter of link._no_parameters must be `state`", "def name(state, *, ...)"),
        (_positional, "'link' of link._positional must be keyword-only", "a `*` after `state`"),
        (_rest, "'rest' of link._rest must be keyword-only", "a `*` after `state`"),
        (_untyped, "'link' of link._untyped has no type", "give it one"),
        (_unimported, "a type of link._unimported is not imported: name 'Decimal'", "import it"),
        (_odd_type, "can't give link._odd_type its 'link'", "one of str, int, bool, IPv4Address"),
        (_odd_union, "can't give link._odd_union its 'link'", "one of str"),
        (_odd_list, "can't give link._odd_list its 'link'", "one of str"),
        (_odd_tuple, "can't give link._odd_tuple its 'link'", "one of str"),
        (_bare_list, "can't give link._bare_list its 'link'", "one of str"),
        (_probeless, "link._probeless takes `replies` or declares probes, but not both", "tutor.check.probes"),
    ],
)
def test_a_check_that_lessons_could_not_use_is_refused(function: Callable[..., Any], message: str, hint: str) -> None:
    with pytest.raises(CheckError) as caught:
        _defined(check(function))
    assert message in caught.value.reason
    assert hint in caught.value.hint
    assert caught.value.path is not None
    assert (caught.value.path.name, caught.value.line) == ("test_definition.py", function.__code__.co_firstlineno)


def test_probes_without_replies_are_refused() -> None:
    @check
    def quiet(state: NetworkState, *, link: str) -> Verdict:
        """It asks, and does not listen."""
        return PASSED

    probes(quiet)(lambda *, link: ())
    with pytest.raises(CheckError, match="takes `replies` or declares probes, but not both"):
        _defined(quiet)


def test_probes_that_can_not_take_the_checks_arguments_are_refused() -> None:
    @check
    def deaf(state: NetworkState, replies: Replies, *, src: str, dst: str) -> Verdict:
        """Its probes know only one of two."""
        return PASSED

    probes(deaf)(lambda *, src: ())
    with pytest.raises(CheckError, match="do not take 'dst'"):
        _defined(deaf)
