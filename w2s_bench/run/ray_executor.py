"""Jobs as tasks of a Ray cluster, which places, queues and, when a node is lost, restarts them.

As on one machine, a thread of the parent builds each request and saves the result, and the job runs in a
worker process of its side. A fit that hangs is ended, and one that dies is a failure of its method: Ray
restarts only tasks whose node or Ray process was lost.
"""

from __future__ import annotations

import logging
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from threading import Lock
from typing import Any

from w2s_bench.errors import UserError
from w2s_bench.plan.job import Job, artifact_kinds
from w2s_bench.run.executors import LocalExecutor, new_worker
from w2s_bench.run.settings import RunSettings
from w2s_bench.run.workers import Died, Hung, Side, Worker, WorkerGroup
from w2s_bench.store.remote import store_at

RETRIES = 5  # how often a task is started again because its node was lost
MAX_THREADS = 1024  # of the parent, one for each running job
LOOPBACK = ("127.0.0.1", "localhost")
# Libraries that affect results; their versions must be the same on all nodes.
LIBRARIES = ("w2s-bench", "torch", "transformers", "tokenizers", "numpy", "accelerate")
# In a Ray process: the worker of each side, with its CUDA_VISIBLE_DEVICES.
_workers: dict[Side, tuple[str, Worker | WorkerGroup]] = {}


class RayExecutor(LocalExecutor):
    """Runs jobs on the Ray cluster at ``address`` (HOST:PORT), or on a new one on this machine.

    ``workers``: jobs at a time; None for as many as the CPUs or GPUs hold. ``gpu_share``: share of a GPU that
    a job takes.
    """

    def __init__(
        self,
        settings: RunSettings,
        address: str | None = None,
        workers: int | None = None,
        gpu_share: float = 1.0,
    ) -> None:
        self._ray = _connected(address, (workers or os.cpu_count() or 1) * settings.threads * settings.shards)
        share = float(settings.shards) if settings.shards > 1 else gpu_share
        on_gpu = settings.device.startswith("cuda")
        self._takes = {
            "num_cpus": float(settings.threads * settings.shards),
            "num_gpus": share if on_gpu else 0.0,
        }
        self._slots, self._versions = workers, {name: version(name) for name in LIBRARIES}
        self._task = self._ray.remote(in_task).options(
            max_retries=RETRIES, retry_exceptions=False, name="w2s-bench", **self._takes
        )
        self._threads = ThreadPoolExecutor(MAX_THREADS)
        self._lock, self._closed = Lock(), False
        self._open: set[Any] = set()
        self.slots = self._capacity()

    def _capacity(self) -> int:
        """Jobs that the present nodes can run at a time."""
        if self._slots:
            return self._slots
        resources = self._ray.cluster_resources()
        cpus = resources.get("CPU", 0) // self._takes["num_cpus"]
        share = self._takes["num_gpus"]
        return int(max(1, min(cpus, resources.get("GPU", 0) // share if share else cpus, MAX_THREADS)))

    def submit(self, job: Job, settings: RunSettings) -> Any:
        """Queue a job as a task of the cluster."""
        self.slots = self._capacity()  # nodes may have joined
        return super().submit(job, settings)

    def _device(self, settings: RunSettings) -> str:
        return settings.device  # of the node, which may have a GPU that the parent lacks

    def _run_with_gold(self, job: Job, settings: RunSettings) -> str:
        key = super()._run_with_gold(job, settings)
        if not all(store_at(settings.store_place).has(kind, key) for kind in artifact_kinds(job)):
            raise UserError(
                f"the store holds no {artifact_kinds(job)[0]} {key} after the node that made it was done",
                where=str(settings.store_place),
                expected="a store that all nodes share",
                mend="give a folder on a shared file system, or an address such as s3://BUCKET/FOLDER, with"
                " --store",
            )
        return key

    def _call(self, side: Side, settings: RunSettings, *call: Any, **options: Any) -> Any:
        from ray.exceptions import NodeDiedError, RayError, TaskCancelledError, WorkerCrashedError

        with self._lock:
            if self._closed:
                raise Died("the run is over")
            shards = settings.shards, settings.device
            reference = self._task.remote(self._versions, side, shards, options, *call)
            self._open.add(reference)
        try:
            failed, value = self._ray.get(reference)
        except (NodeDiedError, WorkerCrashedError, TaskCancelledError) as error:
            raise Died(f"its node was lost {RETRIES + 1} times: {type(error).__name__}") from None
        except RayError as error:
            raise _lost(error) from None
        finally:
            with self._lock:
                self._open.discard(reference)
        if failed:
            raise value
        return value

    def close(self, *, wait: bool) -> None:
        """Wait for the jobs (or cancel them) and leave the cluster."""
        if wait:
            self._threads.shutdown(wait=True)
        with self._lock:
            self._closed, running = True, list(self._open)
        for reference in running:
            self._ray.cancel(reference, force=True)
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._ray.shutdown()


def in_task(
    versions: dict[str, str],
    side: Side,
    shards: tuple[int, str],
    options: dict[str, Any],
    *call: Any,
) -> tuple[bool, Any]:
    """The body of a Ray task: call a function in a worker process of a side.

    ``options`` are those of :meth:`Worker.call`; their callbacks read and write checkpoints in the shared
    store from the task's node. Returns whether the call failed, and its error or value.
    """
    installed = {name: version(name) for name in versions}
    if different := [f"{n} {installed[n]}, not {v}" for n, v in versions.items() if installed[n] != v]:
        what, expected = f"a node has {'; '.join(different)}", "one environment on all nodes"
        return True, UserError(what, where=socket.gethostname(), expected=expected, mend="install it there")
    try:
        return False, _worker(side, shards).call(*call, **options)
    except (Died, Hung) as error:
        _workers.pop(side)[1].end()
        return True, error
    except Exception as error:
        return True, error


def _worker(side: Side, shards: tuple[int, str]) -> Worker | WorkerGroup:
    """The worker process of this Ray process, replaced if Ray has assigned other GPUs."""
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if side in _workers and _workers[side][0] != gpus:
        _workers.pop(side)[1].end()
    if side not in _workers:
        _workers[side] = gpus, new_worker(side, *shards)
    return _workers[side][1]


def _connected(address: str | None, cpus: int) -> Any:
    """The module ``ray``, connected. Errors: UserError if it is missing or the cluster does not answer."""
    local = address is None or address.rpartition(":")[0] in LOOPBACK
    _configure(local)
    try:
        import ray
    except ImportError:
        raise UserError(
            "Ray is not installed", where="--executor ray", mend="install it: pip install 'w2s-bench[ray]'"
        ) from None
    options: dict[str, Any] = {"_node_ip_address": LOOPBACK[0]} if local else {}
    options |= {"num_cpus": cpus, "include_dashboard": False} if address is None else {}
    if address is not None:
        _check_answers(address)
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **options)
    except (RuntimeError, ConnectionError, ValueError) as error:
        raise UserError(
            f"no connection to the cluster: {error}"[:300],
            where=f"--address {address or 'local'}",
            expected="a running Ray cluster with the same versions of Python and Ray",
        ) from None
    return ray


def _configure(local: bool) -> None:
    """Send no usage statistics, and on one machine keep Ray from replacing 127.0.0.1 by another address."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if local:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")


def _check_answers(address: str) -> None:
    """Check that something listens at the address; Ray itself would try for a minute. Errors: UserError."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 5).close()
    except (OSError, ValueError) as error:
        raise UserError(
            f"no cluster answers: {error}",
            where=f"--address {address}",
            expected="HOST:PORT of a running Ray cluster, as `ray start --head` prints it",
        ) from None


def _lost(error: Exception) -> UserError:
    return UserError(
        f"the cluster failed: {type(error).__name__}: {error}"[:300],
        where="--executor ray",
        expected="a cluster whose head lives as long as the run",
        mend="start it again: finished jobs are kept, the same command goes on from there",
    )
