from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pexpect
import pytest

from tests.install.conftest import ROOT, Place, build, place_with_dependencies
from tests.lab.aks.conftest import needs_plugins
from tutor.store.course import Course
from tutor.store.packs import our_pack

COURSE = Course(our_pack())
TO_THE_LESSON = "\x1d"  # Ctrl-]


def members(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_one_package_and_the_manual_page(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in members(wheel)}
    assert {top.rpartition(".")[2] if "-" in top else top for top in tops} == {"tutor", "dist-info", "data"}
    assert [name.partition("/")[2] for name in members(wheel) if ".data/" in name] == ["data/share/man/man1/tutor.1"]


def test_every_file_of_the_course_is_in_the_wheel(wheel: Path) -> None:
    files = [path for folder in ("lessons", "checks") for path in (ROOT / folder).rglob("*") if path.is_file()]
    course = {f"tutor/course/{path.relative_to(ROOT)}": path.read_bytes() for path in files if path.suffix != ".pyc"}
    packed = members(wheel)
    assert course == {name: packed[name] for name in packed if name.startswith("tutor/course/")}


def test_the_sources_build_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sources = build("sdist", ROOT, tmp_path / "sources")
    with tarfile.open(sources) as archive:
        archive.extractall(tmp_path, filter="data")
    again = build("wheel", tmp_path / sources.name.removesuffix(".tar.gz"), tmp_path / "again")
    assert again.name == wheel.name
    assert members(again) == members(wheel)


def test_it_lists_every_lesson_without_a_checkout(installed: Place) -> None:
    said = installed.tutor("list")
    assert [id_ for id_ in COURSE.ids if f"{id_}: " not in said] == []


def test_its_lessons_are_right_without_a_checkout(installed: Place) -> None:
    assert installed.tutor("lint").endswith(f"{len(COURSE.ids)} lessons, no problems\n")


def test_the_course_lies_inside_of_the_package(installed: Place) -> None:
    root = Path(installed.python("from tutor.store.packs import our_pack; print(our_pack().root)").strip())
    assert root.is_relative_to(installed.venv)
    assert root.parts[-2:] == ("tutor", "course")


@pytest.mark.parametrize("name", ["checks", "lessons", "tests", "docs", "benchmarks"])
def test_nothing_else_can_be_imported_under_a_name_that_is_not_ours(installed: Place, name: str) -> None:
    assert installed.python(f"from importlib.util import find_spec; print(find_spec({name!r}))") == "None\n"


def test_what_it_says_that_it_needs_is_all_that_it_imports(installed: Place) -> None:
    code = (
        "import importlib, pkgutil, tutor\n"
        "for found in pkgutil.walk_packages(tutor.__path__, 'tutor.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)\n"
    )
    assert installed.python(code) == ""


def test_the_manual_page_lies_where_man_looks(installed: Place) -> None:
    page = installed.venv / "share/man/man1/tutor.1"
    assert page.read_bytes() == (ROOT / "docs/tutor.1").read_bytes()


def test_uninstalling_leaves_nothing(wheel: Path, tmp_path: Path) -> None:
    place = place_with_dependencies(tmp_path, wheel)
    before = place.files()
    place.pip("install", "--no-index", "--no-deps", str(wheel))
    assert place.files() - before
    place.tutor("lint")
    place.tutor("list")
    place.pip("uninstall", "--yes", "kubenet-tutor")
    assert place.files() == before


@pytest.mark.netns
@pytest.mark.anybody
def test_it_solves_a_lesson_without_a_checkout(installed: Place) -> None:
    assert "all passed" in installed.tutor("solve", "initial-state")


@needs_plugins
@pytest.mark.netns
@pytest.mark.anybody
def test_it_solves_a_lesson_with_a_cluster_without_a_checkout(installed: Place) -> None:
    assert "all passed" in installed.tutor("solve", "cluster")


@pytest.mark.netns
@pytest.mark.pty
@pytest.mark.anybody
def test_it_opens_the_first_lesson_in_a_terminal_without_a_checkout(installed: Place) -> None:
    first = COURSE.lesson(COURSE.ids[0])
    terminal = pexpect.spawn(
        str(installed.venv / "bin/tutor"), ["start"], cwd=installed.home, dimensions=(40, 140), timeout=120,
        env={**installed.environment(), "TERM": "xterm-256color", "LANG": "C.UTF-8"}, encoding="utf-8",
    )  # fmt: skip
    try:
        terminal.expect_exact(first.steps[0].title)
        terminal.send(TO_THE_LESSON + "q")
        terminal.expect_exact("Quit?")
        terminal.send("q")
        terminal.expect(pexpect.EOF)
        terminal.wait()
        assert terminal.exitstatus == 0
    finally:
        terminal.close(force=True)
        installed.tutor("reset", "--all")
