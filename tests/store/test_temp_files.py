"""Whose a temporary file is, and what of the dead is removed; claims of runs that share a store."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from w2s_bench.report.write import write_report
from w2s_bench.results.run_folder import save_run
from w2s_bench.run import workers
from w2s_bench.run.job_locks import FOLDER, JobLocks, sweep_locks
from w2s_bench.store.local import Store
from w2s_bench.store.maintenance import abandoned_drafts, sweep_drafts
from w2s_bench.store.temp_files import DRAFT, is_gone, left_behind, mine, sweep

KEY = "ab" + "0" * 30


def dead() -> str:
    """How a name of a process that has ended begins."""
    code = "from w2s_bench.store.temp_files import mine; print(mine('.draft'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_only_what_the_dead_of_this_machine_left_is_removed(tmp_path: Path) -> None:
    gone, here = dead() + "x", mine(DRAFT) + "x"
    elsewhere = gone.replace(gone.split("-")[1], "0" * 8)
    for name in (gone, here, elsewhere, ".draft-old", "other"):
        (tmp_path / name).mkdir()
    assert is_gone(gone) and not any(map(is_gone, (here, elsewhere, ".draft-old", "other", f"{DRAFT}-")))
    assert [p.name for p in left_behind(tmp_path, DRAFT)] == [gone]
    sweep(tmp_path, DRAFT)
    assert {p.name for p in tmp_path.iterdir()} == {here, elsewhere, ".draft-old", "other"}
    assert list(left_behind(tmp_path / "nowhere", DRAFT)) == []


def test_drafts_of_killed_runs_are_strays_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.write("fit", KEY) as draft:
        draft.json("facts", {})
    half = store.folder("fit", KEY).with_name(dead() + "x")
    half.mkdir()
    assert [s.path for s in abandoned_drafts(store)] == [half]
    sweep_drafts(store)
    assert not half.exists() and store.has("fit", KEY)


def test_a_report_removes_what_a_killed_one_left(tmp_path: Path, toy_run: dict[str, Any]) -> None:
    save_run(tmp_path, **toy_run)
    half = tmp_path / (dead() + "table.csv")
    half.write_text("half")
    write_report(tmp_path)
    assert not list(tmp_path.rglob(f"{DRAFT}-*")) and (tmp_path / "table.csv").is_file()


def test_a_job_is_claimed_by_one_run(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with JobLocks(store) as one, JobLocks(store) as other:
        assert one.take(KEY) and not other.take(KEY)
        sweep_locks(store)
        assert not other.take(KEY)
        one.release(KEY)
        assert other.take(KEY) and not one.take(KEY)
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_the_locks_of_a_killed_run_are_free(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from w2s_bench.run.job_locks import JobLocks;"
        "from w2s_bench.store.local import Store;"
        f"assert JobLocks(Store(Path(sys.argv[1]))).take('{KEY}'); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)]).returncode == -9
    assert len(os.listdir(tmp_path / FOLDER)) == 1
    with JobLocks(Store(tmp_path)) as locks:
        assert locks.take(KEY)
    sweep_locks(Store(tmp_path))
    assert os.listdir(tmp_path / FOLDER) == []


def test_the_server_of_workers_ends_when_its_run_does() -> None:
    """Also while it imports: here it belongs to a process that is not its parent."""
    imports = "import time; from w2s_bench.run.worker_process import ending_with"
    code = f"{imports}\nwith ending_with(-1): time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stderr == ""


def test_workers_start_where_a_socket_s_path_would_be_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 25)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    workers._context.cache_clear()
    try:
        worker = workers.Worker("student")
        assert worker.call(int) == 0
        worker.end()
    finally:
        workers._context.cache_clear()
