"""A pack with a lesson in a lab without a cluster, and one in a lab with."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.session.conftest import ROOT, SMALL

NODES = SMALL.replace("id: small", "id: nodes").replace("Small", "Nodes").replace("lab: vm", "lab: aks")
"""The same lesson, on a node."""


def mixed_pack(folder: Path, *, tools: str = "") -> Path:
    """Make the pack in a folder.

    Args:
        folder: where.
        tools: what the lesson in the lab with a cluster says to use.
    """
    root = folder / "mixed"
    shutil.copytree(ROOT / "checks", root / "checks")
    shutil.copytree(ROOT / "lessons" / "labs", root / "lessons" / "labs")
    (root / "lessons" / "course.toml").write_text(
        'id = "mixed"\ntitle = "Mixed"\nlessons = ["01-small.md", "02-nodes.md"]\n'
    )
    (root / "lessons" / "01-small.md").write_text(SMALL)
    (root / "lessons" / "02-nodes.md").write_text(
        NODES.replace("lab: aks", f"lab: aks\ntools: [{tools}]") if tools else NODES
    )
    return root
