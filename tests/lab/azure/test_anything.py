"""Whatever the words are: an answer or a refusal, and no alteration by what is refused."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab.azure.az import NETWORK, aks
from tutor.lab.azure import run
from tutor.lab.azure.catalogue import CATALOGUE

OPTIONS = sorted(
    {
        name
        for command in CATALOGUE.commands.values()
        for option in CATALOGUE.options_of(command)
        for name in option.names
    }
)
VALUES = [
    "",
    f"{NETWORK}/networkInterfaces/node0-nic",
    f"{NETWORK}/routeTables/aks-routetable/routes/to-node0",
    *shlex.split("MC_lab aks-vnet aks-subnet aks-routetable node0 node0-nic to-node0 x ipconfig1 routeTable"),
    *shlex.split("10.244.0.0/24 192.0.2.0/24 10.240.0.5 VirtualAppliance None null enableIPForwarding=false"),
    *shlex.split("true false table tsv yaml [0] [].name - -- -x"),
]
WORDS = st.one_of(st.sampled_from(OPTIONS), st.sampled_from(VALUES), st.text(max_size=6), st.just("\udcff"))
LINES = st.builds(
    lambda words, rest: [*words.split(), *rest],
    st.sampled_from([*CATALOGUE.commands, *CATALOGUE.groups]),
    st.lists(WORDS | st.builds("{}={}".format, st.sampled_from(OPTIONS), st.sampled_from(VALUES)), max_size=14),
)


@st.composite
def sensible_lines(draw: st.DrawFn) -> list[str]:
    """Lines that have what the command needs, so that it gets to work."""
    command = draw(st.sampled_from(list(CATALOGUE.commands.values())))
    line = command.words.split()
    for option in CATALOGUE.options_of(command):
        if "--help" not in option.names and draw(st.booleans() if not option.required else st.integers(0, 9).map(bool)):
            line += [option.names[-1], draw(st.sampled_from([*VALUES, *option.choices]))]
    return line


@settings(max_examples=400)
@given(st.one_of(LINES, sensible_lines(), st.lists(WORDS, max_size=5)), st.integers(0, 200))
def test_any_words_get_an_answer_and_alter_nothing_unless_they_succeed(words: list[str], columns: int) -> None:
    cloud = aks()
    before = cloud.as_message()
    ran = run(words, cloud, columns=columns)
    assert ran.status in (0, 1, 2, 3)
    assert ran.changed == (cloud.as_message() != before)
    if ran.status:
        assert not ran.changed
        assert ran.stdout == ""
        assert ran.stderr.startswith("ERROR: ")
    (ran.stdout + ran.stderr).encode()


def test_nothing_is_imported_once_the_package_is_there() -> None:
    code = """
import sys
from tests.lab.azure.az import aks
from tutor.lab import azure
from tutor.lab.azure.commands import OUTPUTS

cloud = aks()
azure.run([], cloud)
before = set(sys.modules)
def forbid(name, *rest): raise AssertionError(name)
sys.meta_path.insert(0, type("Nobody", (), {"find_spec": staticmethod(forbid)}))
for form in OUTPUTS:
    assert azure.run(["network", "nic", "list", "-o", form, "--query", "[].name"], cloud).status == 0
assert azure.run(["network", "nic", "update", "-h"], cloud).status == 0
assert azure.run(["network", "nci"], cloud).status == 2
assert azure.completion()
assert set(sys.modules) == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_nothing_is_loaded_but_what_the_agent_has_or_needs() -> None:
    code = "import sys, tutor.lab.azure; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert not loaded & {
        "argparse",
        "asyncio",
        "email",
        "http",
        "logging",
        "socket",
        "ssl",
        "subprocess",
        "urllib",
        "yaml",
    }
