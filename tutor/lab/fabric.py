"""The cloud network between the machines: a router that answers for everybody and lets little through.

It answers every ARP request itself, gives each card the one address it owns, and drops what the cloud would drop,
each reason
with a counter of its own. Texts for `ip` and `nft`, as pure functions of the topology. Does not know how they are run.

Source: what Azure documents of virtual networks (anti-spoofing, IP forwarding of a NIC, default outbound access).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import collapse_addresses

from tutor.lab.topology import MachineSpec, Nic, Topology

INTERNET_LINK = "inet0"
"""The fabric's link to the internet."""

SPOOFED = "spoofed-source"
NOT_THIS_NIC = "not-this-nic"
NO_OWNER = "no-owner"
UNTRANSLATED = "untranslated"
DROPS: Mapping[str, str] = {
    SPOOFED: "the source address is not the card's own, and IP forwarding is off for the card",
    NOT_THIS_NIC: "the destination is not the card's own address, and IP forwarding is off for the card",
    NO_OWNER: "no card owns this address of the virtual network, and no route leads to it",
    UNTRANSLATED: "the source has no public address, so nobody outside could answer",
}
"""Why the cloud drops a packet: the name of the counter, and the reason in words."""

_ARP_LIMIT = "200/second burst 200 packets"
_COUNTER = re.compile(r"counter ([a-z-]+) \{\s*packets (\d+)")


def port_name(topology: Topology, machine: MachineSpec, nic: Nic) -> str:
    """The fabric's end of a card's cable: numbers, since machines' names may be long and begin alike."""
    return f"nic-{topology.machines.index(machine)}.{machine.nics.index(nic)}"


def ports(topology: Topology) -> list[tuple[str, Nic]]:
    """Every card of the lab with the name of the fabric's end of its cable."""
    return [(port_name(topology, machine, nic), nic) for machine in topology.machines for nic in machine.nics]


def sysctls(topology: Topology) -> dict[str, str]:
    """What the fabric's kernel needs to route and to answer ARP for others."""
    values = {
        "net/ipv4/ip_forward": "1",
        "net/ipv4/conf/*/send_redirects": "0",
        "net/ipv4/conf/*/rp_filter": "0",
        "net/ipv6/conf/*/disable_ipv6": "1",
    }
    for port, _ in ports(topology):
        values[f"net/ipv4/conf/{port}/proxy_arp"] = "1"
        values[f"net/ipv4/neigh/{port}/proxy_delay"] = "0"
    return values


def ip_batch(topology: Topology) -> str:
    """Addresses and routes of the fabric, for `ip -batch`."""
    internet = topology.internet.address
    lines = [f"link set {INTERNET_LINK} up"]
    public = [nic.public for _, nic in ports(topology) if nic.public is not None]
    lines += [f"addr add {address}/{internet.network.prefixlen} dev {INTERNET_LINK}" for address in public]
    if not public:
        lines.append(f"addr add {internet.network[-2]}/{internet.network.prefixlen} dev {INTERNET_LINK}")
    lines.append(f"route add default via {internet.ip} dev {INTERNET_LINK}")
    for port, nic in ports(topology):
        lines.append(f"link set {port} address {topology.cloud.mac} mtu {nic.mtu} up")
        lines.append(f"route add {nic.address.ip}/32 dev {port} scope link")
    return "\n".join(lines) + "\n"


def nft_ruleset(topology: Topology) -> str:
    """The cloud's rules, for `nft -f`."""
    cards = ports(topology)
    owned = _elements([f'"{port}" . {nic.address.ip}' for port, nic in cards])
    network = _elements([str(network) for network in collapse_addresses(topology.cloud.networks)])
    translated = "".join(
        f'    oifname "{INTERNET_LINK}" ip saddr {nic.address.ip} snat to {nic.public}\n'
        for _, nic in cards
        if nic.public is not None
    )
    with_public = _elements([str(nic.address.ip) for _, nic in cards if nic.public is not None])
    forwarding = _elements([f'"{port}"' for port, nic in cards if nic.ip_forwarding])
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
