"""All that a report leaves in a run's folder; needs neither the harness nor anything that trains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from w2s_bench.records import TableRow
from w2s_bench.report.agreement import answers_markdown
from w2s_bench.report.curves import draw_curves
from w2s_bench.report.entries import entries, write_entries
from w2s_bench.report.figure_data import Course, courses, courses_csv
from w2s_bench.report.figures import draw_figures
from w2s_bench.report.html import write_html
from w2s_bench.report.load import load_companions, load_table
from w2s_bench.report.tables import as_csv, as_markdown
from w2s_bench.report.text_tables import as_text
from w2s_bench.report.warnings import notes
from w2s_bench.results.examples import load_examples
from w2s_bench.results.run_folder import Run
from w2s_bench.store.local import write_text
from w2s_bench.store.temp_files import DRAFT, sweep


def write_report(folder: Path) -> tuple[Run, list[TableRow]]:
    """Tables, figures, entries and ``report.html`` of a run's folder, made again from what it holds alone;
    drafts of killed processes go."""
    run, rows = load_table(folder)
    companions, said = load_companions(run), notes(rows, run.info)
    sweep(folder, DRAFT)
    write_text(folder / "table.txt", as_text(rows, None, companions, said))
    write_text(folder / "table.md", markdown(rows, companions, said))
    write_text(folder / "table.csv", as_csv(rows, companions))
    _write_courses(folder / "curves.csv", courses(run))
    _sweep([*draw_curves(folder, run, rows), *draw_figures(folder, run, rows)])
    _sweep(write_entries(folder, entries(run, rows)))
    write_html(folder, run, rows, load_examples(folder), companions)
    return run, rows


def markdown(rows: list[TableRow], companions: Sequence[TableRow], said: Sequence[str]) -> str:
    """Tables of each domain, what students made of their labels, and the notes."""
    parts = [as_markdown(rows, companions), answers_markdown(rows), "".join(f"- {note}\n" for note in said)]
    return "\n".join(part for part in parts if part)


def _write_courses(path: Path, found: list[Course]) -> None:
    """Means of what students answered while they trained; no file where none was noted."""
    if found:
        write_text(path, courses_csv(found))
    else:  # of an earlier run in this folder
        path.unlink(missing_ok=True)


def _sweep(written: list[Path]) -> None:
    """Remove what an earlier run left beside these files: a method or domain that is no longer there."""
    for path in {p for w in written for p in w.parent.glob(f"*{w.suffix}")} - set(written):
        path.unlink()
