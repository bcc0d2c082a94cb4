"""The ablations: what they name exists, and no published number's test item is in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from w2s_bench.contract import toys
from w2s_bench.model import build_model
from w2s_bench.plan.plan import make_plan
from w2s_bench.reserve import tactics_test
from w2s_bench.sources import GeneratedSource
from w2s_bench.suite import parse_suite
from w2s_bench.task import load_task
from w2s_bench.world.pools import DEVELOPMENT

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "benchmarks" / "ablations").glob("*.toml"))
PARTS = "benchmarks/ablations/parts.py"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where `make ablations` runs."""
    monkeypatch.chdir(ROOT)
    yield


@pytest.mark.parametrize("file", [pytest.param(f, id=f.stem) for f in FILES])
def test_every_ablation_plans(file: Path) -> None:
    text = file.read_text("utf8").replace("hf:./runs/ablations/zoo-0.", "zoo:")  # made by the target itself
    text = text.replace("zoo:1/text/96x3", "zoo:text/64x2").replace("zoo:3/text/96x3", "zoo:text/96x3")
    suite = parse_suite(text, str(file))
    assert suite.name == f"ablation-{file.stem}" and min(suite.seeds) >= 100  # seeds of no published suite
    assert make_plan(suite, None).cells


@pytest.mark.parametrize("name", ["POLARITY", "AGREEMENT", "POLARITY_ASKED", "AGREEMENT_ASKED"])
def test_texts_are_of_the_development_pool(name: str) -> None:
    source = load_task(f"{PARTS}:{name}").source
    assert isinstance(source, GeneratedSource) and source.seed == DEVELOPMENT


def test_no_test_game_is_among_the_positions() -> None:
    task = load_task(f"{PARTS}:TACTICS")
    games = {part: {row["game"] for row in task.rows(part, None)} for part in ("train", "test")}
    assert games["train"] and games["test"] and not games["train"] & games["test"]
    assert not any(map(tactics_test, games["train"] | games["test"]))


def test_the_question_stands_behind_the_input() -> None:
    task = load_task(f"{PARTS}:POLARITY_ASKED")
    assert task.ask and task.build(task.rows("train", None)[0]).prompt.endswith(task.ask.question)


def test_the_mean_is_over_real_tokens() -> None:
    model = build_model(f"{PARTS}:MEAN:text/16x1", toys.shape("nlp"), seed=0).eval()
    items = toys.items("nlp")
    short = min(items, key=lambda item: len(item.prompt))
    with torch.no_grad():
        alone = model.last_states(model.collate(model.encode([short])))
        padded = model.last_states(model.collate(model.encode([short, *items])))
    assert torch.allclose(alone[0], padded[0], atol=1e-5)
