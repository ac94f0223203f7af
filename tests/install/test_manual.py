from __future__ import annotations

import re
import shutil
import subprocess
import sys

import click
import pytest

from tests.install.conftest import ROOT, run
from tutor.cli.verbs import VERBS, tutor

PAGE = ROOT / "docs/tutor.1"


def plain(page: str) -> str:
    """The page, with what stands for a sign in it turned into the sign."""
    return page.replace(r"\-", "-").replace(r"\[dq]", '"').replace(r"\[aq]", "'")


def section(verb: str) -> str:
    """What the page says of a verb."""
    return re.split(rf'^\.SS "tutor {verb}\b.*$', plain(PAGE.read_text()), flags=re.M)[1].partition("\n.SS")[0]


def options(verb: str) -> list[str]:
    command = tutor.get_command(click.Context(tutor), verb)
    assert command is not None
    return [name for option in command.params if isinstance(option, click.Option) for name in option.opts]


@pytest.mark.parametrize("verb", VERBS)
def test_the_page_names_every_option_of_a_verb(verb: str) -> None:
    told = re.findall(r'^\.B[IR]? "(.+?)"', section(verb), flags=re.M)
    assert {name for line in told for name in re.split(r"[ ,]+", line.strip())} == set(options(verb))


def test_the_page_is_the_one_that_the_definitions_make() -> None:
    made = run([sys.executable, "docs/manual.py", "--print"], cwd=ROOT)
    assert made == PAGE.read_text(), "a verb or an option has changed since: run `make manual`"


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_groff_finds_nothing_wrong_with_the_page() -> None:
    done = subprocess.run(["groff", "-man", "-ww", "-z", str(PAGE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
def test_mandoc_finds_nothing_wrong_with_the_page() -> None:
    argv = ["mandoc", "-T", "lint", "-W", "warning", str(PAGE)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    # A date would make a new page of the same text every day.
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []
