"""What a *see* step must have shown, and what an *answer* step must be answered."""

from __future__ import annotations

import doctest
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tutor.check.answer
from tutor.check import Answer, Shown

_TOKENS = st.text(alphabet="abZ019_.@:/-", min_size=1, max_size=12)
_OUTPUTS = st.text(alphabet="ab1f.:-/@ \n", max_size=40)


def _shows(token: str, output: str) -> bool:
    return Shown(((token,),), "it").is_in(output)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(tutor.check.answer).failed == 0


@pytest.mark.parametrize(
    ("token", "output"),
    [
        ("10.0.0.2", "inet 10.0.0.2/24 scope global"),
        ("10.0.0.2", "64 bytes from 10.0.0.2: icmp_seq=1"),
        ("10.0.0.5", "DNAT tcp to:10.0.0.5:80"),
        ("10.0.0.2", "Could not reach 10.0.0.2."),
        ("veth-a-ns1", "4: veth-a-ns1@if3: <BROADCAST>"),
        ("@if3", "4: veth-a-ns1@if3: <BROADCAST>"),
        ("lo:", "1: lo: <LOOPBACK>"),
        ("4", "4: veth-a-ns1@if3: <BROADCAST>"),
        ("41", '"ifindex":41,'),
        ("-o", "-A POSTROUTING -o eth0"),
        ("does not exist", 'Device "veth-a-ns1@if41" does not exist.'),
        ("be:ef", "link/ether 02:00:be:ef:00:01"),
    ],
)
def test_a_word_is_shown_where_it_stands(token: str, output: str) -> None:
    assert _shows(token, output)


@pytest.mark.parametrize(
    ("token", "output"),
    [
        ("10.0.0.2", "inet 10.0.0.24/24"),
        ("10.0.0.2", "inet 110.0.0.2/24"),
        ("0.0.2", "inet 10.0.0.2/24"),
        ("10.0.0", "inet 10.0.0.2/24"),
        ("veth-a", "4: veth-a-ns1@if3"),
        ("ns1", "4: veth-a-ns1@if3"),
        ("@if4", "4: veth-a-ns1@if41"),
        ("4", "41: eth0"),
        ("42", "link/ether 0a:42:00:be:ef:01"),
        ("42", "link/ether 42:00:00:be:ef:01"),
        ("42", "link/ether 0a:00:00:be:ef:42 brd ff:ff:ff:ff:ff:ff"),
        ("1", "inet6 ::1/128 scope host"),
        ("1", "inet6 fe80::1/64 scope link"),
    ],
)
def test_a_piece_of_a_longer_word_is_not_shown(token: str, output: str) -> None:
    assert not _shows(token, output)


def test_one_form_is_enough_but_it_must_be_whole() -> None:
    both = Shown((("eth0", "10.1.0.4/24"), ("eth0", "10.1.0.4", "255.255.255.0")), "its address")
    assert both.is_in("eth0  inet 10.1.0.4/24")
    assert both.is_in("eth0: inet 10.1.0.4  netmask 255.255.255.0")
    assert not both.is_in("eth0: inet 10.1.0.4  netmask 255.255.0.0")
    assert not both.is_in("eth1  inet 10.1.0.4/24")


@pytest.mark.parametrize("forms", [(), ((),), (("",),), (("eth0", ""),)])
def test_nothing_is_not_shown_by_anything(forms: tuple[tuple[str, ...], ...]) -> None:
    assert not Shown(forms, "nothing").is_in("eth0")


@given(_TOKENS, _OUTPUTS, _OUTPUTS)
def test_a_token_between_blanks_is_always_shown(token: str, before: str, after: str) -> None:
    assert _shows(token, f"{before} {token} {after}")
    assert _shows(token, token)


@given(_TOKENS, _OUTPUTS)
def test_what_is_shown_occurs(token: str, output: str) -> None:
    if _shows(token, output):
        assert token in output


@given(_TOKENS, st.sampled_from("aZ0_"))
def test_a_token_within_letters_is_never_shown(token: str, letter: str) -> None:
    assume(re.fullmatch(r"\w(.*\w)?", token))
    assert not _shows(token, f"- {letter}{token}{letter} -")


@given(st.lists(st.lists(_TOKENS, max_size=3).map(tuple), max_size=3).map(tuple), _TOKENS, _OUTPUTS)
def test_more_forms_show_more_and_more_tokens_show_less(
    forms: tuple[tuple[str, ...], ...], token: str, output: str
) -> None:
    shown = Shown(forms, "it").is_in(output)
    assert Shown((*forms, (token,)), "it").is_in(output) or not shown
    assert shown or not Shown(tuple((*form, token) for form in forms if form), "it").is_in(output)


@given(st.lists(st.text(min_size=1), min_size=1).map(tuple), st.data())
def test_every_accepted_form_is_accepted_however_it_is_spaced_and_cased(
    accepted: tuple[str, ...], data: st.DataObject
) -> None:
    answer = Answer(accepted)
    form = data.draw(st.sampled_from(accepted))
    assert answer.accepts(form)
    assert answer.accepts(f"  {form}\t")
    assert answer.accepts("  ".join(form.split()))
    assert answer.accepts(form.casefold())


@given(st.text(), st.text())
def test_only_accepted_forms_are_accepted(accepted: str, given_: str) -> None:
    same = " ".join(accepted.split()).casefold() == " ".join(given_.split()).casefold()
    assert Answer((accepted,)).accepts(given_) is same


def test_an_answer_may_explain_itself() -> None:
    assert Answer(("41",), "the peer's number").why == "the peer's number"
    assert Answer(("41",)).why == ""
