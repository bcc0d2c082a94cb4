"""The one door: names, what is near a name, plug-in packs good and broken, files, hashes of code."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from w2s_bench.errors import UnknownName, UserError
from w2s_bench.registry import items as registered
from w2s_bench.registry.items import Kind, find, held, items, suites
from w2s_bench.registry.load import load
from w2s_bench.registry.source_hash import source_hash

BUILT_IN = {
    "task": {
        "nlp/polarity-generated", "nlp/sst2", "chess/lichess", "chess/tactics-generated",
        "reward/hh-harmless", "reward/polarity-generated",
    },
    "method": {"naive", "confidence", "bootstrapping"},
    "model": {"board", "bow", "hf", "llama"},
}  # fmt: skip


@pytest.mark.parametrize("kind", BUILT_IN)
def test_what_is_built_in_is_registered_and_sound(kind: Kind) -> None:
    found = items(kind)
    assert BUILT_IN[kind] <= found.keys()
    assert list(found) == sorted(found)
    for name in BUILT_IN[kind]:
        assert found[name].error is None and found[name].summary and found[name].path.is_file()


def test_built_ins_enter_by_the_door_of_plug_ins() -> None:
    assert find("task", "nlp/sst2").module == "w2s_bench.tasks.nlp.sst2"
    assert find("method", "naive").module == "w2s_bench.methods.naive"


def test_suites_tell_their_first_comment() -> None:
    assert {"quick", "real"} <= suites().keys()
    assert "minutes" in suites()["quick"].summary and not suites()["quick"].summary.startswith("#")


@pytest.mark.parametrize(
    ("kind", "name", "near"),
    [
        ("task", "nlp/sst", "nlp/sst2"),
        ("task", "sst2", "nlp/sst2"),
        ("method", "confidense", "confidence"),
        ("model", "lama", "llama"),
        ("suite", "quik", "quick"),
    ],
)
def test_an_unknown_name_tells_what_is_near(kind: Kind, name: str, near: str) -> None:
    with pytest.raises(UnknownName) as caught:
        find(kind, name)
    said = str(caught.value)
    assert said.startswith(f"unknown {kind} {name!r}; expected one near it: ") and near in said
    assert f"w2s-bench list {kind}s" in said


def test_a_name_that_is_near_nothing_tells_what_exists() -> None:
    with pytest.raises(UnknownName, match=r"one of: .*bootstrapping, .*confidence, .*naive"):
        find("method", "zzzzzzzzzzzz")


def test_listing_imports_nothing() -> None:
    code = """
import sys
from w2s_bench.registry.items import items, suites
assert len(items("task")) >= 6 and items("method") and items("model") and suites()
heavy = set("torch transformers datasets chess pandas pyarrow sklearn matplotlib pydantic".split())
items_of_packs = [m for m in sys.modules if m.count(".") >= 3 and m.startswith("w2s_bench.tasks.")]
items_of_packs += [m for m in sys.modules if m.startswith(("w2s_bench.methods.", "w2s_bench.models."))]
print(sorted(heavy & set(sys.modules)), items_of_packs)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] []\n"


# Files


def test_a_file_gives_what_it_defines(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("class Mine:\n    pass\n", "utf8")
    mine = load("method", f"{file}:Mine")
    assert mine.__name__ == "Mine"
    assert load("method", f"{file}:Mine") is mine  # imported once
    assert type(pickle.loads(pickle.dumps(mine()))) is mine  # workers get instances of it


def test_two_files_of_one_name_are_two_modules(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(f"WHERE = {folder!r}\n", "utf8")
    assert [load("task", f"{tmp_path}/{f}/mine.py:WHERE") for f in ("a", "b")] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "attribute", "said"),
    [
        (None, "X", r"mine.py: no such file; expected path/to/file.py:Name"),
        ("X = 1\n", "Y", r"mine.py:Y: no 'Y' in it; expected a module that defines Y"),
        ("X = (\n", "X", r"mine.py: cannot be imported: SyntaxError: '\(' was never closed"),
        ("import nosuchmodule\n", "X", r"mine.py: cannot be imported: ModuleNotFoundError"),
        ("1 / 0\n", "X", r"mine.py: cannot be imported: ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, text: str | None, attribute: str, said: str
) -> None:
    file = tmp_path / "mine.py"
    if text is not None:
        file.write_text(text, "utf8")
    with pytest.raises(UserError, match=said):
        load("method", f"{file}:{attribute}")


def test_a_file_that_failed_may_be_mended(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("X = 1 / 0\n", "utf8")
    with pytest.raises(UserError):
        load("task", f"{file}:X")
    file.write_text("X = 'mended now'\n", "utf8")  # of another size, so that no stale bytecode is taken
    assert load("task", f"{file}:X") == "mended now"


# Packs of others


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plug-in package with a good item, a private module, and two broken items, plus a broken pack."""
    folder = tmp_path / "site" / "some_plugin"
    folder.mkdir(parents=True)
    for name, text in {
        "__init__": '"""A pack."""\n',
        "good_one": '"""A good one.\n\nMore of it."""\nTASK = "good"\n',
        "_private": "HELP = 1\n",
        "torn": '"""Torn."""\nTASK = (\n',
        "bad_import": '"""Looks fine."""\nimport nosuchmodule\n',
        "empty": "",
    }.items():
        (folder / f"{name}.py").write_text(text, "utf8")
    monkeypatch.syspath_prepend(str(folder.parent))
    points = [
        EntryPoint("some", "some_plugin", "w2s_bench.tasks"),
        EntryPoint("gone", "no_such_plugin", "w2s_bench.tasks"),
        EntryPoint("module", "some_plugin.good_one", "w2s_bench.tasks"),
        EntryPoint("core", "some_plugin", "w2s_bench.methods"),
    ]
    monkeypatch.setattr(registered, "entry_points", lambda group: [p for p in points if p.group == group])
    yield folder
    for name in [m for m in sys.modules if m.partition(".")[0] == "some_plugin"]:
        del sys.modules[name]


def test_a_pack_names_its_items(pack: Path) -> None:
    found = items("task")
    assert [n for n in found if n.startswith("some/")] == [
        "some/bad-import", "some/empty", "some/good-one", "some/torn",
    ]  # fmt: skip
    assert found["some/good-one"].summary == "A good one."
    assert load("task", "some/good-one") == "good"
    assert set(items("method")) == {"bad-import", "empty", "good-one", "torn"}  # the core pack adds no prefix


def test_what_is_broken_is_shown_and_hides_nothing(pack: Path) -> None:
    found = items("task")
    assert "SyntaxError" in str(found["some/torn"].error)
    for broken, package in (("gone/?", "no_such_plugin"), ("module/?", "some_plugin.good_one")):
        assert str(found[broken].error).startswith(f"plug-in '{broken[:-2]}' ({package}) cannot be opened: ")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("some/torn", r"torn.py: SyntaxError.*Mend or uninstall that plug-in"),
        (
            "some/bad-import",
            r"task 'some/bad-import' cannot be imported: ModuleNotFoundError: .*nosuchmodule",
        ),
        ("some/empty", r"empty.py: no 'TASK' in it; expected a module that defines TASK"),
        ("gone/?", r"plug-in 'gone' \(no_such_plugin\) cannot be opened"),
    ],
)
def test_loading_what_is_broken_is_one_clear_error(pack: Path, name: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        load("task", name)


# Hashes of code


def test_a_hash_covers_the_item_and_what_it_imports(pack: Path) -> None:
    (pack / "good_one.py").write_text(
        '"""A good one."""\nfrom some_plugin._private import HELP\nTASK = HELP\n'
    )
    hashes = [source_hash("task", "some/good-one")]
    for file, new in (
        ("empty.py", False), ("good_one.py", True), ("_private.py", True), ("torn.py", False),
    ):  # fmt: skip
        with (pack / file).open("a") as stream:
            stream.write("EDITED = 1\n")
        hashes.append(source_hash("task", "some/good-one"))
        assert (hashes[-1] != hashes[-2]) == new, file
    assert len(set(hashes)) == 3 and all(len(h) == 16 for h in hashes)


def test_a_renamed_neighbour_changes_no_hash(pack: Path) -> None:
    text = '"""A good one."""\nfrom some_plugin.{} import HELP\nTASK = HELP\n'
    (pack / "good_one.py").write_text(text.format("_private"))
    before = source_hash("task", "some/good-one")
    (pack / "_private.py").rename(pack / "_helpers_of_mine.py")
    (pack / "good_one.py").write_text(text.format("_helpers_of_mine"))
    (pack / "empty.py").rename(pack / "vacant.py")
    after = source_hash("task", "some/good-one")
    assert after != before, "of a plug-in the module that a name comes from counts"
    (pack / "good_one.py").write_text('"""A good one."""\nfrom ._helpers_of_mine import HELP\nTASK = HELP\n')
    relative = source_hash("task", "some/good-one")
    (pack / "_helpers_of_mine.py").rename(pack / "_private.py")
    (pack / "good_one.py").write_text('"""A good one."""\nfrom ._private import HELP\nTASK = HELP\n')
    assert source_hash("task", "some/good-one") == relative


def test_a_hash_of_a_file_changes_with_that_file_only(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("X = 1\n", "utf8")
    before = source_hash("task", f"{file}:X")
    (tmp_path / "_beside.py").write_text("Y = 1\n", "utf8")
    assert source_hash("task", f"{file}:X") == before
    file.write_text("# The first one.\nX  =  1\n", "utf8")
    assert source_hash("task", f"{file}:X") == before
    file.write_text("X = 2\n", "utf8")
    assert source_hash("task", f"{file}:X") != before


def test_a_name_that_two_packs_claim_is_shown_as_an_error(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = "w2s_bench.methods"
    twice = [
        EntryPoint(name="core", value="w2s_bench.methods", group=group),
        EntryPoint(name="core", value=pack.name, group=group),
    ]
    (pack / "naive.py").write_text('"""Another naive."""\nMETHOD = None\n', "utf8")
    monkeypatch.setattr(registered, "entry_points", lambda group: twice)
    item = items("method")["naive"]
    assert item.error and "two packs" in item.error and "w2s_bench.methods.naive" in item.error
    with pytest.raises(UserError, match="two packs"):
        load("method", "naive")


def test_several_threads_may_ask_at_once() -> None:
    """Python 3.11's parser counts its depth for all threads together: where the collection of garbage lets
    another thread parse in between, as hooks on it do, both give up with a SystemError."""

    def ask(depth: int) -> list[str]:
        return ask(depth - 1) if depth else list(items("model"))

    def yields(phase: str, info: dict[str, int]) -> None:
        time.sleep(1e-4)

    thresholds = gc.get_threshold()
    gc.callbacks.append(yields)
    gc.set_threshold(100, 5, 5)
    try:
        with ThreadPoolExecutor(3) as threads:
            found = list(threads.map(ask, [0, 7, 14] * 6))
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(yields)
    assert all(names == found[0] for names in found)


def test_a_plan_asks_once_and_everybody_else_anew(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text("class Mine: ...\n")
    name = f"{file}:Mine"
    before = source_hash("method", name)
    with held():
        assert items("task") is items("task") and items("task") == items("task")
        assert source_hash("method", name) == before
        file.write_text("class Mine: changed = True\n")
        with held():
            assert source_hash("method", name) == before
    assert source_hash("method", name) != before and items("task") is not items("task")
