"""Reads a lab from its TOML file, or says what is wrong with it.

Does not know how a lab is built.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import combinations
from pathlib import Path
from typing import Any

from tutor.errors import TopologyError
from tutor.lab.topology import (
    CloudSpec,
    ClusterSpec,
    InternetSpec,
    MachineSpec,
    Nic,
    NodeSpec,
    PodSpec,
    RouteSpec,
    RouteTableSpec,
    SubnetSpec,
    Topology,
    Variant,
)

_LINK = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")
_MACHINE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAC = re.compile(r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}")
_DNS_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_SYSCTL = re.compile(r"net(/[A-Za-z0-9_.*-]*[A-Za-z0-9_*-])+")
_CLOUD_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?")
_POD = re.compile(r"[a-z0-9]([a-z0-9.-]{0,98}[a-z0-9])?")
_NETNS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
_VERSION = re.compile(r"v\d+\.\d+\.\d+")
_HOPS = ("VirtualAppliance", "VnetLocal", "Internet", "VirtualNetworkGateway", "None")
_LEAST_MTU, _MOST_MTU = 68, 65535
_LONGEST_POD_RANGE = 29  # the network, the bridge, a pod, and the broadcast: less holds none
_MOST_NSID = 1 << 20


def parse_topology(text: str, *, name: str, path: Path | None = None) -> Topology:
    """Read the TOML of the lab called `name`.

    Raises:
        TopologyError: it is not TOML, or a key is unknown, missing, of the wrong type, or contradicts another.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TopologyError(f"not valid TOML: {error}", path=path, hint="see docs/authoring.md, 'A lab'") from error
    return _Reader(path).topology(name, table)


class _Reader:
    """Turns tables into values, and says of what is wrong in which file and under which key it stands."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def topology(self, id_: str, table: dict[str, Any]) -> Topology:
        self._keys("the lab", table, ("home", "machine", "cloud", "cluster", "internet", "variant"))
        machines = tuple(self.machine(machine) for machine in self._list(table, "machine"))
        names = [machine.name for machine in machines]
        if not machines:
            raise self._error("the lab has no machine", "add a [[machine]]")
        for name in names:
            if names.count(name) > 1:
                raise self._error(f"two machines are called {name!r}", "give each a name of its own")
        home = table.get("home", names[0])
        if home not in names:
            raise self._error(f"home is {home!r}, which is no machine of this lab", f"one of: {', '.join(names)}")
        links = [nic for machine in machines for nic in machine.nics]
        for nic in links:
            if sum(other.address.ip == nic.address.ip for other in links) > 1:
                raise self._error(f"two cards have the address {nic.address.ip}", "the cloud gives each its own")
        cloud = self.cloud(self._table(table, "cloud"))
        for nic in links:
            if not any(nic.address.ip in network for network in cloud.networks):
                raise self._error(
                    f"{nic.address.ip} lies in none of the cloud's networks",
                    f"networks = {[str(network) for network in cloud.networks]}",
                )
        internet = self.internet(self._table(table, "internet"))
        for nic in links:
            if nic.public is not None and nic.public not in internet.address.network:
                raise self._error(
                    f"public = {str(nic.public)!r} is not in the network of the internet's address",
                    f"one of {internet.address.network}",
                )
        cluster = self.cluster(table["cluster"], names, cloud) if "cluster" in table else None
        variants = self.variants(self._table(table, "variant", optional=True), cluster, cloud)
        return Topology(id_, str(home), machines, cloud, internet, cluster, variants)

    def machine(self, table: dict[str, Any]) -> MachineSpec:
        self._keys("a machine", table, ("name", "nic", "gateway", "sysctls"))
        name = self._matching(
            _MACHINE, "name", self._required("a machine", table, "name"), "a host name of small letters, digits and -"
        )
        nics = tuple(self.nic(nic) for nic in self._list(table, "nic"))
        gateway = self._value(IPv4Address, "gateway", table["gateway"]) if "gateway" in table else None
        if gateway is not None and not any(gateway in nic.address.network for nic in nics):
            raise self._error(f"gateway = {str(gateway)!r} is in the network of no card of {name}", "or leave it out")
        for one, other in combinations(nics, 2):
            if one.link == other.link:
                raise self._error(f"{name} has two cards called {one.link!r}", "give each a name of its own")
        return MachineSpec(name, nics, gateway, self.sysctls(table))

    def sysctls(self, table: dict[str, Any]) -> dict[str, str]:
        values = {}
        for key, value in self._table(table, "sysctls", optional=True).items():
            # Only these belong to a network namespace, and so to the machine alone.
            self._matching(_SYSCTL, "the name of a sysctl", key, "net/ipv4/ip_forward: it begins with net, has slashes")
            if isinstance(value, bool) or not isinstance(value, (int, str)):
                raise self._error(f"{key} = {value!r} is no value of a sysctl", "a number, or a text")
            values[key] = str(value)
        return values

    def nic(self, table: dict[str, Any]) -> Nic:
        self._keys("a nic", table, tuple(item.name for item in fields(Nic)))
        link = self._required("a nic", table, "link")
        if not isinstance(link, str) or not _LINK.fullmatch(link) or link == "lo":
            raise self._error(f"link = {link!r} can't be the name of a link", "at most 15 letters, digits, and . _ -")
        mtu = table.get("mtu", 1500)
        if type(mtu) is not int or not _LEAST_MTU <= mtu <= _MOST_MTU:
            raise self._error(f"mtu = {mtu!r} is no number of bytes from {_LEAST_MTU} to {_MOST_MTU}", "such as 1500")
        forwarding = table.get("ip_forwarding", False)
        if not isinstance(forwarding, bool):
            raise self._error(f"ip_forwarding = {forwarding!r} is neither true nor false", "ip_forwarding = true")
        return Nic(
            link,
            self._value(IPv4Interface, "address", self._required("a nic", table, "address")),
            self._mac(self._required("a nic", table, "mac")),
            mtu,
            self._value(IPv4Address, "public", table["public"]) if "public" in table else None,
            forwarding,
        )

    def cloud(self, table: dict[str, Any]) -> CloudSpec:
        self._keys("the cloud", table, ("networks", "mac", "group", "location", "network", "subnet", "route_table"))
        self._required("the cloud", table, "networks")
        networks = tuple(self._value(IPv4Network, "networks", network) for network in self._texts(table, "networks"))
        tables = tuple(self.route_table(each) for each in self._list(table, "route_table"))
        self._distinct("route tables", [each.name for each in tables])
        subnets = tuple(self.subnet(each, networks, tables) for each in self._list(table, "subnet"))
        self._distinct("subnets", [each.name for each in subnets])
        for one, other in combinations(subnets, 2):
            if one.prefix.overlaps(other.prefix):
                raise self._error(f"the subnets {one.name} and {other.name} overlap", "an address is in one of them")
        words = {
            key: self._matching(_CLOUD_NAME, key, table[key], "aks-vnet")
            for key in ("group", "location", "network")
            if key in table
        }
        mac = self._mac(table.get("mac", CloudSpec(()).mac))
        return CloudSpec(networks, mac, **words, subnets=subnets, route_tables=tables)

    def subnet(
        self, table: dict[str, Any], networks: Iterable[IPv4Network], tables: Iterable[RouteTableSpec]
    ) -> SubnetSpec:
        self._keys("a subnet", table, ("name", "prefix", "route_table"))
        name = self._matching(_CLOUD_NAME, "name", self._required("a subnet", table, "name"), "aks-subnet")
        prefix = self._value(IPv4Network, "prefix", self._required("a subnet", table, "prefix"))
        if not any(prefix.subnet_of(network) for network in networks):
            raise self._error(f"the subnet {name} lies in none of the cloud's networks", "its prefix is a part of one")
        return SubnetSpec(name, prefix, self._one_of(table, "route_table", [each.name for each in tables]))

    def route_table(self, table: dict[str, Any]) -> RouteTableSpec:
        self._keys("a route table", table, ("name", "route"))
        name = self._matching(_CLOUD_NAME, "name", self._required("a route table", table, "name"), "aks-routetable")
        routes = tuple(self.route(each) for each in self._list(table, "route"))
        self._distinct(f"routes of {name}", [each.name for each in routes])
        self._distinct(f"routes of {name}", [str(each.prefix) for each in routes])
        return RouteTableSpec(name, routes)

    def route(self, table: dict[str, Any]) -> RouteSpec:
        self._keys("a route", table, tuple(item.name for item in fields(RouteSpec)))
        name = self._matching(_CLOUD_NAME, "name", self._required("a route", table, "name"), "to-node0")
        prefix = self._value(IPv4Network, "prefix", self._required("a route", table, "prefix"))
        kind = self._one_of(table, "next_hop_type", _HOPS) or _HOPS[0]
        hop = self._value(IPv4Address, "next_hop", table["next_hop"]) if "next_hop" in table else None
        if (hop is None) == (kind == _HOPS[0]):
            raise self._error(f"the route {name} has a next hop or none", f"only {_HOPS[0]} has one")
        return RouteSpec(name, prefix, hop, kind)

    def cluster(self, table: Any, machines: list[str], cloud: CloudSpec) -> ClusterSpec:
        if not isinstance(table, dict):
            raise self._error("'cluster' must be a table", "write [cluster]")
        self._keys("the cluster", table, ("pod_network", "service", "version", "node"))
        network = self._value(IPv4Network, "pod_network", self._required("the cluster", table, "pod_network"))
        service = self._value(IPv4Address, "service", self._required("the cluster", table, "service"))
        version = table.get("version", ClusterSpec(network, service).version)
        self._matching(_VERSION, "version", version, "v1.9.6")
        nodes = tuple(self.node(each, machines, network) for each in self._list(table, "node"))
        self._distinct("nodes", [node.machine for node in nodes])
        for one, other in combinations(nodes, 2):
            if one.pod_cidr.overlaps(other.pod_cidr):
                raise self._error(f"{one.machine} and {other.machine} share addresses of pods", "each has its range")
        self._distinct("pods", [f"{pod.namespace}/{pod.name}" for node in nodes for pod in node.pods])
        if not any(network.subnet_of(each) for each in cloud.networks):
            raise self._error(
                f"pod_network = '{network}' lies in none of the cloud's networks", "such as 10.244.0.0/16"
            )
        return ClusterSpec(network, service, version, nodes)

    def node(self, table: dict[str, Any], machines: list[str], network: IPv4Network) -> NodeSpec:
        self._keys("a node", table, ("machine", "pod_cidr", "pod"))
        self._required("a node", table, "machine")
        machine = self._one_of(table, "machine", machines)
        cidr = self._value(IPv4Network, "pod_cidr", self._required("a node", table, "pod_cidr"))
        if not cidr.subnet_of(network) or cidr.prefixlen > _LONGEST_POD_RANGE:
            raise self._error(f"pod_cidr = '{cidr}' of {machine} is no part of {network}", "such as 10.244.0.0/24")
        pods = tuple(self.pod(each, cidr) for each in self._list(table, "pod"))
        for key in ("netns", "address", "veth", "nsid"):
            given = [str(getattr(pod, key)) for pod in pods if getattr(pod, key) not in ("", None)]
            self._distinct(f"pods of {machine}, by their {key},", given)
        return NodeSpec(machine, cidr, pods)

    def pod(self, table: dict[str, Any], cidr: IPv4Network) -> PodSpec:
        self._keys("a pod", table, tuple(item.name for item in fields(PodSpec)))
        name = self._matching(_POD, "name", self._required("a pod", table, "name"), "kube-dns-v20-55645bfd65-x2k8q")
        netns = self._matching(_NETNS, "netns", self._required("a pod", table, "netns"), "1c29ea39686a")
        address = self._value(IPv4Address, "address", self._required("a pod", table, "address"))
        if address not in list(cidr.hosts())[1:]:
            raise self._error(f"{address} of {name} is none that pods of {cidr} get", "the first one is the bridge's")
        namespace = self._matching(_POD, "namespace", table.get("namespace", "kube-system"), "kube-system")
        veth = table.get("veth", "")
        if veth:
            self._matching(_LINK, "veth", veth, "veth56780672")
        nsid = table.get("nsid")
        if nsid is not None and (type(nsid) is not int or not 0 <= nsid <= _MOST_NSID):
            raise self._error(f"nsid = {nsid!r} is no number of a namespace", "such as 1")
        return PodSpec(name, netns, address, namespace, veth, nsid)

    def variants(self, table: dict[str, Any], cluster: ClusterSpec | None, cloud: CloudSpec) -> dict[str, Variant]:
        nodes = [node.machine for node in cluster.nodes] if cluster is not None else []
        tables = [each.name for each in cloud.route_tables]
        variants = {"default": Variant()}
        for name, given in table.items():
            if not isinstance(given, dict):
                raise self._error(f"the variant {name!r} is no table", f"write [variant.{name}]")
            self._matching(_MACHINE, "the name of a variant", name, "bare")
            self._keys("a variant", given, ("without_kubenet", "empty_route_tables"))
            for key, known in (("without_kubenet", nodes), ("empty_route_tables", tables)):
                for each in self._texts(given, key):
                    if each not in known:
                        raise self._error(f"{key} names {each!r}", f"one of: {', '.join(known) or 'none'}")
            variants[name] = Variant(
                tuple(self._texts(given, "without_kubenet")), tuple(self._texts(given, "empty_route_tables"))
            )
        return variants

    def internet(self, table: dict[str, Any]) -> InternetSpec:
        self._keys("the internet", table, ("address", "hosts", "zone"))
        zone = self._table(table, "zone", optional=True)
        return InternetSpec(
            self._value(IPv4Interface, "address", self._required("the internet", table, "address")),
            tuple(self._value(IPv4Address, "hosts", host) for host in self._texts(table, "hosts")),
            {
                self._matching(_DNS_NAME, "a name of the zone", name.lower(), "example.com"): self._value(
                    IPv4Address, name, address
                )
                for name, address in zone.items()
            },
        )

    def _distinct(self, what: str, names: list[str]) -> None:
        for name in names:
            if names.count(name) > 1:
                raise self._error(f"two {what} are called {name!r}", "give each one of its own")

    def _one_of(self, table: dict[str, Any], key: str, known: Iterable[str]) -> str:
        """A word of `known`; empty where nothing is given."""
        if key not in table:
            return ""
        if table[key] not in list(known):
            raise self._error(f"{key} = {table[key]!r} is not known here", f"one of: {', '.join(known) or 'none'}")
        return str(table[key])

    def _error(self, message: str, hint: str = "") -> TopologyError:
        return TopologyError(message, path=self._path, hint=hint)

    def _keys(self, what: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, list(known), 1)
                hint = f"did you mean {near[0]!r}?" if near else f"it knows: {', '.join(known)}"
                raise self._error(f"{what} has no key {key!r}", hint)

    def _required(self, what: str, table: Mapping[str, Any], key: str) -> Any:
        if key not in table:
            raise self._error(f"{what} has no {key!r}", f"add: {key} = ...")
        return table[key]

    def _table(self, table: dict[str, Any], key: str, *, optional: bool = False) -> dict[str, Any]:
        value = table.get(key, {} if optional else None)
        if not isinstance(value, dict):
            raise self._error(f"there is no table [{key}]", f"add one: [{key}]")
        return value

    def _list(self, table: dict[str, Any], key: str) -> list[dict[str, Any]]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._error(f"{key!r} must be a list of tables", f"write [[{key}]]")
        return value

    def _texts(self, table: dict[str, Any], key: str) -> list[str]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._error(f"{key} = {value!r} is no list of texts", f'write {key} = ["...", "..."]')
        return value

    def _matching(self, pattern: re.Pattern[str], key: str, text: Any, wanted: str) -> str:
        if not isinstance(text, str) or not pattern.fullmatch(text):
            raise self._error(f"{key}: {text!r} is not of the right form", f"such as: {wanted}")
        return text

    def _mac(self, text: Any) -> str:
        lower = text.lower() if isinstance(text, str) else text
        return self._matching(_MAC, "mac", lower, "00:0d:3a:01:00:04 (its first byte is even)")

    def _value(self, type_: type[Any], key: str, text: Any) -> Any:
        try:
            value = type_(text) if isinstance(text, str) else None
        except ValueError:
            value = None
        if value is None:
            wanted = {IPv4Address: "10.1.0.4", IPv4Interface: "10.1.0.4/24", IPv4Network: "10.1.0.0/16"}[type_]
            raise self._error(f"{key} = {text!r} is no IPv4 value of the right kind", f"such as {wanted!r}")
        return value
