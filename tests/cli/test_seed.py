"""`--seed`, as its users give it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Tutor
from tests.session.faulty import FAULTY
from tutor.lesson.draw import draw
from tutor.lesson.parse import parse_lesson

pytestmark = pytest.mark.netns

STEP = parse_lesson(FAULTY).steps[2]


@pytest.fixture
def pack(tmp_path: Path) -> str:
    root = tmp_path / "pack"
    shutil.copytree(ROOT / "checks", root / "checks")
    shutil.copytree(ROOT / "lessons" / "labs", root / "lessons" / "labs")
    (root / "lessons" / "course.toml").write_text('id = "small"\ntitle = "Small"\nlessons = ["01-faulty.md"]\n')
    (root / "lessons" / "01-faulty.md").write_text(FAULTY)
    return str(root)


def _seed_that_draws(id_: str) -> str:
    """A seed that draws this fault."""
    return str(next(seed for seed in range(50) if id_ in [fault.id for fault in draw(STEP, seed)]))


def _repairs(seed: int) -> str:
    return "\n".join(fault.repair.text for fault in draw(STEP, seed) if fault.repair is not None)


def test_shell_at_a_step_shows_what_the_seed_has_broken(tutor: Tutor, pack: str) -> None:
    shell = ("--pack", pack, "--", "ip", "-br", "link", "show", "br0")
    assert "DOWN" in tutor("shell", "faulty/repair", "--seed", _seed_that_draws("bridge-down"), *shell).stdout
    assert "DOWN" not in tutor("shell", "faulty/look", "--seed", _seed_that_draws("bridge-down"), *shell).stdout


def test_grade_judges_what_was_repaired_of_what_the_seed_has_broken(tutor: Tutor, pack: str) -> None:
    grade = ("grade", "faulty/repair", "-", "--pack", pack, "--json")
    repaired = tutor(*grade, "--seed", "3", stdin=_repairs(3))
    assert (repaired.returncode, json.loads(repaired.stdout)["passed"]) == (0, True)
    assert tutor(*grade, "--seed", "3", stdin="true").returncode == 1
    assert tutor(*grade, stdin=_repairs(0)).returncode == 0


def test_solve_repairs_what_the_seed_has_broken(tutor: Tutor, pack: str, tmp_path: Path) -> None:
    done = tutor("solve", "--seed", "4", "--pack", pack, "--record", str(tmp_path / "casts"), "--json")
    assert json.loads(done.stdout)["passed"] is True
    typed = (tmp_path / "casts" / "faulty.cast").read_text()
    for fault in draw(STEP, 4):
        assert fault.repair is not None
        assert fault.repair.text in typed


def test_verify_tries_the_seed_that_is_given_and_no_other(tutor: Tutor, pack: str) -> None:
    done = tutor("verify", "--seed", "41", "--pack", pack, "--json")
    assert done.returncode == 0, done.stdout
    cases = json.loads(done.stdout)["lessons"][0]["steps"][2]["cases"]
    assert [case["kind"] for case in cases].count("seed") == 1


def test_lint_tells_of_a_machine_that_the_lab_does_not_have(tutor: Tutor, pack: str) -> None:
    assert tutor("lint", pack).returncode == 0
    lesson = Path(pack) / "lessons" / "01-faulty.md"
    lesson.write_text(FAULTY.replace('machine="vm"', 'machine="vn"'))
    told = tutor("lint", pack)
    assert told.returncode == 1
    assert "there is no machine 'vn' in the lab 'vm'\n    there is: vm" in told.stdout


@pytest.mark.parametrize("verb", ["solve", "verify", "grade x y", "shell", "start"])
def test_a_seed_that_is_no_number_is_refused_in_one_line(tutor: Tutor, verb: str) -> None:
    refused = tutor(*verb.split(), "--seed", "seven")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "'seven' is not a valid integer" in refused.stderr
