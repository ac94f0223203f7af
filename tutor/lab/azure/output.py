"""A value as text: JSON, table, TSV, YAML or nothing.

As the real command line writes them (knack's output, tabulate's `simple` format, PyYAML's block style), without
colours. Does not know what the value is about.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tutor.lab.azure.refusals import Refused

_UNSHOWN = ("id", "type", "etag")
"""Keys that a table of its own making leaves out."""

# What a YAML reader takes for text as it stands, and for nothing else.
_PLAIN = re.compile(
    r"[A-Za-z/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*|[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)?|[0-9A-F]{2}(?:-[0-9A-F]{2}){5}",
    re.ASCII,
)
_OTHER_THAN_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def as_json(value: Any) -> str:
    """JSON with sorted keys."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, separators=(",", ": ")) + "\n"


def as_table(value: Any, *, is_ordered: bool) -> str:
    """A table of the top level's plain values.

    Args:
        value: a list of rows, or one row.
        is_ordered: whether its keys stand in an order that somebody chose; else they are sorted.
    """
    rows = [_row(item, is_ordered=is_ordered) for item in (value if isinstance(value, list) else [value])]
    headers = list(dict.fromkeys(key for row in rows for key in row))
    if not rows:
        return "\n"
    if not headers:
        raise Refused("Table output unavailable. Use the --query option to specify an appropriate query.")
    cells = [[str(row.get(header, "")).strip() for header in headers] for row in rows]
    # tabulate's own: a column is two wider than its header, or as wide as its widest cell.
    widths = [max(len(header) + 2, *(len(row[number]) for row in cells)) for number, header in enumerate(headers)]
    lines = [headers, ["-" * width for width in widths], *cells]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )


def _row(item: Any, *, is_ordered: bool) -> dict[str, Any]:
    if isinstance(item, dict):
        keys = list(item) if is_ordered else sorted(item)
        return {
            key[:1].upper() + key[1:]: item[key]
            for key in keys
            if key not in _UNSHOWN and item[key] is not None and not isinstance(item[key], list | dict)
        }
    if isinstance(item, list):
        return {f"Column{number}": "" if each is None else each for number, each in enumerate(item, 1)}
    return {"Result": "" if item is None else item}


def as_tsv(value: Any) -> str:
    """A line a row, cells with tabs between."""
    rows = value if isinstance(value, list) else [value]
    return "".join(_tsv_row(row) + "\n" for row in rows)


def _tsv_row(row: Any) -> str:
    if isinstance(row, OrderedDict):
        return "\t".join(map(_tsv_cell, row.values()))
    if isinstance(row, dict):
        return "\t".join(_tsv_cell(row[key]) for key in sorted(row))
    if isinstance(row, list):
        return "\t".join(map(_tsv_cell, row))
    return str(row).lower() if isinstance(row, bool) else _tsv_cell(row)


def _tsv_cell(value: Any) -> str:
    if isinstance(value, list):
        return str(len(value))
    return "" if isinstance(value, dict) else str(value)


def as_yaml(value: Any) -> str:
    """YAML in block style with sorted keys."""
    if isinstance(value, list | dict) and value:
        return "".join(f"{line}\n" for line in _yaml_lines(value))
    scalar = _yaml_scalar(value)
    # A plain scalar that is the whole document ends with the document's end, as PyYAML has it.
    return f"{scalar}\n" if scalar[0] in "'\"[{" else f"{scalar}\n...\n"


def _yaml_lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from _yaml_entry(f"{_yaml_scalar(key)}:", value[key], is_in_list=False)
    else:
        for item in value:
            yield from _yaml_entry("-", item, is_in_list=True)


def _yaml_entry(head: str, value: Any, *, is_in_list: bool) -> Iterator[str]:
    if not isinstance(value, list | dict) or not value:
        yield f"{head} {_yaml_scalar(value)}"
        return
    lines = _yaml_lines(value)
    if is_in_list:
        yield f"{head} {next(lines)}"
        yield from (f"  {line}" for line in lines)
        return
    yield head
    # A list in a mapping stands under its key, not to the right of it.
    indent = "" if isinstance(value, list) else "  "
    yield from (f"{indent}{line}" for line in lines)


def _yaml_scalar(value: Any) -> str:
    if value is None or isinstance(value, bool | int | float) or value in ({}, []):
        return json.dumps(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _OTHER_THAN_TEXT:
        return text
    if text.isprintable():
        doubled = text.replace("'", "''")
        return f"'{doubled}'"
    return (
        '"'
        + "".join(each if each.isprintable() and each not in '"\\' else f"\\U{ord(each):08x}" for each in text)
        + '"'
    )


FORMATS: Mapping[str, Callable[[Any], str]] = {
    "json": as_json,
    "jsonc": as_json,
    "yaml": as_yaml,
    "yamlc": as_yaml,
    "tsv": as_tsv,
    "none": lambda _: "",
}
"""By the names of `--output`; `table` needs to know more than the value."""
