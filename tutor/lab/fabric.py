"""The cloud network between the machines: a router that answers for everybody and lets little through.

It answers every ARP request itself, gives each card the one address it owns, sends packets where the route table of
their subnet says, and drops what the cloud would drop, each reason with a counter of its own. Texts for `ip` and `nft`,
as pure functions of the cloud's resources. Does not know how they are run.

Source: what Azure documents of virtual networks (anti-spoofing, IP forwarding of a NIC, user-defined routes, default
outbound access); ip-route(8) on `throw`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import collapse_addresses

from tutor.lab.cloud import APPLIANCE, INTERNET, LOCAL, NONE, Cloud, Route, RouteTable
from tutor.lab.topology import Topology

INTERNET_LINK = "inet0"
"""The fabric's link to the internet."""

DEAD_LINK, NONE_LINK = "dead-end", "no-hop"
"""Where packets go whose route leads to no card, or to nothing at all: into a cable of the fabric's own, never out."""

SPOOFED = "spoofed-source"
NOT_THIS_NIC = "not-this-nic"
NO_OWNER = "no-owner"
DEAD_NEXT_HOP = "dead-next-hop"
NEXT_HOP_NONE = "next-hop-none"
UNTRANSLATED = "untranslated"
DROPS: Mapping[str, str] = {
    SPOOFED: "the source address is not the card's own, and IP forwarding is off for the card",
    NOT_THIS_NIC: "the destination is not the card's own address, and IP forwarding is off for the card",
    NO_OWNER: "no card owns this address of the virtual network, and no route leads to it",
    DEAD_NEXT_HOP: "the route names a next hop that is the address of no card",
    NEXT_HOP_NONE: "the route says that there is no next hop",
    UNTRANSLATED: "the source has no public address, so nobody outside could answer",
}
"""Why the cloud drops a packet: the name of the counter, and the reason in words."""

_ARP_LIMIT = "200/second burst 200 packets"
_COUNTER = re.compile(r"counter ([a-z-]+) \{\s*packets (\d+)")
_FIRST_TABLE = 1000
_PRIORITY = 1000


def sysctls(cloud: Cloud) -> dict[str, str]:
    """What the fabric's kernel needs to route and to answer ARP for others."""
    values = {
        "net/ipv4/ip_forward": "1",
        "net/ipv4/conf/*/send_redirects": "0",
        "net/ipv4/conf/*/rp_filter": "0",
        "net/ipv6/conf/*/disable_ipv6": "1",
    }
    for card in cloud.cards:
        values[f"net/ipv4/conf/{card.port}/proxy_arp"] = "1"
        values[f"net/ipv4/neigh/{card.port}/proxy_delay"] = "0"
    return values


def ip_batch(topology: Topology, cloud: Cloud) -> str:
    """Addresses and routes of the fabric, for `ip -batch`."""
    internet = topology.internet.address
    lines = [
        f"link set {INTERNET_LINK} up",
        f"link add {DEAD_LINK} type veth peer name {NONE_LINK}",
        f"link set {DEAD_LINK} up",
        f"link set {NONE_LINK} up",
    ]
    public = [card.public for card in cloud.cards if card.public is not None]
    lines += [f"addr add {address}/{internet.network.prefixlen} dev {INTERNET_LINK}" for address in public]
    if not public:
        lines.append(f"addr add {internet.network[-2]}/{internet.network.prefixlen} dev {INTERNET_LINK}")
    lines.append(f"route add default via {internet.ip} dev {INTERNET_LINK}")
    lines += [f"route add {prefix} dev {NONE_LINK}" for prefix, kind in cloud.system_routes() if kind == NONE]
    mtus = {(machine.name, nic.link): nic.mtu for machine in topology.machines for nic in machine.nics}
    for card in cloud.cards:
        mtu = mtus[card.machine, card.link]
        lines.append(f"link set {card.port} address {topology.cloud.mac} mtu {mtu} up")
        lines.append(f"route add {card.address}/32 dev {card.port} scope link")
    return "\n".join(lines) + "\n" + route_batch(topology, cloud, fresh=True)


def route_batch(topology: Topology, cloud: Cloud, *, fresh: bool = False) -> str:
    """The route tables for the fabric's kernel, for `ip -force -batch`: one of the kernel's for each of a subnet's.

    In it stand the user's routes, and a `throw` for each of the system's: what is nearer to one of those goes on to the
    main table, where they are.

    Args:
        topology: the lab.
        cloud: its resources now.
        fresh: nothing has been told to the kernel before.
    """
    lines = []
    for number, subnet in enumerate(cloud.subnets):
        kernel_table = _FIRST_TABLE + number
        if fresh:
            lines += [
                f"rule add iif {card.port} lookup {kernel_table} priority {_PRIORITY}"
                for card in cloud.cards
                if card.subnet == subnet.name
            ]
        else:
            lines.append(f"route flush table {kernel_table}")
        table = cloud.find_table(subnet.route_table) if subnet.route_table else None
        lines += _routes(topology, cloud, table, kernel_table) if table is not None else []
    return "".join(f"{line}\n" for line in lines)


def _routes(topology: Topology, cloud: Cloud, table: RouteTable, kernel_table: int) -> Iterable[str]:
    taken = {route.prefix for route in table.routes}
    system = [prefix for prefix, _ in cloud.system_routes() if prefix not in taken]
    yield from (f"route add throw {prefix} table {kernel_table}" for prefix in system)
    for route in table.routes:
        yield f"route add {_way(topology, cloud, route)} table {kernel_table}"


def _way(topology: Topology, cloud: Cloud, route: Route) -> str:
    if route.next_hop_type == LOCAL:
        return f"throw {route.prefix}"
    if route.next_hop_type == INTERNET:
        return f"{route.prefix} via {topology.internet.address.ip} dev {INTERNET_LINK}"
    if route.next_hop_type == APPLIANCE and route.next_hop is not None:
        card = cloud.card_of(route.next_hop)
        if card is not None:
            return f"{route.prefix} via {card.address} dev {card.port} onlink"
        return f"{route.prefix} dev {DEAD_LINK}"
    return f"{route.prefix} dev {NONE_LINK}"


def forwarding_rules(cloud: Cloud) -> str:
    """Which cards let foreign addresses pass, for `nft -f`, once the rules stand."""
    forwarding = _elements(_forwarding(cloud))
    add = f"add element ip cloud forwarding {forwarding.removeprefix('elements = ')}\n" if forwarding else ""
    return f"flush set ip cloud forwarding\n{add}"


def _forwarding(cloud: Cloud) -> list[str]:
    return [f'"{card.port}"' for card in cloud.cards if card.ip_forwarding]


def nft_ruleset(cloud: Cloud) -> str:
    """The cloud's rules, for `nft -f`."""
    owned = _elements([f'"{card.port}" . {card.address}' for card in cloud.cards])
    network = _elements([str(network) for network in collapse_addresses(cloud.networks)])
    translated = "".join(
        f'    oifname "{INTERNET_LINK}" ip saddr {card.address} snat to {card.public}\n'
        for card in cloud.cards
        if card.public is not None
    )
    with_public = _elements([str(card.address) for card in cloud.cards if card.public is not None])
    forwarding = _elements(_forwarding(cloud))
    counters = "".join(f"  counter {reason} {{ }}\n" for reason in DROPS)
    return f"""\
table ip cloud {{
{counters}
  set card {{ type ifname . ipv4_addr; {owned} }}
  set forwarding {{ type ifname; {forwarding} }}
  set public {{ type ipv4_addr; {with_public} }}
  set network {{ type ipv4_addr; flags interval; {network} }}

  chain forward {{
    type filter hook forward priority 0; policy drop;
    iifname "nic-*" jump from_card
    oifname "nic-*" jump to_card
    oifname "{DEAD_LINK}" counter name {DEAD_NEXT_HOP} drop
    oifname "{NONE_LINK}" counter name {NEXT_HOP_NONE} drop
    oifname "{INTERNET_LINK}" ip daddr @network counter name {NO_OWNER} drop
    ct state established,related accept
    oifname "{INTERNET_LINK}" ip saddr != @public counter name {UNTRANSLATED} drop
    iifname "nic-*" accept
  }}
  chain from_card {{
    iifname . ip saddr @card return
    iifname @forwarding return
    counter name {SPOOFED} drop
  }}
  chain to_card {{
    oifname . ip daddr @card return
    oifname @forwarding return
    counter name {NOT_THIS_NIC} drop
  }}
  chain input {{
    type filter hook input priority 0; policy drop;
    icmp type {{ destination-unreachable, time-exceeded }} accept
  }}
  chain translate {{
    type nat hook postrouting priority 100;
{translated}  }}
}}
table arp cloud {{
  chain input {{
    type filter hook input priority 0; policy accept;
    iifname "nic-*" arp operation request limit rate over {_ARP_LIMIT} drop
  }}
}}
"""


def _elements(members: list[str]) -> str:
    return f"elements = {{ {', '.join(members)} }}" if members else ""


def parse_drops(counters: str) -> dict[str, int]:
    """How many packets the cloud has dropped, by reason, from `nft list counters`."""
    return {name: int(packets) for name, packets in _COUNTER.findall(counters) if name in DROPS}
