"""Each verb as its users call it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from tests.cli.conftest import ROOT, Tutor, environment
from tests.lab.processes import alive, below
from tutor.lab.kept import Kept
from tutor.lab.nursery import Nursery

pytestmark = pytest.mark.netns

PAPER = "ip link add veth-a-ns1 type veth peer name veth-b-ns1\nip link set veth-a-ns1 up\n"


def test_solve_says_what_it_saw_in_words_json_and_junit(tutor: Tutor, tmp_path: Path) -> None:
    done = tutor("solve", "initial-state", "veth-pair", "--junit", str(tmp_path / "x.xml"))
    assert done.returncode == 0, done.stderr
    assert "11 steps, all passed" in done.stdout
    assert len(Xml.parse(tmp_path / "x.xml").getroot()) == 2
    document = json.loads(tutor("solve", "veth-pair", "--json").stdout)
    assert document["passed"] is True
    assert [step["kind"] for step in document["lessons"][0]["steps"]] == ["do", "do", "see", "answer", "do", "do"]


def test_verify_proves_a_lesson(tutor: Tutor) -> None:
    done = tutor("verify", "veth-pair", "--jobs", "2", "--json")
    assert done.returncode == 0
    cases = [case for step in json.loads(done.stdout)["lessons"][0]["steps"] for case in step["cases"]]
    assert sum(case["kind"] == "mistake" for case in cases) >= 8
    assert all(case["passed"] is not False for case in cases)


def test_grade_has_the_words_of_the_contract(tutor: Tutor) -> None:
    done = tutor("grade", "veth-pair", "-", "--json", stdin=PAPER)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert list(document) == ["lesson", "passed", "steps"]
    assert set(document["steps"][0]) == {"id", "kind", "passed", "diagnosis", "checks"}
    failed = tutor("grade", "veth-pair/pair", "/dev/null", "--json")
    assert failed.returncode == 1
    step = json.loads(failed.stdout)["steps"][0]
    assert step["diagnosis"] == "veth.missing"
    assert step["checks"][0]["diagnosis"] == "veth.missing"


def test_shell_runs_a_command_at_a_place_with_its_streams_and_status(tutor: Tutor) -> None:
    done = tutor(
        "shell", "veth-pair/carrier", "--", "sh", "-c", "cat; ip -br link; echo oh >&2; exit 7", stdin="hello\n"
    )
    assert done.returncode == 7
    assert done.stdout.startswith("hello\n")
    assert "veth-a-ns1@veth-b-ns1" in done.stdout
    assert done.stderr == "oh\n"


def test_shell_carries_much_output_whole_and_waits_for_no_background_job(tutor: Tutor) -> None:
    done = tutor("shell", "--lab", "vm", "--", "bash", "-c", "sleep 30 & seq 200000")
    assert done.stdout == "".join(f"{number}\n" for number in range(1, 200001))


def test_shell_without_a_command_reads_one_from_its_input(tutor: Tutor) -> None:
    assert tutor("shell", "initial-state", stdin="hostname\nexit 3\n").stdout == "vm\n"


def test_list_shows_lessons_progress_and_the_lab_that_waits(tutor: Tutor, tmp_path: Path) -> None:
    assert "initial-state: A machine with one network card  (0 of 5 done)" in tutor("list").stdout
    folder = Path(environment(tmp_path)["XDG_RUNTIME_DIR"]) / "tutor"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    nursery = Nursery()
    lab = Kept(folder, "container-networking-vm").launch(nursery, grace=60)
    lab.write_note('{"lesson": "veth-pair", "step": "look"}')
    lab.close()
    nursery.close()
    shown = tutor("list", "--json")
    assert json.loads(shown.stdout)["labs"][0]["place"] == "veth-pair/look"
    assert "A lab waits at veth-pair/look for 0:5" in tutor("list").stdout
    assert "nothing to reset" in tutor("reset").stdout
    assert "the lab that was open has ended" in tutor("reset", "veth-pair").stdout
    assert json.loads(tutor("list", "--json").stdout)["labs"] == []


def test_lint_finds_nothing_in_our_course(tutor: Tutor) -> None:
    done = tutor("lint")
    assert done.returncode == 0, done.stdout
    assert json.loads(tutor("lint", "--json").stdout) == {"passed": True, "problems": []}


def test_doctor_tries_and_says(tutor: Tutor) -> None:
    done = tutor("doctor", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == (0 if document["passed"] else 1)
    found = {finding["subject"]: finding["level"] for finding in document["findings"]}
    assert found["user namespaces"] == "ok"
    assert found["the internet of the lab"] == "ok"


def test_a_reader_that_has_seen_enough_breaks_nothing(tmp_path: Path) -> None:
    command = f"{sys.executable} -m tutor.cli list | head -1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


def test_ctrl_c_ends_a_run_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tutor.cli", "shell", "--lab", "vm", "--", "sleep", "60"]
    with subprocess.Popen(
        argv, cwd=ROOT, env=environment(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as tutor:
        end = time.monotonic() + 10
        while len(below(tutor.pid)) < 5 and time.monotonic() < end:
            time.sleep(0.02)
        family = below(tutor.pid)
        os.kill(tutor.pid, signal.SIGINT)
        assert tutor.wait(3) == 130
        assert tutor.stderr is not None
        assert b"Traceback" not in tutor.stderr.read()
        assert not alive(family)
