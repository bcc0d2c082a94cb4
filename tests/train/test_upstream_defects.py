"""One test for each defect of the public weak-to-strong code that was read for this project.

Lines 1–13 are of openai/weak-to-strong, 14–17 of EleutherAI/w2s. Where other tests look at the same in depth,
the one here is short and says where they are.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.given_rows import Rows
from support.gradients import gradients, most_kept

from w2s_bench.contract import requests, toys
from w2s_bench.data.splits import make_split
from w2s_bench.method import Context, load_method
from w2s_bench.model import build_model
from w2s_bench.pgr.cells import Cell, Rule
from w2s_bench.pgr.table import rows
from w2s_bench.plan.job import FitJob
from w2s_bench.plan.plan import Plan, make_plan
from w2s_bench.registry.items import items
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.run.scheduler import run_plan
from w2s_bench.run.settings import RunSettings
from w2s_bench.stats import pooled_pgr
from w2s_bench.store.local import Store
from w2s_bench.suite import Data, Training, parse_suite
from w2s_bench.task import Example, Task, TaskCard, preference
from w2s_bench.train.batches import draw_steps
from w2s_bench.train.fit import fit
from w2s_bench.train.predict import predict

torch.set_num_threads(1)
CPU = torch.device("cpu")
SUITE = """
name = "defects"
version = 1
seeds = [{seed}]
methods = ["naive"]
data = {{ teacher = 40, transfer = 40, validation = 10, test = 30 }}
training = {{ epochs = 2, batch_size = 8, max_length = {length}, learning_rate = {rate} }}
[[grid]]
tasks = ["nlp/polarity-generated"]
models = ["llama:16x1", "{student}"]
"""


def planned(
    *, seed: int = 0, rate: float = 1e-3, length: int = 64, student: str = "llama:32x1", changed: str = ""
) -> Plan:
    text = SUITE.format(seed=seed, rate=rate, length=length, student=student)
    return make_plan(parse_suite(text.replace("test = 30", changed or "test = 30"), "defects.toml"), None)


def fits(plan: Plan, role: str | None = None) -> list[FitJob]:
    return [j for j in plan.jobs.values() if isinstance(j, FitJob) and role in (None, j.role)]


def site(folder: Path) -> RunSettings:
    return RunSettings(store=folder / "store", device="cpu")


def test_01_the_confidence_weight_rises_linearly_from_zero_and_never_jumps() -> None:
    method: Any = load_method("confidence", {"alpha": 0.5, "warmup": 0.1})
    weights = [method.weight(Context(step=s, steps=1000, epoch=0, epochs=1)) for s in range(1000)]
    assert weights[0] == 0 and weights[50] == pytest.approx(0.25) and weights[100] == weights[-1] == 0.5
    assert max(b - a for a, b in pairwise(weights)) == pytest.approx(0.5 / 100)


@pytest.mark.parametrize("name", items("method"))
def test_02_every_option_that_a_method_takes_is_read(name: str) -> None:
    """The public product loss takes a warm-up and never uses it. Each option's name must be read somewhere in
    its class; that it then changes something is for the method's own tests."""
    tree = ast.parse(items("method")[name].path.read_text("utf8"))
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert set(type(load_method(name)).Options.model_fields) <= read


def test_03_gradient_accumulation_keeps_one_micro_batch_at_a_time() -> None:
    """Two passes: the threshold is of the whole batch, the graph of a part of it. More in test_micro.py."""
    assert most_kept(32, 4) < 1.05 * most_kept(8, 4)


def test_04_what_a_resumed_run_reports_is_what_was_trained(tmp_path: Path) -> None:
    """A second run trains nothing and has the first one's predictions, which are no untrained model's."""
    plan, store = planned(), Store(tmp_path / "store")
    run_plan(plan, InlineExecutor(), site(tmp_path))
    first = {j.key: store.open("fit", j.key).arrays("test")["probabilities"] for j in fits(plan)}
    again = run_plan(planned(), InlineExecutor(), site(tmp_path))
    assert (again.run, again.finished) == (0, len(first))
    for job in fits(plan):
        found = store.open("fit", job.key).arrays("test")["probabilities"]
        assert np.array_equal(found, first[job.key]) and found.std() > 0, (
            "an untrained head says the same of all"
        )


def test_05_padding_is_told_by_the_mask_and_not_by_a_token_id() -> None:
    """Token 0 at the end of a text is text. More in test_text_models.py."""
    model: Any = toys.stir(build_model("llama:16x2", toys.shape("nlp"), 0), 0.1)
    last = model.tokenizer.convert_ids_to_tokens(0)
    texts = [
        toys.text_item(f"the show was good {last}"),
        toys.text_item("a longer text stands beside it here ."),
    ]
    assert model.tokens([texts[0].prompt])[0][-1] == 0
    with torch.no_grad():
        together = model(model.collate(model.encode(texts)))[0]
        alone = model(model.collate(model.encode(texts[:1])))[0]
        shorter = model(model.collate(model.encode([toys.text_item("the show was good")])))[0]
    assert torch.allclose(together, alone, atol=1e-5) and not torch.allclose(alone, shorter, atol=1e-3)


def test_06_long_items_are_cut_and_never_dropped(tmp_path: Path) -> None:
    """Two models of which one reads eight tokens score the same test items."""
    plan = planned(length=8)
    assert {j.key for j in fits(plan)}.isdisjoint(j.key for j in fits(planned()))
    run_plan(plan, InlineExecutor(), site(tmp_path))
    store = Store(tmp_path / "store")
    sizes = {len(store.open("fit", j.key).arrays("test")["probabilities"]) for j in fits(plan)}
    assert sizes == {30}


def test_07_the_ceiling_trains_on_the_student_s_half() -> None:
    plan = planned()
    (ceiling,), (student,), (teacher,) = fits(plan, "ceiling"), fits(plan, "student"), fits(plan, "teacher")
    assert (ceiling.part, ceiling.split) == (student.part, student.split) and ceiling.part == "transfer"
    assert teacher.part == "teacher" and ceiling.labels is None


def test_08_each_epoch_has_an_order_of_its_own_and_validation_is_no_test() -> None:
    drawn = draw_steps(Training(batch_size=50, epochs=3), [1] * 50, seed=0)
    orders = [step.items.tolist() for step in drawn]
    assert len({tuple(o) for o in orders}) == 3 and all(sorted(o) == list(range(50)) for o in orders)
    plan = planned()
    assert all({"validation", "test"} <= set(j.predicts) for j in fits(plan, "teacher"))
    request = requests.request("nlp", "naive")
    assert set(request.labels) == {"transfer", "validation"}, "nothing says how the test set is scored"


def test_09_nothing_touches_cuda_at_import_and_any_causal_model_loads(tmp_path: Path) -> None:
    """A Llama has neither ``.transformer`` nor the head by the name the public code looks for."""
    code = "import torch, w2s_bench.api, w2s_bench.train.fit; print(torch.cuda.is_initialized())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    folder = toys.model_folder(tmp_path / "llama")
    model: Any = build_model(f"hf:{folder}", toys.shape("nlp"), 0)
    assert not hasattr(model.lm, "transformer")


def test_10_preferences_are_pairs() -> None:
    """One item with two completions, whose logits change places with them; the label moves along."""
    example = preference("rate :", "good .", "bad .", group="1")
    other = preference("rate :", "bad .", "good .", group="1")
    assert example.options == other.options and example.gold == 1 - other.gold
    model = toys.stir(build_model("llama:16x1", toys.shape("reward"), 0), 0.1)
    swapped = replace(example.item, options=example.options[::-1])
    found = predict(model, model.encode([example.item, swapped]), CPU)
    assert found.shape == (2, 2) and found[0] == pytest.approx(found[1][::-1], abs=1e-5)


def questions() -> Task:
    """Multiple choice: four answers a question, several phrasings of each question in one group."""

    def example(row: Any) -> Example:
        options = tuple(f"answer {row['n'] // 3} {k}" for k in range(4))
        return Example(prompt=row["text"], options=options, gold=row["n"] % 4, group=str(row["n"] // 3))

    card = TaskCard(
        name="reward/questions", domain="reward", version=1, title="t", source="s", licence="MIT",
        citation="c", language="en", group="question", size="1",
    )  # fmt: skip
    found = [{"text": f"question {n // 3}, phrased {n % 3}", "n": n} for n in range(300)]
    return Task(card=card, source=Rows(found), example=example, group=lambda row: str(row["n"] // 3))


def test_11_multiple_choice_keeps_all_answers_and_no_coin_decides_a_label() -> None:
    """Whatever the seed, a question has its four answers and one gold label, and its phrasings one part."""
    sizes = Data(teacher=60, transfer=60, validation=10, test=60)
    one, two = (make_split(questions(), sizes, seed, None) for seed in (0, 1))
    gold = []
    for split in (one, two):
        pairs = [pair for part in split.values() for pair in zip(part.items, part.gold, strict=True)]
        gold.append({item.id: (item.options, int(g)) for item, g in pairs})
    shared = gold[0].keys() & gold[1].keys()
    assert len(shared) > 50 and all(gold[0][i] == gold[1][i] and len(gold[0][i][0]) == 4 for i in shared)
    parts = [{i.prompt.split(",")[0] for i in part.items} for part in one.values()]
    assert sum(map(len, parts)) == len(set().union(*parts)), "a question stands in one part"


def test_12_cells_without_a_gap_are_counted_and_pooling_is_not_biased() -> None:
    """Dropping what looks bad and averaging ratios reads .43 where .40 is true; the pooled ratio does not."""
    rng = np.random.default_rng(0)
    true = 0.4
    teacher, gap = np.full(4000, 0.7), rng.uniform(0.0, 0.06, 4000)
    noise = rng.normal(0, 0.015, (3, 4000))
    weak, strong = teacher + noise[0], teacher + gap + noise[1]
    student = teacher + true * gap + noise[2]
    kept = strong > weak
    ratios = (student - weak)[kept] / (strong - weak)[kept]
    assert abs(float(pooled_pgr(weak, student, strong) or 0) - true) < 0.02 < abs(float(ratios.mean()) - true)
    flat = _cell(80, 85, 70)
    table = rows([flat, replace(_cell(60, 70, 90), student="other")], Rule(min_gap=0.02, min_teacher=0), "s")
    pool = next(r for r in table if r.task is None)
    assert (pool.cells, pool.cells_left_out) == (1, 1)
    assert "not positive" in str(next(r for r in table if r.task and r.student == "s").reason)


def _cell(teacher: int, student: int, ceiling: int) -> Cell:
    def of(n: int) -> np.ndarray:
        return np.tile((np.arange(100) < n).astype(np.uint8), (2, 1))

    return Cell(
        domain="nlp", task="t", teacher="w", student="s", method="naive", seeds=(0, 1),
        teacher_correct=of(teacher), student_correct=of(student), ceiling_correct=of(ceiling),
    )  # fmt: skip


def test_13_folders_are_named_by_the_whole_configuration() -> None:
    """Any change of any setting is another key: nothing is abbreviated. More in test_plan.py."""
    rates = (1e-3, 1.0000001e-3, 1.1e-3)
    keys = [j.key for rate in rates for j in fits(planned(rate=rate))]
    assert len(set(keys)) == len(keys) == 9 and {len(k) for k in keys} == {32}


def test_14_the_weak_rate_is_that_of_the_batch_at_a_micro_batch_of_one() -> None:
    method = load_method("confidence", {"threshold": "weak-rate", "alpha": 1.0, "warmup": 0.0})
    whole = gradients("nlp", 32, method)
    assert (gradients("nlp", 1, method) - whole).abs().max() < 1e-6
    half = load_method("confidence", {"threshold": "half", "alpha": 1.0, "warmup": 0.0})
    assert (gradients("nlp", 1, half) - whole).abs().max() > 1e-4, "the weak rate is no half here"


def test_15_a_changed_rate_model_or_data_is_never_taken_for_finished(tmp_path: Path) -> None:
    run_plan(planned(), InlineExecutor(), site(tmp_path))
    store = Store(tmp_path / "store")
    assert planned().to_run(store) == []
    changes: list[dict[str, Any]] = [{"rate": 2e-3}, {"student": "llama:32x2"}, {"changed": "test = 29"}]
    for change in changes:
        left = planned(**change).to_run(store)
        assert any(isinstance(j, FitJob) and j.role == "ceiling" for j in left), change


def test_16_a_setting_of_one_round_does_not_leak_into_the_next() -> None:
    """A fit of one epoch, then a fit with the request's own: the second is of the request's length."""
    from w2s_bench.train.student_handle import StudentHandle

    request = requests.request("nlp", "naive")
    before = json.dumps(dict(request.training))
    student = StudentHandle(request, load_method("naive"))
    student.fit(student.inputs.weak, epochs=1)
    assert len(student.epoch_loss) == 1
    student.fit(student.inputs.weak)
    assert len(student.epoch_loss) == request.training["epochs"] == 4
    assert json.dumps(dict(request.training)) == before
    with pytest.raises(ValueError, match="frozen"):
        load_method("strong-to-strong").options.rounds = 5


def test_17_seeds_are_settings_and_probes_answer_items_they_never_saw() -> None:
    one, two = planned(seed=0), planned(seed=7)
    assert not {j.key for j in fits(one)} & {j.key for j in fits(two)}
    request = requests.request("nlp", "linear-probe")
    trained, asked = ({i.id for i in request.items[part]} for part in ("transfer", "test"))
    assert not trained & asked
    answers = [fit(replace(requests.request("nlp", "naive"), seed=s)).arrays["test"] for s in (0, 1)]
    assert not np.array_equal(*answers)
