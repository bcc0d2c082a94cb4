"""What the pages say exists: verbs, options, names, links, files, and the code in them."""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from w2s_bench.audit.audit import NAMES
from w2s_bench.cli.main import main
from w2s_bench.contract import checks
from w2s_bench.data.toml_task.spec import Spec
from w2s_bench.registry.items import items, suites
from w2s_bench.suite import parse_suite
from w2s_bench.task import load_task

ROOT = Path(__file__).parents[2]
PAGES = [
    p
    for p in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("leaderboards/**/*.md"))
    if p.is_file()
]
SHOWN = [pytest.param(p, id=str(p.relative_to(ROOT))) for p in sorted(PAGES)]
PLACEHOLDER = re.compile(r"^[A-Z][A-Z_]*$|^<.*>$|^path/to/|…|^\.\.\.$")


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """(language, content) of the fenced blocks."""
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield match[1], match[2]


def commands(text: str) -> Iterator[list[str]]:
    """Calls of w2s-bench in fenced blocks and between backticks, as words."""
    lines = [line for _, block in blocks(text) for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in lines:
        found = re.match(
            r"^\s*(?:\$ )?(?:\S*/)?w2s-bench (.*)$", re.split(r"\s{2,}", line.strip())[0]
        )  # then a remark
        if found:
            yield shlex.split(found[1], comments=True)


def names() -> set[str]:
    """Everything that ``show`` knows."""
    return {n for kind in ("task", "method", "model") for n in items(kind)} | set(suites())  # type: ignore[arg-type]


def test_there_are_pages_with_commands() -> None:
    found = [c for page in PAGES for c in commands(page.read_text("utf8"))]
    assert len(found) > 5 and (ROOT / "README.md") in PAGES


@pytest.mark.parametrize("page", SHOWN)
def test_commands_exist(page: Path) -> None:
    for words in commands(page.read_text("utf8")):
        said = f"w2s-bench {' '.join(words)}"
        if words[0].startswith("-") or PLACEHOLDER.search(words[0]):
            continue
        assert words[0] in main.commands, f"no verb {words[0]!r}: {said}"
        verb = main.commands[words[0]]
        if isinstance(verb, click.Group) and len(words) > 1:
            assert words[1] in verb.commands, f"no verb {words[1]!r} of that group: {said}"
            verb = verb.commands[words[1]]
        known = {o for p in verb.params for o in p.opts} | {"--help", "-h"}
        for option in (w.partition("=")[0] for w in words if w.startswith("-")):
            assert option in known, f"no option {option}: {said}"
        named = words[1] if len(words) > 1 and not words[1].startswith("-") else None
        if named is None or PLACEHOLDER.search(named):
            continue
        if words[0] in ("run", "plan"):
            assert named in suites() or named.endswith(".toml"), f"no suite {named!r}: {said}"
        if words[0] == "list":
            assert named in ("tasks", "methods", "models", "suites"), said
        if words[0] == "show":
            own = named.endswith(".toml") or ".py:" in named
            assert own or named.partition(":")[0] in names(), f"nothing is called {named!r}: {said}"


@pytest.mark.parametrize("page", SHOWN)
def test_names_of_tasks_exist(page: Path) -> None:
    """``nlp/…``, ``chess/…`` and ``reward/…`` between backticks or quotes are tasks."""
    text = page.read_text("utf8")
    text = re.sub(r"^ +name=\".*\",$", "", text, flags=re.MULTILINE)  # a card in an example
    for name in re.findall(r"[`\"]((?:nlp|chess|reward)/[a-z0-9-]+)[`\"]", text):
        assert name in items("task"), f"no task {name!r}"


@pytest.mark.parametrize("page", SHOWN)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target} leads nowhere"
        if anchor:
            heads = re.findall(r"^#+ (.*)$", there.read_text("utf8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}
            assert anchor in slugs, f"{target}: no such heading"


@pytest.mark.parametrize("page", SHOWN)
def test_make_targets_and_files_exist(page: Path) -> None:
    text = page.read_text("utf8")
    makefile = (ROOT / "Makefile").read_text("utf8")
    code = "\n".join([*(block for _, block in blocks(text)), *re.findall(r"`([^`\n]+)`", text)])
    for target in re.findall(r"^\s*(?:\$ )?make ([a-z-]+)", code, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"no target {target!r}"
    for module in re.findall(r"python -m (w2s_bench[\w.]*)", code):
        path = Path(*module.split(".")[1:])
        places = [ROOT / "w2s_bench" / path, ROOT / path]
        assert any(p.is_dir() or p.with_suffix(".py").is_file() for p in places), f"no module {module}"


@pytest.mark.parametrize("page", SHOWN)
def test_code_in_the_pages_is_sound(page: Path) -> None:
    """Python parses and imports what exists; TOML parses; a whole suite validates."""
    for language, block in blocks(page.read_text("utf8")):
        if language == "python":
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("w2s_bench"):
                    wanted = [alias.name for alias in node.names]
                    module = __import__(node.module or "", fromlist=wanted)  # submodules too
                    assert all(hasattr(module, name) for name in wanted), ast.unparse(node)
        if language == "toml":
            document = tomllib.loads(block)
            if "grid" in document and "seeds" in document:
                parse_suite(block, str(page))


@pytest.mark.parametrize("page", SHOWN)
def test_files_of_the_repository_exist(page: Path) -> None:
    """Paths between backticks that begin with one of its folders, with a test's name behind some."""
    folders = "w2s_bench|tasks|tests|docs|benchmarks|leaderboards"
    text = re.sub(r"```.*?```", "", page.read_text("utf8"), flags=re.DOTALL)
    for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", text):
        assert (ROOT / path).exists(), f"{path} is not there"
    for path in re.findall(r"\b(tests/[\w/]+\.py)", text):
        assert (ROOT / path).is_file(), f"{path} is not there"
    for path, name in re.findall(r"\b(tests/[\w/]+\.py)`? `(test_\w+)`", text):
        assert f"def {name}(" in (ROOT / path).read_text("utf8"), f"no {name} in {path}"


def examples_of_methods() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for language, block in blocks(page.read_text("utf8")):
            if language == "python" and re.search(r"^class \w+\(Method\):", block, re.MULTILINE):
                yield page, block


@pytest.mark.parametrize("page, block", [pytest.param(p, b, id=p.name) for p, b in examples_of_methods()])
def test_methods_in_the_pages_hold_the_contract(page: Path, block: str, tmp_path: Path) -> None:
    from w2s_bench.scaffold.method import check_method

    (tmp_path / "example.py").write_text(block)
    (name,) = re.findall(r"^class (\w+)\(Method\):", block, re.MULTILINE)
    wrong = {f.check: f.wrong for f in check_method(f"{tmp_path}/example.py:{name}") if f.wrong}
    assert not wrong


def test_a_loss_method_takes_twenty_lines() -> None:
    """Code lines of the class in the guide, without docstrings, comments and blank lines."""
    guide = (ROOT / "docs" / "how-to" / "write-a-method.md").read_text("utf8")
    block = next(b for lang, b in blocks(guide) if lang == "python")
    (body,) = (node for node in ast.parse(block).body if isinstance(node, ast.ClassDef))
    for node in ast.walk(body):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            del node.body[0]
    lines = ast.unparse(body).splitlines()
    assert len([line for line in lines if line.strip()]) <= 20


def test_the_guide_goes_from_nothing_to_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commands and files, in its order, in an empty folder; the suite is the guide's small one."""
    guide = (ROOT / "docs" / "how-to" / "write-a-method.md").read_text("utf8")
    found = list(blocks(guide))
    said = [shlex.join(words) for words in commands(guide)]
    python, toml = ([b for lang, b in found if lang == kind] for kind in ("python", "toml"))
    new, check, _, small = said[:4]
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    assert runner.invoke(main, shlex.split(new)).exit_code == 0
    assert runner.invoke(main, shlex.split(check)).exit_code == 0
    (tmp_path / "sharp_labels.py").write_text(python[0])
    (tmp_path / "small.toml").write_text(toml[0])
    done = runner.invoke(main, [*shlex.split(small), "--workers", "1", "--json"])
    assert done.exit_code == 0, done.stderr
    rows = {r["method"]: r for r in json.loads(done.stdout)["rows"] if r["task"]}
    assert rows.keys() == {"naive", "zero-shot", "shuffled-labels", "sharp_labels.py:SharpLabels"}
    assert rows["sharp_labels.py:SharpLabels"]["student_accuracy"] is not None
    assert "sharp_labels.py:SharpLabels" in (tmp_path / "runs" / "small" / "table.txt").read_text("utf8")


def test_the_guide_goes_from_rows_of_ones_own_to_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands and files, in its order, in an empty folder."""
    guide = (ROOT / "docs" / "how-to" / "write-a-task.md").read_text("utf8")
    found = list(blocks(guide))
    (python,), (sheet,) = ([b for lang, b in found if lang == kind] for kind in ("python", "csv"))
    tickets, small, findings = (b for lang, b in found if lang == "toml")
    new, check, run = list(map(shlex.join, commands(guide)))[:3]
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    for command in (new, check):
        done = runner.invoke(main, shlex.split(command))
        assert done.exit_code == 0, done.output
    (tmp_path / "small.toml").write_text(small)
    done = runner.invoke(main, [*shlex.split(run), "--workers", "1", "--json"])
    assert done.exit_code == 0, done.stderr
    rows = {r["method"]: r for r in json.loads(done.stdout)["rows"] if r["task"]}
    assert rows.keys() == {"naive", "zero-shot"} and rows["naive"]["task"] == "my_reviews.toml"
    (tmp_path / "short.py").write_text(python)
    checks.check_task("short.py:TASK")
    (tmp_path / "tickets.csv").write_text(sheet)
    (tmp_path / "tickets.toml").write_text(f"{tickets}\n{findings}")
    task = load_task("tickets.toml")
    assert task.card.findings[0][0] == "bag of words"
    built = [task.build(row) for row in task.rows("train", None)]
    assert [(e.options[e.gold], e.group) for e in built] == [("can wait", "17"), ("urgent", "23")]


def test_the_guide_names_every_check_and_every_key() -> None:
    guide = (ROOT / "docs" / "how-to" / "write-a-task.md").read_text("utf8")
    for key in Spec.model_fields:
        assert f"`{key}`" in guide or f"[{key}]" in guide or f"{key} = " in guide, key
    for check in NAMES - {"most common destination"}:
        assert check in guide, f"no word on the check {check!r}"


def test_the_two_commands_stand_at_the_top_of_the_readme() -> None:
    top = (ROOT / "README.md").read_text("utf8").splitlines()[:30]
    assert any("make quick" in line for line in top) and any("make test" in line for line in top)


def test_the_change_log_names_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]["version"]
    assert re.search(rf"^## \[?{re.escape(version)}", (ROOT / "CHANGELOG.md").read_text("utf8"), re.MULTILINE)
