"""`tutor doctor --apparmor` and `--install-profile`: what is printed, and that nothing is done unasked."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.conftest import Tutor
from tutor.cli.doctor_ import command
from tutor.session import apparmor
from tutor.session.apparmor import Guard

RESTRICTED = Guard(enabled=True, restricts=True)


def test_the_profile_alone_goes_to_standard_output(tutor: Tutor) -> None:
    done = tutor("doctor", "--apparmor")
    assert done.returncode == 0
    assert done.stdout == apparmor.profile(apparmor.entry_point("x"))
    assert f"to undo it: {apparmor.undo()}\n" in done.stderr
    assert "--install-profile\n" in done.stderr


def test_the_profile_is_told_to_programs_too(tutor: Tutor) -> None:
    document = json.loads(tutor("doctor", "--apparmor", "--json").stdout)
    assert document.keys() == {"needed", "said", "path", "profile", "install", "undo"}
    assert document["needed"] is (document["said"] == "")
    assert document["path"] == "/etc/apparmor.d/kubenet-tutor"


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--yes"], "--yes answers"), (["--apparmor", "--install-profile"], "--install-profile installs it")],
)
def test_options_that_do_not_go_together_are_refused(tutor: Tutor, options: list[str], said: str) -> None:
    done = tutor("doctor", *options)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was handed over to be installed, instead of installing it."""
    handed: list[str] = []
    monkeypatch.setattr(
        apparmor, "install", lambda text, ask: handed.append(f"{'asking' if ask else 'silent'}\n{text}")
    )
    return handed


def test_a_machine_that_needs_no_profile_gets_none(monkeypatch: pytest.MonkeyPatch, installed: list[str]) -> None:
    monkeypatch.setattr(apparmor, "guard", lambda: Guard(enabled=False, restricts=False))
    done = CliRunner().invoke(command, ["--install-profile", "--yes"], standalone_mode=False)
    assert done.return_value == 0
    assert done.output == "AppArmor is not in use here: no profile is needed\n"
    assert installed == []


def test_nothing_is_installed_where_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch, installed: list[str]) -> None:
    monkeypatch.setattr(apparmor, "guard", lambda: RESTRICTED)
    done = CliRunner().invoke(command, ["--install-profile"], standalone_mode=False)
    assert str(done.exception) == "there is nobody to ask"
    assert installed == []


def test_who_says_yes_beforehand_is_not_asked(monkeypatch: pytest.MonkeyPatch, installed: list[str]) -> None:
    monkeypatch.setattr(apparmor, "guard", lambda: RESTRICTED)
    done = CliRunner().invoke(command, ["--install-profile", "--yes", "--json"], standalone_mode=False)
    assert json.loads(done.output)["installed"] is True
    assert installed == [f"silent\n{apparmor.profile(apparmor.entry_point())}"]


def test_the_command_by_hand_installs_the_same_profile(tmp_path: Path, tutor: Tutor) -> None:
    """Everything of it but the parser, which is another program's."""
    target = tmp_path / "kubenet-tutor"
    line = apparmor.by_hand(root=True).replace("/etc/apparmor.d/kubenet-tutor", str(target)).partition(" && ")[0]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    subprocess.run(["sh", "-c", line], env=environment, stderr=subprocess.DEVNULL, check=True)
    assert target.read_text() == tutor("doctor", "--apparmor").stdout
