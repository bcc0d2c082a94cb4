"""The keys of a task's TOML file, and their validation."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from w2s_bench.errors import UserError
from w2s_bench.records import Domain

Text = Annotated[str, Field(min_length=1)]
Form = Literal["classes", "options", "right", "pair", "line"]
KEYS: dict[Form, tuple[Domain, frozenset[str]]] = {  # the domain and the keys of each form
    "classes": ("nlp", frozenset({"prompt", "label", "classes"})),
    "options": ("nlp", frozenset({"prompt", "label", "options"})),
    "right": ("nlp", frozenset({"prompt", "right", "wrong"})),
    "pair": ("reward", frozenset({"prompt", "chosen", "rejected"})),
    "line": ("chess", frozenset({"fen", "moves"})),
}
FORM_KEYS = frozenset(key for _, keys in KEYS.values() for key in keys)
GUIDE = "see docs/how-to/write-a-task.md for the keys of a task"


class Spec(BaseModel):
    """A task as its file describes it. Columns are named as in the data file.

    ``prompt`` is a column, or a text with columns in braces. nlp: ``label`` with ``classes`` (names, or a
    table from what the column says to names), or with ``options`` (columns, or one that holds a list), or
    columns ``right`` and ``wrong``. reward: ``chosen`` and ``rejected``. chess: ``fen`` and ``moves`` in UCI.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    domain: Domain
    file: Text
    licence: Text
    citation: Text
    language: Text
    version: Annotated[int, Field(ge=1)] = 1
    title: str = ""
    test_file: Text | None = None
    split: Text | None = None
    group: Text | None = None
    prompt: Text | None = None
    label: Text | None = None
    label_is: Literal["index", "number", "letter", "text"] = "index"
    classes: list[Text] | dict[str, Text] | None = None
    options: Annotated[list[Text], Field(min_length=2)] | Text | None = None
    right: Text | None = None
    wrong: Annotated[list[Text], Field(min_length=1)] | Text | None = None
    chosen: Text | None = None
    rejected: Text | None = None
    fen: Text | None = None
    moves: Text | None = None
    opponent_first: bool = True
    question: Text | None = None
    answers: list[Text] = []
    standing: Literal["development", "held-out"] = "held-out"
    pretraining: Text = "not known"
    notes: str = ""
    findings: dict[str, Text] = {}

    @model_validator(mode="after")
    def _is_of_one_form(self) -> Spec:
        given = {key for key in FORM_KEYS if getattr(self, key) is not None}
        fitting = [form for form, (domain, _) in KEYS.items() if domain == self.domain]
        if not any(given == KEYS[form][1] for form in fitting):
            ways = " or ".join(", ".join(sorted(KEYS[form][1])) for form in fitting)
            here = ", ".join(sorted(given)) or "none of them"
            raise ValueError(f"a {self.domain} task needs the keys {ways}; here are {here}")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Spec:
        if self.classes is not None and len(self.names) < 2:
            raise ValueError("classes has fewer than two names")
        if self.test_file and self.split:
            raise ValueError("test_file and split both say which rows are the test set")
        if self.answers and not self.question:
            raise ValueError("answers without a question")
        return self

    @property
    def form(self) -> Form:
        """The form of the examples, which follows from the given keys."""
        given = {key for key in FORM_KEYS if getattr(self, key) is not None}
        return next(form for form, (_, keys) in KEYS.items() if keys == given)

    @property
    def names(self) -> tuple[str, ...]:
        """Class names, each once, in the order of the file."""
        given = self.classes or []
        return tuple(dict.fromkeys(given.values() if isinstance(given, dict) else given))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that an example needs."""
        values: list[Any] = [self.label, self.right, self.chosen, self.rejected, self.fen, self.moves]
        values += [self.group, self.options, self.wrong]
        names = [c for v in values if v for c in ([v] if isinstance(v, str) else v)]
        return tuple(dict.fromkeys([*in_prompt(self.prompt), *names]))


def in_prompt(prompt: str | None) -> list[str]:
    """Columns of a prompt: those named in braces, or else the prompt itself."""
    if not prompt:
        return []
    return re.findall(r"\{([^{}]+)\}", prompt) or [prompt]


def read_spec(path: Path) -> Spec:
    """Read and check a task's file. Errors: UserError with the file, the line and the key."""
    try:
        text = path.read_text("utf8")
        raw = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot be read ({error})", where=str(path), expected="a task's TOML file") from None
    except (ValueError, RecursionError) as error:
        line = re.search(r"line (\d+)", str(error))
        at = line[1] if line else len(text.splitlines())
        raise UserError(f"not TOML ({error})", where=f"{path}:{at}", mend="correct that line") from None
    try:
        return Spec.model_validate(raw)
    except ValidationError as error:
        raise _user_error(error.errors()[0], text, path) from None


def _user_error(error: Any, text: str, path: Path) -> UserError:
    key = str(error["loc"][0]) if error["loc"] else ""
    lines = [k for k, line in enumerate(text.splitlines(), 1) if re.match(rf"\s*\[?{re.escape(key)}\b", line)]
    where = f"{path}:{lines[0]}" if key and lines else str(path)
    what, expected = _message(error)
    return UserError(what, where=f"{where}: key {key!r}" if key else where, expected=expected, mend=GUIDE)


def _message(error: Any) -> tuple[str, str]:
    """The problem and what was expected."""
    if error["type"] == "missing":
        return "this key is missing", "a value for it"
    if error["type"] == "extra_forbidden":
        return "no such key", f"one of {', '.join(Spec.model_fields)}"
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, "), ""
    return f"{error['input']!r:.80} will not do", str(error["msg"]).removeprefix("Input should be ")
