"""Bad input gets one clear line and exit status 2; nothing is lost, and nobody sees a traceback."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Tutor, environment


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
        (("grade", "veth-pair", "/"), ("can't read /", "Is a directory")),
        (("grade", "veth-pair", sys.executable), ("is not text", "UTF-8")),
        (("grade", "nowhere", "-"), ("nowhere",)),
        (("solve", "veth-pair", "nowhere"), ("nowhere",)),
        (("shell", "veth-pair/pare"), ("pare", "pair")),
        (("shell", "initial-state", "veth-pair"), ("one place at most", "`--`")),
        (("shell", "--wrong"), ("--wrong",)),
        (("lint", "checks/link.py", "/no/such/file"), ("/no/such/file",)),
        (("lint", "/dev/null"), ("no file to read",)),
        (("lint", "docs"), ("no pack", "lessons/")),
        (("list", "more"), ("more",)),
        (("",), ("--help",)),
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
        (("id: veth-pair", "id: initial-state"), ("02-veth-pair.md:2:", "a second lesson 'initial-state'")),
        (("---\nid", "id"), ("02-veth-pair.md:1:", "front matter")),
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
    done = tutor("solve", "--pack", str(pack))
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
    linted = tutor("lint", str(pack))
    assert linted.returncode == 1
    assert words[-1] in linted.stdout
    if words[0].startswith("02-"):
        assert words[0] in linted.stdout


def test_a_broken_module_of_checks_is_told_with_file_and_line(tutor: Tutor, tmp_path: Path) -> None:
    pack = _pack(tmp_path)
    (pack / "checks" / "link.py").write_text("import nothing_like_it\n")
    done = tutor("verify", "--pack", str(pack))
    assert done.returncode == 2
    assert "link.py:1" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_lab_that_is_wrong_is_told_with_its_file(tutor: Tutor, tmp_path: Path) -> None:
    pack = _pack(tmp_path)
    (pack / "lessons/labs/vm.toml").write_text("home = [")
    done = tutor("solve", "--pack", str(pack))
    assert done.returncode == 2
    assert "vm.toml" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "vm.toml: not valid TOML" in tutor("lint", str(pack)).stdout


def test_lint_takes_many_files_and_tells_of_each_with_a_hint(tutor: Tutor, tmp_path: Path) -> None:
    pack = _pack(tmp_path)
    files = [pack / "lessons" / name for name in ("01-initial-state.md", "02-veth-pair.md")]
    for file in files:
        file.write_text(file.read_text().replace("lab: vm\n", "lap: vm\n"))
    (tmp_path / "no-lesson.md").write_text("# Hello\n")
    done = tutor("lint", *map(str, files), str(tmp_path / "no-lesson.md"))
    assert done.returncode == 1
    for file in files:
        assert f"{file}:4: " in done.stdout
    assert f"{tmp_path}/no-lesson.md:1: the front matter is missing\n    a lesson begins with" in done.stdout
    assert "3 lessons, " in done.stdout
    found = json.loads(tutor("lint", str(files[0]), "--json").stdout)
    assert found["passed"] is False
    assert set(found["problems"][0]) == {"file", "line", "message", "hint"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("solve", "nowhere"),
        ("verify", "nowhere"),
        ("grade", "nowhere", "-"),
        ("list", "--pack", "nowhere"),
        ("lint", "nowhere"),
        ("doctor", "--pack", "nowhere"),
        ("solve", "--junit"),
    ],
)
def test_with_json_the_error_is_a_document(tutor: Tutor, arguments: tuple[str, ...]) -> None:
    done = tutor(*arguments, "--json") if arguments[-1] != "--junit" else tutor("solve", "--json", "--junit")
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["message"]
    assert set(error) == {"message", "hint"}
    assert done.stderr.startswith(f"tutor: {error['message']}")


def test_an_option_of_the_command_that_is_run_is_not_ours(tutor: Tutor) -> None:
    done = tutor("shell", "nowhere", "--", "program", "--json")
    assert done.returncode == 2
    assert done.stdout == ""


def test_a_script_on_standard_input_that_is_no_text_is_told(tmp_path: Path) -> None:
    done = _run(tmp_path, "grade", "veth-pair", "-", stdin=b"\x7fELF\xd0\xff")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"tutor: standard input is not text")


@pytest.mark.netns
@pytest.mark.parametrize(
    "arguments", [("list",), ("shell", "--lab", "vm", "--", "cat"), ("grade", "initial-state", "-")]
)
def test_standard_streams_that_are_closed_do_no_harm(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    command = shlex.join([sys.executable, "-m", "tutor.cli", *arguments])
    for closed in ("<&-", "<&- >&-"):
        done = subprocess.run(
            ["sh", "-c", f"{command} {closed}"],
            cwd=ROOT,
            env=environment(tmp_path),
            capture_output=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 0
        assert done.stderr == b""


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{shlex.quote(sys.executable)} -m tutor.cli list >/dev/full"],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "no space left" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_script_that_may_not_be_read_is_told(tutor: Tutor, tmp_path: Path) -> None:
    script = tmp_path / "secret.sh"
    script.write_text("true\n")
    script.chmod(0)
    done = tutor("grade", "veth-pair", str(script))
    assert done.returncode == 2
    assert "Permission denied" in done.stderr
    assert done.stderr.count("\n") == 1


def _run(folder: Path, *arguments: str, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    argv = [sys.executable, "-m", "tutor.cli", *arguments]
    return subprocess.run(
        argv, cwd=ROOT, env=environment(folder), input=stdin, capture_output=True, check=False, timeout=30
    )


@pytest.mark.parametrize("verb", ["solve", "verify"])
def test_a_report_that_can_not_be_written_is_told_before_anything_is_done(tutor: Tutor, verb: str) -> None:
    done = tutor(verb, "initial-state", "--junit", "/proc/nowhere/x.xml")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "/proc/nowhere/x.xml" in done.stderr
    assert "Traceback" not in done.stderr


def _pack(folder: Path) -> Path:
    """Our own pack, to be broken."""
    pack = folder / "pack"
    for name in ("lessons", "checks"):
        shutil.copytree(ROOT / name, pack / name)
    return pack
