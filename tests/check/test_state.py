"""What can be asked of a state."""

from __future__ import annotations

from ipaddress import IPv4Interface

from tutor.check import ROOT, Address, Link, LinkConf, Netns, NetworkState
from tutor.check.state import IFF_LOWER_UP, IFF_UP

_LO = Link(1, "lo", "loopback", IFF_UP | IFF_LOWER_UP)
_ETH0 = Link(2, "eth0", "ether", IFF_UP | IFF_LOWER_UP, altnames=("enp0s3",))
_A = Link(4, "veth-a-ns1", "veth", IFF_UP, master=6, peer_index=5, peer_netns=42)
_B = Link(5, "veth-b-ns1", "veth", peer_index=4, peer_netns=41)
_LOST = Link(7, "veth-lost", "veth", peer_index=99, peer_netns=42)
_BRIDGE = Link(6, "br-rootns", "bridge", IFF_UP)
_TEN = Address(6, IPv4Interface("10.0.0.1/24"))
_VM = Netns(
    "vm",
    41,
    (ROOT,),
    links=(_LO, _ETH0, _A, _BRIDGE, _LOST),
    addresses=(_TEN,),
    conf={"all": LinkConf(forwarding=True)},
)
_NS1 = Netns("vm", 42, ("ns1",), paths=("/run/netns/ns1",), links=(_LO, _B))
_NODE = Netns("node1", 43, (ROOT,), links=(_LO,))
_STATE = NetworkState((_VM, _NS1, _NODE))


def test_up_and_carrier_are_two_things() -> None:
    assert (_ETH0.up, _ETH0.carrier) == (True, True)
    assert (_A.up, _A.carrier) == (True, False)
    assert (_B.up, _B.carrier) == (False, False)


def test_a_namespace_is_found_by_its_names_and_paths() -> None:
    assert _STATE.find_netns() is _VM
    assert _STATE.find_netns("ns1") is _NS1
    assert _STATE.find_netns("/run/netns/ns1") is _NS1
    assert _STATE.find_netns("ns2") is None


def test_names_belong_to_a_machine() -> None:
    assert _STATE.find_netns(ROOT, "node1") is _NODE
    assert _STATE.find_netns("ns1", "node1") is None
    assert list(_STATE.of("node1")) == [_NODE]


def test_home_is_the_learners_machine_else_the_first() -> None:
    assert list(_STATE.of()) == [_VM, _NS1]
    assert list(NetworkState((_VM, _NS1, _NODE), home="node1").of()) == [_NODE]
    assert list(NetworkState(()).of()) == []


def test_a_link_is_found_by_name_altname_or_index() -> None:
    assert _VM.find_link("eth0") is _ETH0
    assert _VM.find_link("enp0s3") is _ETH0
    assert _VM.find_link("eth1") is None
    assert _VM.find_link_by_index(6) is _BRIDGE
    assert _VM.find_link_by_index(None) is None


def test_a_link_is_found_in_any_namespace_root_first() -> None:
    assert _STATE.find_link("lo") == (_VM, _LO)
    assert _STATE.find_link("veth-b-ns1") == (_NS1, _B)
    assert _STATE.find_link("veth-b-ns1", "node1") is None


def test_the_peer_of_a_veth_is_found_in_its_namespace() -> None:
    assert _STATE.find_peer(_A) == (_NS1, _B)
    assert _STATE.find_peer(_B) == (_VM, _A)


def test_a_peer_that_was_not_read_is_not_found() -> None:
    assert _STATE.find_peer(_ETH0) is None
    assert _STATE.find_peer(_LOST) is None
    assert NetworkState((_VM,)).find_peer(_A) is None


def test_addresses_and_ports_belong_to_a_link() -> None:
    assert _VM.addresses_of(_BRIDGE) == (_TEN,)
    assert _VM.addresses_of(_ETH0) == ()
    assert _VM.ports_of(_BRIDGE) == (_A,)
    assert _VM.ports_of(_ETH0) == ()


def test_forwarding_is_what_ip_forward_says() -> None:
    assert _VM.forwarding
    assert not _NS1.forwarding


def test_a_namespace_is_called_by_name_else_path_else_process_else_inode() -> None:
    assert _NS1.label == "ns1"
    assert Netns("vm", 44, paths=("/run/x",), pids=(12,)).label == "/run/x"
    assert Netns("vm", 44, pids=(12, 13)).label == "the namespace of process 12"
    assert Netns("vm", 44).label == "net:[44]"


def test_a_state_can_be_compared_and_is_frozen() -> None:
    assert NetworkState((_VM, _NS1, _NODE)) == _STATE
    assert NetworkState((_VM, _NODE)) != _STATE
