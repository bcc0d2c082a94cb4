"""Vega as one script, cached on disk: bundling takes over a second."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from w2s_bench.store.local import write_text


@cache
def vega() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, from the package that carries them; about 900 kB."""
    import vl_convert
    from platformdirs import user_cache_path

    path = user_cache_path("w2s-bench") / "pages" / f"vega-{version('vl-convert-python')}.js"
    if bundled := _cached(path):
        return bundled
    script = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    script = script.replace("</script", "<\\/script")
    with suppress(OSError):  # without a cache it is bundled again next time
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, f"// {_sum(script)}\n{script}")
    return script


def _cached(path: Path) -> str | None:
    """The bundle of an earlier call; None where it is missing or its checksum differs."""
    try:
        first, _, script = path.read_text("utf8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return script if first == f"// {_sum(script)}" else None


def _sum(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()
