"""Which steps are done and where the learner left off.

What is kept only ever grows (steps done, lessons begun anew, each with its time), so the records of two tutors can be
merged in any order. Does not know which lessons there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from tutor.errors import StoreError
from tutor.store.document import Document, Read
from tutor.store.paths import state_dir

K = TypeVar("K")

_VERSION = 1
_ALL = "*"


@dataclass(frozen=True, slots=True, order=True)
class LeftOff:
    """Where the learner was."""

    when: int
    """Microseconds since 1970."""
    lesson: str
    """Id of the lesson."""
    step: str = ""
    """Id of the step; empty for the lesson's beginning."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One learner's progress in one pack."""

    done: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """When each step, by lesson and step, was done last: microseconds since 1970."""
    resets: Mapping[str, int] = field(default_factory=dict)
    """When each lesson (`*`: all of them) was begun anew; what was done before does not count."""
    at: LeftOff | None = None
    """Where the learner was last."""

    def is_done(self, lesson: str, step: str) -> bool:
        """Whether the step is done."""
        return (lesson, step) in self.done

    def steps_done(self, lesson: str) -> frozenset[str]:
        """The steps of `lesson` that are done."""
        return frozenset(step for of, step in self.done if of == lesson)

    def with_done(self, lesson: str, step: str, now: int) -> Progress:
        """The same with one more step done at `now`."""
        # A clock that was set back must not make the step vanish behind a reset.
        when = max(now, self._reset_of(lesson) + 1, self.done.get((lesson, step), 0))
        return replace(self, done={**self.done, (lesson, step): when})

    def with_place(self, lesson: str, step: str, now: int) -> Progress:
        """The same with the learner at another place since `now`."""
        earliest = max(self._reset_of(lesson), self.at.when if self.at else 0) + 1
        return replace(self, at=LeftOff(max(now, earliest), lesson, step))

    def with_reset(self, lesson: str, now: int) -> Progress:
        """The same with `lesson`, or everything where it is empty, begun anew at `now`."""
        times = [when for (of, _), when in self.done.items() if lesson in ("", of)]
        if self.at is not None and lesson in ("", self.at.lesson):
            times.append(self.at.when)
        when = max(now, self.resets.get(lesson or _ALL, 0), *times)
        return replace(self, resets={**self.resets, lesson or _ALL: when})._settled()

    def merged(self, other: Progress) -> Progress:
        """What both know together: the same whichever is asked, and however often."""
        places = [place for place in (self.at, other.at) if place is not None]
        return Progress(
            done=_latest(self.done, other.done),
            resets=_latest(self.resets, other.resets),
            at=max(places, default=None),
        )._settled()

    def _reset_of(self, lesson: str) -> int:
        return max(self.resets.get(_ALL, -1), self.resets.get(lesson, -1))

    def _settled(self) -> Progress:
        """Without what a reset has made void."""
        at = self.at
        if at is not None and at.when <= self.resets.get(_ALL, -1):
            at = None
        elif at is not None and at.when <= self.resets.get(at.lesson, -1):
            at = replace(at, step="")
        done = {key: when for key, when in self.done.items() if when > self._reset_of(key[0])}
        return Progress(done, self.resets, at)


class ProgressStore:
    """The progress of this user in one pack, on disk."""

    def __init__(self, pack: str, path: Path | None = None) -> None:
        """Touch nothing yet.

        Args:
            pack: id of the pack.
            path: the file; None for `progress.json` in the state folder.
        """
        self._pack = pack
        path = path or state_dir() / "progress.json"
        self._document: Document[Mapping[str, Progress]] = Document(path, {}, _decode, _encode)

    @property
    def path(self) -> Path:
        """The file."""
        return self._document.path

    def read(self) -> Read[Progress]:
        """The progress as it is on disk.

        Raises:
            StoreError: it can't be read. (A damaged file is set aside, which the message says.)
        """
        found = self._document.read()
        return Read(found.value.get(self._pack, Progress()), found.message)

    def mark_done(self, lesson: str, step: str) -> Read[Progress]:
        """Note a step as done; returns what is then known, also of other tutors.

        Raises:
            StoreError: it can't be written; the file is as it was.
        """
        return self._update(lambda progress: progress.with_done(lesson, step, _now()))

    def leave_at(self, lesson: str, step: str) -> Read[Progress]:
        """Note where the learner is.

        Raises:
            StoreError: it can't be written; the file is as it was.
        """
        return self._update(lambda progress: progress.with_place(lesson, step, _now()))

    def reset(self, lesson: str = "") -> Read[Progress]:
        """Forget what was done in `lesson`, or in all of the pack.

        Raises:
            StoreError: it can't be written; the file is as it was.
        """
        return self._update(lambda progress: progress.with_reset(lesson, _now()))

    def merge(self, progress: Progress) -> Read[Progress]:
        """Add what `progress` knows (kept in memory while the disk was full, say).

        Raises:
            StoreError: it can't be written; the file is as it was.
        """
        return self._update(progress.merged)

    def _update(self, change: Callable[[Progress], Progress]) -> Read[Progress]:
        found = self._document.update(
            lambda packs: {**packs, self._pack: change(packs.get(self._pack, Progress()))},
        )
        return Read(found.value[self._pack], found.message)


def _now() -> int:
    return time.time_ns() // 1000


def _latest(one: Mapping[K, int], other: Mapping[K, int]) -> dict[K, int]:
    return {key: max(one.get(key, -1), other.get(key, -1)) for key in one.keys() | other.keys()}


def _encode(packs: Mapping[str, Progress]) -> Any:
    return {"version": _VERSION, "packs": {pack: _encode_one(progress) for pack, progress in packs.items()}}


def _encode_one(progress: Progress) -> Any:
    done: dict[str, dict[str, int]] = {}
    for (lesson, step), when in progress.done.items():
        done.setdefault(lesson, {})[step] = when
    at = progress.at
    place = {"lesson": at.lesson, "step": at.step, "when": at.when} if at else None
    return {"done": done, "resets": dict(progress.resets), "at": place}


def _decode(data: Any) -> Mapping[str, Progress]:
    version = _expect(_expect(data, dict).get("version"), int)
    if version > _VERSION:
        hint = "use that tutor, or set XDG_STATE_HOME to keep this one's progress elsewhere"
        raise StoreError("the progress was written by a newer tutor", hint=hint)
    return {pack: _decode_one(_expect(entry, dict)) for pack, entry in _expect(data.get("packs"), dict).items()}


def _decode_one(entry: Mapping[str, Any]) -> Progress:
    done = {
        (lesson, step): _expect(when, int)
        for lesson, steps in _expect(entry.get("done"), dict).items()
        for step, when in _expect(steps, dict).items()
    }
    resets = {lesson: _expect(when, int) for lesson, when in _expect(entry.get("resets"), dict).items()}
    at = entry.get("at")
    if at is not None:
        at = _expect(at, dict)
        place = LeftOff(_expect(at.get("when"), int), _expect(at.get("lesson"), str), _expect(at.get("step"), str))
        return Progress(done, resets, place)
    return Progress(done, resets)


def _expect(value: Any, type_: type) -> Any:
    if type(value) is not type_:
        raise ValueError(f"{value!r} is not {type_.__name__}")
    return value
