"""A Ray cluster of several nodes on this machine; its processes can be found and killed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

STORE = 100_000_000
"""Bytes of shared memory a node sets aside; Fellowship's actors use next to none."""


class Process(NamedTuple):
    """A process of an actor: megabytes at its peak, seconds of CPU so far."""

    pid: int
    peak: float
    cpu: float


class Nodes:
    """`count` nodes with a CPU each; the first is the head. This process has joined."""

    def __init__(self, count: int) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        import ray
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": STORE}
        self._cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        self.address: str = self._cluster.address
        self.session = Path(self._cluster.head_node.get_session_dir_path())
        ray.init(address=self.address, log_to_driver=False)
        self.more = [self.add() for _ in range(count - 1)]

    def add(self) -> Any:
        """One more node, up when this returns."""
        node = self._cluster.add_node(num_cpus=1, object_store_memory=STORE)
        self._cluster.wait_for_nodes()
        return node

    def remove(self, node: Any) -> None:
        """Pull a node's plug: nothing on it ends in order."""
        self._cluster.remove_node(node, allow_graceful=False)

    def pids(self, actor: str) -> list[int]:
        """Processes that play an actor of this cluster, oldest first."""
        return [process.pid for process in self.processes(actor)]

    def processes(self, actor: str) -> list[Process]:
        """The same, with what they have used. Another cluster's are not among them."""
        nodes = {started.process.pid for started in self._raylets()}
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                title = (folder / "cmdline").read_bytes().decode(errors="replace")
                parent, born = ancestry(folder)
                if title.startswith(f"ray::{actor}") and parent in nodes:
                    found.append((born, used(folder)))
            except OSError:
                continue
        return [process for _, process in sorted(found)]

    def _raylets(self) -> list[Any]:
        """The process of each node that starts its actors."""
        every = (node.all_processes for node in self._cluster.list_all_nodes())
        return [started for node in every for started in node.get("raylet", [])]

    def close(self) -> None:
        """Leave the cluster and end it."""
        import ray

        ray.shutdown()
        self._cluster.shutdown()


def ancestry(folder: Path) -> tuple[int, int]:
    """Parent of the process of a folder of /proc, and when it began, in clock ticks."""
    fields = stat_fields(folder)
    return int(fields[1]), int(fields[19])


def stat_fields(folder: Path) -> list[str]:
    """What /proc says of a process, from its state on."""
    return (folder / "stat").read_text().rpartition(")")[2].split()


def used(folder: Path) -> Process:
    """What the process of a folder of /proc has used."""
    ticks = stat_fields(folder)
    cpu = (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
    status = (folder / "status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return Process(int(folder.name), peak, cpu)
