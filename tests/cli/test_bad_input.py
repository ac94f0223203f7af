"""Bad input gets one clear line and exit status 2; nothing is lost, and nobody sees a traceback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Tutor


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("solve", "veth-pare"), ("veth-pare", "did you mean", "veth-pair")),
        (("verify", "nothing-like-it"), ("nothing-like-it",)),
        (("grade", "veth-pair/pare", "-"), ("pare", "pair")),
        (("grade", "veth-pair", "/no/such/script"), ("/no/such/script", "script")),
        (("grade", "veth-pair"), ("SCRIPT",)),
        (("shell", "nowhere"), ("nowhere",)),
        (("shell", "--lab", "nolab"), ("nolab", "vm")),
        (("shell", "--attach"), ("no lab is running", "tutor start")),
        (("shell", "initial-state", "--attach"), ("exclude each other",)),
        (("shell", "initial-state", "--machine", "node7", "--", "true"), ("node7", "vm")),
        (("reset", "nowhere"), ("nowhere",)),
        (("reset", "veth-pair", "--all"), ("exclude",)),
        (("list", "--pack", "/no/such/pack"), ("/no/such/pack",)),
        (("lint", "/no/such/file"), ("/no/such/file",)),
        (("verify", "--jobs", "0"), ("--jobs",)),
        (("start",), ("terminal",)),
        (("strat",), ("strat",)),
        (("solve", "--wrong"), ("--wrong",)),
    ],
)
def test_one_line_says_what_is_wrong(tutor: Tutor, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    done = tutor(*arguments)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("tutor: ")
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("lab: vm", "lab: [vm"), ("02-veth-pair.md:", "YAML")),
        (("id: veth-pair\n", ""), ("02-veth-pair.md:", "id")),
        (("lab: vm", "lab: wm"), ("wm",)),
        (("veth.pair:", "veth.pear:"), ("02-veth-pair.md:", "veth.pear", "veth.pair")),
        (("link.is_up: {link: veth-a-ns1}", "link.is_up: {link: 7}"), ("02-veth-pair.md:", "link")),
        (("link.is_up: {link: veth-a-ns1}", "link.is_up: {lnk: veth-a-ns1}"), ("02-veth-pair.md:", "lnk")),
        (("{#carrier}", "{#pair}"), ("02-veth-pair.md:", "pair")),
        (('diagnosis="veth.no-pair"', 'diagnosis="veth.nopair"'), ("02-veth-pair.md:", "veth.nopair", "veth.no-pair")),
    ],
)
def test_a_broken_lesson_is_told_with_file_and_line(
    tutor: Tutor, tmp_path: Path, change: tuple[str, str], words: tuple[str, ...]
) -> None:
    pack = _pack(tmp_path)
    lesson = pack / "lessons" / "02-veth-pair.md"
    text = lesson.read_text()
    assert change[0] in text
    lesson.write_text(text.replace(*change, 1))
    done = tutor("solve", "veth-pair", "--pack", str(pack))
    assert done.returncode == 2, done
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
    linted = tutor("lint", str(pack))
    assert linted.returncode == 1
    assert words[-1] in linted.stdout


def test_a_broken_module_of_checks_is_told_with_file_and_line(tutor: Tutor, tmp_path: Path) -> None:
    pack = _pack(tmp_path)
    (pack / "checks" / "link.py").write_text("import nothing_like_it\n")
    done = tutor("verify", "--pack", str(pack))
    assert done.returncode == 2
    assert "link.py:1" in done.stderr
    assert done.stderr.count("\n") == 1


def test_with_json_the_error_is_a_document(tutor: Tutor) -> None:
    done = tutor("solve", "nowhere", "--json")
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert "nowhere" in error["message"]
    assert set(error) == {"message", "hint"}


def test_a_report_that_can_not_be_written_is_told(tutor: Tutor) -> None:
    done = tutor("verify", "initial-state", "--junit", "/proc/nowhere/x.xml")
    assert done.returncode == 2
    assert "/proc/nowhere/x.xml" in done.stderr
    assert "Traceback" not in done.stderr


def _pack(folder: Path) -> Path:
    """Our own pack, to be broken."""
    pack = folder / "pack"
    for name in ("lessons", "checks"):
        shutil.copytree(ROOT / name, pack / name)
    return pack
