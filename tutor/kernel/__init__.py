"""The kernel read: netlink, nftables, sysctls and events of every namespace of a lab, as a `tutor.check.NetworkState`.

Data flow::

    NamespaceSource.scan ── which namespaces there are ──> Reader.rescan ──> one Watched each, four sockets
    multicast message ──> events: which Part of which namespace is dirty ──> Reader.drain -> Change
    Reader.read ──> dumps of the dirty parts only ──> links, routes, nftables ... (bytes -> frozen values)
                ──> Netns ──> NetworkState (the very same objects where nothing changed)

Does not know who builds the lab, nor what the state is judged by. Not for use by several threads at once.
"""

from __future__ import annotations

from tutor.kernel.change import Change
from tutor.kernel.reader import Reader
from tutor.kernel.source import NamespaceSource, Sighted, Sighting

__all__ = ["Change", "NamespaceSource", "Reader", "Sighted", "Sighting"]
