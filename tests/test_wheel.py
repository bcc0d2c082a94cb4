"""A wheel built from the tree holds all of it, and works elsewhere as the tree does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))
FOLDERS: dict[str, str] = PROJECT["tool"]["setuptools"]["package-dir"]
NOT_CODE = shutil.ignore_patterns("__pycache__", "*.egg-info", "build")


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--no-deps", "--no-index"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: what an earlier build left behind in the tree must not get in."""
    root = tmp_path_factory.mktemp("wheel")
    for folder in FOLDERS.values():
        shutil.copytree(ROOT / folder, root / "tree" / folder, ignore=NOT_CODE, dirs_exist_ok=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root / "tree" / name)
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(root), str(root / "tree"))
    (built,) = root.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    pip("install", "--target", str(wheel.parent / "site"), str(wheel))
    return wheel.parent / "site"


UNSHIPPED = {"__pycache__", "build", "ablations", "speed"}  # studies are of a checkout


def in_tree(root: Path) -> dict[str, bytes]:
    """Files of the packages by the name that they have in a wheel."""
    found = {}
    for package, folder in FOLDERS.items():
        for path in (root / folder).rglob("*"):
            if path.is_file() and not UNSHIPPED & set(path.parts[len(root.parts) :]):
                name = "/".join((*package.split("."), *path.relative_to(root / folder).parts))
                found[name] = path.read_bytes()
    return found


def test_the_wheel_holds_the_tree_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {n: archive.read(n) for n in archive.namelist() if ".dist-info/" not in n}
    tree = in_tree(wheel.parent / "tree")
    assert sorted(packed) == sorted(tree)
    assert packed == tree
    assert {name.partition("/")[0] for name in packed} == {"w2s_bench"}, "no stray top-level package"


def test_the_wheel_holds_what_is_not_code(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        meta = next(n for n in names if n.endswith(".dist-info/METADATA"))
        about = archive.read(meta).decode()
    assert {
        "w2s_bench/py.typed",
        "w2s_bench/benchmarks/quick.toml",
        "w2s_bench/models/data/tokenizer.json",
        "w2s_bench/contract/test_contract.py",
        "w2s_bench/world/__init__.py",
        "w2s_bench/tasks/nlp/sst2.py",
        "w2s_bench/tasks/chess/data/tactics.parquet",
    } <= names
    assert any(n.endswith("licenses/LICENSE") for n in names)
    assert "License-Expression: MIT" in about and "# w2s-bench" in about


LIMIT = 40 * 2**20  # bytes of all weights together


def test_the_wheel_holds_the_weights(wheel: Path) -> None:
    """Whatever members the tree has, whole; and no more than a wheel should carry."""
    folder = ROOT / "w2s_bench/models/weights"
    there = {p.relative_to(ROOT).as_posix(): p.stat().st_size for p in folder.rglob("*") if p.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        packed = {i.filename: i.file_size for i in archive.infolist() if "/weights/" in i.filename}
    assert packed == there and sum(packed.values()) <= LIMIT
    for name in packed:
        assert len(Path(name).relative_to("w2s_bench/models/weights").parts) == 3, f"{name} is no member's"
    cards = {Path(name).parent for name in packed if name.endswith("/card.json")}
    assert cards == {Path(name).parent for name in packed}


SDIST = "import sys; from setuptools import build_meta; print(build_meta.build_sdist(sys.argv[1]))"


def test_the_source_distribution_holds_the_tree(wheel: Path) -> None:
    """Weights and data too, so that a wheel made from it is the same."""
    command = [sys.executable, "-c", SDIST, str(wheel.parent)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=wheel.parent / "tree")
    assert done.returncode == 0, done.stderr
    with tarfile.open(wheel.parent / done.stdout.split()[-1]) as archive:
        packed = {m.name.partition("/")[2] for m in archive.getmembers() if m.isfile()}
    tree = wheel.parent / "tree"
    files = {p.relative_to(tree) for f in FOLDERS.values() for p in (tree / f).rglob("*") if p.is_file()}
    wanted = {f.as_posix() for f in files if not UNSHIPPED & set(f.parts)}
    assert wanted <= packed, sorted(wanted - packed)[:5]


LIST = """
import json
import w2s_bench
from w2s_bench.registry.items import (items, suites)
kinds = {kind: items(kind) for kind in ("task", "method", "model")} | {"suite": suites()}
found = {kind: {n: [i.summary, i.error] for n, i in known.items()} for kind, known in kinds.items()}
paths = [str(i.path) for known in kinds.values() for i in known.values()]
print(json.dumps({"found": found, "paths": paths, "package": w2s_bench.__file__}))
"""


def listing(folder: Path, path: str | None) -> dict:
    """What is registered, as a fresh process away from the tree sees it."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | (
        {"PYTHONPATH": path} if path else {}
    )
    command = [sys.executable, "-c", LIST]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_installed_wheel_lists_what_the_tree_lists(installed: Path, tmp_path: Path) -> None:
    there, here = listing(tmp_path, str(installed)), listing(tmp_path, None)
    assert there["package"] == str(installed / "w2s_bench" / "__init__.py") != here["package"]
    assert there["found"] == here["found"] and all(there["found"].values())
    assert all(Path(p).is_relative_to(installed) for p in there["paths"]), "nothing comes from the tree"


PLAN = """
from w2s_bench.api import plan_suite
from w2s_bench.run.settings import RunSettings
suite, _, made, _ = plan_suite("quick", RunSettings())
print(suite.name, len(made.jobs))
from w2s_bench.models.llama import TOKENIZER
from w2s_bench.contract import checks
checks.check_method("confidence")
print(TOKENIZER.is_file())
"""


def test_an_installed_wheel_plans_the_quick_suite(installed: Path, tmp_path: Path) -> None:
    """The data that ships with tasks and models is found, and the contract checks are there."""
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", PLAN]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    name, jobs, tokenizer = done.stdout.split()
    assert name == "quick" and int(jobs) > 50 and tokenizer == "True"


def test_the_command_is_installed(installed: Path) -> None:
    scripts = PROJECT["project"]["scripts"]
    assert scripts == {"w2s-bench": "w2s_bench.__main__:run"}
    assert any((installed / folder / "w2s-bench").is_file() for folder in ("bin", "Scripts"))
