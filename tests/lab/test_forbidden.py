"""What a machine lacks is said in one line, with what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tutor.errors import LabError
from tutor.lab.client import Lab

pytestmark = pytest.mark.netns

ROOT = Path(__file__).parents[2]
TRY = """
import sys
from pathlib import Path
from tutor.errors import TutorError
from tutor.lab import netns
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery
netns._ENVIRONMENT["PATH"] = sys.argv[1]
nursery = Nursery()
try:
    lab = Lab(nursery.launch())
    lab.build("vm", Path("lessons/labs/vm.toml").read_text(), {})
except TutorError as error:
    print(type(error).__name__, "|", error.message, "|", error.hint)
"""


def test_user_namespaces_that_are_forbidden_are_named() -> None:
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    said = _run("unshare", "-Ur", "sh", "-c", forbid, "sh", sys.executable, "-c", TRY, "/usr/bin")
    kind, message, hint = said.split(" | ")
    assert kind == "SandboxForbidden"
    assert "user namespace" in message
    assert "tutor doctor" in hint
    assert said.count("\n") == 1


def test_a_program_that_is_missing_is_named_with_its_package() -> None:
    kind, message, hint = _run(sys.executable, "-c", TRY, "/nowhere").split(" | ")
    assert kind == "MissingTool"
    assert message == "ip is not installed"
    assert "iproute" in hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root maps without newuidmap")
def test_a_newuidmap_that_refuses_is_done_without(tmp_path: Path) -> None:
    for name in ("newuidmap", "newgidmap"):
        (tmp_path / name).write_text("#!/bin/sh\necho refused >&2\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    with_it = f'PATH={tmp_path}:$PATH; exec "$@"'
    assert _run("sh", "-c", with_it, "sh", sys.executable, "-c", TRY, "/usr/sbin:/usr/bin:/sbin:/bin") == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="a container's root is an ordinary user of the machine")
@pytest.mark.parametrize("ids", [["--map-root-user"], ["--map-root-user", "--map-auto"]], ids=["single", "range"])
def test_root_of_a_rootless_container_has_labs(ids: list[str]) -> None:
    container = ["unshare", "--user", *ids]
    tried = subprocess.run([*container, "true"], capture_output=True, text=True, check=False)
    if tried.returncode and "--map-auto" in ids:
        pytest.skip(f"no range of ids here: {tried.stderr.strip()}")
    assert _run(*container, sys.executable, "-c", TRY, "/usr/sbin:/usr/bin:/sbin:/bin") == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has the machine's uid 0")
def test_the_uid_0_of_the_machine_is_not_lent_even_where_there_is_no_other() -> None:
    said = _run("unshare", "--user", "--map-root-user", sys.executable, "-c", TRY, "/usr/sbin:/usr/bin:/sbin:/bin")
    assert said.startswith("SandboxForbidden | ")


IN_A_NAMESPACE = """
import sys
from pathlib import Path
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery
from tutor.session.workshop import run_script
nursery = Nursery()
lab = Lab(nursery.launch())
lab.build("vm", Path("lessons/labs/vm.toml").read_text(), {})
ran = run_script(lab, "ip netns add x && ip netns exec x ls /sys/class/net && ip -n x -br link", seconds=10)
print(ran.status, ran.output)
"""


def test_network_namespaces_can_be_entered_where_sysfs_is_read_only() -> None:
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    cover = 'mount -o remount,bind,ro /sys; exec "$@"'
    said = _run(*own, "sh", "-c", cover, "sh", sys.executable, "-c", IN_A_NAMESPACE).split()
    assert said[:3] == ["0", "lo", "lo"]


def test_a_lab_that_an_older_tutor_made_is_told_apart_and_lives(lab: Lab) -> None:
    with pytest.raises(LabError, match="another version") as caught:
        lab._call("an-operation-of-later")
    assert "tutor reset" in caught.value.hint
    with pytest.raises(LabError, match="nsids failed"):
        lab._call("nsids")
    assert lab.status().built


def _run(*argv: str) -> str:
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout
