from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.checks.cluster_world import at, cluster
from tests.checks.conftest import Say
from tests.checks.wrong_names import ALL, DOCKER, HERE, LISTED, folders, named
from tutor.check import Fault, NetnsFolder

Ask = Callable[..., Fault]


def test_all_that_have_their_names_are_given(say: Say) -> None:
    assert say("names.given", named({place: place for place in HERE}), **ALL).passed


def test_a_further_name_and_a_further_stranger_do_no_harm(say: Say) -> None:
    state = named({place: place for place in HERE})
    state = at(state, HERE[0], names=("heapster", HERE[0]))
    state = at(state, "root", folders=(NetnsFolder(LISTED, DOCKER, (("netns", DOCKER),)),))
    assert say("names.given", state, **ALL).passed


def test_one_that_is_gone_is_said_to_be_gone(fault: Ask) -> None:
    state = cluster()
    state = replace(state, namespaces=tuple(each for each in state.namespaces if each.label != HERE[2]))
    assert fault("names.given", state, **ALL).diagnosis.id == "netns.missing"


@pytest.mark.parametrize("target", ["/nowhere", "netns", "/var/run/netns", "/var/run/docker/netn"])
def test_a_link_that_leads_anywhere_else_is_named_with_its_target(fault: Ask, target: str) -> None:
    found = fault("names.given", folders(NetnsFolder(LISTED, target), NetnsFolder(DOCKER)), **ALL)
    assert found.diagnosis.id == "names.wrong-folder"
    assert found.found == f"{LISTED} -> {target}"


def test_a_link_within_the_folder_that_leads_elsewhere_is_not_taken_for_the_one_that_is_wanted(fault: Ask) -> None:
    state = folders(NetnsFolder(LISTED, strangers=(("log", "/var/log"),)), NetnsFolder(DOCKER))
    assert fault("names.given", state, **ALL).diagnosis.id == "names.own-folder"


def test_the_other_machines_folders_are_looked_at_for_its_namespaces(fault: Ask) -> None:
    place = "node1:5e0f3c6b1a27"
    state = folders(NetnsFolder(LISTED, "/nowhere"), place="node1:root")
    assert fault("names.given", state, netns=[place]).diagnosis.id == "names.wrong-folder"
    assert fault("names.given", state, **ALL).diagnosis.id == "names.no-folder"


def test_how_many_are_listed(say: Say) -> None:
    none, two = named({}), named({place: place for place in HERE[:2]})
    assert say("names.count", none, **ALL).accepts("0")
    assert say("names.count", none, **ALL).accepts("none")
    assert say("names.count", two, **ALL).accepted == ("2",)


def test_a_process_is_shown_with_the_inode_of_its_namespace(say: Say) -> None:
    state = cluster()
    for number, place in enumerate(HERE):
        state = at(state, place, pids=(30 + number,))
    lines = [f"{state.find_netns(place).inode} net 1 {30 + number} root" for number, place in enumerate(HERE)]  # type: ignore[union-attr]
    shown = say("names.processes_shown", state, **ALL)
    assert shown.is_in("\n".join(lines))
    assert not shown.is_in("\n".join(lines[1:]))
    assert say("names.process_in", state, netns=HERE[0]).accepted == ("30",)


def test_without_a_process_there_is_none_to_show(say: Say) -> None:
    state = at(cluster(), HERE[0], pids=())
    assert not say("names.processes_shown", state, **ALL).forms
    assert not say("names.process_in", state, netns="gone").accepted
    assert say("names.process_in", state, netns=HERE[0]).accepts("none")


def test_how_many_of_the_clouds_cards_are_in_a_range(say: Say) -> None:
    assert say("cloud.cards_in", cluster(), network="10.244.0.0/16").accepts("none")
    assert say("cloud.cards_in", cluster(), network="10.240.0.0/16").accepted == ("2",)
