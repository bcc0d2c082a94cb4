"""The shipped suites: each validates, names tasks, models and methods that exist, and says what it costs."""

from __future__ import annotations

import re

import pytest

from w2s_bench.method import load_method
from w2s_bench.model import check_model, model_size
from w2s_bench.records import Domain
from w2s_bench.registry.items import items, suites
from w2s_bench.suite import Suite, load_suite
from w2s_bench.task import load_task

SUITES = sorted(suites())
PAPER = {
    *("boolq", "cosmos-qa", "dream", "ethics-justice", "ethics-deontology", "ethics-virtue"),
    *(
        "ethics-utilitarianism",
        "anli-r2",
        "cola",
        "sst2",
        "hellaswag",
        "mc-taco",
        "openbookqa",
        "paws",
        "quail",
    ),
    *("piqa", "quartz", "sciq", "social-iqa", "multirc", "wic", "twitter-sentiment"),
}


def tasks_of(suite: Suite, domain: Domain) -> set[str]:
    """Names without their domain."""
    names = {name for grid in suite.grid for name in grid.tasks}
    return {name.partition("/")[2] for name in names if name.startswith(f"{domain}/")}


def test_these_ship() -> None:
    assert {"quick", "real", "core", "paper", "openai-repo"} <= set(SUITES)


@pytest.mark.parametrize("name", SUITES)
def test_what_a_suite_names_exists_and_fits(name: str) -> None:
    suite, _ = load_suite(name)
    for use in suite.methods:
        load_method(use.name, use.options)
    for grid in suite.grid:
        for task in grid.tasks:
            assert task in items("task"), f"no task {task!r}"
            card = load_task(task).card
            assert not card.test_only, f"nothing is trained on {task}"
            for model in grid.models:
                check_model(model.name, card.domain)


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_states_its_cost(name: str) -> None:
    _, text = load_suite(name)
    assert re.match(r"# .+\n# Cost: .*(minutes|hour)", text), "the second line says '# Cost: …'"


def test_core_is_wide_enough() -> None:
    suite, _ = load_suite("core")
    assert len(tasks_of(suite, "nlp")) >= 8
    assert len(tasks_of(suite, "chess")) >= 3 and len(tasks_of(suite, "reward")) >= 3
    assert len(suite.seeds) == 3
    models = {model.name for grid in suite.grid for model in grid.models}
    assert {"hf:EleutherAI/pythia-14m", "hf:EleutherAI/pythia-1.4b"} <= models


def test_paper_has_its_22_sets_in_six_sizes() -> None:
    suite, _ = load_suite("paper")
    assert len(PAPER) == 22 and tasks_of(suite, "nlp") == PAPER
    assert tasks_of(suite, "chess") and tasks_of(suite, "reward")
    for grid in suite.grid:
        if any(task.startswith(("nlp/", "reward/")) for task in grid.tasks):
            assert len(grid.models) == 6


def test_openai_repo_has_its_sets_and_settings() -> None:
    suite, _ = load_suite("openai-repo")
    names = {"sciq", "boolq", "cosmos-qa", "amazon-polarity", "hh-single-text"}
    assert tasks_of(suite, "nlp") == names
    (logconf,) = (use for use in suite.methods if use.label == "logconf")
    assert logconf.options == {"alpha": 0.5, "warmup": 0.1, "threshold": "weak-rate"}
    for grid in suite.grid:
        t = grid.training
        assert (t.epochs, t.batch_size, t.schedule, t.warmup, t.max_length) == (2, 32, "cosine", 0.0, 1024)
        assert [m.learning_rate for m in grid.models] == [5e-5, 5e-5, 1e-5, 1e-5]


@pytest.mark.parametrize(
    "name, size",
    [
        ("hf:EleutherAI/pythia-14m", 14_000_000),
        ("hf:EleutherAI/pythia-1.4b@main", 1_400_000_000),
        ("hf:random:EleutherAI/pythia-70m", 70_000_000),
        ("hf:openai-community/gpt2", None),
    ],
)
def test_the_size_of_a_model_of_the_hub_is_read_off_its_name(name: str, size: int | None) -> None:
    assert model_size(name) == size


@pytest.mark.parametrize("name", sorted(suites()))
def test_development_tasks_are_those_whose_cards_say_so(name: str) -> None:
    suite, _ = load_suite(name)
    tasks = {task for grid in suite.grid for task in grid.tasks}
    assert set(suite.development) == {t for t in tasks if load_task(t).card.standing == "development"}
