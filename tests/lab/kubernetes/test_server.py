from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab.kubernetes.conftest import NOW, VIEW, Loop, descriptors
from tests.lab.kubernetes.talk import Talk
from tutor.errors import LabError
from tutor.lab.kubernetes.view import PodView

TABLE = "Accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
MANY = tuple(PodView(f"pod-{n:04}", "default", "node0", ("10.244.0.9",), True, NOW, "/n", f"u{n}") for n in range(3000))


STEPS = (
    "api",
    "apis",
    "v1",
    "namespaces",
    "kube-system",
    "pods",
    "kube-dns-1",
    "exec",
    "log",
    "x",
    "nodes",
    "?watch=1",
    "%ff",
)


@pytest.fixture
def talk(loop: Loop) -> Iterator[Talk]:
    with Talk(loop.port) as made:
        yield made


def is_alive(loop: Loop) -> bool:
    with Talk(loop.port) as talk:
        return talk.get("/healthz") == (200, b"ok")


def test_a_connection_serves_many_requests(talk: Talk) -> None:
    assert talk.get("/healthz") == (200, b"ok")
    assert talk.json("/version")["gitVersion"] == "v1.9.6"
    assert [thing["metadata"]["name"] for thing in talk.json("/api/v1/nodes")["items"]] == ["node0", "node1"]


def test_requests_that_come_all_at_once_are_answered_in_order(talk: Talk) -> None:
    talk.say(b"".join(b"GET /api/v1/namespaces/%s HTTP/1.1\r\n\r\n" % name for name in (b"default", b"nosuch") * 200))
    assert [talk.answer()[0] for _ in range(400)] == [200, 404] * 200


def test_a_client_of_http_1_0_gets_one_answer_and_the_end(talk: Talk) -> None:
    talk.say(b"GET /healthz HTTP/1.0\r\n\r\n")
    assert talk.is_closed()
    assert talk.buffer.endswith(b"\r\n\r\nok")


def test_head_gets_no_body(talk: Talk) -> None:
    talk.say(b"HEAD /healthz HTTP/1.1\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n")
    assert talk.head()[1]["content-length"] == "2"
    assert talk.answer() == (200, b"ok")


def test_a_client_that_says_all_it_has_to_say_is_still_answered(talk: Talk) -> None:
    talk.say(b"GET /healthz HTTP/1.1\r\n\r\n")
    talk.end.shutdown(socket.SHUT_WR)
    assert talk.answer() == (200, b"ok")
    assert talk.is_closed()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/api/v1/namespaces/default/pods", "/apis/apps/v1/deployments/x", "/x", "/api/v1/nodes/node0"]
)
def test_nothing_can_be_changed(talk: Talk, method: str, path: str) -> None:
    code, body = talk.get(path, method=method, body=b"{}")
    status = json.loads(body)
    assert (code, status["reason"]) == (405, "MethodNotAllowed")
    assert "only shows what the lab is" in status["message"]
    assert talk.get("/healthz") == (200, b"ok")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nosuch", 404),
        ("/api/v2", 404),
        ("/apis/nosuch", 404),
        ("/apis/apps/v2", 404),
        ("/api/v1/nosuch", 404),
        ("/api/v1/namespaces/default/nodes", 404),
        ("/api/v1/pods/a/b/c/d", 404),
        ("/api/v1/namespaces/kube-system/pods/kube-dns-1/nosuch", 404),
        ("/api/v1/namespaces/kube-system/pods/nosuch/log", 404),
        ("/api/v1/namespaces/kube-system/pods/kube-dns-1/log?container=web", 400),
        ("/api/v1/namespaces/kube-system/pods/kube-dns-1/exec", 400),
        ("/api/v1/namespaces/kube-system/pods/kube-dns-1/exec?command=sh", 400),
        ("/api/v1/namespaces/kube-system/pods/tunnel-3/exec?command=sh", 409),
        ("/api/v1/namespaces/kube-system/pods/kube-dns-1/attach", 403),
        ("/api/v1/namespaces/kube-system/pods/kube-dns-1/exec?command=a%00b", 400),
        ("/api/v1/nodes/node0/proxy", 404),
        ("/api/v1/pods?labelSelector=)", 400),
        ("/api/v1/pods?fieldSelector=a.b=c", 400),
        ("/api/v1/pods?watch=1&resourceVersion=x", 400),
        ("/api/v1/pods?watch=1&sendInitialEvents=true", 422),
        ("/openapi/v2", 406),
        ("/tutor/table?word=nosuch", 404),
    ],
)
def test_what_is_not_there_is_refused_in_words(talk: Talk, path: str, code: int) -> None:
    found, body = talk.get(path)
    assert found == code
    assert len(body) > 20


def test_a_client_that_asks_for_spdy_is_told_what_to_do_instead(talk: Talk) -> None:
    path = "/api/v1/namespaces/kube-system/pods/kube-dns-1/exec?command=ip&command=route"
    status = talk.json(path, "Connection: Upgrade", "Upgrade: SPDY/3.1", method="POST")
    assert status["message"].endswith("on node0: nsenter --net=/var/run/docker/netns/af61 ip route")


def test_a_table_has_as_much_of_each_object_as_was_asked_for(talk: Talk) -> None:
    assert {"kind", "apiVersion", "metadata"} == talk.json("/api/v1/pods", TABLE)["rows"][0]["object"].keys()
    assert "spec" in talk.json("/api/v1/pods?includeObject=Object", TABLE)["rows"][0]["object"]
    assert "object" not in talk.json("/api/v1/pods?includeObject=None", TABLE)["rows"][0]


def test_an_answer_of_megabytes_comes_whole_to_a_client_that_reads_slowly(loop: Loop) -> None:
    loop.change(replace(VIEW, pods=MANY))
    with Talk(loop.port, receive_bytes=4096) as talk:
        talk.say(b"GET /api/v1/pods HTTP/1.1\r\n\r\n" * 2)
        assert is_alive(loop)  # meanwhile, others are served
        for _ in range(2):
            code, body = talk.answer()
            assert code == 200
            assert len(body) > 1 << 21
            assert len(json.loads(body)["items"]) == 3000


def test_a_watch_tells_what_changes(loop: Loop, talk: Talk) -> None:
    version = talk.json("/api/v1/pods")["metadata"]["resourceVersion"]
    talk.say(f"GET /api/v1/pods?watch=1&resourceVersion={version} HTTP/1.1\r\n\r\n".encode())
    assert talk.head()[1]["transfer-encoding"] == "chunked"
    loop.change(replace(VIEW, pods=(replace(VIEW.pods[0], ips=()), *VIEW.pods[1:2])))
    lines = [json.loads(line) for line in talk.chunk().splitlines()]
    assert [(line["type"], line["object"]["metadata"]["name"]) for line in lines] == [
        ("DELETED", "tunnel-3"),
        ("MODIFIED", "kube-dns-1"),
    ]
    loop.change(VIEW)
    assert {json.loads(line)["type"] for line in talk.chunk().splitlines()} == {"ADDED", "MODIFIED"}


def test_a_watch_tells_what_has_changed_since_the_list(loop: Loop, talk: Talk) -> None:
    version = talk.json("/api/v1/pods")["metadata"]["resourceVersion"]
    loop.change(replace(VIEW, pods=VIEW.pods[1:]))
    talk.say(f"GET /api/v1/pods?watch=1&resourceVersion={version} HTTP/1.1\r\n\r\n".encode())
    talk.head()
    assert json.loads(talk.chunk())["type"] == "DELETED"


def test_a_watch_from_the_beginning_tells_all_that_is_there(talk: Talk) -> None:
    talk.say(b"GET /api/v1/namespaces/kube-system/pods?watch=true HTTP/1.0\r\n" + TABLE.encode() + b"\r\n\r\n")
    assert "transfer-encoding" not in talk.head()[1]
    first, *others = (json.loads(talk.until(b"\n")) for _ in range(3))
    assert [column["name"] for column in first["object"]["columnDefinitions"]][:2] == ["Name", "Ready"]
    assert [other["object"]["columnDefinitions"] for other in others] == [None, None]


def test_a_watch_from_a_version_that_nobody_remembers_is_told_to_list_again(talk: Talk) -> None:
    talk.say(b"GET /api/v1/pods?watch=1&resourceVersion=12345 HTTP/1.1\r\n\r\n")
    talk.head()
    line = json.loads(talk.chunk())
    assert (line["type"], line["object"]["code"]) == ("ERROR", 410)


def test_a_watch_whose_client_does_not_read_is_ended(loop: Loop) -> None:
    with Talk(loop.port, receive_bytes=4096) as talk:
        talk.say(b"GET /api/v1/pods?watch=1 HTTP/1.1\r\n\r\n")
        talk.head()
        for _ in range(8):
            loop.change(replace(VIEW, pods=MANY))
            loop.change(VIEW)
        assert talk.is_closed()
    assert is_alive(loop)


def test_a_lab_that_can_not_say_what_it_is_gives_an_answer_all_the_same(loop: Loop, talk: Talk) -> None:
    def fail() -> None:
        raise LabError("node1 is gone")

    loop.do(lambda: setattr(loop.server, "_look", fail))
    code, body = talk.get("/api/v1/pods")
    assert code == 500
    assert "node1 is gone" in json.loads(body)["message"]


def test_a_mistake_of_the_server_is_one_answer_and_not_its_end(loop: Loop, talk: Talk) -> None:
    loop.do(lambda: setattr(loop.server, "_look", lambda: None))
    assert talk.get("/api/v1/pods")[0] == 500


def test_connections_that_nobody_uses_give_way_to_new_ones(loop: Loop) -> None:
    idle = [Talk(loop.port) for _ in range(100)]
    assert is_alive(loop)
    for talk in idle:
        talk.end.close()


def test_watches_do_not_give_way(loop: Loop) -> None:
    watching = [Talk(loop.port) for _ in range(64)]
    for talk in watching:
        talk.say(b"GET /api/v1/pods?watch=1 HTTP/1.1\r\n\r\n")
        talk.head()
    with Talk(loop.port) as late:
        assert late.is_closed()
    loop.change(replace(VIEW, pods=()))
    for talk in watching:
        talk.until(b"DELETED")
        talk.end.close()


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=3000), max_size=6))
def test_whatever_a_client_throws_at_it_the_server_lives(shared: Loop, parts: list[bytes]) -> None:
    with Talk(shared.port) as talk:
        try:
            for part in parts:
                talk.say(part)
            talk.end.shutdown(socket.SHUT_WR)
            talk.is_closed()
        except ConnectionError:
            pass
    assert is_alive(shared)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(STEPS)))
def test_any_path_is_answered(shared: Loop, steps: list[str]) -> None:
    with Talk(shared.port) as talk:
        talk.say(b"GET /%s HTTP/1.0\r\n\r\n" % "/".join(steps).encode())
        assert talk.head()[0] in (200, 400, 404)


def test_noise_without_end_is_answered_and_cut(loop: Loop) -> None:
    noise = random.Random(1)  # the same noise each time
    with Talk(loop.port) as talk, suppress(ConnectionError):
        while True:  # until it is cut off
            talk.say(noise.randbytes(65536))
    assert is_alive(loop)


def test_the_end_of_the_server_is_the_end_of_its_connections() -> None:
    before = descriptors()
    made = Loop()
    with Talk(made.port) as talk:
        talk.get("/healthz")
        made.close()
        assert talk.is_closed()
    assert descriptors() == before
