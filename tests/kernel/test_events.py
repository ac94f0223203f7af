"""What the kernel tells by itself, and what is read again for it."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable

import pytest

from tests.kernel.sandbox import Sandbox
from tutor.check import Netns
from tutor.kernel import Change, Reader, watched

pytestmark = pytest.mark.netns

PIECES = ("links", "addresses", "routes", "neighbours", "rules", "conf", "chains")


@pytest.fixture
def watching(vm: Sandbox, reader: Reader) -> Reader:
    """A reader of a machine with a namespace, a bridge and a veth, that has read everything."""
    vm.run(
        "ip netns add ns1; ip link add br0 type bridge; ip link add v0 type veth peer name v1 netns ns1;"
        "for d in all default br0 v0; do echo 1 >/proc/sys/net/ipv6/conf/$d/disable_ipv6; done;"
        "ip netns exec ns1 sh -c 'for d in all default v1; do echo 1 >/proc/sys/net/ipv6/conf/$d/disable_ipv6; done';"
        "ip link set v0 up; ip -n ns1 link set v1 up;"
        "ip addr add 10.1.0.1/24 dev v0; ip -n ns1 addr add 10.1.0.2/24 dev v1;"
        "nft 'add table ip t; add chain ip t c { type filter hook forward priority 0; }'"
    )
    reader.read()
    reader.drain()
    return reader


def changed_pieces(before: Netns, after: Netns) -> set[str]:
    return {piece for piece in PIECES if getattr(before, piece) is not getattr(after, piece)}


def test_nothing_changed_is_the_very_same_state(watching: Reader) -> None:
    assert watching.read() is watching.read()
    assert not watching.drain()
    assert not watching.rescan()


@pytest.mark.parametrize(
    ("command", "pieces"),
    [
        ("ip link set br0 mtu 1400", {"links"}),
        ("ip link set v0 master br0", {"links"}),
        ("ip link set v0 name v9", {"links", "conf"}),
        ("ip addr add 10.5.0.1/24 dev br0", {"addresses", "routes"}),
        ("ip route add 10.6.0.0/16 via 10.1.0.2", {"routes"}),
        ("ip route add blackhole 10.6.0.0/16 table 77", {"routes"}),
        ("ip rule add from 10.0.0.0/8 table 77", {"rules"}),
        ("ip neigh add 10.1.0.9 lladdr 02:00:00:00:00:01 dev v0", {"neighbours"}),
        ("echo 1 >/proc/sys/net/ipv4/ip_forward", {"conf"}),
        ("echo 1 >/proc/sys/net/ipv4/conf/v0/rp_filter", {"conf"}),
        ("echo 2 >/proc/sys/net/ipv4/conf/all/rp_filter", {"conf"}),
        ("echo 1 >/proc/sys/net/ipv4/conf/v0/proxy_arp", {"conf"}),
        ("nft add rule ip t c drop", {"chains"}),
        ("nft add chain ip t d", {"chains"}),
        ("nft delete table ip t", {"chains"}),
        ("iptables -A FORWARD -j DROP", {"chains"}),
    ],
)
def test_one_change_makes_another_object_only_of_what_it_changed(
    vm: Sandbox, watching: Reader, command: str, pieces: set[str]
) -> None:
    before = watching.read()
    vm.run(command)
    assert select.select(watching.filenos(), [], [], 60)[0]
    watching.drain()
    after = watching.read()
    assert changed_pieces(before.namespaces[0], after.namespaces[0]) == pieces
    assert after.namespaces[1] is before.namespaces[1]


def test_change_in_one_namespace_is_not_one_in_another(vm: Sandbox, watching: Reader) -> None:
    before = watching.read()
    vm.run("ip -n ns1 route add 10.7.0.0/16 via 10.1.0.1")
    assert watching.drain() == Change(network=True)
    after = watching.read()
    assert after.namespaces[0] is before.namespaces[0]
    assert changed_pieces(before.namespaces[1], after.namespaces[1]) == {"routes"}


def test_only_what_is_dirty_is_dumped(vm: Sandbox, watching: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for piece in PIECES:
        read: Callable[..., object] = getattr(watched, f"read_{piece}")

        def noted(*arguments: object, piece: str = piece, read: Callable[..., object] = read) -> object:
            asked.append(piece)
            return read(*arguments)

        monkeypatch.setattr(watched, f"read_{piece}", noted)
    watching.read()
    assert asked == []
    vm.run("ip route add 10.6.0.0/16 via 10.1.0.2")
    watching.read()
    assert asked == ["routes"]


def test_ping_is_traffic_and_no_change_of_the_network(vm: Sandbox, watching: Reader) -> None:
    vm.run("ping -c1 -W1 10.1.0.2")
    change = watching.drain()
    assert change.only_traffic
    addresses = {str(neighbour.address) for neighbour in watching.read().namespaces[0].neighbours}
    assert addresses == {"10.1.0.2"}


def test_tracked_connection_is_traffic(vm: Sandbox, watching: Reader) -> None:
    vm.run("nft 'add rule ip t c ct state new'; nft 'add chain ip t o { type filter hook output priority 0; }'")
    watching.read()
    watching.drain()
    vm.run("ping -c1 -W1 127.0.0.1")
    assert watching.drain() == Change(traffic=True)


def test_change_that_a_read_has_seen_is_still_told_by_the_next_drain(vm: Sandbox, watching: Reader) -> None:
    vm.run("ip link set br0 up")
    watching.read()
    assert watching.drain().network
    assert not watching.drain()


def test_renamed_link_is_renamed_in_the_rules_that_mean_it(vm: Sandbox, watching: Reader) -> None:
    vm.run("nft add rule ip t c iif v0 drop")
    assert watching.read().namespaces[0].chains[0].rules[0].matches[0].values == ("v0",)
    vm.run("ip link set v0 name v9")
    assert watching.read().namespaces[0].chains[0].rules[0].matches[0].values == ("v9",)


def test_bridge_that_learns_an_address_changes_nothing_that_is_read(vm: Sandbox, watching: Reader) -> None:
    vm.run("ip link set v0 master br0; ip link set br0 up; ip addr flush dev v0; ip addr add 10.1.0.1/24 dev br0")
    vm.run("until ip link show br0 | grep -q 'state UP'; do sleep 0.01; done")  # which comes in its own time
    watching.read()
    watching.drain()
    before = watching.read()
    vm.run("bridge fdb add 02:00:00:00:00:07 dev v0 master static")
    assert watching.drain() == Change(traffic=True)
    assert watching.read() is before


def test_overrun_reads_everything_again(vm: Sandbox, watching: Reader) -> None:
    for one in watching._watched.values():
        one._route_events._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    script = "".join(f"route add 10.{20 + n}.0.0/16 via 10.1.0.2\n" for n in range(200))
    vm.run(f"ip -batch - <<'E'\n{script}E")
    assert watching.drain() == Change(network=True, traffic=True)
    routes = watching.read().namespaces[0].routes
    assert sum(str(route.gateway) == "10.1.0.2" for route in routes) == 200


def test_counters_are_read_again_when_traffic_is_asked_for(vm: Sandbox, watching: Reader) -> None:
    vm.run("nft 'add chain ip t o { type filter hook output priority 0; }; add rule ip t o counter'")
    watching.read()
    before = watching.read()
    vm.run("ping -c1 -W1 127.0.0.1")

    def packets() -> int | None:
        return watching.read().namespaces[0].chains[1].rules[0].packets

    assert packets() == before.namespaces[0].chains[1].rules[0].packets == 0
    watching.read(flows=True)
    assert (packets() or 0) > 0


def test_drops_of_the_cloud_are_counted_at_the_scan_and_are_traffic(vm: Sandbox, watching: Reader) -> None:
    vm.counted_drops = {"no-owner": 3}
    assert watching.rescan() == Change(traffic=True)
    assert watching.read().cloud.drops == {"no-owner": 3}


def test_legacy_rules_are_found_by_the_next_scan(vm: Sandbox, watching: Reader) -> None:
    before = watching.read()
    vm.legacy_text = "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n"
    assert watching.read() is before
    assert watching.rescan().network
    assert [(chain.origin, chain.policy) for chain in watching.read().namespaces[0].chains] == [
        ("nft", "accept"),
        ("legacy", "drop"),
    ]
    vm.legacy_text = "*filter\n:FORWARD DROP [9:756]\nCOMMIT\n"
    assert not watching.rescan()


def test_event_is_seen_before_the_command_that_caused_it_returns(vm: Sandbox, watching: Reader) -> None:
    vm.run("ip link set br0 up")
    assert watching.drain().network


def test_message_that_a_process_forged_is_not_believed(vm: Sandbox, watching: Reader) -> None:
    root = watching.read().namespaces[0]
    (descriptor,) = vm.open_sockets(root.inode, [0])
    body = struct.pack("=BxHiII", 0, 1, 99, 0, 0)
    message = struct.pack("=IHHII", 16 + len(body), 16, 0, 0, 0) + body  # RTM_NEWLINK
    ours = watching._watched[root.inode]
    with socket.socket(fileno=descriptor) as forger:
        for target in (ours._route_events._socket, ours._route._socket):
            forger.sendto(message, (target.getsockname()[0], 0))
    assert not watching.drain()
    watching.mark_all_dirty()
    assert watching.read().namespaces[0] is root
