from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.lab.kubernetes.selection import BadSelector, Selection

POD = {
    "metadata": {"name": "web", "namespace": "default", "labels": {"app": "web", "tier": "front", "k8s.io/x": ""}},
    "spec": {"nodeName": "node0"},
    "status": {"phase": "Running"},
}
BARE = {"metadata": {"name": "bare"}}


@pytest.mark.parametrize(
    ("labels", "is_meant"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app!=web", False),
        ("other!=web", True),
        ("app", True),
        ("!app", False),
        ("!other", True),
        ("k8s.io/x=", True),
        ("app in (a, web)", True),
        ("app in (a,b),tier", False),
        ("app notin (a,b),tier=front", True),
        ("other notin (a)", True),
        ("app,tier=back", False),
    ],
)
def test_labels_select(labels: str, is_meant: bool) -> None:
    assert Selection(labels=labels).compile("pods")(POD) is is_meant


@pytest.mark.parametrize(
    ("fields", "is_meant"),
    [
        ("metadata.name=web", True),
        ("metadata.name=web,metadata.namespace=kube-system", False),
        ("spec.nodeName==node0", True),
        ("status.phase!=Failed,status.phase!=Succeeded", True),
        ("status.podIP=", True),
    ],
)
def test_fields_select(fields: str, is_meant: bool) -> None:
    assert Selection(fields=fields).compile("pods")(POD) is is_meant


def test_a_node_on_which_pods_may_be_put_is_not_unschedulable() -> None:
    assert Selection(fields="spec.unschedulable=false").compile("nodes")(BARE)
    assert not Selection(fields="spec.unschedulable=true").compile("nodes")(BARE)


@pytest.mark.parametrize("labels", ["=", "a=b,", "a b", "a in b", "a in (b", ",", "!", "a=(b)", "-a"])
def test_what_is_no_label_selector_is_refused(labels: str) -> None:
    with pytest.raises(BadSelector, match="no label selector"):
        Selection(labels=labels).compile("pods")


@pytest.mark.parametrize("fields", ["metadata.name", "spec.nosuch=a", "metadata.labels.app=web"])
def test_a_field_that_nothing_is_selected_by_is_refused(fields: str) -> None:
    with pytest.raises(BadSelector):
        Selection(fields=fields).compile("pods")


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_typed_selects_or_is_refused(labels: str, fields: str) -> None:
    try:
        Selection(labels, fields).compile("pods")(POD)
    except BadSelector:
        return
