"""Long fits go on where they stood: every few minutes a job's diary is kept, by which a killed job resumes.

A job trains a model once or several times; between and within, a method asks its student and decides. In the
diary stand all answers that were given so far and, of the moment at which it was kept, all that training
changes: weights, the optimizer's state, random numbers. A job that goes on begins anew, but is handed the old
answers and trains nothing until it stands where the diary ends: a job is deterministic, so it decides what it
decided before. One that decides otherwise has :class:`Diverged`, and is done from its beginning.

It holds no gold: what a method saw, and weights. Its bytes are a file of safetensors.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any
from weakref import ref

import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from w2s_bench.method import Method
from w2s_bench.train import micro_batches
from w2s_bench.train.fsdp import agreed, everywhere, first, gathered, load_into, part_of, world
from w2s_bench.train.method_state import bring_back, memory_of

Tensors = dict[str, Tensor]
SCHEMA = 1
LOSSES, FACTS = "losses", "facts"
COPIES = 3  # of a diary in memory while it is kept
SHARE = 19.0  # so many times as long as it takes to keep a diary pass until the next: 5% at most


class Diverged(BaseException):
    """A job decided otherwise than its diary says. No error of a method: nobody but the job may catch it."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was done of a training before: the losses of its steps, to which those of new ones are added, and
    whether it had ended. ``entry`` is its own in the diary."""

    entry: Tensors
    losses: list[Tensor] = field(default_factory=list)
    ended: bool = False


class Snapshot:
    """A student as it stood: weights by name, none while a diary is read, and what answered in its place."""

    __slots__ = ("__weakref__", "predictor", "weights")

    def __init__(self, weights: Mapping[str, Tensor], predictor: Any) -> None:
        self.weights, self.predictor = dict(weights), predictor


class Checkpoint:
    """Of one job. ``before``: what was kept of it; ``every``: seconds between two keepings, None for never;
    ``keep``: where the bytes go."""

    def __init__(
        self,
        before: bytes | None = None,
        every: float | None = None,
        keep: Callable[[bytes], None] = lambda kept: None,
    ) -> None:
        self._every, self._keep = every, keep
        self._begun = self._kept = time.monotonic()
        self._pause = every or 0.0
        self._entries: list[tuple[str, Tensors]] = []
        self._read = self._open = 0
        self._followed: list[_Follow] = []
        self._method: Method | None = None
        self._now: Tensors | None = None
        self._earlier = 0.0
        if before is not None and every is not None and (found := _unpacked(before)) is not None:
            self._entries, self._now, self._earlier = found

    @property
    def live(self) -> bool:
        """Whether models are trained and asked: not while old answers are read."""
        return self._now is None

    @property
    def earlier(self) -> float:
        """Seconds that this job took until the diary was kept; 0 for one that began now."""
        return self._earlier

    def follow(self, thing: nn.Module | Snapshot, names: Collection[str] = ()) -> None:
        """Keep these weights of a model, or all of a snapshot, as long as something else holds it."""
        self._followed.append(_Follow(ref(thing), frozenset(names)))

    def remember(self, method: Method) -> None:
        """Keep what this method's attributes hold, which its loss may change at every step."""
        self._method = method

    def stop(self) -> None:
        """Keep nothing from now on: what happens next cannot be told later."""
        self._every = None

    def ask(self, what: str, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """An answer: the old one where there is one, or else computed now. Errors: Diverged."""
        if not self.live:
            return self._next(what)[""].numpy().copy()  # whoever asks may change what it is given
        found = compute()
        if self._every is not None:
            self._write(what, {"": torch.from_numpy(found.copy())})
        return found

    def agree(self, what: str, *values: Tensor | None) -> None:
        """Note what a method decided. Errors: Diverged where it was something else before."""
        if self._every is None:
            return
        mark = torch.frombuffer(bytearray(_digest(values)), dtype=torch.uint8)
        if self.live:
            self._write(what, {"": mark})
        elif not torch.equal(self._next(what)[""], mark):
            raise Diverged(what)

    def begin(self) -> Past:
        """A training begins, or has begun before. Errors: Diverged."""
        self._open += 1
        if self._now is None:
            return Past(self._write("training", {}))
        entry = self._next("training")
        return Past(entry, list(entry.get(LOSSES, self._now[LOSSES])), ended=LOSSES in entry)

    def go_on(self, optimizer: Any, device: torch.device) -> None:
        """From here on a training is real: all is put as it was when the diary was kept. Errors: Diverged for
        one that is not where the diary ends."""
        if self._now is None:
            return
        if self._read != len(self._entries):
            raise Diverged("a training that was not the last")
        now, self._now = self._now, None
        for k, thing in self._held(device).items():
            _put(thing, _below(now, f"thing.{k}."))
        _put_back(optimizer, _below(now, "optimizer."))
        _set_random(device, now)
        self._bring_back(now, device)

    def look(self, losses: Sequence[Tensor], optimizer: Any, device: torch.device) -> None:
        """After a step: keep the diary where it is time, unless one training goes on within another. Of
        processes that share the fit, the first says when, and keeps it."""
        clock = time.monotonic()
        if self._every is None or self._open != 1:
            return
        if not agreed(clock - self._kept >= self._pause, device) or (memory := self._memory()) is None:
            return
        things = {k: self._followed[k].weights(thing) for k, thing in self._held(device).items()}
        if agreed(_has_room(_standing(optimizer, things)), device):
            standing = gathered(_standing(optimizer, things))
            if first():
                now = {LOSSES: stacked(losses), **_random(device), **memory, **standing}
                self._keep(_packed(self._entries, now, self._earlier + clock - self._begun))
        self._kept = time.monotonic()
        self._pause = max(self._every, SHARE * (self._kept - clock))

    def _held(self, device: torch.device) -> dict[int, nn.Module | Snapshot]:
        """What something still holds, by its number. What nothing holds is gone when Python collects it:
        processes that share a fit leave out what is gone in one of them."""
        found = [follow.thing() for follow in self._followed]
        there = everywhere([thing is not None for thing in found], device)
        return {k: thing for k, thing in enumerate(found) if thing is not None and there[k]}

    def end(self, past: Past, device: torch.device) -> None:
        """A training has ended, now or before: random numbers go on from where they stood then."""
        self._open -= 1
        if past.ended:
            _set_random(device, past.entry)
            self._bring_back(past.entry, device)
        elif (memory := self._memory()) is None:
            self.stop()
        elif self._every is not None:
            past.entry.update({LOSSES: stacked(past.losses), **_random(device), **memory})

    def _memory(self) -> Tensors | None:
        found = memory_of(self._method) if self._method is not None else {}
        return None if found is None else {f"memory.{name}": value for name, value in found.items()}

    def _bring_back(self, kept: Tensors, device: torch.device) -> None:
        if self._method is not None:
            bring_back(self._method, _below(kept, "memory."), device)

    def close(self) -> None:
        """All training is over. Errors: Diverged where the diary knows of more."""
        if not self.live:
            raise Diverged("the end")

    def afresh(self) -> Checkpoint:
        """Another diary of the same job, which begins anew."""
        return Checkpoint(None, self._every, self._keep)

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
class _Follow:
    """A model, by ``names`` of its weights, or a snapshot: kept as long as something else holds it."""

    thing: Callable[[], nn.Module | Snapshot | None]
    names: frozenset[str]

    def weights(self, thing: nn.Module | Snapshot) -> Tensors:
        if isinstance(thing, Snapshot):
            return thing.weights
        return {name: value for name, value in thing.state_dict().items() if name in self.names}


def _put(thing: nn.Module | Snapshot, weights: Tensors) -> None:
    if isinstance(thing, Snapshot):
        thing.weights = weights
    else:
        load_into(thing, weights, strict=False)


def _standing(optimizer: Any, things: Mapping[int, Tensors]) -> Iterator[tuple[str, Tensor]]:
    """What training has made by now; of processes that share the fit, each has a part of it."""
    for number, state in optimizer.state_dict()["state"].items():
        yield from ((f"optimizer.{number}.{name}", value) for name, value in state.items())
    for k, weights in things.items():
        yield from ((f"thing.{k}.{name}", value) for name, value in weights.items())


def _put_back(optimizer: Any, states: Tensors) -> None:
    """States by ``number.name``, as an optimizer numbers its parameters."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    whole = optimizer.state_dict()
    whole["state"] = {
        number: {name: part_of(value, parameters[number]) for name, value in state.items()}
        for number, state in _by_number(states).items()
    }
    optimizer.load_state_dict(whole)


def _has_room(named: Iterable[tuple[str, Tensor]]) -> bool:
    """Whether the machine has the memory for a diary: it is gathered, packed and handed on, and each process
    that goes on reads it whole."""
    size = sum(value.numel() * value.element_size() for _, value in named)
    return size * (COPIES + world()) <= psutil.virtual_memory().available


def stacked(losses: Sequence[Tensor]) -> Tensor:
    """Losses of steps ``[S]``; of a training without any step too."""
    return torch.stack([*losses]) if losses else torch.zeros(0)


def _random(device: torch.device) -> Tensors:
    return {f"random.{k}": state for k, state in enumerate(micro_batches.random_state(device))}


def _set_random(device: torch.device, kept: Tensors) -> None:
    states = _below(kept, "random.")
    micro_batches.set_random_state(device, [states[name] for name in sorted(states)])


def _below(tensors: Tensors, prefix: str) -> Tensors:
    """Those whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _by_number(states: Tensors) -> dict[int, Tensors]:
    """``number.name`` to numbers of dictionaries, as an optimizer has them."""
    numbers = {int(name.partition(".")[0]) for name in states}
    return {number: _below(states, f"{number}.") for number in sorted(numbers)}


def _packed(entries: Sequence[tuple[str, Tensors]], now: Tensors, seconds: float) -> bytes:
    from safetensors.torch import save

    facts = {"made": _maker(), "entries": [what for what, _ in entries], "seconds": seconds}
    tensors = {FACTS: torch.frombuffer(bytearray(json.dumps(facts).encode()), dtype=torch.uint8)}
    tensors |= {f"now.{name}": value for name, value in now.items()}
    for k, (_, entry) in enumerate(entries):
        tensors |= {f"entry.{k}.{name}": value for name, value in entry.items()}
    # Copies: weights that a model has under two names share memory, which safetensors refuses.
    return bytes(save({n: v.detach().to("cpu", copy=True).contiguous() for n, v in tensors.items()}))


def _unpacked(kept: bytes) -> tuple[list[tuple[str, Tensors]], Tensors, float] | None:
    """Entries, state, and seconds; None for one of other versions: no loss but of time."""
    from safetensors.torch import load

    tensors = dict(sorted(load(kept).items()))  # processes that share a fit deal them out in one order
    facts = json.loads(tensors[FACTS].numpy().tobytes())
    if facts["made"] != _maker():
        return None
    entries = [(what, _below(tensors, f"entry.{k}.")) for k, what in enumerate(facts["entries"])]
    return entries, _below(tensors, "now."), float(facts["seconds"])


def _maker() -> list[str]:
    """What wrote a diary: another version may do other things under the same names."""
    return [version("w2s-bench"), version("torch"), str(SCHEMA)]


def _digest(values: Sequence[Tensor | None]) -> bytes:
    told = hashlib.sha256()
    for value in values:
        data = b"" if value is None else value.detach().cpu().contiguous().numpy().tobytes()
        told.update(len(data).to_bytes(8, "big") + data)
    return told.digest()
