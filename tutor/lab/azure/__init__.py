"""The part of the cloud's command line (`az`) that a lab has: pure functions over the lab's cloud.

::

    words ──arguments──▶ command and values ──network, route_tables, group──▶ a value ──query, output──▶ text
                  ▲                                          │
              catalogue ──▶ manual, bash                 resources (what a thing of the cloud looks like in JSON)

Does not know the fabric's kernel, nor how words come here and text goes back. Runs in the lab's agent: it needs nothing
but the standard library, and is loaded when something of it is first asked for, not when the lab starts.

Source: Azure CLI 2.91.0 (its commands, options, help layout, output and exit statuses).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutor.lab.azure.bash import completion
    from tutor.lab.azure.invoke import Ran, run

__all__ = ["Ran", "completion", "run"]

_HOMES = {"Ran": "invoke", "completion": "bash", "run": "invoke"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    # Next time it is found without asking here.
    globals()[name] = value
    return value
