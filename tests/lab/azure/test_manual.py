"""Help and completion, made from the table of commands."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.azure.az import aks, az
from tutor.lab.azure import completion, run
from tutor.lab.azure.catalogue import CATALOGUE


def test_the_help_of_a_command_is_laid_out_as_the_real_one() -> None:
    assert (
        az(aks(), "network route-table route show --help").stdout
        == """
Command
    az network route-table route show : Get the details of a route in a route table.

Arguments
Resource Id Arguments
    --ids               : One or more resource IDs (space-delimited). You should provide either
                          --ids or other 'Resource Id' arguments.
    --name -n           : Route name.
    --resource-group -g : Name of resource group.
    --route-table-name  : Route table name.

Global Arguments
    --debug             : Increase logging verbosity to show all debug logs.
    --help -h           : Show this help message and exit.
    --only-show-errors  : Only show errors, suppressing warnings.
    --output -o         : Output format. Default: json.  Allowed values: json, jsonc, none, table,
                          tsv, yaml, yamlc.
    --query             : JMESPath query string.
    --subscription      : Name or ID of subscription.
    --verbose           : Increase logging verbosity. Use --debug for full debug logs.

Examples
    Get the details of a route.
        az network route-table route show -g MyResourceGroup --route-table-name MyRouteTable -n
        MyRoute

""".replace("Arguments\nResource", "Resource")
    )


def test_the_help_of_a_group_says_what_it_has() -> None:
    assert (
        az(aks(), "network route-table -h").stdout
        == """
Group
    az network route-table : Manage route tables.

Subgroups:
    route  : Manage routes in a route table.

Commands:
    create : Create a route table.
    delete : Delete a route table.
    list   : List route tables.
    show   : Get the details of a route table.

"""
    )


def test_no_words_at_all_ask_for_help() -> None:
    assert az(aks(), "").stdout == az(aks(), "--help").stdout
    assert "    network  : Manage Azure Network resources.\n" in az(aks(), "").stdout


def test_what_is_required_comes_first_and_says_so() -> None:
    text = az(aks(), "network route-table route create -h").stdout
    assert "    --next-hop-type     [Required] : The type of Azure hop" in text
    assert text.index("--route-table-name  [Required]") < text.index("--next-hop-ip-address          :")


@pytest.mark.parametrize("words", [*CATALOGUE.groups, *CATALOGUE.commands])
def test_help_is_as_wide_as_the_terminal(words: str) -> None:
    for columns in (40, 80, 100, 200):
        ran = az(aks(), f"{words} --help", columns=columns)
        assert (ran.status, ran.stderr, ran.changed) == (0, "", False)
        assert f"az {words}".rstrip() in " ".join(ran.stdout.split())
    assert max(map(len, az(aks(), f"{words} --help", columns=80).stdout.splitlines())) <= 80


@given(st.integers(-5, 300))
def test_help_is_told_in_any_width(columns: int) -> None:
    assert run(["network", "nic", "update", "-h"], aks(), columns=columns).status == 0


@pytest.mark.parametrize("words", CATALOGUE.commands)
def test_every_command_stands_in_a_group_that_is_there(words: str) -> None:
    parent = words.rpartition(" ")[0]
    assert parent in CATALOGUE.groups
    assert all(example.startswith(f"az {words}") for _, example in CATALOGUE.commands[words].examples)


MINE = {
    "MyResourceGroup": "MC_lab",
    "MyRouteTable": "aks-routetable",
    "MyRoute": "to-node0",
    "MyVNet": "aks-vnet",
    "MySubnet": "aks-subnet",
    "MyNic": "node0-nic",
    "MyIpConfig": "ipconfig1",
    "MyVm": "node0",
}


@pytest.mark.parametrize(
    "example", [example for command in CATALOGUE.commands.values() for _, example in command.examples]
)
def test_every_example_can_be_followed_with_names_of_ones_own(example: str) -> None:
    words = [MINE.get(word, word) for word in shlex.split(example)[1:]]
    cloud = aks()
    if words[2:3] == ["delete"]:
        # A table that is in use stays, so first it is taken from its subnet.
        cloud.subnets[0].route_table = ""
    ran = run(words, cloud)
    assert (ran.status, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("az ''", "account group network resource vm login version"),
        ("az net", "network"),
        ("az network ''", "nic route-table vnet watcher"),
        ("az network route-table route ''", "create delete list show update"),
        ("az network route-table route create --next", "--next-hop-ip-address --next-hop-type"),
        ("az network nic update -g MC_lab --ip", "--ip-forwarding"),
        ("az nothing ''", ""),
    ],
)
def test_bash_completes_words(line: str, words: str) -> None:
    script = (
        f"{completion()}\nCOMP_WORDS=({line})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n_az\necho ${{COMPREPLY[*]}}\n"
    )
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert (ran.stdout.strip(), ran.stderr) == (words, "")
