"""What stands on the screen in the end is what tmux shows, cell by cell, with its colours; and the pane paints that."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.final_cases import DISPUTED, PRINTED, PRINTED_OTHERWISE, PROGRAMS, SIZE, furnish
from tests.tui.final_screens import (
    IMPATIENCE,
    ROWS,
    Cell,
    Final,
    Recording,
    Stage,
    on_our_screen,
    pane_stage,
    record,
    recorded,
    tmux_stage,
)
from tests.tui.painted import Paint
from tutor.shell.widths import is_disputed

pytestmark = [pytest.mark.pty, pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, the peer")]


@pytest.fixture(scope="module")
def tmux() -> Iterator[Stage]:
    with tmux_stage() as stage:
        yield stage


@pytest.fixture(scope="module")
def pane() -> Iterator[Stage]:
    with pane_stage() as stage:
        yield stage


@pytest.fixture(scope="module")
def paint(pane: Stage) -> Paint:
    return Paint.of(pane.play((), SIZE, on_our_screen((), SIZE), IMPATIENCE))


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_printed_looks_as_in_tmux_and_is_painted_so(name: str, tmux: Stage, pane: Stage, paint: Paint) -> None:
    looks_as_in_tmux_and_is_painted_so(recorded(PRINTED[name]), tmux, pane, paint)


@pytest.mark.parametrize("name", PRINTED_OTHERWISE)
def test_what_looks_otherwise_for_a_reason_still_does_and_is_painted_as_it_is(
    name: str, tmux: Stage, pane: Stage, paint: Paint
) -> None:
    printed, reason = PRINTED_OTHERWISE[name]
    ours = on_our_screen(recorded(printed), SIZE)
    assert ours.differences(tmux.play(recorded(printed), SIZE, ours, IMPATIENCE)), f"no longer: {reason}"
    if name not in DISPUTED:
        is_painted_so(ours, recorded(printed), pane, paint)
        return
    wanted = paint.painted(ours)
    assert wanted.differences(pane.play(recorded(printed), SIZE, wanted, known=in_dispute), in_dispute) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_looks_as_in_tmux_and_is_painted_so(
    name: str, tmp_path: Path, tmux: Stage, pane: Stage, paint: Paint
) -> None:
    program = PROGRAMS[name]
    if not program.is_there:
        pytest.skip(f"needs {program.argv[0]}")
    furnish(tmp_path)
    recording = record(program.argv, program.steps, tmp_path, SIZE)
    if program.otherwise is None:
        looks_as_in_tmux_and_is_painted_so(recording, tmux, pane, paint)
        return
    reason, known = program.otherwise
    ours = on_our_screen(recording, SIZE)
    its = tmux.play(recording, SIZE, ours, known=known)
    assert ours.differences(its, known) == []
    assert ours.differences(its), f"no longer: {reason}"
    is_painted_so(ours, recording, pane, paint)


def in_dispute(x: int, y: int, ours: Cell, its: Cell) -> bool:
    """Whether a cell has what the outer terminal has its own opinion of; all others must be in their places."""
    del x, y, its
    return is_disputed(ours.text) or not ours.text


def looks_as_in_tmux_and_is_painted_so(recording: Recording, tmux: Stage, pane: Stage, paint: Paint) -> None:
    ours = on_our_screen(recording, SIZE)
    assert ours.differences(tmux.play(recording, SIZE, ours)) == []
    is_painted_so(ours, recording, pane, paint)


def is_painted_so(ours: Final, recording: Recording, pane: Stage, paint: Paint) -> None:
    wanted = paint.painted(ours)
    assert wanted.differences(pane.play(recording, SIZE, wanted)) == []


def test_a_difference_is_found_and_told() -> None:
    blank = on_our_screen((), SIZE)
    changed = Final(((Cell("x", 1), *blank.cells[0][1:]), *blank.cells[1:]), (1, 0))
    assert blank.differences(changed) == [
        "row 0, 1 cells from column 0 on: ' ' / 'x' foreground 1",
        "cursor (0, 0) / (1, 0)",
    ]
    assert len(blank.cells) == ROWS
