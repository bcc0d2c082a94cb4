"""Write the reference pages that are made from code: ``python docs/generate.py``; ``--check`` only compares.

``methods.md`` and ``cli.md`` are generated whole. In ``tasks.md`` and ``suites.md`` only the tables between
``<!-- generated: NAME -->`` and ``<!-- end -->`` are; the prose around them is written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from w2s_bench.cli.main import main
from w2s_bench.method import Method, load_method
from w2s_bench.registry.items import items, suites
from w2s_bench.suite import load_suite
from w2s_bench.task import Task, load_task
from w2s_bench.tuning.figures import draw
from w2s_bench.tuning.record import Tuned, shipped
from w2s_bench.tuning.text import curve_lines

COMMAND = "python docs/generate.py"
KINDS = {
    "method": "Methods that train a student",
    "reference": "Reference rows",
    "oracle": "Oracle rows: they see gold labels, and every table says so",
}
METHODS_HEAD = f"""# Methods

Every registered method: its formula, what was checked against its source, its inputs, options and defaults.
Made from the methods' cards by `{COMMAND}`; `w2s-bench show NAME` prints one card. How the defaults were
chosen and what the curves mean: [tuning](../explanation/tuning.md).
"""
CLI_HEAD = f"""# Command line

Every command and its options, as `--help` prints them. Made by `{COMMAND}`.

Results go to standard output, progress to standard error. Commands that print results take `--json`: one
document on standard output.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | a method or a check failed; everything else is there |
| 2 | the command or its input is wrong; one line on standard error says what and how to mend it |
| 130 | stopped by Ctrl-C; the same command goes on from there |
"""
BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def methods_page() -> str:
    """The page of methods: card, inputs, options, how the defaults were chosen."""
    loaded = {i.name: load_method(i.name) for i in items("method").values() if i.error is None}
    parts = [METHODS_HEAD]
    for kind, title in KINDS.items():
        parts.append(f"## {title}\n")
        parts += ["\n".join(_method(name, m)) + "\n" for name, m in loaded.items() if m.kind == kind]
    return "\n".join(parts)


def _method(name: str, method: Method) -> Iterator[str]:
    card = method.card
    yield f"### {name}\n"
    yield f"{card.title}. {card.paper}.\n"
    yield f"- Formula: {card.formula}"
    facts = {"Checked": card.checked, "Beyond two classes": card.generalises, "Cost": card.cost}
    for label, text in facts.items():
        if text:
            yield f"- {label}: {text}"
    yield f"- Inputs: {', '.join(sorted(method.inputs))}"
    for option, schema in type(method).Options.model_json_schema().get("properties", {}).items():
        yield f"- Option `{option}`: {_range(schema)}"
    search = shipped(name)
    if search is not None:
        yield from _search(search)


def _range(schema: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {schema[key]:g}" for key, sign in signs.items() if key in schema]
    bounds += [" or ".join(map(repr, schema["enum"]))] if "enum" in schema else []
    return ", ".join([f"default {schema.get('default')!r}", *bounds])


def _search(search: Tuned) -> Iterator[str]:
    """The trials of a search, in the order of each option."""
    lead, needed = 100 * search.lead, 100 * search.needed
    yield f"\n{search.budget} trials; the best leads the first by {lead:.1f} points, needed {needed:.1f}.\n"
    yield "```"
    for option in search.searched:
        yield option
        yield from curve_lines(search, option)
    yield "```"


def cli_page() -> str:
    """The page of the command line: the help text of every command."""
    context = main.make_context("w2s-bench", [], resilient_parsing=True, terminal_width=100)
    return "\n".join([CLI_HEAD, *(f"{part}\n" for part in _help(context, 2))])


def _help(context: click.Context, level: int) -> Iterator[str]:
    command = context.command
    yield f"{'#' * level} {context.command_path}\n\n```\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for word in sorted(command.commands):
            child = command.commands[word].make_context(word, [], parent=context, resilient_parsing=True)
            yield from _help(child, 2 if context.parent is None else 3)


def tasks_table(domain: str) -> str:
    """The tasks of a domain: title, options, source, what may be chosen on them, companions, suites."""
    tasks = {name: load_task(name) for name in sorted(items("task")) if name.startswith(f"{domain}/")}
    used = {name: _suites_with(name) for name in tasks}
    lines = ["| task | what is asked | options | from | standing | companions | suites |", "|---" * 7 + "|"]
    lines += [f"| {' | '.join(_task(name, task))} | {used[name]} |" for name, task in tasks.items()]
    return "\n".join(lines)


def _task(name: str, task: Task) -> list[str]:
    card = task.card
    own = {"chess": "legal moves", "reward": "2 completions"}.get(card.domain, "its own")
    standing = "test only" if card.test_only else card.standing
    companions = ", ".join(f"`{c}`" for c in card.companions) or "–"
    source = re.split(r"[,;]", card.source.removeprefix("hub "))[0] + _revision(task)
    title = card.title.replace("|", "\\|")
    return [f"`{name}`", title, str(len(card.classes) or own), source, standing, companions]


def _revision(task: Task) -> str:
    """Empty for a source that is pinned to a commit or needs none, else what stands in its place."""
    source: Any = task.source
    while hasattr(source, "source"):
        source = source.source
    revision = getattr(source, "revision", None)
    return "" if revision is None or re.fullmatch("[0-9a-f]{40}", revision) else f" ({revision})"


def _suites_with(task: str) -> str:
    named = [name for name in sorted(suites()) if any(task in g.tasks for g in load_suite(name)[0].grid)]
    return ", ".join(named) or "–"


def suites_table() -> str:
    """The shipped suites: what each runs and what it costs, from the first lines of its file."""
    lines = ["| suite | what it runs | cost |", "|---|---|---|"]
    for name, item in sorted(suites().items()):
        comment = []
        for line in item.path.read_text("utf8").splitlines()[1:]:
            if not line.startswith("# "):
                break
            comment.append(line.removeprefix("# "))
        lines.append(f"| `{name}` | {item.summary} | {' '.join(comment).removeprefix('Cost: ')} |")
    return "\n".join(lines)


def with_tables(page: str) -> str:
    """A page with the content of its generated blocks made again."""
    tables = {
        "suites": suites_table,
        "nlp-tasks": lambda: tasks_table("nlp"),
        "chess-tasks": lambda: tasks_table("chess"),
        "reward-tasks": lambda: tasks_table("reward"),
    }
    return BLOCK.sub(lambda m: f"{m[1]}{tables[m[2]]()}\n{m[3]}", page)


def pages(docs: Path) -> dict[Path, str]:
    """Every generated page below ``docs``, and its text as the code would make it now."""
    reference = docs / "reference"
    mixed = [reference / "tasks.md", reference / "suites.md"]
    whole = {reference / "methods.md": methods_page(), reference / "cli.md": cli_page()}
    return whole | {path: with_tables(path.read_text("utf8")) for path in mixed}


def write(docs: Path) -> list[Path]:
    """Write the generated pages and the figure of the searches; return the paths written."""
    made = pages(docs)
    for path, text in made.items():
        path.write_text(text, "utf8")
    searches = [s for item in items("method").values() if (s := shipped(item.name)) is not None]
    return [*made, *draw(searches, docs / "figures" / "sensitivity")]


def outdated(docs: Path) -> list[str]:
    """Names of the generated pages whose text the code would no longer write."""
    return [page.name for page, text in pages(docs).items() if page.read_text("utf8") != text]


if __name__ == "__main__":
    here = Path(__file__).parent
    if sys.argv[1:] == ["--check"]:
        if names := outdated(here):
            sys.exit(f"out of date: {', '.join(names)}. Run {COMMAND}")
    else:
        print(*write(here), sep="\n")
