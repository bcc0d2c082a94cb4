"""Bundles: what submit writes is scored the same by verify, and nothing else is taken."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzz.bundles import fuzz
from support.bundle_mutations import canonical, open_, sealed
from support.commands import SUITE, refused, strict, w2s, well

from w2s_bench.data.splits import draw_test, make_split
from w2s_bench.errors import StoreError, UserError
from w2s_bench.leaderboard import commands
from w2s_bench.report.load import load_table
from w2s_bench.results.run_folder import load_run
from w2s_bench.run import scheduler
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.store.local import Store
from w2s_bench.submission.archive import CELLS, CODE, FITS, LARGEST_BUNDLE, MANIFEST, pack, read, unpack
from w2s_bench.submission.bundle import submit
from w2s_bench.submission.manifest import plain
from w2s_bench.submission.standard import read_standard, standard_of
from w2s_bench.submission.verify import Verified, verify, verify_members
from w2s_bench.suite import Data, load_suite, parse_suite
from w2s_bench.task import load_task

GOLDEN = Path(__file__).parents[1] / "golden" / "bundle-1"
OWN = '''"""A method of one's own."""

from pathlib import Path

from w2s_bench.method import Method, MethodCard, harden


class Mine(Method):
    """Hard labels."""

    card = MethodCard(title="Mine", paper="none", formula="none")

    def targets(self, weak):
        """One-hot."""
        return harden(weak)
'''


@dataclass(frozen=True)
class Made:
    """A small run with a method of one's own, its bundles and the standard of its suite."""

    root: Path
    suite: Path
    run: Path
    store: Path
    gold: Path

    def bundle(self, method: str) -> Path:
        (path,) = (self.run / "bundles").glob(f"{method}*.zip")
        return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("bundles")
    made = Made(root, root / "tiny.toml", root / "run", root / "store", root / "gold")
    made.suite.write_text(SUITE.replace("data =", 'references = ["zero-shot", "weak-copy"]\ndata =', 1))
    (root / "mine.py").write_text(OWN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scheduler, "LocalExecutor", lambda workers: InlineExecutor())
        patch.chdir(root)
        well("run", "tiny.toml", "--out", "run", "--store", "store", "--method", "mine.py:Mine")
        well("submit", "run", "--tuning", "7")
        well("board", "gold", "tiny.toml", "--out", "gold", "--store", "store")
    return made


def judged(data: bytes, gold: Path = GOLDEN / "standard") -> Verified:
    standard = read_standard(gold)
    return verify_members(unpack(data, "b.zip"), "b.zip", lambda manifest, where: standard)


def golden(name: str = "confidence") -> bytes:
    return (GOLDEN / f"{name}.zip").read_bytes()


def edited(data: bytes, file: str, change: Any, line: int = 0) -> bytes:
    """A bundle in which ``change`` was done to one JSON object, sealed again."""
    members = open_(data)
    lines = members[file].splitlines(keepends=True)
    value = json.loads(lines[line])
    change(value)
    lines[line] = canonical(value)
    members[file] = b"".join(lines)
    return pack(members) if file == MANIFEST else sealed(members)


def put(*path: str, to: Any) -> Any:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = to

    return change


# What was submitted once


SCORES = {  # teacher, student, ceiling accuracy
    ("confidence", "nlp/polarity-generated"): (0.51875, 0.35, 0.875),
    ("confidence", "chess/tactics-generated"): (0.18125, 0.025, 0.3),
    ("mine.py:Mine", "nlp/polarity-generated"): (0.51875, 0.55, 0.875),
    ("mine.py:Mine", "chess/tactics-generated"): (0.18125, 0.175, 0.3),
}


@pytest.mark.parametrize("name", ["confidence", "own-method"])
def test_a_bundle_of_the_first_schema_scores_the_same_for_ever(name: str) -> None:
    done = judged(golden(name))
    cells = [row for row in done.rows if row.task is not None]
    assert len(cells) == 2 and len(done.rows) == 6
    for row in cells:
        assert (row.teacher_accuracy, row.student_accuracy, row.ceiling_accuracy) == pytest.approx(
            SCORES[row.method, str(row.task)]
        )
        assert row.over_naive is not None and row.over_zero_shot is not None and row.group is None
    assert done.manifest.method.tuning == 12 and done.manifest.suite.name == "golden-bundle"


# What is submitted now


def test_verify_computes_the_rows_of_the_report(made: Made) -> None:
    _, rows = load_table(made.run)
    for path in (made.run / "bundles").iterdir():
        done = judged(path.read_bytes(), made.gold)
        told = {"brier_score": None, "calibration_error": None}  # picks do not tell how sure a fit was
        mine = [replace(r, group=None, **told) for r in rows if r.method == done.manifest.method.label]
        assert done.rows == mine and mine
        assert done.manifest.method.tuning == 7 and done.manifest.cost_seconds > 0


def test_one_bundle_a_method_and_none_for_reference_rows(made: Made) -> None:
    found = [json.loads(read(p)[MANIFEST])["method"] for p in (made.run / "bundles").iterdir()]
    assert {m["label"]: m["own"] for m in found} == {
        "naive": False,
        "confidence": False,
        "mine.py:Mine": True,
    }
    assert read(made.bundle("mine"))[CODE] == OWN.encode()
    assert CODE not in read(made.bundle("naive"))


def test_equal_folders_give_equal_bytes(made: Made, tmp_path: Path) -> None:
    again = shutil.copytree(made.run, tmp_path / "again", ignore=shutil.ignore_patterns("bundles"))
    (one,) = submit(again, ["confidence"], tmp_path / "one.zip", tuning=7)
    assert one.path.read_bytes() == made.bundle("confidence").read_bytes()


def test_the_verbs(made: Made, tmp_path: Path) -> None:
    said = strict(well("submit", made.run, "--method", "naive", "--out", tmp_path / "n.zip", "--json").stdout)
    assert said["bundles"][0]["bytes"] == (tmp_path / "n.zip").stat().st_size
    told = well("board", "verify", tmp_path / "n.zip", "--gold", made.gold).stdout
    assert "naive on tiny, version 1: 4 cells and 8 fits hold; tier: claimed" in told
    arguments = ("board", "verify", tmp_path / "n.zip", "--gold", made.gold, "--store", made.store, "--json")
    document = strict(well(*arguments).stdout)
    assert document["fits_compared"] == document["fits"] == 8 and len(document["rows"]) >= 2


def test_a_suite_that_is_not_shipped_is_refused_without_its_gold(made: Made, tmp_path: Path) -> None:
    refused(w2s("board", "verify", made.bundle("naive")), ["manifest.json", "suite.hash", "--gold"], tmp_path)


def test_the_installed_plan_gives_the_same_keys(made: Made) -> None:
    suite, text = load_suite(str(made.suite))
    standard = standard_of(suite, text, ["confidence"], None, made.store)
    assert verify(made.bundle("confidence"), lambda manifest, where: standard).rows
    drawn = standard_of(suite, text, [], None)
    for task, test in drawn.tests.items():
        assert test.items == standard.tests[task].items
        assert (test.gold == standard.tests[task].gold).all()


def test_a_shipped_suite_needs_no_gold(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite is found by its hash, planned, and its test sets are drawn."""
    suite, text = load_suite(str(made.suite))
    monkeypatch.setattr(
        commands, "shipped_suite", lambda wanted: (suite, text) if wanted == suite.hash else None
    )
    for path in (made.run / "bundles").iterdir():
        assert "hold; tier: claimed" in well("board", "verify", path).stdout


def test_fits_that_the_store_has_must_agree(made: Made, tmp_path: Path) -> None:
    store = Store(shutil.copytree(made.store, tmp_path / "other"))
    key = load_run(made.run).cells[0].teacher_key
    arrays = store.open("fit", key).arrays("test")
    shutil.rmtree(store.folder("fit", key))
    with store.write("fit", key) as draft:
        draft.arrays("test", {"probabilities": np.ascontiguousarray(arrays["probabilities"][:, ::-1])})
    done = w2s("board", "verify", made.bundle("naive"), "--gold", made.gold, "--store", tmp_path / "other")
    refused(done, [key, "answers otherwise"], tmp_path)


def test_submit_refuses_what_it_cannot_stand_for(made: Made, tmp_path: Path) -> None:
    for words, arguments in (
        (["no method 'nobody'", "naive"], ("submit", made.run, "--method", "nobody")),
        (["3 methods for one file"], ("submit", made.run, "--out", tmp_path / "out")),
        (["no run in this folder"], ("submit", tmp_path)),
        (["no tuning budget"], ("submit", made.run, "--tuning", "much")),
        (["mine.py", "started in"], ("submit", made.run, "--method", "mine.py:Mine")),
    ):
        refused(w2s(*arguments), words, tmp_path)


def test_code_that_was_changed_after_the_run_is_not_submitted(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever clocks and times of files say: what its code does decides."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(OWN + "\nCHANGED = 1\n")
    for time in (0, 4e9):
        os.utime(tmp_path / "mine.py", (time, time))
        with pytest.raises(UserError, match="changed after the run"):
            submit(made.run, ["mine.py:Mine"], tmp_path / "mine.zip")
    (tmp_path / "mine.py").write_text(OWN)
    for time in (0, 4e9):
        os.utime(tmp_path / "mine.py", (time, time))
        submit(made.run, ["mine.py:Mine"], tmp_path / "mine.zip", tuning=7)
        assert (tmp_path / "mine.zip").read_bytes() == made.bundle("mine").read_bytes()


def test_a_run_that_does_not_tell_its_code_is_not_submitted_with_code(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = shutil.copytree(made.run, tmp_path / "old")
    told = json.loads((old / "run.json").read_text())
    assert list(told.pop("own_code")) == ["mine.py:Mine"]
    (old / "run.json").write_text(json.dumps(told))
    monkeypatch.chdir(made.root)
    with pytest.raises(UserError, match=r"is not recorded in run.json"):
        submit(old, ["mine.py:Mine"], tmp_path / "mine.zip")


def test_a_cell_that_failed_says_why_and_is_a_row(made: Made, tmp_path: Path) -> None:
    """A missing cell with a reason is taken; its other seeds are not scored either."""
    folder = shutil.copytree(made.run, tmp_path / "run")
    lines = [json.loads(s) for s in (folder / "cells.jsonl").read_text().splitlines()]
    lost = next(c for c in lines if c["method"] == "confidence")
    lost["failed"] = "loss is <nan> at step 3 & that's it"
    (folder / "cells.jsonl").write_bytes(b"".join(map(canonical, lines)))
    (written,) = submit(folder, ["confidence"])
    (row, *_) = judged(written.path.read_bytes(), made.gold).rows
    assert row.failed == "loss is (nan) at step 3 ’ that’s it" and row.student_accuracy is None


# What is refused


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        (MANIFEST, put("schema_version", to=2), "'schema_version': 2 was written by a newer w2s-bench"),
        (MANIFEST, put("schema_version", to=0), "schema_version"),
        (MANIFEST, put("method", "label", to="<b>x</b>"), "method.label"),
        (MANIFEST, put("method", "label", to="naive"), "cells.jsonl"),
        (MANIFEST, put("method", "code", to="0" * 16), "method.code"),
        (MANIFEST, put("method", "name", to="naive"), "method.name"),
        (MANIFEST, put("method", "uses_gold", to=True), "method.uses_gold"),
        (MANIFEST, put("method", "options", to={"alpha": 0.1}), "method.options"),
        (MANIFEST, put("suite", "hash", to="0" * 32), "suite.hash"),
        (MANIFEST, put("suite", "version", to=2), "suite.version"),
        (MANIFEST, put("suite", "toml", to='name = "golden-bundle"\n'), "suite.toml"),
        (MANIFEST, put("suite", "toml", to="x = " + "[" * 9000), "suite.toml"),
        (MANIFEST, put("device", to="=cmd()"), "device"),
        (MANIFEST, put("seeds", to=[0]), "seeds"),
        (MANIFEST, put("items", "nlp/polarity-generated", to="0" * 32), "items"),
        (MANIFEST, put("cost_seconds", to=0.0), "cost_seconds"),
        (MANIFEST, put("files", "../evil", to="0" * 64), "files"),
        (CELLS, put("teacher_key", to="0" * 32), "teacher_key"),
        (CELLS, put("ceiling_key", to="0" * 32), "ceiling_key"),
        (CELLS, put("student_key", to="0" * 32), "student_key"),
        (CELLS, put("options", to={}), "options"),
        (CELLS, put("uses_gold", to=True), "uses_gold"),
        (CELLS, put("seed", to=7), "a cell is missing"),
        (FITS, put("accuracy", to=1.0), "accuracy"),
        (FITS, put("answers", to="0" * 32), "answers"),
        (FITS, put("n_test", to=79), "n_test"),
        (FITS, put("task", to="nlp/cola"), "task"),
        (FITS, put("key", to="0" * 32), "a fit is missing"),
    ],
)
def test_an_edited_field_is_refused_by_its_name(file: str, change: Any, words: str) -> None:
    with pytest.raises(StoreError) as caught:
        judged(edited(golden(), file, change))
    assert words in str(caught.value) and caught.value.expected and caught.value.mend


def test_a_student_of_ones_own_is_no_other_fit() -> None:
    data = golden("own-method")
    cells = [json.loads(s) for s in open_(data)[CELLS].splitlines()]
    mine = [i for i, c in enumerate(cells) if c["method"] == "mine.py:Mine"]
    naive = [c for c in cells if c["method"] == "naive"]
    first = cells[mine[0]]
    foreign = next(c for c in naive if (c["task"], c["seed"]) != (first["task"], first["seed"]))
    for key in (
        first["ceiling_key"],
        first["teacher_key"],
        cells[mine[1]]["student_key"],
        foreign["student_key"],
    ):
        with pytest.raises(StoreError, match="another fit's"):
            judged(edited(data, CELLS, put("student_key", to=key), mine[0]))


def test_the_code_of_a_bundle_is_never_run(made: Made, tmp_path: Path) -> None:
    members = open_(golden("own-method"))
    members[CODE] = f"open({str(tmp_path / 'evil')!r}, 'w')\nraise SystemExit\n".encode()
    head = json.loads(open_(sealed(members))[MANIFEST])
    head["method"]["code"] = head["files"][CODE]
    assert judged(pack(members | {MANIFEST: canonical(head)})).rows
    assert not (tmp_path / "evil").exists()


def test_large_and_strange_files_are_not_read(tmp_path: Path) -> None:
    large, pipe = tmp_path / "large.zip", tmp_path / "pipe"
    with large.open("wb") as stream:
        stream.truncate(1 << 30)
    os.mkfifo(pipe)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path, words in (
        (large, f"at most {LARGEST_BUNDLE >> 20} MiB"),
        (pipe, "no plain file"),
        (tmp_path, "no plain file"),
        (tmp_path / "loop", "cannot be read"),
        (tmp_path / "none", "cannot be read"),
    ):
        with pytest.raises(StoreError, match=words):
            read(path)


def test_free_text_is_made_plain() -> None:
    assert plain("=1+1 <b>\x00\n") == "1+1 (b)"
    assert plain("") == "no reason was given" and len(plain("x" * 999)) == 300


def test_a_damaged_standard_is_refused(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "standard", tmp_path / "gold")
    (tmp_path / "gold" / "tests.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="board gold SUITE"):
        read_standard(tmp_path / "gold")


@pytest.mark.parametrize("name", ["nlp/polarity-generated", "chess/tactics-easy-to-hard"])
def test_a_test_set_alone_is_that_of_every_split(name: str) -> None:
    task, data = load_task(name), Data(teacher=40, transfer=40, validation=0, test=50)
    whole, alone = make_split(task, data, 5, None)["test"], draw_test(task, 50, None)
    assert [i.id for i in whole.items] == [i.id for i in alone.items]
    assert (whole.gold == alone.gold).all()


def test_mutated_bundles_are_refused_or_mean_the_same() -> None:
    """The short form of ``PYTHONPATH=tests python -m fuzz.bundles``."""
    outcome = fuzz(300, seed=1)
    assert not outcome.failures
    assert sum(outcome.counts.values()) == 300 and outcome.memory_mib < 100


def test_a_suite_without_naive_has_shared_ends() -> None:
    text = SUITE.replace('["naive", "confidence"]', '["confidence"]')
    standard = standard_of(parse_suite(text, "tiny.toml"), text, ["mine.py:Mine"], None)
    (wanted, *_) = standard.expected("mine.py:Mine")
    assert standard.ends(wanted[0], 0).teacher_key
    assert {method for _, method, _ in standard.expected("mine.py:Mine")} == {"mine.py:Mine"}
