"""Audits: each check has a made task that fails it and one that passes; all shipped tasks are audited."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import chess
import pytest
from support.commands import strict, w2s, well
from support.real_rows import unbalanced_copy

from w2s_bench.audit.audit import NAMES, audit_task, look
from w2s_bench.audit.chess_rules import in_uci, wrong
from w2s_bench.audit.duplicates import near_copies
from w2s_bench.audit.finding import Finding, allowed, judged
from w2s_bench.audit.parts import SIZES, Drawn, draw
from w2s_bench.errors import BadData, BadModel
from w2s_bench.records import Domain
from w2s_bench.registry.items import items
from w2s_bench.sources import GeneratedSource, HubSource, ParquetSource, Source
from w2s_bench.suite import Data
from w2s_bench.task import Example, Task, TaskCard, load_task

SHIPPED = [name for name in items("task") if name.endswith("-generated") or name.startswith("chess/tactics")]
REAL = [name for name in items("task") if name not in SHIPPED]
PARTS = {"teacher": 300, "transfer": 300, "validation": 40, "test": 300}
WORDS = [a + b + c for a in "bdfgklmn" for b in "aeiou" for c in ("l", "mo", "nty", "rst", "sk")]
NONE = GeneratedSource(generate=lambda size, seed: iter(()), size=0)


def card(domain: Domain = "nlp", classes: tuple[str, ...] = (), **more: object) -> TaskCard:
    filled = dict.fromkeys(("title", "source", "licence", "citation", "language", "group", "size"), "made up")
    return TaskCard(
        name=f"{domain}/made", domain=domain, version=1, classes=classes, **filled, **more  # type: ignore[arg-type]
    )  # fmt: skip


def text(rng: Random, n: int = 10) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(n))


def divided(card: TaskCard, examples: list[Example], source: Source = NONE) -> Drawn:
    """Examples dealt out to parts in their order."""
    rest, parts = iter(examples), {}
    for name, size in PARTS.items():
        parts[name] = [next(rest) for _ in range(size)]
    return Drawn(card=card, source=source, parts=parts)


TOTAL = sum(PARTS.values())
CLASSES = ("no", "yes")


@cache
def texts() -> Drawn:
    """Texts at random with classes in turn: there is nothing to learn and nothing to find."""
    rng = Random(0)
    made = [(text(rng), str(k)) for k in range(TOTAL)]
    return divided(
        card(classes=CLASSES),
        [Example(prompt=p, options=CLASSES, gold=k % 2, group=g) for k, (p, g) in enumerate(made)],
    )


@cache
def choices(domain: Domain = "nlp") -> Drawn:
    """Questions and two answers at random."""
    rng = Random(1)
    examples = [
        Example(prompt=text(rng), options=(text(rng, 5), text(rng, 5)), gold=rng.randrange(2), group=str(k))
        for k in range(TOTAL)
    ]
    return divided(card(domain), examples)


@cache
def puzzles() -> Drawn:
    """Positions of random play; the answer is a legal move at random."""
    import chess

    rng, examples, seen = Random(2), list[Example](), set[str]()
    while len(examples) < TOTAL:
        board = chess.Board()
        for _ in range(rng.randrange(6, 14)):
            if not board.is_game_over():
                board.push(rng.choice(list(board.legal_moves)))
        options = tuple(sorted(m.uci() for m in board.legal_moves))
        if len(options) > 1 and board.epd() not in seen:
            seen.add(board.epd())
            gold, group = rng.randrange(len(options)), str(len(examples))
            fen = board.fen()
            examples.append(Example(prompt=fen, options=options, gold=gold, group=group, position=fen))
    return divided(card("chess"), examples)


def changed(drawn: Drawn, part: str, change: Callable[[int, Example], Example]) -> Drawn:
    """With each example of a part changed."""
    new = [change(k, e) for k, e in enumerate(drawn.parts[part])]
    return replace(drawn, parts=drawn.parts | {part: new})


def everywhere(drawn: Drawn, change: Callable[[int, Example], Example]) -> Drawn:
    for part in PARTS:
        drawn = changed(drawn, part, change)
    return drawn


def copied(drawn: Drawn, change: Callable[[str], str]) -> Drawn:
    """Every tenth test prompt comes from the teacher half."""
    return changed(
        drawn,
        "test",
        lambda k, e: e if k % 10 else replace(e, prompt=change(drawn.parts["teacher"][k].prompt)),
    )


def right_option(e: Example, new: str) -> Example:
    options = tuple(new if k == e.gold else o for k, o in enumerate(e.options))
    return replace(e, options=options)


def told_by_length(k: int, e: Example) -> Example:
    return replace(e, prompt=" ".join(e.prompt.split()[: 5 + 5 * e.gold]))


def moving(move: str) -> Drawn:
    """A position in which one move of the opening is always right."""
    import chess

    board = chess.Board()
    options = tuple(sorted(m.uci() for m in board.legal_moves))
    one = Example(prompt="", options=options, gold=options.index(move), group="", position=board.fen())
    return everywhere(puzzles(), lambda k, e: replace(one, group=e.group))


def hanging(k: int, e: Example) -> Example:
    fen = "4k3/8/8/7q/6P1/8/8/4K3 w - - 0 1"
    options = ("e1d1", "e1d2", "e1e2", "e1f1", "e1f2", "g4g5", "g4h5")
    return replace(e, options=options, gold=6, position=fen)


BAD: dict[str, Callable[[], Drawn]] = {
    "duplicates": lambda: copied(texts(), lambda p: p.upper() + "!"),
    "near-duplicates": lambda: copied(texts(), lambda p: p + " more"),
    "shared prompts": lambda: copied(choices(), str),
    "group leaks": lambda: changed(texts(), "test", lambda k, e: replace(e, group="0") if k == 7 else e),
    "contents in two groups": lambda: replace(texts(), torn=100),
    "label balance": lambda: changed(texts(), "test", lambda k, e: replace(e, gold=int(k % 4 == 0))),
    "answer's place": lambda: changed(choices(), "test", lambda k, e: replace(e, gold=int(k % 4 > 0))),
    "length": lambda: everywhere(texts(), told_by_length),
    "first option": lambda: changed(choices(), "test", lambda k, e: replace(e, gold=int(k % 4 == 0))),
    "most common option": lambda: everywhere(choices(), lambda k, e: right_option(e, "all of the above")),
    "bag of words": lambda: everywhere(texts(), lambda k, e: replace(e, prompt=f"{e.prompt} is{e.gold}")),
    "options without the question": lambda: everywhere(
        choices("reward"), lambda k, e: right_option(e, e.options[e.gold] + " please")
    ),
    "illegal moves": lambda: changed(puzzles(), "test", lambda k, e: right_option(e, "a1a1")),
    "most common move": lambda: moving("e2e4"),
    "most common destination": lambda: moving("g1f3"),
    "best static capture": lambda: everywhere(puzzles(), hanging),
    "truncated": lambda: changed(texts(), "test", lambda k, e: replace(e, prompt=e.prompt * 60)),
    "personal columns": lambda: replace(
        texts(), source=ParquetSource(file=Path("x"), columns=("text", "userEmail"))
    ),
    "contact data": lambda: changed(
        texts(), "test", lambda k, e: replace(e, prompt=f"{e.prompt} ring (555) 010-{k:04}") if k < 40 else e
    ),
}


def states(drawn: Drawn) -> dict[str, str]:
    """The worst state of each check."""
    found: dict[str, str] = {}
    for f in look(drawn):
        found[f.check] = "FAILS" if "FAILS" in (f.state, found.get(f.check)) else f.state
    return found


def test_every_check_has_a_task_that_fails_it() -> None:
    assert BAD.keys() == NAMES


@pytest.mark.parametrize("check", sorted(NAMES))
def test_a_task_with_that_fault_fails(check: str) -> None:
    assert states(BAD[check]())[check] == "FAILS"


@pytest.mark.parametrize("made", [texts, choices, lambda: choices("reward"), puzzles])
def test_tasks_without_faults_pass(made: Callable[[], Drawn]) -> None:
    found = {f.check: f for f in look(made())}
    assert not [f for f in found.values() if f.state == "FAILS"]


def test_each_check_looks_at_some_task_that_passes_it() -> None:
    seen = {f.check for made in (texts(), choices(), choices("reward"), puzzles()) for f in look(made)}
    assert seen == NAMES


def test_shortcuts_are_what_they_say() -> None:
    (value,) = (f.value for f in look(BAD["best static capture"]()) if f.check == "best static capture")
    assert value == 1.0
    (value,) = (f.value for f in look(BAD["bag of words"]()) if f.check == "bag of words")
    assert value == 1.0


def test_near_copies_are_those_that_share_most_three_word_runs() -> None:
    there = "one two three four five six seven eight nine ten eleven twelve"
    near, far = there.replace("twelve", "dozen"), there.replace("six", "6")
    assert near_copies([near, far, "short", ""], [there]) == [near]
    assert near_copies(["short"], ["short", ""]) == ["short"]


@pytest.mark.parametrize(
    "fen, told", [("nonsense", "no position"), ("8/8/8/8/8/8/8/8 w - - 0 1", "not valid")]
)
def test_illegal_positions_are_told(fen: str, told: str) -> None:
    assert told in (wrong(replace(puzzles().test[0], position=fen)) or "")


def test_chance_alone_fails_no_task() -> None:
    assert allowed(0.6, 100) == pytest.approx(0.6 + 2 * (0.24 / 100) ** 0.5) and allowed(0.0, 5) == 0.0


def test_a_finding_in_the_card_is_known_and_one_that_holds_is_ok() -> None:
    fails, holds = (Finding(check=c, value=v, threshold=0.5, told="") for c, v in (("a", 0.6), ("b", 0.4)))
    with_reasons = judged([fails, holds], card(findings=(("a", "because"), ("b", "not needed"))))
    assert [(f.state, f.why) for f in with_reasons] == [("known", "because"), ("ok", "not needed")]
    assert replace(fails, threshold=None).state == "noted"


def test_parts_are_drawn_smaller_where_rows_are_few() -> None:
    sized = draw(load_task("nlp/polarity-generated"), None, Data(teacher=9000, transfer=9000, test=100)).sizes
    assert sized["teacher"] == sized["transfer"] < 6000 and sum(sized.values()) > 9000


def test_columns_of_a_source_are_found_below_what_wraps_it() -> None:
    source = load_task("nlp/openbookqa").source
    from w2s_bench.audit.privacy import columns_of

    assert "question_stem" in columns_of(source)
    assert columns_of(HubSource(path="p", revision="r", columns=("author",))) == ("author",)


def test_an_unknown_tokenizer_is_told() -> None:
    with pytest.raises(BadModel, match="no/such: tokenizer cannot be loaded"):
        audit_task("nlp/polarity-generated", None, ("no/such",), Data(teacher=20, transfer=20, test=20))


# Shipped tasks


@pytest.mark.parametrize("name", items("task"))
def test_the_findings_in_a_card_name_checks_and_reasons(name: str) -> None:
    findings = load_task(name).card.findings
    assert {check for check, _ in findings} <= NAMES and all(len(why) > 10 for _, why in findings)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_tasks_pass_or_say_why_not(name: str) -> None:
    assert not audit_task(name).failures


@pytest.mark.parametrize("name", REAL)
def test_tasks_of_the_mirror_pass_or_say_why_not(name: str, shared_hub: Path) -> None:
    try:
        audit = audit_task(name, shared_hub)
    except BadData as error:
        if not re.search(r"not in the (mirror|folder)|BuilderConfig", error.what):
            raise
        pytest.skip("its data set is not in the mirror")
    excused = unbalanced_copy(load_task(name), shared_hub) and "label balance"
    assert not [finding for finding in audit.failures if finding.check != excused]


# The command

TASK = '''"""Ay or no, as the first word says."""

from w2s_bench.sources import GeneratedSource
from w2s_bench.task import Example, Task, TaskCard

CLASSES = ("no", "ay")


def rows(size, seed):
    return ({{"n": n, "label": n * n // 7 % 2}} for n in range(size))


def example(row):
    text = CLASSES[row["label"]] + f" {{row['n']}}" * 9
    return Example(prompt=text, options=CLASSES, gold=row["label"], group=str(row["n"]))


TASK = Task(
    card=TaskCard(
        name="nlp/mine", domain="nlp", version=1, title="Mine", source="made", licence="MIT", citation="me",
        language="en", group="number", size="600", classes=CLASSES, findings={findings},
    ),
    source=GeneratedSource(generate=rows, size=600),
    example=example,
    group=lambda row: str(row["n"]),
)
'''


def test_what_fails_exits_with_two_until_the_card_knows(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(TASK.format(findings="()"))
    done = w2s("check", "task", f"{path}:TASK")
    assert done.exit_code == 2 and "fails in bag of words" in done.stderr
    assert "FAILS  bag of words" in done.stdout and "right 100.0% of the time" in done.stdout
    document = strict(w2s("check", "task", f"{path}:TASK", "--json").stdout)
    (found,) = (c for c in document["checks"] if c["check"] == "bag of words")
    assert found["state"] == "FAILS" and found["value"] == 1.0 and found["threshold"] < 0.9
    path.write_text(TASK.format(findings='(("bag of words", "the first word is the answer"),)'))
    done = well("check", "task", f"{path}:TASK")
    assert "known  bag of words" in done.stdout and "the card: the first word is the answer" in done.stdout


def test_an_audit_is_the_same_twice() -> None:
    data = Data(teacher=200, transfer=200, validation=20, test=100)
    one, two = (audit_task("reward/polarity-generated", data=data).describe() for _ in range(2))
    assert one == two and SIZES.teacher == 2000


def test_a_test_set_alone_is_audited() -> None:
    rows = [{"n": n} for n in range(50)]
    task = Task(
        card=card("reward", test_only=True),
        source=_Tests(rows),
        example=lambda r: Example(
            prompt="", options=(f"a {r['n']}", f"b {r['n'] * 7}"), gold=r["n"] % 2, group=str(r["n"])
        ),
        group=lambda r: str(r["n"]),
    )
    drawn = draw(task, None)
    assert drawn.sizes == {"test": 50} and "length" in {f.check for f in look(drawn)}


class _Tests:
    """Rows of a test split alone."""

    def __init__(self, rows: list[dict[str, int]]) -> None:
        self._rows = rows

    def rows(self, split: str, mirror: Path | None) -> list[dict[str, int]]:
        assert split == "test"
        return self._rows

    def has(self, split: str) -> bool:
        return split == "test"

    def fingerprint(self, mirror: Path | None) -> str:
        return "rows"


def test_moves_in_san_are_audited_as_moves() -> None:
    board = chess.Board()
    options = tuple(board.san(move) for move in board.legal_moves)
    told = Example(prompt="1.", options=(*options, "Qh5"), gold=0, group="g", position=board.fen())
    moves = in_uci(told).options
    assert set(moves[:-1]) == {move.uci() for move in board.legal_moves}
    assert moves[-1] == "Qh5" and "Qh5 is not legal" in (wrong(in_uci(told)) or "")
