"""Keys of the suite quick stay as they are, so that finished jobs are found again.

``golden/quick-keys.json`` has the key of every job by its title. A key changes where the code of a task, method
or model changes what it does, or a recipe changes, and only there. After an intended change write the file
again, ``PYTHONPATH=tests python -m plan.test_pinned_keys``, and say in the changelog what runs anew.
"""

from __future__ import annotations

import json
from pathlib import Path

from w2s_bench.plan.plan import make_plan
from w2s_bench.suite import load_suite

PINS = Path(__file__).parents[1] / "golden" / "quick-keys.json"


def keys() -> dict[str, str]:
    """The key of every job by its title; titles name the labels' key too, so they are unique."""
    suite, _ = load_suite("quick")
    jobs = make_plan(suite, None).jobs
    named = {job.title: key for key, job in jobs.items()}
    assert len(named) == len(jobs)
    return named


def test_keys_of_quick_are_those_of_before() -> None:
    pinned, now = json.loads(PINS.read_text("utf8")), keys()
    changed = [title for title in pinned if now.get(title) != pinned[title]]
    assert not changed and len(now) == len(pinned)


if __name__ == "__main__":
    PINS.write_text(json.dumps(keys(), indent=0, sort_keys=True) + "\n", "utf8")
