from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import loaded_after
from tutor.cli.verbs import ASKED, VERBS
from tutor.store.course import Course
from tutor.store.packs import our_pack

COURSE = Course(our_pack())


def answered(line: str) -> list[str]:
    """What `tutor` tells a shell that asks about the end of this line."""
    words = line.split(" ")
    asked = {ASKED: "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "tutor.cli"], env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def in_shell(argv: list[str]) -> str:
    """What a shell prints that finds `tutor` on its PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(argv, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_verb_is_offered() -> None:
    assert answered("tutor ") == [f"plain,{verb}" for verb in VERBS]


def test_the_verbs_that_begin_with_what_was_typed_are_offered() -> None:
    assert answered("tutor gr") == ["plain,grade"]


@pytest.mark.parametrize("verb", ["start", "solve", "verify", "grade", "shell", "reset"])
def test_every_lesson_is_offered(verb: str) -> None:
    assert answered(f"tutor {verb} ") == [f"plain,{id_}" for id_ in COURSE.ids]


@pytest.mark.parametrize("verb", ["start", "grade", "shell"])
def test_after_a_slash_the_steps_of_the_lesson_are_offered(verb: str) -> None:
    steps = [f"plain,bridge/{step.id}" for step in COURSE.lesson("bridge").steps]
    assert answered(f"tutor {verb} bridge/") == steps


def test_steps_of_no_lesson_are_not_offered() -> None:
    assert answered("tutor start ridge/") == []


def test_a_lesson_that_the_line_names_is_not_offered_again() -> None:
    assert "plain,bridge" not in answered("tutor solve bridge ")


def test_the_second_word_of_a_verb_with_one_place_is_none() -> None:
    assert answered("tutor start bridge ") == []


def test_labs_are_offered() -> None:
    assert answered("tutor shell --lab ") == ["plain,aks", "plain,vm"]


@pytest.mark.parametrize("line", ["tutor grade bridge ", "tutor lint ", "tutor shell -- ls ", "tutor solve --junit "])
def test_files_are_left_to_the_shell(line: str) -> None:
    assert answered(line) == ["file,"]


@pytest.mark.parametrize("line", ["tutor list --pack ", "tutor solve --record "])
def test_folders_are_left_to_the_shell(line: str) -> None:
    assert answered(line) == ["dir,"]


def test_options_are_offered() -> None:
    assert {"plain,--seed", "plain,--junit", "plain,--json"} <= set(answered("tutor solve --"))


def test_lessons_of_another_pack_are_offered(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "lessons").mkdir()
    text = (COURSE.pack.lessons / "02-veth-pair.md").read_text(encoding="utf-8").replace("veth-pair", "my-pair", 1)
    (tmp_path / "lessons/01.md").write_text(text, encoding="utf-8")
    course = 'id = "mine"\ntitle = "Mine"\nlessons = ["01.md"]\n'
    (tmp_path / "lessons/course.toml").write_text(course, encoding="utf-8")
    assert answered(f"tutor solve --pack {tmp_path} ") == ["plain,my-pair"]


@pytest.mark.parametrize("line", ["start ", "start bridge/", "shell --lab "])
def test_where_there_is_no_pack_nothing_is_offered_and_nothing_said(line: str, tmp_path: Path) -> None:
    verb, _, rest = line.partition(" ")
    assert answered(f"tutor {verb} --pack {tmp_path / 'none'} {rest}") == []


def test_bash_completes_a_place() -> None:
    script = (
        'eval "$(tutor completion bash)"; COMP_WORDS=(tutor start bridge/p); COMP_CWORD=2; _tutor_completion tutor;'
        ' printf "%s\\n" "${COMPREPLY[@]}"; complete -p tutor'
    )
    *places, known = in_shell(["bash", "--norc", "-c", script]).splitlines()
    assert places == [f"bridge/{step.id}" for step in COURSE.lesson("bridge").steps if step.id.startswith("p")]
    assert "_tutor_completion" in known


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_completes_a_place() -> None:
    script = 'tutor completion fish | source; complete -C "tutor start bri"'
    assert [line.split("\t")[0] for line in in_shell(["fish", "-N", "-c", script]).splitlines()] == ["bridge"]


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_takes_the_script_for_its_own() -> None:
    script = 'autoload -U compinit; compinit -D; eval "$(tutor completion zsh)"; print $_comps[tutor]'
    script += "; which _tutor_completion"
    known, *body = in_shell(["zsh", "-f", "-c", script]).splitlines()
    assert known == "_tutor_completion"
    assert any("_TUTOR_COMPLETE=zsh_complete" in line for line in body)


def test_a_shell_without_a_script_is_refused() -> None:
    argv = [sys.executable, "-m", "tutor.cli", "completion", "tcsh"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'bash', 'zsh', 'fish'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("line", ["tutor ", "tutor start ", "tutor solve bri", "tutor start bridge/"])
def test_what_a_shell_asks_in_the_middle_of_a_line_loads_no_screen_and_no_kernel(line: str) -> None:
    words = line.split(" ")
    asked = {ASKED: "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    loaded = loaded_after(
        f"import os\nos.environ.update({asked!r})\nfrom tutor.cli.main import main\nassert main([]) == 0\n"
    )
    assert not loaded & {"textual", "pyroute2", "pyghostty", "pexpect"}
