"""Reference pages are what the code would write now; figures are drawn from the searches."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from w2s_bench.cli.main import main
from w2s_bench.registry.items import items, suites
from w2s_bench.tuning.figures import draw
from w2s_bench.tuning.record import TrialRecord, Tuned

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py, which lies outside every package."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_those_of_the_code(generate: ModuleType) -> None:
    for page, text in generate.pages(DOCS).items():
        assert page.read_text("utf8") == text, f"{page.name} is out of date: python docs/generate.py"


@pytest.mark.parametrize(
    "page, kind", [("methods", "method"), ("tasks", "task"), ("suites", "suite"), ("cli", "command")]
)
def test_every_registered_name_is_on_its_page(page: str, kind: str, generate: ModuleType) -> None:
    text = (DOCS / "reference" / f"{page}.md").read_text("utf8")
    if kind == "command":
        expected = [f"\n## w2s-bench {name}\n" for name in main.commands]
    elif kind == "method":
        expected = [f"\n### {name}\n" for name in items("method")]
    else:
        expected = [f"| `{name}` |" for name in (suites() if kind == "suite" else items("task"))]
    assert [name for name in expected if name not in text] == []


def test_the_pages_and_their_figures_are_written(generate: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    shutil.copytree(DOCS / "reference", tmp_path / "reference")
    written = {path.relative_to(tmp_path).as_posix() for path in generate.write(tmp_path)}
    pages = {f"reference/{name}.md" for name in ("methods", "cli", "tasks", "suites")}
    assert written == pages | {"figures/sensitivity.png", "figures/sensitivity.svg"}


def test_a_figure_is_of_what_was_searched(tmp_path: Path) -> None:
    trials = [
        TrialRecord(
            options={"size": 10.0**k, "kind": "ab"[k % 2], "flag": bool(k % 2)},
            score=0.5 + k / 10,
            agreement=0.5,
            accuracy=0.6,
            by_task={},
        )
        for k in range(4)
    ]
    failed = TrialRecord(options={"size": 1.0, "kind": "a", "flag": False}, by_task={}, failed="not a number")
    found = Tuned(
        method="mine",
        suite="small",
        suite_hash="0",
        tasks=["nlp/a"],
        seeds=[0],
        budget=5,
        sampler_seed=0,
        searched=["size"],
        trials=[*trials, failed],
        chosen=trials[3].options,
        lead=0.1,
        needed=0.01,
    )
    png, svg = draw([found], tmp_path / "curves")
    assert png.read_bytes().startswith(b"\x89PNG") and b"<svg" in svg.read_bytes()
    again, _ = draw([found], tmp_path / "again")
    assert again.read_bytes() == png.read_bytes()
