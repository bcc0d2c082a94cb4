"""Accuracy lost to half precision: python -m benchmarks.speed.precision prints a table.

Five ways of the same fit on gold: single precision; bf16 passes with single-precision weights; the same with
``fused``; weights rounded to bf16 once and trained in single precision; and bf16 weights throughout, where
updates smaller than half a rounding step are lost.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from w2s_bench.contract.fits import fit_labels
from w2s_bench.data.splits import make_split
from w2s_bench.method import load_method
from w2s_bench.metric import one_hot
from w2s_bench.model import Model, Shape, build_model
from w2s_bench.suite import Data, Training
from w2s_bench.task import load_task
from w2s_bench.train.predict import predict

TASKS = ("nlp/polarity-generated", "nlp/agreement-generated")
MODELS = {"zoo:text/32x1": 8e-4, "zoo:text/64x2": 4e-4}  # with the learning rates of suite quick
DATA = Data(teacher=2000, transfer=2000, validation=0, test=1000)
WAYS = ("fp32", "bf16 passes", "bf16 passes, fused", "rounded once", "bf16 weights")
CPU = torch.device("cpu")


def main() -> None:
    """Print a line for each task and model: accuracy by way, and the share of parameters that changed."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.speed.precision", description=__doc__)
    options.add_argument("--seeds", type=int, default=3)
    given = options.parse_args()
    torch.set_num_threads(1)
    print("| task | model | " + " | ".join(WAYS) + " | moved: fp32 | moved: bf16 weights |")
    print("|---|---|" + "---|" * (len(WAYS) + 2))
    for task in TASKS:
        for model in MODELS:
            results = [[_fit(task, model, way, seed) for seed in range(given.seeds)] for way in WAYS]
            means = np.mean(results, axis=1)
            accuracy = " | ".join(f"{100 * a:.1f}" for a in means[:, 0])
            moved = f"{100 * means[0, 1]:.0f}% | {100 * means[-1, 1]:.0f}%"
            print(f"| {task} | {model} | {accuracy} | {moved} |", flush=True)


def _fit(name: str, model_name: str, way: str, seed: int) -> tuple[float, float]:
    """Test accuracy, and the share of the body's parameters that training changed."""
    task = load_task(name)
    parts = make_split(task, DATA, seed, None)
    shape = Shape(domain="nlp", classes=task.card.classes, max_length=96)
    model = build_model(model_name, shape, seed)
    if way in WAYS[3:]:
        model.bfloat16()
    if way == "rounded once":
        model.float()
    before = _weights(model)
    training = Training(
        epochs=1,
        max_length=96,
        learning_rate=MODELS[model_name],
        precision="bf16" if way in WAYS[1:3] else "fp32",
        fused=way == WAYS[2],
    )
    part, test = parts["teacher"], parts["test"]
    labels = one_hot(part.gold, len(task.card.classes))
    fit_labels(model, model.encode(part.items), labels, load_method("naive"), training, seed, CPU, options=2)
    moved = float((_weights(model) != before).float().mean())
    right = predict(model, model.encode(test.items), CPU).argmax(1) == test.gold
    return float(right.mean()), moved


def _weights(model: Model) -> torch.Tensor:
    """Weights of the blocks, without embeddings, which never change for words that no text has."""
    named = model.named_parameters()
    return torch.cat(
        [p.detach().flatten().float() for name, p in named if ".layers." in name or ".h." in name]
    )


if __name__ == "__main__":
    main()
