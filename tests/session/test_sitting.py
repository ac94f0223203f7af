"""The kept lab of a sitting: whose it is, where another has it, and the way back after a crash."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.session.conftest import SMALL, Pack
from tutor.lab.kept import all_kept
from tutor.lab.nursery import Nursery
from tutor.session.material import Material, load_material
from tutor.session.overview import kept_labs
from tutor.session.sitting import Place, Sitting
from tutor.session.workshop import Workshop

pytestmark = [pytest.mark.netns, pytest.mark.pty]

Sit = Callable[[], Sitting]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "run"
    made.mkdir(mode=0o700)
    yield made
    for _, lab in all_kept(made):
        lab.end()
        lab.close()


@pytest.fixture
def small(pack: Pack) -> Material:
    """A course of two lessons, each with a lab of its own."""
    root = pack(SMALL)
    second = SMALL.replace("id: small", "id: second").replace("lab: vm", "lab: other")
    (root / "lessons" / "02-second.md").write_text(second)
    (root / "lessons" / "course.toml").write_text(
        'id = "small"\ntitle = "S"\nlessons = ["01-small.md", "02-second.md"]\n'
    )
    shutil.copy(root / "lessons" / "labs" / "vm.toml", root / "lessons" / "labs" / "other.toml")
    return load_material(str(root))


@pytest.fixture
def sit(nursery: Nursery, small: Material, folder: Path) -> Iterator[Sit]:
    """Make sittings; those that are left at the end are left as by a crash."""
    made: list[Sitting] = []

    def make() -> Sitting:
        made.append(Sitting(nursery, Workshop(nursery, small.course), small.course, folder))
        return made[-1]

    yield make
    for sitting in made:
        sitting.release()


def names(folder: Path) -> list[str]:
    return sorted(lab.name for lab in kept_labs(folder, "small"))


def begin(sitting: Sitting, small: Material, lesson: str = "small") -> None:
    found = small.course.lesson(lesson)
    sitting.build(found, found.steps[0])


def test_a_lab_is_found_again_where_it_stands(sit: Sit, small: Material) -> None:
    first = sit()
    assert first.take("vm")
    begin(first, small)
    first.open_shell(80, 24)
    first.release()
    second = sit()
    assert second.take("vm")
    assert second.resume() == Place("small", "up")
    assert second.shell is not None


def test_a_lab_of_another_kind_is_kept_where_it_is_looked_for(sit: Sit, small: Material, folder: Path) -> None:
    first = sit()
    assert first.take("vm")
    begin(first, small)
    begin(first, small, "second")
    assert sit().take("vm")
    assert not sit().take("other")
    first.release()
    assert names(folder) == ["small-other"]
    second = sit()
    assert second.take("other")
    assert second.resume() == Place("second", "up")


def test_a_lab_beside_that_of_another_tutor_outlives_a_crash_too(sit: Sit, small: Material, folder: Path) -> None:
    first, second = sit(), sit()
    assert first.take("vm")
    begin(first, small)
    assert not second.take("vm")
    begin(second, small)
    assert names(folder) == ["small-vm", "small-vm.2"]
    second.release()
    again = sit()
    assert not again.take("vm")
    assert again.take_back("vm")
    assert again.resume() == Place("small", "up")
    third = sit()
    begin(third, small)
    assert names(folder) == ["small-vm", "small-vm.2", "small-vm.3"]


def test_after_a_crash_the_lab_that_waits_is_the_one(sit: Sit, small: Material) -> None:
    first = sit()
    assert not first.take_back("vm")
    assert first.take("vm")
    begin(first, small)
    assert not sit().take_back("vm")
    first.release()
    second = sit()
    assert second.take_back("vm")
    assert second.resume() == Place("small", "up")
    second.leave()
    second.release()
    assert not sit().take_back("vm")
