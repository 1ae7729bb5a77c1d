"""Placement of actors on machines, and their module paths.

Where an actor runs is said, not guessed: Ray's own spreading looks at CPUs alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

ACTOR = {"num_cpus": 0, "max_concurrency": 10_000}
"""An actor holds no CPU of Ray's: it waits for models most of the time."""


def actor_class(kind: type, node: str, *, soft: bool, **more: Any) -> Any:
    """`kind` as an actor class on a node, or (`soft`) elsewhere if that node is gone."""
    where = NodeAffinitySchedulingStrategy(node_id=node, soft=soft)
    return ray.remote(kind).options(**ACTOR, scheduling_strategy=where, **more)


def add_module_paths(paths: Iterable[str]) -> None:
    """Let modules be found where the driver finds them, as far as that exists here."""
    sys.path += [path for path in paths if path not in sys.path]
