"""Make a task from its TOML file and table."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chess

from w2s_bench.data.toml_task.spec import Spec, in_prompt, read_spec
from w2s_bench.data.toml_task.table_source import SheetSource
from w2s_bench.sources import Row
from w2s_bench.task import Ask, Example, Task, TaskCard, choice, preference

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def read_task(path: Path) -> Task:
    """The task of a file. Errors: UserError for invalid keys; BadData later, for its rows."""
    spec = read_spec(path)
    makers: dict[str, Callable[[Spec, Row], Example]]
    makers = {"classes": _classes, "options": _options, "right": _right, "pair": _pair, "line": _line}
    make = makers[spec.form]
    return Task(
        card=_card(spec),
        source=SheetSource(
            file=path.parent / spec.file,
            test_file=path.parent / spec.test_file if spec.test_file else None,
            split=spec.split,
            columns=spec.columns,
        ),
        example=lambda row: make(spec, row),
        group=lambda row: _group(spec, row),
        ask=Ask(spec.question, tuple(spec.answers)) if spec.question else None,
    )


def _card(spec: Spec) -> TaskCard:
    return TaskCard(
        name=f"{spec.domain}/{spec.name}",
        domain=spec.domain,
        version=spec.version,
        title=spec.title or spec.name,
        source=f"file {spec.file}",
        licence=spec.licence,
        citation=spec.citation,
        language=spec.language,
        group=f"column {spec.group}" if spec.group else "content",
        size="as many rows as the file has",
        classes=spec.names,
        standing=spec.standing,
        pretraining=spec.pretraining,
        findings=tuple(spec.findings.items()),
        notes=spec.notes,
    )


def _text(row: Row, column: str) -> str:
    """The value of a column as text. Errors: ValueError for an empty one."""
    value = row[column]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = "" if value is None else str(value).strip()
    if not text:
        raise ValueError(f"column {column!r} is empty")
    return text


def _prompt(spec: Spec, row: Row) -> str:
    """The value of the prompt's column, or its text with columns filled in."""
    template = spec.prompt or ""
    if "{" not in template:
        return _text(row, template)
    return re.sub(r"\{([^{}]+)\}", lambda match: _text(row, match[1]), template)


def _group(spec: Spec, row: Row) -> str:
    if spec.group:
        return _text(row, spec.group)
    if spec.fen:
        return " ".join(_text(row, spec.fen).split()[:4])
    return "\n".join(_text(row, column) for column in in_prompt(spec.prompt))


def _classes(spec: Spec, row: Row) -> Example:
    label = _text(row, spec.label or "")
    given = spec.classes or []
    known = given if isinstance(given, dict) else {name: name for name in given}
    if label not in known:
        raise ValueError(f"label {label!r} is not among {', '.join(map(repr, known))}")
    gold = spec.names.index(known[label])
    return Example(prompt=_prompt(spec, row), options=spec.names, gold=gold, group=_group(spec, row))


def _options(spec: Spec, row: Row) -> Example:
    """A choice among options, ordered by a hash so that the right one's place reveals nothing."""
    columns = spec.options or ""
    if isinstance(columns, str):
        texts = _listed(row[columns], columns)
    else:
        texts = [str(row[c] or "").strip() for c in columns]
    right = texts[_place(spec, _text(row, spec.label or ""), texts)]
    if not right:
        raise ValueError("the right option is empty")
    wrong = [t for t in texts if t and t != right]
    if len(wrong) != len([t for t in texts if t]) - 1:
        raise ValueError(f"another option equals the right one, {right!r}")
    return choice(_prompt(spec, row), right, wrong, group=_group(spec, row))


def _place(spec: Spec, label: str, texts: list[str]) -> int:
    """Where the right option stands."""
    places = {
        "index": lambda: int(label),
        "number": lambda: int(label) - 1,
        "letter": lambda: LETTERS.index(label.upper()),
        "text": lambda: texts.index(label),
    }
    place = places[spec.label_is]()
    if not 0 <= place < len(texts):
        raise ValueError(f"label {label!r} names none of {len(texts)} options")
    return place


def _listed(value: Any, column: str) -> list[str]:
    if not isinstance(value, list):
        raise ValueError(f"column {column!r} holds no list")
    return [str(v).strip() for v in value]


def _right(spec: Spec, row: Row) -> Example:
    columns = [spec.wrong or ""] if not isinstance(spec.wrong, list) else spec.wrong
    listed = len(columns) == 1 and isinstance(row[columns[0]], list)
    wrong = _listed(row[columns[0]], columns[0]) if listed else [str(row[c] or "").strip() for c in columns]
    right = _text(row, spec.right or "")
    return choice(_prompt(spec, row), right, [w for w in wrong if w], group=_group(spec, row))


def _pair(spec: Spec, row: Row) -> Example:
    chosen, rejected = (_text(row, column or "") for column in (spec.chosen, spec.rejected))
    return preference(_prompt(spec, row), chosen, rejected, group=_group(spec, row))


def _line(spec: Spec, row: Row) -> Example:
    """Play the opponent's move if the line starts with it; the next move is the answer."""
    board = chess.Board(_text(row, spec.fen or ""))
    if not board.is_valid():
        raise ValueError(f"position {board.fen()!r} is not valid")
    moves = _text(row, spec.moves or "").split()
    if len(moves) < 1 + spec.opponent_first:
        raise ValueError(f"line {' '.join(moves)!r} has no answer to the opponent's move")
    last = f" {moves[0]}" if spec.opponent_first else ""
    if spec.opponent_first:
        board.push(_legal(board, moves[0]))
    gold = _legal(board, moves[int(spec.opponent_first)])
    options = tuple(sorted(move.uci() for move in board.legal_moves))
    fen = board.fen()
    return Example(
        prompt=f"{fen} best move:",
        options=options,
        gold=options.index(gold.uci()),
        group=_group(spec, row),
        position=f"{fen}{last}",
    )


def _legal(board: chess.Board, uci: str) -> chess.Move:
    move = next((m for m in board.legal_moves if m.uci() == uci), None)
    if move is None:
        raise ValueError(f"move {uci!r} is not legal in {board.fen()!r}")
    return move
