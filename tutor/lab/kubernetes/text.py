"""Tables as plain text, for the stand-in that asks where the host has no `kubectl`: laid out as `kubectl get` does.

Does not know how the stand-in reads its command line.
"""

from __future__ import annotations

from collections.abc import Sequence

from tutor.lab.kubernetes import tables
from tutor.lab.kubernetes.describe import describe_node
from tutor.lab.kubernetes.history import Snapshot
from tutor.lab.kubernetes.request import Request
from tutor.lab.kubernetes.resources import RESOURCES, Document, Resource, find_by_word
from tutor.lab.kubernetes.view import DEFAULT

_GAP, _NARROWEST = 3, 6

Headers = tuple[tuple[str, str], ...]


def answer_table(request: Request, snapshot: Snapshot, now: float) -> tuple[int, Headers, str]:
    """Status, headers and text of the answer at /tutor/table.

    Parameters of the request: `word` (what is to be listed), `name` (one of them; may be missing), `namespace`,
    `everywhere` and `wide`. The header `Tutor-Stream` says where the text belongs (1: output, 2: errors), `Tutor-Exit`
    with what status to end.
    """
    word, namespace = request.first("word"), request.first("namespace") or DEFAULT
    everywhere = request.asks("everywhere")
    if word == "all":
        wanted = [known for known in RESOURCES if known.in_all]
    else:
        known_word = find_by_word(word)
        if known_word is None:
            return _said(404, f'error: the server doesn\'t have a resource type "{word}"', 1)
        wanted = [known_word]
    parts = []
    for resource in wanted:
        things = [
            thing
            for thing in snapshot.members(resource.name)
            if not resource.namespaced or everywhere or thing["metadata"]["namespace"] == namespace
        ]
        name = request.first("name")
        if name and word != "all":
            things = [thing for thing in things if thing["metadata"]["name"] == name]
            if not things:
                return _said(404, f'Error from server (NotFound): {resource.qualified} "{name}" not found', 1)
        if things:
            prefix = f"{resource.singular}/" if word == "all" else ""
            rows = _rows(resource, things, now, prefix=prefix, wide=request.asks("wide"), everywhere=everywhere)
            parts.append(lay_out(rows))
    if parts:
        return 200, (("Tutor-Stream", "1"), ("Tutor-Exit", "0")), "\n".join(parts)
    is_anywhere = everywhere or not wanted[0].namespaced
    return _said(200, "No resources found" if is_anywhere else f"No resources found in {namespace} namespace.", 0)


def answer_description(request: Request, snapshot: Snapshot, now: float) -> tuple[int, Headers, str]:
    """Status, headers and text of the answer at /tutor/description, in the way of `answer_table`.

    Parameters of the request: `name`, of a node; without it, all of them are described.
    """
    asked = request.first("name")
    names = [asked] if asked else [str(node["metadata"]["name"]) for node in snapshot.members("nodes")]
    told = [describe_node(name, snapshot, now) for name in names]
    if None in told:
        return _said(404, f'Error from server (NotFound): nodes "{asked}" not found', 1)
    return 200, (("Tutor-Stream", "1"), ("Tutor-Exit", "0")), "\n\n".join(filter(None, told))


def lay_out(rows: Sequence[Sequence[str]]) -> str:
    r"""Rows as lines whose columns are wide enough for all of their cells, and three spaces apart.

    >>> lay_out([["NAME", "AGE"], ["default", "5d"]])
    'NAME      AGE\ndefault   5d\n'
    """
    widths = [max(_NARROWEST, max(map(len, column)) + _GAP) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        lines.append("".join([*cells, row[-1]]) + "\n")
    return "".join(lines)


def _rows(
    resource: Resource,
    things: list[Document],
    now: float,
    *,
    prefix: str,
    wide: bool,
    everywhere: bool,
) -> list[list[str]]:
    columns = tables.columns_of(resource.name)
    shown = [index for index, column in enumerate(columns) if wide or not column.wide]
    rows = [[columns[index].name.upper() for index in shown]]
    for thing in things:
        cells = tables.cells_of(resource.name, thing, now)
        rows.append([prefix + cells[0], *(cells[index] for index in shown[1:])])
    if everywhere and resource.namespaced:
        spaces = ["NAMESPACE", *(str(thing["metadata"]["namespace"]) for thing in things)]
        rows = [[space, *row] for space, row in zip(spaces, rows, strict=True)]
    return rows


def _said(code: int, text: str, status: int) -> tuple[int, Headers, str]:
    return code, (("Tutor-Stream", "2"), ("Tutor-Exit", str(status))), text + "\n"
