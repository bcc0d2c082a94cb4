"""Records of scores, runs and leaderboard entries, and functions that read and write them.

In memory these are frozen dataclasses. Pydantic validates what is read from disk, so that a damaged file ends
in one error with file, line and field.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from w2s_bench.bad_rows import Excluded
from w2s_bench.errors import StoreError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

# The field's literal type refuses a file of another version.
RECORD_SCHEMA: Literal[1] = 1
RUN_SCHEMA: Literal[1] = 1
ENTRY_SCHEMA: Literal[1] = 1

Role = Literal["teacher", "ceiling", "student", "reference"]
Domain = Literal["nlp", "chess", "reward"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CompanionScore:
    """Scores of a fit on the test items of a companion of its task."""

    accuracy: float
    n_test: int
    chance: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CurvePoint:
    """A student after a ``share`` of its training: test accuracy and agreement with its teacher."""

    share: float
    accuracy: float
    agreement: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreRecord:
    """One finished fit and its test scores; nothing in it depends on the clock.

    ``accuracy`` and ``metrics`` are over ``n_test`` items. ``label_accuracy``: the share of training labels
    that agree with gold. ``chance``: the mean over items of one over the number of options. ``loss``: the
    mean training loss of each epoch (nats an example). ``companions``: scores on other tasks' test items by
    task; ``curve``: the student during training. Files leave these two out where they are empty.
    """

    schema_version: Literal[1] = RECORD_SCHEMA
    key: str
    role: Role
    domain: Domain
    task: str
    task_version: int
    model: str
    parameters: int
    method: str
    options: dict[str, Any] = field(default_factory=dict)
    labels_from: str | None = None
    seed: int
    n_train: int
    n_test: int
    accuracy: float
    label_accuracy: float
    metrics: dict[str, float] = field(default_factory=dict)
    chance: float = 0.5
    loss: list[float] = field(default_factory=list)
    companions: dict[str, CompanionScore] = field(default_factory=dict)
    curve: list[CurvePoint] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class CellRecord:
    """The three fits of one PGR at one seed; cells, and even methods, may share fits.

    ``uses_gold``: the student's number depends on gold labels. ``failed``: why there is no student to score;
    its key is then empty or that of a fit without a record. Files leave these two out where they are unset.
    """

    schema_version: Literal[1] = RECORD_SCHEMA
    domain: Domain
    task: str
    method: str
    options: dict[str, Any] = field(default_factory=dict)
    teacher: str
    student: str
    seed: int
    reference: bool = False
    teacher_key: str
    student_key: str
    ceiling_key: str
    uses_gold: bool = False
    failed: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunInfo:
    """The origin of a run, enough to repeat it: suite and its hash, code, libraries, device, seconds.

    ``excluded``: bad rows by task and split (or companion), of the draw that left out the most.
    ``own_code``: the hash of the code of each method that is a file of its author's, at planning time.
    """

    schema_version: Literal[1] = RUN_SCHEMA
    suite: str
    suite_version: int
    suite_hash: str
    suite_toml: str
    command: str
    code_version: str
    libraries: dict[str, str]
    python: str
    platform: str
    device: str
    workers: int
    fits_run: int
    fits_finished: int
    seconds: float
    started: str
    excluded: dict[str, dict[str, Excluded]] = field(default_factory=dict)
    own_code: dict[str, str] = field(default_factory=dict)


def _without_metrics(schema: dict[str, Any]) -> None:
    """Remove ``metrics`` from the published schema of leaderboard entries, which are scored from picks."""
    schema.get("properties", {}).pop("metrics", None)


@dataclass(frozen=True, kw_only=True, slots=True)
class TableRow:
    """One row of a PGR table: a (task, teacher, student, method) cell, or a domain's pool (``task`` null).

    ``pool``: all admitted cells, only those that need their teacher, or only those of held-out tasks.
    ``group``: the tie group in the pool that ranks methods, 1 the best. ``needs_no_teacher``: the student's
    zero-shot accuracy reaches naive's (null without a zero-shot row). ``over_naive`` and ``over_zero_shot``:
    this row's student minus naive's or the untrained one's. ``agreement``: share of test items on which the
    student picks its teacher's option; ``errors_copied`` and ``agreement_right``: the same on items that the
    teacher has wrong or right; ``corrected``: share of the teacher's errors that the student has right;
    ``new_errors``: share of the teacher's right answers that the student has wrong; ``similarity``: Cohen's
    kappa of the two. ``brier_score`` and ``calibration_error`` are the student's.
    ``probability_of_improvement``: of a seed of this row over a seed of naive's. ``detectable``: the least
    lead over naive that a test would find with 80% power. ``metrics``: the student's other metrics, by name.
    Values of a pool are means over its cells. ``companion``: the task whose test items were used, if not the
    row's own; such rows are in no pool.

    Accuracies and ``gain`` (student − teacher) are fractions, not percent. A missing value is null, never
    NaN; ``reason`` says why it is missing, ``failed`` why a method has no student to score here.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"json_schema_extra": _without_metrics}

    suite: str
    domain: Domain
    task: str | None
    teacher: str | None
    student: str | None
    method: str
    seeds: int
    teacher_accuracy: float | None = None
    student_accuracy: float | None = None
    ceiling_accuracy: float | None = None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    pgr: float | None = None
    pgr_low: float | None = None
    pgr_high: float | None = None
    admitted: bool
    cells: int = 1
    cells_left_out: int = 0
    pgr_median: float | None = None
    n_test: int = 0
    reason: str | None = None
    reference: bool = False
    uses_gold: bool = False
    failed: str | None = None
    pool: Literal["admitted", "clean", "held-out"] | None = None
    needs_no_teacher: bool | None = None
    over_naive: float | None = None
    over_naive_low: float | None = None
    over_naive_high: float | None = None
    over_zero_shot: float | None = None
    over_zero_shot_low: float | None = None
    over_zero_shot_high: float | None = None
    agreement: float | None = None
    errors_copied: float | None = None
    group: int | None = None
    pgr_iqm: float | None = None
    companion: str | None = None
    agreement_right: float | None = None
    corrected: float | None = None
    new_errors: float | None = None
    similarity: float | None = None
    brier_score: float | None = None
    calibration_error: float | None = None
    probability_of_improvement: float | None = None
    detectable: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)


_ROW_FIELDS = tuple(f.name for f in fields(TableRow) if f.name != "metrics")


def row_values(row: TableRow) -> dict[str, Any]:
    """The fields of a row as in files, without empty ``metrics``; faster than ``asdict``, which copies."""
    values = {name: getattr(row, name) for name in _ROW_FIELDS}
    return values | {"metrics": dict(row.metrics)} if row.metrics else values


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A leaderboard entry: one method on one suite version, with its rows and their origin."""

    schema_version: Literal[1] = ENTRY_SCHEMA
    suite: str
    suite_version: int
    suite_hash: str
    method: str
    options: dict[str, Any]
    tier: Literal["claimed", "reproduced"]
    code_version: str
    libraries: dict[str, str]
    device: str
    seeds: list[int]
    coverage: float
    rows: list[TableRow]
    record_keys: list[str]


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces; refuses NaN, so that equal values have equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def content_key(value: Any) -> str:
    """The content key of a JSON value: 32 hexadecimal digits of the SHA-256 of its canonical text."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:32]


def dump_lines(records: Iterable[ScoreRecord | CellRecord]) -> str:
    """Records as JSON lines, in the order given."""
    optional = {"uses_gold", "failed", "companions", "curve"}  # later additions: old and new files are alike
    values = ({k: v for k, v in asdict(r).items() if v or k not in optional} for r in records)
    return "".join(canonical_json(v) + "\n" for v in values)


@cache
def _adapter(kind: type) -> TypeAdapter:
    from pydantic import TypeAdapter  # here, because --help and list must not wait for it

    return TypeAdapter(kind)


def parse(kind: type, value: Mapping[str, Any], where: str) -> Any:
    """Validate one JSON object as ``kind``. Errors: StoreError with ``where`` and the field, or for a value
    that a newer version wrote."""
    from pydantic import ValidationError

    version = getattr(kind, "__dataclass_fields__", {}).get(VERSION)
    newest = version.default if version and isinstance(version.default, int) else None
    if newest is not None and (newer := too_new(value, newest)):
        raise StoreError(
            f"field {VERSION!r}: {newer} was written by a newer w2s-bench",
            where=where,
            expected=f"at most {newest}",
            mend="update w2s-bench: what older versions wrote can be read by newer ones",
        )
    try:
        return _adapter(kind).validate_python(upgraded(kind.__name__, value, newest) if newest else value)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(map(str, first["loc"])) or "(top)"
        raise _damaged(f"field {path!r}: {first['msg']}", where, f"a {kind.__name__}") from None


def load_json(kind: type, path: Path) -> Any:
    """Read one ``kind`` from a JSON file."""
    return parse(kind, _decode(_read(path), str(path)), str(path))


def load_lines(kind: type, path: Path) -> list[Any]:
    """Read a JSON-lines file of ``kind``."""
    lines = _read(path).split("\n")  # splitlines() would also split inside JSON strings
    if not lines[-1]:
        del lines[-1]
    return [parse(kind, _decode(s, f"{path}:{i}"), f"{path}:{i}") for i, s in enumerate(lines, 1)]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf8")
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(f"cannot be read ({error})", str(path)) from None


def _decode(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # also for huge numbers and deep nesting
        what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:200]
        raise _damaged(f"not JSON ({what})", where) from None


def _damaged(what: str, where: str, expected: str = "a file that w2s-bench wrote") -> StoreError:
    mend = "run the suite again: finished fits are not repeated"
    return StoreError(what, where=where, expected=expected, mend=mend)


VERSION = "schema_version"
Step = Callable[[dict[str, Any]], dict[str, Any]]
# Migrations: a step turns a value of one version into one of the next when a file is read. To change a kind
# of file, raise its schema, add the step here, and leave a golden file of the old version in tests/golden:
# every published file stays readable.
STEPS: dict[tuple[str, int], Step] = {}  # by kind of file (the name of its class) and version it starts from


def too_new(value: Any, newest: int) -> int | None:
    """The version of a value if it is above ``newest``, else None."""
    version = value.get(VERSION) if isinstance(value, Mapping) else None
    return version if type(version) is int and version > newest else None


def upgraded(kind: str, value: Any, newest: int) -> Any:
    """The value in the newest version; unchanged, for validation to refuse, if no step takes its version."""
    while isinstance(value, Mapping) and value.get(VERSION) != newest:
        step = STEPS.get((kind, value[VERSION])) if type(value.get(VERSION)) is int else None
        if step is None:
            return value
        value = step(dict(value)) | {VERSION: value[VERSION] + 1}
    return value
