"""Boards: append-only folders of scored bundles, and their pages, alone and in a real browser."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import json
import re
import shutil
import subprocess
import threading
import urllib.request
from dataclasses import replace
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.browser import DESKTOP, PHONE, Page
from support.commands import refused, strict, w2s, well

from w2s_bench.errors import StoreError, UserError
from w2s_bench.leaderboard.board import add, check, load_board
from w2s_bench.leaderboard.entry import entry_of, equal_but_for_rounding
from w2s_bench.leaderboard.entry_file import (
    BoardEntry,
    Published,
    Rerun,
    RerunCell,
    dump,
    load,
    pack_bits,
    unpack_bits,
)
from w2s_bench.leaderboard.publish import to_branch, to_folder, to_hub
from w2s_bench.leaderboard.site.board_view import BoardShown, rank
from w2s_bench.leaderboard.site.build import build
from w2s_bench.leaderboard.site.downloads import board_csv
from w2s_bench.leaderboard.site_builder import build_site, server, shown
from w2s_bench.registry.items import items
from w2s_bench.report.columns import texts as row_texts
from w2s_bench.submission.verify import verify
from w2s_bench.suite import load_suite

GOLDEN = Path(__file__).parents[1] / "golden" / "bundle-1"
STANDARD = GOLDEN / "standard"
LEADERBOARDS = Path(__file__).parents[2] / "leaderboards"
HOSTILE = "</script><img src=x onerror=alert(1)>\"'& {{ 7 * 7 }}"


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("boards") / "boards"
    for name in ("confidence", "own-method"):
        add(GOLDEN / f"{name}.zip", root, gold=STANDARD)
    return root


@pytest.fixture
def mine(boards: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(boards, tmp_path / "boards"))


@pytest.fixture(scope="module")
def site(boards: Path) -> Path:
    out = boards.parent / "site"
    build_site(boards, out)
    return out


def the_board(root: Path) -> Path:
    (folder,) = root.iterdir()
    return folder


def entries(root: Path) -> dict[str, Published]:
    return {s.stem: s.entry for s in load_board(the_board(root)).entries}


# The folder


def test_an_entry_is_what_verify_scores(boards: Path) -> None:
    told = strict(well("board", "verify", GOLDEN / "confidence.zip", "--gold", STANDARD, "--json").stdout)
    (entry,) = [e for e in entries(boards).values() if e.method == "confidence"]
    assert [r | {"group": None} for r in told["rows"]] == [
        json.loads(dump(entry))["rows"][k] for k in range(len(told["rows"]))
    ]
    assert entry.inputs == ["weak"] and entry.card["title"] and entry.kind == "method" and entry.coverage == 1
    (own,) = [e for e in entries(boards).values() if e.own]
    assert own.inputs is None and own.card == {}  # its code was not run
    assert check(the_board(boards)) == sorted(entries(boards))


def test_cells_of_an_entry_have_the_accuracies_of_its_rows(boards: Path) -> None:
    for entry in entries(boards).values():
        rows = {(r.task, r.teacher, r.student): r for r in entry.rows if r.task}
        for cell in entry.cells():
            row = rows[cell.where]
            assert cell.points == (row.teacher_accuracy, row.student_accuracy, row.ceiling_accuracy)


@given(st.integers(1, 4), st.integers(1, 40), st.randoms(use_true_random=False))
def test_bits_come_back(seeds: int, items: int, rng: Any) -> None:
    table = np.array([[rng.randrange(2) for _ in range(items)] for _ in range(seeds)], np.uint8)
    assert np.array_equal(unpack_bits(pack_bits(table), seeds, items), table)
    with pytest.raises(ValueError, match="bytes of answers"):
        unpack_bits(pack_bits(table), seeds, items + 8)


def test_nothing_is_added_twice_or_written_again(mine: Path) -> None:
    before = {p: p.read_bytes() for p in mine.rglob("*") if p.is_file()}
    done = w2s("board", "add", GOLDEN / "confidence.zip", "--board", mine, "--gold", STANDARD)
    assert done.exit_code == 2 and "has this very bundle already" in done.stderr
    assert {p: p.read_bytes() for p in mine.rglob("*") if p.is_file()} == before


def bytes_below(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


REASON = "Content keys changed; <b>run</b> & submit again."


def test_an_archive_takes_no_new_entries_and_still_verifies(mine: Path, tmp_path: Path) -> None:
    folder = the_board(mine)
    (folder / "ARCHIVED").write_text(REASON + "\n")
    for path in (folder / "entries").glob("confidence*"):
        path.unlink()
    before = bytes_below(mine)
    done = w2s("board", "add", GOLDEN / "confidence.zip", "--board", mine, "--gold", STANDARD)
    assert done.exit_code == 2
    refused(done, [folder.name, "archive", "no new entries", "Content keys changed", "submit"], tmp_path)
    assert bytes_below(mine) == before
    assert "1 entries hold" in well("board", "check", "--board", mine).stdout


def narrowed(path: Path, **change: float) -> None:
    """Write other values into the first row of an entry, as another edition might have computed them."""
    document = strict(path.read_text("utf8"))
    document["rows"][0] |= change
    path.write_text(json.dumps(document, sort_keys=True) + "\n", "utf8")


def checksums(folder: Path) -> None:
    lines = [
        f"{hashlib.sha256(p.read_bytes()).hexdigest()}  entries/{p.name}\n"
        for p in sorted((folder / "entries").glob("*.json"))
    ]
    (folder / "CHECKSUMS").write_text("".join(lines))


def test_an_archive_keeps_the_intervals_of_its_edition_and_no_others(mine: Path, tmp_path: Path) -> None:
    """Older intervals hold with the hashes that the archive states; forged ones and other points do not."""
    folder = the_board(mine)
    (folder / "ARCHIVED").write_text(REASON)
    entry = next((folder / "entries").glob("confidence*.json"))
    narrowed(entry, gain_low=-0.9)
    refused(w2s("board", "check", "--board", mine), [entry.name, "is not what its bundle"], tmp_path)
    checksums(folder)
    assert "2 entries hold" in well("board", "check", "--board", mine).stdout
    narrowed(entry, gain_low=-0.01)
    refused(w2s("board", "check", "--board", mine), [entry.name, "another hash"], tmp_path)
    narrowed(entry, student_accuracy=0.99)
    checksums(folder)
    refused(w2s("board", "check", "--board", mine), [entry.name, "is not what its bundle"], tmp_path)
    for damage in ("one word\n", "0" * 64 + "  entries/nobody.json\n"):
        (folder / "CHECKSUMS").write_text(damage)
        refused(w2s("board", "check", "--board", mine), ["CHECKSUMS"], tmp_path)


def test_an_archive_must_say_why_it_is_closed(mine: Path, tmp_path: Path) -> None:
    (the_board(mine) / "ARCHIVED").write_text(" \n")
    refused(w2s("board", "check", "--board", mine), ["ARCHIVED", "gives no reason"], tmp_path)


def test_pages_mark_an_archive_with_its_reason(mine: Path, site: Path, tmp_path: Path) -> None:
    folder = the_board(mine)
    (folder / "ARCHIVED").write_text(REASON)
    build_site(mine, tmp_path / "site")
    entry = next((tmp_path / "site" / folder.name / "methods").glob("*.html")).relative_to(tmp_path / "site")
    for path in (Path("index.html"), Path(folder.name, "index.html"), entry):
        assert "rchive" in (tmp_path / "site" / path).read_text("utf8")
    board_page = (tmp_path / "site" / folder.name / "index.html").read_text("utf8")
    assert "closed to new entries" in board_page and html.escape(REASON) in board_page
    assert strict((tmp_path / "site" / folder.name / "board.json").read_text())["archived"] == REASON
    assert "closed to new entries" not in (site / folder.name / "index.html").read_text("utf8")


def test_a_pull_request_adds_nothing_to_an_archive(boards: Path, mine: Path, tmp_path: Path) -> None:
    before = Path(shutil.copytree(mine, tmp_path / "before"))
    (the_board(before) / "ARCHIVED").write_text(REASON)
    refused(w2s("board", "changes", before, "--board", mine), ["ARCHIVED", "was removed"], tmp_path)
    (the_board(mine) / "ARCHIVED").write_text(REASON)
    assert well("board", "changes", before, "--board", mine).stdout == "No entry is new.\n"
    for path in (the_board(before) / "entries").glob("confidence*"):
        path.unlink()
    refused(w2s("board", "changes", before, "--board", mine), ["confidence", "archive"], tmp_path)


def test_boards_of_version_4_are_archives(tmp_path: Path) -> None:
    for name in ("quick-4", "real-4"):
        board = load_board(LEADERBOARDS / name)
        assert board.archived and "version 5" in board.archived
        bundle = LEADERBOARDS / name / "entries" / f"{board.entries[0].stem}.zip"
        refused(w2s("board", "add", bundle, "--board", LEADERBOARDS), [name, "archive"], tmp_path)


def test_what_does_not_hold_begins_no_board(tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes((GOLDEN / "confidence.zip").read_bytes()[:-40])
    refused(
        w2s("board", "add", broken, "--board", tmp_path / "b", "--gold", STANDARD), ["zip archive"], tmp_path
    )
    refused(
        w2s("board", "add", GOLDEN / "confidence.zip", "--board", tmp_path / "b"),
        ["suite.hash", "no board and no shipped suite", "--gold"],
        tmp_path,
    )
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.replace('"coverage": 1.0', '"coverage": "all"'), "coverage"),
        (lambda t: t.replace('"suite_hash": "', '"suite_hash": "0'), "suite_hash"),
        (lambda t: t[:-30], "cannot be read"),
        (lambda t: t.replace('"bundle": "', '"bundle": "0'), "bundle"),
    ],
)
def test_a_damaged_entry_is_one_clear_error(change: Any, words: str, mine: Path, tmp_path: Path) -> None:
    path = next((the_board(mine) / "entries").glob("confidence*.json"))
    path.write_text(change(path.read_text()))
    refused(w2s("board", "build", "--board", mine, "--out", tmp_path / "site"), [path.name, words], tmp_path)


def test_an_entry_that_says_more_than_its_bundle_is_found(mine: Path) -> None:
    path = next((the_board(mine) / "entries").glob("confidence*.json"))
    entry: Published = load(Published, path)
    path.write_text(dump(replace(entry, rows=[replace(entry.rows[0], pgr=0.99), *entry.rows[1:]])))
    with pytest.raises(StoreError, match="not what its bundle is scored to"):
        check(the_board(mine))


def test_the_schema_of_entries_is_published() -> None:
    from pydantic import TypeAdapter

    published = json.loads((LEADERBOARDS / "schema" / "published-1.json").read_text("utf8"))
    assert shape_of(published) == shape_of(TypeAdapter(Published).json_schema())


def shape_of(schema: Any, definitions: dict[str, Any] | None = None) -> Any:
    """A JSON schema without names of classes and their descriptions, which are for readers."""
    if isinstance(schema, list):
        return [shape_of(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    definitions = definitions or schema.get("$defs", {})
    if "$ref" in schema:
        return shape_of(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    words = {"$defs", "title", "description"} if isinstance(schema.get("title", ""), str) else set()
    return {key: shape_of(part, definitions) for key, part in schema.items() if key not in words}


def test_the_first_entries_hold() -> None:
    """All are read, one is scored again; ``board check`` does so with all."""
    board = load_board(LEADERBOARDS / "quick-4")
    assert board.standard.suite.hash == load_suite("quick")[0].hash
    methods = {s.entry.method for s in board.entries}
    assert {n for n, item in items("method").items() if item.error is None} <= methods
    one = next(s for s in board.entries if s.entry.method == "label-smoothing")
    done = verify(board.folder / "entries" / f"{one.stem}.zip", lambda *_: board.standard)
    again = entry_of(done, one.entry.bundle, one.entry)
    assert equal_but_for_rounding(again, one.entry, intervals=False)
    for change in ({"gain": (again.rows[0].gain or 0.0) + 1e-6}, {"student_accuracy": 0.5}, {"cells": 7}):
        moved = replace(again, rows=[replace(again.rows[0], **change), *again.rows[1:]])
        assert not equal_but_for_rounding(moved, one.entry, intervals=False)
    narrower = replace(again.rows[0], gain_low=0.0)
    assert not equal_but_for_rounding(replace(again, rows=[narrower, *again.rows[1:]]), again)


# Tiers and groups


def rerun_of(entry: Published, verdict: Any = "reproduced") -> Rerun:
    cell = RerunCell(cell="a cell", recorded=0.8, again=0.79, spread=0.03, within=True)
    return Rerun(
        entry=entry.bundle, verdict=verdict, cells=[cell], review_seed=5, date="2026-01-01", version="0.1.0"
    )


def test_a_rerun_beside_the_entry_gives_the_tier(mine: Path) -> None:
    stem, entry = next(iter(entries(mine).items()))
    path = the_board(mine) / "entries" / f"{stem}.rerun.json"
    for verdict, tier in (("reproduced", "reproduced"), ("not reproduced", "claimed")):
        path.write_text(dump(rerun_of(entry, verdict)))
        assert next(s.tier for s in load_board(the_board(mine)).entries if s.stem == stem) == tier
    path.write_text(dump(replace(rerun_of(entry), entry="0" * 64)))
    with pytest.raises(StoreError, match="hash of another bundle"):
        load_board(the_board(mine))


def test_groups_of_a_board_are_those_of_a_table(boards: Path) -> None:
    """A method that is clearly worse falls into a group of its own; reference rows have none."""
    board = shown(load_board(the_board(boards)))
    one = board.entries[0]
    cells = [
        replace(c, bits=c.bits | {"student": pack_bits(np.zeros((len(c.seeds), c.items), np.uint8))})
        for c in one.entry.scored
    ]
    bad = BoardEntry("bad", replace(one.entry, method="bad", scored=cells))
    reference = BoardEntry("ref", replace(one.entry, kind="reference"))
    groups = rank(board.suite, [*board.entries, bad, reference])
    for domain in board.domains:
        if groups[domain]:
            assert groups[domain]["bad"] == max(groups[domain].values()) > 1
            assert "ref" not in groups[domain]


# A pull request


def test_changes_name_what_is_new_and_refuse_what_is_edited(boards: Path, mine: Path, tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    told = well("board", "changes", tmp_path / "before", "--board", boards).stdout
    assert "| confidence | claimed | 100%" in told and told.count("claimed") == 2
    assert well("board", "changes", boards, "--board", boards).stdout == "No entry is new.\n"
    stem, entry = next(iter(entries(mine).items()))
    (the_board(mine) / "entries" / f"{stem}.rerun.json").write_text(dump(rerun_of(entry)))
    assert f"| {entry.method} | reproduced |" in well("board", "changes", boards, "--board", mine).stdout
    next((the_board(mine) / "entries").glob("*.zip")).unlink()
    refused(w2s("board", "changes", boards, "--board", mine), ["was removed", "append-only"], tmp_path)


def test_the_actions_call_verbs_that_exist_and_hold_no_rights_they_do_not_need() -> None:
    folder = Path(__file__).parents[2] / ".github" / "workflows"
    if not folder.is_dir():
        pytest.skip("no workflows in this copy")
    verify, comment = (yaml.safe_load((folder / n).read_text()) for n in ("board.yml", "board-comment.yml"))
    assert verify["permissions"] == {"contents": "read"} and "pull_request" in verify[True]
    words = re.findall(r"w2s-bench board (\w+)", (folder / "board.yml").read_text())
    assert words == ["changes", "check"]
    for word in words:
        assert "Usage" in well("board", word, "--help").stdout
    steps = comment["jobs"]["comment"]["steps"]
    assert not any("checkout" in str(step.get("uses")) for step in steps)
    assert "${{" not in "".join(step.get("run", "") for step in steps)


# The pages


class Tables(HTMLParser):
    """First lines of the fields of every table, by the table's id."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._table, self._field, self._deep = "", False, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._table = str(dict(attrs).get("id"))
            self.found[self._table] = []
        elif tag == "tr" and self._table:
            self.found[self._table].append([])
        elif tag == "td":
            self.found[self._table][-1].append("")
            self._field = True
        elif tag == "small":
            self._field = False

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._field = False
        elif tag == "table":
            self._table = ""

    def handle_data(self, data: str) -> None:
        if self._field:
            self.found[self._table][-1][-1] += data


def tables(path: Path) -> dict[str, list[list[str]]]:
    parser = Tables()
    parser.feed(path.read_text("utf8"))
    return parser.found


def test_the_rows_of_the_pages_are_those_of_the_entries(boards: Path, site: Path) -> None:
    board = shown(load_board(the_board(boards)))
    found = tables(site / board.name / "index.html")
    assert len(found["overall-table"]) == 1 + len(board.entries)
    domains = [d for d in board.domains if board.ordered(d)]
    assert domains and list(found) == ["overall-table", *(f"{d}-table" for d in domains)]
    for domain in domains:
        rows = {line[0]: line for line in found[f"{domain}-table"][1:]}
        assert list(rows) == [e.entry.method for e in board.ordered(domain)]
        for one in board.ordered(domain):
            row = one.pool(domain, board.pool)
            assert row is not None
            texts = {key: text.partition(" [")[0] for key, text in row_texts(row).items()}
            expected = [texts[key] or "–" for key in ("pgr", "gain", "over_naive", "student_accuracy")]
            assert rows[one.entry.method][2:6] == expected
    for one in board.entries:
        lines = tables(site / board.name / "methods" / f"{one.stem}.html")["cells-table"][1:]
        assert sorted(line[3] for line in lines) == sorted(
            row_texts(r)["student_accuracy"] for r in one.entry.rows if r.task
        )


def test_json_and_csv_hold_the_same_rows(boards: Path, site: Path) -> None:
    name = the_board(boards).name
    document = strict((site / name / "board.json").read_text())
    lines = list(csv.DictReader(io.StringIO((site / name / "board.csv").read_text())))
    rows = [(e["entry"], r) for e in document["entries"] for r in e["rows"]]
    assert len(lines) == len(rows) > 4
    for line, (stem, row) in zip(lines, rows, strict=True):
        assert line["entry"] == stem and line["method"] == row["method"]
        assert line["pgr"] == ("" if row["pgr"] is None else repr(row["pgr"]))


def test_equal_boards_give_equal_sites(boards: Path, site: Path, tmp_path: Path) -> None:
    build_site(boards, tmp_path / "again")
    files = {p.relative_to(site): p.read_bytes() for p in site.rglob("*") if p.is_file()}
    again = {
        p.relative_to(tmp_path / "again"): p.read_bytes()
        for p in (tmp_path / "again").rglob("*")
        if p.is_file()
    }
    assert files == again


def hostile(board: BoardShown) -> BoardShown:
    """Names that verify would refuse, as if somebody had edited the entries."""
    one = board.entries[0]
    rows = [replace(r, method=HOSTILE, reason=HOSTILE) for r in one.entry.rows]
    entry = replace(
        one.entry, method=HOSTILE, name="=1+1", card={"title": HOSTILE}, device=HOSTILE, rows=rows
    )
    return BoardShown(board.name, board.suite, HOSTILE, [BoardEntry(one.stem, entry)], board.groups)


def test_hostile_text_is_escaped(boards: Path, tmp_path: Path) -> None:
    board = hostile(shown(load_board(the_board(boards))))
    build([board], tmp_path / "site", {board.name: tmp_path})
    pages = {p: p.read_text("utf8") for p in (tmp_path / "site").rglob("*.html")}
    assert sum(html.escape(HOSTILE[:25]) in text for text in pages.values()) >= 3  # board, entry, suite
    for text in pages.values():
        assert "<img" not in text and "</script><" not in text and " 49" not in text
    assert "'=1+1" in board_csv(board) and "\n=1" not in board_csv(board)


def test_a_folder_that_is_no_site_is_left_alone(boards: Path, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("x")
    with pytest.raises(UserError, match="no site of ours"):
        build_site(boards, tmp_path)
    with pytest.raises(UserError, match="no board here"):
        build_site(tmp_path / "nothing", tmp_path / "site")
    assert (tmp_path / "precious.txt").read_text() == "x"


# Serve and publish


def test_it_is_served_on_this_machine_alone(site: Path) -> None:
    with server(site, 0) as running:
        assert running.server_address[0] == "127.0.0.1"
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{running.server_address[1]}/") as answer:
                assert answer.read() == (site / "index.html").read_bytes()
        finally:
            running.shutdown()
            thread.join()
    with pytest.raises(UserError, match="port"):
        server(site, 99999)


def test_published_to_a_folder_and_again(site: Path, tmp_path: Path) -> None:
    for _ in range(2):
        sent = to_folder(site, tmp_path / "pages")
    assert (tmp_path / "pages/index.html").read_bytes() == (site / "index.html").read_bytes()
    assert "index.html" in sent.files
    (tmp_path / "other").mkdir()
    (tmp_path / "other/mine.txt").write_text("x")
    with pytest.raises(UserError, match="no site of ours"):
        to_folder(site, tmp_path / "other")
    for place in (site, site / "inside", site.parent):
        with pytest.raises(UserError, match="lies there itself"):
            to_folder(site, place)
    assert (site / "index.html").is_file()


def git(folder: Path, *arguments: str) -> str:
    name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    return subprocess.run(
        ["git", *name, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def test_published_to_a_branch_without_touching_the_work_tree(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "a")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "work.txt").write_text("x")
    git(tmp_path, "add", "work.txt")
    git(tmp_path, "commit", "-qm", "first")
    (tmp_path / "work.txt").write_text("changed")
    assert to_branch(site, "pages", tmp_path, dry_run=True).files and "pages" not in git(tmp_path, "branch")
    for commits in (1, 2):
        to_branch(site, "pages", tmp_path)
        assert git(tmp_path, "rev-list", "--count", "pages").strip() == str(commits)
    assert git(tmp_path, "show", "pages:index.html") == (site / "index.html").read_text()
    assert git(tmp_path, "status", "--short").strip() == "M work.txt"
    with pytest.raises(UserError, match="checked out"):
        to_branch(site, "main", tmp_path)
    with pytest.raises(UserError, match="git refuses"):
        to_branch(site, "no..name", tmp_path)


def test_a_dry_run_says_what_the_hub_would_get_and_offline_is_one_clear_error(site: Path) -> None:
    space, data = to_hub(site, "owner/name", dry_run=True)
    assert "index.html" in space.files and not any(f.endswith(".html") for f in data.files)
    assert any(f.endswith("board.json") for f in data.files) and any(f.endswith(".zip") for f in data.files)
    for name in ("owner", "../x/y", "a/b/c"):
        with pytest.raises(UserError, match="no repository name"):
            to_hub(site, name, dry_run=True)
    with pytest.raises(UserError, match="hub refuses"):
        to_hub(site, "owner/name", dry_run=False)  # tests have no network


# In the browser


def test_every_page_opens_from_disk_and_asks_nobody(page: Page, site: Path) -> None:
    for size, dark in product((DESKTOP, PHONE), (False, True)):
        for path in sorted(site.rglob("*.html")):
            drawn = (
                "document.documentElement.classList.contains('drawn')" if "/methods/" in str(path) else "true"
            )
            page.open(path, size, dark, drawn)
            assert page.complaints == [] and all(r.startswith(site.as_uri()) for r in page.requests)
            assert page.ask("document.documentElement.scrollWidth <= innerWidth"), path


def test_tables_sort_and_the_filter_holds_for_all_of_them(page: Page, boards: Path, site: Path) -> None:
    page.open(site / the_board(boards).name / "index.html")
    names = (
        "[...document.querySelectorAll('#{}-table tbody tr:not([hidden])')].map(r => r.cells[0].innerText)"
    )
    whole = page.ask(names.format("overall"))
    page.click("#overall-table th button")
    assert page.ask(names.format("overall")) == sorted(whole)
    page.click("#overall-table th button")
    assert page.ask(names.format("overall")) == sorted(whole, reverse=True)
    page.click("form.filter input")
    page.call("Input.insertText", text="confidence")
    page.until("document.querySelector('form.filter output').textContent === '1 of 2 entries'")
    domain = page.ask("document.querySelectorAll('section table')[1].id").removesuffix("-table")
    assert page.ask(names.format(domain)) == ["confidence"]
    page.click("form.filter button[type=reset]")
    page.until("document.querySelector('form.filter output').textContent === '2 of 2 entries'")
    page.click("#overall-table tbody a")
    page.until("location.href.includes('/methods/')")
