"""Suites: TOML files with the tasks, sizes, methods and seeds of one comparable table."""

from __future__ import annotations

import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from w2s_bench.errors import BadSuite
from w2s_bench.records import content_key
from w2s_bench.registry.items import find

Count = Annotated[int, Field(ge=1)]
Reference = Literal[
    "zero-shot", "random-init", "shuffled-labels", "weak-copy", "self-training", "bow-teacher",
    "majority", "coherence", "oracle-early-stopping", "ceiling",
]  # fmt: skip


def _distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) != len(values):
        raise ValueError(f"{next(v for v in values if values.count(v) > 1)!r} is listed twice")
    return values


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Data(_Strict):
    """Number of examples in each part: teacher half, transfer half, weak-labelled validation, test set.

    ``hops`` fresh parts, each as large as the transfer half, are drawn for chains through intermediate sizes;
    with 0 a chain relabels the transfer half. ``companion``: test items of each companion of a task.
    """

    teacher: Count = 1000
    transfer: Count = 1000
    validation: Annotated[int, Field(ge=0)] = 200
    test: Count = 1000
    hops: Annotated[int, Field(ge=0, le=16)] = 0
    companion: Annotated[int, Field(ge=0)] = 0

    def for_key(self) -> dict[str, Any]:
        """Sizes as they enter content keys; a later addition is left out where it changes nothing."""
        return self.model_dump(exclude={"companion"} if self.companion == 0 else set())


class Lora(_Strict):
    """Low-rank adapters instead of full finetuning: ``rank``, ``alpha`` (their output is scaled by alpha /
    rank), ``targets`` (names of linear layers; none: all of the body's) and ``dropout`` before them."""

    rank: Count = 16
    alpha: Annotated[float, Field(gt=0)] = 32.0
    targets: Annotated[list[str], Field(min_length=1)] | None = None
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0


LATE = ("micro_batch", "curve", "lora", "batching", "tokens_per_batch", "fused", "checkpointing")


class Training(_Strict):
    """The recipe of every fit of a grid; teacher, student and ceiling of one size share it.

    ``max_length`` is in tokens: longer inputs are truncated at the front, never dropped. ``micro_batch`` cuts
    each batch in pieces of that many items to save memory; gradients are those of the whole batch but for
    rounding. ``curve``: evaluations of a student on the test set per epoch; they change no result. ``lora``:
    train adapters and the head alone.

    ``batching``: ``length`` batches items of similar length to save padding, and shuffles the batches;
    ``tokens_per_batch`` limits their padded size. ``fused``: faster kernels, with other rounding.
    ``checkpointing``: recompute activations instead of storing them. When memory runs out, ``micro_batch`` is
    halved automatically.
    """

    epochs: Count = 2
    batch_size: Count = 32
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.05
    clip: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    precision: Literal["fp32", "bf16"] = "fp32"
    max_length: Annotated[int, Field(ge=8)] = 256
    micro_batch: Count | None = None
    curve: Annotated[int, Field(ge=0, le=100)] = 0
    lora: Lora | None = None
    batching: Literal["shuffled", "length"] = "shuffled"
    tokens_per_batch: Count | None = None
    fused: bool = False
    checkpointing: bool = False

    def for_key(self) -> dict[str, Any]:
        """Settings as they enter content keys; a later addition is left out while it has its default."""
        same = {name for name in LATE if getattr(self, name) == type(self).model_fields[name].default}
        return self.model_dump(exclude=same)


class ModelUse(_Strict):
    """A model of a grid and its changes to the grid's training settings."""

    name: str
    epochs: Count | None = None
    batch_size: Count | None = None
    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    micro_batch: Count | None = None
    lora: Lora | None = None

    def training(self, base: Training) -> Training:
        """The grid's training settings with this model's changes."""
        changes = self.model_dump(exclude={"name", "lora"}, exclude_none=True)
        changes |= {"lora": self.lora} if self.lora else {}
        return base.model_copy(update=changes)


class MethodUse(BaseModel):
    """A method of a suite and its options; the method itself checks them. ``label`` names it in tables."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: str
    label: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """All keys but ``name`` and ``label``."""
        return dict(self.model_extra or {})


class Admission(_Strict):
    """The rule that admits a (task, teacher, student) cell, by gap and teacher accuracy alone.

    ``min_teacher`` is for two options; above a half it is scaled to the number of options.
    """

    min_gap: Annotated[float, Field(ge=0, le=1)] = 0.02
    min_teacher: Annotated[float, Field(ge=0, le=1)] = 0.0


class Several(_Strict):
    """Several teachers instead of one, for methods that ask for them.

    ``seeds``: ``count`` teachers of one model on one half, with different seeds for weights and order.
    ``specialists``: each on its own part of the teacher half, sorted ``by`` a tag or by ``length``.
    ``sizes``: the plain teachers of the ``count`` largest models of the grid below the student.
    """

    kind: Literal["seeds", "specialists", "sizes"] = "seeds"
    count: Annotated[int, Field(ge=2, le=16)] = 3
    by: str = "length"


class Grid(_Strict):
    """Tasks crossed with models, listed from the weakest to the strongest.

    ``methods`` (labels or names) and ``references`` take a part of the suite's; None takes all.
    """

    tasks: Annotated[list[str], Field(min_length=1), AfterValidator(_distinct)]
    models: Annotated[list[ModelUse], Field(min_length=2)]
    teachers: list[str] | None = None
    students: list[str] | None = None
    methods: list[str] | None = None
    references: list[Reference] | None = None
    teachers_each: Several = Several()
    data: Data = Data()
    training: Training = Training()

    @model_validator(mode="after")
    def _names_are_models(self) -> Grid:
        names = self._names
        if len(set(names)) != len(names):
            raise ValueError("a model is listed twice")
        for name in [*(self.teachers or []), *(self.students or [])]:
            if name not in names:
                raise ValueError(f"{name!r} is not among this grid's models ({', '.join(names)})")
        if not self.pairs:
            raise ValueError("no student is listed after a teacher (models go from weakest to strongest)")
        return self

    @property
    def _names(self) -> list[str]:
        return [m.name for m in self.models]

    @property
    def _roles(self) -> tuple[list[str], list[str]]:
        """Models that may be teachers, and those that may be students."""
        teachers = self.teachers if self.teachers is not None else self._names[:-1]
        return teachers, self.students if self.students is not None else self._names[1:]

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """(teacher, student) pairs in which the student is the larger model."""
        names, (teachers, students) = self._names, self._roles
        return [(t, s) for t in teachers for s in students if names.index(t) < names.index(s)]

    def rungs(self, teacher: str, student: str) -> list[str]:
        """Intermediate students: models between teacher and student that are not teachers only."""
        names, (teachers, students) = self._names, self._roles
        between = names[names.index(teacher) + 1 : names.index(student)]
        return [n for n in between if n in students or n not in teachers]

    def use(self, model: str) -> ModelUse:
        """The entry of the model with that name."""
        return next(m for m in self.models if m.name == model)


class Suite(_Strict):
    """A benchmark: its grids, methods, reference rows and seeds. ``hash`` identifies its content.

    Options of methods may be tuned on the ``development`` tasks; boards rank on the others, held out.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
    version: Count
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1), AfterValidator(_distinct)]
    methods: Annotated[list[MethodUse], Field(min_length=1)]
    references: Annotated[list[Reference], AfterValidator(_distinct)] = []
    admission: Admission = Admission()
    development: Annotated[list[str], AfterValidator(_distinct)] = []
    grid: Annotated[list[Grid], Field(min_length=1)]

    @model_validator(mode="after")
    def _no_cell_twice(self) -> Suite:
        cells = [(task, *pair) for grid in self.grid for task in grid.tasks for pair in grid.pairs]
        for task, teacher, student in cells:
            if cells.count((task, teacher, student)) > 1:
                raise ValueError(f"two grids have task {task!r} with {teacher!r} teaching {student!r}")
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> Suite:
        methods = {name for use in self.methods for name in (use.label, use.name) if name}
        for grid in self.grid:
            for name in grid.methods or []:
                if name not in methods:
                    raise ValueError(f"method {name!r} of a grid is not among the suite's")
            for name in grid.references or []:
                if name not in self.references:
                    raise ValueError(f"reference {name!r} of a grid is not among the suite's")
        tasks = {task for grid in self.grid for task in grid.tasks}
        if unknown := [t for t in self.development if t not in tasks]:
            raise ValueError(f"development task {unknown[0]!r} is in no grid")
        return self

    def references_of(self, grid: Grid) -> list[Reference]:
        """The reference rows of a grid."""
        return [r for r in self.references if grid.references is None or r in grid.references]

    @cached_property
    def hash(self) -> str:
        """Content key of the suite without its defaults, so that a new setting changes no published hash."""
        return content_key(self.model_dump(mode="json", exclude_defaults=True))


def load_suite(name: str) -> tuple[Suite, str]:
    """A shipped suite by name or a file by path: the validated suite and its TOML text."""
    path = Path(name) if name.endswith(".toml") else find("suite", name).path
    try:
        text = path.read_text("utf8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSuite(f"cannot be read ({error})", where=str(path), expected="a TOML file") from None
    return parse_suite(text, str(path)), text


def parse_suite(text: str, where: str) -> Suite:
    """Validate the text of a suite; a :class:`BadSuite` names file, line and key."""
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also for huge numbers and deep nesting
        line = re.search(r"line (\d+)", str(error))
        at = line[1] if line else len(text.splitlines())  # otherwise "at end of document"
        raise BadSuite(f"not TOML ({error})", where=f"{where}:{at}", mend="correct that line") from None
    try:
        return Suite.model_validate(_with_defaults(raw))
    except ValidationError as error:
        errors = error.errors()  # a misspelt key is also a missing one, which says less
        first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
        keys = [k for k in first["loc"] if not str(k).startswith("function-")]
        present = keys[:-1] if first["type"] == "missing" else keys
        key = f": key {'.'.join(map(str, keys))!r}" if keys else ""
        raise BadSuite(
            _message(first),
            where=f"{where}:{_line_of(text, present)}{key}",
            mend="see docs/reference/suites.md for the keys of a suite",
        ) from None


def _with_defaults(raw: dict[str, Any]) -> dict[str, Any]:
    """Push suite-wide [data] and [training] into every grid and let plain strings stand for tables."""
    raw = dict(raw)
    shared = {key: raw.pop(key, {}) for key in ("data", "training")}
    if isinstance(raw.get("methods"), list):
        raw["methods"] = [_named(m) for m in raw["methods"]]
    if isinstance(raw.get("grid"), list):
        raw["grid"] = [_grid(g, shared) if isinstance(g, dict) else g for g in raw["grid"]]
    return raw


def _grid(grid: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    grid = dict(grid)
    for key, values in shared.items():
        own = grid.get(key, {})
        if isinstance(own, dict):  # validation refuses anything else
            grid[key] = {**values, **own} if isinstance(values, dict) else values
    if isinstance(grid.get("models"), list):
        grid["models"] = [_named(m) for m in grid["models"]]
    return grid


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _message(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "no such key"
    if error["type"] == "missing":
        return "this key is missing"
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    return f"{error['msg']} (got {error['input']!r:.80})"


def _line_of(text: str, keys: list[Any]) -> int:
    """The most likely line of a key: down its path, in its own grid or else anywhere."""
    nth = next((k for k in keys if isinstance(k, int)), 0)
    lines = [s.split("#")[0] for s in text.splitlines()]
    line, end = 0, len(lines)
    headers = [i for i, s in enumerate(lines) if re.match(r"\s*\[\[\s*grid\s*\]\]", s)]
    if keys[:1] == ["grid"] and nth < len(headers):
        line, end = [*headers, end][nth : nth + 2]
    for name in (k for k in keys if isinstance(k, str)):
        key = re.compile(rf"(^|[\s{{,\[]){re.escape(name)}\s*(=|\])")
        line = next((i for i in [*range(line, end), *range(len(lines))] if key.search(lines[i])), line)
    return line + 1
