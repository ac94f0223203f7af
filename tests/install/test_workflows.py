from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.install.conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w/-]+@(v\d+\.\d+\.\d+|[0-9a-f]{40})")
MAKE = re.compile(r"\bmake ((?:[a-z][a-z-]* ?)+)")


class Strict(yaml.SafeLoader):
    """Reads YAML as GitHub does: `on` is a word, and no key may stand twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice, line {node.start_mark.line + 1}: {keys}"
        return super().construct_mapping(node, deep)


Strict.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Strict)
    return document


def jobs(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from read(path)["jobs"].items()


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for _, job in jobs(path):
        yield from job["steps"]


def test_there_are_workflows_for_lint_tests_the_wheel_containers_and_a_virtual_machine() -> None:
    found = {name for path in WORKFLOWS for name, _ in jobs(path)}
    assert {"lint", "test", "wheel", "container", "vm"} <= found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
class TestEachWorkflow:
    def test_may_only_read(self, path: Path) -> None:
        assert read(path)["permissions"] == {"contents": "read"}
        assert [name for name, job in jobs(path) if "permissions" in job] == []

    def test_says_when_it_runs(self, path: Path) -> None:
        assert {"push", "pull_request"} <= set(read(path)["on"])

    def test_gives_up_some_time(self, path: Path) -> None:
        assert [name for name, job in jobs(path) if not 0 < int(job.get("timeout-minutes", 0)) <= 60] == []

    def test_runs_on_a_release_that_is_named(self, path: Path) -> None:
        assert [name for name, job in jobs(path) if not re.fullmatch(r"ubuntu-\d\d\.\d\d", job["runs-on"])] == []

    def test_uses_actions_of_a_certain_version(self, path: Path) -> None:
        used = [step["uses"] for step in steps(path) if "uses" in step]
        assert [action for action in used if not PINNED.fullmatch(action)] == []

    def test_keeps_no_credentials_in_the_checkout(self, path: Path) -> None:
        checkouts = [step for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]
        assert checkouts
        assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)

    def test_does_something_in_each_step(self, path: Path) -> None:
        assert [step for step in steps(path) if ("run" in step) == ("uses" in step)] == []

    def test_makes_only_what_there_is_to_make(self, path: Path) -> None:
        known = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
        asked = {
            target for step in steps(path) for line in MAKE.findall(step.get("run", "")) for target in line.split()
        }
        assert asked <= known, f"the Makefile has no {asked - known}"

    def test_runs_what_bash_can_read(self, path: Path) -> None:
        for step in steps(path):
            script = re.sub(r"\$\{\{.*?\}\}", "x", step.get("run", ""))
            done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
            assert done.stderr == ""

    def test_puts_nothing_that_a_stranger_can_name_into_a_script(self, path: Path) -> None:
        assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []
