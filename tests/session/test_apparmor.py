"""The profile for AppArmor: when it is needed, what it says of this machine, how it is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.errors import TutorError
from tutor.session import apparmor
from tutor.session.apparmor import Guard, entry_point, guard, install, profile, undo


def _guard(folder: Path, *, modules: str = "", enabled: str = "", restricted: str = "", label: str = "") -> Guard:
    given = {"lsm": modules, "enabled": enabled, "restricted": restricted, "current": label}
    for name, text in given.items():
        if text:
            folder.joinpath(name).write_text(f"{text}\n")
    return guard(folder / "lsm", folder / "enabled", folder / "restricted", [folder / "none", folder / "current"])


def test_a_machine_without_apparmor_needs_no_profile(tmp_path: Path) -> None:
    found = _guard(tmp_path, modules="capability,selinux", enabled="N", label="system_u:system_r:init_t")
    assert found == Guard(enabled=False, restricts=False)
    assert found.need.startswith("AppArmor is not in use here")


@pytest.mark.parametrize("restricted", ["", "0"])
def test_apparmor_that_restricts_nothing_needs_no_profile(tmp_path: Path, restricted: str) -> None:
    found = _guard(tmp_path, modules="capability,apparmor", restricted=restricted, label="unconfined")
    assert found == Guard(enabled=True, restricts=False)
    assert found.need.startswith("AppArmor does not restrict user namespaces here")


def test_apparmor_that_restricts_needs_the_profile_whatever_else_can_be_read(tmp_path: Path) -> None:
    found = _guard(tmp_path, restricted="1", label="unconfined")
    assert found == Guard(enabled=True, restricts=True)
    assert found.need == ""


@pytest.mark.parametrize("label", ["kubenet-tutor (unconfined)", "kubenet-tutor (enforce)", "kubenet-tutor"])
def test_the_profile_that_we_run_under_is_seen(tmp_path: Path, label: str) -> None:
    assert _guard(tmp_path, restricted="1", label=label).label == "kubenet-tutor"


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_entry_point_is_the_file_itself_and_not_a_link_to_it(tmp_path: Path) -> None:
    real, link = _program(tmp_path / "venv/bin/tutor"), tmp_path / "tutor"
    link.symlink_to(real)
    assert entry_point(str(link), "/nowhere/python3") == real.resolve()


def test_a_module_run_by_python_finds_the_entry_point_beside_that_python(tmp_path: Path) -> None:
    real = _program(tmp_path / "bin/tutor")
    assert entry_point("/x/tutor/cli/__main__.py", str(tmp_path / "bin/python3")) == real.resolve()


def test_without_an_entry_point_it_is_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    python = _program(tmp_path / "python3")
    assert entry_point("/x/__main__.py", str(python)) == python.resolve()


def test_the_profile_names_the_entry_point_and_nothing_else() -> None:
    shipped, made = profile(Path("/usr/bin/tutor")), profile(Path("/home/a/.venv/bin/tutor"))
    assert 'profile kubenet-tutor "/home/a/.venv/bin/tutor" flags=(unconfined) {\n  userns,\n' in made
    assert made == shipped.replace("/usr/bin/tutor", "/home/a/.venv/bin/tutor")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" "), min_size=1))
def test_no_path_is_read_as_a_pattern_or_ends_its_quotes(name: str) -> None:
    line = next(line for line in profile(Path(f"/x/{name}")).splitlines() if line.startswith("profile kubenet-tutor "))
    quoted = re.fullmatch(r'profile kubenet-tutor "((?:\\.|[^\\"*?\[\]{}^])*)" flags=\(unconfined\) \{', line)
    assert quoted is not None
    assert re.sub(r"\\(.)", r"\1", quoted[1]) == str(Path(f"/x/{name}"))


def test_a_path_that_no_profile_can_name_is_refused() -> None:
    with pytest.raises(TutorError, match="no profile can name"):
        profile(Path("/home/a\nb/tutor"))


class Commands:
    """Runs nothing but `install` and `rm`, and those without sudo; a command with one of `refused` in it fails."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.ran: list[str] = []

    def __call__(self, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        words = [word for word in argv if word not in ("sudo", "-n")]
        self.ran.append(" ".join(argv))
        if any(word in argv for word in self.refused):
            return subprocess.CompletedProcess(argv, 1, "", "it does\nnot like that")
        if words[0] in ("install", "rm"):
            return subprocess.run(words, text=True, check=True)
        return subprocess.CompletedProcess(argv, 0, "", "")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs that are to be found; a test may take some away."""
    found = ["apparmor_parser", "sudo"]
    monkeypatch.setattr(apparmor, "find_program", lambda name: f"/sbin/{name}" if name in found else None)
    return found


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(("user", "ask", "sudo"), [(0, True, ""), (1000, True, "sudo "), (1000, False, "sudo -n ")])
def test_the_profile_is_read_then_written_then_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, ask: bool, sudo: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    run, target = Commands(), tmp_path / "profile"
    install("a profile\n", ask=ask, target=target, run=run)
    assert target.read_text() == "a profile\n"
    assert target.stat().st_mode & 0o777 == 0o644
    tried, written, loaded = run.ran
    assert tried.startswith("/sbin/apparmor_parser -Q -K ")
    assert written.startswith(f"{sudo}install -m 0644 ")
    assert loaded == f"{sudo}/sbin/apparmor_parser -r {target}"


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("refused", "said"),
    [("-Q", "AppArmor can't read the profile"), ("-r", "the kernel did not take the profile"), ("0644", "can't write")],
)
def test_what_fails_leaves_nothing_behind(tmp_path: Path, refused: str, said: str) -> None:
    target = tmp_path / "profile"
    with pytest.raises(TutorError) as told:
        install("a profile\n", ask=False, target=target, run=Commands(refused))
    assert told.value.message.startswith(said)
    assert told.value.message.endswith("it does not like that")
    assert "--apparmor | " in told.value.hint
    assert not target.exists()


@pytest.mark.parametrize("lacking", ["apparmor_parser", "sudo"])
def test_without_a_program_that_it_takes_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: list[str], lacking: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    programs.remove(lacking)
    run = Commands()
    with pytest.raises(TutorError, match=f"{lacking} is not installed"):
        install("a profile\n", ask=True, target=tmp_path / "profile", run=run)
    assert run.ran == []


def test_it_is_undone_where_it_was_done() -> None:
    assert undo(root=True) == "apparmor_parser -R /etc/apparmor.d/kubenet-tutor && rm /etc/apparmor.d/kubenet-tutor"
    assert undo(root=False).count("sudo ") == 2


_PARSER = shutil.which("apparmor_parser", path="/usr/sbin:/sbin:/usr/bin")


@pytest.mark.skipif(
    _PARSER is None or not Path("/etc/apparmor.d/abi/4.0").exists(), reason="takes the parser of AppArmor 4"
)
@pytest.mark.parametrize("entry", ["/usr/bin/tutor", '/home/a b/{x},"[1]*/@{y}/tutor', "/home/ä/tutor"])
def test_the_parser_reads_the_profile(tmp_path: Path, entry: str) -> None:
    assert _PARSER is not None
    file = tmp_path / "profile"
    file.write_text(profile(Path(entry)))
    done = subprocess.run([_PARSER, "-Q", "-K", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
