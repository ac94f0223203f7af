"""Each kind of object, against what was configured with `ip` in a real namespace."""

from __future__ import annotations

import os
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network

import pytest

from tests.kernel.sandbox import Sandbox
from tutor.check import BridgePort, LinkConf, Netns, Route
from tutor.errors import KernelReadError
from tutor.kernel import Reader

pytestmark = pytest.mark.netns


def root_of(reader: Reader) -> Netns:
    netns = reader.read().find_netns()
    assert netns is not None
    return netns


def test_fresh_namespace_has_nothing_but_lo(reader: Reader) -> None:
    root = root_of(reader)
    assert [(link.name, link.kind, link.up, link.carrier) for link in root.links] == [("lo", "loopback", True, True)]
    assert [str(address.interface) for address in root.addresses] == ["127.0.0.1/8", "::1/128"]
    assert (root.machine, root.names, root.chains, root.flows, root.neighbours) == ("vm", ("root",), (), (), ())


def test_state_says_whose_machine_is_home(reader: Reader) -> None:
    assert reader.read().home == "vm"


def test_veth_pair_in_one_namespace_are_each_others_peers(vm: Sandbox, reader: Reader) -> None:
    vm.run("ip link add veth-a type veth peer name veth-b; ip link set veth-a up mtu 1400 address 02:00:00:00:00:0a")
    state = reader.read()
    root = root_of(reader)
    a, b = root.find_link("veth-a"), root.find_link("veth-b")
    assert a is not None
    assert b is not None
    assert (a.kind, a.mtu, a.mac) == ("veth", 1400, "02:00:00:00:00:0a")
    assert (a.up, a.carrier, a.operstate) == (True, False, "lowerlayerdown")
    assert (b.up, b.carrier, b.operstate) == (False, False, "down")
    assert (a.peer_index, a.peer_netns, a.peer_nsid) == (b.index, root.inode, None)
    assert state.find_peer(a) == (root, b)


def test_bridge_and_its_port(vm: Sandbox, reader: Reader) -> None:
    vm.run(
        "ip link add br0 type bridge; ip link set br0 up; ip link add v0 type veth peer name v1;"
        "ip link set v0 master br0; bridge link set dev v0 hairpin on; ip link set v1 up; ip link set v0 up"
    )
    root = root_of(reader)
    bridge, port, other = (root.find_link(name) for name in ("br0", "v0", "v1"))
    assert bridge is not None
    assert port is not None
    assert other is not None
    assert (bridge.kind, bridge.master, bridge.port) == ("bridge", None, None)
    assert (port.master, port.port) == (bridge.index, BridgePort("forwarding", hairpin=True))
    assert (other.master, other.port) == (None, None)
    assert root.ports_of(bridge) == (port,)


def test_further_names_of_links(vm: Sandbox, reader: Reader) -> None:
    vm.run("ip link add d0 type bridge; ip link property add dev d0 altname wire altname cable")
    link = root_of(reader).find_link("wire")
    assert link is not None
    assert (link.name, link.altnames) == ("d0", ("wire", "cable"))


@pytest.mark.skipif(not os.access("/dev/net/tun", os.R_OK | os.W_OK), reason="/dev/net/tun is not for us")
def test_tap_is_no_veth(vm: Sandbox, reader: Reader) -> None:
    vm.run("ip tuntap add dev tap0 mode tap")
    tap = root_of(reader).find_link("tap0")
    assert tap is not None
    assert (tap.kind, tap.peer_index, tap.peer_netns, tap.carrier) == ("tun", None, None, False)


def test_addresses(vm: Sandbox, reader: Reader) -> None:
    vm.run(
        "ip link add d0 type bridge; ip addr add 10.1.0.4/24 dev d0; ip addr add 10.9.0.1 peer 10.9.0.2/32 dev d0;"
        "ip addr add 169.254.1.1/16 dev d0 scope link; ip addr add fd00::1/64 dev d0 nodad;"
        "ip addr add fd01::1 peer fd01::2/128 dev d0 nodad"
    )
    root = root_of(reader)
    link = root.find_link("d0")
    assert link is not None
    assert {(address.interface, address.scope, address.peer) for address in root.addresses_of(link)} == {
        (IPv4Interface("10.1.0.4/24"), "global", None),
        (IPv4Interface("10.9.0.1/32"), "global", IPv4Address("10.9.0.2")),
        (IPv4Interface("169.254.1.1/16"), "link", None),
        (IPv6Interface("fd00::1/64"), "global", None),
        (IPv6Interface("fd01::1/128"), "global", IPv6Address("fd01::2")),
    }


def test_routes_of_all_tables_and_kinds(vm: Sandbox, reader: Reader) -> None:
    vm.run(
        "ip link add d0 type veth peer name d1; ip link set d0 up; ip link set d1 up; ip addr add 10.1.0.4/24 dev d0;"
        "ip -6 addr add fd00::4/64 dev d0 nodad;"
        "ip route add default via 10.1.0.1 metric 50 proto static; ip route add 10.5.0.0/16 dev d0 src 10.1.0.4;"
        "ip route add blackhole 10.6.0.0/16; ip route add unreachable 10.7.0.0/16 metric 7;"
        "ip route add 10.8.0.0/16 via 10.1.0.1 table 1000; ip route add 10.9.0.0/16 via inet6 fd00::1 dev d0;"
        "ip route add 10.10.0.0/16 nexthop via 10.1.0.2 nexthop via 10.1.0.3; ip -6 route add fd05::/16 via fd00::1"
    )
    root = root_of(reader)
    link = root.find_link("d0")
    assert link is not None
    d0 = link.index
    wanted = [
        Route(IPv4Network("0.0.0.0/0"), IPv4Address("10.1.0.1"), d0, protocol="static", metric=50),
        Route(IPv4Network("10.1.0.0/24"), oif=d0, scope="link", protocol="kernel", prefsrc=IPv4Address("10.1.0.4")),
        Route(IPv4Network("10.5.0.0/16"), oif=d0, scope="link", prefsrc=IPv4Address("10.1.0.4")),
        Route(IPv4Network("10.6.0.0/16"), kind="blackhole"),
        Route(IPv4Network("10.7.0.0/16"), kind="unreachable", metric=7),
        Route(IPv4Network("10.8.0.0/16"), IPv4Address("10.1.0.1"), d0, table=1000),
        Route(IPv4Network("10.9.0.0/16"), IPv6Address("fd00::1"), d0),
        Route(IPv4Network("10.10.0.0/16"), IPv4Address("10.1.0.2"), d0),
        Route(IPv4Network("10.10.0.0/16"), IPv4Address("10.1.0.3"), d0),
        Route(IPv6Network("fd05::/16"), IPv6Address("fd00::1"), d0, metric=1024),
    ]
    assert [route for route in wanted if route not in root.routes] == []
    local = Route(
        IPv4Network("10.1.0.4/32"), None, d0, 255, "host", "kernel", prefsrc=IPv4Address("10.1.0.4"), kind="local"
    )
    assert local in root.routes


def test_routes_that_went_with_their_link_are_gone(vm: Sandbox, reader: Reader) -> None:
    vm.run(
        "ip link add d0 type bridge; ip link set d0 up; ip addr add 10.1.0.4/24 dev d0; ip route add 10.5.0.0/16 dev d0"
    )
    assert any(str(route.dst) == "10.5.0.0/16" for route in root_of(reader).routes)
    vm.run("ip link set d0 down")
    assert not any(str(route.dst) == "10.5.0.0/16" for route in root_of(reader).routes)


def test_route_that_went_with_its_source_address_is_gone(vm: Sandbox, reader: Reader) -> None:
    vm.run(
        "ip link add d0 type bridge; ip link set d0 up; ip addr add 10.1.0.4/24 dev d0;"
        "ip route add 10.5.0.0/16 dev lo src 10.1.0.4"
    )
    assert any(str(route.dst) == "10.5.0.0/16" for route in root_of(reader).routes)
    vm.run("ip addr del 10.1.0.4/24 dev d0")
    assert not any(str(route.dst) == "10.5.0.0/16" for route in root_of(reader).routes)


def test_neighbours(vm: Sandbox, reader: Reader) -> None:
    vm.run(
        "ip link add d0 type veth peer name d1; ip link set d0 up; ip link set d1 up; ip addr add 10.1.0.4/24 dev d0;"
        "ip neigh add 10.1.0.1 lladdr 12:34:56:78:9a:bc dev d0; ip neigh add 10.1.0.2 nud failed dev d0;"
        "ip neigh add fd00::9 lladdr 12:34:56:78:9a:bd nud stale dev d0"
    )
    found = {(str(one.address), one.mac, one.state) for one in root_of(reader).neighbours}
    assert found == {
        ("10.1.0.1", "12:34:56:78:9a:bc", "permanent"),
        ("10.1.0.2", "", "failed"),
        ("fd00::9", "12:34:56:78:9a:bd", "stale"),
    }


def test_policy_rules(vm: Sandbox, reader: Reader) -> None:
    vm.run(
        "ip rule add from 10.1.0.0/16 to 10.2.0.0/16 iif lo table 1000 pref 100;"
        "ip rule add fwmark 7 oif lo table 5 pref 101;"
        "ip rule add to 10.3.0.1 blackhole pref 102; ip rule add not from 10.4.0.0/16 table 6 pref 103;"
        "ip rule add ipproto tcp dport 80 table 6 pref 104; ip -6 rule add from fd00::/8 table 7 pref 105"
    )
    rules = root_of(reader).rules
    assert [(rule.priority, rule.table, rule.action) for rule in rules] == [
        (0, 255, "to_tbl"),
        (100, 1000, "to_tbl"),
        (101, 5, "to_tbl"),
        (102, 0, "blackhole"),
        (103, 0, "unknown"),
        (104, 0, "unknown"),
        (32766, 254, "to_tbl"),
        (32767, 253, "to_tbl"),
    ]
    assert (rules[1].src, rules[1].dst, rules[1].iif) == (IPv4Network("10.1.0.0/16"), IPv4Network("10.2.0.0/16"), "lo")
    assert (rules[2].mark, rules[2].oif, rules[2].src) == (7, "lo", None)
    assert rules[3].dst == IPv4Network("10.3.0.1/32")


def test_conf_of_each_link(vm: Sandbox, reader: Reader) -> None:
    vm.run("ip link add d0 type bridge")
    reader.read()
    vm.run(
        "cd /proc/sys/net/ipv4/conf; echo 2 >d0/rp_filter; echo 1 >d0/proxy_arp; echo 1 >all/rp_filter;"
        "echo 1 >d0/forwarding"
    )
    conf = root_of(reader).conf
    assert set(conf) == {"all", "default", "lo", "d0"}
    assert conf["d0"] == LinkConf(forwarding=True, rp_filter=2, proxy_arp=True)
    assert (conf["all"].rp_filter, conf["lo"].forwarding, root_of(reader).forwarding) == (1, False, False)


def test_forwarding_for_all(vm: Sandbox, reader: Reader) -> None:
    reader.read()
    vm.run("echo 1 >/proc/sys/net/ipv4/ip_forward")
    root = root_of(reader)
    assert root.forwarding
    assert root.conf["lo"].forwarding


def test_bridge_netfilter_is_read_at_the_scan(vm: Sandbox, reader: Reader) -> None:
    value = vm.run("cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null || true").strip()
    assert root_of(reader).bridge_nf is ({"": None, "0": False, "1": True}[value])
    if value:
        vm.run(f"echo {1 - int(value)} >/proc/sys/net/bridge/bridge-nf-call-iptables")
        assert reader.rescan().network
        assert root_of(reader).bridge_nf is (value == "0")


def test_flows_are_read_only_when_asked(vm: Sandbox, reader: Reader) -> None:
    vm.run(
        "nft 'add table ip t; add chain ip t c { type filter hook output priority 0; }; add rule ip t c ct state new';"
        "ping -c1 -W1 127.0.0.1"
    )
    if "icmp" not in vm.run("conntrack -L 2>/dev/null || true"):
        pytest.skip("this kernel tracks no connections here")
    state = reader.read(flows=True)
    (flow,) = state.namespaces[0].flows
    here = IPv4Address("127.0.0.1")
    assert (flow.protocol, flow.src, flow.dst, flow.reply_src, flow.reply_dst) == ("icmp", here, here, here, here)
    assert flow.replied
    assert reader.read().namespaces[0].flows == ()


def test_kernel_that_refuses_is_an_error_of_ours_with_its_reason(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    reader.read()
    monkeypatch.setattr("tutor.kernel.watched.read_routes", refuse)
    reader.mark_all_dirty()
    with pytest.raises(KernelReadError, match="Operation not permitted") as caught:
        reader.read()
    assert "owner" in caught.value.hint
