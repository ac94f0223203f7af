"""The lab `aks` as it comes: its pods communicate, commands show what facts say, and what is broken is named."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.checks.cluster_world import PODS
from tests.checks.test_by_construction import MATERIAL
from tests.lab.conftest import run
from tutor.check import NetworkState, Outcome, Verdict
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery
from tutor.session.live import Live
from tutor.session.workshop import Workshop

pytestmark = pytest.mark.netns

POD0, POD1 = "1c29ea39686a", "node1:5e0f3c6b1a27"
NETNS = "nsenter --net=/run/docker/netns/"
ALL = {"pods": list(PODS), "addresses": list(PODS.values())}
SUBNETS = "az network vnet subnet list -g MC_lab --vnet-name aks-vnet"
ROUTES = "az network route-table route list -g MC_lab --route-table-name aks-routetable"
ROUTE = "az network route-table route {} -g MC_lab --route-table-name aks-routetable -n {}"
NIC = "az network nic update -g MC_lab -n {} --ip-forwarding {}"


class Cluster:
    """A lab, and what is seen of it."""

    def __init__(self, workshop: Workshop) -> None:
        self.lab: Lab = workshop.private()
        workshop.build(self.lab, "aks")
        self.live = Live(self.lab)

    def type(self, command: str, machine: str = "node0") -> str:
        status, output = run(self.lab, command, machine=machine)
        assert status == 0, output
        return output

    def state(self) -> NetworkState:
        return self.live.state(rescan=True)

    def say(self, id_: str, **arguments: Any) -> Any:
        definition = MATERIAL.checks.definitions[id_]
        bound = definition.bind(arguments)
        if definition.probes is None:
            return definition.function(self.state(), **bound)
        return definition.function(self.state(), {}, **bound)

    def judged(self, state: NetworkState) -> Verdict:
        definition = MATERIAL.checks.definitions["pods.communicate"]
        verdict: Verdict = definition.function(state, {}, **definition.bind(ALL))
        return verdict

    def answered(self) -> bool:
        """Whether all datagrams are answered, each seen under its sender's address."""
        definition = MATERIAL.checks.definitions["pods.communicate"]
        assert definition.probes is not None
        sent = definition.probes(**definition.bind(ALL))
        replies = self.live.ask(sent)
        own = {(place.rpartition(":")[0], place.rpartition(":")[2]): address for place, address in PODS.items()}
        return all(replies[each].answered and replies[each].seen_as == own[each.machine, each.src] for each in sent)

    def alive(self, id_: str, **arguments: Any) -> Verdict:
        """A check with its probes sent."""
        definition = MATERIAL.checks.definitions[id_]
        bound = definition.bind(arguments)
        assert definition.probes is not None
        verdict: Verdict = definition.function(self.state(), self.live.ask(definition.probes(**bound)), **bound)
        return verdict


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    nursery = Nursery()
    yield Workshop(nursery, MATERIAL.course)
    nursery.close()


@pytest.fixture(scope="module")
def cluster(workshop: Workshop) -> Iterator[Cluster]:
    made = Cluster(workshop)
    yield made
    made.live.close()
    made.lab.close()


def test_all_pods_communicate_and_a_datagram_proves_it(cluster: Cluster) -> None:
    assert cluster.say("pods.communicate", **ALL).passed
    assert cluster.alive("pods.communicate", **ALL).passed
    assert cluster.alive("reach.pings", src=POD1, dst="8.8.8.8").passed
    assert cluster.alive("reach.untranslated", src=POD1, dst="10.244.0.3").passed


@pytest.mark.parametrize(
    ("id_", "arguments"),
    [
        ("cloud.routes", {"table": "aks-routetable", "prefix": "10.244.1.0/24", "next_hop": "10.240.0.5"}),
        ("cloud.associated", {"subnet": "aks-subnet", "table": "aks-routetable"}),
        ("cloud.ip_forwarding", {"nic": "node1-nic"}),
        ("nat.exempts", {"cidr": "10.244.0.0/16", "out": "eth0", "src": "10.244.0.0/24"}),
        ("nat.exempts", {"cidr": "10.244.0.0/16", "out": "eth0", "src": "10.244.1.0/24", "netns": "node1:root"}),
        ("nat.translates", {"src": [POD1], "out": "eth0", "netns": "node1:root"}),
        ("link.promiscuous", {"link": "cbr0", "netns": "node1:root"}),
        ("bridge.has_port", {"bridge": "cbr0", "port": "veth56780672"}),
        ("veth.leads_into", {"outer": "veth56780672", "inner": "eth0", "netns": POD0}),
        ("veth.leads_into", {"outer": "veth7c05d2f8", "inner": "eth0", "netns": POD1}),
        ("address.has", {"address": "10.244.1.1/24", "link": "cbr0", "netns": "node1:root"}),
        ("address.has", {"address": "10.244.0.3/24", "link": "eth0", "netns": POD0}),
        ("route.default", {"gateway": "10.244.1.1", "netns": POD1}),
        ("forwarding.is_on", {"between": ["cbr0", "eth0"], "netns": "node1:root"}),
    ],
)
def test_a_check_holds_in_the_lab_as_it_comes(cluster: Cluster, id_: str, arguments: dict[str, Any]) -> None:
    assert cluster.say(id_, **arguments).passed


SHOWN: list[tuple[str, dict[str, Any], str]] = [
    ("link.all_listed", {"links": ["lo", "eth0", "docker0", "lxcbr0", "cbr0", "veth56780672"]}, "ip a"),
    ("address.all_shown", {"links": ["eth0", "docker0", "lxcbr0", "cbr0"]}, "ip a"),
    ("address.all_shown", {"links": ["eth0", "cbr0"]}, "ip -4 -br a"),
    ("address.all_shown", {"links": ["eth0", "cbr0"]}, "ifconfig"),
    ("bridge.ports_shown", {"bridge": "cbr0", "without": ["docker0", "lxcbr0"]}, "brctl show"),
    ("bridge.ports_shown", {"bridge": "cbr0"}, "ip link"),
    ("bridge.ports_shown", {"bridge": "cbr0"}, "bridge link"),
    ("veth.nsids_shown", {"bridge": "cbr0"}, "ip a"),
    ("veth.ends", {"link": "veth56780672"}, "ip a"),
    ("netns.all_listed", {"netns": [POD0, "af61ee373e23"], "others": ["default"]}, "ls /var/run/docker/netns"),
    ("pods.listed_with_address", {"pod": POD0}, f"{NETNS}{POD0} ip a"),
    ("veth.ends", {"link": "eth0", "netns": POD0}, f"{NETNS}{POD0} ip a"),
    ("route.default_shown", {"netns": POD0}, f"{NETNS}{POD0} route -n"),
    ("route.default_shown", {"netns": POD0}, f"{NETNS}{POD0} ip route"),
    ("route.connected", {"netns": POD0, "network": "10.244.0.0/24", "link": "eth0"}, f"{NETNS}{POD0} route -n"),
    ("nat.listed", {"out": "eth0"}, "iptables -t nat -nvL"),
    ("nat.exemption_listed", {"cidr": "10.244.0.0/16"}, "iptables -t nat -nvL"),
    ("nat.exemption_listed", {"cidr": "10.244.0.0/16"}, "iptables -t nat -S"),
    ("nat.exemption_listed", {"cidr": "10.244.0.0/16"}, "nft list ruleset"),
    ("host.printed", {"words": ["--network-plugin=kubenet", "--non-masquerade-cidr=10.244.0.0/16"]}, "ps aux"),
    ("pods.addresses_shown", {"network": "10.244.0.0/16"}, "kubectl get pods -A -o wide"),
    ("pods.nodes_shown", {"network": "10.244.0.0/16"}, "kubectl get pods --all-namespaces -o wide"),
    ("host.printed", {"words": ["default", "kube-public", "kube-system"]}, "kubectl get namespaces"),
    ("cloud.resources_shown", {"others": ["aks-vnet"]}, "az resource list -g MC_lab"),
    ("cloud.resources_shown", {"others": ["aks-vnet"]}, "az resource list -g MC_lab -o table"),
    ("cloud.network_shown", {"network": "aks-vnet"}, "az network vnet list -g MC_lab"),
    ("cloud.network_shown", {}, "az network vnet list -g MC_lab -o table"),
    ("cloud.subnet_shown", {"subnet": "aks-subnet"}, "az network vnet subnet list -g MC_lab --vnet-name aks-vnet"),
    (
        "cloud.subnet_shown",
        {"subnet": "aks-subnet"},
        "az network vnet subnet list -g MC_lab --vnet-name aks-vnet -o table",
    ),
    ("cloud.cards_shown", {}, "az vm list-ip-addresses -g MC_lab -o table"),
    ("cloud.cards_shown", {}, "az network nic list -g MC_lab"),
    ("cloud.cards_shown", {"nics": ["node1-nic"]}, "az network nic show -g MC_lab -n node1-nic"),
    ("cloud.routes_shown", {"table": "aks-routetable"}, "az network route-table show -g MC_lab -n aks-routetable"),
    *(
        (
            "cloud.routes_shown",
            {"table": "aks-routetable"},
            f"{ROUTE.format('list', '').removesuffix(' -n ')} -o {form}",
        )
        for form in ("json", "table", "tsv", "yaml")
    ),
    (
        "cloud.association_shown",
        {"subnet": "aks-subnet", "table": "aks-routetable"},
        "az network vnet subnet show -g MC_lab --vnet-name aks-vnet -n aks-subnet",
    ),
    (
        "cloud.association_shown",
        {"subnet": "aks-subnet", "table": "aks-routetable"},
        "az network route-table show -g MC_lab -n aks-routetable",
    ),
    ("cloud.forwarding_shown", {"nic": "node0-nic"}, "az network nic show -g MC_lab -n node0-nic"),
    ("cloud.forwarding_shown", {"nic": "node0-nic"}, "az network nic list -g MC_lab -o table"),
    ("cloud.forwarding_shown", {"nic": "node0-nic"}, "az network nic show -g MC_lab -n node0-nic -o yaml"),
    *(
        (
            "cloud.next_hop_shown",
            {"nic": "node0", "dst": dst},
            f"az network watcher show-next-hop -g MC_lab --vm node0 --source-ip 10.240.0.4 --dest-ip {dst} -o {form}",
        )
        for dst in ("10.244.1.2", "10.240.0.5", "8.8.8.8")
        for form in ("json", "table")
    ),
    (
        "cloud.effective_routes_shown",
        {"nic": "node0-nic"},
        "az network nic show-effective-route-table -g MC_lab -n node0-nic -o table",
    ),
]


@pytest.mark.parametrize(("id_", "arguments", "command"), SHOWN)
def test_a_command_shows_the_fact(cluster: Cluster, id_: str, arguments: dict[str, Any], command: str) -> None:
    program = next(word for word in command.split() if not word.startswith("--") and word != "nsenter")
    if program in ("brctl", "ifconfig", "route", "kubectl", "nft") and shutil.which(program) is None:
        pytest.skip(f"{program} is not on this machine")
    shown = cluster.say(id_, **arguments)
    assert shown.forms
    output = cluster.type(command)
    assert shown.is_in(output), f"{shown}\n{output}"
    assert not shown.is_in(cluster.type("ip rule; hostname"))


def test_a_table_of_routes_is_not_shown_by_that_of_another_namespace(cluster: Cluster) -> None:
    shown = cluster.say("route.table_shown", netns=POD0)
    for command in ("ip route", "route -n"):
        assert shown.is_in(cluster.type(f"{NETNS}{POD0} {command}"))
        assert not shown.is_in(cluster.type(command))


IN0, IN1 = f"{NETNS}{POD0} ", f"{NETNS}{POD1.partition(':')[2]} "
UPDATE = ROUTE.format("update", "to-node1")
EXCEPT = "iptables -t nat {} POSTROUTING -o eth0 ! -d 10.244.1.0/24 -j MASQUERADE"
FAULTS: dict[str, tuple[str, str, str, str, tuple[str, ...]]] = {
    # Where it is broken, how, how it is mended, what it must be called, and what the message must say.
    "a dead next hop": (
        "node0",
        f"{UPDATE} --next-hop-ip-address 10.240.0.99",
        f"{UPDATE} --next-hop-ip-address 10.240.0.5",
        "cloud.dead-next-hop",
        ("to-node1", "10.240.0.99"),
    ),
    "a next hop to the wrong node": (
        "node0",
        f"{UPDATE} --next-hop-ip-address 10.240.0.4",
        f"{UPDATE} --next-hop-ip-address 10.240.0.5",
        "cloud.wrong-next-hop",
        ("to-node1", "10.240.0.4", "node1"),
    ),
    "a route that is gone": (
        "node0",
        f"{ROUTE.format('delete', 'to-node1')}",
        f"{ROUTE.format('create', 'to-node1')} --address-prefix 10.244.1.0/24 --next-hop-type VirtualAppliance "
        "--next-hop-ip-address 10.240.0.5",
        "cloud.no-route",
        ("aks-routetable", "10.244.1.2", "node1"),
    ),
    "IP forwarding off": (
        "node0",
        NIC.format("node1-nic", "false"),
        NIC.format("node1-nic", "true"),
        "cloud.forwarding-off",
        ("node1-nic",),
    ),
    "no ip_forward": (
        "node1",
        "sysctl -q net.ipv4.ip_forward=0",
        "sysctl -q net.ipv4.ip_forward=1",
        "forwarding.off",
        ("node1's root namespace",),
    ),
    "masquerade of all": (
        "node1",
        "iptables -t nat -I POSTROUTING -j MASQUERADE",
        "iptables -t nat -D POSTROUTING -j MASQUERADE",
        "nat.too-wide",
        ("node1's root namespace", "POSTROUTING"),
    ),
    "masquerade of all but one node's pods": (
        "node1",
        EXCEPT.format("-I"),
        EXCEPT.format("-D"),
        "nat.too-wide",
        ("node1's root namespace", "10.244.1.0/24"),
    ),
    "a cable that is down": (
        "node1",
        "ip link set veth7c05d2f8 down",
        "ip link set veth7c05d2f8 up",
        "link.down",
        ("veth7c05d2f8", "on node1"),
    ),
    "a pod's end that is down": (
        "node0",
        f"{IN0}ip link set eth0 down",
        f"{IN0}ip link set eth0 up && {IN0}ip route replace default via 10.244.0.1",
        "link.down",
        ("eth0", POD0),
    ),
    "a cable without a bridge": (
        "node0",
        "ip link set veth56780672 nomaster",
        "ip link set veth56780672 master cbr0",
        "bridge.no-master",
        ("veth56780672", "cbr0"),
    ),
    "an address twice": (
        "node0",
        f"{IN0}ip addr add 10.244.0.5/24 dev eth0",
        f"{IN0}ip addr del 10.244.0.5/24 dev eth0",
        "address.duplicate",
        ("10.244.0.5", POD0),
    ),
    "a gateway that is nobody": (
        "node1",
        f"{IN1}ip route replace default via 10.244.1.99",
        f"{IN1}ip route replace default via 10.244.1.1",
        "route.wrong-gateway",
        ("10.244.1.99", "10.244.1.1", "on node1"),
    ),
    "no default route": (
        "node0",
        f"{IN0}ip route del default",
        f"{IN0}ip route replace default via 10.244.0.1",
        "route.missing",
        (POD0,),
    ),
    "FORWARD that drops": (
        "node1",
        "iptables -P FORWARD DROP",
        "iptables -P FORWARD ACCEPT",
        "filter.policy",
        ("FORWARD", "node1's root namespace"),
    ),
    "another network on cbr0": (
        "node1",
        "ip addr del 10.244.1.1/24 dev cbr0; ip addr add 10.244.7.1/24 dev cbr0",
        "ip addr del 10.244.7.1/24 dev cbr0; ip addr add 10.244.1.1/24 dev cbr0",
        "address.missing",
        ("cbr0", "10.244.7.1/24", "on node1"),
    ),
    "too narrow a network on cbr0": (
        "node0",
        "ip addr del 10.244.0.1/24 dev cbr0; ip addr add 10.244.0.1/29 dev cbr0",
        "ip addr del 10.244.0.1/29 dev cbr0; ip addr add 10.244.0.1/24 dev cbr0",
        "address.wrong-prefix",
        ("cbr0", "10.244.0.1/29", "10.244.0.10"),
    ),
    "cbr0 down": ("node0", "ip link set cbr0 down", "ip link set cbr0 up", "link.down", ("cbr0",)),
    "a black hole": (
        "node1",
        "ip route add blackhole 10.244.1.3/32",
        "ip route del blackhole 10.244.1.3/32",
        "route.refused",
        ("node1's root namespace", "10.244.1.3", "blackhole"),
    ),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_in_the_lab_is_named_and_mended(cluster: Cluster, kind: str) -> None:
    machine, breaks, mends, diagnosis, names = FAULTS[kind]
    cluster.type(breaks, machine)
    try:
        verdict = cluster.say("pods.communicate", **ALL)
        assert not cluster.answered(), "the packets pass all the same"
    finally:
        cluster.type(mends, machine)
    assert verdict.outcome is Outcome.FAILED
    cause = verdict.root_cause
    assert cause is not None
    assert cause.diagnosis.id == diagnosis, cause.message
    assert all(name in cause.message for name in names), cause.message
    mended = cluster.live.until(lambda state: cluster.judged(state).passed or None, 60)
    assert mended, cluster.judged(cluster.state())


def test_the_lab_is_as_sound_as_before(cluster: Cluster) -> None:
    assert cluster.alive("pods.communicate", **ALL).passed
