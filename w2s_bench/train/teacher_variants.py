"""Several teachers: other seeds of one teacher, or specialists on parts of the teacher half."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_bench.errors import BadSuite
from w2s_bench.task import Item
from w2s_bench.train.student_inputs import tags_of

APART = 7_919  # in seed, between teachers of one cell


def fit_seed(seed: int, variant: Mapping[str, Any]) -> int:
    """What initialises and orders a teacher: the cell's own seed for the first one."""
    return seed + APART * variant["index"] if variant.get("kind") == "seeds" else seed


def chosen_rows(items: Sequence[Item], variant: Mapping[str, Any]) -> NDArray[np.int64]:
    """Rows of the teacher half that a teacher trains on ``[n]``, in their order: all, or for a specialist
    its share of the half sorted by a tag. Errors: BadSuite for a tag that not all items have."""
    if variant.get("kind") != "specialists":
        return np.arange(len(items))
    tags = tags_of(items)
    if variant["by"] not in tags:
        raise BadSuite(
            f"no tag {variant['by']!r} to divide specialists by",
            where="key 'teachers_each.by'",
            expected="one of " + ", ".join(tags),
        )
    values = tags[variant["by"]]
    kind = float if all(isinstance(v, int | float) for v in values) else str
    order = sorted(range(len(items)), key=lambda i: (kind(values[i]), i))
    return np.sort(np.array_split(np.array(order), variant["count"])[variant["index"]])
