"""What a lab consists of: machines, the cloud network between them with its routes, a cluster on them, the internet.

Pure values. Does not know the file that they come from, nor how any of it is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network


@dataclass(frozen=True, slots=True)
class Nic:
    """A network card of a machine: its link, and what the cloud knows of it."""

    link: str
    """Name of the link in the machine."""
    address: IPv4Interface
    """The one address that the cloud lets this card use."""
    mac: str
    """Its link-layer address."""
    mtu: int = 1500
    """Bytes."""
    public: IPv4Address | None = None
    """The address that the cloud puts in place of `address` towards the internet; None for a card without one."""
    ip_forwarding: bool = False
    """Whether the cloud lets packets for or from other addresses pass this card."""


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """A machine: what `hostname` says, its cards, and what is set in it before the learner comes."""

    name: str
    """Its host name."""
    nics: tuple[Nic, ...] = ()
    """Its cards, in order."""
    gateway: IPv4Address | None = None
    """Where its default route goes; None for a machine without one."""
    sysctls: Mapping[str, str] = field(default_factory=dict)
    """Set, not inherited: a Docker host must give the same lessons."""


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """A route that a user of the cloud has defined."""

    name: str
    """Unique in its table."""
    prefix: IPv4Network
    """What it is for."""
    next_hop: IPv4Address | None = None
    """The card that gets the packets, by its address (next hop type VirtualAppliance)."""
    next_hop_type: str = "VirtualAppliance"
    """`VirtualAppliance`, `VnetLocal`, `Internet`, `VirtualNetworkGateway` or `None`: the cloud's own words."""


@dataclass(frozen=True, slots=True)
class RouteTableSpec:
    """A table of such routes."""

    name: str
    """What the cloud calls it."""
    routes: tuple[RouteSpec, ...] = ()
    """In order."""


@dataclass(frozen=True, slots=True)
class SubnetSpec:
    """A part of the virtual network."""

    name: str
    """What the cloud calls it."""
    prefix: IPv4Network
    """Its range: cards whose addresses lie in it are in it."""
    route_table: str = ""
    """Name of the table that is associated with it; empty for none."""


@dataclass(frozen=True, slots=True)
class CloudSpec:
    """The cloud network that the cards are plugged into."""

    networks: tuple[IPv4Network, ...]
    """The virtual network's own ranges: what lies in them never leaves for the internet."""
    mac: str = "12:34:56:78:9a:bc"
    """The link-layer address with which the cloud answers every ARP request."""
    group: str = ""
    """The resource group that all of it is in."""
    location: str = "westeurope"
    """The region."""
    network: str = ""
    """What the cloud calls the virtual network."""
    subnets: tuple[SubnetSpec, ...] = ()
    """Its parts."""
    route_tables: tuple[RouteTableSpec, ...] = ()
    """Of all the group."""


@dataclass(frozen=True, slots=True)
class PodSpec:
    """A pod, as kubenet has put it on a node."""

    name: str
    """Its name in the cluster."""
    netns: str
    """Its network namespace: a file of this name in /var/run/docker/netns."""
    address: IPv4Address
    """What it is to get from host-local."""
    namespace: str = "kube-system"
    """Its namespace in the cluster, which has nothing to do with the other kind."""
    veth: str = ""
    """Name of the node's end of its cable; empty for the one that the plugin draws."""
    nsid: int | None = None
    """The number by which the node's end names the pod's namespace (`link-netnsid`); None for any."""


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A machine that is a node of the cluster."""

    machine: str
    """Its name."""
    pod_cidr: IPv4Network
    """The range that its pods get their addresses from."""
    pods: tuple[PodSpec, ...] = ()
    """In the order in which they were started."""
    has_kubenet: bool = True
    """Whether kubenet has run on it; without it there is neither a bridge nor a pod."""


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """A Kubernetes cluster whose nodes kubenet has set up."""

    pod_network: IPv4Network
    """The range that the nodes' ranges are cut from: kubelet's `--non-masquerade-cidr`."""
    service: IPv4Address
    """Of the service `kubernetes`."""
    version: str = "v1.9.6"
    """What the nodes say they run."""
    nodes: tuple[NodeSpec, ...] = ()
    """In order."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A state of the lab that lessons may start from, by what is different in it."""

    without_kubenet: tuple[str, ...] = ()
    """Machines that are nodes on which kubenet has not run yet."""
    empty_route_tables: tuple[str, ...] = ()
    """Route tables that have no routes."""


@dataclass(frozen=True, slots=True)
class InternetSpec:
    """What answers beyond the cloud."""

    address: IPv4Interface
    """Of the internet's end of its link to the cloud; the cloud's end is the network's public range."""
    hosts: tuple[IPv4Address, ...] = ()
    """Addresses that answer ping, DNS and HTTP."""
    zone: Mapping[str, IPv4Address] = field(default_factory=dict)
    """Names that the DNS there knows."""


@dataclass(frozen=True, slots=True)
class Topology:
    """A whole lab."""

    id: str
    """Its name, as lessons ask for it."""
    home: str
    """The machine whose shell the learner gets."""
    machines: tuple[MachineSpec, ...]
    """All machines."""
    cloud: CloudSpec
    """The network between them."""
    internet: InternetSpec
    """What lies beyond."""
    cluster: ClusterSpec | None = None
    """What runs on the machines; None for a lab without a cluster."""
    variants: Mapping[str, Variant] = field(default_factory=lambda: {"default": Variant()})
    """States that lessons may start from, by name."""

    def find_machine(self, name: str) -> MachineSpec | None:
        """The machine of this name, or None."""
        return next((machine for machine in self.machines if machine.name == name), None)

    def vary(self, name: str) -> Topology:
        """The lab as the variant called `name` has it; a name that is no variant changes nothing."""
        variant = self.variants.get(name, Variant())
        tables = tuple(
            replace(table, routes=()) if table.name in variant.empty_route_tables else table
            for table in self.cloud.route_tables
        )
        cluster = self.cluster
        if cluster is not None:
            nodes = tuple(
                replace(node, pods=(), has_kubenet=False) if node.machine in variant.without_kubenet else node
                for node in cluster.nodes
            )
            cluster = replace(cluster, nodes=nodes)
        return replace(self, cloud=replace(self.cloud, route_tables=tables), cluster=cluster)
