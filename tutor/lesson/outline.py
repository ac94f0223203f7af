"""Markdown cut into pieces: headings, fences, alerts, and everything between them as it stands.

markdown-it says where the blocks are; the text of a piece is taken from the source, so nothing is lost or changed on
the way to the screen. Does not know what a class of a fence is for, nor what belongs to which step.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.attrs.parse import ParseError
from mdit_py_plugins.attrs.parse import parse as parse_attributes

from tutor.lesson.problems import Problems

_INFO = re.compile(r"([^\s{]*)[ \t]*(.*)", re.DOTALL)
_HEADING = re.compile(r"(.*?)[ \t]*(\{[^{}]*\})?", re.DOTALL)
_ALERT = re.compile(r"\[!([^\s\]]*)[ \t]*([^\]]*)\][ \t]*(.*)", re.DOTALL)
_QUOTE_MARK = re.compile(r" {0,3}> ?")
_COMMENTS = re.compile(r"(\s*<!--.*?-->)+\s*", re.DOTALL)
_DEEPEST_QUOTED = 20
_QUESTION = "question"
_TYPO = 0.8


@dataclass(frozen=True, slots=True)
class Heading:
    """`# Title` or `## Title {#id}`."""

    level: int
    """1 or 2; deeper ones are plain Markdown."""
    title: str
    """Its text."""
    id: str
    """What follows `#` in the braces; may be empty."""
    line: int
    """Its line."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block that carries something: one with braces, or a question."""

    language: str
    """First word behind the fence."""
    classes: tuple[str, ...]
    """What follows `.` in the braces."""
    attributes: Mapping[str, str]
    """The other entries of the braces."""
    text: str
    """Its content, without the last line end."""
    line: int
    """Line of the opening fence; the content begins on the next."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A quote that begins with `[!kind]`."""

    kind: str
    """As written, in lower case."""
    attributes: Mapping[str, str]
    """The entries behind the kind."""
    text: str
    """Its content, as Markdown."""
    line: int
    """Line of its first line of content."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Markdown that is only shown."""

    markdown: str
    """Its source."""
    line: int
    """Line of its first line."""


Content = Fence | Alert | Plain
"""What stands below a heading."""
Piece = Heading | Content
"""What a lesson consists of."""


@dataclass(slots=True)
class _Cut:
    """Where a piece that is not plain lies."""

    begin: int
    """Index of its first line."""
    end: int
    """Index of the line behind it."""
    piece: Piece | None = field(default=None)
    """What it is; None for what is left out."""


_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": _DEEPEST_QUOTED})
_MARKDOWN.disable(["inline", "text_join"])


def read_outline(text: str, skip: int, problems: Problems) -> tuple[Piece, ...]:
    """Cut a normalised file into its pieces, leaving out its first `skip` lines (the front matter)."""
    lines = text.split("\n")
    lines[:skip] = [""] * skip
    environment: dict[str, object] = {}
    tokens = _MARKDOWN.parse("\n".join(lines), environment)
    references = environment.get("references")
    if isinstance(references, Mapping):
        for name, reference in references.items():
            problems.add(
                reference["map"][0] + 1,
                f"a link definition: [{name}]",
                "write the address where the link is: [text](address)",
            )
    return tuple(_pieces(lines, skip, _Reader(lines, problems).cuts(tokens)))


def _pieces(lines: Sequence[str], begin: int, cuts: Sequence[_Cut]) -> Iterator[Piece]:
    for cut in (*cuts, _Cut(len(lines), len(lines))):
        while begin < cut.begin and not lines[begin].strip():
            begin += 1
        markdown = "\n".join(lines[begin : cut.begin]).rstrip()
        if markdown:
            yield Plain(markdown, begin + 1)
        if cut.piece is not None:
            yield cut.piece
        begin = cut.end


class _Reader:
    """Finds the pieces that are not plain among markdown-it's tokens."""

    def __init__(self, lines: Sequence[str], problems: Problems) -> None:
        self._lines = lines
        self._problems = problems

    def cuts(self, tokens: Sequence[Token]) -> list[_Cut]:
        """The cuts, in order."""
        found: list[_Cut] = []
        for index, token in enumerate(tokens):
            cut = self._cut(token, tokens[index + 1 : index + 3])
            if cut is not None:
                found.append(cut)
        return found

    def _cut(self, token: Token, following: Sequence[Token]) -> _Cut | None:
        if token.map is None:
            return None
        begin, end = token.map
        if token.type == "fence":
            return self._fence(token, begin, end)
        if token.type == "blockquote_open":
            return self._alert(token, following, begin, end)
        if token.level:
            return None
        if token.type == "heading_open" and token.tag in ("h1", "h2"):
            return self._heading(token, following[0].content, begin, end)
        if token.type == "html_block":
            if not _COMMENTS.fullmatch(token.content):
                self._problems.add(begin + 1, "HTML, which a terminal does not show", "write Markdown")
            return _Cut(begin, end)
        return None

    def _heading(self, token: Token, content: str, begin: int, end: int) -> _Cut:
        if not token.markup.startswith("#"):
            self._problems.add(
                begin + 1, "a heading by underlining", "write `## Title {#id}`; a rule needs an empty line above it"
            )
        found = _HEADING.fullmatch(content)
        # A heading by underlining may have several lines.
        title, braces = (" ".join(found[1].split()), found[2] or "") if found else (content, "")
        attributes = self._attributes(braces, begin + 1) if braces else {}
        for name in attributes.keys() - {"id"}:
            self._problems.add(begin + 1, f"a heading takes no {name!r}", "write `## Title {#id}`")
        return _Cut(begin, end, Heading(int(token.tag[1]), title, attributes.get("id", ""), begin + 1))

    def _fence(self, token: Token, begin: int, end: int) -> _Cut | None:
        line = begin + 1
        content = token.content.removesuffix("\n")
        if end - begin < 2 or token.content.count("\n") > end - begin - 2:
            self._problems.add(line, "the fence is never closed", f"write a line {token.markup} below it")
            return _Cut(begin, end)
        found = _INFO.fullmatch(token.info.strip())
        language, rest = (found[1], found[2]) if found else ("", "")
        if not rest and language != _QUESTION and difflib.get_close_matches(language, [_QUESTION], cutoff=_TYPO):
            self._problems.add(line, f"```{language}, which is shown to the learner", f"did you mean {_QUESTION!r}?")
        carries = bool(rest) or language == _QUESTION
        if not carries:
            return None
        if token.level:
            self._problems.add(line, "a block of the engine's inside of a list or quote", "begin it at the left margin")
            return _Cut(begin, end)
        if rest and not rest.startswith("{"):
            self._problems.add(
                line, f"{rest!r} behind the fence", f"write a class in braces, such as {{{_as_class(rest)}}}"
            )
            return _Cut(begin, end)
        attributes = self._attributes(rest, line) if rest else {}
        classes = tuple(attributes.pop("class", "").split())
        return _Cut(begin, end, Fence(language, classes, attributes, content, line))

    def _alert(self, token: Token, following: Sequence[Token], begin: int, end: int) -> _Cut | None:
        line = begin + 1
        content = following[1].content if len(following) > 1 and following[0].type == "paragraph_open" else ""
        found = _ALERT.fullmatch(content.partition("\n")[0])
        if found is None:
            return None
        if token.level:
            self._problems.add(line, "an alert inside of a list or quote", "begin it at the left margin")
            return None
        if found[3]:
            self._problems.add(line, f"text behind [!{found[1]}]", "begin the text on the next line")
        attributes = self._attributes(f"{{{found[2]}}}", line) if found[2] else {}
        lines = [_QUOTE_MARK.sub("", text, count=1) for text in self._lines[begin:end]]
        while lines and not lines[-1].strip():
            lines.pop()
        for number, text in enumerate(lines[1:], start=line + 1):
            if _ALERT.match(text):
                self._problems.add(number, "an alert inside of an alert", "leave an empty line between the two")
        return _Cut(begin, end, Alert(found[1].lower(), attributes, "\n".join(lines[1:]).strip("\n"), line + 1))

    def _attributes(self, text: str, line: int) -> dict[str, str]:
        try:
            end, attributes = parse_attributes(text)
        except ParseError as error:
            self._problems.add(
                line, f"{text} can't be read: {error}", 'write {.class key="value"}, with straight quotes'
            )
            return {}
        if text[end + 1 :].strip():
            self._problems.add(
                line, f"{text[end + 1 :].strip()!r} behind the braces", "put it into the braces or leave it out"
            )
        return {key: str(value) for key, value in attributes.items()}


def _as_class(words: str) -> str:
    return "." + words.split()[0].lstrip(".")
