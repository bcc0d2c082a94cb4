"""Ray: the same bytes as on one machine, also where a node is lost, on two nodes of a real cluster."""

from __future__ import annotations

import socket
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.ray_cluster import cluster, kill
from support.tiny_runs import HEAD, NLP, bytes_of, finish, fits, site

from w2s_bench.errors import UserError
from w2s_bench.plan.job import Job
from w2s_bench.plan.plan import make_plan
from w2s_bench.run.executors import InlineExecutor, LocalExecutor
from w2s_bench.run.ray_executor import RayExecutor, in_task
from w2s_bench.run.scheduler import executor_for, run_plan
from w2s_bench.run.settings import RunSettings
from w2s_bench.suite import parse_suite

# Not by importing it: what Ray binds to is settled by settings that it reads when it is imported.
NEEDS_RAY = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is missing: pip install 'w2s-bench[ray]'"
)


@NEEDS_RAY
def test_a_lost_node_loses_nothing(tmp_path: Path) -> None:
    """One of two nodes is killed after the first job; every record is as this process makes it alone."""
    suite = HEAD.format(bootstrapping="").replace('"confidence", ', "") + NLP
    plan = make_plan(parse_suite(suite, "tiny.toml"), None)
    here, there = tmp_path / "here", tmp_path / "there"
    finish(plan, here)
    done: list[str] = []
    with cluster() as (address, nodes):

        def on_done(job: Job) -> None:
            done.append(job.key)
            if len(done) == 1:
                kill(nodes[0])

        tally = run_plan(plan, RayExecutor(site(there), address), site(there), on_done)
    assert (tally.run, tally.failures, len(done)) == (len(fits(plan)), (), len(plan.jobs))
    assert finish(plan, there).run == 0
    assert bytes_of(there) == bytes_of(here)


@NEEDS_RAY
def test_a_cluster_that_does_not_answer_is_one_clear_error(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        for wrong in (address, "nowhere", "127.0.0.1:port"):
            with pytest.raises(
                UserError, match=rf"--address {wrong}: no cluster answers.*expected HOST:PORT"
            ):
                RayExecutor(site(tmp_path), wrong)


def test_without_ray_it_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(UserError, match=r"Ray is not installed.*pip install 'w2s-bench\[ray\]'"):
        RayExecutor(site(tmp_path))


def test_a_node_with_other_versions_is_named() -> None:
    failed, error = in_task({"torch": "0.1", "numpy": "0.2"}, "student", (1, "cpu"), {}, print)
    assert failed and isinstance(error, UserError)
    assert "not 0.1" in str(error) and "numpy" in str(error) and "one environment on all nodes" in str(error)


def test_where_jobs_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(executor_for(site(tmp_path), 0), InlineExecutor)
    local = executor_for(replace(site(tmp_path), workers=3), 2)
    assert type(local) is LocalExecutor and local.slots == 2
    local.close(wait=True)
    far = RunSettings(executor="ray", address="head:6379", device="cuda", gpu_share=0.25, store=Path("here"))
    assert (far.resolved().device, far.resolved().store) == ("cuda", tmp_path / "here"), (
        "nodes have it, not this machine"
    )
    assert far.command("quick") == (
        "w2s-bench run quick --store here --device cuda --executor ray --address head:6379 --gpu-share 0.25"
    )
    with pytest.raises(
        UserError, match=r"--device auto: a cluster's device cannot be guessed.*--device cuda"
    ):
        RunSettings(executor="ray", address="head:6379").resolved()
    spread = RunSettings(shards=2, store=tmp_path, device="cpu")
    assert spread.resolved().shards == 2 and "--shards 2" in spread.command("quick")
    monkeypatch.setenv("W2S_STORE", "s3://bucket/folder")
    assert RunSettings(device="cpu").resolved().store == "s3://bucket/folder"
