"""The command line: one JSON document, progress in plain lines, the same table again, exit statuses."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.commands import SUITE, strict, suite_of, w2s, well

from w2s_bench import api
from w2s_bench.cli.list_show import KINDS
from w2s_bench.cli.main import main
from w2s_bench.registry.items import items, suites
from w2s_bench.results.run_folder import RUN
from w2s_bench.run import scheduler
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.run.settings import RunSettings

KEYS = ("suite", "domain", "task", "teacher", "student", "method", "seeds", "admitted")
NUMBERS = ("teacher_accuracy", "student_accuracy", "ceiling_accuracy", "gain", "pgr", "pgr_low", "pgr_high")
FIGURES = ("nlp", "agreement", "methods", "profiles")  # one epoch: no losses over epochs
ROW = {*KEYS, *NUMBERS}  # what every row of a table carries, in JSON and in CSV


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Jobs run in this process, and relative paths lie in a folder of the test."""
    monkeypatch.setattr(scheduler, "LocalExecutor", lambda workers: InlineExecutor())
    monkeypatch.chdir(tmp_path)


@dataclass(frozen=True)
class Done:
    """A run by real processes: its folder, store and what it said."""

    suite: Path
    out: Path
    store: Path
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """``python -m w2s_bench run`` with two worker processes."""
    root = tmp_path_factory.mktemp("cli")
    suite, out, store = root / "tiny.toml", root / "out", root / "store"
    suite.write_text(SUITE)
    command = [sys.executable, "-m", "w2s_bench", "run", suite, "--out", out, "--store", store, "--json"]
    ran = subprocess.run([*map(str, command), "--workers", "2"], capture_output=True, text=True, cwd=root)
    assert ran.returncode == 0, ran.stderr
    return Done(suite, out, store, ran.stdout, ran.stderr)


def test_a_run_prints_one_json_document(done: Done) -> None:
    document = strict(done.stdout)
    assert document["fits_run"] == 8 and document["fits_finished"] == 0
    assert document["suite"] == "tiny" and Path(document["folder"]) == done.out
    assert len(document["rows"]) == 4, "two cells, two pools"
    for row in document["rows"]:
        assert row.keys() >= ROW
        assert row["domain"] == "nlp" and row["seeds"] == 2
        assert (row["task"] is None) == (row["teacher"] is None) == (row["student"] is None)
    assert {r["task"] for r in document["rows"]} == {"nlp/polarity-generated", None}


def test_progress_goes_to_standard_error_in_plain_lines(done: Done) -> None:
    lines = done.stderr.splitlines()
    assert lines[0] == "10 jobs, 0 finished before, 10 to run"
    assert [ln.split()[0] for ln in lines[1:]] == [f"[{k}/10]" for k in range(1, 11)]
    assert "\x1b" not in done.stderr


def test_a_run_leaves_all_that_was_promised(done: Done) -> None:
    found = {str(p.relative_to(done.out)) for p in done.out.rglob("*") if p.is_file()}
    assert found == {
        "run.json",
        "records.jsonl",
        "cells.jsonl",
        "predictions.parquet",
        "timings.json",
        "table.txt",
        "table.md",
        "table.csv",
        "report.html",
        "examples.jsonl",
        *(f"figures/{name}.{end}" for name in FIGURES for end in ("png", "svg")),
        "entries/naive.json",
        "entries/confidence.json",
    }
    info = strict((done.out / RUN).read_text())
    assert info["suite_toml"] == SUITE and info["device"] and info["seconds"] > 0
    assert all(version != "missing" for version in info["libraries"].values())
    for entry in (done.out / "entries").iterdir():
        assert strict(entry.read_text())["schema_version"] == 1


def test_the_same_command_again_runs_nothing(done: Done) -> None:
    again = well("run", done.suite, "--out", done.out, "--store", done.store, "--json")
    document, first = strict(again.stdout), strict(done.stdout)
    assert document["fits_run"] == 0 and document["fits_finished"] == 8
    assert document["rows"] == first["rows"]
    assert again.stderr.splitlines() == ["10 jobs, 10 finished before, 0 to run"]


def test_a_run_in_words(done: Done) -> None:
    said = well("run", done.suite, "--out", done.out, "--store", done.store).stdout
    for word in (
        "NLP classification",
        "PGR",
        "bow → llama:16x1",
        "0 fits run, 8 finished before",
        str(done.out),
    ):
        assert word in said, word


def test_plan_lists_jobs_and_what_is_finished(done: Done, suite: Path, tmp_path: Path) -> None:
    before = strict(well("plan", suite, "--store", tmp_path / "empty", "--json").stdout)
    assert (len(before["jobs"]), before["to_run"], before["finished"]) == (10, 10, 0)
    assert before["fits"] == before["fits_to_run"] == 8 and before["estimate_seconds"] > 0
    after = strict(well("plan", suite, "--store", done.store, "--json").stdout)
    assert (after["to_run"], after["finished"], after["estimate_seconds"]) == (0, 10, 0)
    assert [j["key"] for j in before["jobs"]] == [j["key"] for j in after["jobs"]]
    assert all(j["finished"] for j in after["jobs"]) and not (tmp_path / "empty").exists()
    said = well("plan", suite, "--store", done.store).stdout
    assert said.count("finished") == 11 and "shared by 2 cells" in said and "0 to run" in said


def test_a_report_prints_the_table_again(done: Done) -> None:
    rows = strict(done.stdout)["rows"]
    for arguments in (["--json"], ["--format", "json"]):
        assert strict(well("report", done.out, *arguments).stdout)["rows"] == rows
    table = list(csv.DictReader(io.StringIO(well("report", done.out, "--format", "csv").stdout)))
    assert [r["method"] for r in table] == [r["method"] for r in rows] and table[0].keys() >= ROW
    for read, row in zip(table, rows, strict=True):
        for name in ("task", "pgr", "gain", "teacher_accuracy"):
            assert read[name] == ("" if row[name] is None else str(row[name]))
    markdown = well("report", done.out, "--format", "markdown").stdout
    assert markdown == (done.out / "table.md").read_text() and markdown.startswith("### NLP")
    assert well("report", done.out).stdout.rstrip() == (done.out / "table.txt").read_text().rstrip()


def test_a_report_needs_no_store(done: Done, tmp_path: Path) -> None:
    shutil.copytree(done.out, tmp_path / "moved")
    shutil.rmtree(tmp_path / "moved" / "figures")
    well("report", tmp_path / "moved", "--json")
    assert (tmp_path / "moved" / "figures" / "nlp.png").stat().st_size > 1000


@pytest.mark.parametrize("what", KINDS)
def test_list_names_everything_registered(what: str) -> None:
    known = suites() if what == "suites" else items(what[:-1])  # type: ignore[arg-type]
    document = strict(well("list", what, "--json").stdout)
    assert document.keys() == {what}
    assert [row["name"] for row in document[what]] == list(known)
    said = well("list", what).stdout.splitlines()
    for row, text in zip(document[what], said, strict=True):
        assert row["summary"] and row["error"] is None
        assert text.split()[0] == row["name"] and row["summary"] in text


NAMES = [(kind, name) for kind in ("task", "method", "model") for name in items(kind)]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind, name", [*NAMES, *(("suite", name) for name in suites())])
def test_show_describes_everything_registered(kind: str, name: str) -> None:
    document = strict(well("show", name, "--json").stdout)
    assert (document["kind"], document["name"]) == (kind, name)
    said = well("show", name).stdout
    assert name in said and "{" not in said.split("formula")[0], "no Python values in the text"
    if kind == "task":
        assert document["card"]["licence"] and document["card"]["licence"] in said
    if kind == "method":
        assert document["card"]["paper"] and set(document["options"]) >= set()
    if kind == "model":
        assert document["domains"] and document["usage"]
    if kind == "suite":
        assert document["hash"] and document["suite"]["name"] == name


def test_show_tells_of_a_task_what_its_rows_are(hub: Path) -> None:
    for name, classes in (
        ("nlp/sst2", {"negative", "positive"}),
        ("reward/hh-harmless", {"option 1", "option 2"}),
        ("nlp/commonsense-qa-choice", {f"option {k}" for k in range(1, 6)}),
    ):
        document = strict(well("show", name, "--hub", hub, "--json").stdout)
        source, data = document["source"], document["data"]
        assert source["hub"] and source["revision"] and source["columns"]
        train = data["splits"]["train"]
        assert train["rows"] >= train["kept"] >= train["built"] > 0 and train["left out"] == []
        assert set(train["balance"]) == classes and sum(train["balance"].values()) == pytest.approx(
            1, abs=0.01
        )
        assert len(data["examples"]) == 3
        for example in data["examples"]:
            assert example["answer"] in example["options"] and example["group"]
        said = well("show", name, "--hub", hub).stdout
        assert source["revision"] in said and data["examples"][0]["answer"] in said
    assert "HF_HUB_OFFLINE" in os.environ


def test_show_counts_rows_that_cannot_be_used_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        '''"""Mine."""
from w2s_bench.sources import GeneratedSource
from w2s_bench.task import Example, Task, TaskCard

CARD = TaskCard(name="nlp/mine", domain="nlp", version=1, title="t", source="s", licence="l", citation="c",
                language="en", group="g", size="1", classes=("no", "yes"))
TASK = Task(
    card=CARD,
    source=GeneratedSource(generate=lambda size, seed: ({"n": n} for n in range(size)), size=90),
    example=lambda row: Example(prompt=f"a\\nb {row['n']}" if row["n"] % 3 else "", options=CARD.classes,
                                gold=row["n"] % 2, group=str(row["n"])),
    group=lambda row: str(row["n"]),
)
'''
    )
    document = strict(well("show", f"{tmp_path}/mine.py:TASK", "--json").stdout)
    train = document["data"]["splits"]["train"]
    assert train["share that cannot be used"] == pytest.approx(1 / 3, abs=1e-3) and train["built"] == 90
    assert "empty text: 30" in train["left out"][0] and document["source"] == {
        "generated rows": 90,
        "seed": 0,
    }
    said = well("show", f"{tmp_path}/mine.py:TASK").stdout
    assert "empty text: 30" in said and "prompt: a\n" in said


def test_show_says_in_one_line_why_there_are_no_examples(tmp_path: Path) -> None:
    said = strict(well("show", "nlp/sst2", "--json").stdout)
    assert said["card"]["licence"] and "out of reach" in said["data"]["none"]
    said = strict(well("show", "nlp/sst2", "--hub", tmp_path, "--json").stdout)
    assert "not in the mirror" in said["data"]["none"] and "\n" not in said["data"]["none"]


def test_show_takes_a_sized_model() -> None:
    assert strict(well("show", "llama:32x2", "--json").stdout)["kind"] == "model"


def test_a_method_from_a_file_in_a_suite(suite: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        '"""Mine."""\nfrom w2s_bench.methods.naive import Naive\n\n\nclass Mine(Naive):\n    pass\n'
    )
    path = suite_of(tmp_path, method=f'"{tmp_path}/mine.py:Mine"')
    document = strict(well("run", path, "--json").stdout)
    assert {r["method"] for r in document["rows"]} == {"naive", f"{tmp_path}/mine.py:Mine"}
    assert Path(document["folder"]) == Path("runs/tiny") and (tmp_path / "runs/tiny/table.txt").is_file()
    assert len(list((tmp_path / "runs/tiny/entries").glob("*.json"))) == 2


def test_a_run_notes_its_whole_command() -> None:
    where = RunSettings(hub=Path("my mirror"), workers=2)
    assert RunSettings().command("quick") == "w2s-bench run quick"
    assert where.command("mine.toml") == "w2s-bench run mine.toml --hub 'my mirror' --workers 2"


def test_workers_follow_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RunSettings(workers=7, device="cpu").slots() == RunSettings(workers=7, device="cuda").slots() == 7
    assert RunSettings(device="cuda").slots() == RunSettings(device="mps").slots() == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {1, 4, 5}, raising=False)
    assert RunSettings(device="cpu").slots() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert RunSettings(device="cpu").slots() == 5, "where the system has no such call"


def test_ctrl_c_says_how_to_go_on(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "run_plan", interrupted)
    result = w2s("run", suite)
    assert result.exit_code == 130 and "Finished jobs are kept" in result.stderr


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "ImportError('initialization failed')"])
def test_ctrl_c_ends_the_process_at_once_whatever_comes_of_it(error: str) -> None:
    """Within an import it may become another error; threads that still wait do not hold it up."""
    code = f"""
import os, signal, threading
from w2s_bench import __main__ as entry

def verb():
    threading.Thread(target=threading.Event().wait).start()
    try:
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait()
    except KeyboardInterrupt:
        raise {error}

entry.main = verb
entry.run()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 130 and "Finished jobs are kept" in done.stderr
    assert "Traceback" not in done.stderr


def test_our_own_mistakes_are_not_hidden(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr(api, "run_plan", broken)
    assert isinstance(w2s("run", suite).exception, AssertionError)


LIGHT = """
import sys
from w2s_bench.cli.main import main
for arguments in (["--help"], ["--version"], ["run", "--help"], *(["list", w] for w in KINDS)):
    try:
        main(arguments)
    except SystemExit as end:
        assert not end.code, end
heavy = {"torch", "transformers", "datasets", "accelerate", "sklearn", "matplotlib", "pandas", "scipy"}
print("HEAVY", sorted(heavy & sys.modules.keys()))
print("ITEMS", sorted(m for m in sys.modules if m.startswith(("w2s_bench.tasks.", "w2s_bench.methods."))))
"""


def test_help_and_lists_import_nothing_heavy() -> None:
    code = LIGHT.replace("KINDS", repr(KINDS))
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "Usage:" in said and "HEAVY []" in said and "ITEMS []" in said


def test_the_help_names_every_verb() -> None:
    said = well("--help").stdout
    for verb in main.commands:
        assert verb in said
        assert well(verb, "--help").stdout.startswith("Usage: ")
