from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.house import OWNERS, loaded_after, sources

NEEDS_THE_SCREEN = {"start"}


def is_verb(file: Path) -> bool:
    """Whether a module of tutor/cli makes a click command of its own (the group of all of them is in main)."""
    decorators = (
        decorator.func if isinstance(decorator, ast.Call) else decorator
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
    )
    return any(ast.unparse(decorator).rpartition(".")[2] == "command" for decorator in decorators)


# `list` lives in list_.py, to be no namesake of Python's own.
FILES = {file.stem.removesuffix("_"): file for file in sources("tutor/cli") if file.stem != "main" and is_verb(file)}
VERBS = sorted(FILES)


def loaded_by_tutor(*arguments: str) -> set[str]:
    return loaded_after(
        "import sys\n"
        "from tutor.cli.main import main\n"
        f"sys.argv = ['tutor', *{arguments!r}]\n"
        "status = main()\n"
        "assert status == 0, f'exit status {status}'\n"
    )


def test_verbs_are_there() -> None:
    assert {"start", "list"} <= set(VERBS)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_what_says_only_how_to_call_it_loads_no_library_of_any_verb(arguments: tuple[str, ...]) -> None:
    assert not loaded_by_tutor(*arguments) & OWNERS.keys()


@pytest.mark.parametrize("verb", VERBS)
def test_asking_a_verb_how_to_call_it_loads_no_screen(verb: str) -> None:
    assert "textual" not in loaded_by_tutor(verb, "--help")


def test_the_list_of_lessons_loads_neither_screen_nor_kernel_nor_shell() -> None:
    assert not loaded_by_tutor("list") & {"textual", "pyroute2", "pexpect", "pyghostty"}


@pytest.mark.parametrize("verb", sorted(set(VERBS) - NEEDS_THE_SCREEN))
def test_only_start_names_the_screen(verb: str) -> None:
    """Whatever a verb does with whatever arguments: without `tutor.tui` in its source it can't load Textual."""
    assert "tutor.tui" not in FILES[verb].read_text(encoding="utf-8")
