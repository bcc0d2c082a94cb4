"""PGR tables: a row for every cell, and pools over the admitted cells of a domain."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from w2s_bench import stats
from w2s_bench.pgr.cells import Cell, Key, Rule, pooled
from w2s_bench.pgr.row_stats import Rivals, answer_stats, leads, needs_no_teacher
from w2s_bench.pgr.tie_groups import tie_groups
from w2s_bench.records import CellRecord, TableRow

_MEMBERS = {"admitted": "admitted", "clean": "clean", "held-out": "admitted and held out"}
Pool = Literal["admitted", "clean", "held-out"]


def rows(cells: list[Cell], rule: Rule, suite: str, development: Collection[str] = ()) -> list[TableRow]:
    """Table rows: every cell, then up to three pools of each domain and method.

    The first pool has all admitted cells. Where there are zero-shot rows, a second leaves out the cells that
    need no teacher. Where there are ``development`` tasks, a third has the held-out tasks alone; methods are
    ranked on it, or else on the first.
    """
    rivals = {(cell.where, cell.method): cell for cell in cells}
    table = [_cell_row(cell, rivals, rule, suite) for cell in cells]
    marks = {cell.where: row.needs_no_teacher for cell, row in zip(cells, table, strict=True)}
    pools: dict[Key, list[Cell]] = {}
    for cell in cells:
        pools.setdefault((cell.domain, cell.method), []).append(cell)
    table += [_pooled_row(pool, pool, rivals, rule, suite, "admitted") for pool in pools.values()]
    known = {cell.domain for cell in cells if marks[cell.where] is not None}
    for (domain, _), pool in pools.items():
        if domain in known:
            clean = [cell for cell in pool if not marks[cell.where]]
            table.append(_pooled_row(clean, pool, rivals, rule, suite, "clean"))
    for pool in pools.values() if development else ():
        held = [cell for cell in pool if cell.task not in development]
        table.append(_pooled_row(held, pool, rivals, rule, suite, "held-out"))
    return _ranked(table, pools, rule, development)


def _ranked(
    table: list[TableRow], pools: Mapping[Key, list[Cell]], rule: Rule, development: Collection[str]
) -> list[TableRow]:
    """The table with tie groups in the pool that methods are ranked on; reference rows have none."""
    ranks = "held-out" if development else "admitted"
    groups: dict[str, dict[str, int]] = {}
    for domain in {key[0] for key in pools}:
        chosen = {
            method: [c for c in pool if c.refusal(rule) is None and c.task not in development]
            for (where, method), pool in pools.items()
            if where == domain and not pool[0].reference
        }
        groups[domain] = tie_groups(chosen)
    return [
        replace(row, group=groups[row.domain].get(row.method)) if row.pool == ranks else row for row in table
    ]


def companion_rows(cells: list[Cell], rule: Rule, suite: str, companion: str) -> list[TableRow]:
    """A row for every cell, scored on the test items of a companion; there are no pools of such rows."""
    rivals = {(cell.where, cell.method): cell for cell in cells}
    return [replace(_cell_row(cell, rivals, rule, suite), companion=companion) for cell in cells]


def with_failed(table: list[TableRow], cells: Iterable[CellRecord], suite: str) -> list[TableRow]:
    """The table with a row for every cell that has no student to score, beside its rivals."""
    grouped: dict[Key, list[CellRecord]] = {}
    for c in cells:
        grouped.setdefault((c.task, c.teacher, c.student, c.method), []).append(c)
    beside = {_where(row): row for row in reversed(table)}
    failed = [_failed_row(group, beside.get(key[:3]), suite) for key, group in grouped.items()]
    order = list(dict.fromkeys(map(_where, [*table, *failed])))
    return sorted([*table, *failed], key=lambda r: (r.task is None, order.index(_where(r))))


def _where(row: TableRow) -> tuple[str | None, ...]:
    return (row.task, row.teacher, row.student) if row.task else (None,)


def _row(head: Cell | CellRecord, suite: str, **columns: Any) -> TableRow:
    """A row with the names of a cell; ``columns`` are its other fields and may override the names."""
    names = ("domain", "task", "teacher", "student", "method", "reference", "uses_gold")
    return TableRow(**{"suite": suite, **{name: getattr(head, name) for name in names}, **columns})


def _failed_row(group: list[CellRecord], rival: TableRow | None, suite: str) -> TableRow:
    """A row with the first reason of its seeds; teacher and ceiling are those of a rival's row."""
    return _row(
        group[0],
        suite,
        seeds=len(group),
        teacher_accuracy=rival.teacher_accuracy if rival else None,
        ceiling_accuracy=rival.ceiling_accuracy if rival else None,
        n_test=rival.n_test if rival else 0,
        admitted=False,
        cells_left_out=1,
        failed=next(c.failed for c in group if c.failed is not None),
    )


def _cell_row(cell: Cell, rivals: Rivals, rule: Rule, suite: str) -> TableRow:
    refusal = cell.refusal(rule)
    columns = _scores([cell], rivals) | {"needs_no_teacher": needs_no_teacher(cell, rivals)}
    if refusal is not None:
        columns |= {"reason": refusal, "admitted": False, "cells_left_out": 1}
    return _row(cell, suite, seeds=len(cell.seeds), **columns)


def _pooled_row(
    group: list[Cell], whole: list[Cell], rivals: Rivals, rule: Rule, suite: str, pool: Pool
) -> TableRow:
    """Σ(student − teacher) / Σ(ceiling − teacher) over the admitted cells of ``group``.

    ``whole`` are all cells of the domain and method, of which ``group`` is a part.
    """
    admitted = [cell for cell in group if cell.refusal(rule) is None]
    columns: dict[str, Any] = {"reason": f"none of {len(whole)} cells is {_MEMBERS[pool]}", "admitted": False}
    if admitted:
        values = [v for cell in admitted if (v := stats.pgr(*cell.points)) is not None]
        columns = _scores(admitted, rivals) | {"pgr_iqm": stats.iqm(np.array(values))}
    columns |= {"task": None, "teacher": None, "student": None, "pool": pool}
    columns |= {"cells": len(admitted), "cells_left_out": len(whole) - len(admitted)}
    return _row(whole[0], suite, seeds=max(len(cell.seeds) for cell in whole), **columns)


def _scores(cells: list[Cell], rivals: Rivals) -> dict[str, Any]:
    """Columns of one cell or of a pool: accuracies, gain, PGR with its interval, secondary columns."""
    points = np.array([cell.points for cell in cells])
    gains, gaps = (pooled((c.task, getattr(c, name)) for c in cells) for name in ("gain", "gap"))
    interval, gain = stats.ratio_of_means_interval(gains, gaps), stats.mean_interval(gains)
    values = [v for p in points.tolist() if (v := stats.pgr(*p)) is not None]
    teacher, student, ceiling = points.mean(axis=0).tolist()
    return {
        "n_test": sum({cell.task: cell.teacher_correct.shape[1] for cell in cells}.values()),
        "teacher_accuracy": teacher,
        "student_accuracy": student,
        "ceiling_accuracy": ceiling,
        "gain": student - teacher,
        "gain_low": gain.low,
        "gain_high": gain.high,
        "pgr": stats.pooled_pgr(*points.T),
        "pgr_low": interval.low,
        "pgr_high": interval.high,
        "pgr_median": float(np.median(values)) if values else None,
        "admitted": True,
        "reason": None if interval.bounded else "unbounded: the gap is not separated from 0",
        **answer_stats(cells),
        **leads(cells, rivals),
    }
