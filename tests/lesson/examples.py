"""The example lessons and what they name, for the tests."""

from __future__ import annotations

from pathlib import Path

from tutor.store.packs import Pack, read_pack

ROOT = Path(__file__).parent / "fixtures"
"""A whole pack: three lessons, and checks of which only the signatures matter."""


def example_pack() -> Pack:
    """The pack of examples."""
    return read_pack(ROOT)


def example_texts() -> dict[str, str]:
    """The lesson files by name."""
    return {path.name: path.read_text() for path in sorted((ROOT / "lessons").glob("*.md"))}


HEAD = "---\nid: a\ntitle: A\nlab: vm\n---\n\n# A\n\nHello.\n"
"""The beginning of a lesson; 9 lines."""
