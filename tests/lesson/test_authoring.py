"""The page for authors says what the parser does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tutor.lesson
from tutor.lesson import StepKind
from tutor.lesson.lint import lint_text
from tutor.lesson.parse import parse_lesson
from tutor.lesson.problems import Problems
from tutor.lesson.uses import read_checks, read_requires, read_see
from tutor.store.checks import load_checks
from tutor.store.packs import our_pack

PAGE = (Path(__file__).parents[2] / "docs" / "authoring.md").read_text()
SOURCES = "\n".join(path.read_text() for path in Path(tutor.lesson.__file__).parent.glob("*.py"))
SOURCES += (Path(tutor.lesson.__file__).parents[1] / "check" / "definition.py").read_text()


def _only(pattern: str) -> str:
    (found,) = re.findall(pattern, PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


def _blocks() -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_whole_lesson_on_the_page_is_right() -> None:
    text = _only(r"^`````markdown\n(.*?)^`````$")
    checks = load_checks(our_pack())
    assert [(str(error), error.hint) for error in lint_text(text, None, checks.definitions, checks.diagnoses)] == []
    steps = parse_lesson(text).steps
    assert [step.kind for step in steps] == [StepKind.DO, StepKind.SEE, StepKind.ANSWER]
    assert steps[-1].question is not None
    assert "LOWERLAYERDOWN" in steps[-1].question.choices


def test_the_blocks_on_the_page_are_read() -> None:
    checks, requires, see = _blocks()
    problems = Problems(None)
    assert [use.holds for use in read_checks(checks, 1, problems)] == ["end", "step", "end"]
    assert [requirement.fails for requirement in read_requires(requires, 1, problems)] == [
        "",
        "nat.source-untranslated",
    ]
    read = read_see(see, 1, problems)
    assert read is not None
    assert read.fails
    assert problems.errors == []


_ERRORS = [
    re.split(r"(?<!\\) \| ", line)[0].strip("| ").strip("` ")
    if not line.startswith("| ``")
    else line.split("``")[1].strip()
    for line in _only(r"^\| it says \| because \|\n\|---\|---\|\n(.*?)\n\n").split("\n")
]


@pytest.mark.parametrize("error", _ERRORS)
def test_every_error_on_the_page_is_one_that_is_told(error: str) -> None:
    for part in error.split("…"):
        assert part.strip() in SOURCES


@pytest.mark.parametrize("name", re.findall(r"^    \"?(\w+)\"?: \(\"(?:bash|yaml|text)\"", SOURCES, re.MULTILINE))
def test_every_class_is_on_the_page(name: str) -> None:
    assert f"{{.{name.strip('_').lower()}" in PAGE
