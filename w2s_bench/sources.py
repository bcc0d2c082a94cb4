"""Sources of raw rows: the Hugging Face hub or a mirror of it, files shipped with a task, a generator.

Every source gives rows by split (``train``, and ``test`` where the data set has its own), a fingerprint of
exactly that data, and a description of its origin.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from w2s_bench.bad_rows import UNUSABLE, BrokenRow
from w2s_bench.errors import BadData
from w2s_bench.registry.code_form import code_form

Row = Mapping[str, Any]


class Source(Protocol):
    """Raw rows and their fingerprint; ``mirror`` is the root of a local mirror of the hub, or None.

    A source may also have ``describe()``, which gives its origin as JSON values.
    """

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        """All rows of a split, in a fixed order; a :class:`BrokenRow` in the place of one that cannot be
        read. Callers iterate once and then index the rows they need, so a lazy sequence saves memory."""

    def has(self, split: str) -> bool:
        """Whether the data set has that split of its own."""

    def fingerprint(self, mirror: Path | None) -> str:
        """A text that changes whenever the rows would."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HubSource:
    """A data set on the Hugging Face hub at a pinned revision, or the same path below a mirror root.

    The splits named by ``train`` are pooled; a mirror may lack some of them, but not all. An empty ``train``
    makes the set test-only. ``revision`` is a commit, or a branch that is resolved to its present commit.
    ``files``: a pattern of a split's files, with ``{split}``, where ``datasets`` finds none by configuration.
    ``every``: of a set too large for memory, only one row in this many is read.
    """

    path: str
    revision: str
    columns: tuple[str, ...]
    config: str | None = None
    train: tuple[str, ...] = ("train",)
    test: str | None = None
    files: str | None = None
    every: int = 1

    def has(self, split: str) -> bool:
        return bool(self.train) if split == "train" else self.test is not None

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        """Rows with ``columns`` only: nothing else of the data set enters the project."""
        rows = [row for table in self.tables(split, mirror) for row in table.to_pylist()]
        if not rows:
            raise self._empty()
        return rows

    def tables(self, split: str, mirror: Path | None) -> list[Any]:
        """The rows as Arrow tables, one for each pooled split."""
        names = self.train if split == "train" else (self.test or "",)
        splits = self._load(mirror)
        tables = [splits[name] for name in names if name in splits]
        if not tables:
            raise self._bad(f"no split {' or '.join(map(repr, names))}", f"one of {', '.join(splits)}")
        return [self._read(table) for table in tables]

    def fingerprint(self, mirror: Path | None) -> str:
        """From a mirror: SHA-256 of the data set's files. From the hub: the commit."""
        config = f"{self.config}:{'+'.join(self.train)}:{self.test}"
        if mirror is None:
            return f"hub:{self.path}@{self._commit()}:{config}"
        return f"mirror:{_hash_files(self._folder(mirror))}:{config}"

    def describe(self) -> dict[str, Any]:
        return {
            "hub": self.path,
            "revision": self.revision,
            "configuration": self.config or "default",
            "columns": list(self.columns),
            "train splits": list(self.train),
            "test split": self.test or "none: the test set is drawn from the rows",
        }

    def _read(self, table: Any) -> Any:
        missing = [c for c in self.columns if c not in table.column_names]
        if missing:
            raise self._bad(
                f"column {missing[0]!r} is missing",
                f"columns {', '.join(self.columns)}; found {', '.join(table.column_names)}",
            )
        if self.every > 1:
            table = table.select(range(0, len(table), self.every))
        return table.select_columns(list(self.columns)).with_format("arrow")[:]

    def _bad(self, what: str, expected: str) -> BadData:
        where = f"data set {self.path} ({self.config or 'default'})"
        mend = "check the revision of the data set or the files of the mirror"
        return BadData(what, where=where, expected=expected, mend=mend)

    def _empty(self) -> BadData:
        return self._bad("the data set is empty", "at least one row")

    def _commit(self) -> str:
        if re.fullmatch(r"[0-9a-f]{40}", self.revision):
            return self.revision
        try:
            from huggingface_hub import HfApi

            return str(HfApi().dataset_info(self.path, revision=self.revision).sha)
        except Exception as error:
            if not _unreachable(error):
                raise self._bad(str(error)[:200], "a known revision") from None
            return self._cached_commit()

    def _cached_commit(self) -> str:
        """The commit that the revision stood for when it was last downloaded to this machine."""
        from huggingface_hub import try_to_load_from_cache

        card = try_to_load_from_cache(self.path, "README.md", repo_type="dataset", revision=self.revision)
        if not isinstance(card, str):
            raise self._offline()
        return Path(card).parent.name

    def _folder(self, mirror: Path) -> Path:
        folder = mirror / self.path
        if not folder.is_dir():
            raise BadData(
                f"data set {self.path!r} is not in the mirror",
                where=str(mirror),
                expected=f"a folder {self.path} with the files of the data set",
                mend="copy it there, or leave out --hub and W2S_HUB to load it from the hub",
            )
        return folder

    def _load(self, mirror: Path | None) -> dict[str, Any]:
        target = str(self._folder(mirror)) if mirror else self.path
        try:
            import datasets

            datasets.disable_progress_bars()
            datasets.utils.logging.set_verbosity(datasets.utils.logging.CRITICAL)  # errors are raised as well
            if mirror is None:
                return dict(datasets.load_dataset(**self._on_hub(self._commit())))
            # datasets identifies a local data set by its README alone: without a cache for each content it
            # would return the rows of another mirror, or of files that have changed since
            cache = Path(datasets.config.HF_DATASETS_CACHE) / f"mirror-{_hash_files(Path(target))}"
            return dict(datasets.load_dataset(target, self.config, cache_dir=str(cache)))
        except BadData:
            raise
        except Exception as error:
            if mirror is None and _unreachable(error):
                raise self._offline() from None
            cause = error.__cause__ or error  # datasets wraps the real error in "an error occurred"
            if re.search("corresponds to no data|BatchSize must be greater than 0", str(cause)):
                raise self._empty() from None
            raise self._bad(
                f"cannot be loaded: {type(cause).__name__}: {cause}"[:400],
                f"configuration {self.config or 'default'!r}",
            ) from None

    def _on_hub(self, commit: str) -> dict[str, Any]:
        """Arguments of ``load_dataset``: the configuration, or which files to read and how."""
        if self.files is None:
            return {"path": self.path, "name": self.config, "revision": commit}
        splits = (*self.train, self.test) if self.test else self.train
        at = f"hf://datasets/{self.path}@{commit}/{self.files}"
        files = {"data_files": {split: at.format(split=split) for split in splits}}
        if ".csv" in self.files:
            return {"path": "csv", "keep_default_na": False, **files}
        return {"path": "parquet" if self.files.endswith(".parquet") else "json", **files}

    def _offline(self) -> BadData:
        return BadData(
            f"data set {self.path!r} is not on this machine and the Hugging Face hub is out of reach",
            expected="a network, a filled datasets cache, or a local mirror",
            mend=f"give a folder that holds {self.path}: w2s-bench run SUITE --hub DIR (or set W2S_HUB=DIR)",
        )


def _unreachable(error: Exception) -> bool:
    """Whether the network is missing: the error, or one that caused it, says so."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    names = {cls.__name__ for link in chain for cls in type(link).__mro__}
    offline = {"ConnectionError", "OfflineModeIsEnabled", "ConnectTimeout", "ConnectError"}
    return bool(names & (offline | {"LocalEntryNotFoundError"})) or os.environ.get("HF_HUB_OFFLINE") == "1"


def _hash_files(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder)
        if not any(part.startswith(".") for part in name.parts):  # metadata of git and the hub client
            digest.update(f"{name}\0{_hash_file(path, *_stamp(path))}\0".encode())
    return digest.hexdigest()[:32]


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


@cache
def _hash_file(path: Path, size: int, mtime_ns: int) -> str:
    """SHA-256 of a file, cached by its size and modification time."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A source whose training rows have a fixed test set: the rows that ``test`` accepts.

    ``test`` is code of the task, which the task's fingerprint covers. A row on which it fails is a
    :class:`BrokenRow` of the training side.
    """

    source: Source
    test: Callable[[Row], bool]

    def has(self, split: str) -> bool:
        return split in ("train", "test")

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        sides = map(self._side, self.source.rows("train", mirror))
        return [row for side, row in sides if side == split]

    def _side(self, row: Row) -> tuple[str, Row]:
        try:
            return "test" if not isinstance(row, BrokenRow) and self.test(row) else "train", row
        except UNUSABLE as error:
            return "train", BrokenRow(row, error)

    def fingerprint(self, mirror: Path | None) -> str:
        return f"held:{self.source.fingerprint(mirror)}"

    def describe(self) -> dict[str, Any]:
        return described(self.source) | {"test split": "a part of the rows, divided once for all"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Expanded:
    """A source that turns each raw row into zero or more rows, such as a question into its answers.

    Rows of one raw row stay in its place and should share their group. ``code``: files, besides the task's
    own, that decide what ``expand`` yields. A raw row that ``expand`` cannot read is a :class:`BrokenRow`.
    """

    source: Source
    expand: Callable[[Row], Iterable[Row]]
    code: tuple[Path, ...] = ()

    def has(self, split: str) -> bool:
        return self.source.has(split)

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        return [new for raw in self.source.rows(split, mirror) for new in self._expand(raw)]

    def fingerprint(self, mirror: Path | None) -> str:
        return f"expanded:{hash_code(self.code)}:{self.source.fingerprint(mirror)}"

    def describe(self) -> dict[str, Any]:
        return described(self.source)

    def _expand(self, raw: Row) -> list[Row]:
        try:
            return [raw] if isinstance(raw, BrokenRow) else list(self.expand(raw))
        except UNUSABLE as error:
            return [BrokenRow(raw, error)]


def described(source: Source) -> dict[str, Any]:
    """The origin of a source as JSON values; without a ``describe()``, the name of its class."""
    describe: Callable[[], dict[str, Any]] | None = getattr(source, "describe", None)
    return describe() if describe is not None else {"kind": type(source).__name__}


def hash_code(code: Iterable[Path]) -> str:
    """SHA-256 (32 digits) of the given files, and of all Python files below the given folders.

    Of Python files, what the code does counts, not how it is written: see :func:`.code_form`.
    """
    files = [p for c in code for p in (sorted(c.rglob("*.py")) if c.is_dir() else [c])]
    hashes = (_hash_code_form if p.suffix == ".py" else _hash_file for p in files)
    joined = "".join(hash_one(p, *_stamp(p)) for hash_one, p in zip(hashes, files, strict=True))
    return hashlib.sha256(joined.encode()).hexdigest()[:32]


@cache
def _hash_code_form(path: Path, size: int, mtime_ns: int) -> str:
    """SHA-256 of the form of a Python file, cached as :func:`_hash_file` is."""
    return hashlib.sha256(code_form(path.read_text("utf8")).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class ParquetSource:
    """Rows of a Parquet file that ships with the task; the test set is carved out of them."""

    file: Path
    columns: tuple[str, ...]

    def has(self, split: str) -> bool:
        return split == "train"

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        import pyarrow.parquet

        try:
            return pyarrow.parquet.read_table(self.file, columns=list(self.columns)).to_pylist()
        except Exception as error:
            raise self._bad(error) from None

    def fingerprint(self, mirror: Path | None) -> str:
        try:
            return f"file:{_hash_file(self.file, *_stamp(self.file))[:32]}"
        except OSError as error:
            raise self._bad(error) from None

    def describe(self) -> dict[str, Any]:
        return {"file": self.file.name, "columns": list(self.columns)}

    def _bad(self, error: Exception) -> BadData:
        return BadData(f"cannot be read ({error})", where=str(self.file), expected="a Parquet file")


@dataclass(frozen=True, kw_only=True, slots=True)
class GeneratedSource:
    """A fixed pool of ``size`` rows from ``generate(size, seed)``; the test set is carved out of them.

    ``code``: files and folders of Python code, besides the task's own, that decide what it yields.
    """

    generate: Callable[[int, int], Iterator[Row]]
    size: int
    seed: int = 0
    code: tuple[Path, ...] = ()

    def has(self, split: str) -> bool:
        return split == "train"

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        return list(self.generate(self.size, self.seed))

    def fingerprint(self, mirror: Path | None) -> str:
        return f"generated:{self.size}:{self.seed}:{hash_code(self.code)}"

    def describe(self) -> dict[str, Any]:
        return {"generated rows": self.size, "seed": self.seed}
