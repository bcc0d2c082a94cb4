"""``w2s-bench zoo``: builds in the layout that ships, that can be cut anywhere and are not made twice."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.commands import refused, strict, w2s, well
from support.random_chess import matches, mirror, selfplay
from transformers import AutoModelForCausalLM, AutoTokenizer

from w2s_bench.benchmarks.zoo import training_loop
from w2s_bench.benchmarks.zoo.build import Built, build
from w2s_bench.benchmarks.zoo.checkpoint import Progress, restore, store
from w2s_bench.benchmarks.zoo.chess import build_corpus
from w2s_bench.benchmarks.zoo.chess.recipe import Recipe
from w2s_bench.benchmarks.zoo.families import CHESS, FAMILIES, TEXT
from w2s_bench.benchmarks.zoo.paths import Places
from w2s_bench.errors import UserError
from w2s_bench.model import Shape, build_model
from w2s_bench.models import zoo as shipped
from w2s_bench.registry.items import find

SCALE = {"text": 0.01, "chess": 0.004}
SMALL = {"text": "16x1", "chess": "12x2"}
EACH = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Data of seconds, and where to build."""
    root, rng = tmp_path_factory.mktemp("zoo"), Random(0)
    return Places(
        out=root / "out",
        hub=mirror(root / "hub", rng),
        corpora=matches(root / "corpora", rng),
        games=selfplay(root / "games", rng),
    )


@pytest.fixture(scope="module")
def built(places: Places) -> dict[str, Built]:
    """A small member of each family."""
    found = {}
    for family, name in SMALL.items():
        (found[family],) = build(family, [name], places, SCALE[family])
    return found


@EACH
def test_a_card_is_as_complete_as_those_that_ship(family: str, built: dict[str, Built]) -> None:
    made = built[family]
    card = strict((made.folder / "card.json").read_text())
    assert card == json.loads(json.dumps(made.card)) and not made.finished_before
    assert card["scale"] == SCALE[family] and card["unit"] == FAMILIES[family].unit
    for name in (n for n in shipped.members() if n.startswith(f"{family}/")):
        told = shipped.card(name)
        assert told.keys() <= card.keys() and told["recipe"].keys() == card["recipe"].keys(), name
    assert card["curve"][-1][0] == card["seen"] and card["curve"][-1][1] < card["curve"][0][1]
    assert all(card[key] for key in ("hardware", "licence", "exposure", "data", "data_licences", "sha256"))


def test_a_chess_card_tells_lines_and_licences(places: Places, tmp_path: Path) -> None:
    where = replace(places, out=tmp_path)
    lines, control = (b.card for b in build("chess", ["12x2", "48x3-nolines"], where, 0.0005))
    assert lines["data_licences"] == {"lines": "CC0-1.0", "selfplay": "MIT", "tcec": "CC-BY-SA-3.0"}
    assert "never on an answer move" in lines["exposure"] and "CC-BY-SA-3.0" in lines["licence"]
    assert control["data_licences"].keys() == control["data"]["sources"].keys() == {"selfplay", "tcec"}
    assert "no puzzle lines" in control["exposure"] and control["validation"].keys() == set(
        lines["validation"]
    )
    shares = lines["recipe"]["shares"]
    mean = sum(share * lines["validation"][s]["loss"] for s, share in shares.items())
    assert lines["validation_loss"] == pytest.approx(mean, abs=1e-4)


@EACH
def test_a_built_member_loads_as_a_shipped_one(
    family: str, built: dict[str, Built], places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "WEIGHTS", places.out)
    name = built[family].name
    assert name in shipped.members() and not (places.out / "work" / f"{name}.checkpoint.safetensors").exists()
    shape = Shape(domain="chess" if family == "chess" else "nlp", classes=("a", "b"))
    assert build_model(f"zoo:{name}", shape, seed=0).parameters_count > 1000


def test_a_text_member_is_a_folder_of_transformers_in_half_precision(built: dict[str, Built]) -> None:
    folder = built["text"].folder
    files = ["card.json", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    assert sorted(p.name for p in folder.iterdir()) == files
    assert json.loads((folder / "config.json").read_text())["dtype"] == "float16"
    net = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    assert str(net.dtype) == "torch.float32" and net.num_parameters() == built["text"].card["parameters"]
    assert len(AutoTokenizer.from_pretrained(folder)) == net.config.vocab_size


@EACH
def test_a_build_that_was_cut_ends_in_the_same_bytes(
    family: str, built: dict[str, Built], places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, seen = replace(places, out=tmp_path), []
    update = training_loop.Run._update

    def cut(run: training_loop.Run, batch: Any, step: int, peaks: Any) -> float:
        seen.append(step)
        if len(seen) == 12:
            raise KeyboardInterrupt
        return update(run, batch, step, peaks)

    monkeypatch.setattr(training_loop.Run, "_update", cut)
    with pytest.raises(KeyboardInterrupt):
        build(family, [SMALL[family]], where, SCALE[family])
    arrays = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.npy")}
    (again,) = build(family, [SMALL[family]], where, SCALE[family])
    assert 0 < seen[12] <= 11, "it went on from its checkpoint"
    assert arrays == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.npy")}, "the corpus is made once"
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        if (again.folder / name).exists():
            assert (again.folder / name).read_bytes() == (built[family].folder / name).read_bytes(), name
    curves = [[tuple(point) for point in b.card["curve"]] for b in (again, built[family])]
    assert curves[0] == curves[1]


def test_a_checkpoint_of_another_recipe_is_not_gone_on_from(tmp_path: Path) -> None:
    """A cut run of one scale leaves nothing to a run of another."""
    recipe, path = Recipe(positions=100), tmp_path / "checkpoint.safetensors"
    net = recipe.network(8, 1)
    store(path, "one", net, recipe.optimizers(net), Progress(step=5))
    assert restore(path, "one", net, recipe.optimizers(net)).step == 5
    assert restore(path, "two", net, recipe.optimizers(net)).step == 0


@EACH
def test_what_is_finished_is_not_built_again(family: str, built: dict[str, Built], places: Places) -> None:
    """Not even its data are asked for; another scale is refused rather than written over it."""
    where = Places(out=places.out)
    before = (built[family].folder / "model.safetensors").stat().st_mtime_ns
    (again,) = build(family, [SMALL[family]], where, SCALE[family])
    assert again.finished_before
    assert (again.folder / "model.safetensors").stat().st_mtime_ns == before
    with pytest.raises(UserError, match=r"another recipe.*expected the recipe of \d+ .*--out"):
        build(family, [SMALL[family]], where, 1.0)


def test_a_damaged_member_is_built_again(built: dict[str, Built], places: Places) -> None:
    weights = built["text"].folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    (again,) = build("text", ["16x1"], places, SCALE["text"])
    assert not again.finished_before and weights.read_bytes() == whole


BAD = [
    (["audio"], ["unknown family 'audio'", "one of text, chess", "zoo list"]),
    (["tex"], ["unknown family 'tex'", "near: text"]),
    (["text", "32x3"], ["unknown text member '32x3'", "near: ", "32x2", "one of 16x1"]),
    (["chess", "48x3-noline"], ["near: 48x3-nolines"]),
    (["chess", "12x2"], ["no engine matches", "tcec_games.jsonl.zst", "--corpora DIR"]),
]


@pytest.mark.parametrize("arguments, words", BAD, ids=lambda v: " ".join(v[:2]))
def test_bad_input_is_one_line(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    result = w2s("zoo", "build", *arguments, "--out", tmp_path / "out", "--hub", tmp_path)
    assert result.exit_code == 2 and result.stdout == ""
    (line,) = [text for text in result.stderr.splitlines() if text.startswith("w2s-bench: ")]
    assert all(word in line for word in words), line
    if "unknown" in words[0]:
        refused(result, words, tmp_path)


def test_missing_puzzles_name_the_data_set(places: Places, tmp_path: Path) -> None:
    arguments = ("--hub", tmp_path, "--corpora", places.corpora, "--out", tmp_path / "out")
    result = w2s("zoo", "build", "chess", *arguments)
    assert result.exit_code == 2 and "'Lichess/chess-puzzles' is not in the mirror" in result.stderr


def test_a_missing_engine_names_package_and_options(places: Places, tmp_path: Path) -> None:
    where = replace(places, out=tmp_path, games=None, engine="no-such-engine")
    with pytest.raises(UserError, match=r"no engine 'no-such-engine'.*package stockfish.*--engine.*--games"):
        build("chess", [], where, 0.001)


def test_what_goes_wrong_while_playing_is_told(tmp_path: Path) -> None:
    """The maker runs as a process of its own; its last line is what went wrong."""
    where = Places(out=tmp_path, engine="false")
    with pytest.raises(UserError, match=r"games cannot be played: .*(closed its output|Broken pipe)"):
        build_corpus.play(where, 1)


def test_games_are_played_once_and_always_the_same(tmp_path: Path) -> None:
    """A short chunk by the maker's own options; the chunk that is there is not played again."""
    try:
        engine = Places(out=tmp_path).stockfish()
    except UserError:
        pytest.skip("no Stockfish on this machine")

    def played(folder: Path) -> bytes:
        maker = find("task", build_corpus.TACTICS).module.rpartition(".")[0] + ".tactics_maker"
        options = ["--stage", "games", "--chunks", "1", "--puzzles", "1", "--engine", engine]
        command = [sys.executable, "-m", maker, *options, "--games-dir", str(folder)]
        subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
        (file,) = folder.glob("games-*")
        assert file == build_corpus.play(Places(out=tmp_path, games=folder, engine="none"), 1)[0]
        return file.read_bytes()

    assert played(tmp_path / "one") == played(tmp_path / "two")
    assert not (tmp_path / "tactics.parquet").exists()


def test_the_list_names_all_members_and_what_ships() -> None:
    document = strict(well("zoo", "list", "--json").stdout)
    said = well("zoo", "list").stdout
    assert [f["name"] for f in document["families"]] == list(FAMILIES)
    for told, family in zip(document["families"], (TEXT, CHESS), strict=True):
        assert [m["name"] for m in told["members"]] == [f"{family.name}/{m.name}" for m in family.members]
        for member in told["members"]:
            assert member["name"] in said
            assert member["shipped"] == (member["name"] in shipped.members())
            assert (member["parameters"] or 0) > 0 or not member["shipped"]


def test_what_ships_is_what_the_table_says() -> None:
    """Every shipped member can be built again: its name, seed and amount stand in the table."""
    for name in shipped.members():
        family, _, member_name = name.partition("/")
        (member,) = (m for m in FAMILIES[family].members if m.name == member_name)
        card = shipped.card(name)
        assert (card["width"], card["layers"]) == (member.width, member.layers)
        recipe = card["recipe"]
        assert recipe["seed"] == member.seed
        assert recipe["tokens" if family == "text" else "positions"] == member.amount
        assert family == "text" or ("lines" in recipe["shares"]) == member.lines


def test_a_build_in_words_and_as_json(built: dict[str, Built], places: Places) -> None:
    options = ("--out", places.out, "--scale", SCALE["text"])
    done = well("zoo", "build", "text", "16x1", *options, "--json")
    (told,) = strict(done.stdout)["members"]
    assert told["name"] == "text/16x1" and told["finished_before"] is True
    assert told["validation_loss"] == built["text"].card["validation_loss"]
    assert told["shipped_validation_loss"] is None, "a trial run is not compared"
    assert "1 finished before, 0 to build" in done.stderr
    assert str(built["text"].folder) in well("zoo", "build", "text", "16x1", *options).stdout


@pytest.mark.skipif(not shipped.members(), reason="no member of the zoo is shipped")
def test_the_figure_is_drawn_from_the_cards(tmp_path: Path) -> None:
    paths = [Path(p) for p in well("zoo", "figure", tmp_path / "deep" / "scaling.png").stdout.split()]
    assert [p.name for p in paths] == ["scaling.png", "scaling.svg"]
    first = [p.read_bytes() for p in paths]
    assert all(len(content) > 10_000 for content in first)
    well("zoo", "figure", tmp_path / "deep" / "scaling.png")
    assert paths[1].read_bytes() == first[1], "equal cards draw equal files"
