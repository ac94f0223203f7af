"""A lab is read from TOML, or it is said what is wrong with it; whatever is read can be built."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.conftest import VM
from tutor.errors import TopologyError
from tutor.lab import fabric
from tutor.lab.cloud import cloud_of
from tutor.lab.topology import Topology
from tutor.lab.topology_file import parse_topology


def test_our_lab_is_read() -> None:
    topology = parse_topology(VM.read_text(), name="vm")
    assert topology.home == "vm"
    assert str(topology.machines[0].nics[0].address) == "10.1.0.4/24"


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (("home =", "hme ="), "no key 'hme'", "did you mean 'home'"),
        (('home = "vm"', 'home = "wm"'), "no machine of this lab", "vm"),
        (('"10.1.0.4/24"', '"10.1.0.4.5"'), "address = '10.1.0.4.5'", "10.1.0.4/24"),
        (('["10.0.0.0/8"', '["11.0.0.0/8"'), "in none of the cloud's networks", "11.0.0.0/8"),
        (('link = "eth0"', 'link = "a-name-that-is-too-long"'), "can't be the name of a link", "at most 15"),
        (('link = "eth0"', 'link = "lo"'), "can't be the name of a link", "15 letters"),
        (("mtu = 1500", 'mtu = "big"'), "mtu = 'big'", "1500"),
        (("mtu = 1500", "mtu = true"), "mtu = True", "1500"),
        (("mtu = 1500", "mtu = 20"), "from 68 to 65535", "1500"),
        (("mtu = 1500", "ip_forwarding = 1"), "neither true nor false", "ip_forwarding = true"),
        (("00:0d:3a:01:00:04", "01:0d:3a:01:00:04"), "mac: '01:0d:3a:01:00:04'", "first byte is even"),
        (('gateway = "10.1.0.1"', 'gateway = "10.2.0.1"'), "in the network of no card", "leave it out"),
        (('public = "203.0.113.10"', 'public = "203.0.112.10"'), "network of the internet's address", "203.0.113.0/24"),
        (('name = "vm"', 'name = "../vm"'), "name: '../vm'", "host name"),
        (('"net/ipv4/ip_forward" = 0', '"../../tmp/x" = 0'), "'../../tmp/x'", "net/ipv4/ip_forward"),
        (('"net/ipv4/ip_forward" = 0', '"net/../kernel/panic" = 0'), "'net/../kernel/panic'", "begins with net"),
        (('"net/ipv4/ip_forward" = 0', '"net/ipv4/ip_forward" = true'), "no value of a sysctl", "a number"),
        (
            ('networks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]', "networks = 7"),
            "no list of texts",
            "networks",
        ),
        (("hosts = [", "hosts = [1, "), "no list of texts", "hosts"),
        (('"example.com" =', '"example..com" ='), "'example..com'", "example.com"),
        (("[cloud]", "[clout]"), "no key 'clout'", "did you mean 'cloud'"),
        (("[[machine]]", "[[machine]"), "not valid TOML", "docs/authoring.md"),
    ],
)
def test_a_wrong_lab_is_told_with_what_would_be_right(change: tuple[str, str], message: str, hint: str) -> None:
    with pytest.raises(TopologyError) as caught:
        parse_topology(VM.read_text().replace(*change, 1), name="vm", path=Path("vm.toml"))
    assert message in caught.value.message
    assert caught.value.message.startswith("vm.toml: ")
    assert hint in caught.value.hint


@given(st.text(max_size=200))
def test_any_text_is_a_lab_or_a_topology_error(text: str) -> None:
    with pytest.raises(TopologyError):
        parse_topology(text, name="x")


def test_two_cards_of_a_machine_have_two_names() -> None:
    card = VM.read_text().split("[[machine.nic]]")[1].split("# A new")[0]
    text = VM.read_text().replace("# A new", f"[[machine.nic]]{card}\n# A new".replace("10.1.0.4", "10.1.0.5"), 1)
    with pytest.raises(TopologyError, match="two cards called 'eth0'"):
        parse_topology(text, name="x")
    one, two = parse_topology(text.replace('"eth0"', '"eth1"', 1), name="x").machines[0].nics
    assert (one.link, two.link) == ("eth1", "eth0")


LEAVES = st.one_of(
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.text(max_size=20),
    st.sampled_from(["10.1.0.4/24", "10.1.0.4", "0.0.0.0/0", "255.255.255.255", "..", "\n", "lo", "\u00b2", "net/x"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_our_lab_with_anything_in_any_place_is_a_lab_or_a_topology_error(data: st.DataObject) -> None:
    table = tomllib.loads(VM.read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        _put(table, data)
    text = "\n".join(f"{_toml(key)} = {_toml(value)}" for key, value in table.items())
    try:
        topology = parse_topology(text, name="x", path=Path("x.toml"))
    except TopologyError as error:
        wrong = error
    else:
        _assert_that_it_can_be_built(topology)
        return
    assert "\n" not in wrong.message + wrong.hint


def _assert_that_it_can_be_built(topology: Topology) -> None:
    cloud = cloud_of(topology)
    names = [card.port for card in cloud.cards]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 15 for name in names)
    for printed in (fabric.ip_batch(topology, cloud), fabric.nft_ruleset(cloud)):
        assert "None" not in printed
        assert "{  }" not in printed


def _put(table: dict[str, Any], data: st.DataObject) -> None:
    """Replace or delete some value, somewhere inside, or add one."""
    inside: Any = table
    while True:
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(inside[key], (dict, list)) or data.draw(st.booleans()):
            break
        inside = inside[key]
    if data.draw(st.integers(0, 4)) == 0:
        del inside[key]
    else:
        inside[key] = data.draw(VALUES)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
