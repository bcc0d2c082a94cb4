"""What stands on a leaderboard: entries that a bundle was scored to, and the records of reruns.

Read from files that people edit and merge, so every field is checked. Shapes: S seeds, N test items.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from w2s_bench.errors import StoreError
from w2s_bench.pgr.cells import Cell
from w2s_bench.records import Domain, TableRow, parse, row_values

PUBLISHED_SCHEMA: Literal[1] = 1
MEND = "add the bundle again: w2s-bench board add BUNDLE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """The answers of one cell, right or wrong: ``[S, N]`` bits of teacher, student and ceiling in base 64."""

    domain: Domain
    task: str
    teacher: str
    student: str
    seeds: list[int]
    items: int
    chance: float
    bits: dict[Literal["teacher", "student", "ceiling"], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """An entry of a board: one method on one suite version, scored from the bundle whose hash it has.

    ``rows`` are those of the report without tie groups, which belong to the whole board; ``scored`` is what
    these are made from. ``inputs`` of a registered method are what it declares, of one's own None: its code
    was not run. ``coverage``: share of the suite's cells that are open to
    every method which have a student. ``kind``: what the row is.
    """

    schema_version: Literal[1] = PUBLISHED_SCHEMA
    bundle: str
    suite: str
    suite_version: int
    suite_hash: str
    method: str
    name: str
    own: bool
    code: str
    options: dict[str, Any]
    kind: Literal["method", "reference", "oracle"]
    inputs: list[str] | None
    card: dict[str, str]
    tuning: int | None
    seeds: list[int]
    coverage: float
    cost_seconds: float
    parameters: dict[str, int]
    code_version: str
    libraries: dict[str, str]
    python: str
    platform: str
    device: str
    workers: int
    rows: list[TableRow]
    scored: list[Scored]

    def cells(self) -> list[Cell]:
        """The cells of the method, for whatever compares it with others."""
        return [_cell(self, one) for one in self.scored]


@dataclass(frozen=True, kw_only=True, slots=True)
class RerunCell:
    """A cell that was made again: student accuracies as recorded and as found, what may lie between them.

    ``expected``, where it is not the recorded one: on fresh items, which may be harder or easier.
    """

    cell: str
    recorded: float
    again: float
    spread: float
    within: bool
    expected: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rerun:
    """The record of ``board rerun``: ``entry`` is the bundle's SHA-256, ``review_seed`` chose cells and, for
    generated tasks, fresh test items."""

    entry: str
    verdict: Literal["reproduced", "not reproduced"]
    cells: list[RerunCell]
    review_seed: int
    date: str
    version: str


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """An entry as it stands on a board: by the name of its file, with the record of its rerun, if any."""

    stem: str
    entry: Published
    rerun: Rerun | None = None

    @property
    def tier(self) -> str:
        """``reproduced`` where a rerun found the same, else ``claimed``."""
        return "reproduced" if self.rerun is not None and self.rerun.verdict == "reproduced" else "claimed"

    def pool(self, domain: Domain, name: str) -> TableRow | None:
        """Its row of a pool of a domain."""
        found = (r for r in self.entry.rows if (r.domain, r.task, r.pool) == (domain, None, name))
        return next(found, None)


def pack_bits(correct: NDArray[np.uint8]) -> str:
    """``[S, N]`` of 0 and 1 as text."""
    return base64.b64encode(np.packbits(correct).tobytes()).decode()


def unpack_bits(text: str, seeds: int, items: int) -> NDArray[np.uint8]:
    """``[S, N]``. Errors: ValueError for text of another size."""
    data = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    if len(data) != -(-seeds * items // 8):
        raise ValueError(f"{len(data)} bytes of answers, not those of {seeds} seeds and {items} items")
    return np.unpackbits(data, count=seeds * items).reshape(seeds, items)


def scored_of(cell: Cell) -> Scored:
    """A cell as an entry holds it."""
    return Scored(
        domain=cell.domain,
        task=cell.task,
        teacher=cell.teacher,
        student=cell.student,
        seeds=list(cell.seeds),
        items=cell.student_correct.shape[1],
        chance=cell.chance,
        bits={
            "teacher": pack_bits(cell.teacher_correct),
            "student": pack_bits(cell.student_correct),
            "ceiling": pack_bits(cell.ceiling_correct),
        },
    )


def _cell(entry: Published, one: Scored) -> Cell:
    teacher, student, ceiling = (
        unpack_bits(one.bits[name], len(one.seeds), one.items) for name in ("teacher", "student", "ceiling")
    )
    return Cell(
        domain=one.domain,
        task=one.task,
        teacher=one.teacher,
        student=one.student,
        method=entry.method,
        seeds=tuple(one.seeds),
        teacher_correct=teacher,
        student_correct=student,
        ceiling_correct=ceiling,
        reference=entry.kind == "reference",
        chance=one.chance,
        uses_gold=entry.kind == "oracle",
    )


def dump(value: Published | Rerun) -> str:
    """JSON with sorted keys; None and empty lists are kept, so that a reader sees every field."""
    values = asdict(value)
    if isinstance(value, Published):
        values["rows"] = list(map(row_values, value.rows))
    return json.dumps(values, sort_keys=True, indent=1, allow_nan=False) + "\n"


def load(kind: type, path: Path) -> Any:
    """Read a :class:`Published` or :class:`Rerun`. Errors: StoreError naming file and field."""
    try:
        value = json.loads(path.read_text("utf8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(
            f"cannot be read ({str(error)[:200]})", where=str(path), expected=f"a {kind.__name__}", mend=MEND
        ) from None
    try:
        return parse(kind, value, str(path))
    except StoreError as error:
        error.mend = MEND
        raise
