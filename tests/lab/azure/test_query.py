"""`--query`, and what of JMESPath is no part of it."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.azure.az import aks, answer, az, refusal
from tutor.lab.azure.query import parse_query
from tutor.lab.azure.refusals import Refused

VALUE: dict[str, Any] = {
    "a": {"b": [1, 2, [3, 4]], "n": None, "the key": "k"},
    "items": [
        {"name": "x", "on": True, "tags": ["p", "q"], "size": 3},
        {"name": "y", "on": False, "tags": [], "size": 0},
        {"name": "z", "tags": ["q"], "size": 5},
    ],
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("a.b[0]", 1),
        ("a.b[-1]", [3, 4]),
        ("a.b[7]", None),
        ("a.b[]", [1, 2, 3, 4]),
        ('a."the key"', "k"),
        ("nothing.at.all", None),
        ("items[].name", ["x", "y", "z"]),
        ("items[*].on", [True, False]),
        ("items[0].tags[1]", "q"),
        ("items[].tags", [["p", "q"], [], ["q"]]),
        ("items[].tags[]", ["p", "q", "q"]),
        ("items[].tags[0]", ["p", "q"]),
        ("items[].tags | [0]", ["p", "q"]),
        ("items[?on].name", ["x"]),
        ("items[?!on].name", ["y", "z"]),
        ("items[?name=='y'].size", [0]),
        ("items[?name!='y'].size", [3, 5]),
        ("items[?size>`0` && size<=`3`].name", ["x"]),
        ("items[?size>=`5` || name=='y'].name", ["y", "z"]),
        ("items[?on==`true`] | [0].name", "x"),
        ("items[?contains(tags, 'q')].name", ["x", "z"]),
        ("items[?starts_with(name, 'x') || ends_with(name, 'z')].size", [3, 5]),
        ("length(items)", 3),
        ("join(',', items[].name)", "x,y,z"),
        ("sort(items[].size)", [0, 3, 5]),
        ("items[].[name, size] | [0]", ["x", 3]),
        ("items[].{n: name, s: size}[0]", OrderedDict(n="x", s=3)),
        ("{first: items[0].name, all: length(items)}", OrderedDict(first="x", all=3)),
        ("[a.b[0], 'text', `null`]", [1, "text", None]),
        ("@.a.n", None),
        ("(a || items).b[1]", 2),
        ("a.n || 'none'", "none"),
        ("'it\\'s'", "it's"),
        ('`{"k": [1]}`.k', [1]),
        # It binds tighter than a dot.
        ("!a.n", None),
        ("!(a.n)", True),
        ("!!a", True),
        ("items.name", None),
        ("a[]", None),
        ("a[*]", None),
        ("a[?b]", None),
        ("a.b[?@==`1`]", [1]),
        ("a.[b[0], n]", [1, None]),
        ("nothing.[a]", None),
        ("a.length(b)", 3),
        ("items[*][name, size][0]", ["x", "y", "z"]),
        ("items[].{n: name}[0]", OrderedDict(n="x")),
        ("items[?size < 'a']", []),
        ("[`1` == `true`, `1` != `true`, `1` == `1`]", [False, True, True]),
        ("contains('text', 'ex')", True),
    ],
)
def test_a_query_finds_what_jmespath_finds(query: str, found: Any) -> None:
    assert parse_query(query).search(VALUE) == found


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "It ends too early."),
        ("items[", "'[' can't stand where it does."),
        ("items[?", "It ends too early."),
        ("items[?name", "It ends where ']' should come."),
        ("items.", "It ends too early."),
        ("a b", "'b' can't stand where it does."),
        ("a..b", "'.' can't stand where it does."),
        ("a = b", "Nobody understands '= b' in it."),
        ("'open", 'Nobody understands "\'open" in it.'),
        ("`{`", "'{' is no JSON."),
        ("items[0:2]", "slices are no part of --query here."),
        ("items[:2]", "slices are no part of --query here."),
        ("items['name']", "'[' can't stand where it does."),
        ("items[0:]", "slices are no part of --query here."),
        ("a.'{'", "'{' can't stand where it does."),
        ("a.[0]", "'[' can't stand where it does."),
        ("{`1`: a}", "1 can't stand where it does."),
        ("a.*", "'*' of an object's values is no part of --query here."),
        (
            "sort_by(items, &size)",
            "The function sort_by() is no part of --query here; there are: "
            "contains(), ends_with(), join(), length(), sort(), starts_with().",
        ),
        ("length(a, b)", "The function length() takes 1 argument."),
        ("length()", "The function length() takes 1 argument."),
        ("(a b)", "'b' can't stand where it does."),
        ("contains(a)", "The function contains() takes 2 arguments."),
        ("[99999999999]", "The number 99999999999 is too large."),
        ("(" * 40 + "a" + ")" * 40, "Its brackets go too deep."),
        ("`" + "[" * 40 + "]" * 40 + "`", "Its brackets go too deep."),
        ("a" + "[]" * 400, "It has more than 200 parts."),
    ],
)
def test_what_is_no_query_is_told_why(query: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_query(query)
    assert refused.value.message == f"argument --query: invalid jmespath_type value: {query!r}"
    assert refused.value.hints == (why,)
    assert refused.value.status == 2


@pytest.mark.parametrize(
    "query", ["length(`1`)", "join(',', `[1]`)", 'sort(`[1, "a"]`)', "contains(a.n, 'x')", "starts_with(a, 'x')"]
)
def test_a_function_that_cannot_be_asked_of_a_value_is_refused_when_it_is(query: str) -> None:
    with pytest.raises(Refused, match="can't be asked of such a value"):
        parse_query(query).search(VALUE)


@given(st.text("ab.[]?{}:|&!=<>()'`\"@*0-, \\", max_size=30))
def test_any_text_is_a_query_or_is_refused(text: str) -> None:
    try:
        found = parse_query(text).search(VALUE)
    except Refused:
        return
    json.dumps(found)


def test_the_documented_examples_are_answered() -> None:
    line = "network vnet list --query \"[?contains(addressSpace.addressPrefixes, '10.0.0.0/8')]\""
    assert [network["name"] for network in answer(aks(), line)] == ["aks-vnet"]
    assert len(answer(aks(), "group list --query \"[?location=='westeurope']\"")) == 1
    assert az(aks(), "vm list -g MC_lab --query '[].id' -o tsv").stdout.count("/virtualMachines/") == 2


def test_a_bad_query_is_seen_before_anything_is_done() -> None:
    assert "--query" in refusal(aks(), "network nic update -g MC_lab -n node0-nic --ip-forwarding false --query '['")


def test_keys_of_a_query_keep_their_order_in_a_table() -> None:
    line = "network nic list --query '[].{nic: name, address: ipConfigurations[0].privateIPAddress}' -o table"
    assert az(aks(), line).stdout == (
        "Nic        Address\n---------  ----------\nnode0-nic  10.240.0.4\nnode1-nic  10.240.0.5\n"
    )
