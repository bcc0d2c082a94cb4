"""Write every file of a report into a run's folder; nothing here trains or loads a model."""

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
    """Write tables, figures, entries and ``report.html`` of a run, from its folder alone.

    Drafts that killed processes left are removed.
    """
    run, rows = load_table(folder)
    companions, remarks = load_companions(run), notes(rows, run.info)
    sweep(folder, DRAFT)
    write_text(folder / "table.txt", as_text(rows, None, companions, remarks))
    write_text(folder / "table.md", markdown(rows, companions, remarks))
    write_text(folder / "table.csv", as_csv(rows, companions))
    _write_courses(folder / "curves.csv", courses(run))
    _sweep([*draw_curves(folder, run, rows), *draw_figures(folder, run, rows)])
    _sweep(write_entries(folder, entries(run, rows)))
    write_html(folder, run, rows, load_examples(folder), companions)
    return run, rows


def markdown(rows: list[TableRow], companions: Sequence[TableRow], remarks: Sequence[str]) -> str:
    """Tables of each domain, the table of students' answers, and the notes, as Markdown."""
    parts = [
        as_markdown(rows, companions),
        answers_markdown(rows),
        "".join(f"- {note}\n" for note in remarks),
    ]
    return "\n".join(part for part in parts if part)


def _write_courses(path: Path, listed: list[Course]) -> None:
    """Write courses of training; without any, remove the file of an earlier run."""
    if listed:
        write_text(path, courses_csv(listed))
    else:
        path.unlink(missing_ok=True)


def _sweep(written: list[Path]) -> None:
    """Remove files of an earlier run beside these: of a method or domain that is no longer there."""
    for path in {p for w in written for p in w.parent.glob(f"*{w.suffix}")} - set(written):
        path.unlink()
