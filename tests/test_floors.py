"""The house: imports run downwards only, the walls stand, and no room is overfull."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {"w2s_bench": ROOT / "w2s_bench", "w2s_bench.tasks": ROOT / "tasks"}
FLOORS = {
    1: ("errors", "method_tools", "metric", "metrics", "reserve", "stats", "world"),
    2: ("bad_rows", "registry"),
    3: ("records", "sources"),
    4: ("pgr", "store", "student", "suite", "task"),
    5: ("data", "method", "model", "results", "tasks", "web"),
    6: ("methods", "models", "report", "scaffold"),
    7: ("audit", "train"),
    8: ("plan",),
    9: ("run", "submission"),
    10: ("api", "leaderboard", "tuning"),
    11: ("cli", "__init__"),
    12: ("__main__",),
}
FLOOR = {room: floor for floor, rooms in FLOORS.items() for room in rooms}
LONGEST_FUNCTION, LONGEST_FILE = 60, 400
CONTENT = {"tasks", "methods", "models", "world", "contract", "benchmarks"}
MOST_FLOORS, MOST_ROOMS, MOST_FLAT, MOST_MODULES = 12, 38, 16, 24


def room(module: str) -> str:
    """The folder or file directly below the package that a module belongs to."""
    return module.split(".")[1] if "." in module else "__init__"


@cache
def modules() -> dict[str, Path]:
    """All modules of the product by the name under which they are imported."""
    found = {}
    for package, folder in FOLDERS.items():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join((package, *parts)).removesuffix(".__init__")] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf8"), str(path))


@cache
def imports(module: str) -> frozenset[str]:
    """Names of our own modules that a module imports, inside functions and for annotations too."""
    found: set[str] = set()
    for node in ast.walk(tree(modules()[module])):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    ours = {name for name in found if name == "w2s_bench" or name.startswith("w2s_bench.")}
    known = modules().keys()
    return frozenset(name for name in ours if name in known) - {"w2s_bench"}


def arrows() -> Iterator[tuple[str, str]]:
    """(importing module, imported module), across rooms."""
    for module in modules():
        for target in imports(module):
            if room(module) != room(target):
                yield module, target


def test_the_parser_sees_imports() -> None:
    """A test of imports that sees none would hold for ever."""
    assert "w2s_bench.models._board" in imports("w2s_bench.models.board")
    assert "w2s_bench.method" in imports("w2s_bench.methods.confidence"), "from w2s_bench import method"
    assert "w2s_bench.plan.plan" in imports("w2s_bench.api")
    assert "w2s_bench.tasks.chess._position" in imports("w2s_bench.tasks.chess._lichess")
    assert len(list(arrows())) > 60


def test_every_room_has_a_floor() -> None:
    rooms = {room(module) for module in modules()} - {"benchmarks", "contract"}
    assert rooms <= FLOOR.keys(), "give the new room a floor above all that it imports"


@pytest.mark.parametrize("module", modules())
def test_imports_run_downwards(module: str) -> None:
    mine = FLOOR.get(room(module), 0)
    for target in imports(module):
        assert FLOOR.get(room(target), 0) <= mine, f"{module} (floor {mine}) imports {target}"


def test_rooms_of_one_floor_make_no_cycle() -> None:
    below: dict[str, set[str]] = {}
    for module, target in arrows():
        below.setdefault(room(module), set()).add(room(target))
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " → ".join((*path, name))
        if name not in done:
            for target in below.get(name, ()):
                walk(target, (*path, name))
            done.add(name)

    for name in FLOOR:
        walk(name, ())


def test_modules_make_no_cycle() -> None:
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join((*path, module))
        if module not in done:
            for target in imports(module):
                walk(target, (*path, module))
            done.add(module)

    for module in modules():
        walk(module, ())


def test_the_house_stays_small(capsys: pytest.CaptureFixture[str]) -> None:
    """Rooms, floors and entries have limits; content has one file a task, method or model."""
    lines = [f"{floor:>2}  {', '.join(rooms)}" for floor, rooms in sorted(FLOORS.items())]
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert len(FLOORS) <= MOST_FLOORS and len(FLOOR) <= MOST_ROOMS
    assert len([*(ROOT / "w2s_bench").glob("*.py")]) <= MOST_FLAT
    for folder in {path.parent for name, path in modules().items() if room(name) not in CONTENT}:
        assert len([p for p in folder.glob("*.py") if p.stem != "__init__"]) <= MOST_MODULES, folder


def test_reports_read_records_and_start_nothing() -> None:
    for module, target in arrows():
        if room(module) == "report":
            assert room(target) not in {
                "plan",
                "train",
                "run",
                "models",
                "methods",
                "tasks",
                "model",
                "method",
                "task",
                "data",
            }


def test_methods_see_the_method_contract_only() -> None:
    for module, target in arrows():
        if room(module) == "methods":
            assert target == "w2s_bench.method", f"{module} imports {target}"
    for module in modules():
        if room(module) == "methods" and module != "w2s_bench.methods":
            assert imports(module) & {"w2s_bench.method", "w2s_bench.methods._control"}


def test_the_method_contract_reaches_no_data() -> None:
    seen, open_ = set(), ["w2s_bench.method"]
    while open_:
        module = open_.pop()
        seen.add(module)
        open_ += imports(module) - seen
    assert not {room(m) for m in seen} & {
        "data",
        "store",
        "task",
        "sources",
        "results",
        "plan",
        "train",
        "run",
        "metric",
        "metrics",
    }


def test_nothing_imports_tasks_by_name() -> None:
    for module, target in arrows():
        assert room(target) != "tasks", f"{module} imports {target}: tasks come through the registry"
    for name, path in modules().items():
        if room(name) in {"tasks", "contract"}:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not node.value.startswith("w2s_bench.tasks"), f"{name}: {node.value!r}"


def core() -> list[str]:
    """Modules of the house itself: all but what it measures and is measured with."""
    return [module for module in modules() if room(module) not in CONTENT]


@pytest.mark.parametrize("module", core())
def test_the_core_imports_no_content(module: str) -> None:
    """Tasks, methods and models come through the registry, so that those of others are as good as ours."""
    content = {
        target for target in imports(module) if room(target) in {"tasks", "methods", "models", "world"}
    }
    assert not content, f"{module} imports {sorted(content)}"


def test_no_module_is_named_by_a_string() -> None:
    """An import by string is an arrow that no test of imports sees."""
    groups = {"w2s_bench.readers": "registry", "w2s_bench.": "registry", "w2s_bench.benchmarks": "registry"}
    for module in core():
        for node in ast.walk(tree(modules()[module])):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
                allowed = groups.get(text) == room(module)
                assert allowed or not text.startswith("w2s_bench."), f"{module}: {text!r}"


def test_tasks_and_models_do_not_know_each_other() -> None:
    for module, target in arrows():
        pair = {room(module), room(target)}
        assert not pair >= {"tasks", "models"} and not pair >= {"methods", "models"}, f"{module} → {target}"


def test_statistics_are_arrays_alone() -> None:
    ours = [m for m in modules() if room(m) == "stats"]
    assert len(ours) > 3
    assert {room(target) for module in ours for target in imports(module)} == {"stats"}
    assert not imports("w2s_bench.metric"), "and so are the array functions of scores"


def test_no_room_for_everything() -> None:
    for path in ROOT.rglob("*.py"):
        if not {".venv", "build"} & set(path.relative_to(ROOT).parts):
            assert path.stem not in {"utils", "util", "helpers", "common", "misc"}, path


def ours() -> list[Path]:
    """Python files of the product and of its tests."""
    folders = [ROOT / name for name in ("w2s_bench", "tasks", "benchmarks", "tests")]
    return [p for folder in folders for p in sorted(folder.rglob("*.py")) if "build" not in p.parts]


@pytest.mark.parametrize("path", ours(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_has_a_docstring_and_no_function_is_long(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "no docstring"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"
    if "tests" not in path.relative_to(ROOT).parts[:1]:
        assert len(path.read_text("utf8").splitlines()) < LONGEST_FILE


def test_nothing_is_pickled() -> None:
    for name, path in modules().items():
        for node in ast.walk(tree(path)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {"pickle", "joblib", "shelve", "dill"} & set(names), name
            assert not (
                isinstance(node, ast.Attribute) and ast.unparse(node) in {"torch.save", "torch.load"}
            ), name


def test_the_listed_packages_are_those_of_the_tree() -> None:
    """setuptools takes what is listed and nothing else: a folder that is forgotten would not ship."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    listed, folders = set(project["packages"]), project["package-dir"]
    found = set()
    for package, folder in folders.items():
        for path in (ROOT / folder).rglob("__init__.py"):
            found.add(".".join((package, *path.parent.relative_to(ROOT / folder).parts)))
    assert listed == found
    assert set(folders.values()) == {"w2s_bench", "tasks", "benchmarks", "tests/contract"}
