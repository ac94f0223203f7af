"""The reader: which namespaces are watched, what changed in them, and the state of them all.

Does not know how anything is decoded, nor how a namespace is entered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import is_
from typing import Self

from tutor.check import ROOT, Cloud, Netns, NetworkState
from tutor.errors import LabError, LabGone
from tutor.kernel.change import Change, Part
from tutor.kernel.cloud import read_cloud
from tutor.kernel.source import NamespaceSource, Sighted, Sighting
from tutor.kernel.watched import Watched

_SCANS = 3


class Reader:
    """Reads the network of a lab, again only where an event (or a scan) says that it changed.

    The usual round: poll `filenos()`, `drain()`, and where that tells of something, `read()`. `rescan()` when
    namespaces may have come or gone, and now and then for what has no event.

    Args:
        source: the lab.
    """

    def __init__(self, source: NamespaceSource) -> None:
        self._source = source
        self._scanned = False
        self._sightings: dict[int, Sighting] = {}
        self._watched: dict[int, Watched] = {}
        self._pending = Change()
        self._cloud = Cloud()
        self._state = NetworkState(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def filenos(self) -> tuple[int, ...]:
        """Descriptors to poll; others after each `rescan()`."""
        return tuple(descriptor for watched in self._watched.values() for descriptor in watched.filenos())

    def drain(self) -> Change:
        """Read the events that wait, without waiting for any, and say what they and the last `read()` found changed.

        Raises:
            KernelReadError: a socket failed.
        """
        self._drain()
        change, self._pending = self._pending, Change()
        return change

    def _drain(self) -> None:
        link_moved = False
        for watched in self._watched.values():
            events = watched.drain()
            self._pending |= events.change
            link_moved = link_moved or events.link_moved
        if link_moved:
            for watched in self._watched.values():
                watched.dirty.add(Part.LINKS)

    def rescan(self) -> Change:
        """Ask again which namespaces there are, let go at once of those that are gone, and read what has no event.

        Returns:
            Whether that changed anything; the events that wait are not part of it.

        Raises:
            LabError: a namespace is there, but can't be entered; `LabGone` when the whole lab is gone.
            KernelReadError: its sockets can't be used.
        """
        before = self._sightings
        changed = False
        for scans_left in reversed(range(_SCANS)):
            self._sightings = _in_order(self._source.scan())
            for inode in self._watched.keys() - self._sightings.keys():
                self._watched.pop(inode).close()
            silent_changed, refused = self._visit_all()
            changed = changed or silent_changed
            if refused is None:
                break
            if not scans_left:
                raise refused
        if self._sightings.keys() != before.keys():
            for watched in self._watched.values():
                watched.ask_nsids_again()
        self._scanned = True
        before_cloud = self._cloud
        dropped = self._read_cloud()
        cloud_changed = replace(self._cloud, drops={}) != replace(before_cloud, drops={})
        return Change(changed or cloud_changed or self._sightings != before, dropped)

    def _visit_all(self) -> tuple[bool, LabError | None]:
        """Open what is new, and read what has no event: whether that changed, and why one could not be entered."""
        changed = False
        refused = None
        for inode in self._sightings:
            try:
                if inode not in self._watched:
                    self._watched[inode] = Watched(inode, self._source)
                changed = self._watched[inode].read_silent() or changed
            except LabGone:
                raise
            except LabError as error:  # most likely it went between the scan and now: only another scan can tell
                refused = error
        return changed, refused

    def _read_cloud(self) -> bool:
        """Read the cloud's resources, and what it has dropped: whether that is more than before."""
        cloud = read_cloud(self._source.cloud(), self._source.drops())
        dropped = cloud.drops != self._cloud.drops
        if cloud != self._cloud:
            self._cloud = cloud
        return dropped

    def read(self, *, flows: bool = False) -> NetworkState:
        """The state of all namespaces now, as far as events and the last `rescan()` tell; the first call scans.

        Parts that did not change are the very same objects as before, and so is the whole state when nothing did.

        Args:
            flows: read what packets change without an event, too: tracked connections (left empty otherwise),
                counters of rules, and what the cloud dropped.

        Raises:
            KernelReadError: the kernel refused, or said what can't be decoded.
            LabGone: the lab ended.
        """
        if not self._scanned:
            self.rescan()
        self._drain()
        if flows:
            self._read_cloud()
        for watched in self._watched.values():
            watched.refresh(flows=flows)
        namespaces = tuple(self._put_together(inode, sighting) for inode, sighting in self._sightings.items())
        if not _same(namespaces, self._state, self._source.home, self._cloud):
            self._state = NetworkState(namespaces, self._source.home, self._cloud)
        return self._state

    def _put_together(self, inode: int, sighting: Sighting) -> Netns:
        is_home = sighting.machine == self._source.home
        return self._watched[inode].put_together(sighting, self._sightings, is_home=is_home)

    def mark_all_dirty(self) -> None:
        """Have everything read again by the next `read()`, whatever events told."""
        for watched in self._watched.values():
            watched.dirty.update(Part)

    def close(self) -> None:
        """Close all sockets; namespaces that nobody else holds end with them."""
        for watched in self._watched.values():
            watched.close()
        self._watched.clear()
        self._sightings.clear()
        self._scanned = False


def _same(namespaces: tuple[Netns, ...], state: NetworkState, home: str, cloud: Cloud) -> bool:
    unchanged = len(namespaces) == len(state.namespaces) and all(map(is_, namespaces, state.namespaces))
    return unchanged and home == state.home and cloud is state.cloud


def _in_order(found: Sequence[Sighted]) -> dict[int, Sighting]:
    """Sightings by inode: machines in the order of the scan, of each its root first, then the named, then others."""
    machines = {name: place for place, name in enumerate(dict.fromkeys(sighted.machine for sighted in found))}
    sightings = [
        Sighting(one.machine, one.inode, tuple(one.names), tuple(one.paths), tuple(one.pids), tuple(one.folders))
        for one in found
    ]
    sightings.sort(
        key=lambda one: (machines[one.machine], ROOT not in one.names, not one.names, one.names, one.paths, one.inode)
    )
    return {sighting.inode: sighting for sighting in sightings}
