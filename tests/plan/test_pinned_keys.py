"""Keys of the suite quick stay as they are, so that finished jobs are found again.

``golden/quick-keys.json`` has the keys of its jobs by title. A key changes where the code of a task, method
or model changes what it does, or a recipe changes, and only there. To write it anew after an intended change:
``W2S_WRITE_PINS=1 pytest tests/plan/test_pinned_keys.py``; the changelog says then what runs once more.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from w2s_bench.plan.plan import make_plan
from w2s_bench.suite import load_suite

PINS = Path(__file__).parents[1] / "golden" / "quick-keys.json"


def keys() -> dict[str, list[str]]:
    """The keys of all jobs of quick by title, which several recipes of one model share."""
    by_title: dict[str, list[str]] = {}
    for key, job in make_plan(load_suite("quick")[0], None).jobs.items():
        by_title.setdefault(job.title, []).append(key)
    return {title: sorted(some) for title, some in by_title.items()}


def test_keys_of_quick_are_those_of_before() -> None:
    now = keys()
    if os.environ.get("W2S_WRITE_PINS"):
        PINS.write_text(json.dumps(now, indent=0, sort_keys=True) + "\n", "utf8")
    pinned = json.loads(PINS.read_text("utf8"))
    changed = [title for title in pinned | now if now.get(title) != pinned.get(title)]
    assert not changed
