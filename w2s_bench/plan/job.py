"""Jobs and their content keys: everything that decides a result is in its key, and nothing else is."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

from w2s_bench.data.splits import SPLIT_VERSION, companion, hop
from w2s_bench.records import Domain, Role, content_key
from w2s_bench.suite import Data

FIT_VERSION = 1  # raise it when the fit loop changes what it computes
LOOKS = ("states", "prior")
ASKED_LENGTH = 256  # tokens of a model that is asked without any fit


@dataclass(frozen=True, kw_only=True)
class SplitJob:
    """Draw the parts of a task at one seed. ``companions``: names of the tasks whose test items are drawn as
    well, in the order of the card, and their fingerprints."""

    task: str
    fingerprint: str
    data: Data
    seed: int
    companions: dict[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Task (card, code, data), sizes of the parts, seed; companions only where some are drawn."""
        data = self.data if self.companions else self.data.model_copy(update={"companion": 0})
        drawn = {"companions": list(self.companions.values())} if self.companions else {}
        return content_key(
            {
                "kind": "split",
                "version": SPLIT_VERSION,
                "task": self.fingerprint,
                "data": data.for_key(),
                "seed": self.seed,
            }
            | drawn
        )

    @property
    def needs(self) -> tuple[str, ...]:
        """It stands at the beginning."""
        return ()

    @property
    def sees_gold(self) -> bool:
        """It draws it."""
        return True

    @property
    def title(self) -> str:
        """For people."""
        return f"split {self.task} seed {self.seed}"


@dataclass(frozen=True, kw_only=True)
class FitJob:
    """Fit a model to labels on one part, then predict. ``labels`` is the key of the fit whose
    predictions are its labels, or None for gold. ``role``, ``task`` and ``companions`` are for people: not in
    the key, which has the split."""

    role: Role
    domain: Domain
    task: str
    task_version: int
    split: str
    part: str
    labels: str | None
    model: str
    model_fingerprint: str
    method: str
    method_fingerprint: str
    training: dict[str, Any]
    seed: int
    data: Data
    options: dict[str, Any] = field(default_factory=dict)
    shuffled: bool = False  # labels that say nothing: a control
    variant: dict[str, Any] = field(default_factory=dict)  # which of several teachers
    given: dict[str, Any] = field(default_factory=dict)  # what a method declared beyond weak labels
    stage: dict[str, Any] = field(default_factory=dict)  # of language modelling before the fit
    ask: dict[str, Any] | None = None  # asked like this without any fit
    labels_others: bool = False  # of this plan; not in the key
    asked: tuple[str, ...] = ()  # further parts that this plan wants answered; not in the key
    companions: tuple[str, ...] = ()  # tasks whose test items it answers as well

    @cached_property
    def key(self) -> str:
        """Split, part, labels, model, method with options, training, seed."""
        return content_key(self.provenance())

    def provenance(self) -> dict[str, Any]:
        """What the key is made of, as JSON values."""
        names = (
            "split",
            "part",
            "labels",
            "model",
            "model_fingerprint",
            "method",
            "method_fingerprint",
            "training",
            "seed",
        )
        given = {n: getattr(self, n) for n in names}
        special = {n: v for n in ("shuffled", "stage", "ask", "variant", "given") if (v := getattr(self, n))}
        return {"kind": "fit", "version": FIT_VERSION} | given | special

    @property
    def needs(self) -> tuple[str, ...]:
        """Keys of the jobs that must be finished before this one."""
        labels = () if self.labels is None else (self.labels,)
        looks = (self.given[kind] for kind in LOOKS if kind in self.given)
        return tuple(dict.fromkeys((self.split, *labels, *self.given.get("teachers", ()), *looks)))

    @property
    def sees_gold(self) -> bool:
        """Whether it trains on gold labels: it then runs apart from whatever runs a method."""
        return self.labels is None and not self.untrained

    @property
    def predicts(self) -> tuple[str, ...]:
        """Parts it predicts on: the test set, those of companions, and what its labels may be wanted for.

        A teacher labels for every method there may be. A student on the transfer half labels only where it is
        a rung of this plan, and answers what else is asked of it; a fit without those answers is not finished
        in a plan that wants them.
        """
        if self.untrained:
            return ("test", *self.companion_parts)
        if self.part == "transfer" and not (self.labels_others and self.labels):
            return ("test", *self.companion_parts, *self.asked)
        chain = ["teacher", *(hop(i) for i in range(1, self.data.hops + 1))]
        following = chain[chain.index(self.part) + 1 :][:1] if self.part in chain else []
        validation = ["validation"] if self.data.validation else []
        return ("test", *self.companion_parts, "transfer", *validation, *following)

    @property
    def companion_parts(self) -> tuple[str, ...]:
        """Parts of the companions, in the order of their names."""
        return companion_parts(self.companions)

    @property
    def untrained(self) -> bool:
        """Answers without a fit."""
        return self.ask is not None

    @property
    def title(self) -> str:
        """For people."""
        if self.untrained:
            return f"zero-shot {self.task} {self.model} seed {self.seed}"
        labels = "gold" if self.labels is None else f"labels {self.labels[:6]}"
        labels = f"shuffled {labels}" if self.shuffled else labels
        which = f" {self.variant['kind']} {self.variant['index']}" if self.variant else ""
        return f"{self.role} {self.task} {self.model} {self.method} {labels} seed {self.seed}{which}"


@dataclass(frozen=True, kw_only=True)
class UntrainedJob:
    """States or answers of a model before any fit, on every part but the teacher's half; methods share it."""

    kind: Literal["states", "prior"]
    domain: Domain
    task: str
    split: str
    model: str
    model_fingerprint: str
    seed: int
    data: Data
    max_length: int
    version: int
    ask: dict[str, Any] | None = None
    companions: tuple[str, ...] = ()  # not in the key, which has the split

    @cached_property
    def key(self) -> str:
        """Split, model, and how it is looked at; the seed sets what a model draws at random."""
        names = ("kind", "split", "model", "model_fingerprint", "seed", "max_length", "version", "ask")
        return content_key({n: getattr(self, n) for n in names} | {"job": "look"})

    @property
    def needs(self) -> tuple[str, ...]:
        """The items."""
        return (self.split,)

    @property
    def sees_gold(self) -> bool:
        """Never."""
        return False

    @property
    def parts(self) -> tuple[str, ...]:
        """Parts it looks at."""
        hops = [hop(i) for i in range(1, self.data.hops + 1)]
        validation = ["validation"] if self.data.validation else []
        return ("transfer", *validation, *hops, "test", *companion_parts(self.companions))

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.kind} {self.task} {self.model} seed {self.seed}"


def companion_parts(companions: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the parts of so many companions."""
    return tuple(companion(i) for i in range(1, len(companions) + 1))


Job = SplitJob | FitJob | UntrainedJob


def kinds(job: Job) -> tuple[str, ...]:
    """Artifacts that a finished job leaves in the store, all under its key."""
    if isinstance(job, SplitJob):
        return ("gold", "items")
    return ("fit",) if isinstance(job, FitJob) else ("look",)


def describe(job: Job) -> dict[str, Any]:
    """A job as JSON values, for ``plan --json``."""
    told = {"key": job.key, "needs": list(job.needs), "title": job.title, "data": job.data.model_dump()}
    kind = "split" if isinstance(job, SplitJob) else "fit" if isinstance(job, FitJob) else "look"
    return {f.name: getattr(job, f.name) for f in fields(job)} | told | {"kind": kind}
