"""A member's card: what it is, what it read, what that cost, under which licences."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from w2s_bench.store.local import write_text

CARD, WEIGHTS = "card.json", "model.safetensors"


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """All that is told of a member besides its hardware and the hash of its weights.

    ``data`` says what was read and by which seed or digests; ``seen`` counts it in ``unit``; ``curve``
    has (seen, training loss in nats) pairs; ``validation`` has losses by source, ``validation_loss`` the
    one number of them. ``exposure`` says how near it all is to the items of tasks. ``scale`` is 1 but in
    trial runs.
    """

    name: str
    family: str
    parameters: int
    width: int
    layers: int
    recipe: dict[str, Any]
    data: dict[str, Any]
    data_licences: dict[str, str]
    seen: int
    unit: str
    cpu_seconds: int
    curve: list[tuple[int, float]]
    validation: dict[str, Any]
    validation_loss: float
    licence: str
    exposure: str
    non_embedding: int | None = None
    scale: float = 1.0


def write_card(folder: Path, card: Card) -> dict[str, Any]:
    """Write ``card.json`` beside finished weights; it is written last, so its presence means finished."""
    values = {name: value for name, value in asdict(card).items() if value is not None}
    values |= {"hardware": hardware(), "sha256": digest(folder / WEIGHTS)}
    write_text(folder / CARD, json.dumps(values, indent=1) + "\n")
    return values


def read_card(folder: Path) -> dict[str, Any] | None:
    """The card of a finished member; None where there is none, or it belongs to other weights."""
    path, weights = folder / CARD, folder / WEIGHTS
    if not path.is_file() or not weights.is_file():
        return None
    try:
        values: dict[str, Any] = json.loads(path.read_text("utf8"))
    except ValueError:  # a damaged card
        return None
    return values if values.get("sha256") == digest(weights) else None


def hardware() -> str:
    """Of this process: the zoo is trained on one thread."""
    import torch

    machine = platform.machine().replace("_", "-")
    return f"{machine} CPU, one thread, {platform.system()}; torch {torch.__version__}"


def digest(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
