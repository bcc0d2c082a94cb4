"""Output of verbs: JSON or text, quiet libraries, the width of the terminal."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from typing import Any

import click


def print_document(document: Any, as_json: bool, text: Callable[[Any], str], newline: bool = True) -> None:
    """Print a document as one line of JSON, or as the text that ``text`` makes of it."""
    line = json.dumps(document, allow_nan=False, default=str) if as_json else text(document)
    click.echo(line, nl=as_json or newline)


def quiet_libraries() -> None:
    """Switch off progress bars and notices of libraries, which break the display."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


def terminal_width() -> int | None:
    """Columns of the terminal; None where standard output is no terminal, so lines may be of any length."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def plural(count: int, noun: str) -> str:
    """A count with its noun: ``1 artifact``, ``2 artifacts``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def megabytes(size: int) -> str:
    """Bytes as text in MB."""
    return f"{size / 1e6:.1f} MB"
