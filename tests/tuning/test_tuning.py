"""The tuner: what it searches, what it selects by, what it may look at, what it leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
import optuna
import pytest
from pydantic import Field
from support.commands import w2s

from w2s_bench.benchmarks.judges import as_markdown, as_sentence, correlation, gain, searches
from w2s_bench.errors import BadSuite, UserError
from w2s_bench.method import Options, load_method
from w2s_bench.run.settings import RunSettings
from w2s_bench.suite import load_suite, parse_suite
from w2s_bench.tuning.record import curve, load, save, shipped
from w2s_bench.tuning.search import Budget, development_part, tune
from w2s_bench.tuning.search_space import axes
from w2s_bench.tuning.selection import Judged, Lead, judge, lead, mean_score
from w2s_bench.tuning.text import tuned_text
from w2s_bench.tuning.tune_methods import file_name, searchable

# Its choice does not learn the toy problem of the contract: docs/explanation/tuning.md

SUITE = """
name = "small"
version = 1
seeds = [0]
methods = ["naive"]
development = ["nlp/polarity-generated"]
[[grid]]
tasks = ["nlp/polarity-generated", "nlp/agreement-generated"]
data = { teacher = 40, transfer = 40, validation = 20, test = 30 }
training = { epochs = 1, batch_size = 8, max_length = 64 }
models = [{ name = "bow", learning_rate = 0.05 }, { name = "zoo:text/16x1", learning_rate = 1e-3 }]
"""


class Many(Options):
    """One option of each kind."""

    flag: bool = False
    kind: Literal["a", "b"] = "a"
    share: float = Field(0.5, ge=0, le=1)
    factor: float = Field(0.1, gt=0, le=100)
    rounds: int = Field(2, ge=1, le=50)
    neighbours: int = Field(16, ge=1, le=1000)
    open_end: int = Field(1, ge=1)
    inside: float = Field(0.5, gt=0, lt=1)
    absent: int | None = Field(None, ge=1, le=3)


def test_axes_by_hand() -> None:
    found = {a.name: a for a in axes(Many)}
    ranges = {n: (a.low, a.high, a.log, a.whole) for n, a in found.items()}
    assert ranges == {
        "share": (0.0, 1.0, False, False),
        "factor": (0.01, 1.0, True, False),
        "rounds": (1.0, 20.0, True, True),
        "neighbours": (1.6, 160.0, True, True),
        "open_end": (1.0, 4.0, False, True),
        "inside": (0.05, 0.95, False, False),
    }, "flags, choices and what may be absent are not searched"


@pytest.mark.parametrize("name", searchable())
def test_whatever_is_suggested_is_valid_and_the_defaults_come_first(name: str) -> None:
    method = load_method(name)
    space, defaults = axes(type(method).Options), method.options.model_dump(mode="json")
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.enqueue_trial({a.name: defaults[a.name] for a in space})
    for number in range(6):
        trial = study.ask()
        values = {a.name: a.suggest(trial) for a in space}
        load_method(name, values)
        if number == 0:
            assert values == {a.name: defaults[a.name] for a in space}


def test_selection_is_agreement_with_the_second_teacher() -> None:
    own = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.45, 0.55]], dtype=np.float32)
    second = np.array([[0.3, 0.7], [0.8, 0.2], [0.1, 0.9], [0.45, 0.55]], dtype=np.float32)
    student = np.array([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9], [0.4, 0.6]], dtype=np.float32)
    judged = judge(student, second, own)
    assert judged.agrees.tolist() == [0, 1, 1, 1] and judged.score == 0.75
    assert judged.copies.tolist() == [1, 0, 0, 1] and judged.agreement == 0.5


def _told(*agrees: float) -> Judged:
    return Judged(np.array(agrees, dtype=float), np.zeros(len(agrees)))


def test_the_lead_is_paired_and_each_task_counts_the_same() -> None:
    good, poor = _told(1, 1, 1, 0), _told(1, 0, 1, 0)
    assert mean_score({"a": [good, good], "b": [poor]}) == pytest.approx((0.75 + 0.5) / 2)
    ahead = lead({"a": [good], "b": [good]}, {"a": [poor], "b": [good]})
    assert ahead.value == pytest.approx(0.125) and ahead.degrees == np.inf, "one seed: items alone"
    assert ahead.error == pytest.approx(np.sqrt(np.var([0, 1, 0, 0]) / 4) / 2)
    assert lead({"a": [good]}, {"a": [good]}).value == 0


def test_the_lead_counts_what_differs_between_seeds() -> None:
    """Leads of .25 and .75 on one task, of .5 and .5 on the other: spread ⅛ over two degrees of freedom."""
    none = _told(0, 0, 0, 0)
    one = {"a": [_told(1, 0, 0, 0), _told(1, 1, 1, 0)], "b": [_told(1, 1, 0, 0)] * 2}
    ahead = lead(one, {"a": [none] * 2, "b": [none] * 2})
    assert ahead.value == pytest.approx(0.5) and ahead.degrees == 2
    assert ahead.error == pytest.approx(np.sqrt(2 * (0.125 / 2) / 2) / 2)


def test_a_lead_is_clear_above_what_the_best_of_equals_would_have() -> None:
    ahead = Lead(1.0, 0.4, 6.0)
    assert ahead.needed(1) == pytest.approx(0.4 * 1.94318, rel=1e-5), "Student's t, 6 degrees, one-sided 5%"
    assert ahead.clear(1) and not ahead.clear(7), "t of 0.05 / 7 is 3.39"


def test_held_out_tasks_are_never_searched_on() -> None:
    part = development_part(parse_suite(SUITE, "small.toml"))
    assert [g.tasks for g in part.grid] == [["nlp/polarity-generated"]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("development = [", "#"), "marks no development task"),
        (("validation = 20", "validation = 0"), "no weak-labelled validation"),
    ],
)
def test_suites_that_cannot_be_tuned_on(change: tuple[str, str], told: str) -> None:
    with pytest.raises(BadSuite, match=told):
        development_part(parse_suite(SUITE.replace(*change), "small.toml"))


def test_a_development_task_must_be_in_a_grid() -> None:
    with pytest.raises(BadSuite, match="development task 'nlp/sst2' is in no grid"):
        parse_suite(SUITE.replace('["nlp/polarity-generated"]', '["nlp/sst2"]', 1), "small.toml")


def test_a_mark_leaves_the_hash_of_unmarked_suites() -> None:
    bare = parse_suite(SUITE.replace("development =", "#"), "small.toml")
    assert bare.hash != parse_suite(SUITE, "small.toml").hash
    assert "development" not in bare.model_dump(exclude_defaults=True)


def test_a_search_from_start_to_file(tmp_path: Path) -> None:
    suite, site = parse_suite(SUITE, "small.toml"), RunSettings(store=tmp_path / "store", device="cpu")
    budget = Budget(trials=3, batch=2)
    found, other = tune(["confidence", "label-smoothing"], suite, site, 0, budget)
    assert (found.method, other.method) == ("confidence", "label-smoothing")
    assert found.tasks == ["nlp/polarity-generated"] and found.searched == ["alpha", "warmup"]
    assert (
        len(found.trials) == 3 and found.trials[0].options == load_method("confidence").options.model_dump()
    )
    assert all(0 <= t.score <= 1 and 0 <= t.accuracy <= 1 for t in found.trials)  # type: ignore[operator]
    assert found.chosen in [t.options for t in found.trials]
    jobs: list[int] = []
    again, _ = tune(
        ["confidence", "label-smoothing"],
        suite,
        site,
        0,
        budget,
        lambda plan, missing: jobs.append(len(missing)),
    )
    assert again == found, "the same seed draws the same trials"
    assert jobs == [0, 0], "and none of them is run again"
    save(found, tmp_path / "confidence.json")
    assert load(tmp_path / "confidence.json") == found
    assert [v for v, _ in curve(found, "alpha")] == sorted(t.options["alpha"] for t in found.trials)
    assert "chosen" in tuned_text(found)


def test_a_trial_that_fails_is_told_and_the_search_goes_on(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        '''"""Fails with large options."""
from pydantic import Field
from w2s_bench.method import Method, MethodCard, Options, cross_entropy


class Mine(Method):
    """Not a number above a half."""

    card = MethodCard(title="Mine", paper="none", formula="CE")

    class Options(Options):
        """One."""

        size: float = Field(0.1, ge=0, le=0.9)

    def loss(self, logits, weak, mask, context):
        """NaN, or cross-entropy."""
        return cross_entropy(logits, weak) * (float("nan") if self.options.size > 0.2 else 1.0)
''',
        "utf8",
    )
    site = RunSettings(store=tmp_path / "store", device="cpu")
    (found,) = tune([f"{tmp_path}/mine.py:Mine"], parse_suite(SUITE, "s"), site, 0, Budget(trials=4, batch=4))
    failed = [t for t in found.trials if t.failed is not None]
    assert failed and all(t.options["size"] > 0.2 for t in failed) and found.chosen["size"] <= 0.2
    assert "failed with" in tuned_text(found)


def test_a_method_without_options_says_so(tmp_path: Path) -> None:
    site = RunSettings(store=tmp_path, device="cpu")
    with pytest.raises(UserError, match="no option that can be searched"):
        tune(["weak-ensemble"], parse_suite(SUITE, "s"), site, 0)


def test_the_verb(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SUITE, "utf8")
    words = ["--suite", str(tmp_path / "small.toml"), "--trials", "1", "--out", str(tmp_path / "out")]
    done = w2s("tune", "label-smoothing", *words, "--workers", "1", "--json")
    assert done.exit_code == 0, done.output
    (document,) = json.loads(done.stdout)["tuned"]
    assert document["method"] == "label-smoothing" and len(document["trials"]) == 1
    assert load(tmp_path / "out" / "label-smoothing.json").chosen == document["chosen"]
    wrong = w2s("tune", "no-such-method", *words)
    assert wrong.exit_code == 2 and "unknown method" in wrong.stderr
    real = w2s("tune", "confidence", "--suite", "real")
    assert real.exit_code == 2 and "no weak-labelled validation is drawn" in real.stderr


def test_files_are_named_by_the_method() -> None:
    assert file_name("confidence") == "confidence.json"
    assert file_name("some/where/mine.py:Mine") == "mine.py-Mine.json"


def test_judges_by_hand() -> None:
    tables = [np.array([[0.5, 0.9, 0.1], [0.6, 0.8, 0.2], [0.7, 0.7, 0.6]])] * 2
    assert correlation(tables, 0) == pytest.approx(1) and correlation(tables, 1) == pytest.approx(-1)
    assert gain(tables, 0) == pytest.approx(0.3) and gain(tables, 1) == pytest.approx(-0.2)


# What is shipped


def test_the_table_of_judges_in_the_docs_is_that_of_the_shipped_searches() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "tuning.md").read_text("utf8")
    assert as_markdown(searches()) in page and as_sentence(searches()) in page


def test_the_tuning_suite_is_of_development_tasks_alone() -> None:
    suite, _ = load_suite("tuning")
    assert {t for g in suite.grid for t in g.tasks} == set(suite.development)
    assert {t for g in development_part(suite).grid for t in g.tasks} == set(suite.development)


@pytest.mark.parametrize("name", searchable())
def test_every_method_was_searched_within_one_budget_and_ships_published_values(name: str) -> None:
    found, reference = shipped(name), shipped("confidence")
    assert found is not None and reference is not None, "search it: w2s-bench tune " + name
    for field in ("suite", "suite_hash", "tasks", "seeds", "budget", "sampler_seed"):
        assert getattr(found, field) == getattr(reference, field), "one suite, one budget"
    assert len(found.trials) == found.budget
    assert load_method(name).options.model_dump(mode="json") == found.trials[0].options
