"""Prints the table of the terminal: ours, the peer's, the ratio, the goal, met or not.

Run: python -m benchmarks.terminal                     (the whole table)
     python -m benchmarks.terminal echo flood ...      (some rows)
     python -m benchmarks.terminal --help              (which rows there are, and what shortens the longest of them)
Ends with 1 when a goal is missed or a row could not be measured.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.terminal import echo, exact, fuzz, output, start
from benchmarks.terminal.figures import Figure

ROWS: dict[str, Callable[[], Iterator[Figure]]] = {
    "parse": output.parse,
    "echo": echo.echo,
    "whole": echo.whole,
    "flood": echo.flood,
    "interrupt": echo.interrupt,
    "cat": output.cat,
    "start": start.start,
    "keys": exact.keys,
    "screens": exact.screens,
    "fuzz": fuzz.fuzz,
    "memory": start.memory,
}


def main() -> int:
    """Measure, and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.terminal", description="The terminal against tmux.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS) + " (all of them if none is named)")
    parser.add_argument("--streams", type=int, default=8, help="how many streams the row fuzz prints (8)")
    parser.add_argument("--megabytes", type=float, default=50, help="how long each of them is (50)")
    arguments = parser.parse_args()
    rows = ROWS | {"fuzz": partial(fuzz.fuzz, arguments.streams, arguments.megabytes)}
    wrong = set(arguments.rows) - set(ROWS)
    if wrong:
        parser.error(f"there is no row {', '.join(sorted(wrong))}; there are {', '.join(ROWS)}")
    print(f"{'':46} {'ours':>9} {'peer':>9} {'ratio':>6}  {'goal':22} met", flush=True)
    well = True
    for name in arguments.rows or ROWS:
        began = time.monotonic()
        try:
            for figure in rows[name]():
                _print(figure)
                well &= figure.met is not False
        except Exception as error:  # noqa: BLE001  # whatever it is: the other rows are still to be measured
            well = False
            print(f"{name}: could not be measured: {type(error).__name__}: {error}", flush=True)
        print(f"{'':46} ({name}: {time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    return 0 if well else 1


def _print(figure: Figure) -> None:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    met = {True: "yes", False: "NO", None: ""}[figure.met]
    print(f"{figure.name:46} {figure.ours:>9} {figure.peer:>9} {ratio:>6}  {figure.goal:22} {met}", flush=True)
    if figure.note:
        print(f"{'':4}{figure.note}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
