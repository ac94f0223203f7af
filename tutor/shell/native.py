"""The screen core's library as the rest of this package calls it: objects that free themselves, errors that are ours.

Does not know what any of its functions draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tutor.errors import ShellError
from tutor.shell.declarations import load, parse_at_once

if TYPE_CHECKING:
    from pyghostty import GhosttyError, Terminal, ffi, lib
    from pyghostty._ffi import union_fn
    from pyghostty.core import init_sized
else:
    _core = load()
    GhosttyError, Terminal, ffi, lib = _core.GhosttyError, _core.Terminal, _core.ffi, _core.lib
    union_fn, init_sized = _core._ffi.union_fn, _core.core.init_sized

_USED_AT_ONCE = (
    "size_t*", "int*", "bool*", "uint16_t*", "uint32_t*",
    "GhosttyTerminal*", "GhosttyTerminalWritePtyFn", "GhosttyTerminalSizeFn", "GhosttyTerminalBellFn",
    "GhosttyTerminalModeConfig*", "GhosttyString*", "GhosttyCellsView*", "GhosttyStyle*", "GhosttyStyle",
    "GhosttyRenderState*", "GhosttyRenderStateRowIterator*", "GhosttyRenderStateRowCells*", "GhosttyRenderStateRowId*",
    "GhosttyRenderStateCursor*", "GhosttyRenderStateCursor", "GhosttyRenderStateDirty*",
    "GhosttyRenderStateRowSelection*", "GhosttyRenderStateRowSelection",
)  # fmt: skip
"""Types that the first picture needs."""
parse_at_once(ffi, _USED_AT_ONCE)


@contextmanager
def reported() -> Iterator[None]:
    """What the library calls an error becomes ours."""
    try:
        yield
    except GhosttyError as error:
        raise broken(str(error)) from error


def broken(why: str) -> ShellError:
    """An error that says what has failed."""
    return ShellError(f"the screen could not be drawn: {why}", hint="your shell goes on; a new screen may do better")


def made(kind: str, make: Callable[..., int], free: Callable[..., None], *owners: ffi.CData) -> ffi.CData:
    """A native object behind a pointer, freed with the pointer; `owners` are what it belongs to."""
    pointer = ffi.gc(ffi.new(kind), lambda pointer: free(pointer[0], *owners))
    if make(ffi.NULL, pointer):
        raise ShellError("the screen could not be made", hint="is there memory left?")
    return pointer


__all__ = ["GhosttyError", "Terminal", "broken", "ffi", "init_sized", "lib", "made", "reported", "union_fn"]
