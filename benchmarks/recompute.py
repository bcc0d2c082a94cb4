"""Recompute the points of a run's table from its predictions, with pandas and nothing of w2s_bench.

``python -m benchmarks.recompute runs/quick`` prints the largest difference to ``table.csv`` and fails above
1e-12. It covers accuracies, gain, PGR, leads, agreement, copied errors, admission, and the pools of all
admitted and of held-out cells. Intervals have their own study (``w2s-bench check intervals``).
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

TOLERANCE = 1e-12
CELL = ["domain", "task", "teacher", "student", "method"]
RIVALS = {"over_naive": "naive", "over_zero_shot": "zero-shot"}
POINTS = ["teacher_accuracy", "student_accuracy", "ceiling_accuracy", "gain", "pgr", *RIVALS]
BY_CELL = [*POINTS, "agreement", "errors_copied", "admitted", "n_test"]
BY_POOL = [*POINTS, "pgr_median", "cells", "n_test"]


def recomputed(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of cells by :data:`CELL`, and of pools by pool, domain and method."""
    cells = pd.read_json(folder / "cells.jsonl", lines=True)
    if "failed" in cells:  # a cell is left out where any of its seeds failed
        cells = cells[cells.groupby(CELL)["failed"].transform(lambda reasons: reasons.isna().all())]
    answers = pd.read_parquet(folder / "predictions.parquet").groupby("key")
    fits = {key: fit.set_index("item") for key, fit in answers}
    numbers = pd.DataFrame([_numbers(cell, fits) for cell in cells.itertuples()], index=cells.index)
    # Every cell has as many seeds, and every fit of a task as many items, so means of means are means.
    table = pd.concat([cells[CELL], numbers], axis=1).groupby(CELL, sort=False).mean()
    table["gain"] = table["student_accuracy"] - table["teacher_accuracy"]
    table["gap"] = table["ceiling_accuracy"] - table["teacher_accuracy"]
    table["pgr"] = (table["gain"] / table["gap"]).where(table["gap"] > 0)
    table["errors_copied"] = table["copied"] / table["wrong"].where(table["wrong"] > 0)
    methods = table.index.get_level_values("method")
    for column, rival in RIVALS.items():
        theirs = table["student_accuracy"][methods == rival].droplevel("method")
        lead = table["student_accuracy"] - theirs.reindex(table.index.droplevel("method")).to_numpy()
        table[column] = lead.where(methods != rival)
    suite = tomllib.loads(pd.read_json(folder / "run.json", typ="series")["suite_toml"])
    chance = pd.read_json(folder / "records.jsonl", lines=True).groupby("task")["chance"].first()
    table["admitted"] = _admitted(table, suite.get("admission", {}), chance)
    return table, _pools(table[table["admitted"]], suite.get("development", []))


def _numbers(cell: Any, fits: dict[str, pd.DataFrame]) -> dict[str, float]:
    roles = ("teacher", "student", "ceiling")
    teacher, student, ceiling = (fits[getattr(cell, f"{role}_key")] for role in roles)
    same, wrong = teacher["picked"] == student["picked"], teacher["picked"] != teacher["gold"]
    accuracies = {
        f"{name}_accuracy": (fit["picked"] == fit["gold"]).mean()
        for name, fit in zip(roles, (teacher, student, ceiling), strict=True)
    }
    copied = {"agreement": same.mean(), "copied": (same & wrong).sum(), "wrong": wrong.sum()}
    return accuracies | copied | {"n_test": len(teacher)}


def _admitted(table: pd.DataFrame, rule: dict[str, float], chance: pd.Series) -> pd.Series:
    least = rule.get("min_teacher", 0.6)
    guess = table.index.get_level_values("task").map(chance)
    floor = least if least <= 0.5 else guess + (least - 0.5) / 0.5 * (1 - guess)
    wide = (table["gap"] > 0) & (table["gap"] >= rule.get("min_gap", 0.02) - 1e-9)
    return wide & (table["teacher_accuracy"] >= floor)


def _pools(admitted: pd.DataFrame, development: list[str]) -> pd.DataFrame:
    """Sums of gains over sums of gaps, one row a domain and method."""
    held_out = admitted[~admitted.index.get_level_values("task").isin(development)]
    pools = {"admitted": admitted} | ({"held-out": held_out} if development else {})
    return pd.concat({name: _pool(cells) for name, cells in pools.items()}, names=["pool"])


def _pool(cells: pd.DataFrame) -> pd.DataFrame:
    groups = cells.groupby(["domain", "method"])
    pool = groups[[name for name in POINTS if name != "pgr"]].mean()
    pool["pgr"] = groups["gain"].sum() / groups["gap"].sum()
    pool["pgr_median"], pool["cells"] = groups["pgr"].median(), groups.size()
    by_task = cells.groupby(["domain", "method", "task"])["n_test"].first()
    pool["n_test"] = by_task.groupby(["domain", "method"]).sum()
    return pool


def printed(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The run's own cells and pools, as :func:`recomputed` has them."""
    table = pd.read_csv(folder / "table.csv", keep_default_na=False, na_values=[""])
    table = table[table["failed"].isna() & table["companion"].isna()]
    pools = table[table["task"].isna() & table["pool"].isin(["admitted", "held-out"]) & (table["cells"] > 0)]
    return table[table["task"].notna()].set_index(CELL), pools.set_index(["pool", "domain", "method"])


def largest_difference(folder: Path) -> float:
    """Over all numbers of all rows; infinite where one table lacks a number.

    Errors: ValueError where they have different rows.
    """
    worst = 0.0
    for ours, theirs, columns in zip(recomputed(folder), printed(folder), (BY_CELL, BY_POOL), strict=True):
        if set(ours.index) != set(theirs.index):
            raise ValueError(f"other rows: {sorted(set(ours.index) ^ set(theirs.index))[:3]}")
        here, there = ours[columns].astype(float), theirs.loc[ours.index, columns].astype(float)
        difference = (here - there).abs().where(here.notna() | there.notna(), 0.0).fillna(float("inf"))
        worst = max(worst, float(difference.to_numpy().max(initial=0.0)))
    return worst


if __name__ == "__main__":
    difference = largest_difference(Path(sys.argv[1]))
    print(f"largest difference {difference:.1e}")
    sys.exit(difference > TOLERANCE)
