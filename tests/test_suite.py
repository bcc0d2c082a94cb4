"""Suites: the shipped ones parse, defaults reach every grid, and each mistake names file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from w2s_bench.errors import BadSuite, UnknownName
from w2s_bench.registry.items import items, suites
from w2s_bench.suite import Suite, load_suite, parse_suite

HEAD = """\
name = "tiny"
version = 2
seeds = [0, 1]
methods = ["naive"]
"""
GRID = """\
[[grid]]
tasks = ["nlp/sst2"]
models = [
    { name = "a", epochs = 5 },
    "b",
    "c",
    "d",
]
"""


def suite(*parts: str) -> Suite:
    return parse_suite("".join(parts), "my.toml")


def complaint(*parts: str) -> str:
    with pytest.raises(BadSuite) as caught:
        suite(*parts)
    return str(caught.value)


# What is shipped


@pytest.mark.parametrize("name", sorted(suites()))
def test_shipped_suites_parse_and_name_what_exists(name: str) -> None:
    parsed, text = load_suite(name)
    assert parsed.name == name == suites()[name].path.stem
    assert parsed == parse_suite(text, name)
    for grid in parsed.grid:
        assert set(grid.tasks) <= items("task").keys()
        assert {m.name.partition(":")[0] for m in grid.models} <= items("model").keys()
    sizes: dict[str, set[str]] = {}
    for grid in parsed.grid:
        for task in grid.tasks:
            sizes.setdefault(task, set()).update(student for _, student in grid.pairs)
    least = 1 if name in {"tuning", "curves", "lines"} else 2  # one pair a domain is enough for these
    assert max(map(len, sizes.values())) >= least
    assert {m.name for m in parsed.methods} <= items("method").keys()


def test_the_quick_suite_is_in_all_three_domains() -> None:
    parsed, _ = load_suite("quick")
    assert {task.partition("/")[0] for grid in parsed.grid for task in grid.tasks} == {
        "nlp", "chess", "reward",
    }  # fmt: skip


def test_a_suite_is_a_name_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(HEAD + GRID, "utf8")
    assert load_suite(str(file)) == (suite(HEAD, GRID), HEAD + GRID)
    with pytest.raises(UnknownName, match="one near it: quick"):
        load_suite("quik")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadSuite, match=r"mine.toml: cannot be read .*; expected a TOML file"):
        load_suite(str(file))


# Defaults


def test_shared_sections_reach_every_grid_and_a_grid_overrides_them() -> None:
    shared = "[data]\nteacher = 50\ntest = 60\n[training]\nepochs = 4\nschedule = 'cosine'\n"
    own = GRID.replace("nlp/sst2", "nlp/other") + "data = { test = 70 }\ntraining = { epochs = 9 }\n"
    one, two = suite(HEAD, shared, GRID, own).grid
    assert (one.data.teacher, one.data.test, one.data.transfer) == (50, 60, 1000)
    assert (two.data.teacher, two.data.test) == (50, 70)
    assert (one.training.epochs, two.training.epochs) == (4, 9)
    assert two.training.schedule == "cosine"


def test_a_model_changes_its_own_recipe_only() -> None:
    (grid,) = suite(HEAD, GRID, "training = { epochs = 3, learning_rate = 0.5 }\n").grid
    assert grid.use("a").training(grid.training).epochs == 5
    assert grid.use("a").training(grid.training).learning_rate == 0.5
    assert grid.use("b").training(grid.training) == grid.training


def test_a_plain_string_stands_for_a_table_with_a_name() -> None:
    plain = suite(HEAD, GRID)
    spelt = suite(HEAD.replace('"naive"', '{ name = "naive" }'), GRID.replace('"b",', '{ name = "b" },'))
    assert plain == spelt and plain.hash == spelt.hash


def test_options_of_a_method_are_all_keys_but_name_and_label() -> None:
    head = HEAD.replace('"naive"', '{ name = "m", label = "mine", rate = 0.5, deep = { x = [1] } }')
    (use,) = suite(head, GRID).methods
    assert (use.name, use.label, use.options) == ("m", "mine", {"rate": 0.5, "deep": {"x": [1]}})


# Pairs and rungs


def test_every_smaller_model_teaches_every_larger_one() -> None:
    (grid,) = suite(HEAD, GRID).grid
    assert grid.pairs == [("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")]


def test_pairs_whose_student_is_not_larger_are_left_out() -> None:
    (grid,) = suite(HEAD, GRID, 'teachers = ["a", "c"]\nstudents = ["b", "c", "d"]\n').grid
    assert grid.pairs == [("a", "b"), ("a", "c"), ("a", "d"), ("c", "d")]


@pytest.mark.parametrize(
    ("students", "rungs"), [("", ["b", "c"]), ('students = ["c", "d"]\n', ["c"]), ('students = ["d"]\n', [])]
)
def test_rungs_are_the_students_between(students: str, rungs: list[str]) -> None:
    (grid,) = suite(HEAD, GRID, students).grid
    assert grid.rungs("a", "d") == rungs
    assert grid.rungs("c", "d") == []


# The hash


def test_the_hash_is_of_content_only() -> None:
    noisy = "# a comment\n" + HEAD.replace("seeds = [0, 1]", "seeds = [\n 0, # first\n 1]") + "\n\n" + GRID
    spelt = GRID + "[grid.data]\nteacher = 1000\n[grid.training]\nclip = 1.0\n"
    assert suite(noisy).hash == suite(HEAD, GRID).hash
    assert suite(HEAD, spelt).hash == suite(HEAD, GRID).hash  # a default that is spelt out
    assert suite(HEAD, "[data]\nteacher = 7\n", GRID).hash == (
        suite(HEAD, GRID, "data = { teacher = 7 }\n").hash
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version = 2", "version = 3"),
        ("seeds = [0, 1]", "seeds = [0, 2]"),
        ('"naive"', '{ name = "naive", x = 1 }'),
        ("epochs = 5", "epochs = 6"),
        ('"d"', '"e"'),
        ("nlp/sst2", "nlp/other"),
    ],
)
def test_the_hash_changes_with_content(old: str, new: str) -> None:
    assert suite((HEAD + GRID).replace(old, new)).hash != suite(HEAD, GRID).hash


# Mistakes


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEAD + "x = = 1\n" + GRID, 5),
        (HEAD + GRID + "x\n", 13),
        (HEAD + GRID + "x", 13),  # tomllib says "at end of document" here
        (HEAD + 'x = "never closed\n' + GRID, 5),
        (HEAD + "seeds = [2]\n" + GRID, 5),  # a key given twice
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text: str, line: int) -> None:
    said = complaint(text)
    assert said.startswith(f"my.toml:{line}: not TOML (") and said.endswith("Correct that line")


@pytest.mark.parametrize(
    ("parts", "line", "key", "what"),
    [
        ((HEAD, "sedes = [1]\n", GRID), 5, "sedes", "no such key"),
        ((HEAD, GRID, "epocs = 3\n"), 13, "grid.0.epocs", "no such key"),
        ((HEAD, "[data]\n# techer\ntecher = 3\n", GRID), 7, "grid.0.data.techer", "no such key"),
        ((HEAD, "[admission]\ngap = 3\n", GRID), 6, "admission.gap", "no such key"),
        ((HEAD.replace("[0, 1]", "[0, true]"), GRID), 3, "seeds.1", "valid integer (got True)"),
        ((HEAD.replace("[0, 1]", "3"), GRID), 3, "seeds", "valid list (got 3)"),
        ((HEAD.replace("2", '"2"'), GRID), 2, "version", "valid integer (got '2')"),
        ((HEAD.replace("[0, 1]", "[-1]"), GRID), 3, "seeds.0", "greater than or equal to 0"),
        ((HEAD.replace("[0, 1]", "[]"), GRID), 3, "seeds", "at least 1 item"),
        ((HEAD.replace("[0, 1]", "[1, 0, 1]"), GRID), 3, "seeds", "1 is listed twice"),
        ((HEAD.replace("tiny", "Tiny Suite"), GRID), 1, "name", "match pattern"),
        ((HEAD.replace('"naive"', "3"), GRID), 4, "methods.0", "valid dictionary"),
        ((HEAD, "data = 3\n", GRID), 5, "grid.0.data", "valid dictionary"),
        ((HEAD, "[training]\nclip = inf\n", GRID), 6, "grid.0.training.clip", "finite number"),
        ((HEAD, "[training]\nepochs = 0\n", GRID), 6, "grid.0.training.epochs", "greater than or equal to 1"),
        ((HEAD, "[training]\nschedule = 'x'\n", GRID), 6, "grid.0.training.schedule", "'linear', 'cosine'"),
        ((HEAD, GRID.replace("epochs = 5", "epochs = 0.5")), 8, "grid.0.models.0.epochs", "valid integer"),
        ((HEAD, GRID.replace('["nlp/sst2"]', '["x", "x"]')), 6, "grid.0.tasks", "'x' is listed twice"),
        ((HEAD, GRID.replace("[[grid]]", "[grid]")), 5, "grid", "valid list"),
    ],
)
def test_a_bad_value_is_told_with_file_line_and_key(
    parts: tuple[str, ...], line: int, key: str, what: str
) -> None:
    said = complaint(*parts)
    assert said.startswith(f"my.toml:{line}: key '{key}': ") and what in said
    assert said.endswith("See docs/reference/suites.md for the keys of a suite")


@pytest.mark.parametrize(
    ("parts", "line", "key"),
    [
        ((HEAD.replace('name = "tiny"\n', ""), GRID), 1, "name"),  # not the line of some model's name
        ((HEAD,), 1, "grid"),
        ((HEAD, GRID.replace('tasks = ["nlp/sst2"]\n', ""), GRID), 5, "grid.0.tasks"),
        ((HEAD, GRID, GRID.replace('tasks = ["nlp/sst2"]\n', "")), 13, "grid.1.tasks"),
        ((HEAD, GRID.replace('name = "a", ', "")), 7, "grid.0.models.0.name"),
        ((HEAD.replace('"naive"', "{ rate = 1 }"), GRID), 4, "methods.0.name"),
    ],
)
def test_a_missing_key_is_told_with_the_table_that_lacks_it(
    parts: tuple[str, ...], line: int, key: str
) -> None:
    assert complaint(*parts).startswith(f"my.toml:{line}: key '{key}': this key is missing")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("", 'teachers = ["z"]\n'), "'z' is not among this grid's models (a, b, c, d)"),
        (("", 'students = ["a", "y"]\n'), "'y' is not among this grid's models"),
        (('"b"', '"c"'), "a model is listed twice"),
        (("", 'teachers = ["d"]\n'), "no student is listed after a teacher"),
        (("", "students = []\n"), "no student is listed after a teacher"),
    ],
)
def test_a_grid_that_makes_no_sense_is_told_with_its_line(change: tuple[str, str], what: str) -> None:
    old, new = change
    bad = GRID.replace(old, new) if old else GRID + new
    said = complaint(HEAD, GRID.replace("sst2", "x"), bad)
    assert said.startswith("my.toml:13: key 'grid.1': ") and what in said
    assert "got {" not in said


def test_one_cell_in_two_grids_is_refused() -> None:
    said = complaint(HEAD, GRID, GRID.replace('"b",', ""))
    assert said.startswith("my.toml:1: two grids have task 'nlp/sst2' with 'a' teaching 'c'")
    assert suite(HEAD, GRID, GRID.replace("sst2", "other")).grid[1].tasks == ["nlp/other"]


def test_what_a_suite_says_cannot_be_changed() -> None:
    parsed = suite(HEAD, GRID)
    with pytest.raises(ValueError, match="frozen"):
        parsed.version = 3  # type: ignore[misc]
