"""Two machines with names that begin alike: each has its own card, and the cloud keeps them apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.conftest import run
from tests.lab.processes import below
from tutor.errors import LabError
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery

pytestmark = pytest.mark.netns

MACHINE = """
[[machine]]
name = "aks-nodepool-{number}"
gateway = "10.1.0.1"

[[machine.nic]]
link = "eth0"
address = "10.1.0.{number}/24"
mac = "00:0d:3a:01:00:0{number}"
{more}
"""
REST = """
[cloud]
networks = ["10.0.0.0/8", "10.1.0.0/16"]

[internet]
address = "203.0.113.1/24"
hosts = ["8.8.8.8"]
"""
DEAD = {"dead-next-hop": 0, "next-hop-none": 0}
ONE, TWO = "aks-nodepool-4", "aks-nodepool-5"


@pytest.fixture
def lab(nursery: Nursery) -> Iterator[Lab]:
    """One machine with a public address, and one whose card may forward and which has none."""
    machines = MACHINE.format(number=4, more='public = "203.0.113.4"') + MACHINE.format(
        number=5, more="ip_forwarding = true"
    )
    with Lab(nursery.launch()) as made:
        made.build("two", machines + REST, {"/etc/motd": "this is @MACHINE@\n"})
        yield made


def _run(lab: Lab, machine: str, command: str) -> tuple[int, str]:
    return run(lab, command, machine=machine)


def test_each_has_its_name_its_files_and_its_card(lab: Lab) -> None:
    assert lab.machines == (ONE, TWO)
    assert lab.home == ONE
    for machine in lab.machines:
        assert _run(lab, machine, "hostname; cat /etc/motd")[1] == f"{machine}\nthis is {machine}\n"
    assert "10.1.0.5/24" in _run(lab, TWO, "ip -4 -o addr show eth0")[1]
    with pytest.raises(LabError, match="no machine 'vm'") as caught:
        _run(lab, "vm", "true")
    assert ONE in caught.value.hint


def test_they_reach_each_other_by_name_through_the_cloud(lab: Lab) -> None:
    status, printed = _run(lab, ONE, f"ping -c 1 -W 2 {TWO}")
    assert status == 0
    assert "ttl=63" in printed
    assert _run(lab, ONE, "ip neigh show 10.1.0.5")[1].split()[4] == "12:34:56:78:9a:bc"


def test_without_a_public_address_there_is_no_way_out_and_the_cloud_says_so(lab: Lab) -> None:
    assert _run(lab, ONE, "ping -c 1 -W 2 8.8.8.8")[0] == 0
    assert _run(lab, TWO, "ping -c 1 -W 1 8.8.8.8")[0] == 1
    assert lab.drops() == {"spoofed-source": 0, "not-this-nic": 0, "no-owner": 0, **DEAD, "untranslated": 1}


def test_a_card_that_may_forward_may_send_what_is_not_its_own(lab: Lab) -> None:
    foreign = "ip addr add 10.9.9.9/32 dev lo; ping -c 1 -W 1 -I 10.9.9.9 10.1.0."
    _run(lab, ONE, foreign + "5")
    assert lab.drops() == {"spoofed-source": 1, "not-this-nic": 0, "no-owner": 0, **DEAD, "untranslated": 0}
    _run(lab, ONE, "ip addr del 10.9.9.9/32 dev lo")
    _run(lab, TWO, foreign + "4")
    # It has arrived, and the answer has nobody to go to, although it belongs to a connection that was let through.
    assert lab.drops() == {"spoofed-source": 1, "not-this-nic": 0, "no-owner": 1, **DEAD, "untranslated": 0}


def test_neither_sees_the_other_ones_processes_files_or_namespaces(lab: Lab) -> None:
    _run(lab, ONE, "touch /tmp/mine; ip netns add ns1; sleep 100 &> /dev/null &")
    assert _run(lab, TWO, "ls /tmp; ip netns; ps -e -o comm= | grep -c sleep")[1] == "0\n"
    assert [each.machine for each in lab.scan() if "ns1" in each.names] == [ONE]
    _run(lab, TWO, "kill -9 -1; ip link del eth0")
    assert _run(lab, ONE, "pgrep -c sleep")[1] == "1\n"


def test_a_namespace_of_one_machine_can_be_entered_by_a_job_of_it(lab: Lab, nursery: Nursery) -> None:
    _run(lab, ONE, "ip netns add ns1; ip -n ns1 link add br9 type bridge")
    inode = next(each.inode for each in lab.scan() if "ns1" in each.names)
    assert "br9" in run(lab, "ip link", netns=inode)[1]
    assert len(below(nursery.pid)) >= 4
