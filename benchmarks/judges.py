"""Which labels should select options? ``python -m benchmarks.judges`` compares the shipped searches.

The standard of comparison is accuracy on the development tasks' test sets.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from w2s_bench.registry.items import items
from w2s_bench.stats import Floats
from w2s_bench.tuning.record import Tuned, shipped

JUDGES = ("second teacher, a bag of words", "own teacher")  # columns of a trial's numbers by task
ACCURACY = 2
LEAST = 3  # trials of a method, below which nothing is ranked


def searches() -> list[Tuned]:
    """The shipped searches over the options of methods."""
    return [search for name in items("method") if (search := shipped(name)) is not None]


def trials_of(tuned: list[Tuned], task: str) -> list[Floats]:
    """Judges' agreements and accuracy ``[trials, 3]`` of each method on a task."""
    tables = [np.array([t.by_task[task] for t in one.trials if task in t.by_task]) for one in tuned]
    return [table for table in tables if len(table) >= LEAST]


def correlation(tables: list[Floats], judge: int) -> float:
    """Spearman's rank correlation of a judge's agreement with accuracy, both less the method's mean."""
    centred = np.concatenate([table - table.mean(0) for table in tables])
    return float(spearmanr(centred[:, judge], centred[:, ACCURACY]).statistic)


def gain(tables: list[Floats], column: int) -> float:
    """Mean over methods of the accuracy of a column's best trial (the first of equals) above the average."""
    return float(np.mean([t[t[:, column].argmax(), ACCURACY] - t[:, ACCURACY].mean() for t in tables]))


def as_markdown(tuned: list[Tuned]) -> str:
    """A table of correlation and points gained, by judge and task; the last row selects by gold."""
    tasks = tuned[0].tasks
    by_task = [trials_of(tuned, task) for task in tasks]
    lines = ["| judge | " + " | ".join(tasks) + " |", "|" + "---|" * (1 + len(tasks))]
    for judge, name in enumerate(JUDGES):
        cells = [f"{correlation(t, judge):.2f}, {100 * gain(t, judge):+.1f}" for t in by_task]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("| gold | " + " | ".join(f"{100 * gain(t, ACCURACY):+.1f}" for t in by_task) + " |")
    return "\n".join(lines) + "\n"


def as_sentence(tuned: list[Tuned]) -> str:
    """Mean accuracy over methods and tasks by the way in which options are selected."""
    done = [[t for t in one.trials if t.score is not None] for one in tuned]
    best = [
        [max(trials, key=lambda t: getattr(t, name)) for trials in done]
        for name in ("score", "agreement", "accuracy")
    ]
    chosen = [next(t for t in one.trials if t.options == one.chosen) for one in tuned]
    defaults, rule, second, own, gold = (
        f"{100 * float(np.mean([t.accuracy for t in trials])):.1f}"
        for trials in ([trials[0] for trials in done], chosen, *best)
    )
    return (
        f"Mean accuracy of {len(tuned)} methods: {defaults} with their defaults, {rule} as the searches "
        f"chose; best trial by the second teacher {second}, by the own one {own}, by gold {gold}.\n"
    )


if __name__ == "__main__":
    print(as_markdown(searches()), as_sentence(searches()), sep="\n", end="")
