"""What the API server answers: a request and the moment's objects in, an answer out.

An answer is a whole document, or an order to go on talking: a watch, or a process in a pod. Does not know sockets.

Source: "Kubernetes API Concepts" (paths, tables, watches); `metav1.Status` for refusals.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tutor.lab.kubernetes import resources, tables
from tutor.lab.kubernetes.history import Snapshot
from tutor.lab.kubernetes.objects import with_heartbeat
from tutor.lab.kubernetes.request import Request
from tutor.lab.kubernetes.resources import Document, Resource
from tutor.lab.kubernetes.selection import BadSelector, Selection
from tutor.lab.kubernetes.text import answer_description, answer_table
from tutor.lab.kubernetes.view import PodView

READ_ONLY = (
    "this cluster only shows what the lab is: kubectl can look at it and run commands in its pods, "
    "but creates, changes and deletes nothing"
)
_NO_SCHEMAS = f"the lab's API server has no descriptions of its objects; {READ_ONLY}"
_SUCH_A_PATH = "the server could not find the requested resource"
_EXEC_PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    code: int
    """The HTTP status."""
    body: bytes
    """What is sent."""
    content_type: str = "application/json"
    """What it is."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers."""


@dataclass(frozen=True, slots=True)
class WatchOrder:
    """Tell what changes, from now on, until the client has enough of it."""

    resource: Resource
    """What is watched."""
    is_meant: Callable[[Document], bool]
    """Which of them."""
    since: int
    """Version that the client knows; 0: it knows nothing."""
    whole: str | None
    """For events with tables: see `tables.table`; None for events with objects."""

    def event(self, what: str, thing: Document, now: float, *, first: bool) -> bytes:
        """A line that tells of one change."""
        if self.whole is not None:
            version = thing["metadata"]["resourceVersion"]
            thing = tables.table(self.resource.name, [thing], now, version=version, whole=self.whole, headed=first)
        return _json({"type": what, "object": thing})


@dataclass(frozen=True, slots=True)
class ExecOrder:
    """Run a command in a pod."""

    pod: PodView
    """Where."""
    command: list[str]
    """What, with its arguments."""
    key: str
    """The client's `Sec-WebSocket-Key`."""
    protocol: str
    """How its channels are numbered: `v5.channel.k8s.io`."""
    stdin: bool
    """Whether the client has something to say to it."""
    tty: bool
    """Whether it gets a terminal."""


Answer = Reply | WatchOrder | ExecOrder


def answer(request: Request, snapshot: Snapshot, now: float) -> Answer:
    """Answer one request.

    Args:
        request: the request.
        snapshot: what there is.
        now: the time, in seconds of the epoch: ages are counted from it.
    """
    match request.path:
        case ("tutor", "table"):
            code, headers, text = answer_table(request, snapshot, now)
            return Reply(code, text.encode(), "text/plain", headers)
        case ("tutor", "description"):
            code, headers, text = answer_description(request, snapshot, now)
            return Reply(code, text.encode(), "text/plain", headers)
        case ("openapi" | "swagger.json" | "swaggerapi" | "swagger-2.0.0.pb-v1", *_):
            # A client that only accepts protobuf prints the text of this answer, and of hardly any other.
            return Reply(406, _NO_SCHEMAS.encode(), "text/plain")
        case ("api", "v1", *steps):
            return _serve("v1", steps, request, snapshot, now)
        case ("apis", group, version, *steps) if resources.find_resource_list(f"{group}/{version}"):
            return _serve(f"{group}/{version}", steps, request, snapshot, now)
    if request.method not in ("GET", "HEAD"):
        return refuse(405, "MethodNotAllowed", READ_ONLY)
    match request.path:
        case ("healthz" | "livez" | "readyz", *_):
            return Reply(200, b"ok", "text/plain")
        case ("version",):
            return _document(_version(snapshot))
        case ("api",):
            return _document(resources.api_versions())
        case ("apis",):
            return _document(resources.api_groups())
        case ("apis", group):
            return _document(resources.find_group(group))
        case ():
            groups = [f"/apis/{group['name']}" for group in resources.api_groups()["groups"]]
            return _document({"paths": ["/api", "/api/v1", "/apis", *groups, "/healthz", "/version"]})
    return refuse(404, "NotFound", _SUCH_A_PATH)


def refuse(code: int, reason: str, message: str, **details: str) -> Reply:
    """A refusal, as the API words it.

    Args:
        code: the HTTP status.
        reason: one of the API's own words, by which clients tell refusals apart.
        message: what a person reads.
        details: what it is about.
    """
    status: Document = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    status |= {"message": message, "reason": reason, "details": details, "code": code}
    return Reply(code, _json(status))


def too_old(version: int) -> Document:
    """What a watch is told that begins at a version which nobody remembers: to list again."""
    message = f"too old resource version: {version}"
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return {"type": "ERROR", "object": {**status, "reason": "Expired", "code": 410}}


def _serve(group: str, steps: list[str], request: Request, snapshot: Snapshot, now: float) -> Answer:
    """Answer what is asked about a group or something in it."""
    namespace = ""
    if len(steps) > 2 and steps[0] == "namespaces" and steps[2] not in resources.SUBRESOURCES["namespaces"]:
        namespace, steps = steps[1], steps[2:]
    resource = resources.find_resource(group, steps[0]) if steps else None
    if resource is not None and resource.name == "pods" and len(steps) == 3 and steps[2] != "status":
        return _serve_pod(namespace, steps[1], steps[2], request, snapshot)
    if request.method not in ("GET", "HEAD"):
        return refuse(405, "MethodNotAllowed", READ_ONLY)
    if not steps:
        return _document(resources.find_resource_list(group))
    if resource is None or (namespace and not resource.namespaced):
        return refuse(404, "NotFound", _SUCH_A_PATH)
    if len(steps) > 3 or (len(steps) == 3 and steps[2] not in resources.SUBRESOURCES.get(resource.name, ())):
        return refuse(404, "NotFound", _SUCH_A_PATH)
    members = [
        with_heartbeat(thing, now) if resource.name == "nodes" else thing
        for thing in snapshot.members(resource.name)
        if not namespace or thing["metadata"]["namespace"] == namespace
    ]
    if len(steps) > 1:
        return _one(resource, steps[1], members, request, now)
    try:
        is_meant = Selection(request.first("labelSelector"), request.first("fieldSelector")).compile(resource.name)
    except BadSelector as error:
        return refuse(400, "BadRequest", str(error))
    if request.asks("watch") and request.method == "GET":
        return _watch(resource, namespace, is_meant, request)
    return _list(resource, [thing for thing in members if is_meant(thing)], request, snapshot, now)


def _one(resource: Resource, name: str, members: list[Document], request: Request, now: float) -> Reply:
    found = [thing for thing in members if thing["metadata"]["name"] == name]
    if not found:
        message = f'{resource.qualified} "{name}" not found'
        return refuse(404, "NotFound", message, name=name, kind=resource.name, group=resource.api_group)
    whole = _as_table(request)
    if whole is None:
        return _document(found[0])
    version = found[0]["metadata"]["resourceVersion"]
    return _document(tables.table(resource.name, found, now, version=version, whole=whole))


def _list(resource: Resource, members: list[Document], request: Request, snapshot: Snapshot, now: float) -> Reply:
    whole, version = _as_table(request), str(snapshot.version)
    if whole is not None:
        return _document(tables.table(resource.name, members, now, version=version, whole=whole))
    kind = f"{resource.kind}List"
    metadata = {"resourceVersion": version}
    return _document({"kind": kind, "apiVersion": resource.group, "metadata": metadata, "items": members})


def _watch(resource: Resource, namespace: str, is_meant: Callable[[Document], bool], request: Request) -> Answer:
    if request.asks("sendInitialEvents"):  # a client that may not stream a list falls back to asking for one
        message = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch: list first"
        return refuse(422, "Invalid", message)
    since = request.first("resourceVersion") or "0"
    if not since.isdecimal() or len(since) > 15:
        return refuse(400, "BadRequest", f"invalid resource version {since!r}")

    def is_here(thing: Document) -> bool:
        return (not namespace or thing["metadata"]["namespace"] == namespace) and is_meant(thing)

    return WatchOrder(resource, is_here, int(since), _as_table(request))


def _as_table(request: Request) -> str | None:
    """How much of each object is to stand beside its row, for a client that asks for a table; else None."""
    if "as=table" not in request.header("accept"):
        return None
    return request.first("includeObject", "Metadata")


def _serve_pod(namespace: str, name: str, what: str, request: Request, snapshot: Snapshot) -> Answer:
    """Answer what is asked of a pod itself, not of its description."""
    pod = snapshot.view.find_pod(namespace, name)
    if what not in resources.SUBRESOURCES["pods"]:
        if request.method not in ("GET", "HEAD"):
            return refuse(405, "MethodNotAllowed", READ_ONLY)
        return refuse(404, "NotFound", _SUCH_A_PATH)
    if pod is None:
        return refuse(404, "NotFound", f'pods "{name}" not found', name=name, kind="pods")
    container = request.first("container") or "pause"
    if container != "pause":
        return refuse(400, "BadRequest", f"container {container} is not valid for pod {name}: it has only pause")
    if what == "log":
        return Reply(200, b"", "text/plain")  # a pause process prints nothing
    if what == "attach":
        return refuse(403, "Forbidden", "there is nothing to attach to: a pause process neither reads nor prints")
    if what == "portforward":
        message = f"the lab's API server forwards no ports; reach the pod from {pod.node}, at its own address"
        return refuse(403, "Forbidden", message)
    return _exec(pod, request)


def _exec(pod: PodView, request: Request) -> Answer:
    command = request.query.get("command", [])
    if not command:
        return refuse(400, "BadRequest", "you must specify at least 1 command for the container")
    if any("\0" in word for word in command):
        return refuse(400, "BadRequest", "a command can't have a zero byte in it")
    if not pod.running:
        return refuse(409, "Conflict", f"cannot exec into {pod.name}: its pause process is gone, and so is the pod")
    if request.header("upgrade").startswith("spdy/"):
        message = f"this API server speaks WebSocket, not SPDY. Use kubectl 1.31 or later, or on {pod.node}: "
        return refuse(400, "BadRequest", message + f"{_enter(pod)} {' '.join(command)}")
    if request.method != "GET" or request.header("upgrade") != "websocket":
        return refuse(400, "BadRequest", "Upgrade request required")
    offered = [name.strip() for name in request.headers.get("sec-websocket-protocol", "").split(",")]
    protocol = next((name for name in _EXEC_PROTOCOLS if name in offered), "")
    key = request.headers.get("sec-websocket-key", "")
    if not protocol or not key or request.header("sec-websocket-version") != "13":
        message = f"the WebSocket has to be of version 13 and to speak one of: {', '.join(_EXEC_PROTOCOLS)}"
        return refuse(400, "BadRequest", message)
    return ExecOrder(pod, command, key, protocol, request.asks("stdin"), request.asks("tty"))


def _enter(pod: PodView) -> str:
    return f"nsenter --net={pod.netns}" if "/" in pod.netns else f"ip netns exec {pod.netns}"


def _version(snapshot: Snapshot) -> Document:
    version = snapshot.view.version
    major, minor = [*version.removeprefix("v").split("."), ""][:2]
    architectures: Iterable[str] = (node.architecture for node in snapshot.view.nodes)
    return {
        "major": major,
        "minor": minor,
        "gitVersion": version,
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "",
        "goVersion": "",
        "compiler": "",
        "platform": f"linux/{next(iter(architectures), 'amd64')}",
    }


def _document(document: Document | None) -> Reply:
    return refuse(404, "NotFound", _SUCH_A_PATH) if document is None else Reply(200, _json(document))


def _json(document: Document) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"
