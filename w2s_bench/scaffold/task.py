"""Scaffold of tasks: a task that works, data for the author to replace, and a test."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from w2s_bench.records import Domain
from w2s_bench.scaffold.files import words_of, write_new
from w2s_bench.task import load_task

Form = Literal["toml", "python"]
ROWS = 600
LIKE = {"nlp": "polarity-generated", "chess": "tactics-generated", "reward": "polarity-generated"}

HEAD = """# {title}: what is asked, in one line
name = "{name}"
domain = "{domain}"
file = "{stem}.csv"
licence = "MIT"
citation = "rows that w2s-bench made, to be replaced by yours"
language = "{language}"
"""
TOML = {
    "nlp": HEAD
    + """prompt = "text"
label = "label"
classes = ["bad", "good"]
question = "This review is"
answers = ["bad", "good"]
""",
    "chess": HEAD
    + """fen = "fen"
moves = "moves"
group = "game"
""",
    "reward": HEAD
    + """prompt = "prompt"
chosen = "chosen"
rejected = "rejected"
group = "chosen"
question = "This text is"
answers = ["bad", "good"]

[findings]
"options without the question" = "single words tell which side is better"
""",
}

PYTHON = '''"""{title}: what is asked, in one line, which ``list tasks`` shows."""

from __future__ import annotations

from pathlib import Path

{imports}
from w2s_bench.data.toml_task.table_source import SheetSource
from w2s_bench.sources import Row
from w2s_bench.task import {names}

COLUMNS = {columns}
{body}

TASK = Task(
    card=TaskCard(
        name="{domain}/{name}",
        domain="{domain}",
        version=1,
        title="{title}",
        source="{stem}.jsonl beside this file",
        licence="MIT",
        citation="rows that w2s-bench made, to be replaced by yours",
        language="{language}",
        group="{group}",
        size="{rows} rows",{more}
    ),
    source=SheetSource(file=Path(__file__).with_name("{stem}.jsonl"), columns=COLUMNS),
    example=example,
    group=group,{ask}
)
'''
BODY = {
    "nlp": '''CLASSES = ("bad", "good")


def group(row: Row) -> str:
    """What no split may tear apart; here each text stands for itself."""
    return str(row["text"])


def example(row: Row) -> Example:
    """A row as prompt, options and right option; a ValueError says what is wrong with it."""
    gold = CLASSES.index(row["label"])
    return Example(prompt=row["text"], options=CLASSES, gold=gold, group=group(row))
''',
    "chess": '''

def group(row: Row) -> str:
    """What no split may tear apart: positions of one game."""
    return str(row["game"])


def example(row: Row) -> Example:
    """The opponent's move is played, the next one is right; a ValueError says what is wrong with a row."""
    last, answer = row["moves"].split()[:2]
    board = chess.Board(row["fen"])
    board.push_uci(last)
    options = tuple(sorted(move.uci() for move in board.legal_moves))
    position = f"{board.fen()} {last}"
    prompt, gold = f"{board.fen()} best move:", options.index(answer)
    return Example(prompt=prompt, options=options, gold=gold, group=group(row), position=position)
''',
    "reward": '''

def group(row: Row) -> str:
    """What no split may tear apart; here each better text stands for itself."""
    return str(row["chosen"])


def example(row: Row) -> Example:
    """A row as a pair; which side stands first is decided by a hash, never by the label."""
    return preference(row["prompt"], row["chosen"], row["rejected"], group=group(row))
''',
}
ASK = '\n    ask=Ask("This {what} is", ("bad", "good")),'
DEFAULTS = {"imports": "", "names": "Ask, Example, Task, TaskCard", "more": "", "ask": "", "language": "en"}
WORDS: dict[str, dict[str, str]] = {
    "nlp": {
        "more": "\n        classes=CLASSES,",
        "columns": '("text", "label")',
        "group": "text",
        "ask": ASK.format(what="review"),
    },
    "chess": {
        "imports": "import chess\n",
        "names": "Example, Task, TaskCard",
        "columns": '("game", "fen", "moves")',
        "group": "game",
        "language": "chess (FEN, UCI)",
    },
    "reward": {
        "names": "Ask, Example, Task, TaskCard, preference",
        "more": '\n        findings=(("options without the question", "single words tell"),),',
        "columns": '("prompt", "chosen", "rejected")',
        "group": "the better text",
        "ask": ASK.format(what="text"),
    },
}
TEST = '''"""Tests of {name}: card, examples and parts hold the contract, and its audit finds nothing new."""

from __future__ import annotations

from pathlib import Path

from w2s_bench.audit.audit import audit_task
from w2s_bench.contract import checks

NAME = {where}


def test_it_holds_the_contract() -> None:
    checks.check_task(NAME)


def test_its_audit_finds_nothing_that_the_card_does_not_know() -> None:
    assert not audit_task(NAME).failures
'''


def new_task(name: str, domain: Domain, form: Form, folder: Path) -> list[Path]:
    """Write a working task, its data and its test; the first path is the task's.

    Errors: UserError for a bad name or a file that already exists; nothing is overwritten.
    """
    words = words_of(name, "task", "my-reviews")
    texts = _texts("-".join(words).lower(), domain, form)
    return write_new({folder / file: text for file, text in texts.items()})


def named(path: Path) -> str:
    """The task in a file that :func:`new_task` wrote, as suites and the command line name it."""
    return str(path) if path.suffix == ".toml" else f"{path}:TASK"


def _texts(name: str, domain: Domain, form: Form) -> dict[str, str]:
    """Texts by file name, in the order task, data, test."""
    stem = name.replace("-", "_")
    names = {"name": name, "stem": stem, "title": name.replace("-", " ").capitalize()}
    words = DEFAULTS | WORDS[domain] | names | {"domain": domain, "rows": str(ROWS)}
    rows = list(_rows(domain))
    if form == "toml":
        task, data = {f"{stem}.toml": TOML[domain].format(**words)}, {f"{stem}.csv": _csv(rows)}
        where = f'str(Path(__file__).with_name("{stem}.toml"))'
    else:
        text = PYTHON.format(body=BODY[domain], **words).replace("Path\n\n\nfrom", "Path\n\nfrom")
        task, data = {f"{stem}.py": text}, {f"{stem}.jsonl": "".join(json.dumps(r) + "\n" for r in rows)}
        where = f"f\"{{Path(__file__).with_name('{stem}.py')}}:TASK\""
    return task | data | {f"test_{stem}.py": TEST.format(name=name, where=where)}


def _csv(rows: list[Mapping[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _rows(domain: Domain) -> Iterator[Mapping[str, Any]]:
    """Rows of a shipped task, with the columns of a user's own file."""
    task = load_task(f"{domain}/{LIKE[domain]}")
    for row in task.rows("train", None)[:ROWS]:
        if domain == "nlp":
            yield {"text": row["text"], "label": ("bad", "good")[row["label"]]}
        elif domain == "chess":
            moves = f"{row['last_move']} {row['best_move']}"
            yield {"game": row["game"], "fen": row["fen"], "moves": moves}
        else:
            yield {name: row[name] for name in ("prompt", "chosen", "rejected")}
