"""What many walks through one state ask again and again, found out once. Does not know who walks."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from tutor.check import Netns, NetworkState

from ._routing import owns
from ._wire import End, Wire, wire_from


@dataclass(slots=True)
class Known:
    """Answers about one state, as far as they have been asked for."""

    state: NetworkState
    """The network; it must not be another one later."""
    _wires: dict[tuple[tuple[int, int], bool], Wire] = field(default_factory=dict)
    _owners: dict[IPv4Address, tuple[Netns, ...]] = field(default_factory=dict)

    def wire(self, start: End, *, broken_too: bool = False) -> Wire:
        """The wire that `start` is on, as `wire_from` finds it."""
        key = start.key, broken_too
        if key not in self._wires:
            self._wires[key] = wire_from(self.state, start, broken_too=broken_too)
        return self._wires[key]

    def owners(self, address: IPv4Address) -> tuple[Netns, ...]:
        """The namespaces of all machines that have an address."""
        if address not in self._owners:
            self._owners[address] = tuple(netns for netns in self.state.namespaces if owns(netns, address))
        return self._owners[address]

    def owner(self, address: IPv4Address, machine: str, *, but: Netns | None = None) -> Netns | None:
        """The first namespace of a machine (`*` for any) that has an address, `but` aside; or None."""
        fitting = (netns for netns in self.owners(address) if machine in (netns.machine, "*"))
        return next((netns for netns in fitting if netns is not but), None)
