"""Recompute the points of a run's table from its predictions, with pandas and nothing of w2s_bench.

``python -m benchmarks.recompute runs/quick`` prints the largest difference to ``table.csv`` and fails above
1e-12. It covers accuracies, gain, PGR, leads, agreement, admission and the pools; intervals have their own
study (``w2s-bench check intervals``).
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pandas as pd

TOLERANCE = 1e-12
CELL = ["domain", "task", "teacher", "student", "method"]


def recomputed(folder: Path) -> pd.DataFrame:
    """Rows of cells and of the pool of all admitted cells, indexed as :func:`printed` is."""
    cells = pd.read_json(folder / "cells.jsonl", lines=True)
    fits = {
        key: fit.set_index("item")
        for key, fit in pd.read_parquet(folder / "predictions.parquet").groupby("key")
    }
    chance = pd.read_json(folder / "records.jsonl", lines=True).groupby("task")["chance"].first()
    rule = tomllib.loads(pd.read_json(folder / "run.json", typ="series")["suite_toml"]).get("admission", {})
    floor = (rule.get("min_teacher", 0.6) - 0.5) / 0.5
    for cell in cells.itertuples():
        teacher, student, ceiling = (
            fits[key] for key in (cell.teacher_key, cell.student_key, cell.ceiling_key)
        )
        right = {n: f["picked"] == f["gold"] for n, f in zip("tsc", (teacher, student, ceiling), strict=True)}
        same, wrong = teacher["picked"] == student["picked"], ~right["t"]
        numbers = {f"{n}_accuracy": right[n[0]].mean() for n in ("teacher", "student", "ceiling")}
        numbers |= {"agreement": same.mean(), "copied": (same & wrong).sum(), "wrong": wrong.sum()}
        cells.loc[cell.Index, list(numbers)] = list(numbers.values())
    # Every cell has as many seeds, and every fit of a task as many items: means of means are means.
    table = cells.groupby(CELL, sort=False)[list(numbers)].mean()
    table["gain"] = table["student_accuracy"] - table["teacher_accuracy"]
    table["gap"] = table["ceiling_accuracy"] - table["teacher_accuracy"]
    table["pgr"] = (table["gain"] / table["gap"]).where(table["gap"] > 0)
    table["errors_copied"] = table["copied"] / table["wrong"]
    least = chance + floor * (1 - chance)
    table["admitted"] = (table["gap"] >= rule.get("min_gap", 0.02)) & (
        table["teacher_accuracy"] >= table.index.get_level_values("task").map(least)
    )
    for rival, column in (("naive", "over_naive"), ("zero-shot", "over_zero_shot")):
        theirs = (
            table["student_accuracy"].xs(rival, level="method") if rival in table.index.levels[4] else None
        )
        table[column] = (
            None
            if theirs is None
            else table["student_accuracy"] - theirs.reindex(table.index.droplevel(4)).values
        )
    return pd.concat([table, _pools(table[table["admitted"]])])


def _pools(admitted: pd.DataFrame) -> pd.DataFrame:
    """Sums of gains over sums of gaps, one row a domain and method."""
    groups = admitted.groupby(["domain", "method"])
    pools = groups[["teacher_accuracy", "student_accuracy", "ceiling_accuracy", "gain"]].mean()
    pools["pgr"] = groups["gain"].sum() / groups["gap"].sum()
    pools["pgr_median"] = groups["pgr"].median()
    pools.index = pd.MultiIndex.from_tuples([(d, "", "", "", m) for d, m in pools.index], names=CELL)
    return pools


def printed(folder: Path) -> pd.DataFrame:
    """The run's own table: cells, and pools of all admitted ones that have any."""
    table = pd.read_csv(folder / "table.csv", keep_default_na=False, na_values=[""])
    table = table[table["failed"].isna() & table["companion"].isna()]
    table = table[table["task"].notna() | ((table["pool"] == "admitted") & table["pgr"].notna())]
    return table.fillna({"task": "", "teacher": "", "student": ""}).set_index(CELL)


def largest_difference(folder: Path) -> float:
    """Over all numbers that both tables have. Errors: ValueError where their rows or admissions differ."""
    ours, theirs = recomputed(folder), printed(folder)
    if set(ours.index) != set(theirs.index):
        raise ValueError(f"other rows: {sorted(set(ours.index) ^ set(theirs.index))[:3]}")
    theirs, worst = theirs.loc[ours.index], 0.0
    for column in set(ours.columns) & set(theirs.columns):
        here, there = (t[column].astype(float) for t in (ours, theirs))
        shown = here.notna() if column in ("pgr", "pgr_median") else here.notna() & there.notna()
        difference = (here[shown] - there[shown]).abs().fillna(float("inf"))
        worst = max(worst, *difference, 0.0)
    return worst


if __name__ == "__main__":
    difference = largest_difference(Path(sys.argv[1]))
    print(f"largest difference {difference:.1e}")
    sys.exit(difference > TOLERANCE)
