"""A lab outlives a tutor that crashes, for its grace time, and is as it was when the next one comes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.conftest import VM, run
from tests.lab.processes import alive, below, name_of
from tests.waiting import read_until, until
from tutor.errors import LabError, LabGone
from tutor.lab.client import Lab
from tutor.lab.kept import Kept, all_kept
from tutor.lab.nursery import Nursery
from tutor.lab.wire import Message

pytestmark = pytest.mark.netns


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "run"
    made.mkdir(mode=0o700)
    yield made
    for _, lab in all_kept(made):
        lab.end()
        lab.close()


def test_a_crash_costs_the_learner_nothing(folder: Path) -> None:
    tutor = os.fork()
    if tutor == 0:
        lab = Kept(folder, "x").launch(Nursery(), grace=30)
        lab.build("vm", VM.read_text(), {})
        lab.write_note("here")
        run(lab, "ip netns add ns1")
        shell = lab.open_shell(PS1="$ ")
        os.write(shell.fd, b"echo before-the-$((40 + 2)); sleep 50 &\n")
        shell.keep(read_until(shell.fd, b"before-the-42\r\n"))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(tutor, 0)
    with _found(folder) as lab:
        status = lab.status()
        assert status.note == "here"
        assert status.owners == 1
        assert status.seconds_left is None
        assert "ns1" in run(lab, "ip netns")[1]
        shell = lab.attach_shell(status.terminals[0])
        assert b"before-the-42" in shell.replay().output
        os.write(shell.fd, b"jobs; echo after-$((40 + 3))\n")
        assert b"sleep 50" in read_until(shell.fd, b"after-43\r\n")
        shell.close()


def test_the_grace_time_runs_out(folder: Path, nursery: Nursery) -> None:
    lab = Kept(folder, "x").launch(nursery, grace=600)
    lab.close()
    with _found(folder) as visitor:
        visitor.visit()
        until(lambda: visitor.status().seconds_left is not None)
        assert 0 < (visitor.status().seconds_left or 0) <= 600
        visitor.end()
    lab = Kept(folder, "x").launch(nursery, grace=0.3)
    lab.build("vm", VM.read_text(), {})
    family = below(nursery.pid)
    with _found(folder) as visitor:
        visitor.visit()
        lab.close()
        until(lambda: _has_ended(visitor))
    until(lambda: not alive(family))
    assert Kept(folder, "x").find() is None


def test_a_visitor_keeps_nothing_alive_and_coming_back_does(folder: Path, nursery: Nursery) -> None:
    for grace in (0.4, 2.0, 10.0):  # longer, should this machine have been too busy to come back in time
        Kept(folder, "x").launch(nursery, grace=grace).close()
        owner = Kept(folder, "x").find()
        if owner is not None and not _has_ended(owner):
            break
    assert owner is not None
    with owner:
        time.sleep(grace + 0.3)
        assert owner.status().owners == 1


@pytest.mark.parametrize("victim", ["memfd:keeper", "lab"])
def test_a_kept_lab_whose_processes_are_killed_leaves_nothing_but_a_dead_socket(folder: Path, victim: str) -> None:
    own = Nursery()
    owner = Kept(folder, "x").launch(own, grace=30)
    owner.build("vm", VM.read_text(), {})
    family = below(own.pid)
    os.kill(next(pid for pid in family if name_of(pid) == victim), signal.SIGKILL)
    until(lambda: not alive(family))
    with pytest.raises(LabGone):
        owner.status()
    owner.close()
    assert Kept(folder, "x").find() is None
    assert (folder / "x.sock").exists()
    assert list(all_kept(folder)) == []
    assert not (folder / "x.sock").exists()
    own.close()


def test_a_kept_lab_outlives_its_nursery(folder: Path) -> None:
    own = Nursery()
    owner = Kept(folder, "x").launch(own, grace=30)
    owner.build("vm", VM.read_text(), {})
    os.kill(own.pid, signal.SIGKILL)
    own.close()
    assert run(owner, "ping -c 1 -W 2 8.8.8.8")[0] == 0
    owner.end()
    owner.close()


def test_a_lab_whose_tutor_was_killed_before_it_heard_of_it_is_nobody_elses(folder: Path) -> None:
    own = Nursery()
    tutor = os.fork()
    if tutor == 0:
        signal.setitimer(signal.ITIMER_REAL, 0.001)  # by SIGALRM, before the answer is there
        Kept(folder, "x").launch(own, grace=0.5)
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(tutor, 0)[1]) == signal.SIGALRM
    mine = Kept(folder, "y").launch(own, grace=30)
    mine.build("vm", VM.read_text(), {})
    assert mine.status().owners == 1
    with _found(folder, "y") as same:
        assert same.status().owners == 2
    until(lambda: [name_of(pid) for pid in below(own.pid)].count("lab") == 1)  # to ask for it would keep it alive
    assert Kept(folder, "x").find() is None
    mine.end()
    mine.close()
    own.close()


def test_an_end_is_for_everybody_in_the_lab(folder: Path, nursery: Nursery) -> None:
    owner = Kept(folder, "x").launch(nursery, grace=30)
    with _found(folder) as other:
        assert other.status().owners == 2
        other.end()
    with pytest.raises(LabGone):
        owner.status()
    owner.close()


def test_a_folder_that_others_can_enter_is_refused(folder: Path, nursery: Nursery) -> None:
    folder.chmod(0o755)
    with pytest.raises(LabError, match="can be entered by others") as caught:
        Kept(folder, "x").launch(nursery, grace=1)
    assert caught.value.hint == f"chmod 700 {folder}"
    folder.chmod(0o700)


def test_a_shell_that_has_ended_is_said_to_have_ended(folder: Path, nursery: Nursery) -> None:
    owner = Kept(folder, "x").launch(nursery, grace=30)
    owner.build("vm", VM.read_text(), {})
    shell = owner.open_shell(PS1="$ ")
    os.write(shell.fd, b"exit 7\n")
    told: list[Message] = []

    def is_told() -> bool:
        told.extend(notice for notice in owner.notices() if notice["notice"] == "shell-ended")
        return bool(told)

    until(is_told)
    assert told == [{"notice": "shell-ended", "terminal": shell.id, "status": 7}]
    with pytest.raises(LabGone, match="that shell has ended"):
        owner.attach_shell(shell.id)
    assert owner.status().terminals == ()
    shell.close()
    owner.end()
    owner.close()


def test_only_one_tutor_has_a_lab(folder: Path) -> None:
    first, second = Kept(folder, "x"), Kept(folder, "x")
    assert first.take()
    assert not second.take()
    assert Kept(folder, "y").take()
    first.release()
    assert second.take()


def test_another_can_watch(folder: Path, nursery: Nursery) -> None:
    owner = Kept(folder, "x").launch(nursery, grace=0)
    owner.build("vm", VM.read_text(), {})
    shell = owner.open_shell(columns=77, rows=22, PS1="$ ")
    with _found(folder) as visitor:
        visitor.visit()
        ring, columns, rows = visitor.watch_shell(shell.id)
        assert (columns, rows) == (77, 22)
        os.write(shell.fd, b"echo seen-$((40 + 2))\n")
        shell.keep(read_until(shell.fd, b"seen-42\r\n"))
        assert b"seen-42" in ring.since(0)[0]
        ring.close()
    shell.close()
    owner.close()


def test_a_client_that_asks_for_the_impossible_is_answered_and_keeps_nothing_alive(
    folder: Path, nursery: Nursery
) -> None:
    owner = Kept(folder, "x").launch(nursery, grace=60)
    owner.build("vm", VM.read_text(), {})
    with pytest.raises(LabError, match="terminal failed"):
        owner.open_shell(columns=-1, rows=24)
    assert run(owner, "hostname") == (0, "vm\n")
    owner.close()
    with _found(folder) as visitor:
        visitor.visit()
        status = visitor.status()
        assert (status.owners, status.faults) == (0, ())
        assert status.seconds_left is not None
        visitor.end()


def test_a_program_goes_on_while_nobody_looks(folder: Path, nursery: Nursery) -> None:
    owner = Kept(folder, "x").launch(nursery, grace=30)
    owner.build("vm", VM.read_text(), {})
    shell = owner.open_shell(PS1="$ ")
    os.write(shell.fd, b"yes | head -c 3000000; touch /tmp/finished\n")
    shell.close()
    owner.close()
    with _found(folder) as lab:
        until(lambda: run(lab, "test -e /tmp/finished")[0] == 0)


def test_a_new_lab_takes_the_place_of_the_old_one(folder: Path, nursery: Nursery) -> None:
    kept = Kept(folder, "x")
    old = kept.launch(nursery, grace=30)
    new = kept.launch(nursery, grace=30)
    with pytest.raises(LabGone):
        old.status()
    assert not new.status().built
    new.end()
    new.close()
    old.close()


def _found(folder: Path, name: str = "x") -> Lab:
    lab = Kept(folder, name).find()
    assert lab is not None
    return lab


def _has_ended(lab: Lab) -> bool:
    try:
        lab.status()
    except LabGone:
        return True
    return False
