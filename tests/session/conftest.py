from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery
from tutor.session.material import Material, load_material
from tutor.session.workshop import Workshop

ROOT = Path(__file__).parents[2]

Pack = Callable[[str], Path]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture(scope="session")
def material() -> Material:
    return load_material("")


@pytest.fixture
def workshop(nursery: Nursery, material: Material) -> Workshop:
    return Workshop(nursery, material.course)


@pytest.fixture
def lab(workshop: Workshop) -> Iterator[Lab]:
    with workshop.private() as made:
        workshop.build(made, "vm")
        yield made


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Make a pack with our checks and labs, and with one lesson of this text."""

    def make(lesson: str) -> Path:
        root = Path(tempfile.mkdtemp(prefix="pack-", dir=tmp_path))
        shutil.copytree(ROOT / "checks", root / "checks")
        shutil.copytree(ROOT / "lessons" / "labs", root / "lessons" / "labs")
        (root / "lessons" / "course.toml").write_text('id = "small"\ntitle = "Small"\nlessons = ["01-small.md"]\n')
        (root / "lessons" / "01-small.md").write_text(lesson)
        return root

    return make


SMALL = """\
---
id: small
title: Small
lab: vm
---

# Small

## Up {#up}

```bash {.type}
ip link add veth-a type veth peer name veth-b
ip link set veth-a up
```

```yaml {.checks}
- link.is_up: {link: veth-a}
```

```bash {.alternative}
ip link add veth-b type veth peer name veth-a
ip link set veth-a up
```

```bash {.mistake diagnosis="link.missing" names="veth-a"}
true
```

```bash {.mistake diagnosis="link.down" names="veth-a"}
ip link add veth-a type veth peer name veth-b
```

```bash {.repair}
ip link set veth-a up
```
"""
"""A lesson with nothing wrong in it."""
