"""The lab `aks` as the lessons have it, and lines of `az` in it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from tutor.lab.azure import Ran, run
from tutor.lab.cloud import Cloud, cloud_of
from tutor.lab.topology_file import parse_topology

TOPOLOGY = parse_topology((Path(__file__).parents[3] / "lessons" / "labs" / "aks.toml").read_text(), name="aks")
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
NETWORK = f"{SUBSCRIPTION}/resourceGroups/MC_lab/providers/Microsoft.Network"
ROUTE = "network route-table route"
IN_TABLE = "-g MC_lab --route-table-name aks-routetable"


def aks() -> Cloud:
    """The cloud that the lab begins with."""
    return cloud_of(TOPOLOGY)


def az(cloud: Cloud, line: str, *, columns: int = 100) -> Ran:
    """What becomes of a line."""
    return run(shlex.split(line), cloud, columns=columns)


def answer(cloud: Cloud, line: str) -> Any:
    """The JSON of a line that has to succeed."""
    ran = az(cloud, line)
    assert ran.status == 0, ran.stderr
    assert ran.stderr == ""
    return json.loads(ran.stdout)


def refusal(cloud: Cloud, line: str) -> str:
    """What a line complains of, first line; it has to fail and to alter nothing."""
    before = cloud.as_message()
    ran = az(cloud, line)
    assert ran.status in (1, 2, 3)
    assert ran.stdout == ""
    assert not ran.changed
    assert cloud.as_message() == before
    return ran.stderr.splitlines()[0]
