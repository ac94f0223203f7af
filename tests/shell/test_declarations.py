"""The screen core with the declarations that are called: nothing that is called may be missing."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tutor.shell.declarations import narrowed, parse_at_once
from tutor.shell.native import ffi, lib

FFI = type(ffi)

SHELL = Path(__file__).parents[2] / "tutor" / "shell"

TYPES = ("GhosttyStyle", "GhosttySelection", "GhosttyCellsView", "GhosttyRenderStateCursor")
DECLARATIONS = """
typedef enum { GHOSTTY_ONE, GHOSTTY_TWO = 7, } GhosttyNumber;
typedef struct GhosttyThingImpl* GhosttyThing;
typedef struct { GhosttyNumber n; union { int a; struct { GhosttyInner x; } b; } value; } GhosttyOuter;
typedef struct { int y; } GhosttyInner;
typedef void (*GhosttyTold)(GhosttyThing thing, int n);
int ghostty_thing_new(GhosttyThing* thing, GhosttyTold told);
int ghostty_thing_outer(GhosttyThing thing, GhosttyOuter* outer);
int ghostty_other(int n);
typedef struct GhosttyLate GhosttyLate;
struct GhosttyLate { int z; };
"""


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (["GHOSTTY_TWO"], ["GhosttyNumber"]),
        (["ghostty_other", "unknown"], ["ghostty_other"]),
        (["ghostty_thing_new"], ["GhosttyThing", "GhosttyTold", "ghostty_thing_new"]),
        (
            ["ghostty_thing_outer"],
            ["GhosttyNumber", "GhosttyThing", "GhosttyOuter", "GhosttyInner", "ghostty_thing_outer"],
        ),
        (["GhosttyLate"], ["typedef struct GhosttyLate", "struct GhosttyLate {"]),
        ([], []),
    ],
)
def test_what_is_wanted_is_kept_with_all_that_it_needs(wanted: list[str], kept: list[str]) -> None:
    lines = [line for line in narrowed(DECLARATIONS, wanted).splitlines() if line and not line.startswith("#")]
    assert len(lines) == len(kept)
    assert all(name in line for name, line in zip(kept, lines, strict=True))


def test_an_enumeration_is_a_number_with_constants() -> None:
    text = "typedef enum { GHOSTTY_A, GHOSTTY_B = -3, GHOSTTY_C, GHOSTTY_D = 0x10, } GhosttyNumber;"
    assert narrowed(text, ["GHOSTTY_C"]).split("\n")[1:-1] == [
        "typedef int GhosttyNumber;",
        "#define GHOSTTY_A 0",
        "#define GHOSTTY_B -3",
        "#define GHOSTTY_C -2",
        "#define GHOSTTY_D 16",
    ]
    hard = "typedef enum { GHOSTTY_E = 1 << 3, } GhosttyBits;"
    assert narrowed(hard, ["GHOSTTY_E"]) == hard


def test_constants_are_those_of_the_whole_library() -> None:
    names = ["GHOSTTY_NO_VALUE", "GHOSTTY_TERMINAL_OPT_SELECTION", "GHOSTTY_CELL_DATA_COLOR_RGB"]
    program = f"from pyghostty import lib; print([getattr(lib, name) for name in {names}])"
    whole = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert whole.strip() == str([getattr(lib, name) for name in names])


def test_every_name_that_our_modules_call_is_declared() -> None:
    called = {
        node.attr
        for path in SHELL.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "lib"
    }
    assert len(called) > 50
    missing = [name for name in sorted(called) if not hasattr(lib, name)]
    assert not missing


def test_types_that_are_parsed_together_are_those_that_are_parsed_alone() -> None:
    alone = FFI()
    alone.cdef("typedef struct { int a; } Thing; typedef void (*Told)(Thing*, int);")
    together = FFI()
    together.cdef("typedef struct { int a; } Thing; typedef void (*Told)(Thing*, int);")
    names = ["Thing*", "Thing", "Told", "int*", "Thing **"]
    parse_at_once(together, names)
    assert [str(together.typeof(name)) for name in names] == [str(alone.typeof(name)) for name in names]
    assert together.new("Thing*", {"a": 7}).a == 7


def test_types_are_those_of_the_whole_library() -> None:
    spec = find_spec("pyghostty")
    assert spec is not None
    assert spec.origin is not None
    program = f"from pyghostty import ffi; print([ffi.sizeof(name) for name in {TYPES}])"
    whole = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert whole.strip() == str([ffi.sizeof(name) for name in TYPES])
