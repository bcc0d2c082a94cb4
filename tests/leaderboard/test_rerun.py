"""Reruns: a cell made again in a closed process tells a forged bundle from an honest one."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import hub_chess
from support.commands import refused, w2s

from w2s_bench.data.splits import make_split
from w2s_bench.errors import UserError
from w2s_bench.leaderboard import rerun as rerun_module
from w2s_bench.leaderboard import sandbox
from w2s_bench.leaderboard.commands import verify_bundle
from w2s_bench.leaderboard.fresh_items import Newer, reviewed
from w2s_bench.leaderboard.rerun import _cut, _drift, _suite_text, allowed, draw, rerun
from w2s_bench.records import CompanionScore
from w2s_bench.sources import GeneratedSource
from w2s_bench.submission import archive
from w2s_bench.submission.verify import Verified
from w2s_bench.suite import Data, load_suite, parse_suite
from w2s_bench.task import load_task

GOLDEN = Path(__file__).parents[1] / "golden" / "bundle-1"
NLP_SEED = 2  # a review seed that draws the nlp cell of the golden bundles


@pytest.fixture(scope="module")
def own() -> Verified:
    return verify_bundle(GOLDEN / "own-method.zip", gold=GOLDEN / "standard")[0]


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder to run in, where this machine can close a process off."""
    folder = (tmp_path / "inside").resolve()
    folder.mkdir()
    try:
        sandbox.check(folder)
    except UserError as error:
        pytest.skip(error.what)
    return folder


# The sandbox


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import socket; socket.create_connection(('192.0.2.1', 80), 2)", "unreachable"),
        ("import urllib.request as u; u.urlopen('http://127.0.0.1:9', timeout=2)", "unreachable"),
        ("open('{outside}/x', 'w')", "Read-only file system"),
        ("import os; os.remove('{outside}/precious')", "Read-only file system"),
    ],
)
def test_a_closed_process_reaches_nobody_and_writes_nowhere_else(
    code: str, words: str, closed: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_text("x")
    done = sandbox.run([sys.executable, "-c", code.format(outside=tmp_path)], closed)
    assert done.returncode == 1 and words in done.stderr
    assert {p.name for p in tmp_path.iterdir()} == {"inside", "precious"}


def test_a_closed_process_has_its_folder_and_no_settings_of_ours(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    code = "import os; open('y', 'w').write(os.environ['HOME'] + str('SECRET_TOKEN' in os.environ))"
    assert sandbox.run([sys.executable, "-c", code], closed).returncode == 0
    assert (closed / "y").read_text() == f"{closed}False"


# What is drawn, and what is run


def test_the_review_seed_alone_draws_the_cells(own: Verified) -> None:
    titles = [[d.title for d in draw(own.scored, 2, seed)] for seed in range(40)]
    assert titles[3] == [d.title for d in draw(own.scored, 2, 3)]
    assert all(len(set(t)) == 2 for t in titles) and len({t[0] for t in titles}) == 4
    assert len(draw(own.scored, 99, 0)) == 4


def test_a_generated_task_gets_items_that_nobody_has_seen(own: Verified, tmp_path: Path) -> None:
    (one,) = draw(own.scored, 1, NLP_SEED)
    name = reviewed(one.cell.task, NLP_SEED, None, None, tmp_path)
    whole, task, fresh = (load_task(n) for n in (one.cell.task, name, name.replace(":TASK", ":FRESH")))
    assert isinstance(fresh.source, GeneratedSource) and isinstance(whole.source, GeneratedSource)
    assert fresh.source.seed == 1000 + NLP_SEED > 10 * whole.source.seed
    assert task.card.companions == (name.replace(":TASK", ":FRESH"),) and fresh.card.test_only
    seen = {whole.build(row).item.id for row in whole.rows("train", None)[:500]}
    new = {fresh.build(row).item.id for row in fresh.rows("train", None)[:500]}
    assert len(new & seen) < 25


@pytest.fixture
def mirrors(tmp_path: Path) -> tuple[Path, Path]:
    """A copy of lichess's puzzles, and a later one with more games."""
    later, earlier = tmp_path / "later", tmp_path / "earlier"
    rows = hub_chess.puzzles()
    for root, kept in ((earlier, rows[:-40]), (later, rows)):
        folder = root / "Lichess/chess-puzzles/data"
        folder.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(list(kept)), folder / "train-00000-of-00001.parquet")
    return earlier, later


def test_lichess_tasks_get_puzzles_of_games_that_came_later(
    mirrors: tuple[Path, Path], tmp_path: Path
) -> None:
    earlier, later = mirrors
    name = reviewed("chess/lichess-600-1400", 7, earlier, later, tmp_path)
    task, fresh = (load_task(n) for n in (name, name.replace(":TASK", ":FRESH")))
    assert isinstance(fresh.source, Newer)
    games = {row["GameId"] for row in fresh.rows("test", earlier)}
    assert games and games <= {row["GameId"] for row in hub_chess.puzzles()[-40:]}
    assert not games & {row["GameId"] for split in ("train", "test") for row in task.rows(split, earlier)}
    assert all(600 <= row["Rating"] < 1400 for row in fresh.rows("test", earlier))
    drawn = make_split(task, Data(teacher=40, transfer=40, validation=0, test=20, companion=20), 0, earlier)
    plain = make_split(
        load_task("chess/lichess-600-1400"), Data(teacher=40, transfer=40, validation=0, test=20), 0, earlier
    )
    assert {i.id for i in drawn["transfer"].items} == {i.id for i in plain["transfer"].items}
    assert len(drawn["companion-1"].items) == len(games)


def test_a_copy_that_has_not_grown_is_told(mirrors: tuple[Path, Path], tmp_path: Path) -> None:
    earlier, later = mirrors
    with pytest.raises(UserError, match="holds the rows"):
        reviewed("chess/lichess-600-1400", 7, later, later, tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert reviewed("chess/lichess-600-1400", 7, earlier, empty, tmp_path) == "chess/lichess-600-1400"


def test_harder_items_are_expected_to_be_harder() -> None:
    """Half of the gap recovered: half of the ceiling's loss and half of the teacher's."""

    def fit(accuracy: float, there: float) -> Any:
        score = CompanionScore(accuracy=there, n_test=900, chance=0.5)
        return SimpleNamespace(accuracy=accuracy, companions={"t": score})

    assert _drift((fit(0.6, 0.5), fit(0.7, 0.0), fit(0.8, 0.76)), "t") == pytest.approx(-0.07)
    assert _drift((fit(0.6, 0.5), fit(0.9, 0.0), fit(0.8, 0.76)), "t") == pytest.approx(-0.04)
    assert _drift((fit(0.6, 0.5), fit(0.5, 0.0), fit(0.6, 0.7)), "t") == pytest.approx(-0.1)


def test_what_is_run_is_the_suite_cut_to_one_cell(own: Verified, tmp_path: Path) -> None:
    suite = parse_suite(own.manifest.suite.toml, "manifest")
    (one,) = draw(own.scored, 1, NLP_SEED)
    cut = _cut(suite, one, "/somewhere/mine.py:Mine", own.manifest, "/somewhere/task.py:TASK")
    again = parse_suite(_suite_text(cut), "again")
    (grid,) = again.grid
    whole = next(g for g in suite.grid if one.cell.task in g.tasks)
    assert again.seeds == [one.seed] and [m.name for m in again.methods] == ["/somewhere/mine.py:Mine"]
    assert grid.pairs == [(one.cell.teacher, one.cell.student)] and grid.tasks == ["/somewhere/task.py:TASK"]
    assert grid.training == whole.training and [m.name for m in grid.models] == [m.name for m in whole.models]
    assert grid.data == whole.data.model_copy(update={"companion": whole.data.test})


def test_every_suite_survives_the_way_through_its_text() -> None:
    for name in ("quick", "real", "core", "paper"):
        suite, _ = load_suite(name)
        assert parse_suite(_suite_text(suite), name).hash == suite.hash


@given(st.floats(0, 1), st.floats(0, 0.2), st.integers(1, 10_000), st.integers(1, 10_000))
def test_more_items_allow_less_and_fresh_ones_more(p: float, s: float, n: int, m: int) -> None:
    assert 0.01 <= allowed(p, s) <= allowed(p, s, n + 1, m) <= allowed(p, s, n, m)


def test_an_honest_result_is_rarely_out_of_bounds() -> None:
    """Seeds of the stated deviation and two samples of items: less than one in a hundred is refused."""
    rng = np.random.default_rng(0)
    p, s, n = 0.8, 0.02, 500
    first, again = (
        rng.binomial(n, np.clip(p + s / 2**0.5 * rng.normal(size=20_000), 0, 1)) / n for _ in "ab"
    )
    refused_share = np.mean([abs(a - b) > allowed(a, s, n, n) for a, b in zip(first, again, strict=True)])
    assert refused_share < 0.01


# A real rerun


def test_an_honest_cell_is_reproduced_and_a_forged_one_is_not(
    own: Verified, closed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.py"
    file.write_bytes(archive.read(GOLDEN / "own-method.zip")[archive.CODE])
    runs: list[Any] = []
    real = rerun_module._run
    monkeypatch.setattr(rerun_module, "_run", lambda *given: runs.append(real(*given)) or runs[-1])
    honest = rerun(own, "0" * 64, NLP_SEED, method=f"{file}:Mine", count=1)
    assert honest.verdict == "reproduced", honest
    published, fresh = honest.cells
    assert published.again == pytest.approx(published.recorded) and "fresh items" in fresh.cell

    # Predictions that verify takes, since it cannot know better: the student is said to be right everywhere.
    forged = replace(
        own, scored=[replace(c, student_correct=np.ones_like(c.student_correct)) for c in own.scored]
    )
    monkeypatch.setattr(rerun_module, "_run", lambda *given: runs[0])
    told = rerun(forged, "0" * 64, NLP_SEED, method=f"{file}:Mine", count=1)
    assert told.verdict == "not reproduced" and not any(c.within for c in told.cells)


def test_code_of_a_bundle_runs_only_where_a_reviewer_names_it(tmp_path: Path) -> None:
    done = w2s("board", "rerun", GOLDEN / "own-method.zip", "--gold", GOLDEN / "standard")
    refused(done, ["author's own", "--method FILE.py:Name", "method.py.txt"], tmp_path)


def test_too_few_later_puzzles_are_told(own: Verified) -> None:
    (one,) = draw(own.scored, 1, NLP_SEED)
    score = CompanionScore(accuracy=0.5, n_test=12, chance=0.05)
    fits: Any = [SimpleNamespace(accuracy=0.5, companions={"t": score})] * 3
    with pytest.raises(UserError, match="12 fresh items"):
        rerun_module._fresh(one, fits, "t", 0.01)


def test_a_bundle_of_an_archive_has_keys_of_an_older_edition(tmp_path: Path) -> None:
    bundle = tmp_path / "suite-1" / "entries" / "own-method.zip"
    bundle.parent.mkdir(parents=True)
    bundle.write_bytes((GOLDEN / "own-method.zip").read_bytes())
    (tmp_path / "suite-1" / "ARCHIVED").write_text("Content keys changed.\n")
    words = ["older edition", "suite-1 is an archive", "--gold", "standard"]
    refused(w2s("board", "rerun", bundle), words, tmp_path)
    done = w2s("board", "rerun", bundle, "--gold", GOLDEN / "standard")
    refused(done, ["author's own"], tmp_path)  # compared by its own standard, it gets as far as any bundle


def test_a_record_is_never_written_again(tmp_path: Path) -> None:
    bundle = tmp_path / "mine.zip"
    bundle.write_bytes((GOLDEN / "confidence.zip").read_bytes())
    (tmp_path / "mine.rerun.json").write_text("{}")
    refused(w2s("board", "rerun", bundle, "--gold", GOLDEN / "standard"), ["already", "--out"], tmp_path)
    assert (tmp_path / "mine.rerun.json").read_text() == "{}"
