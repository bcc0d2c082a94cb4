"""Write the site: an index, and for each board its tables, a page for each entry, its suite, and its data."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s_bench.leaderboard.entry_file import BoardEntry
from w2s_bench.leaderboard.site.board_view import BoardShown
from w2s_bench.leaderboard.site.downloads import board_csv, board_json
from w2s_bench.leaderboard.site.tables import (
    BAR_ENDS,
    domain_head,
    domain_rows,
    filters_of,
    inputs_of,
    overall,
    overall_head,
)
from w2s_bench.records import TableRow
from w2s_bench.report.charts import in_groups, size_charts
from w2s_bench.report.figure_style import scored, unique
from w2s_bench.report.html_tables import FILTERS, cell_head, cell_views
from w2s_bench.report.tables import TITLES
from w2s_bench.store.local import write_text
from w2s_bench.web.page import SITE_POLICY, as_data, asset, environment
from w2s_bench.web.vega_bundle import vega

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Built:
    """The numbers of pages and boards that were written."""

    pages: int
    boards: int


def build(boards: Sequence[BoardShown], out: Path, files: Mapping[str, Path]) -> Built:
    """Write the pages of all boards below ``out`` and copy the entries, whose folders are ``files`` by board,
    beside them. Equal boards give equal files."""
    pages = _Pages(out)
    _assets(out / "assets")
    pages.write("index.html", "index.html", "", boards=boards, titles=TITLES)
    pages.write("rules.html", "rules.html", "")
    for board in boards:
        _board(pages, board)
        write_text(out / board.name / "board.json", board_json(board))
        write_text(out / board.name / "board.csv", board_csv(board))
        _copy(files[board.name], out / board.name / "entries", board)
    return Built(pages.count, len(boards))


def _assets(folder: Path) -> None:
    write_text(folder / "look.css", asset("base.css") + (TEMPLATES / "site.css").read_text("utf8"))
    write_text(folder / "vega.js", vega())
    for name in ("tables.js", "charts.js"):
        write_text(folder / name, asset(name))


class _Pages:
    """Renders templates to files, with scripts in files of their own."""

    def __init__(self, out: Path) -> None:
        self.out, self.count = out, 0
        self._environment = environment(TEMPLATES)

    def write(self, template: str, path: str, up: str, charts: bool = False, **context: Any) -> None:
        """Write one page; ``up`` is the relative path from it to the site's root."""
        filled = self._environment.get_template(template)
        write_text(self.out / path, filled.render(up=up, charts=charts, policy=SITE_POLICY, **context))
        self.count += 1


def _board(pages: _Pages, board: BoardShown) -> None:
    domains = [(d, domain_rows(board, d)) for d in board.domains if board.ordered(d)]
    pages.write(
        "board.html",
        f"{board.name}/index.html",
        "../",
        board=board,
        head=overall_head(board),
        rows=overall(board),
        filters=filters_of(board, board.entries),
        domains=[{"key": d, "title": TITLES[d], "rows": rows} for d, rows in domains],
        domain_head=domain_head(),
        tables=" ".join(["overall", *(domain for domain, _ in domains)]),
        bar_ends=BAR_ENDS,
        titles=TITLES,
    )
    pages.write("suite.html", f"{board.name}/suite.html", "../", board=board, grids=list(_grids(board)))
    for one in board.entries:
        _entry(pages, board, one)


def _grids(board: BoardShown) -> Iterator[dict[str, Any]]:
    for grid in board.suite.grid:
        yield {
            "tasks": grid.tasks,
            "pairs": [f"{teacher} → {student}" for teacher, student in grid.pairs],
            "methods": grid.methods or [use.label or use.name for use in board.suite.methods],
            "data": grid.data,
            "training": grid.training,
        }


def _entry(pages: _Pages, board: BoardShown, one: BoardEntry) -> None:
    cells = [r for r in one.entry.rows if r.task is not None]
    drawn = _drawn(cells)
    charts, data = size_charts(drawn, one.entry.parameters) if drawn else ([], {})
    standing = [
        {"title": TITLES[d], "row": one.pool(d, board.pool), "group": board.groups[d].get(one.stem)}
        for d in board.domains
    ]
    pages.write(
        "entry.html",
        f"{board.name}/methods/{one.stem}.html",
        "../../",
        charts=bool(charts),
        board=board,
        one=one,
        entry=one.entry,
        inputs=inputs_of(one),
        standing=standing,
        chart_groups=in_groups(charts),
        tasks=unique(str(r.task) for r in drawn),
        specs=as_data([{"name": c.name, "spec": c.spec, "by_task": c.by_task} for c in charts]),
        data=as_data(data),
        head=cell_head()[:-1],
        rows=[view.without_last() for view in cell_views(cells, {})],
        filters=[
            {"key": key, "title": key, "values": unique(FILTERS[key](r) for r in cells)}
            for key in ("domain", "task", "teacher", "student", "admitted")
        ],
    )


def _drawn(cells: list[TableRow]) -> list[TableRow]:
    """Cells that the curves show: those with a student, whatever kind of row it is."""
    return scored(cells) or [r for r in cells if r.failed is None]


def _copy(source: Path, target: Path, board: BoardShown) -> None:
    """Copy the files behind the pages, so that readers can score a row again."""
    target.mkdir(parents=True, exist_ok=True)
    for one in board.entries:
        for ending in (".json", ".zip", ".rerun.json"):
            if (file := source / f"{one.stem}{ending}").is_file():
                shutil.copyfile(file, target / file.name)
