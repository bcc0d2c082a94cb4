"""The starting file of a task: it works, its test passes, it is clean, and nothing is overwritten."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import w2s, well

from w2s_bench.contract import checks
from w2s_bench.errors import UserError
from w2s_bench.scaffold.task import named, new_task

DOMAINS, FORMS = ("nlp", "chess", "reward"), ("toml", "python")


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("domain", DOMAINS)
def test_the_starting_file_works(domain: str, form: str) -> None:
    done = well("new", "task", "my-reviews", "--domain", domain, "--form", form)
    file, data, test = done.stdout.split()
    assert test == "test_my_reviews.py" and data in ("my_reviews.csv", "my_reviews.jsonl")
    name = named(Path(file))
    assert f"w2s-bench check task {name}" in done.stderr
    assert well("check", "task", name).stdout
    assert f"name: {domain}/my-reviews" in well("show", name).stdout
    checks.check_task(name)


def test_its_test_passes(tmp_path: Path) -> None:
    well("new", "task", "mine")
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "test_mine.py"], capture_output=True, text=True
    )
    assert tested.returncode == 0 and "2 passed" in tested.stdout, tested.stdout


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_starting_files_are_clean(domain: str, tmp_path: Path) -> None:
    """As clean as our own: a reader copies them."""
    new_task("My reviews 2", domain, "python", tmp_path)  # type: ignore[arg-type]
    root = Path(__file__).parents[2]
    for command in (["check", "--extend-ignore", "D103"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--config", str(root / "pyproject.toml"), str(tmp_path)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_toml_takes_a_dozen_lines(tmp_path: Path) -> None:
    for domain in DOMAINS:
        path, *_ = new_task(f"of-{domain}", domain, "toml", tmp_path)  # type: ignore[arg-type]
        told = path.read_text().partition("[findings]")[0].splitlines()
        assert len([line for line in told if line.strip() and not line.startswith("#")]) <= 12


@pytest.mark.parametrize("name", ["", "2mine", "a/b", "mine!", "../up"])
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no name for a task"):
        new_task(name, "nlp", "toml", tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("there", ["mine.toml", "mine.csv", "test_mine.py"])
def test_nothing_is_overwritten(there: str, tmp_path: Path) -> None:
    (tmp_path / there).write_text("mine")
    done = w2s("new", "task", "mine")
    assert done.exit_code == 2 and "the file already exists" in done.stderr
    assert (tmp_path / there).read_text() == "mine" and len(list(tmp_path.iterdir())) == 1
