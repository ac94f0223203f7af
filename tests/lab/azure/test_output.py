"""Every command in every format, and what the formats make of a value."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.azure.az import IN_TABLE, NETWORK, ROUTE, aks, answer, az, refusal
from tutor.lab.azure import output
from tutor.lab.azure.catalogue import CATALOGUE
from tutor.lab.azure.commands import OUTPUTS
from tutor.lab.azure.refusals import Refused

GIVEN = {
    "--resource-group": "MC_lab",
    "--route-table-name": "aks-routetable",
    "--vnet-name": "aks-vnet",
    "--nic-name": "node0-nic",
    "--address-prefix": "192.0.2.0/24",
    "--next-hop-type": "None",
    "--dest-ip": "10.244.1.2",
    "--source-ip": "10.240.0.4",
    "--vm": "node0",
}
NAMES = {
    "group show": "MC_lab",
    "network nic ip-config show": "ipconfig1",
    "network route-table create": "spare",
    "network route-table delete": "aks-routetable",
    "network route-table route create": "x",
    "network route-table show": "aks-routetable",
    "network vnet show": "aks-vnet",
    "network vnet subnet show": "aks-subnet",
    "network vnet subnet update": "aks-subnet",
    "vm show": "node0",
}


def line_of(words: str) -> str:
    """A line with which the command succeeds."""
    parts = [words]
    for option in CATALOGUE.commands[words].options:
        if option.required:
            name = option.names[0]
            default = "node0-nic" if "nic" in words else "to-node0"
            parts += [name, NAMES.get(words, default) if name == "--name" else GIVEN[name]]
    return " ".join(parts)


# The one table is in use, and so can't be deleted: that is tested where tables are.
@pytest.mark.parametrize("words", sorted(set(CATALOGUE.commands) - {"network route-table delete"}))
def test_every_command_says_the_same_in_every_format(words: str) -> None:
    told = az(aks(), line_of(words))
    assert told.status == 0, told.stderr
    if words == "network route-table route delete":
        assert told.stdout == ""
        return
    value = json.loads(told.stdout)
    printed = {form: az(aks(), f"{line_of(words)} -o {form}").stdout for form in OUTPUTS}
    assert printed["json"] == printed["jsonc"] == told.stdout
    assert printed["yaml"] == printed["yamlc"]
    assert yaml.safe_load(printed["yaml"]) == value
    assert printed["none"] == ""
    rows = value if isinstance(value, list) else [value]
    assert len(printed["tsv"].splitlines()) == len(rows)
    assert all(len(line.split("\t")) == len(row) for line, row in zip(printed["tsv"].splitlines(), rows, strict=True))
    lines = printed["table"].splitlines()
    expected = value["value"] if words.endswith("show-effective-route-table") else rows
    assert len(lines) == 2 + len(expected)
    assert set(lines[1]) == {"-", " "}


def test_json_has_sorted_keys_and_two_spaces() -> None:
    text = az(aks(), f"{ROUTE} show {IN_TABLE} -n to-node0").stdout
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert text.startswith('{\n  "addressPrefix": "10.244.0.0/24",\n  "hasBgpOverride": false,\n')


def test_yaml_stands_as_the_real_one_has_it() -> None:
    assert az(aks(), f"{ROUTE} list {IN_TABLE} -o yaml --query [:1]").status == 2
    text = az(aks(), f"{ROUTE} show {IN_TABLE} -n to-node0 -o yaml").stdout
    assert text == (
        "addressPrefix: 10.244.0.0/24\n"
        "hasBgpOverride: false\n"
        f"id: {NETWORK}/routeTables/aks-routetable/routes/to-node0\n"
        "name: to-node0\n"
        "nextHopIpAddress: 10.240.0.4\n"
        "nextHopType: VirtualAppliance\n"
        "provisioningState: Succeeded\n"
        "resourceGroup: MC_lab\n"
        "type: Microsoft.Network/routeTables/routes\n"
    )
    assert az(aks(), "account show -o yaml --query name").stdout == "lab\n...\n"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9999, 9999) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ1-: ", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_yaml_and_json_say_what_the_value_is(value: Any) -> None:
    assert yaml.safe_load(output.as_yaml(value)) == value
    assert json.loads(output.as_json(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "yes",
        "1",
        "1.5",
        "0x1f",
        "12:30",
        "- a",
        "a: b",
        "a #b",
        "",
        " a",
        "~",
        "2024-01-01",
        "=",
        "1e3",
        ".5",
        "node0",
    ],
)
def test_yaml_of_text_stays_text(text: str) -> None:
    assert yaml.safe_load(output.as_yaml([text, {text: text}])) == [text, {text: text}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], ""),
        ("a", "a\n"),
        (True, "true\n"),
        (["a", "b"], "a\nb\n"),
        ([["a", None, True], ["b", [1, 2], {}]], "a\tNone\tTrue\nb\t2\t\n"),
        ({"b": 1, "a": 2}, "2\t1\n"),
        (OrderedDict(b=1, a=2), "1\t2\n"),
        (math.pi, f"{math.pi}\n"),
    ],
)
def test_tsv_has_a_row_a_line(value: Any, text: str) -> None:
    assert output.as_tsv(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], "\n"),
        ("a", "Result\n--------\na\n"),
        (
            [["a", None], ["bcdefghijklm", True]],
            "Column1       Column2\n------------  ---------\na\nbcdefghijklm  True\n",
        ),
        ([{"b": 1, "a": None}, {"a": 2}], "B    A\n---  ---\n1\n     2\n"),
        ({"id": 1, "type": 2, "etag": 3, "list": [], "name": "n"}, "Name\n------\nn\n"),
    ],
)
def test_a_table_has_the_top_level(value: Any, text: str) -> None:
    assert output.as_table(value, is_ordered=False) == text


def test_a_value_without_a_top_level_has_no_table() -> None:
    with pytest.raises(Refused, match="Table output unavailable"):
        output.as_table({"id": 1, "list": []}, is_ordered=True)
    assert "Table output unavailable" in refusal(aks(), "vm list-ip-addresses -o table --query [0]")


def test_a_table_that_cannot_be_made_leaves_the_cloud_as_it_was() -> None:
    line = f"{ROUTE} create {IN_TABLE} -n x --address-prefix 192.0.2.0/24 --next-hop-type None"
    assert "Table output unavailable" in refusal(aks(), f"{line} -o table --query {{id:id}}")


def test_a_query_that_finds_nothing_prints_nothing() -> None:
    for form in OUTPUTS:
        ran = az(aks(), f"account show --query nothing -o {form}")
        assert (ran.status, ran.stdout) == (0, "")
    assert answer(aks(), "network nic list --query [?primary==`false`]") == []
