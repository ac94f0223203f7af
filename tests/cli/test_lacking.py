"""Every verb on a machine without the CNI plugins: what needs a cluster is refused in one line, nothing else is."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from tests.cli.conftest import ROOT, Tutor, environment
from tests.session.lacking import mixed_pack
from tutor.lab.programs import remedy
from tutor.store.progress import ProgressStore

pytestmark = pytest.mark.netns

ARGV = [sys.executable, "-m", "tests.cli.without_plugins"]
REMEDY = remedy(["cni:bridge"])


@pytest.fixture
def tutor(tmp_path: Path) -> Tutor:
    """Run `tutor` without the plugins, on a course whose second lesson is on a node."""
    pack = str(mixed_pack(tmp_path))

    def run(verb: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*ARGV, verb, "--pack", pack, *arguments],
            cwd=ROOT,
            env=environment(tmp_path),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("solve", "nodes"),
        ("solve", "small", "nodes"),
        ("verify", "nodes"),
        ("grade", "nodes", "/dev/null"),
        ("grade", "nodes/up", "/dev/null"),
        ("shell", "nodes", "--", "true"),
        ("shell", "--lab", "aks", "--", "true"),
    ],
)
def test_what_needs_a_cluster_is_refused_in_one_line_with_the_remedy(tutor: Tutor, arguments: tuple[str, ...]) -> None:
    done = tutor(*arguments)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "cni:bridge" in done.stderr
    assert f"({REMEDY})" in done.stderr


@pytest.mark.parametrize("verb", ["solve", "verify"])
def test_a_run_over_the_whole_course_leaves_out_what_needs_a_cluster(tutor: Tutor, tmp_path: Path, verb: str) -> None:
    done = tutor(verb, "--junit", str(tmp_path / "x.xml"))
    assert done.returncode == 0, done.stderr
    assert "nodes\n  - left out: it needs cni:bridge, cni:host-local, cni:loopback, not installed" in done.stdout
    assert REMEDY in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 steps, all passed in ")
    assert done.stdout.endswith("; 1 lesson left out\n")
    suites = {suite.get("name"): suite for suite in Xml.parse(tmp_path / "x.xml").getroot()}
    assert suites["small"].find(".//skipped") is None
    assert suites["nodes"].find(".//skipped") is not None
    document = json.loads(tutor(verb, "--json").stdout)
    assert [lesson["passed"] for lesson in document["lessons"]] == [True, None]


def test_list_says_which_lesson_can_not_be_done_and_why(tutor: Tutor) -> None:
    told = tutor("list").stdout
    assert "! it can't be done here: it needs cni:bridge, cni:host-local, cni:loopback, not installed here" in told
    assert told.endswith(f"Some lessons can't be done here: {REMEDY}\n")
    lacks = {lesson["id"]: lesson["lacks"] for lesson in json.loads(tutor("list", "--json").stdout)["lessons"]}
    assert lacks == {"small": [], "nodes": ["cni:bridge", "cni:host-local", "cni:loopback"]}


def test_the_other_lessons_are_what_they_were(tutor: Tutor) -> None:
    assert tutor("solve", "small").returncode == 0
    assert tutor("shell", "small", "--", "hostname").stdout == "vm\n"
    assert tutor("shell", "--lab", "vm", "--", "hostname").stdout == "vm\n"


def test_doctor_says_that_not_all_lessons_can_run(tutor: Tutor) -> None:
    done = tutor("doctor", "--json")
    assert done.returncode == 1
    found = {finding["subject"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert (found["the lab vm"]["level"], found["the lab aks"]["level"]) == ("ok", "problem")
    assert found["programs"]["means"] == "these can't run: nodes (cni:bridge, cni:host-local, cni:loopback)"
    assert found["programs"]["remedy"] == REMEDY


@pytest.mark.pty
@pytest.mark.parametrize("left_off", [False, True])
def test_start_refuses_before_it_takes_the_screen_over(tmp_path: Path, left_off: bool) -> None:
    pack = str(mixed_pack(tmp_path))
    surroundings = environment(tmp_path)
    if left_off:
        ProgressStore("mixed", tmp_path / "tutor/progress.json").leave_at("nodes", "up")
    place = [] if left_off else ["nodes"]
    master, slave = pty.openpty()
    try:
        done = subprocess.run(
            [*ARGV, "start", *place, "--pack", pack],
            cwd=ROOT,
            env={**surroundings, "TERM": "xterm-256color"},
            stdin=slave,
            stdout=slave,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
        os.set_blocking(master, False)
        with pytest.raises(BlockingIOError):
            os.read(master, 1)
    finally:
        os.close(master)
        os.close(slave)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("tutor: nodes can't be done here: it needs cni:bridge")
    assert REMEDY in done.stderr
