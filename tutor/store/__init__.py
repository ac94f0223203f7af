"""Files outside of the lab: packs of lessons and checks found and loaded, progress and preferences kept.

Knows where things lie and how to write them safely. Does not know what a lab is, or what a lesson asks of it.

Nothing is imported here: `course`, `checks`, `progress` and `config` are wanted by different verbs.
"""

from __future__ import annotations
