"""What is done, and where the learner left off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.errors import StoreError
from tutor.store import progress as module
from tutor.store.progress import LeftOff, Progress, ProgressStore

_LESSONS = st.sampled_from(("bridge", "veth-pair"))
_STEPS = st.sampled_from(("a", "b", "c"))
_TIMES = st.integers(0, 9)
_ACTS = st.one_of(
    st.tuples(st.just("with_done"), _LESSONS, _STEPS, _TIMES),
    st.tuples(st.just("with_place"), _LESSONS, _STEPS, _TIMES),
    st.tuples(st.just("with_reset"), _LESSONS | st.just(""), _TIMES),
)


def _after(acts: list[tuple[Any, ...]], progress: Progress | None = None) -> Progress:
    made = progress or Progress()
    for name, *arguments in acts:
        made = getattr(made, name)(*arguments)
    return made


_PROGRESSES = st.lists(_ACTS, max_size=6).map(_after)


@given(_PROGRESSES, _PROGRESSES)
def test_it_does_not_matter_who_is_merged_into_whom(one: Progress, other: Progress) -> None:
    assert one.merged(other) == other.merged(one)


@given(_PROGRESSES, _PROGRESSES, _PROGRESSES)
def test_it_does_not_matter_in_which_order_three_are_merged(one: Progress, other: Progress, third: Progress) -> None:
    assert one.merged(other).merged(third) == one.merged(other.merged(third))


@given(_PROGRESSES, _PROGRESSES)
def test_merging_again_changes_nothing(one: Progress, other: Progress) -> None:
    assert one.merged(one) == one
    assert one.merged(Progress()) == one
    assert one.merged(other).merged(other) == one.merged(other)


@given(_PROGRESSES, _LESSONS, _STEPS, _TIMES)
def test_a_step_that_is_done_is_done_whatever_the_clock_says(
    before: Progress, lesson: str, step: str, now: int
) -> None:
    after = before.with_done(lesson, step, now)
    assert after.is_done(lesson, step)
    assert after.steps_done(lesson) == before.steps_done(lesson) | {step}
    assert after.merged(before) == after


@given(_PROGRESSES, _LESSONS, _STEPS, _TIMES)
def test_the_learner_is_where_they_went_last_whatever_the_clock_says(
    before: Progress, lesson: str, step: str, now: int
) -> None:
    after = before.with_place(lesson, step, now)
    assert after.at is not None
    assert (after.at.lesson, after.at.step) == (lesson, step)
    assert after.merged(before) == after


@given(_PROGRESSES, _LESSONS, _TIMES)
def test_a_reset_lesson_is_begun_anew_and_no_other(before: Progress, lesson: str, now: int) -> None:
    after = before.with_reset(lesson, now)
    other = "bridge" if lesson == "veth-pair" else "veth-pair"
    assert after.steps_done(lesson) == frozenset()
    assert after.steps_done(other) == before.steps_done(other)
    assert after.at is None or after.at.lesson == other or after.at.step == ""
    assert after.merged(before) == after


@given(_PROGRESSES, _TIMES)
def test_everything_can_be_begun_anew(before: Progress, now: int) -> None:
    after = before.with_reset("", now)
    assert (after.done, after.at) == ({}, None)
    assert after.merged(before) == after


@given(_PROGRESSES, _PROGRESSES)
def test_nothing_is_done_that_nobody_did(one: Progress, other: Progress) -> None:
    merged = one.merged(other)
    assert merged.done.keys() <= one.done.keys() | other.done.keys()


@given(_PROGRESSES)
def test_what_is_written_is_read_again(progress: Progress) -> None:
    packs = {"pack": progress, "other": Progress()}
    assert module._decode(json.loads(json.dumps(module._encode(packs)))) == packs


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "progress.json"


@pytest.fixture
def store(path: Path) -> ProgressStore:
    return ProgressStore("kubenet", path)


def test_a_new_learner_has_done_nothing(store: ProgressStore) -> None:
    assert store.read().value == Progress()
    assert not store.read().value.is_done("bridge", "plug")


def test_done_steps_and_the_place_are_there_next_time(store: ProgressStore, path: Path) -> None:
    store.mark_done("bridge", "make")
    store.mark_done("bridge", "plug")
    store.leave_at("bridge", "address")
    progress = ProgressStore("kubenet", path).read().value
    assert progress.steps_done("bridge") == {"make", "plug"}
    assert progress.at is not None
    assert (progress.at.lesson, progress.at.step) == ("bridge", "address")
    assert progress.at.when > 1_500_000_000_000_000


def test_packs_do_not_mix(store: ProgressStore, path: Path) -> None:
    other = ProgressStore("another", path)
    store.mark_done("bridge", "plug")
    other.mark_done("bridge", "make")
    assert store.read().value.steps_done("bridge") == {"plug"}
    assert other.read().value.steps_done("bridge") == {"make"}
    other.reset()
    assert other.read().value.done == {}
    assert store.read().value.steps_done("bridge") == {"plug"}


def test_a_reset_is_not_undone_by_a_tutor_that_did_not_see_it(store: ProgressStore, path: Path) -> None:
    store.mark_done("bridge", "plug")
    store.mark_done("veth-pair", "pair")
    seen = store.read().value
    store.reset("bridge")
    assert store.merge(seen).value.steps_done("bridge") == frozenset()
    assert store.mark_done("bridge", "make").value.steps_done("bridge") == {"make"}
    assert store.read().value.steps_done("veth-pair") == {"pair"}


def test_what_was_kept_in_memory_can_be_added_later(store: ProgressStore) -> None:
    store.mark_done("bridge", "plug")
    kept = Progress().with_done("bridge", "make", 5)
    assert store.merge(kept).value.steps_done("bridge") == {"plug", "make"}


def test_a_damaged_file_is_no_crash_and_not_lost(store: ProgressStore, path: Path) -> None:
    path.write_text("{")
    found = store.read()
    assert found.value == Progress()
    assert "progress.json.damaged-" in found.message
    path.write_text("{")
    changed = store.mark_done("bridge", "plug")
    assert changed.value.is_done("bridge", "plug")
    assert "progress.json.damaged-" in changed.message


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"version": "1", "packs": {}},
        {"version": 1},
        {"version": True, "packs": {}},
        {"version": 1, "packs": {"a": []}},
        {"version": 1, "packs": {"a": {"done": {}}}},
        {"version": 1, "packs": {"a": {"done": {"b": 1}, "resets": {}}}},
        {"version": 1, "packs": {"a": {"done": {"b": {"c": "now"}}, "resets": {}}}},
        {"version": 1, "packs": {"a": {"done": {}, "resets": {"b": 1.5}}}},
        {"version": 1, "packs": {"a": {"done": {}, "resets": {}, "at": "b"}}},
        {"version": 1, "packs": {"a": {"done": {}, "resets": {}, "at": {"when": 1, "lesson": "b"}}}},
    ],
)
def test_a_file_of_another_shape_is_damaged(store: ProgressStore, path: Path, data: object) -> None:
    path.write_text(json.dumps(data))
    assert "damaged" in store.read().message


def test_a_file_of_a_newer_tutor_is_left_alone(store: ProgressStore, path: Path) -> None:
    path.write_text('{"version": 2, "packs": []}')
    for use in (store.read, lambda: store.mark_done("bridge", "plug"), store.reset):
        with pytest.raises(StoreError, match="newer tutor") as caught:
            use()
        assert "XDG_STATE_HOME" in caught.value.hint
    assert path.read_text() == '{"version": 2, "packs": []}'


def test_a_place_without_a_step_is_the_beginning_of_a_lesson(path: Path) -> None:
    at = {"when": 1, "lesson": "bridge", "step": ""}
    path.write_text(json.dumps({"version": 1, "packs": {"a": {"done": {}, "resets": {}, "at": at}}}))
    assert ProgressStore("a", path).read().value.at == LeftOff(1, "bridge")


def test_progress_lies_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert ProgressStore("kubenet").path == tmp_path / "tutor" / "progress.json"
