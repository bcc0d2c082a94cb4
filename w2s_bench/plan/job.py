"""Jobs and their content keys, which cover everything that decides a job's result, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, Literal

from w2s_bench.data.splits import SPLIT_VERSION, companion, hop
from w2s_bench.records import Domain, Role, content_key
from w2s_bench.suite import Data

FIT_VERSION = 1  # raise it when the fit loop changes what it computes
UNTRAINED_KINDS = ("states", "prior")  # of an UntrainedJob
PRIOR_LENGTH = 256  # tokens that a model without a fit reads of an item


@dataclass(frozen=True, kw_only=True)
class SplitJob:
    """Draw the parts of a task at one seed.

    ``companions``: fingerprints of the tasks whose test items are drawn too, by name, in the card's order.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    sees_gold: ClassVar[bool] = True
    task: str
    fingerprint: str
    data: Data
    seed: int
    companions: dict[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Content key of the task (card, code, data), the sizes of the parts, the seed and the companions."""
        data = self.data if self.companions else self.data.model_copy(update={"companion": 0})
        values = {"kind": "split", "version": SPLIT_VERSION, "task": self.fingerprint}
        values |= {"data": data.for_key(), "seed": self.seed}
        if self.companions:
            values["companions"] = list(self.companions.values())
        return content_key(values)

    @property
    def title(self) -> str:
        """The job as logs and errors call it."""
        return f"split {self.task} seed {self.seed}"


@dataclass(frozen=True, kw_only=True)
class FitJob:
    """Fit a model to labels on one part, then predict.

    ``labels``: key of the fit whose predictions are the labels, or None for gold. ``role``, ``task`` and
    ``companions`` are not in the key, which includes the split's.
    """

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
    shuffled: bool = False  # labels dealt out to other items: a control
    variant: dict[str, Any] = field(default_factory=dict)  # which of several teachers
    given: dict[str, Any] = field(default_factory=dict)  # inputs of the method beyond weak labels
    stage: dict[str, Any] = field(default_factory=dict)  # language modelling before the fit
    ask: dict[str, Any] | None = None  # no fit: the pretrained model is asked this question
    labels_others: bool = False  # other fits of this plan train on its predictions; not in the key
    asked: tuple[str, ...] = ()  # further parts that this plan wants predictions on; not in the key
    companions: tuple[str, ...] = ()  # tasks whose test items it predicts on too

    @cached_property
    def key(self) -> str:
        """Content key of split, part, labels, model, method with options, training and seed."""
        return content_key(self.provenance())

    def provenance(self) -> dict[str, Any]:
        """The values that the key is the hash of, as JSON values."""
        names = "split part labels model model_fingerprint method method_fingerprint training seed"
        values = {n: getattr(self, n) for n in names.split()}
        special = {n: v for n in ("shuffled", "stage", "ask", "variant", "given") if (v := getattr(self, n))}
        return {"kind": "fit", "version": FIT_VERSION} | values | special

    @property
    def needs(self) -> tuple[str, ...]:
        """Keys of the jobs that must be finished before this one."""
        labels = () if self.labels is None else (self.labels,)
        untrained = (self.given[kind] for kind in UNTRAINED_KINDS if kind in self.given)
        return tuple(dict.fromkeys((self.split, *labels, *self.given.get("teachers", ()), *untrained)))

    @property
    def sees_gold(self) -> bool:
        """Whether the fit trains on gold labels, and so runs in the gold process."""
        return self.labels is None and not self.untrained

    @property
    def predicts(self) -> tuple[str, ...]:
        """Parts to predict on: the test sets of task and companions, and parts that others train on.

        A teacher predicts on all parts that methods may train on. A student does so if other fits of this
        plan train on its predictions. All predict on the parts that are ``asked`` too.
        """
        if self.untrained:
            return ("test", *self.companion_parts)
        if self.part == "transfer" and not (self.labels_others and self.labels):
            return ("test", *self.companion_parts, *self.asked)
        chain = ["teacher", *(hop(i) for i in range(1, self.data.hops + 1))]
        following = chain[chain.index(self.part) + 1 :][:1] if self.part in chain else []
        validation = ["validation"] if self.data.validation else []
        return ("test", *self.companion_parts, "transfer", *validation, *following, *self.asked)

    @property
    def companion_parts(self) -> tuple[str, ...]:
        """Names of the companions' parts, one for each of ``companions``."""
        return companion_parts(self.companions)

    @property
    def untrained(self) -> bool:
        """Whether the pretrained model answers without a fit (zero-shot)."""
        return self.ask is not None

    @property
    def title(self) -> str:
        """The job as logs and errors call it."""
        if self.untrained:
            return f"zero-shot {self.task} {self.model} seed {self.seed}"
        labels = "gold" if self.labels is None else f"labels {self.labels[:6]}"
        labels = f"shuffled {labels}" if self.shuffled else labels
        which = f" {self.variant['kind']} {self.variant['index']}" if self.variant else ""
        return f"{self.role} {self.task} {self.model} {self.method} {labels} seed {self.seed}{which}"


@dataclass(frozen=True, kw_only=True)
class UntrainedJob:
    """Read hidden states or answers from a pretrained model, for all methods, except on the teacher half."""

    sees_gold: ClassVar[bool] = False
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
        """Content key of split, model, seed (of randomly drawn weights) and the way the model is read."""
        names = ("kind", "split", "model", "model_fingerprint", "seed", "max_length", "version", "ask")
        return content_key({n: getattr(self, n) for n in names} | {"job": "look"})

    @property
    def needs(self) -> tuple[str, ...]:
        """Key of the split that holds the items."""
        return (self.split,)

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that the model reads."""
        hops = [hop(i) for i in range(1, self.data.hops + 1)]
        validation = ["validation"] if self.data.validation else []
        return ("transfer", *validation, *hops, "test", *companion_parts(self.companions))

    @property
    def title(self) -> str:
        """The job as logs and errors call it."""
        return f"{self.kind} {self.task} {self.model} seed {self.seed}"


def companion_parts(companions: tuple[str, ...]) -> tuple[str, ...]:
    """The part of each companion: ``companion-1`` and so on."""
    return tuple(companion(i) for i in range(1, len(companions) + 1))


Job = SplitJob | FitJob | UntrainedJob


def artifact_kinds(job: Job) -> tuple[str, ...]:
    """Kinds of the artifacts that a finished job has in the store under its key."""
    if isinstance(job, SplitJob):
        return ("gold", "items")
    return ("fit",) if isinstance(job, FitJob) else ("look",)


def describe(job: Job) -> dict[str, Any]:
    """A job as JSON values, for ``plan --json``."""
    kind = "split" if isinstance(job, SplitJob) else "fit" if isinstance(job, FitJob) else "look"
    values = {f.name: getattr(job, f.name) for f in fields(job)} | {"data": job.data.model_dump()}
    return values | {"key": job.key, "needs": list(job.needs), "title": job.title, "kind": kind}
