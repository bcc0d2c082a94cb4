"""Examples of students that corrected or copied their teachers: a few test items of each cell.

``examples.jsonl`` in a run's folder holds them with their texts. Records know items by their ids only; the
texts are in the store while the suite runs, so the file is written then. A report without the file shows no
examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from w2s_bench.records import CellRecord, Domain, canonical_json, load_lines
from w2s_bench.results.run_folder import Scored
from w2s_bench.store.local import write_text
from w2s_bench.task import Item

EXAMPLES = "examples.jsonl"
MOST, EACH = 2000, 4  # examples of a run; of a cell and kind
PROMPT, OPTION, OPTIONS = 900, 400, 6  # longest texts, in characters; most options that are all shown
Kind = Literal["corrected", "copied", "new"]
KINDS: tuple[Kind, ...] = ("corrected", "copied", "new")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A test item with the answers of one cell's teacher and student, at one seed.

    ``kind``: the student corrected its teacher's error, copied it (the same wrong option), or made a new one
    where the teacher was right; ``count`` of the ``n_test`` items are of this kind. ``gold``, ``teacher`` and
    ``student`` are indices into ``options``, which leaves out unpicked options where there are many. Long
    texts end in an ellipsis.
    """

    domain: Domain
    task: str
    teacher_model: str
    student_model: str
    method: str
    seed: int
    kind: Kind
    count: int
    n_test: int
    item: str
    prompt: str
    options: list[str]
    gold: int
    teacher: int
    student: int
    position: str | None = None


def choose(
    cells: Sequence[CellRecord], scored: Sequence[Scored], items: Mapping[str, Sequence[Item]]
) -> list[Shown]:
    """Choose at most :data:`EACH` examples of each cell and kind, at its first seed, and :data:`MOST` in all.

    ``items`` are the test items of each task. Reference rows, failed cells and tasks without items have none.
    Items with the smallest ids (hashes) come first, so that cells of one task show the same items.
    """
    fits = {s.record.key: s for s in scored}
    by_id = {task: {i.id: i for i in tested} for task, tested in items.items()}
    chosen = [c for c in _first_seeds(cells) if c.task in by_id and c.student_key in fits]
    each = max(1, min(EACH, MOST // (len(KINDS) * max(1, len(chosen)))))
    examples: list[Shown] = []
    for cell in chosen:
        examples += _of_cell(cell, fits, by_id[cell.task], each)
    return examples[:MOST]


def _first_seeds(cells: Sequence[CellRecord]) -> list[CellRecord]:
    first: dict[tuple[str, ...], CellRecord] = {}
    for c in cells:
        name = (c.task, c.teacher, c.student, c.method)
        if not c.reference and c.failed is None and (name not in first or c.seed < first[name].seed):
            first[name] = c
    return list(first.values())


def _of_cell(
    cell: CellRecord, fits: Mapping[str, Scored], known: Mapping[str, Item], each: int
) -> Iterator[Shown]:
    teacher, student = fits[cell.teacher_key].answers, fits[cell.student_key].answers
    gold = teacher.gold
    for kind, mask in zip(KINDS, kinds(teacher.picked, student.picked, gold), strict=True):
        places = sorted(np.flatnonzero(mask).tolist(), key=lambda k: teacher.items[k])
        for k in [p for p in places if teacher.items[p] in known][:each]:
            picks = (int(gold[k]), int(teacher.picked[k]), int(student.picked[k]))
            yield _shown(cell, kind, (len(places), len(gold)), known[teacher.items[k]], picks)


def kinds(
    teacher: NDArray[np.int64], student: NDArray[np.int64], gold: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], ...]:
    """Masks ``[N]`` of the items of each of :data:`KINDS`, from the options picked and gold ``[N]``."""
    wrong = teacher != gold
    return wrong & (student == gold), wrong & (student == teacher), ~wrong & (student != gold)


def _shown(
    cell: CellRecord, kind: Kind, counts: tuple[int, int], item: Item, picks: tuple[int, int, int]
) -> Shown:
    chosen = list(range(len(item.options))) if len(item.options) <= OPTIONS else sorted(set(picks))
    gold, teacher, student = map(chosen.index, picks)
    return Shown(
        domain=cell.domain,
        task=cell.task,
        teacher_model=cell.teacher,
        student_model=cell.student,
        method=cell.method,
        seed=cell.seed,
        kind=kind,
        count=counts[0],
        n_test=counts[1],
        item=item.id,
        prompt=_cut(item.prompt, PROMPT),
        options=[_cut(item.options[k], OPTION) for k in chosen],
        gold=gold,
        teacher=teacher,
        student=student,
        position=item.position,
    )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest].rstrip() + " …"


def save_examples(folder: Path, examples: Sequence[Shown]) -> None:
    """Write ``examples.jsonl`` into a run's folder."""
    write_text(folder / EXAMPLES, "".join(canonical_json(asdict(s)) + "\n" for s in examples))


def load_examples(folder: Path) -> list[Shown]:
    """Read the examples of a run; none where there is no such file. Errors: StoreError for a damaged one."""
    path = folder / EXAMPLES
    return load_lines(Shown, path) if path.is_file() else []
