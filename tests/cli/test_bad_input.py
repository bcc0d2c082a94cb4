"""Bad input: one line that says what, where, what was expected and how to mend it; nothing half-written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from fuzz.readers import fuzz
from support.commands import SUITE, refused, strict, suite_of, w2s, well

from w2s_bench.contract import toys
from w2s_bench.results.run_folder import RUN
from w2s_bench.run import scheduler
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.store.temp_files import DRAFT, mine


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Jobs run in this process, and relative paths lie in a folder of the test."""
    monkeypatch.setattr(scheduler, "LocalExecutor", lambda workers: InlineExecutor())
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(SUITE)
    return path


ONE_TASK = '''"""A task for tests."""
from w2s_bench.sources import GeneratedSource
from w2s_bench.task import Example, Task, TaskCard, preference

DOMAIN = "{domain}"
CLASSES = ("no", "yes") if DOMAIN == "nlp" else ()
CARD = TaskCard(
    name="{domain}/mine", domain=DOMAIN, version=1, title="t", source="s", licence="l", citation="c",
    language="en", group="row", size="100", classes=CLASSES,
)


def rows(size, seed):
    return ({{"n": n}} for n in range(size))


def example(row):
    n = row["n"]
    {body}


TASK = Task(
    card=CARD, source=GeneratedSource(generate=rows, size={size}), example=example,
    group=lambda row: str(row["n"]),
)
'''


def task_file(folder: Path, domain: str, body: str, size: int = 100) -> str:
    path = folder / "mine.py"
    path.write_text(ONE_TASK.format(domain=domain, body=body, size=size))
    return f"{path}:TASK"


def unknown_suite(folder: Path) -> object:
    return "quik"


def missing_suite_file(folder: Path) -> object:
    return folder / "nowhere.toml"


def unknown_task(folder: Path) -> object:
    return suite_of(folder, task='"nlp/polarity"')


def unknown_method(folder: Path) -> object:
    return suite_of(folder, method='"confidance"')


def unknown_model(folder: Path) -> object:
    return suite_of(folder, model='"lama:16x1"')


def bad_size(folder: Path) -> object:
    return suite_of(folder, model='"llama:17x1"')


def bad_option(folder: Path) -> object:
    return suite_of(folder, method='{ name = "confidence", alpha = 3 }')


def malformed_toml(folder: Path) -> object:
    return suite_of(folder, line="version = = 1")


def unknown_key(folder: Path) -> object:
    return suite_of(folder, line="version = 1\nsedes = [0]")


def wrong_value(folder: Path) -> object:
    return suite_of(folder, line='version = "one"')


def no_weights(folder: Path) -> object:
    model = toys.model_folder(folder / "model")
    (model / "model.safetensors").unlink()
    return suite_of(folder, model=f'"hf:{model}"')


def no_model_folder(folder: Path) -> object:
    return suite_of(folder, model=f'"hf:{folder}/nothing"')


def empty_task(folder: Path) -> object:
    return suite_of(folder, task=f'"{task_file(folder, "nlp", "return None", size=0)}"')


def one_class(folder: Path) -> object:
    body = 'return Example(prompt=f"text {n}", options=CLASSES, gold=1, group=str(n))'
    return suite_of(folder, task=f'"{task_file(folder, "nlp", body)}"')


def too_few_rows(folder: Path) -> object:
    body = 'return Example(prompt=f"text {n}", options=CLASSES, gold=n % 2, group=str(n))'
    return suite_of(folder, task=f'"{task_file(folder, "nlp", body, size=50)}"')


def equal_sides(folder: Path) -> object:
    body = 'return preference("rate :", f"good {n}", f"good {n}" if n % 10 == 5 else "bad", group=str(n))'
    return suite_of(folder, task=f'"{task_file(folder, "reward", body)}"')


def no_such_file(folder: Path) -> object:
    return suite_of(folder, task=f'"{folder}/none.py:TASK"')


@pytest.mark.parametrize(
    "make, words",
    [
        (unknown_suite, ["unknown suite 'quik'", "quick", "w2s-bench list suites"]),
        (missing_suite_file, ["nowhere.toml", "cannot be read", "expected a TOML file"]),
        (unknown_task, ["unknown task 'nlp/polarity'", "nlp/polarity-generated", "w2s-bench list tasks"]),
        (unknown_method, ["unknown method 'confidance'", "confidence", "w2s-bench list methods"]),
        (unknown_model, ["unknown model 'lama'", "llama", "w2s-bench list models"]),
        (bad_size, ["'17x1'", "model family llama", "expected llama:WxL"]),
        (bad_option, ["method confidence", "'alpha'", "(got 3)", "expected its options: alpha"]),
        (malformed_toml, ["bad.toml:3", "not TOML", "line"]),
        (unknown_key, ["bad.toml:4", "'sedes'", "no such key", "docs/reference/suites.md"]),
        (wrong_value, ["bad.toml:3", "'version'", "integer", "'one'"]),
        (no_weights, ["model folder without weights", "/model", "expected", "safetensors"]),
        (no_model_folder, ["no such model folder", "/nothing", "expected hf:"]),
        (empty_task, ["nlp/mine", "expected at least one row"]),
        (one_class, ["nlp/mine", "only the class 'yes'", "expected at least two classes", "labels"]),
        (too_few_rows, ["nlp/mine", "too few rows", "of 30", "[data]"]),
        (equal_sides, ["reward/mine", "identical sides", "'n': ", "of the rows looked at", "at most 5%"]),
        (no_such_file, ["none.py", "no such file", "expected path/to/file.py:Name"]),
    ],
    ids=lambda v: v.__name__ if callable(v) else "",
)
def test_bad_input_is_one_line(make: Callable[[Path], object], words: list[str], tmp_path: Path) -> None:
    refused(w2s("run", make(tmp_path), "--out", tmp_path / "out", "--json"), words, tmp_path)


def rewrite(hub: Path, pattern: str, change: Callable[[pyarrow.Table], pyarrow.Table]) -> None:
    paths = list(hub.glob(pattern))
    assert paths, pattern
    for path in paths:
        pyarrow.parquet.write_table(change(pyarrow.parquet.read_table(path)), path)


def replaced(table: pyarrow.Table, column: str, value: Callable[[int, Any], Any]) -> pyarrow.Table:
    values = [value(k, v) for k, v in enumerate(table[column].to_pylist())]
    return table.set_column(table.column_names.index(column), column, pyarrow.array(values))


def illegal(k: int, moves: str) -> str:
    return f"{moves.split()[0]} a1a1" if k % 3 == 0 else moves


@pytest.mark.parametrize(
    "task, pattern, change, words",
    [
        (
            "nlp/sst2",
            "nyu-mll/glue/*/*.parquet",
            lambda table: table.drop_columns(["label"]),
            ["nyu-mll/glue", "column 'label' is missing", "expected columns sentence, label", "mirror"],
        ),
        (
            "nlp/sst2",
            "nyu-mll/glue/*/*.parquet",
            lambda table: table.slice(0, 0),
            ["nyu-mll/glue", "expected at least one row"],
        ),
        (
            "nlp/sst2",
            "nyu-mll/glue/*/*.parquet",
            lambda table: replaced(table, "label", lambda k, v: 1),
            ["nlp/sst2", "only the class 'positive'", "expected at least two classes"],
        ),
        (
            "nlp/sst2",
            "nyu-mll/glue/*/*.parquet",
            lambda table: replaced(table, "label", lambda k, v: 4),
            ["nlp/sst2 (test)", "gold option 4", "label outside the range 40; for example row"],
        ),
        (
            "chess/lichess",
            "Lichess/*/*/*.parquet",
            lambda table: replaced(table, "Moves", illegal),
            ["chess/lichess", "'a1a1'", "row", "GameId", "at most 5%"],
        ),
        (
            "reward/hh-harmless",
            "Anthropic/*/*/*.parquet",
            lambda table: replaced(table, "rejected", lambda k, v: table["chosen"][k].as_py()),
            ["reward/hh-harmless", "identical sides", "100.0% of the rows", "row"],
        ),
    ],
    ids=["missing-column", "no-rows", "one-class", "unknown-label", "illegal-move", "equal-sides"],
)
def test_bad_rows_of_a_mirror_are_one_line(
    task: str, pattern: str, change: Callable, words: list[str], hub: Path, tmp_path: Path
) -> None:
    rewrite(hub, pattern, change)
    path = suite_of(tmp_path, task=f'"{task}"')
    refused(w2s("run", path, "--hub", hub, "--out", tmp_path / "out"), words, tmp_path)


def test_without_a_network_or_a_mirror(tmp_path: Path) -> None:
    path = suite_of(tmp_path, task='"nlp/sst2"')
    words = ["'nyu-mll/glue'", "out of reach", "--hub DIR", "W2S_HUB", "w2s-bench run"]
    refused(w2s("run", path, "--out", tmp_path / "out"), words, tmp_path)


def test_the_mirror_may_come_from_the_environment(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = suite_of(tmp_path, task='"nlp/sst2"')
    monkeypatch.setenv("W2S_HUB", str(hub))
    by_name = strict(well("plan", path, "--json").stdout)
    monkeypatch.delenv("W2S_HUB")
    assert strict(well("plan", path, "--hub", hub, "--json").stdout) == by_name
    monkeypatch.setenv("W2S_HUB", str(tmp_path / "nothing"))
    refused(w2s("plan", path), ["not a directory", "/nothing", "W2S_HUB"], tmp_path)


def test_no_space_in_the_store(suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    words = [str(tmp_path / "store"), "No space left on device", "Free some space", "--store"]
    refused(w2s("run", suite, "--out", tmp_path / "out"), words, tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(scheduler, "LocalExecutor", lambda workers: InlineExecutor())
    well("run", suite, "--out", tmp_path / "out", "--store", tmp_path / "store")


def test_other_bad_arguments(suite: Path, tmp_path: Path) -> None:
    refused(w2s("run", suite, "--device", "tpu"), ["'tpu'", "expected one of cpu", "--device"], tmp_path)
    refused(w2s("report", tmp_path), ["no run in this folder", str(tmp_path), "w2s-bench run"], tmp_path)
    refused(w2s("show", "naiv"), ["'naiv'", "naive", "w2s-bench list"], tmp_path)
    refused(w2s("show", "lama:3"), ["lama", "llama"], tmp_path)
    for arguments in (["run", suite, "--workers", "0"], ["list", "things"], ["report"], ["walk"], ["run"]):
        result = w2s(*arguments)
        assert result.exit_code == 2 and "Error: " in result.stderr and result.stdout == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_no_space_in_the_folder_of_the_run(suite: Path, tmp_path: Path) -> None:
    """Whichever file of the run does not fit, a folder without ``run.json`` is no finished run."""
    for file in ("records.jsonl", "predictions.parquet", "run.json"):
        out = tmp_path / file.replace(".", "-")
        out.mkdir()
        (out / f"{mine(DRAFT)}{file}").symlink_to("/dev/full")
        words = [str(out), "No space left on device", "Free some space", "--out"]
        refused(w2s("run", suite, "--out", out), words, tmp_path)
        assert not (out / RUN).exists() and not (out / file).exists()
        refused(w2s("report", out), ["no run in this folder", str(out), "w2s-bench run"], tmp_path)


def test_python_m_and_a_failing_command_in_a_real_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "w2s_bench", "run", "quik", "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 2 and ran.stdout == "" and len(ran.stderr.splitlines()) == 1
    assert ran.stderr.startswith("w2s-bench: unknown suite 'quik'; expected one near it: quick")
    assert list(tmp_path.iterdir()) == []


def test_mutated_input_is_read_or_refused() -> None:
    """The short form of ``PYTHONPATH=tests python -m fuzz.readers``."""
    outcome = fuzz(650, seed=1)
    assert not outcome.failures
    assert {name for name, _ in outcome.counts} == set(outcome.slowest) and len(outcome.slowest) == 13
