"""A real plug-in: installed by pip, listed, shown, checked and run; a broken one is shown with its error."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PACK = Path(__file__).parents[1] / "support" / "plugin_pack"
SUITE = """
name = "with-toys"
version = 1
seeds = [0]
methods = ["naive", { name = "toys/sharpened", power = 3 }]
data = { teacher = 40, transfer = 40, validation = 10, test = 30 }
training = { epochs = 1 }

[[grid]]
tasks = ["toys/even-sum"]
models = ["toys/lengths", "bow"]
"""
BROKEN = {
    "pyproject.toml": (PACK / "pyproject.toml")
    .read_text()
    .replace("toys", "broken")
    .replace('broken = "w2s_broken.models"', 'broken = "w2s_broken.nowhere"')
    .replace(', "w2s_broken.models"', ""),
    "w2s_broken/__init__.py": '"""Broken in every way."""\n',
    "w2s_broken/tasks/__init__.py": '"""Tasks."""\n',
    "w2s_broken/tasks/torn.py": '"""A file that is no Python."""\ndef (\n',
    "w2s_broken/methods/__init__.py": '"""Methods."""\n',
    "w2s_broken/methods/needy.py": '"""A method that lacks a library."""\nimport a_library_nobody_has\n',
    "w2s_broken/methods/empty.py": '"""A module without a method."""\n',
}


def install(source: Path, target: Path) -> None:
    """Into a folder of its own, without looking anything up."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    done = subprocess.run([*command, "--target", str(target), str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the plug-in and the broken one; built from copies, so that the tree stays clean."""
    root = tmp_path_factory.mktemp("plugins")
    shutil.copytree(PACK, root / "pack", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    for name, text in BROKEN.items():
        path = root / "broken" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for source in ("pack", "broken"):
        install(root / source, root / "site")
    return root / "site"


COMMANDS = (
    "list tasks --json",
    "list methods --json",
    "list models --json",
    "list models",
    "show toys/sharpened --json",
    "show toys/even-sum",
    "show broken/torn",
    "show broken/needy",
    "show broken/empty",
)
SAY_ALL = """
import json
from click.testing import CliRunner
from w2s_bench.cli.main import main
done = {c: CliRunner().invoke(main, c.split()) for c in COMMANDS}
print(json.dumps({c: [r.exit_code, r.stdout, r.stderr] for c, r in done.items()}))
"""


def python(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python that has the plug-ins on its path."""
    environment = os.environ | {"PYTHONPATH": str(site)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)


@pytest.fixture(scope="module")
def said(installed: Path) -> dict[str, tuple[int, str, str]]:
    """Exit status, output and error of each command, all asked in one process."""
    done = python(installed, installed, "-c", SAY_ALL.replace("COMMANDS", repr(COMMANDS)))
    assert done.returncode == 0, done.stderr
    return {command: tuple(result) for command, result in json.loads(done.stdout).items()}


def listed(said: dict[str, Any], what: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(said[f"list {what} --json"][1])[what]}


def test_a_plug_in_is_listed_beside_the_built_ins(said: dict[str, Any]) -> None:
    tasks, methods, models = (listed(said, what) for what in ("tasks", "methods", "models"))
    assert tasks["toys/even-sum"]["summary"] == "Is the sum of a few digits even?"
    assert methods["toys/sharpened"]["error"] is None and models["toys/lengths"]["error"] is None
    assert {"nlp/sst2", "chess/lichess"} < tasks.keys()
    assert {"naive", "confidence"} < methods.keys() and {"bow", "llama"} < models.keys()


def test_a_broken_plug_in_is_listed_with_its_error(said: dict[str, Any]) -> None:
    assert "SyntaxError" in listed(said, "tasks")["broken/torn"]["error"]
    models = listed(said, "models")
    assert "w2s_broken.nowhere" in models["broken/?"]["error"]
    assert models["llama"]["error"] is None, "the others are as they were"
    lines = said["list models"][1].splitlines()
    assert any(s.startswith("broken/?") and "BROKEN: " in s for s in lines)


@pytest.mark.parametrize(
    "name, words",
    [
        ("broken/torn", ["torn.py", "SyntaxError", "uninstall that plug-in"]),
        ("broken/needy", ["needy.py", "a_library_nobody_has", "uninstall that plug-in"]),
        ("broken/empty", ["empty.py", "no 'METHOD' in it", "expected a module that defines METHOD"]),
    ],
)
def test_using_a_broken_plug_in_is_one_line(said: dict[str, Any], name: str, words: list[str]) -> None:
    status, out, error = said[f"show {name}"]
    assert (status, out, len(error.splitlines())) == (2, "", 1), error
    for word in words:
        assert word in error


def test_a_plug_in_is_shown(said: dict[str, Any]) -> None:
    method = json.loads(said["show toys/sharpened --json"][1])
    assert method["options"]["power"]["default"] == 2 and method["card"]["title"] == "Sharpened labels"
    text = said["show toys/even-sum"][1]
    assert "Is the sum even?" in text and "MIT" in text


def test_a_plug_in_runs(installed: Path, tmp_path: Path) -> None:
    """Its task, its method and its model, in a worker process."""
    (tmp_path / "toys.toml").write_text(SUITE)
    command = ("-m", "w2s_bench", "run", "toys.toml", "--json", "--workers", "1")
    ran = python(installed, tmp_path, *command)
    assert ran.returncode == 0, ran.stderr
    done = json.loads(ran.stdout)
    assert done["fits_run"] == 4
    cells = [row for row in done["rows"] if row["task"]]
    assert {(c["task"], c["teacher"], c["student"]) for c in cells} == {
        ("toys/even-sum", "toys/lengths", "bow")
    }
    assert {c["method"] for c in cells} == {"naive", "toys/sharpened"}


def test_the_contract_checks_take_a_plug_in_in(installed: Path, tmp_path: Path) -> None:
    """``pytest --pyargs w2s_bench.contract``, as a plug-in's author runs it."""
    options = ("-p", "no:cacheprovider", "-v", "-k", "toys or registered")
    done = python(installed, tmp_path, "-m", "pytest", *options, "--pyargs", "w2s_bench.contract")
    passed = {s.split("::")[1].split(" ")[0] for s in done.stdout.splitlines() if " PASSED" in s}
    assert {
        "test_task[toys/even-sum]",
        "test_method[toys/sharpened]",
        "test_model[toys/lengths-nlp]",
    } <= passed
    failed = {s.split("::")[1].split(" ")[0] for s in done.stdout.splitlines() if " FAILED" in s}
    kinds = ("task", "method", "model")
    expected = {f"test_everything_registered_can_be_opened[{kind}]" for kind in kinds}
    assert failed == expected, "the broken one is found, and nothing else fails"
