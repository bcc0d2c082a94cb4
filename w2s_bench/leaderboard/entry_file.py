"""The files of a leaderboard: entries with the scores of a bundle, and records of reruns.

People edit and merge these files, so every field is checked. Shapes: S seeds, N test items.
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
Role = Literal["teacher", "student", "ceiling"]
ROLES: tuple[Role, ...] = ("teacher", "student", "ceiling")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """Whether each answer of a cell is right: ``[S, N]`` bits of teacher, student and ceiling in base 64."""

    domain: Domain
    task: str
    teacher: str
    student: str
    seeds: list[int]
    items: int
    chance: float
    bits: dict[Role, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """An entry of a board: one method on one suite version, scored from the bundle with its hash.

    ``rows`` are those of the report without tie groups, which belong to the whole board; they are computed
    from ``scored``. ``inputs``: those that a registered method declares; None for other code, which was not
    run. ``coverage``: the share of the suite's common cells that have a student.
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
        """The cells of the method with their per-item scores."""
        return [_cell(self, scored) for scored in self.scored]


@dataclass(frozen=True, kw_only=True, slots=True)
class RerunCell:
    """A cell that was rerun: student accuracies as recorded and now, and the allowed difference (``spread``).

    ``expected``: the expected accuracy if it is not the recorded one, on harder or easier fresh items.
    """

    cell: str
    recorded: float
    again: float
    spread: float
    within: bool
    expected: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rerun:
    """The record of ``board rerun``. ``entry``: the bundle's SHA-256. ``review_seed`` chose the cells and,
    for generated tasks, the fresh test items."""

    entry: str
    verdict: Literal["reproduced", "not reproduced"]
    cells: list[RerunCell]
    review_seed: int
    date: str
    version: str


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """An entry of a board with the stem of its file name and the record of its rerun, if any."""

    stem: str
    entry: Published
    rerun: Rerun | None = None

    @property
    def tier(self) -> str:
        """``reproduced`` if a rerun confirmed the entry, else ``claimed``."""
        return "reproduced" if self.rerun is not None and self.rerun.verdict == "reproduced" else "claimed"

    def pool(self, domain: Domain, name: str) -> TableRow | None:
        """The entry's row for the pool of a domain."""
        rows = (r for r in self.entry.rows if (r.domain, r.task, r.pool) == (domain, None, name))
        return next(rows, None)


def pack_bits(correct: NDArray[np.uint8]) -> str:
    """Pack zeros and ones ``[S, N]`` into text."""
    return base64.b64encode(np.packbits(correct).tobytes()).decode()


def unpack_bits(text: str, seeds: int, items: int) -> NDArray[np.uint8]:
    """Zeros and ones ``[S, N]`` from text. Errors: ValueError for text of another size."""
    data = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    if len(data) != -(-seeds * items // 8):
        raise ValueError(f"{len(data)} bytes of answers, not those of {seeds} seeds and {items} items")
    return np.unpackbits(data, count=seeds * items).reshape(seeds, items)


def scored_of(cell: Cell) -> Scored:
    """A cell in the form of an entry's file."""
    return Scored(
        domain=cell.domain,
        task=cell.task,
        teacher=cell.teacher,
        student=cell.student,
        seeds=list(cell.seeds),
        items=cell.student_correct.shape[1],
        chance=cell.chance,
        bits={role: pack_bits(getattr(cell, f"{role}_correct")) for role in ROLES},
    )


def _cell(entry: Published, scored: Scored) -> Cell:
    correct: dict[str, Any] = {
        f"{role}_correct": unpack_bits(scored.bits[role], len(scored.seeds), scored.items) for role in ROLES
    }
    return Cell(
        domain=scored.domain,
        task=scored.task,
        teacher=scored.teacher,
        student=scored.student,
        method=entry.method,
        seeds=tuple(scored.seeds),
        reference=entry.kind == "reference",
        chance=scored.chance,
        uses_gold=entry.kind == "oracle",
        **correct,
    )


def dump(value: Published | Rerun) -> str:
    """JSON with sorted keys and every field, even those that are None or empty."""
    values = asdict(value)
    if isinstance(value, Published):
        values["rows"] = list(map(row_values, value.rows))
    return json.dumps(values, sort_keys=True, indent=1, allow_nan=False) + "\n"


def load(kind: type, path: Path) -> Any:
    """Read a :class:`Published` or :class:`Rerun`. Errors: StoreError naming file and field."""
    try:
        return parse(kind, json.loads(path.read_text("utf8")), str(path))
    except StoreError as error:
        error.mend = MEND
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(
            f"cannot be read ({str(error)[:200]})", where=str(path), expected=f"a {kind.__name__}", mend=MEND
        ) from None
