"""Words, and what is said of those that make no command."""

from __future__ import annotations

import pytest

from tests.lab.azure.az import aks, answer, az


def complaint(line: str) -> list[str]:
    ran = az(aks(), line)
    assert (ran.status, ran.stdout) == (2, "")
    return ran.stderr.splitlines()


def test_a_word_that_nobody_knows_is_told_what_is_there() -> None:
    assert complaint("network route-tabel list") == [
        "ERROR: 'route-tabel' is misspelled or not recognized by the system.",
        "Did you mean 'route-table' ?",
        "In this lab, 'az network' has: nic, route-table, vnet, watcher",
    ]
    assert complaint("aks list") == [
        "ERROR: 'aks' is misspelled or not recognized by the system.",
        "In this lab, 'az' has: account, group, network, resource, vm, login, version",
    ]


def test_a_group_is_no_command() -> None:
    assert complaint("network route-table route") == [
        "ERROR: the following arguments are required: _subcommand",
        "In this lab, 'az network route-table route' has: create, delete, list, show, update",
    ]


def test_what_is_missing_is_named_with_an_example() -> None:
    assert complaint("network route-table route list") == [
        "ERROR: the following arguments are required: --resource-group/-g, --route-table-name",
        "Example: az network route-table route list -g MyResourceGroup --route-table-name MyRouteTable",
    ]


@pytest.mark.parametrize(
    ("line", "first", "second"),
    [
        ("network nic list --foo", "unrecognized arguments: --foo", None),
        ("network nic list -- -o table", "unrecognized arguments: -- -o table", None),
        ("network nic list extra --foo bar", "unrecognized arguments: extra --foo bar", None),
        (
            "network nic list --resorce-group MC_lab",
            "unrecognized arguments: --resorce-group MC_lab",
            "Did you mean '--resource-group' ?",
        ),
        ("network nic list -g", "argument --resource-group/-g: expected one argument", None),
        ("network nic list -g -o table", "argument --resource-group/-g: expected one argument", None),
        ("network nic show --ids", "argument --ids: expected at least one argument", None),
        ("network nic list --debug=yes", "argument --debug: ignored explicit argument 'yes'", None),
        (
            "network watcher show-next-hop --o table",
            "ambiguous option: --o could match --only-show-errors, --output",
            None,
        ),
        (
            "network nic list -o tabel",
            "az network nic list: 'tabel' is not a valid value for '--output'. "
            "Allowed values: json, jsonc, yaml, yamlc, table, tsv, none.",
            "Did you mean 'table' ?",
        ),
        (
            "network nic update -g MC_lab -n node0-nic --ip-forwarding maybe",
            "az network nic update: 'maybe' is not a valid value for '--ip-forwarding'. "
            "Allowed values: true, t, yes, y, 1, false, f, no, n, 0.",
            None,
        ),
    ],
)
def test_what_is_wrong_with_an_option_is_said(line: str, first: str, second: str | None) -> None:
    lines = complaint(line)
    assert lines[0] == f"ERROR: {first}"
    assert lines[1:] == ([second] if second is not None else [])


@pytest.mark.parametrize(
    "line",
    [
        "network nic show -g MC_lab -n node0-nic",
        "network nic show --resource-group=MC_lab --name=node0-nic",
        "network nic show -gMC_lab -n=node0-nic",
        "network nic show --resource MC_lab --name node0-nic",
        "NETWORK NIC show -g MC_lab -n node0-nic --verbose --debug --only-show-errors -o JSON",
    ],
)
def test_all_spellings_mean_the_same(line: str) -> None:
    assert answer(aks(), line)["name"] == "node0-nic"
