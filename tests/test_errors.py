"""Errors for users: one line, and the same error after a worker process has handed it over."""

import copy
import pickle

import pytest

from w2s_bench import errors
from w2s_bench.errors import BadData, UserError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, UserError)]


def test_a_line_says_where_what_expected_and_how_to_mend() -> None:
    error = UserError("no such thing", where="f.toml:3", expected="a thing", mend="write one")
    assert str(error) == "f.toml:3: no such thing; expected a thing. Write one"


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({}, "broken"),
        ({"where": "here"}, "here: broken"),
        ({"expected": "more"}, "broken; expected more"),
        ({"mend": "try again"}, "broken. Try again"),
        ({"where": "here", "mend": "Try again"}, "here: broken. Try again"),
        ({"mend": "w2s-bench list tasks shows all"}, "broken. w2s-bench list tasks shows all"),
        ({"mend": "docs/x.md tells"}, "broken. docs/x.md tells"),  # a path keeps its letters
    ],
)
def test_what_is_not_known_is_left_out(parts: dict[str, str], line: str) -> None:
    assert str(UserError("broken", **parts)) == line


def test_a_message_of_many_lines_becomes_one() -> None:
    error = UserError("first\n  second\tthird", where="a\nb", mend="do\n  it")
    assert str(error) == "a b: first second third. Do it"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("hand_over", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])
def test_an_error_survives_being_handed_over(kind: type[UserError], hand_over) -> None:
    error = kind("what", where="where", expected="expected", mend="mend")
    error.where = "where it was found out later"
    again = hand_over(error)
    assert type(again) is kind
    assert str(again) == str(error) == "where it was found out later: what; expected expected. Mend"


def test_every_kind_is_caught_as_a_user_error() -> None:
    assert BadData in KINDS and len(KINDS) >= 6
    assert not issubclass(UserError, (ValueError, OSError))  # or a broad except would swallow it
