"""One learner on the way through lessons."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.session.conftest import ROOT
from tutor.check import Answer, NetworkState
from tutor.lab.nursery import Nursery
from tutor.session.judge import Judge
from tutor.session.material import Material
from tutor.session.play import Play, first_open_step
from tutor.session.sitting import Place, Sitting
from tutor.session.workshop import Workshop, run_script
from tutor.shell import Command
from tutor.store.progress import ProgressStore

pytestmark = pytest.mark.netns


@pytest.fixture
def sitting(nursery: Nursery, workshop: Workshop, material: Material, tmp_path: Path) -> Iterator[Sitting]:
    made = Sitting(nursery, workshop, material.course, tmp_path / "run")
    assert made.take("vm")
    yield made
    made.leave()
    made.release()


@pytest.fixture
def play(material: Material, tmp_path: Path) -> Play:
    return Play(material.course, material.judge, ProgressStore("test", tmp_path / "progress.json"))


def _enter(play: Play, sitting: Sitting, material: Material, place: str) -> None:
    lesson, step = material.place(place)
    assert step is not None
    sitting.build(lesson, step)
    play.live_in(sitting.live)
    play.enter(lesson, step)


def _run(sitting: Sitting, command: str) -> Command:
    assert sitting.lab is not None
    ran = run_script(sitting.lab, command)
    return Command(command, ran.output, ran.status or 0)


def test_a_do_step_names_what_is_wrong_then_passes_and_is_kept(
    play: Play, sitting: Sitting, material: Material, tmp_path: Path
) -> None:
    _enter(play, sitting, material, "veth-pair/one-end-up")
    assert play.view.fault is not None
    assert play.view.checks[0].text == "veth-a-ns1 is up"
    _run(sitting, "ip link set veth-a-ns1 up")
    assert play.look().passed
    assert ProgressStore("test", tmp_path / "progress.json").read().value.is_done("veth-pair", "one-end-up")


def test_a_see_step_passes_by_its_output_and_tells_what_is_missing(
    play: Play, sitting: Sitting, material: Material
) -> None:
    _enter(play, sitting, material, "initial-state/links")
    assert play.ran(_run(sitting, "hostname")).missing == ()
    assert "eth0 is in the list" in play.ran(_run(sitting, "ip link show lo")).missing
    assert play.ran(_run(sitting, "ip -br a; ip a")).passed


def test_what_was_seen_in_a_shell_without_marks_can_be_said(play: Play, sitting: Sitting, material: Material) -> None:
    _enter(play, sitting, material, "initial-state/links")
    assert play.say_seen().passed


def test_an_answer_is_right_or_wrong(play: Play, sitting: Sitting, material: Material) -> None:
    _enter(play, sitting, material, "initial-state/scope")
    assert not play.answer("global").passed
    assert play.view.answer == "global"
    assert play.answer(" HOST ").passed


def test_hints_come_one_by_one(play: Play, sitting: Sitting, material: Material) -> None:
    _enter(play, sitting, material, "veth-pair/pair")
    assert [len(play.hint().hints) for _ in range(4)] == [1, 2, 3, 3]


def test_the_way_leads_from_lesson_to_lesson_and_back(play: Play, sitting: Sitting, material: Material) -> None:
    _enter(play, sitting, material, "initial-state/outside")
    following = play.following()
    assert following is not None
    assert (following[0].id, following[1].id) == ("veth-pair", "pair")
    play.enter(*following)
    preceding = play.preceding()
    assert preceding is not None
    assert (preceding[0].id, preceding[1].id) == ("initial-state", "outside")
    lesson, step = material.place("initial-state/links")
    assert step is not None
    play.enter(lesson, step)
    assert play.preceding() is None
    assert first_open_step(lesson, play.progress).id == "links"


def test_progress_that_can_not_be_kept_is_told_and_the_step_still_counts(sitting: Sitting, material: Material) -> None:
    play = Play(material.course, material.judge, ProgressStore("test", Path("/proc/nowhere/progress.json")))
    _enter(play, sitting, material, "veth-pair/pair")
    _run(sitting, "ip link add veth-a-ns1 type veth peer name veth-b-ns1")
    assert play.look().passed
    assert any("not being kept" in message for message in play.messages)


FILL = """
import sys
from pathlib import Path
from tutor.session.material import load_material
from tutor.session.play import Play
from tutor.store.progress import ProgressStore
disk = Path(sys.argv[1])
material = load_material("")
play = Play(material.course, material.judge, ProgressStore("test", disk / "progress.json"))
lesson, step = material.place("initial-state/links")
play.enter(lesson, step)
assert not play.messages, play.messages
filler = (disk / "filler").open("wb", buffering=0)
try:
    while filler.write(bytes(4096)):
        pass
except OSError:
    pass
assert play.say_seen().passed
print(*play.messages, sep="\\n")
print((disk / "progress.json").read_text().count("links"))
"""


def test_on_a_full_disk_the_step_counts_and_what_was_kept_is_kept(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" -c "$3" "$1"'
    argv = ["unshare", "-Urm", "sh", "-c", mount, "sh", str(tmp_path), sys.executable, FILL]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    message, kept = done.stdout.splitlines()
    assert "No space left on device" in message
    assert "is not being kept" in message
    assert kept == "1"


def test_a_question_that_breaks_is_shown_as_our_error(sitting: Sitting, material: Material, tmp_path: Path) -> None:
    def breaks(state: NetworkState, *, link: str, netns: str = "root") -> Answer:
        raise ZeroDivisionError(link)

    definitions = dict(material.checks.definitions)
    definitions["address.scope_of"] = replace(definitions["address.scope_of"], function=breaks)
    play = Play(material.course, Judge(definitions), ProgressStore("test", tmp_path / "progress.json"))
    _enter(play, sitting, material, "initial-state/scope")
    view = play.answer("host")
    assert not view.passed
    assert "not yours" in view.error


def test_damaged_progress_is_set_aside_with_a_word(material: Material, tmp_path: Path) -> None:
    (tmp_path / "progress.json").write_text("{")
    play = Play(material.course, material.judge, ProgressStore("test", tmp_path / "progress.json"))
    assert "damaged" in play.messages[0]
    assert list(tmp_path.glob("progress.json.damaged-*"))


def test_a_sitting_comes_back_to_its_lab(
    sitting: Sitting, nursery: Nursery, workshop: Workshop, material: Material, tmp_path: Path
) -> None:
    lesson, step = material.place("veth-pair/look")
    assert step is not None
    sitting.build(lesson, step)
    shell = sitting.open_shell(80, 24)
    os.write(shell.fd, b"# a comment\n")
    other = Sitting(nursery, workshop, material.course, tmp_path / "run")
    assert not other.take("vm")
    sitting.release()
    assert other.take("vm")
    assert other.resume() == Place("veth-pair", "look")
    assert other.shell is not None
    assert other.live is not None
    assert other.live.state().find_link("veth-a-ns1") is not None
    other.leave()
    assert other.resume() is None
    other.release()
