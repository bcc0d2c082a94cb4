"""Output of ``plan`` and ``show``: JSON documents, and the text made from them."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

from w2s_bench.bad_rows import Excluded
from w2s_bench.cli.output import plural
from w2s_bench.data.preview import sample
from w2s_bench.errors import UnknownName
from w2s_bench.plan.job import Job
from w2s_bench.plan.job import describe as describe_job
from w2s_bench.plan.plan import Plan
from w2s_bench.records import CellRecord, parse
from w2s_bench.registry.items import Item, docstring, find, items, suites
from w2s_bench.registry.load import is_own, load
from w2s_bench.report.figure_style import unique
from w2s_bench.report.warnings import excluded_document
from w2s_bench.run.score import left_out
from w2s_bench.sources import described
from w2s_bench.store.local import Store
from w2s_bench.suite import Suite, load_suite
from w2s_bench.task import load_task
from w2s_bench.tuning.record import curve, shipped


def plan_document(plan: Plan, missing: Collection[Job], store: Store, seconds: float) -> dict[str, Any]:
    """Jobs with their state, how many cells share each, counts, and estimated seconds."""
    left, cells = {job.key for job in missing}, plan.cells_per_fit()
    counts = {key: {"finished": key not in left, "cells": cells[key]} for key in plan.jobs}
    jobs = [describe_job(job) | counts[key] for key, job in plan.jobs.items()]
    done = sum(job["finished"] for job in jobs)
    fits = [job for job in jobs if job["kind"] == "fit"]
    return {
        "jobs": jobs,
        "to_run": len(jobs) - done,
        "finished": done,
        "fits": len(fits),
        "fits_to_run": sum(not job["finished"] for job in fits),
        "cells": len(plan.cells),
        "failed": failed_document(plan.cells),
        "excluded": excluded_document(left_out(plan, store)),
        "estimate_seconds": round(seconds, 1),
    }


def plan_text(document: dict[str, Any]) -> str:
    """One line for each job, then the totals, failures and left-out rows."""
    lines = []
    for job in document["jobs"]:
        state = "finished" if job["finished"] else "to run"
        shared = f"  shared by {job['cells']} cells" if job["cells"] > 1 else ""
        lines.append(f"{job['key'][:8]}  {state:<8}  {job['title']}{shared}")
    minutes = document["estimate_seconds"] / 60
    lines.append(
        f"\n{len(document['jobs'])} jobs ({document['fits']} fits) for {document['cells']} cells: "
        f"{document['finished']} finished, {document['to_run']} to run, about {minutes:.1f} minutes"
    )
    return "\n".join([*lines, *map(failed_text, document["failed"]), *_excluded_text(document["excluded"])])


def _excluded_text(document: dict[str, dict[str, Any]]) -> list[str]:
    """A line for each finished split from which rows were left out."""
    lines = []
    for task, splits in document.items():
        for name, values in splits.items():
            excluded = parse(Excluded, values, task)
            lines += [f"{task} ({name}): {excluded}"] if excluded.reasons else []
    return lines


def failed_document(cells: list[CellRecord]) -> list[dict[str, Any]]:
    """Failed methods by reason, with the number of cells and the tasks of each."""
    groups: dict[tuple[str, str], list[CellRecord]] = {}
    for cell in cells:
        if cell.failed is not None:
            groups.setdefault((cell.method, cell.failed), []).append(cell)
    return [
        {"method": method, "reason": reason, "cells": len(own), "tasks": unique(c.task for c in own)}
        for (method, reason), own in groups.items()
    ]


def failed_text(failure: dict[str, Any]) -> str:
    """One line for one entry of :func:`failed_document`."""
    cells, tasks = plural(failure["cells"], "cell"), ", ".join(failure["tasks"])
    return f"failed: {failure['method']} in {cells} ({tasks}): {failure['reason']}"


def describe(name: str, mirror: Path | None = None) -> dict[str, Any]:
    """Describe a task, method, model or suite by name; of a task also its source and a sample of its rows.

    Errors: UnknownName, which suggests similar names of any kind.
    """
    if name in items("task"):
        return {"kind": "task", "name": name, **_task(name, mirror)}
    for kind, describer in (("method", _method), ("model", _model), ("suite", _suite)):
        known = suites() if kind == "suite" else items(kind)  # type: ignore[arg-type]
        if name in known:
            return {"kind": kind, "name": name, **describer(known[name])}
    if is_own(name) or name.endswith(".toml"):
        return _from_file(name, mirror)
    if ":" in name:
        return {"kind": "model", "name": name, **_model(find("model", name.partition(":")[0]))}
    raise UnknownName(
        f"nothing is called {name!r}",
        expected=_near(name),
        mend="w2s-bench list tasks (methods, models, suites) shows what there is",
    )


def _from_file(name: str, mirror: Path | None) -> dict[str, Any]:
    """A suite (a TOML file with a grid) or a task from a file."""
    path = Path(name)
    if name.endswith(".toml") and path.is_file() and "[[grid]]" in path.read_text("utf8", "replace"):
        suite, text = load_suite(name)
        return {"kind": "suite", "name": name, **_suite_values(suite, text.partition("\n")[0].lstrip("# "))}
    return {"kind": "task", "name": name, **_task(name, mirror)}


def _near(name: str) -> str:
    import difflib

    known = [*items("task"), *items("method"), *items("model"), *suites()]
    return "one near it: " + ", ".join(difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:5])


def _task(name: str, mirror: Path | None) -> dict[str, Any]:
    task = load_task(name)
    return {"card": task.describe(), "source": described(task.source), "data": sample(task, mirror)}


def _method(item: Item) -> dict[str, Any]:
    method = load("method", item.name)
    options = method.Options.model_json_schema().get("properties", {})
    return {
        "kind of row": method.kind,
        "card": asdict(method.card),
        "about": inspect.getdoc(method) or "",
        "inputs": sorted(method.inputs),
        "uses gold": method().uses_gold,
        "version": method.version,
        "options": options,
        "tuning": _tuning(item.name),
    }


def _tuning(name: str) -> dict[str, Any]:
    """How a shipped method's defaults were chosen, and its sensitivity curves.

    Accuracies are for readers: the search saw weak labels alone.
    """
    search = shipped(name)
    if search is None:
        return {}
    curves = {
        option: [{"value": v, "score": t.score, "accuracy": t.accuracy} for v, t in curve(search, option)]
        for option in search.searched
    }
    return {
        "suite": search.suite,
        "tasks": search.tasks,
        "trials": search.budget,
        "before": search.trials[0].options,
        "chosen": search.chosen,
        "lead of the best over before": f"{100 * search.lead:.1f} points, needed {100 * search.needed:.1f}",
        "sensitivity": curves,
    }


def _model(item: Item) -> dict[str, Any]:
    family = load("model", item.name.partition(":")[0])
    return {"about": docstring(item.path), "usage": family.usage, "domains": sorted(family.domains)}


def _suite(item: Item) -> dict[str, Any]:
    return _suite_values(load_suite(item.name)[0], item.summary)


def _suite_values(suite: Suite, summary: str) -> dict[str, Any]:
    return {"summary": summary, "hash": suite.hash, "suite": suite.model_dump(mode="json")}


def describe_text(document: dict[str, Any], indent: str = "") -> str:
    """A document as indented ``key: value`` lines; empty values are left out."""
    lines = []
    for key, value in document.items():
        if value in ("", None, [], {}, ()):
            continue
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", describe_text(value, indent + "  ")]
        elif isinstance(value, list) and any(isinstance(v, dict) for v in value):
            lines.append(f"{indent}{key}:")
            lines += [f"{indent}  - {describe_text(v, indent + '    ').strip()}" for v in value]
        else:
            text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
            lines.append(f"{indent}{key}: " + f"\n{indent}    ".join(text.strip().splitlines()))
    return "\n".join(lines)
