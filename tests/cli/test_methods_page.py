"""Pages made from the code are as they would be made now; figures are drawn from searches."""

from __future__ import annotations

from pathlib import Path

import pytest

from w2s_bench.cli.methods_page import methods_page, write
from w2s_bench.registry.items import items
from w2s_bench.tuning.figures import draw
from w2s_bench.tuning.record import TrialRecord, Tuned

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_methods_is_that_of_the_code() -> None:
    assert (DOCS / "methods.md").read_text("utf8") == methods_page(), (
        "python -m w2s_bench.cli.methods_page docs"
    )


@pytest.mark.parametrize("name", sorted(items("method")))
def test_every_method_has_its_section(name: str) -> None:
    assert f"\n### {name}\n" in methods_page()


def test_the_page_and_its_figures_are_written(tmp_path: Path) -> None:
    written = {path.relative_to(tmp_path).as_posix() for path in write(tmp_path)}
    assert written == {"methods.md", "figures/sensitivity.png", "figures/sensitivity.svg"}


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
