"""Lichess tasks: bands, themes, transcripts, and the database's file as a stream, whole or damaged."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import chess
import numpy as np
import pytest
from support import hub_chess
from support.disjoint_parts import disjoint

from w2s_bench.api import run_suite
from w2s_bench.data.splits import Split, load_gold, load_items, make_split
from w2s_bench.errors import BadData
from w2s_bench.metric import LINE, LINE_LENGTH
from w2s_bench.models._board import option_moves
from w2s_bench.models.board import _encode
from w2s_bench.models.bow import _move_features
from w2s_bench.plan.job import FitJob
from w2s_bench.plan.plan import make_plan
from w2s_bench.records import content_key
from w2s_bench.reserve import bucket, lichess_test, reserved
from w2s_bench.run.settings import RunSettings
from w2s_bench.store.local import Store
from w2s_bench.suite import Data, parse_suite
from w2s_bench.task import Item, Task, load_task
from w2s_bench.tasks.chess import _database
from w2s_bench.tasks.chess._database import FILE, OLDER, Database
from w2s_bench.tasks.chess._puzzle_pool import PuzzlePool, order
from w2s_bench.tasks.chess.lichess_lines import FROM, example, positions

HUB = tuple(f"chess/lichess{part}" for part in ("", "-easy-to-hard", "-mates", "-endgames", "-transcript"))
FILES = ("chess/lichess-database", "chess/lichess-fresh")
SMALL = Data(teacher=12, transfer=12, validation=4, test=8)


def sides(task: Task, hub: Path) -> dict[str, list[Any]]:
    return {split: list(task.rows(split, hub)) for split in ("train", "test")}


@pytest.mark.parametrize("name", [*HUB, *FILES])
def test_parts_share_neither_items_nor_games(name: str, hub: Path) -> None:
    disjoint(load_task(name), SMALL, hub)


@pytest.mark.parametrize("name", [*HUB, *FILES])
def test_only_reserved_games_are_shown_and_the_bucket_decides_the_side(name: str, hub: Path) -> None:
    for split, rows in sides(load_task(name), hub).items():
        games = [row["GameId"] for row in rows]
        assert games and all(reserved(g) and lichess_test(g) == (split == "test") for g in games)


@pytest.mark.parametrize("name", [n for n in HUB if n != "chess/lichess-transcript"])
def test_parts_of_real_rows_share_neither_items_nor_games(name: str, shared_hub: Path) -> None:
    disjoint(load_task(name), Data(teacher=300, transfer=300, validation=50, test=200), shared_hub)


SPLITS = {  # content keys of the items and the gold of seed 0: any machine must draw the same
    "chess/lichess": "1cbef3a9f50f896e",
    "chess/lichess-database": "1cbef3a9f50f896e",  # the same puzzles
    "chess/lichess-transcript": "6fcb560878aed7aa",
}


@pytest.mark.parametrize("name", SPLITS)
def test_the_split_is_the_same_everywhere(name: str, hub: Path) -> None:
    split = make_split(load_task(name), SMALL, 0, hub)
    drawn = {part: [[i.id for i in p.items], p.gold.tolist()] for part, p in split.items()}
    assert content_key(drawn)[:16] == SPLITS[name]


# Ratings and themes


def test_easy_to_hard_trains_on_low_ratings_and_tests_on_high_ones(hub: Path) -> None:
    rows = sides(load_task("chess/lichess-easy-to-hard"), hub)
    assert max(r["Rating"] for r in rows["train"]) < 1400
    assert min(r["Rating"] for r in rows["test"]) >= 1800


def test_the_easy_band_names_the_hard_one_as_its_companion() -> None:
    assert load_task("chess/lichess-600-1400").card.companions == ("chess/lichess-1400-2200",)


def test_themes_are_those_of_lichess_and_no_puzzle_has_both(hub: Path) -> None:
    mates, endgames = (sides(load_task(f"chess/lichess-{t}"), hub) for t in ("mates", "endgames"))
    for split in ("train", "test"):
        assert all("mate" in r["Themes"] and "mateIn1" not in r["Themes"] for r in mates[split])
        assert all("endgame" in r["Themes"] and "mate" not in r["Themes"] for r in endgames[split])


# Transcripts


def test_a_transcript_is_the_puzzle_of_its_id(hub: Path) -> None:
    told, seen = load_task("chess/lichess-transcript"), load_task("chess/lichess")
    known = {p["PuzzleId"]: p for p in hub_chess.puzzles()}
    for row in told.rows("train", hub)[:30]:
        example, puzzle = told.build(row), seen.build(known[row["id"]])
        assert example.position == puzzle.position and example.group == puzzle.group
        board = chess.Board(example.position.rpartition(" ")[0])
        assert board.parse_san(example.options[example.gold]).uci() == puzzle.options[puzzle.gold]
        assert sorted(m.uci() for m in option_moves(example.item, board)) == list(puzzle.options)
        assert example.tags == puzzle.tags
        one, other = _encode(example.item), _encode(puzzle.item)
        assert one.seen == other.seen and sorted(one.moves) == sorted(other.moves)
        assert sorted(_move_features(example.item)) == sorted(_move_features(puzzle.item))


def test_options_in_uci_are_read_as_such() -> None:
    item = Item(id="", prompt="", options=("g1f3", "e2e4"), position=chess.STARTING_FEN)
    assert option_moves(item, chess.Board()) == [chess.Move.from_uci(u) for u in item.options]


TRANSCRIPT = {"ctx": "1. e4 1... e5 2. Nf3", "target": " Nc6", "GameId": "g", "Rating": 1500}


@pytest.mark.parametrize("ctx", ["1. e4 1... e5 2. Nf3", "1. e4 e5 2. Nf3 ", "1.e4 e5 2.Nf3 2..."])
def test_numbers_of_moves_may_stand_in_any_way(ctx: str) -> None:
    example = load_task("chess/lichess-transcript").build(TRANSCRIPT | {"ctx": ctx})
    assert example.prompt == ctx.strip() and example.options[example.gold] == "Nc6"
    assert example.position and example.position.endswith(" g1f3")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"ctx": "1. e4 e4"}, "move 'e4' is not legal in"),
        ({"ctx": ""}, "the transcript holds no move"),
        ({"ctx": None}, "row cannot be used"),
        ({"target": " Qh5"}, "move 'Qh5' is not legal in"),
        ({"target": ""}, "move '' is not legal in"),
    ],
)
def test_a_transcript_that_cannot_be_played_is_shown(change: dict[str, Any], what: str) -> None:
    with pytest.raises(BadData, match="task chess/lichess-transcript, row") as caught:
        load_task("chess/lichess-transcript").build(TRANSCRIPT | change)
    assert what in str(caught.value)


def test_transcripts_of_no_known_puzzle_are_an_error(hub: Path) -> None:
    import pyarrow.parquet as pq

    path = next((hub / "EleutherAI/lichess-puzzles").rglob("*.parquet"))
    pq.write_table(pq.read_table(path).slice(300), path)  # the one whose puzzle is gone
    with pytest.raises(BadData, match="no transcript belongs to a puzzle of a reserved game"):
        load_task("chess/lichess-transcript").rows("train", hub)


# The database's file


def test_the_file_gives_the_puzzles_of_the_hub(hub: Path) -> None:
    names = ("PuzzleId", "GameId", "FEN", "Moves", "Rating")
    hub_rows = [{k: p[k] for k in names} for p in hub_chess.puzzles()]
    for split, rows in sides(load_task("chess/lichess-database"), hub).items():
        wanted = [r for r in hub_rows if lichess_test(r["GameId"]) == (split == "test")]
        assert rows == sorted(wanted, key=lambda r: (order(r["GameId"]), r["PuzzleId"]))


def test_neither_the_order_of_lines_nor_the_size_of_blocks_matters(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Database(games=25)
    rows = source.rows("train", hub)
    assert len(rows) == 25
    lines = [hub_chess.line(p) for p in hub_chess.puzzles()]
    random.Random(1).shuffle(lines)
    hub_chess.write_database(hub / FILE, lines)
    monkeypatch.setattr(_database, "BLOCK", 2000)
    assert source.rows("train", hub) == rows


def test_ratings_are_filtered_while_the_file_passes(hub: Path) -> None:
    rows = Database(ratings=(1000, 1200)).rows("train", hub)
    assert rows and all(1000 <= r["Rating"] < 1200 for r in rows)


def test_fresh_puzzles_are_those_that_the_older_file_does_not_know(hub: Path) -> None:
    rows = sides(load_task("chess/lichess-fresh"), hub)
    older = {p["GameId"] for p in hub_chess.puzzles()[:-40]}
    assert {r["GameId"] for r in rows["train"]} < older
    assert len(rows["test"]) == 40 and not {r["GameId"] for r in rows["test"]} & older


def test_nothing_new_is_an_error(hub: Path) -> None:
    (hub / FILE).write_bytes((hub / OLDER).read_bytes())
    with pytest.raises(BadData, match=r"task chess/lichess-fresh \(test\): no row of the data set is kept"):
        load_task("chess/lichess-fresh").rows("test", hub)


def test_the_fingerprint_is_that_of_the_files(hub: Path) -> None:
    task = load_task("chess/lichess-fresh")
    before = task.source.fingerprint(hub)
    lines = [hub_chess.line(p) for p in hub_chess.puzzles()]
    hub_chess.write_database(hub / OLDER, lines[:-41])
    assert task.source.fingerprint(hub) != before != Database().fingerprint(hub)


def test_a_pool_never_holds_many_more_rows_than_it_needs() -> None:
    import pyarrow as pa

    pool, places = PuzzlePool(10), [order(str(k)) for k in range(5000)]
    for start in range(0, 5000, 50):
        names = [str(k) for k in range(start, start + 50)]
        pool.add(pa.table([names, pa.array(places[start : start + 50], pa.uint64())], ["PuzzleId", "order"]))
        assert pool.held <= 70
    best = np.argsort(np.array(places, np.uint64))[:10]
    assert [int(row["PuzzleId"]) for row in pool.rows()] == best.tolist()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("Rating", "high"), "row cannot be used"),
        (("Rating", ""), "row cannot be used"),
        (("FEN", "8/8/8/8/8/8/8/8 w - - 0 1"), "is not valid"),
        (("Moves", "a1a1 a1a1"), "is not legal"),
        (("GameId", "x/y"), "the row names no game"),
    ],
)
def test_a_hostile_line_stays_a_row_that_says_what_is_wrong(
    change: tuple[str, str], what: str, hub: Path
) -> None:
    puzzle = hub_chess.puzzles()[0]
    hub_chess.write_database(hub / FILE, [hub_chess.line(puzzle | dict([change]))])
    task = load_task("chess/lichess-database")
    (row,) = task.rows("train", hub)
    with pytest.raises(BadData, match="task chess/lichess-database, row") as caught:
        task.build(row)
    assert what in str(caught.value)


def spoil(path: Path, how: str) -> None:
    whole = path.read_bytes()
    lines = [hub_chess.line(p) for p in hub_chess.puzzles()]
    if how == "short line":
        hub_chess.write_database(path, [*lines[:50], "p0050,only two"])
    elif how == "other columns":
        hub_chess.write_database(path, lines, header="a,b,c,d,e,f,g,h,i,j")
    else:
        cuts = {"cut": whole[: len(whole) // 2], "damaged": whole[:20] + b"\xff" * 60 + whole[80:]}
        path.write_bytes(cuts.get(how, {"empty": b"", "not zstd": b"PuzzleId,FEN\n"}.get(how, b"")))


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ("cut", "Truncated compressed stream"),
        ("damaged", "decompress failed"),
        ("empty", "Empty CSV file"),
        ("not zstd", "decompress failed"),
        ("short line", "Expected 10 columns, got 2"),
        ("other columns", "'PuzzleId'"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(how: str, what: str, hub: Path) -> None:
    spoil(hub / FILE, how)
    with pytest.raises(BadData, match="the lichess database cannot be read") as caught:
        load_task("chess/lichess-database").rows("train", hub)
    said = str(caught.value)
    assert what in said and str(hub / FILE) in said and "\n" not in said


@pytest.mark.parametrize("mirror", [True, False])
def test_a_file_that_is_not_there_is_asked_for(mirror: bool, tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"Download lichess_db_puzzle\.csv\.zst from database\.lichess\.org"):
        load_task("chess/lichess-database").rows("train", tmp_path if mirror else None)


# Whole solution lines


GAME = next(g for g in reversed(hub_chess.games()) if bucket("lichess-puzzles", g) >= FROM)


def lines_beside(hub: Path) -> tuple[Task, Split]:
    task = load_task("chess/lichess")
    data = SMALL.model_copy(update={"companion": 15})
    return task, make_split(task, data, 0, hub)


def test_lines_are_whole_and_of_games_that_the_test_set_does_not_show(hub: Path) -> None:
    task, split = lines_beside(hub)
    lines = split["companion-1"].items
    found = Counter(item.tags[LINE] for item in lines)
    assert all(found[item.tags[LINE]] == item.tags[LINE_LENGTH] for item in lines)
    assert {1, 2, 3} <= set(found.values())
    games = {p["PuzzleId"]: p["GameId"] for p in hub_chess.puzzles()}
    shown = {row["FEN"]: row["GameId"] for row in hub_chess.puzzles()}
    first = {task.made(row).item.id: row["GameId"] for row in task.rows("test", hub)}
    assert shown and not {games[str(name)] for name in found} & {first[i.id] for i in split["test"].items}
    without = make_split(task, SMALL, 0, hub)
    assert without["test"].items == split["test"].items  # the companion takes nothing away


def test_a_line_is_played_as_the_puzzle_says() -> None:
    row = {"PuzzleId": "p", "GameId": GAME, "Rating": 900, "FEN": "6k1/5ppp/8/8/8/8/3r4/1R4K1 b - - 0 1"}
    rows = list(positions({**row, "Moves": "d2d5 b1b8 d5d8 b8d8"}))
    assert [(r["Moves"], r["Of"]) for r in rows] == [("d2d5 b1b8", 2), ("d5d8 b8d8", 2)]
    found = example(rows[1])
    assert found.position == "1R1r2k1/5ppp/8/8/8/8/8/6K1 w - - 3 3 d5d8"
    assert found.options[found.gold] == "b8d8"
    assert found.tags == {"line": "p", "line length": 2.0, "rating": 900.0}


def test_a_move_without_a_choice_is_no_item() -> None:
    row = {"PuzzleId": "p", "GameId": GAME, "Rating": 900, "FEN": "7k/8/8/8/8/8/r7/1r5K b - - 0 1"}
    assert list(positions({**row, "Moves": "a2h2 h1h2"})) == []  # the only legal move
    game = next(g for g in hub_chess.games() if not reserved(g) or not lichess_test(g))
    assert list(positions({**row, "GameId": game, "Moves": "nonsense"})) == []  # not one of these games


@pytest.mark.parametrize(("moves", "words"), [("a2a5", "does not end with"), ("a2a5 b1b9", "b1b9")])
def test_a_line_that_cannot_be_played_cannot_be_used(moves: str, words: str) -> None:
    row = {"PuzzleId": "p", "GameId": GAME, "FEN": "6k1/5ppp/8/8/8/8/r7/1R4K1 b - - 0 1", "Moves": moves}
    with pytest.raises(ValueError, match=words):
        list(positions(row))


SUITE = """
name = "lines"
version = 1
seeds = [0]
methods = ["naive"]
data = { teacher = 40, transfer = 40, validation = 4, test = 20, companion = 20 }
training = { epochs = 1 }
[[grid]]
tasks = ["chess/lichess"]
models = [{ name = "bow", learning_rate = 0.05 }, "zoo:chess/12x2"]
"""


def test_a_run_scores_lines_and_not_their_positions(hub: Path, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(SUITE)
    ran = run_suite(
        str(tmp_path / "s.toml"), RunSettings(out=tmp_path / "out", store=tmp_path / "store", hub=hub)
    )
    plan, store = make_plan(parse_suite(SUITE, "s.toml"), hub), Store(tmp_path / "store")
    job = next(j for j in plan.jobs.values() if isinstance(j, FitJob) and j.role == "student")
    items, gold = load_items(store, job.split, "companion-1"), load_gold(store, job.split, "companion-1")
    right = store.open("fit", job.key).arrays("companion-1")["probabilities"].argmax(1) == gold
    solved: dict[Any, list[bool]] = {}
    for item, hit in zip(items, right, strict=True):
        solved.setdefault(item.tags[LINE], []).append(bool(hit))
    record = next(r for r in ran.run.records if r.key == job.key)
    score = record.companions["chess/lichess-lines"]
    assert score.n_test == len(solved) < len(items)
    assert score.accuracy == pytest.approx(np.mean([all(hits) for hits in solved.values()]))
    answers = ran.run.companions["chess/lichess-lines"][job.key]
    assert list(answers.items) == [*solved] and answers.correct.mean() == pytest.approx(score.accuracy)
    assert 0 < score.chance < np.mean([1 / len(i.options) for i in items])
    assert "lichess-lines" in (tmp_path / "out/table.txt").read_text()
