from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.kubernetes.conftest import NOW, VIEW
from tutor.lab.kubernetes import tables
from tutor.lab.kubernetes.history import History, changes
from tutor.lab.kubernetes.objects import objects_of, seconds_of, timestamp, with_heartbeat
from tutor.lab.kubernetes.text import lay_out


def named(resource: str, name: str) -> dict[str, Any]:
    return next(thing for thing in objects_of(VIEW)[resource] if thing["metadata"]["name"] == name)


@given(st.integers(0, 10**11))
def test_a_moment_comes_back_from_its_text(seconds: int) -> None:
    assert timestamp(seconds) == datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert seconds_of(timestamp(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (121, "2m1s"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 61, "3h1m"),
        (8 * 3600 + 120, "8h"),
        (48 * 3600 - 1, "47h"),
        (49 * 3600, "2d1h"),
        (8 * 86400, "8d"),
        (729 * 86400, "729d"),
        (731 * 86400, "2y1d"),
        (3000 * 86400, "8y"),
    ],
)
def test_an_age_is_worded_as_kubectl_words_it(seconds: float, words: str) -> None:
    assert tables.age(seconds) == words


def test_every_row_has_a_cell_for_each_column() -> None:
    for resource, members in objects_of(VIEW).items():
        for thing in members:
            assert len(tables.cells_of(resource, thing, NOW)) == len(tables.columns_of(resource))


def test_a_node_that_is_not_ready_says_why() -> None:
    (ready,) = named("nodes", "node1")["status"]["conditions"]
    assert (ready["status"], ready["reason"]) == ("False", "KubeletNotReady")
    assert ready["message"] == "docker: network plugin is not ready: cbr0 is missing"


def test_a_heartbeat_is_no_part_of_what_a_node_is() -> None:
    node = named("nodes", "node0")
    beaten = with_heartbeat(node, NOW)
    assert beaten["status"]["conditions"][0]["lastHeartbeatTime"] == timestamp(NOW)
    assert node == named("nodes", "node0")


def test_a_pod_without_an_address_has_none() -> None:
    assert "podIP" not in named("pods", "metrics-2")["status"]
    assert tables.cells_of("pods", named("pods", "metrics-2"), NOW)[5] == "<none>"


def test_a_pod_whose_pause_process_is_gone_has_failed() -> None:
    pod = named("pods", "tunnel-3")
    assert pod["status"]["phase"] == "Failed"
    assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137
    assert tables.cells_of("pods", pod, NOW)[1:3] == ["0/1", "Error"]


def test_a_pod_on_a_node_that_is_not_there_is_shown_all_the_same() -> None:
    lost = replace(VIEW, nodes=())
    assert [pod["spec"]["nodeName"] for pod in objects_of(lost)["pods"]] == ["node0", "node1", "node0"]


def test_a_cluster_without_a_service_has_neither_it_nor_its_endpoints() -> None:
    bare = objects_of(replace(VIEW, service_address=""))
    assert not bare["services"]
    assert not bare["endpoints"]


@given(st.lists(st.lists(st.text("ab", max_size=9), min_size=3, max_size=3), min_size=1))
def test_columns_are_at_least_three_spaces_apart(rows: list[list[str]]) -> None:
    lines = lay_out(rows).splitlines()
    widths = [max(6, *(len(row[at]) + 3 for row in rows)) for at in (0, 1)]
    for line, row in zip(lines, rows, strict=True):
        assert line[: len(row[0])] == row[0]
        assert line[widths[0] :].startswith(row[1])
        assert line[sum(widths) :] == row[2]


def everything(_: object) -> bool:
    return True


def test_what_has_not_changed_keeps_its_version() -> None:
    history = History()
    first = history.see(VIEW)
    assert history.see(replace(VIEW)) is first
    lost = replace(VIEW, pods=(replace(VIEW.pods[0], ips=()), *VIEW.pods[1:]))
    second = history.see(lost)
    assert second.version == first.version + 1
    versions = [pod["metadata"]["resourceVersion"] for pod in second.members("pods")]
    assert versions == [str(second.version), str(first.version), str(first.version)]
    assert second.members("pods")[1] is first.members("pods")[1]
    assert history.find(first.version) is first
    assert history.find(99) is None


def test_changes_tell_what_came_what_went_and_what_is_different() -> None:
    history = History()
    first = history.see(VIEW)
    new = replace(VIEW.pods[0], name="new", uid="u9")
    second = history.see(replace(VIEW, pods=(replace(VIEW.pods[0], running=False), VIEW.pods[1], new)))
    told = [(what, pod["metadata"]["name"]) for what, pod in changes(first, second, "pods", everything)]
    assert told == [("DELETED", "tunnel-3"), ("MODIFIED", "kube-dns-1"), ("ADDED", "new")]
    assert len(list(changes(None, second, "pods", everything))) == 3
    assert not list(changes(first, second, "nodes", everything))


def test_what_ceases_to_be_selected_is_gone_for_whoever_watches() -> None:
    history = History()
    first = history.see(VIEW)
    second = history.see(replace(VIEW, pods=(replace(VIEW.pods[0], running=False), *VIEW.pods[1:])))
    told = changes(first, second, "pods", lambda pod: pod["status"]["phase"] == "Running")
    assert [(what, pod["metadata"]["name"]) for what, pod in told] == [("DELETED", "kube-dns-1")]
