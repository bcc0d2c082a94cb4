"""Strict models of a bundle's JSON files, schema 1.

They are separate from the records of runs, so that published bundles stay readable when those records grow.
Texts that pages show are one printable line without HTML's special characters, and do not begin as a
spreadsheet formula does.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from w2s_bench.errors import StoreError
from w2s_bench.records import CellRecord, Domain, canonical_json, too_new, upgraded
from w2s_bench.report.tables import FORMULA

BUNDLE_SCHEMA: Literal[1] = 1
MEND = "send the bundle as w2s-bench submit wrote it"
MARKUP = frozenset("<>&\"'`\\")
DEEPEST, LONGEST_LINE = 12, 1 << 16
LONGEST_REASON = 300


def _plain(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds a character that cannot be printed")
    if special := MARKUP.intersection(text):
        raise ValueError(f"holds {min(special)!r}, which means something to HTML")
    if text.startswith(FORMULA) or text != text.strip():
        raise ValueError("begins as a formula does, or with a space, or ends with one")
    return text


def plain(text: str, longest: int = LONGEST_REASON) -> str:
    """Free text made fit for a bundle: forbidden characters replaced, and cut to ``longest``."""
    safe = text.translate({ord(c): {"<": "(", ">": ")"}.get(c, "’") for c in MARKUP})
    printable = "".join(c if c.isprintable() else " " for c in safe)
    return " ".join(printable.split()).lstrip("=+-@ ")[:longest].rstrip() or "no reason was given"


Text = Annotated[str, Field(max_length=LONGEST_REASON), AfterValidator(_plain)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:/,=()+@-]{0,159}$"), AfterValidator(_plain)]
Version = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+!_-]{0,63}$")]
Key = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=10**15)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Scalar = bool | Annotated[int, Field(ge=-(10**15), le=10**15)] | Number | Text | None
Options = Annotated[dict[Name, Scalar | Annotated[list[Scalar], Field(max_length=64)]], Field(max_length=64)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CellLine(_Strict):
    """Three fits that make one PGR at one seed; :class:`w2s_bench.records.CellRecord` as schema 1 has it."""

    domain: Domain
    task: Name
    method: Name
    options: Options
    teacher: Name
    student: Name
    seed: Count
    reference: bool
    teacher_key: Key
    student_key: Key | Literal[""]
    ceiling_key: Key
    uses_gold: bool
    failed: Text | None

    def record(self) -> CellRecord:
        """The cell as a record, from which tables are made."""
        return CellRecord(**self.model_dump())


class FitLine(_Strict):
    """A fit and its claims: test accuracy, the hash of the picked options, seconds. ``task`` and ``model``
    are those of its cells."""

    key: Key
    task: Name
    model: Name
    parameters: Count
    n_test: Annotated[int, Field(ge=1, le=10**7)]
    accuracy: Share
    answers: Key
    seconds: Seconds


class MethodLine(_Strict):
    """The method: its label in tables, its registered name or ``FILE.py:NAME``, and the SHA-256 of its code.
    ``tuning``: the number of trials that chose its options, if stated."""

    label: Name
    name: Name
    own: bool  # a file of its author's, whose text is in the bundle
    code: Annotated[str, Field(pattern=r"^[0-9a-f]{16,64}$")]
    options: Options
    reference: bool
    uses_gold: bool
    tuning: Count | None


class SuiteLine(_Strict):
    """The suite, with its TOML text for readers."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
    version: Annotated[int, Field(ge=1, le=10**6)]
    hash: Key
    toml: Annotated[str, Field(max_length=1 << 18)]


class Manifest(_Strict):
    """The head of a bundle. ``cost_seconds``: of all its fits. ``items``: by task, the hash of the ids of its
    test items in their order. ``files``: SHA-256 of every other file of the bundle."""

    schema_version: Literal[1]
    method: MethodLine
    suite: SuiteLine
    seeds: Annotated[list[Count], Field(min_length=1, max_length=1000)]
    code_version: Version
    libraries: Annotated[dict[Name, Version], Field(max_length=64)]
    python: Version
    platform: Text
    device: Text
    workers: Count
    cost_seconds: Seconds
    items: Annotated[dict[Name, Key], Field(min_length=1, max_length=1000)]
    files: Annotated[dict[Name, Digest], Field(max_length=8)]


def dump(value: BaseModel) -> str:
    """One line of canonical JSON."""
    return canonical_json(value.model_dump(mode="json")) + "\n"


def read_one(kind: type[BaseModel], data: bytes, where: str) -> Any:
    """One JSON object, alone in its file. Errors: StoreError naming file and field."""
    values = read_lines(kind, data, where, 1, len(data))
    if len(values) != 1:
        raise refused("holds nothing", where, "one JSON object")
    return values[0]


def read_lines(
    kind: type[BaseModel], data: bytes, where: str, most: int, longest: int = LONGEST_LINE
) -> list[Any]:
    """At most ``most`` JSON lines of ``kind``, each in canonical form: sorted keys, none twice, no NaN."""
    if data and not data.endswith(b"\n"):
        raise refused("is cut off", where, "a line end behind the last line")
    lines = data.split(b"\n", most + 1)[:-1]
    if len(lines) > most:
        raise refused(f"has more than {most} lines", where, f"at most {most}")
    return [_line(kind, text, f"{where}:{i}", longest) for i, text in enumerate(lines, 1)]


def _line(kind: type[BaseModel], data: bytes, where: str, longest: int) -> Any:
    if len(data) > longest:
        raise refused(f"has {len(data)} bytes", where, f"at most {longest} bytes a line")
    try:
        text = data.decode("utf8")
        value = json.loads(text, parse_constant=_no_number)
        _not_deep(value)
        same = canonical_json(value) == text
        _not_newer(value, where)
        model = kind.model_validate(upgraded(kind.__name__, value, BUNDLE_SCHEMA))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part)[:60] for part in first["loc"]) or "(top)"
        raise refused(f"field {field!r}: {first['msg']}", where, f"a {kind.__name__} of schema 1") from None
    except (ValueError, RecursionError) as error:
        raise refused(f"is not JSON ({str(error)[:120]})", where, "JSON in UTF-8") from None
    if not same:
        raise refused("is not in canonical form", where, "sorted keys, each once, and no spaces")
    return model


def _not_newer(value: Any, where: str) -> None:
    """Errors: StoreError for a schema above the one that this version writes."""
    if version := too_new(value, BUNDLE_SCHEMA):
        what = f"field 'schema_version': {str(version)[:20]} was written by a newer w2s-bench"
        raise refused(
            what, where, f"at most {BUNDLE_SCHEMA}", "update w2s-bench, or submit with this version"
        )


def _no_number(token: str) -> None:
    raise ValueError(f"{token} is no JSON number")


def _not_deep(value: Any) -> None:
    """Refuse a value that is nested deeper than any file of ours, without recursion."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        nested = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)]
        level = [inner for values in nested for inner in values]
        if not level:
            return
    raise ValueError(f"nested more than {DEEPEST} deep")


def refused(what: str, where: str, expected: str, mend: str = MEND) -> StoreError:
    """The error of a bundle that is refused. The bundle's own text in ``what`` is cut and cleaned of control
    characters."""
    shown = "".join(c if c.isprintable() else "?" for c in what)[:400]
    return StoreError(shown, where=where, expected=expected, mend=mend)
