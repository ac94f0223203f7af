"""Packs: what one is, and where they are found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lesson.examples import ROOT
from tests.store.conftest import Maker
from tutor.errors import ContentError, UsageError
from tutor.store import packs
from tutor.store.packs import choose_pack, installed_packs, our_pack, read_pack


def test_a_pack_says_where_its_parts_are() -> None:
    pack = read_pack(ROOT)
    assert (pack.id, pack.title) == ("format-examples", "Three lessons that show what the format carries")
    assert pack.files == ("01-veth-pair.md", "02-masquerade.md", "03-route-table.md")
    assert (pack.lessons, pack.checks) == (ROOT / "lessons", ROOT / "checks")
    assert (pack.labs, pack.course_file) == (ROOT / "lessons" / "labs", ROOT / "lessons" / "course.toml")


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("lessons", "there is no lessons/ in it"),
        ("checks", "there is no checks/ in it"),
        ("lessons/course.toml", "there is no lessons/course.toml in it"),
    ],
)
def test_a_folder_without_a_part_is_no_pack(make_pack: Maker, missing: str, message: str) -> None:
    root = make_pack()
    (root / missing).rename(root / "elsewhere")
    with pytest.raises(UsageError, match=message) as caught:
        read_pack(root)
    assert caught.value.hint == "a pack is a folder with lessons/course.toml and checks/"


@pytest.mark.parametrize(
    ("course", "line", "reason", "hint"),
    [
        ("id = ", 1, "this is not TOML", "it begins with"),
        ('id = "a"\ntitle = ', 2, "this is not TOML", "it begins with"),
        ('a = 1\nid = "a" b\n\n', 2, "this is not TOML", "it begins with"),
        ('nmae = "a"', 0, "there is no key 'nmae'", "lessons"),
        ('titel = "a"', 0, "there is no key 'titel'", "did you mean 'title'?"),
        ('title = "A"', 0, "the id is None", "small letters"),
        ('id = "A b"', 0, "the id is 'A b'", "small letters"),
        ("id = 5", 0, "the id is 5", "small letters"),
        ('id = "a"', 0, "the title is None", "some words"),
        ('id = "a"\ntitle = " "', 0, "the title is ' '", "some words"),
        ('id = "a"\ntitle = "A"', 0, "`lessons` is None", "a list"),
        ('id = "a"\ntitle = "A"\nlessons = []', 0, "`lessons` is []", "a list"),
        ('id = "a"\ntitle = "A"\nlessons = "a.md"', 0, "`lessons` is 'a.md'", "a list"),
        ('id = "a"\ntitle = "A"\nlessons = [5]', 0, "`lessons` names 5", "a .md file"),
        ('id = "a"\ntitle = "A"\nlessons = ["../a.md"]', 0, "`lessons` names '../a.md'", "a .md file"),
        ('id = "a"\ntitle = "A"\nlessons = ["a.txt"]', 0, "`lessons` names 'a.txt'", "a .md file"),
        ('id = "a"\ntitle = "A"\nlessons = ["a.md", "a.md"]', 0, "names 'a.md' twice", "once"),
        ("a = " + "[" * 5000, 1, "this is not TOML", "it begins with"),
    ],
)
def test_what_is_wrong_with_a_course_file_is_said(
    make_pack: Maker, course: str, line: int, reason: str, hint: str
) -> None:
    root = make_pack(course=course)
    with pytest.raises(ContentError) as caught:
        read_pack(root)
    assert (caught.value.path, caught.value.line) == (root / "lessons" / "course.toml", line)
    assert reason in caught.value.reason
    assert hint in caught.value.hint


def test_a_course_file_that_is_not_utf_8_is_said(make_pack: Maker) -> None:
    root = make_pack()
    (root / "lessons" / "course.toml").write_bytes(b'id = "\xe9"')
    with pytest.raises(ContentError, match="not UTF-8"):
        read_pack(root)


def test_a_course_file_that_can_not_be_read_is_said(make_pack: Maker) -> None:
    root = make_pack()
    (root / "lessons" / "course.toml").unlink()
    (root / "lessons" / "course.toml").mkdir()
    with pytest.raises(ContentError, match="can't be read: Is a directory"):
        read_pack(root)


def test_our_pack_lies_beside_the_package_in_a_checkout(make_pack: Maker) -> None:
    root = make_pack()
    assert our_pack(root / "tutor").root == root


def test_our_pack_lies_inside_of_the_package_in_a_wheel(make_pack: Maker, tmp_path: Path) -> None:
    package = make_pack(name="site").parent / "site" / "tutor"
    package.mkdir()
    make_pack(name="inner").rename(package / "course")
    assert our_pack(package).root == package / "course"
    assert our_pack(package).id == "inner"


def test_a_package_without_lessons_is_a_broken_installation(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="own lessons are missing") as caught:
        our_pack(tmp_path / "tutor")
    assert "--pack" in caught.value.hint


def test_our_pack_is_chosen_unless_another_is_named(make_pack: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = read_pack(make_pack(name="ours"))
    monkeypatch.setattr(packs, "our_pack", lambda: ours)
    assert choose_pack() is ours
    assert choose_pack(str(make_pack(name="theirs"))).id == "theirs"


def test_a_pack_is_named_by_its_folder(make_pack: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_pack(name="mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert choose_pack("mine").root == root.resolve()
    assert choose_pack("~/mine").root == root.resolve()
    assert choose_pack(f"{root}/").root == root.resolve()


@pytest.fixture
def installed(make_pack: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that offers the pack `demo`, and entry points that lead nowhere."""
    site = tmp_path / "site"
    make_pack(name="demo_lab").rename(tmp_path / "moved")
    site.mkdir()
    (tmp_path / "moved").rename(site / "demo_lab")
    (site / "demo_lab" / "__init__.py").write_text("raise RuntimeError('a pack is found without being run')\n")
    (site / "single.py").write_text("")
    info = site / "demo_lab-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: demo-lab\nVersion: 1.0\n")
    points = ("demo = demo_lab", "gone = not_there_at_all", "gone2 = not.there", "single = single")
    (info / "entry_points.txt").write_text("\n".join((f"[{packs.GROUP}]", *points, "")))
    monkeypatch.syspath_prepend(str(site))
    return site


def test_an_installed_pack_is_found_by_its_entry_point(installed: Path) -> None:
    assert installed_packs() == {"demo": installed / "demo_lab"}


def test_an_installed_pack_is_named_by_its_entry_point(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (installed / "demo_lab" / "lessons" / "course.toml").write_text(
        'id = "demo"\ntitle = "Demo"\nlessons = ["01-a.md"]\n'
    )
    assert choose_pack("demo").root == installed / "demo_lab"
    with pytest.raises(UsageError, match="there is no pack 'dmeo'") as caught:
        choose_pack("dmeo")
    assert caught.value.hint == "did you mean 'demo'?"


def test_a_pack_that_is_nowhere_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "installed_packs", dict)
    with pytest.raises(UsageError, match="there is no pack '/nowhere'") as caught:
        choose_pack("/nowhere")
    assert "course.toml" in caught.value.hint


def test_a_lesson_is_looked_up_without_the_parsers_of_its_body() -> None:
    program = (
        "import sys; from pathlib import Path; from tutor.store.packs import read_pack; "
        "from tutor.store.course import Course; course = Course(read_pack(Path(sys.argv[1])))\n"
        "assert course.entry('masquerade').front.lab == 'vm'\n"
        "print(course.thread('masquerade').lessons, {'markdown_it', 'textual', 'pyroute2'} & sys.modules.keys())"
    )
    ran = subprocess.run([sys.executable, "-c", program, ROOT], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "('veth-pair',) set()\n"
