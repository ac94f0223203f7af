"""What the cluster looked like before: versions of its objects, and what changed from one to the next.

Does not know who looks, nor why.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tutor.lab.kubernetes.objects import key_of, objects_of
from tutor.lab.kubernetes.resources import Document
from tutor.lab.kubernetes.view import ClusterView

_REMEMBERED = 16  # a watch begins a moment after its list; nobody needs more


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All objects at one moment."""

    version: int
    """Greater than that of every moment before."""
    view: ClusterView
    """What they were made from."""
    objects: dict[str, list[Document]]
    """By plural name of their kind, sorted; each carries the version in which it last changed."""

    def members(self, resource: str) -> list[Document]:
        """The objects of a kind."""
        return self.objects.get(resource, [])


class History:
    """The last few snapshots."""

    def __init__(self) -> None:
        self._snapshots: deque[Snapshot] = deque(maxlen=_REMEMBERED)

    def see(self, view: ClusterView) -> Snapshot:
        """The snapshot of `view`: a new one if anything is different, else the last."""
        last = self._snapshots[-1] if self._snapshots else None
        if last is not None and last.view == view:
            return last
        version = last.version + 1 if last else 1
        objects = {
            resource: _keep_versions(last.members(resource) if last else [], members, version)
            for resource, members in objects_of(view).items()
        }
        snapshot = Snapshot(version, view, objects)
        self._snapshots.append(snapshot)
        return snapshot

    def find(self, version: int) -> Snapshot | None:
        """The snapshot of this version; None when it is forgotten or never was."""
        return next((snapshot for snapshot in self._snapshots if snapshot.version == version), None)


def changes(
    before: Snapshot | None, after: Snapshot, resource: str, is_meant: Callable[[Document], bool]
) -> Iterator[tuple[str, Document]]:
    """What happened to the objects that are meant: pairs of `ADDED`, `MODIFIED` or `DELETED`, and the object.

    An object that begins or ceases to be meant was added or deleted, as far as whoever watches can tell.
    """
    old = {key_of(thing): thing for thing in (before.members(resource) if before else []) if is_meant(thing)}
    new = {key_of(thing): thing for thing in after.members(resource) if is_meant(thing)}
    for key in sorted(old.keys() - new.keys()):
        yield "DELETED", old[key]
    for key, thing in new.items():
        if key not in old:
            yield "ADDED", thing
        elif old[key] != thing:
            yield "MODIFIED", thing


def _keep_versions(old: list[Document], new: list[Document], version: int) -> list[Document]:
    """The new objects, those that are what they were with the version that they had."""
    known = {key_of(thing): thing for thing in old}
    kept = []
    for thing in new:
        before = known.get(key_of(thing))
        if before is not None and _with_version(thing, before["metadata"]["resourceVersion"]) == before:
            kept.append(before)
        else:
            kept.append(_with_version(thing, str(version)))
    return kept


def _with_version(thing: Document, version: str) -> Document:
    return {**thing, "metadata": {**thing["metadata"], "resourceVersion": version}}
