"""What verbs share: options that several take, quiet libraries, the width of the terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from w2s_bench.run.settings import RunSettings


class Address(click.ParamType):
    """A folder, or an address with ``://`` as it is."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A folder as a path; another text is an address."""
        return Path(value) if "://" not in str(value) else str(value)


def _together(*options: Callable) -> Callable:
    """Options as one decorator, in this order in the help."""

    def decorate(function: Callable) -> Callable:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def executor_options(function: Callable) -> Callable:
    """``--executor``: where jobs run."""
    return _together(
        click.option(
            "--executor",
            type=click.Choice(["local", "ray"]),
            default=RunSettings.default("executor"),
            show_default=True,
            help="Processes on this machine, or tasks of a Ray cluster (pip install 'w2s-bench[ray]').",
        ),
        click.option(
            "--address",
            metavar="HOST:PORT",
            help="Of the Ray cluster; without it Ray runs on this machine alone.",
        ),
        click.option(
            "--gpu-share",
            type=click.FloatRange(min=0, min_open=True),
            default=RunSettings.default("gpu_share"),
            show_default=True,
            help="How much of a GPU a job takes on a Ray cluster: 0.25 puts four jobs on each.",
        ),
        click.option(
            "--shards",
            type=click.IntRange(min=1),
            default=RunSettings.default("shards"),
            show_default=True,
            help="Processes, each with a GPU, that one fit is spread over (FSDP): for large models.",
        ),
    )(function)


def json_option(function: Callable) -> Callable:
    """``--json``: one document on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(
        function
    )


def run_options(function: Callable) -> Callable:
    """Folders, machine and methods of a run."""
    function = method_option(function)
    return place_options(function)


def method_option(function: Callable) -> Callable:
    """``--method``: more methods beside a suite's."""
    return click.option(
        "--method",
        "methods",
        multiple=True,
        metavar="NAME",
        help="Another method beside the suite's: a name, path/to/mine.py:Mine, or all. Repeatable.",
    )(function)


def place_options(function: Callable) -> Callable:
    """Folders and machine of a run."""
    folder = click.Path(path_type=Path)
    return _together(
        click.option(
            "--hub", type=folder, envvar="W2S_HUB", help="Root of a local mirror of the hub (W2S_HUB)."
        ),
        click.option(
            "--store",
            type=Address(),
            help="Where finished jobs are kept: a folder or s3://… (W2S_STORE; default: user cache).",
        ),
        click.option(
            "--device",
            default=RunSettings.default("device"),
            show_default=True,
            help="auto, cpu, cuda or mps.",
        ),
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            help="Jobs at a time; default: one a core, or one a GPU.",
        ),
        click.option(
            "--threads",
            type=click.IntRange(min=1),
            default=RunSettings.default("threads"),
            show_default=True,
            help="CPU threads a worker; results may differ in the last digits between values.",
        ),
        click.option(
            "--limit",
            type=click.FloatRange(min=1),
            default=RunSettings.default("limit"),
            show_default=True,
            help="Seconds for one student; a method that takes longer is ended and marked failed.",
        ),
        click.option(
            "--checkpoint-every",
            type=click.FloatRange(min=0),
            default=RunSettings.default("checkpoint_every"),
            show_default=True,
            help="Seconds between two checkpoints of a fit: a killed fit resumes from its last. 0: none.",
        ),
    )(function)


def calm() -> None:
    """Quiet libraries: their notices would break the display and mean nothing to the user."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def width() -> int | None:
    """The terminal's width; as wide as needed where there is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
