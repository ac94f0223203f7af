"""Each verb as its users call it."""

from __future__ import annotations

import json
import os
import re
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
from tutor.store.progress import ProgressStore

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


def test_shell_carries_any_bytes_both_ways_unchanged(tmp_path: Path) -> None:
    data = bytes(range(256)) * 4096
    argv = [sys.executable, "-m", "tutor.cli", "shell", "--lab", "vm", "--", "sh", "-c", "tee /dev/stderr"]
    done = subprocess.run(
        argv, cwd=ROOT, env=environment(tmp_path), input=data, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0
    assert done.stdout == data
    assert done.stderr == data


@pytest.mark.parametrize(
    ("script", "status"),
    [("exit 7", 7), ("kill -9 $$", 137), ("exec no-such-program", 127), ("head -c 1 >/dev/null", 0)],
)
def test_shell_ends_with_the_status_of_what_it_ran(tutor: Tutor, script: str, status: int) -> None:
    assert tutor("shell", "initial-state", "--", "sh", "-c", script, stdin="x" * 300_000).returncode == status


def test_shell_without_a_command_reads_one_from_its_input(tutor: Tutor) -> None:
    assert tutor("shell", "initial-state", stdin="hostname\nexit 3\n").stdout == "vm\n"


def test_list_shows_lessons_progress_and_the_lab_that_waits(tutor: Tutor, tmp_path: Path) -> None:
    assert "initial-state: A machine with one network card  (0 of 5 done)" in tutor("list").stdout
    folder = Path(environment(tmp_path)["XDG_RUNTIME_DIR"]) / "tutor"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    nursery = Nursery()
    lab = Kept(folder, "container-networking-vm").launch(nursery, grace=600)
    lab.write_note('{"lesson": "veth-pair", "step": "look"}')
    lab.close()
    nursery.close()
    shown = tutor("list", "--json")
    assert json.loads(shown.stdout)["labs"][0]["place"] == "veth-pair/look"
    assert re.search(r"A lab waits at veth-pair/look for 9:\d\d", tutor("list").stdout)
    assert "nothing to reset" in tutor("reset").stdout
    assert "the lab that was open has ended" in tutor("reset", "veth-pair").stdout
    assert json.loads(tutor("list", "--json").stdout)["labs"] == []


def test_reset_forgets_one_lesson_or_all(tutor: Tutor, tmp_path: Path) -> None:
    store = ProgressStore("container-networking", tmp_path / "tutor/progress.json")
    for lesson, step in (("initial-state", "links"), ("veth-pair", "pair")):
        store.mark_done(lesson, step)
        store.leave_at(lesson, step)
    assert "  <- you are here" in tutor("list").stdout
    assert tutor("reset").stdout == "Your progress in veth-pair is forgotten.\n"
    shown = json.loads(tutor("list", "--json").stdout)
    assert {lesson["id"] for lesson in shown["lessons"] for step in lesson["steps"] if step["done"]} == {
        "initial-state"
    }
    assert tutor("reset", "--all").stdout == "All progress is forgotten.\n"
    assert not store.read().value.done


def test_a_lab_of_another_pack_is_not_ours_to_end(tutor: Tutor, tmp_path: Path) -> None:
    folder = Path(environment(tmp_path)["XDG_RUNTIME_DIR"]) / "tutor"
    folder.mkdir(mode=0o700, parents=True)
    nursery = Nursery()
    topology = (ROOT / "lessons/labs/vm.toml").read_text()
    labs = {}
    for name in ("container-networking-vm", "container-networking-more-vm"):
        labs[name] = Kept(folder, name).launch(nursery, grace=60)
        labs[name].build("vm", topology, {})
    try:
        found = json.loads(tutor("list", "--json").stdout)["labs"]
        assert [lab["name"] for lab in found] == ["container-networking-vm"]
        assert found[0]["seconds_left"] is None
        assert "A lab is open." in tutor("list").stdout
        assert "tutor reset --all" in tutor("reset").stdout
        joined = tutor("shell", "--attach", "--", "sh", "-c", "touch /root/seen; hostname")
        assert joined.stdout == "vm\n"
        assert tutor("reset", "--all").stdout == "All progress is forgotten, and the lab that was open has ended.\n"
        assert labs["container-networking-more-vm"].status().built
    finally:
        for lab in labs.values():
            lab.end()
            lab.close()
        nursery.close()


def test_tutor_alone_says_what_there_is(tutor: Tutor) -> None:
    done = tutor()
    assert done.returncode == 0
    assert all(f"  {verb} " in done.stdout for verb in ("start", "list", "doctor"))


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


@pytest.mark.parametrize(
    "arguments", [("list",), ("solve", "veth-pair"), ("shell", "--lab", "vm", "--", "seq", "200000"), ("doctor",)]
)
def test_a_reader_that_has_seen_enough_breaks_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    argv = [sys.executable, "-m", "tutor.cli", *arguments]
    with subprocess.Popen(
        argv, cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as tutor:
        assert tutor.stdout is not None
        assert tutor.stderr is not None
        tutor.stdout.readline()
        tutor.stdout.close()
        assert tutor.wait(60) in (0, 141)  # 141: it had more to say
        assert tutor.stderr.read() == ""


@pytest.mark.parametrize(
    "arguments",
    [("shell", "--lab", "vm", "--", "sleep", "1000"), ("verify",), ("grade", "veth-pair", "tests/cli/endless.sh")],
)
def test_ctrl_c_ends_a_run_at_once_and_leaves_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    argv = [sys.executable, "-m", "tutor.cli", *arguments]
    with subprocess.Popen(
        argv, cwd=ROOT, env=environment(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as tutor:
        end = time.monotonic() + 60
        while len(below(tutor.pid)) < 5 and time.monotonic() < end:
            time.sleep(0.02)
        family = below(tutor.pid)
        assert len(family) >= 3
        os.kill(tutor.pid, signal.SIGINT)
        assert tutor.wait(60) == 130  # without it, none of them would have come to its end by itself
        assert tutor.stderr is not None
        assert b"Traceback" not in tutor.stderr.read()
        end = time.monotonic() + 60
        while alive(family) and time.monotonic() < end:
            time.sleep(0.01)
        assert not alive(family)
