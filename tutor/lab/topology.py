"""What a lab consists of, as its TOML file says it: machines, their links to the cloud network, the internet.

Pure: text to value. Does not know how any of it is built.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import combinations
from pathlib import Path
from typing import Any

from tutor.errors import TopologyError

_LINK = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")
_MACHINE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAC = re.compile(r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}")
_DNS_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_SYSCTL = re.compile(r"net(/[A-Za-z0-9_.*-]*[A-Za-z0-9_*-])+")
_LEAST_MTU, _MOST_MTU = 68, 65535


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
class CloudSpec:
    """The cloud network that the cards are plugged into."""

    networks: tuple[IPv4Network, ...]
    """The virtual network's own ranges: what lies in them never leaves for the internet."""
    mac: str = "12:34:56:78:9a:bc"
    """The link-layer address with which the cloud answers every ARP request."""


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
    variants: tuple[str, ...] = ("default",)
    """Named states that lessons may start from."""

    def find_machine(self, name: str) -> MachineSpec | None:
        """The machine of this name, or None."""
        return next((machine for machine in self.machines if machine.name == name), None)


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
        self._keys("the lab", table, ("home", "machine", "cloud", "internet", "variants"))
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
        variants = tuple(self._texts(table, "variants")) if "variants" in table else ("default",)
        return Topology(id_, str(home), machines, cloud, internet, variants)

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
        self._keys("the cloud", table, ("networks", "mac"))
        self._required("the cloud", table, "networks")
        values = tuple(self._value(IPv4Network, "networks", network) for network in self._texts(table, "networks"))
        return CloudSpec(values, self._mac(table.get("mac", CloudSpec(()).mac)))

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
