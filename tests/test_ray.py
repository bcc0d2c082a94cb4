"""Ray: the same bytes as on one machine, also where a node is lost, on two nodes of a real cluster."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from ray_cluster import cluster, kill
from test_run import bytes_of, finish, fits, site, tiny

from w2s_bench.harness.job import Job
from w2s_bench.harness.ray_executor import RayExecutor
from w2s_bench.harness.run import run_plan

# Not by importing it: what Ray binds to is settled by settings that it reads when it is imported.
pytestmark = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is missing: pip install 'w2s-bench[ray]'"
)


def test_a_lost_node_loses_nothing(tmp_path: Path) -> None:
    """One of two nodes is killed after the second job; every record is as this process makes it alone."""
    plan, here, there = tiny(), tmp_path / "here", tmp_path / "there"
    finish(plan, here)
    done: list[str] = []
    with cluster() as (address, nodes):

        def on_done(job: Job) -> None:
            done.append(job.key)
            if len(done) == 2:
                kill(nodes[0])

        tally = run_plan(plan, RayExecutor(site(there), address), site(there), on_done)
    assert (tally.run, tally.failures, len(done)) == (len(fits(plan)), (), len(plan.jobs))
    assert finish(plan, there).run == 0
    assert bytes_of(there) == bytes_of(here)
