"""The head of a lesson file: split from the body and read.

A course looks at every lesson's head at once, so a head of plain words is read here without the YAML parser, which
takes longer to import than all heads take to read; anything else in it is left to that parser, with the same result.
"""

from __future__ import annotations

import re
from pathlib import Path

from tutor.lesson.model import Continues, Front, Starts, Variant
from tutor.lesson.node import Node, keys_of, name_of, scalar, text_of
from tutor.lesson.problems import Problems

_KEYS = ("id", "title", "lab", "starts", "figures", "tools")
_NEEDED = ("id", "title", "lab")
_HEAD = "a line `---`, then `id: …`, `title: …` and `lab: …`, then `---`"
_WORD = r"[A-Za-z0-9](?:[A-Za-z0-9 _./'()-]*[A-Za-z0-9_/'()-])?"
_PLAIN = re.compile(rf"([a-z]+): +(?:({_WORD})|\[ *((?:{_WORD} *, *)*{_WORD}) *\]|\{{ *([a-z]+): +({_WORD}) *\}}) *")


def normalise(text: str) -> str:
    """`text` with line ends as Unix has them and without a byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def split_front(text: str) -> tuple[str, int] | None:
    """The text between a normalised file's first two `---` lines, and the line of the second; None without them."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return None
    for number, line in enumerate(lines[1:], start=2):
        if line.rstrip() == "---":
            return "\n".join(lines[1 : number - 1]), number
    return None


def parse_front(text: str, path: Path | None = None) -> Front:
    """Read the head of a lesson file and nothing else of it.

    Raises:
        LessonError: the first thing that is wrong with the head.
    """
    problems = Problems(path)
    front = read_front(normalise(text), problems)
    if front is None:
        raise problems.in_order()[0]
    return front


def read_front(text: str, problems: Problems) -> Front | None:
    """The head of a normalised file; None where it is wrong, which is noted."""
    if not text.strip():
        problems.add(1, "the file is empty", f"a lesson begins with {_HEAD}")
        return None
    split = split_front(text)
    if split is None:
        began = text.split("\n", 1)[0].rstrip() == "---"
        problems.add(
            1,
            "the front matter is never closed" if began else "the front matter is missing",
            "write a line `---` below it" if began else f"a lesson begins with {_HEAD}",
        )
        return None
    head = split[0]
    node = read_plain(head)
    if node is None:
        # Imported only here: most heads do without.
        from tutor.lesson.yaml_block import read_yaml

        node = read_yaml(head, 2, problems)
    return _front_of(node, problems) if node is not None else None


def read_plain(head: str) -> Node | None:
    """A head of plain words, as YAML would read it; None where it takes a YAML parser to know."""
    entries: dict[str, Node] = {}
    for number, line in enumerate(head.split("\n"), start=2):
        if not line.strip(" "):
            continue
        found = _PLAIN.fullmatch(line)
        if found is None or found[1] in entries:
            return None
        key, word, items, inner_key, inner = found.groups()
        if word is not None:
            entries[key] = Node(scalar(word), number)
        elif items is not None:
            entries[key] = Node(tuple(Node(scalar(item.strip(" ")), number) for item in items.split(",")), number)
        else:
            entries[key] = Node({inner_key: Node(scalar(inner), number)}, number)
    return Node(entries, next(iter(entries.values())).line) if entries else None


def _front_of(node: Node, problems: Problems) -> Front | None:
    before = len(problems.errors)
    entries = keys_of(node, _KEYS, "the front matter", problems)
    for key in _NEEDED:
        if key not in entries:
            problems.add(2, f"the front matter has no {key!r}", f"add a line `{key}: …`")
    front = Front(
        id=name_of(entries["id"], "the id", problems) if "id" in entries else "",
        title=text_of(entries["title"], "the title", problems) if "title" in entries else "",
        lab=name_of(entries["lab"], "the lab", problems) if "lab" in entries else "",
        starts=_starts_of(entries["starts"], problems) if "starts" in entries else None,
        figures=_figures_of(entries["figures"], problems) if "figures" in entries else (),
        tools=_tools_of(entries["tools"], problems) if "tools" in entries else (),
        lines={key: item.line for key, item in entries.items()},
    )
    return front if len(problems.errors) == before else None


def _starts_of(node: Node, problems: Problems) -> Starts | None:
    entries = keys_of(node, ("continues", "variant"), "`starts`", problems)
    if len(entries) > 1:
        problems.add(node.line, "`starts` has two keys", "a lesson either continues another or starts from a variant")
    for key, item in entries.items():
        name = name_of(item, f"`{key}`", problems)
        return Continues(name, node.line) if key == "continues" else Variant(name, node.line)
    if isinstance(node.value, dict) and not node.value:
        problems.add(node.line, "`starts` is empty", "{continues: LESSON} or {variant: NAME}, or leave it out")
    return None


def _figures_of(node: Node, problems: Problems) -> tuple[int, ...]:
    figures = node.plain()
    if isinstance(figures, list) and all(type(figure) is int and figure > 0 for figure in figures):
        return tuple(figures)
    problems.add(node.line, "`figures` is not a list of numbers", "such as [8, 9]")
    return ()


def _tools_of(node: Node, problems: Problems) -> tuple[str, ...]:
    tools = node.plain()
    if isinstance(tools, list) and all(isinstance(tool, str) for tool in tools):
        return tuple(tools)
    problems.add(node.line, "`tools` is not a list of programs", "such as [ip, brctl]")
    return ()
