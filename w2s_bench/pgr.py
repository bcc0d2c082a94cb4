"""PGR tables: a row for every cell, and pools over the admitted cells of a domain."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from w2s_bench import stats
from w2s_bench.cells import Cell, Drawn, Key, Rule, draw
from w2s_bench.ranking import NAIVE, tie_groups
from w2s_bench.records import CellRecord, Row

ZERO_SHOT = "zero-shot"  # like naive, a row that others are compared with
_WANTED = {"admitted": "admitted", "clean": "clean", "held-out": "admitted and held out"}
Pool = Literal["admitted", "clean", "held-out"]


def rows(cells: list[Cell], rule: Rule, suite: str, development: Collection[str] = ()) -> list[Row]:
    """Table rows: every cell, then for each domain and method the pool of all admitted cells; where it is
    known which cells need no teacher, the pool without those; and where there are ``development`` tasks, the
    pool of the held-out ones. Methods are ranked on the last, or else on all."""
    drawn = [Drawn(cell, draw(cell)) for cell in cells]
    rivals = {(d.cell.where, d.cell.method): d for d in drawn}
    table = [_cell_row(d, rivals, rule, suite) for d in drawn]
    marks = {d.cell.where: row.needs_no_teacher for d, row in zip(drawn, table, strict=True)}
    pools: dict[Key, list[Drawn]] = {}
    for d in drawn:
        pools.setdefault((d.cell.domain, d.cell.method), []).append(d)
    table += [_pooled_row(pool, pool, rivals, rule, suite, "admitted") for pool in pools.values()]
    known = {d.cell.domain for d in drawn if marks[d.cell.where] is not None}
    for (domain, _), pool in pools.items():
        if domain in known:
            clean = [d for d in pool if not marks[d.cell.where]]
            table.append(_pooled_row(clean, pool, rivals, rule, suite, "clean"))
    for pool in pools.values() if development else ():
        held = [d for d in pool if d.cell.task not in development]
        table.append(_pooled_row(held, pool, rivals, rule, suite, "held-out"))
    return _ranked(table, pools, rule, development)


def _ranked(
    table: list[Row], pools: Mapping[Key, list[Drawn]], rule: Rule, development: Collection[str]
) -> list[Row]:
    """The table with tie groups in the pool that ranks; reference rows have none."""
    ranks = "held-out" if development else "admitted"
    groups: dict[str, dict[str, int]] = {}
    for domain in {key[0] for key in pools}:
        chosen = {
            method: [d for d in pool if d.cell.refusal(rule) is None and d.cell.task not in development]
            for (where, method), pool in pools.items()
            if where == domain and not pool[0].cell.reference
        }
        groups[domain] = tie_groups(chosen)
    return [
        replace(row, group=groups[row.domain].get(row.method)) if row.pool == ranks else row for row in table
    ]


def with_failed(table: list[Row], cells: Iterable[CellRecord], suite: str) -> list[Row]:
    """The table with a row for every cell that has no student to score, beside its rivals."""
    grouped: dict[Key, list[CellRecord]] = {}
    for c in cells:
        grouped.setdefault((c.task, c.teacher, c.student, c.method), []).append(c)
    beside = {_where(row): row for row in reversed(table)}
    failed = [_failed_row(group, beside.get(key[:3]), suite) for key, group in grouped.items()]
    order = list(dict.fromkeys(map(_where, [*table, *failed])))
    return sorted([*table, *failed], key=lambda r: (r.task is None, order.index(_where(r))))


def _where(row: Row) -> tuple[str | None, ...]:
    return (row.task, row.teacher, row.student) if row.task else (None,)


def _failed_row(group: list[CellRecord], rival: Row | None, suite: str) -> Row:
    """With the first reason of its seeds, and teacher and ceiling as a rival's row has them."""
    head = group[0]
    return Row(
        suite=suite,
        domain=head.domain,
        task=head.task,
        teacher=head.teacher,
        student=head.student,
        method=head.method,
        seeds=len(group),
        teacher_accuracy=rival.teacher_accuracy if rival else None,
        ceiling_accuracy=rival.ceiling_accuracy if rival else None,
        n_test=rival.n_test if rival else 0,
        admitted=False,
        cells_left_out=1,
        reference=head.reference,
        uses_gold=head.uses_gold,
        failed=next(c.failed for c in group if c.failed is not None),
    )


Rivals = Mapping[tuple[Key, str], Drawn]


def _needs_no_teacher(cell: Cell, rivals: Rivals) -> bool | None:
    naive, untrained = rivals.get((cell.where, NAIVE)), rivals.get((cell.where, ZERO_SHOT))
    return None if naive is None or untrained is None else untrained.student >= naive.student


def _over(name: str, group: list[Drawn], rivals: Rivals) -> dict[str, Any]:
    """Mean over cells of the student's accuracy minus a rival's, from the same resampled seeds and items."""
    pairs = [(d, rivals[d.cell.where, name]) for d in group if (d.cell.where, name) in rivals]
    if not pairs or group[0].cell.method == name:
        return {}
    draws = sum(d.draws.student - r.draws.student for d, r in pairs) / len(pairs)
    interval = stats.percentile_interval(np.asarray(draws))
    value = float(np.mean([d.student - r.student for d, r in pairs]))
    key = "over_" + name.replace("-", "_")
    return {key: value, f"{key}_low": interval.low, f"{key}_high": interval.high}


def _agreement(cells: list[Cell]) -> dict[str, Any]:
    """Mean agreement with the teacher over cells, of all items and of those it has wrong."""
    names = ("agreement", "errors_copied")
    found = [
        [v for v in values if v is not None] for values in zip(*(c.agreement for c in cells), strict=True)
    ]
    return {
        name: float(np.mean(values)) if values else None for name, values in zip(names, found, strict=True)
    }


def _cell_row(drawn: Drawn, rivals: Rivals, rule: Rule, suite: str) -> Row:
    cell, draws = drawn.cell, drawn.draws
    teacher, student, ceiling = cell.points
    refusal = cell.refusal(rule)
    value = stats.pgr(teacher, student, ceiling)
    interval = stats.UNBOUNDED
    if value is not None:
        interval = stats.cell_interval(draws.teacher, draws.student, draws.ceiling, cell.points)
    gain = stats.percentile_interval(draws.student - draws.teacher)
    reason = refusal
    if reason is None and not interval.bounded:
        reason = "unbounded: the gap is not separated from 0"
    return Row(
        suite=suite,
        domain=cell.domain,
        task=cell.task,
        teacher=cell.teacher,
        student=cell.student,
        method=cell.method,
        seeds=len(cell.seeds),
        n_test=cell.teacher_correct.shape[1],
        teacher_accuracy=teacher,
        student_accuracy=student,
        ceiling_accuracy=ceiling,
        pgr=value,
        pgr_low=interval.low,
        pgr_high=interval.high,
        pgr_median=value,
        admitted=refusal is None,
        cells_left_out=int(refusal is not None),
        reason=reason,
        gain=student - teacher,
        gain_low=gain.low,
        gain_high=gain.high,
        reference=cell.reference,
        uses_gold=cell.uses_gold,
        needs_no_teacher=_needs_no_teacher(cell, rivals),
        **_agreement([cell]),
        **_over(NAIVE, [drawn], rivals),
        **_over(ZERO_SHOT, [drawn], rivals),
    )


def _pooled_row(
    group: list[Drawn],
    whole: list[Drawn],
    rivals: Rivals,
    rule: Rule,
    suite: str,
    pool: Pool,
) -> Row:
    """Σ(student − teacher) / Σ(ceiling − teacher) over the admitted cells of ``group``, which is a part of
    the ``whole`` of one domain and method."""
    admitted = [(d.cell, d.draws) for d in group if d.cell.refusal(rule) is None]
    head = whole[0].cell
    common: dict[str, Any] = {
        "suite": suite,
        "domain": head.domain,
        "task": None,
        "teacher": None,
        "student": None,
        "method": head.method,
        "seeds": max(len(d.cell.seeds) for d in whole),
        "cells": len(admitted),
        "cells_left_out": len(whole) - len(admitted),
        "reference": head.reference,
        "uses_gold": head.uses_gold,
        "pool": pool,
    }
    if not admitted:
        return Row(**common, admitted=False, reason=f"none of {len(whole)} cells is {_WANTED[pool]}")
    kept = [d for d in group if d.cell.refusal(rule) is None]
    points = np.array([cell.points for cell, _ in admitted])
    teacher, student, ceiling = (
        sum(getattr(d, name) for _, d in admitted) for name in ("teacher", "student", "ceiling")
    )
    interval = stats.ratio_interval(student - teacher, ceiling - teacher)
    gain = stats.percentile_interval((student - teacher) / len(admitted))
    means = points.mean(axis=0).tolist()
    return Row(
        **common,
        teacher_accuracy=means[0],
        student_accuracy=means[1],
        ceiling_accuracy=means[2],
        gain=means[1] - means[0],
        gain_low=gain.low,
        gain_high=gain.high,
        pgr=stats.pooled_pgr(*points.T),
        pgr_low=interval.low,
        pgr_high=interval.high,
        pgr_median=float(np.median([stats.pgr(*p) for p in points.tolist()])),
        admitted=True,
        **_agreement([cell for cell, _ in admitted]),
        **_over(NAIVE, kept, rivals),
        **_over(ZERO_SHOT, kept, rivals),
        n_test=sum({cell.task: cell.teacher_correct.shape[1] for cell, _ in admitted}.values()),
        reason=None if interval.bounded else "unbounded: the gap is not separated from 0",
    )
