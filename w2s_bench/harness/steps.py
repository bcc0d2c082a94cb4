"""What a worker does with one job: draw a split, or train a teacher, a ceiling or a student.

All three are one fit; they differ in the part they train on and in whose labels they read. Only fits
on gold labels open the gold of their part; no fit opens the gold of the test set.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from w2s_bench.errors import UserError
from w2s_bench.harness.device import pick
from w2s_bench.harness.fit import fit, model_language, predict
from w2s_bench.harness.job import FitJob, Job, SplitJob
from w2s_bench.harness.references import weak_labels
from w2s_bench.method import load_method
from w2s_bench.metrics import one_hot
from w2s_bench.model import Model, Shape, build_model
from w2s_bench.splits import load_gold, load_items, make_split, save_split
from w2s_bench.store import Store
from w2s_bench.suite import Training
from w2s_bench.task import Item, load_task


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Where jobs run: the store, the mirror of the hub, the device, CPU threads a worker."""

    store: Path
    mirror: Path | None
    device: str
    threads: int = 1


def execute(job: Job, site: Site) -> str:
    """Run one job and leave its artifact in the store; returns its key."""
    torch.set_num_threads(site.threads)
    store = Store(site.store)
    try:
        if isinstance(job, SplitJob):
            save_split(store, job.key, make_split(load_task(job.task), job.data, job.seed, site.mirror))
        else:
            STEPS[job.role](job, store, pick(site.device))
    except UserError as error:
        if not error.where:
            error.where = job.title
        raise
    return job.key


def train_teacher(job: FitJob, store: Store, device: torch.device) -> None:
    """Gold labels on the teacher half."""
    _run(job, store, device, gold_labels(job, store))


def train_ceiling(job: FitJob, store: Store, device: torch.device) -> None:
    """Gold labels on the transfer half: the student's own inputs, only the labels differ."""
    _run(job, store, device, gold_labels(job, store))


def train_student(job: FitJob, store: Store, device: torch.device) -> None:
    """The teacher's labels (or those of the rung below) on the transfer half."""
    _run(job, store, device, weak_labels(job, store))


def ask_untrained(job: FitJob, store: Store, device: torch.device) -> None:
    """No labels, no fit: the pretrained model answers the test set as it is."""
    clock = time.perf_counter()
    model = _model(job, 256).to(device)
    items = load_items(store, job.split, "test")
    probabilities = torch.softmax(model.zero_shot(items).float(), -1).cpu().numpy()
    facts = _facts(job, model, 0, [])
    with store.write("fit", job.key) as draft:
        draft.arrays("test", {"probabilities": probabilities})
        draft.json("fit", facts)
        seconds = time.perf_counter() - clock
        draft.json("timing", {"fit_seconds": 0.0, "seconds": seconds})


STEPS = {
    "teacher": train_teacher,
    "ceiling": train_ceiling,
    "student": train_student,
    "reference": ask_untrained,
}


def gold_labels(job: FitJob, store: Store) -> NDArray[np.float32]:
    """Gold of the part as probabilities ``[N, O]``."""
    items = load_items(store, job.split, job.part)
    return one_hot(load_gold(store, job.split, job.part), max(len(i.options) for i in items))


def _run(job: FitJob, store: Store, device: torch.device, labels: NDArray[np.float32]) -> None:
    """Build, fit, predict, and write everything as one artifact."""
    clock = time.perf_counter()
    training = Training(**job.training)
    model = _model(job, training.max_length)
    if job.stage:
        _language_stage(model, job, store, training, device)
    encoded = model.encode(load_items(store, job.split, job.part))
    losses = fit(model, encoded, labels, load_method(job.method, job.options), training, job.seed, device)
    fitted = time.perf_counter()
    with store.write("fit", job.key) as draft:
        for part in job.predicts:
            items = load_items(store, job.split, part)
            draft.arrays(part, {"probabilities": predict(model, model.encode(items), device)})
            if part == "test" and (answers := _greedy(model, items, device)) is not None:
                draft.arrays("greedy", {"answers": answers})
        draft.json("fit", _facts(job, model, len(encoded), _by_epoch(losses, training.epochs)))
        draft.json("timing", {"fit_seconds": fitted - clock, "seconds": time.perf_counter() - clock})


def _model(job: FitJob, max_length: int) -> Model:
    task = load_task(job.task)
    shape = Shape(domain=job.domain, classes=task.card.classes, max_length=max_length, ask=task.ask)
    return build_model(job.model, shape, job.seed)


def _language_stage(
    model: Model, job: FitJob, store: Store, training: Training, device: torch.device
) -> None:
    """Generative finetuning: the inputs of both halves, whatever the fit's own part, so that teacher,
    student and ceiling read the same text."""
    items = [i for part in ("teacher", "transfer") for i in load_items(store, job.split, part)]
    rate = training.learning_rate * job.stage["rate"]
    changed = training.model_copy(update={"epochs": job.stage["epochs"], "learning_rate": rate})
    model_language(model, model.encode(items), changed, job.seed, device)


def _facts(job: FitJob, model: Model, n_train: int, epoch_loss: list[float]) -> dict[str, Any]:
    return {
        "provenance": job.provenance(),
        "parameters": model.parameters_count,
        "n_train": n_train,
        "epoch_loss": epoch_loss,
    }


def _greedy(model: Model, items: list[Item], device: torch.device) -> NDArray[np.int64] | None:
    """Freely decoded answers as option indices, −1 for no option; None if the model does not generate."""
    answers = model.greedy(items, device)
    if answers is None:
        return None
    return np.array(
        [i.options.index(a) if a in i.options else -1 for i, a in zip(items, answers, strict=True)]
    )


def _by_epoch(losses: list[float], epochs: int) -> list[float]:
    return [float(np.mean(chunk)) for chunk in np.array_split(losses, epochs)]
