"""Fits that end in no number: losses that are none, memory that is not there, processes that end."""

from __future__ import annotations

import shutil
from itertools import cycle
from pathlib import Path

import numpy as np
from contract.toys import model_folder
from safetensors.numpy import load_file, save_file

from drills import Drilled, differing, start, stayed, told, undisturbed, write_suite
from w2s_bench.results.run_folder import CELLS, PREDICTIONS, RECORDS

METHODS = """
import os
import numpy as np
from w2s_bench.method import Method, MethodCard, cross_entropy

class Broken(Method):
    card = MethodCard(title="broken", paper="none", formula="none")

class Nan(Broken):
    def loss(self, logits, weak, mask, context):
        return cross_entropy(logits, weak) * float("nan" if context.step > 2 else 1)

class Hungry(Broken):
    def learn(self, student, inputs):
        self.held = np.ones(2**36)
        student.fit(inputs.weak)

class Ends(Broken):
    def learn(self, student, inputs):
        os.kill(os.getpid(), 9)  # as the kernel does where memory is short
"""
SAID = {"Nan": "the loss is nan at step", "Hungry": "MemoryError", "Ends": "its process died"}
MODEL = "model"
LIMITED = ("sh", "-c", 'ulimit -v 60000000 && exec "$@"', "sh")  # KiB of addresses a process


def run(size: int, folder: Path) -> Drilled:
    """``size`` such runs, in turn: each method beside others, whose cells must be as without; and a model
    whose weights are no numbers, with which there is no teacher."""
    whole, _ = undisturbed(folder)
    path = folder / "broken.py"
    path.write_text(METHODS, "utf8")
    store = folder / "store"
    shutil.copytree(whole.parent / "store", store)
    lost = list[str]()
    for k, name in zip(range(size), cycle([*SAID, MODEL]), strict=False):
        if name == MODEL:
            found = _model(folder / f"model-{k}", folder)
        else:
            suite, out = write_suite(folder / "drill.toml"), folder / f"run-{k}"
            process = start(suite, out, store, folder, LIMITED, more=("--method", f"{path}:{name}"))
            found = [*told(process, 1, name, SAID[name]), *_others(whole, out), *stayed(store, out, folder)]
        lost += [f"{name}: {what}" for what in found]
    return Drilled(
        done="a loss that is no number, memory that is not there, a process that ends: told by name, all "
        "other cells as without; weights that are no numbers end the run",
        times=size,
        lost=lost,
    )


def _others(whole: Path, out: Path) -> list[str]:
    """Records and predictions are those of a run without the method; its cells stand beside the others."""
    lines = (out / CELLS).read_text("utf8").splitlines()
    gone = set((whole / CELLS).read_text("utf8").splitlines()).difference(lines)
    return [*differing(whole, out, (RECORDS, PREDICTIONS)), *(f"no cell {line[:80]}" for line in gone)]


def _model(place: Path, folder: Path) -> list[str]:
    weights = model_folder(place / MODEL) / "model.safetensors"
    arrays = load_file(weights)
    next(iter(arrays.values())).fill(np.nan)
    save_file(arrays, weights, metadata={"format": "pt"})
    suite = write_suite(place / "drill.toml", student=f"hf:{place / MODEL}")
    process = start(suite, place / "run", place / "store", folder)
    lost = told(process, 2, "the loss is", "learning rate")
    return [*lost, *([f"{place / 'run'} was written"] if (place / "run").exists() else [])]
