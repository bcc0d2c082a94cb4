"""A method of one's own: the starting file, the checks in words, and its row beside the built-ins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import SUITE, strict, w2s, well

from w2s_bench import api
from w2s_bench.errors import UserError
from w2s_bench.run import scheduler
from w2s_bench.run.executors import InlineExecutor
from w2s_bench.scaffold.method import check_method, named, new_method


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Jobs run in this process, and relative paths lie in a folder of the test."""
    monkeypatch.setattr(scheduler, "LocalExecutor", lambda workers: InlineExecutor())
    monkeypatch.chdir(tmp_path)


def test_the_starting_file_works_and_so_does_its_test(tmp_path: Path) -> None:
    done = well("new", "method", "sharp-labels")
    assert done.stdout.split() == ["sharp_labels.py", "test_sharp_labels.py"]
    assert "w2s-bench check method sharp_labels.py:SharpLabels" in done.stderr
    checked = well("check", "method", "sharp_labels.py:SharpLabels")
    assert checked.stdout.count("ok ") == 10 and "WRONG" not in checked.stdout
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "test_sharp_labels.py"], capture_output=True, text=True
    )
    assert tested.returncode == 0, tested.stdout


def test_the_starting_files_are_clean(tmp_path: Path) -> None:
    """As clean as our own: a reader copies them."""
    new_method("Sharp labels 2", tmp_path)
    root = Path(__file__).parents[2]
    for command in (["check", "--extend-ignore", "D103"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--config", str(root / "pyproject.toml"), str(tmp_path)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["", "2sharp", "a/b", "sharp!", "../up"])
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no name for a method"):
        new_method(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("# mine\n")
    done = w2s("new", "method", "mine")
    assert done.exit_code == 2 and "the file already exists" in done.stderr
    assert (tmp_path / "test_mine.py").read_text() == "# mine\n" and not (tmp_path / "mine.py").exists()


FAULTY = '''"""A method with a fault."""

from w2s_bench.method import Method, MethodCard, cross_entropy


class Mine(Method):
    card = MethodCard(title="Mine", paper="none", formula="CE")

    def learn(self, student, inputs):
        {learn}

    def loss(self, logits, weak, mask, context):
        return {loss}
'''
FIT, CE = "student.fit(inputs.weak)", "cross_entropy(logits, weak)"


def faulty(folder: Path, learn: str = FIT, loss: str = CE) -> str:
    (folder / "mine.py").write_text(FAULTY.format(learn=learn, loss=loss))
    return "mine.py:Mine"


@pytest.mark.parametrize(
    "learn, loss, told",
    [
        (FIT, "cross_entropy(logits, weak) * float('nan')", "the loss is nan"),
        (FIT, "cross_entropy(logits[:, :1], weak[:, :1])", "no gradient reaches the logits"),
        ("student.fit(inputs.weak[:, :1])", CE, "targets of shape"),
        ("student.fit(inputs.weak * 3)", CE, "targets do not sum to one"),
        ("student.use_probe(lambda view: view.mask * 1.0)", CE, "predictions do not sum to one"),
        ("student.use_probe(lambda view: view.mask[:3] / 2)", CE, "predictions of shape"),
        ("student.fit(inputs.prior)", CE, "reads 'prior' without declaring it"),
        ("student.fit(inputs.weak); student.predict()", CE, "asks for its own predictions without declaring"),
        ("raise ValueError('no idea')", CE, "learn() raised ValueError: no idea"),
        ("pass", CE, "of a toy problem where guessing gives"),
        ("student.fit(inputs.weak.flip(1))", CE, "of a toy problem where guessing gives"),
    ],
)
def test_faults_are_told_in_words(tmp_path: Path, learn: str, loss: str, told: str) -> None:
    name = faulty(tmp_path, learn, loss)
    wrong = [finding.wrong for finding in check_method(f"{tmp_path}/{name}") if finding.wrong]
    assert any(told in w for w in wrong), wrong


def test_a_faulty_method_exits_with_two(tmp_path: Path) -> None:
    name = faulty(tmp_path, loss="logits")
    done = w2s("check", "method", name)
    assert done.exit_code == 2 and "WRONG" in done.stdout
    assert "checks failed for mine.py:Mine" in done.stderr
    document = strict(w2s("check", "method", name, "--json").stdout)
    assert document["method"] == name and any("loss" in c["wrong"] for c in document["checks"] if c["wrong"])


def test_a_method_that_does_not_load_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("1 / 0\n")
    done = w2s("check", "method", "mine.py:Mine")
    assert done.exit_code == 2 and "ZeroDivisionError" in done.stderr and done.stdout == ""


def suite(folder: Path, text: str = SUITE) -> Path:
    path = folder / "tiny.toml"
    path.write_text(text.replace("seeds = [0, 1]", "seeds = [0]"))
    return path


def rows(document: dict) -> dict[str, dict]:
    return {row["method"]: row for row in document["rows"] if row["task"]}


def test_a_method_of_one_s_own_has_a_row(tmp_path: Path) -> None:
    paths = new_method("mine", tmp_path)
    file = suite(tmp_path)
    done = well("run", file, "--out", "out", "--json", "--method", named(paths[0]), "--method", "naive")
    found = rows(strict(done.stdout))
    assert found.keys() == {"naive", "confidence", "mine.py:Mine"}
    assert found["mine.py:Mine"]["student_accuracy"] is not None
    info = strict((tmp_path / "out" / "run.json").read_text())
    assert f"--method {paths[0]}:Mine --method naive" in info["command"]
    plain = strict(well("run", file, "--out", "plain", "--json").stdout)
    assert plain["suite_hash"] == info["suite_hash"] and plain["fits_run"] == 0
    assert (tmp_path / "out" / "entries").is_dir()


def test_a_relative_path_works_from_the_process_of_a_method(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("W2S_STORE", str(tmp_path / "store"))
    new_method("mine", tmp_path)
    done = well(
        "run", suite(tmp_path), "--out", "out", "--json", "--method", "mine.py:Mine", "--workers", "1"
    )
    assert rows(strict(done.stdout))["mine.py:Mine"]["failed"] is None


def test_a_failed_method_is_marked_and_the_rest_is_there(tmp_path: Path) -> None:
    name, file = faulty(tmp_path, loss="logits"), suite(tmp_path)
    done = w2s("run", file, "--out", "out", "--method", name)
    assert done.exit_code == 1
    summary = "failed: mine.py:Mine in 1 cell (nlp/polarity-generated): method Mine: loss() gave shape"
    assert summary in done.stderr
    assert "FAILED" in done.stderr and "naive" in done.stdout
    assert "failed: method Mine: loss() gave shape" in done.stdout
    table = (tmp_path / "out" / "table.md").read_text()
    assert "failed: method Mine" in table and (tmp_path / "out" / "figures").is_dir()
    document = strict(w2s("run", file, "--out", "out", "--method", name, "--json").stdout)
    (failure,) = document["failed"]
    assert (failure["method"], failure["cells"]) == ("mine.py:Mine", 1)
    row = rows(document)["mine.py:Mine"]
    assert row["failed"].startswith("method Mine") and row["student_accuracy"] is None and row["pgr"] is None
    assert row["teacher_accuracy"] == rows(document)["naive"]["teacher_accuracy"]
    faulty(tmp_path)
    mended = well("run", file, "--out", "out", "--method", name, "--json")
    document = strict(mended.stdout)
    assert document["failed"] == [] and document["fits_run"] == 1, "only what had failed"


def test_an_input_that_the_suite_does_not_offer_is_a_failed_cell(tmp_path: Path) -> None:
    text = SUITE.replace('"confidence"]', '{ name = "oracle-early-stopping", labels = 5000 }]')
    done = w2s("run", suite(tmp_path, text), "--out", "out", "--json")
    assert done.exit_code == 1
    row = rows(strict(done.stdout))["oracle-early-stopping"]
    assert row["failed"] == (
        "asks for what the suite does not offer: 5000 gold labels, where the teacher half has 30"
    )
    assert row["uses_gold"] and row["reference"]


def test_all_is_everything_registered(tmp_path: Path) -> None:
    from w2s_bench.registry.items import items

    document = strict(well("plan", suite(tmp_path), "--method", "all", "--json").stdout)
    planned = {job["method"] for job in document["jobs"] if job["kind"] == "fit"}
    assert {"strong-to-strong", "reliability", "linear-probe", "majority"} <= planned
    made = api.plan_suite(str(tmp_path / "tiny.toml"), api.RunSettings(), ["all"])[2]
    rows_of = {cell.method for cell in made.cells}
    assert rows_of >= items("method").keys() - {"generative", "zero-shot", "random-init"}


def test_grids_that_show_size_stay_as_they_are() -> None:
    from w2s_bench.plan.extra_methods import with_methods
    from w2s_bench.suite import load_suite

    quick = load_suite("quick")[0]
    more = with_methods(quick, ["linear-probe", "naive", "ceiling"])
    for before, after in zip(quick.grid, more.grid, strict=True):
        assert (before == after) == (before.methods == ["naive"])
        if before != after:
            assert after.methods == [*(before.methods or []), "linear-probe"]
    assert more.references == [*quick.references, "ceiling"] and with_methods(quick, []) == quick
