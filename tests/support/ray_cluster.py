"""A Ray cluster of several nodes on this machine, each a raylet of its own, all on 127.0.0.1."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from w2s_bench.run.ray_executor import _configure

NODE = {
    "num_cpus": 1,
    "node_ip_address": "127.0.0.1",
    "include_dashboard": False,
    "object_store_memory": 80 * 2**20,
}
# A lost node is noticed within a second, not within half a minute.
SOON = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 250,
    "health_check_failure_threshold": 4,
}


@contextmanager
def cluster(nodes: int = 2) -> Iterator[tuple[str, list[Any]]]:
    """Address of the head, which runs no job, and the nodes that do."""
    _configure(local=True)
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={**NODE, "num_cpus": 0, "_system_config": SOON})
    try:
        yield made.address, [made.add_node(**NODE) for _ in range(nodes)]
    finally:
        made.shutdown()


def kill(node: Any) -> None:
    """End a node as a machine that loses its power would: nothing is told to anyone."""
    for processes in node.all_processes.values():
        for info in processes:
            os.kill(info.process.pid, 9)
