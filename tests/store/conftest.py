from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Maker = Callable[..., Path]


@pytest.fixture
def make_pack(tmp_path: Path) -> Maker:
    """Write a pack: `lessons` by file name, of each the lines of its head; `checks` by file name."""

    def make(
        lessons: dict[str, str] | None = None,
        checks: dict[str, str] | None = None,
        name: str = "pack",
        course: str = "",
    ) -> Path:
        root = tmp_path / name
        (root / "lessons" / "labs").mkdir(parents=True)
        (root / "checks").mkdir()
        for lab in ("vm", "aks"):
            (root / "lessons" / "labs" / f"{lab}.toml").write_text(f'home = "{lab}"\n')
        lessons = {"01-a.md": "id: a\ntitle: A\nlab: vm"} if lessons is None else lessons
        for file, head in lessons.items():
            (root / "lessons" / file).write_text(
                f"---\n{head}\n---\n\n# {head.partition('title: ')[2][:1]}\n\nHello.\n"
            )
        listed = ", ".join(f'"{file}"' for file in lessons)
        course = course or f'id = "{name}"\ntitle = "A pack"\nlessons = [{listed}]\n'
        (root / "lessons" / "course.toml").write_text(course)
        for file, text in (checks or {}).items():
            (root / "checks" / file).write_text(text)
        return root

    return make
