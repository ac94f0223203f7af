"""The part of the cloud's command line (`az`) that a lab has: pure functions over the lab's cloud.

::

    words ──arguments──▶ command and values ──network, route_tables, group──▶ a value ──query, output──▶ text
                  ▲                                          │
              catalogue ──▶ manual, bash                 resources (what a thing of the cloud looks like in JSON)

Does not know the fabric's kernel, nor how words come here and text goes back. Runs in the lab's agent, whose files are
those of the lab: nothing can be imported there any more, so all of it is loaded with the package, and it needs nothing
but the standard library.

Source: Azure CLI 2.91.0 (its commands, options, help layout, output and exit statuses).
"""

from __future__ import annotations

from tutor.lab.azure.bash import completion
from tutor.lab.azure.invoke import Ran, run

__all__ = ["Ran", "completion", "run"]
