"""Checkpoints, from which a killed fit resumes.

A job may train several times, and its method may query the student in between. A checkpoint holds all answers
given so far and the state of the running training. A job that resumes runs from its beginning, but replays
the old answers and trains nothing until it reaches the checkpoint. Jobs are deterministic, so it makes the
same decisions again; one that does not raises :class:`Diverged` and starts anew.

A checkpoint holds no gold beyond what the job's request holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import ref

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from w2s_bench.method import Method
from w2s_bench.train.checkpoint_data import (
    Contents,
    Tensors,
    below,
    digest,
    fits_in_memory,
    pack,
    random_tensors,
    restore_optimizer,
    restore_random,
    stacked,
    unpack,
)
from w2s_bench.train.fsdp import agreed, everywhere, first, gathered, load_into
from w2s_bench.train.method_state import restore_state, state_of

LOSSES = "losses"
PAUSE = 19.0  # least pause after a checkpoint, in multiples of its duration: 5% of the time at most


class Diverged(BaseException):
    """A job decides otherwise than its checkpoint says. Not an Exception, so that methods do not catch it."""


@dataclass(frozen=True, slots=True)
class Past:
    """The steps of a training that a checkpoint holds.

    ``entry``: its entry in the checkpoint. ``losses`` of its steps; new ones are appended. ``ended``: whether
    it had finished.
    """

    entry: Tensors
    losses: list[Tensor] = field(default_factory=list)
    ended: bool = False


class Snapshot:
    """A student's weights by name (none while old answers are replayed), and its probe."""

    __slots__ = ("__weakref__", "predictor", "weights")

    def __init__(self, weights: Mapping[str, Tensor], predictor: Any) -> None:
        self.weights, self.predictor = dict(weights), predictor


class Checkpoint:
    """The checkpoint of one job.

    ``before``: bytes to resume from. ``every``: seconds between two checkpoints, None for none. ``save`` is
    called with the bytes of each.
    """

    def __init__(
        self,
        before: bytes | None = None,
        every: float | None = None,
        save: Callable[[bytes], None] = lambda data: None,
    ) -> None:
        self._every, self._save = every, save
        self._started = self._saved = time.monotonic()
        self._pause = every or 0.0
        self._entries: list[tuple[str, Tensors]] = []
        self._read = self._open = 0
        self._followed: list[_Followed] = []
        self._method: Method | None = None
        self._state: Tensors | None = None  # to resume from; None once it is restored
        self.earlier_seconds = 0.0  # that the job had taken at the checkpoint
        if before is not None and every is not None and (contents := unpack(before)) is not None:
            self._entries, self._state, self.earlier_seconds = contents

    @property
    def live(self) -> bool:
        """Whether models are trained and queried, and not old answers replayed."""
        return self._state is None

    def follow(self, model: nn.Module | Snapshot, names: Collection[str] = ()) -> None:
        """Save weights ``names`` of a model, or all of a snapshot, as long as it is referenced elsewhere."""
        self._followed.append(_Followed(ref(model), frozenset(names)))

    def remember(self, method: Method) -> None:
        """Save the attributes of this method, which its loss may change."""
        self._method = method

    def stop(self) -> None:
        """Save nothing from now on, because what follows cannot be resumed."""
        self._every = None

    def ask(self, what: str, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The old answer if the checkpoint has one, else that of ``compute``. Errors: Diverged."""
        if not self.live:
            return self._next(what)[""].numpy().copy()  # the caller may change what it gets
        answer = compute()
        if self._every is not None:
            self._write(what, {"": torch.from_numpy(answer.copy())})
        return answer

    def agree(self, what: str, *values: Tensor | None) -> None:
        """Record a method's decision. Errors: Diverged if the checkpoint has another one."""
        if self._every is None:
            return
        mark = digest(values)
        if self.live:
            self._write(what, {"": mark})
        elif not torch.equal(self._next(what)[""], mark):
            raise Diverged(what)

    def begin(self) -> Past:
        """Start a training; returns what the checkpoint holds of it. Errors: Diverged."""
        self._open += 1
        if self._state is None:
            return Past(self._write("training", {}))
        entry = self._next("training")
        return Past(entry, list(entry.get(LOSSES, self._state[LOSSES])), ended=LOSSES in entry)

    def resume(self, optimizer: Any, device: torch.device) -> None:
        """Restore the state of the checkpoint before new steps.

        Errors: Diverged in another training than the one in which the checkpoint was written.
        """
        if self._state is None:
            return
        if self._read != len(self._entries):
            raise Diverged("a training that was not the last")
        state, self._state = self._state, None
        for k, model in self._held(device).items():
            _restore(model, below(state, f"thing.{k}."))
        restore_optimizer(optimizer, below(state, "optimizer."))
        restore_random(device, state)
        self._restore_method(state, device)

    def after_step(self, losses: Sequence[Tensor], optimizer: Any, device: torch.device) -> None:
        """Write a checkpoint when it is due, unless one training runs within another.

        If several processes share the fit, the first decides and writes.
        """
        clock = time.monotonic()
        if self._every is None or self._open != 1:
            return
        if not agreed(clock - self._saved >= self._pause, device) or (method := self._method_state()) is None:
            return
        weights = {k: self._followed[k].weights(model) for k, model in self._held(device).items()}
        if agreed(fits_in_memory(_changing(optimizer, weights)), device):
            training = gathered(_changing(optimizer, weights))
            if first():
                state = {LOSSES: stacked(losses), **random_tensors(device), **method, **training}
                seconds = self.earlier_seconds + clock - self._started
                self._save(pack(Contents(self._entries, state, seconds)))
        self._saved = time.monotonic()
        self._pause = max(self._every, PAUSE * (self._saved - clock))

    def _held(self, device: torch.device) -> dict[int, nn.Module | Snapshot]:
        """Followed models that still exist in all processes that share the fit, by number."""
        models = [followed.model() for followed in self._followed]
        alive = everywhere([model is not None for model in models], device)
        return {k: model for k, model in enumerate(models) if model is not None and alive[k]}

    def end(self, past: Past, device: torch.device) -> None:
        """Finish a training; one that had ended before restores the random state of its end."""
        self._open -= 1
        if past.ended:
            restore_random(device, past.entry)
            self._restore_method(past.entry, device)
        elif (method := self._method_state()) is None:
            self.stop()
        elif self._every is not None:
            past.entry.update({LOSSES: stacked(past.losses), **random_tensors(device), **method})

    def _method_state(self) -> Tensors | None:
        state = state_of(self._method) if self._method is not None else {}
        return None if state is None else {f"memory.{name}": value for name, value in state.items()}

    def _restore_method(self, state: Tensors, device: torch.device) -> None:
        if self._method is not None:
            restore_state(self._method, below(state, "memory."), device)

    def close(self) -> None:
        """Finish the job. Errors: Diverged if the checkpoint has further entries."""
        if not self.live:
            raise Diverged("the end")

    def restarted(self) -> Checkpoint:
        """An empty checkpoint of the same job, to start from its beginning."""
        return Checkpoint(None, self._every, self._save)

    def _write(self, what: str, entry: Tensors) -> Tensors:
        if self._every is not None:
            self._entries.append((what, entry))
        return entry

    def _next(self, what: str) -> Tensors:
        if self._read == len(self._entries) or self._entries[self._read][0] != what:
            raise Diverged(what)
        self._read += 1
        return self._entries[self._read - 1][1]


@dataclass(frozen=True, slots=True)
class _Followed:
    """A weak reference to a snapshot, or to a model whose weights ``names`` are saved."""

    model: Callable[[], nn.Module | Snapshot | None]
    names: frozenset[str]

    def weights(self, model: nn.Module | Snapshot) -> Tensors:
        if isinstance(model, Snapshot):
            return model.weights
        return {name: value for name, value in model.state_dict().items() if name in self.names}


def _restore(model: nn.Module | Snapshot, weights: Tensors) -> None:
    if isinstance(model, Snapshot):
        model.weights = weights
    else:
        load_into(model, weights, strict=False)


def _changing(optimizer: Any, weights: Mapping[int, Tensors]) -> Iterator[tuple[str, Tensor]]:
    """Optimizer states and weights by name; if processes share the fit, this one's part."""
    for number, state in optimizer.state_dict()["state"].items():
        yield from ((f"optimizer.{number}.{name}", value) for name, value in state.items())
    for k, tensors in weights.items():
        yield from ((f"thing.{k}.{name}", value) for name, value in tensors.items())
