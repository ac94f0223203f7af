"""Loads the screen core with the declarations that we use: parsing all of them takes 100 ms of each start.

pyghostty declares the whole of libghostty-vt in C, and has cffi parse it when it is loaded. What we call
needs a quarter.
Does not know what any of it means.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

_PACKAGE, _DECLARATIONS = "pyghostty", "pyghostty._cdef"
_CALLERS = ("core.py", "_ffi.py")
"""pyghostty's own modules that call the library."""
_STATEMENT = re.compile(r"[^;{}]*(?:\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}[^;{}]*)*;")
_WORD = re.compile(r"\b(?:ghostty_|GHOSTTY_|Ghostty)\w+")
_FUNCTION = re.compile(r"\b(ghostty_\w+)\s*\(")
_ENUMERATION = re.compile(r"(?:\s|/\*[^*]*\*/)*typedef\s+enum\s*\{([^{}]*)\}\s*(\w+)\s*;")
_CONSTANT = re.compile(r"\s*(\w+)\s*(?:=\s*(-?(?:0x[0-9A-Fa-f]+|\d+))\s*)?")
_STRUCT = re.compile(r"\bstruct\s+(\w+)\s*\{")
_FUNCTION_TYPE = re.compile(r"\(\s*\*\s*(\w+)\s*\)\s*\(")
_LONGEST_NAME = 80
_NAME = re.compile(r"(\w+)\s*;\Z")


def load() -> ModuleType:
    """pyghostty, with the declarations of what this package and pyghostty's own Python call, and of all that it needs.

    Where pyghostty is not as we know it, it is loaded as it is.
    """
    if _PACKAGE not in sys.modules:
        narrow = _narrowed()
        if narrow is not None:
            sys.modules[_DECLARATIONS] = narrow  # pyghostty takes its declarations from there
    return import_module(_PACKAGE)


def narrowed(declarations: str, wanted: Iterable[str]) -> str:
    """Of C declarations those of the wanted names, and of all that they need, in the same order."""
    statements = _STATEMENT.findall(declarations)
    places: dict[str, set[int]] = {}
    for number, statement in enumerate(statements):
        for name in _declared(statement):
            places.setdefault(name, set()).add(number)
    nowhere: set[int] = set()
    left = nowhere.union(*(places.get(name, nowhere) for name in wanted))
    kept: set[int] = set()
    while left:
        number = left.pop()
        kept.add(number)
        left |= nowhere.union(*(places.get(name, nowhere) for name in _WORD.findall(statements[number]))) - kept
    return "".join(_plainly(statements[number]) for number in sorted(kept))


def _plainly(statement: str) -> str:
    """An enumeration as a number and constants, which cffi reads without a parser of C; anything else as it is."""
    enumeration = _ENUMERATION.fullmatch(statement)
    if enumeration is None:
        return statement
    lines, value = [f"\ntypedef int {enumeration[2]};"], -1
    for constant in enumeration[1].split(","):
        if not constant.strip():
            continue
        named = _CONSTANT.fullmatch(constant)
        if named is None:
            return statement
        value = int(named[2], 0) if named[2] else value + 1
        lines.append(f"#define {named[1]} {value}")
    return "\n".join(lines) + "\n"


def parse_at_once(ffi: Any, names: Sequence[str]) -> None:
    """Have cffi parse the names of types together: one by one each takes more than a millisecond, at its first use.

    Where cffi does not keep what it has parsed as we know it, nothing is changed.
    """
    known = getattr(ffi, "_parsed_types", None)
    if isinstance(known, dict):
        members = " ".join(f"{name} t{number};" for number, name in enumerate(names))
        ffi.cdef(f"typedef struct {{ {members} }} TutorTypes;", override=True)
        for name, (_, member) in zip(names, ffi.typeof("TutorTypes").fields, strict=True):
            known.setdefault(name, (member.type, False))


def _declared(statement: str) -> list[str]:
    """The names that a statement declares: of an enumeration its constants too."""
    if "typedef" not in statement:
        return (_STRUCT if "{" in statement else _FUNCTION).findall(statement)[:1]
    names = _FUNCTION_TYPE.findall(statement) if "{" not in statement else []
    names += _NAME.findall(statement[-_LONGEST_NAME:])
    return names + (_WORD.findall(statement) if "enum" in statement else [])


def _narrowed() -> ModuleType | None:
    """The module of declarations, with those that are called; None where it can't be made."""
    package = find_spec(_PACKAGE)
    folder = Path(package.origin).parent if package is not None and package.origin is not None else None
    if folder is None or not all((folder / name).is_file() for name in ("_cdef.py", *_CALLERS)):
        return None
    spec = spec_from_file_location(_DECLARATIONS, folder / "_cdef.py")
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    everything = getattr(module, "CDEF", None)
    if not isinstance(everything, str):
        return None
    callers = [*(folder / name for name in _CALLERS), *Path(__file__).parent.glob("*.py")]
    called = {name for path in callers for name in _WORD.findall(path.read_text(encoding="utf-8"))}
    vars(module)["CDEF"] = narrowed(everything, called)
    return module
