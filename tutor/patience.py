"""How long to wait on a slow machine: an emulated processor takes twenty or thirty times as long for everything.

Waiting times of ours say how long something may take on an ordinary machine; the variable `TUTOR_PATIENCE` multiplies
them. Does not know what is waited for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tutor.errors import TutorError

VARIABLE = "TUTOR_PATIENCE"
"""The environment's variable: a number from 1 to 1000."""

_MOST = 1000.0


def patiently(seconds: float, environ: Mapping[str, str] = os.environ) -> float:
    """How long to wait here for what takes at most `seconds` on an ordinary machine.

    Raises:
        TutorError: the variable is set to something else than a number from 1 to 1000.
    """
    said = environ.get(VARIABLE, "") or "1"
    try:
        factor = float(said)
    except ValueError:
        factor = 0.0
    if not 1 <= factor <= _MOST:
        raise TutorError(
            f"{VARIABLE} is {said!r}, which is not a number from 1 to {_MOST:.0f}",
            hint=f"unset {VARIABLE}, or say how many times slower this machine is",
        )
    return seconds * factor
