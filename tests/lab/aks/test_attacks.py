"""What a learner may do to a node, as root there, and what still answers afterwards."""

from __future__ import annotations

import shutil

import pytest

from tests.lab.aks.conftest import Ask, needs_plugins
from tests.lab.conftest import run
from tutor.lab.client import Lab

pytestmark = [pytest.mark.netns, needs_plugins]

LIST = "az network route-table list -g MC_lab -o tsv --query '[].name'"


def test_who_kills_everything_still_has_the_cloud_the_cluster_and_the_other_node(aks: Lab) -> None:
    run(aks, "kill -9 -1")
    assert run(aks, LIST) == (0, "aks-routetable\n")
    assert run(aks, "ssh node1 hostname") == (0, "node1\n")
    if shutil.which("kubectl"):
        assert run(aks, "kubectl get nodes -o name") == (0, "node/node0\nnode/node1\n")
    # The network needs none of the processes.
    assert run(aks, "matrix")[0] == 0


def test_without_the_way_to_the_lab_its_commands_say_so(ask: Ask) -> None:
    status, printed = ask("rm -rf /dev/.lab/replies; az version")
    assert status == 2
    assert "can't be asked from here" in printed
    status, printed = ask("mkdir -m 777 /dev/.lab/replies; rm -f /dev/.lab/ask; drops")
    assert status == 2
    assert "can't be asked from here" in printed


def test_an_ordinary_user_of_the_node_can_ask_too(ask: Ask) -> None:
    assert ask(f'su -s /bin/bash nobody -c "{LIST}"') == (0, "aks-routetable\n")


def test_too_much_in_one_command_is_refused_and_odd_words_arrive_as_they_are(ask: Ask) -> None:
    status, printed = ask("az network nic show -g MC_lab -n $(printf '%05000d' 1)")
    assert status == 2
    assert "more than this lab's az takes" in printed
    status, printed = ask("az network nic show -g MC_lab -n $'a\\nb c\"\\'\\t\\xff'")
    assert status == 3
    assert "a" in printed


def test_many_who_ask_at_once_all_get_their_own_answer(ask: Ask) -> None:
    status, printed = ask(
        "for i in $(seq 12); do az network nic show -g MC_lab -n node$((i % 2))-nic --query name -o tsv & done; wait"
    )
    assert status == 0
    assert sorted(printed.split()) == ["node0-nic"] * 6 + ["node1-nic"] * 6
