"""Progress on standard error: plain lines, or a live bar where there is a terminal."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from w2s_bench.cli.progress import Bar, Lines, progress


@dataclass
class Job:
    """All that a display looks at."""

    title: str


@dataclass
class Plan:
    """Five jobs."""

    jobs: tuple[int, ...] = (1, 2, 3, 4, 5)


class Terminal(io.StringIO):
    """Says that somebody is looking."""

    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, titles: list[str]) -> tuple[type, str]:
    """What a run of these jobs writes, and with which display."""
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    jobs: list[Any] = [Job(title) for title in titles]
    plan: Any = Plan()
    with progress() as display:
        display.on_plan(plan, jobs)
        for job in jobs:
            display.on_done(job)
    return type(display), stream.getvalue()


def test_without_a_terminal_there_are_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    display, text = shown(monkeypatch, io.StringIO(), ["one", "two"])
    assert display is Lines
    first, *rest = text.splitlines()
    assert first == "5 jobs, 3 finished before, 2 to run"
    assert [(s.split()[0], s.split()[-1]) for s in rest] == [("[1/2]", "one"), ("[2/2]", "two")]


def test_in_a_terminal_there_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    display, text = shown(monkeypatch, Terminal(), ["one", "two"])
    assert display is Bar
    assert "5 jobs, 3 finished before, 2 to run" in text and "2/2" in text and "two" in text


def test_nothing_to_run_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = shown(monkeypatch, Terminal(), [])
    assert "0 to run" in text and "0/0" not in text


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_brackets_in_a_title_are_no_markup(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO]
) -> None:
    _, text = shown(monkeypatch, stream(), ["student old[/v2]/mine[bold].py:Mine"])
    assert "old[/v2]/mine[bold].py:Mine" in text
