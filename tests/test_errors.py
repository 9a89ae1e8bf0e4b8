"""The error tree, and what a cell shows of it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from runway_nb import errors
from runway_nb.errors import ApiError, Detached, InvalidRequest, RateLimited, RunwayError
from runway_nb.jobs.restore import resting_state
from support.records import a_record
from support.strategies import TASK_ID

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, RunwayError)]


def _made(kind, message):
    return kind([message]) if kind is InvalidRequest else kind(message)


def test_the_page_of_errors_is_the_tree() -> None:
    """Each class stands under the nearest of ours that it comes from."""
    above = {0: "RunwayError"}
    for match in re.finditer(r"^(.*)[├└]── (\w+)", inspect.cleandoc(errors.__doc__), re.MULTILINE):
        depth, name = len(match[1]) // 4, match[2]
        assert getattr(errors, name).__bases__[0].__name__ == above[depth - 1]
        above[depth] = name


@pytest.mark.parametrize("name", sorted({kind.__name__ for kind in CLASSES} | set(errors.RENAMED)))
def test_a_name_in_a_row_of_the_ledger_is_its_class(name) -> None:
    kind = errors.error_class(name)
    assert kind is not None
    assert kind.__name__ == errors.RENAMED.get(name, name)
    record = a_record(phase="detached", error=name, message="it rained")
    assert type(resting_state(record, (Path("posters"),)).error) is kind


@pytest.mark.parametrize("name", ["", "annotations", "masked", "RENAMED", "Iterable", "ColourMissing"])
def test_any_other_word_is_no_class(name) -> None:
    assert errors.error_class(name) is None


@pytest.mark.parametrize(("earlier", "name"), sorted(errors.RENAMED.items()))
def test_an_earlier_name_is_the_class_still(earlier, name) -> None:
    with pytest.warns(DeprecationWarning, match=f"errors.{earlier} is errors.{name} now"):
        assert getattr(errors, earlier) is getattr(errors, name)
    with pytest.raises(AttributeError):
        _ = errors.ColourMissing


def test_the_page_of_errors_names_every_class() -> None:
    documented = set(re.findall(r"[├└]── (\w+)", errors.__doc__)) | {"RunwayError"}
    assert documented == {kind.__name__ for kind in CLASSES}


@pytest.mark.parametrize("kind", CLASSES)
def test_no_error_shows_a_token_an_email_or_a_whole_id(kind) -> None:
    error = _made(kind, f"{TASK_ID} of studio@example.org with user:4711-abcDEF123")
    for text in (str(error), repr(error), error.message, *error._render_traceback_()):
        assert "studio" not in text
        assert "abcDEF123" not in text
        assert "9c2a1f34" in text


@pytest.mark.parametrize("kind", CLASSES)
def test_a_cell_shows_one_line(kind) -> None:
    lines = _made(kind, "what happened")._render_traceback_()
    assert len(lines) == 1
    assert lines[0].startswith(f"{kind.__name__}: what happened")


def test_mistakes_are_a_list_with_a_count() -> None:
    assert InvalidRequest(["a", "b"])._render_traceback_() == [
        "InvalidRequest: 2 mistakes, nothing was sent",
        "  - a",
        "  - b",
    ]
    assert InvalidRequest(["a"])._render_traceback_() == ["InvalidRequest: a (nothing was sent)"]


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.InvalidRequest, ValueError), (errors.SettingsError, ValueError), (errors.MissingExtra, ImportError),
        (errors.WaitTimeout, TimeoutError), (errors.WaitInterrupted, KeyboardInterrupt),
        (errors.JobNotFound, LookupError),
    ],
)  # fmt: skip
def test_an_error_is_also_what_python_calls_it(kind, builtin) -> None:
    assert issubclass(kind, builtin)


def test_waiting_that_ends_is_no_failure_of_the_task() -> None:
    assert not issubclass(Detached, errors.TaskError)
    assert issubclass(errors.TaskModerated, errors.TaskFailed)


def test_an_api_error_carries_its_status() -> None:
    assert ApiError("x", 418).status == 418
    assert RateLimited("x").status == 429
    assert RateLimited("x").retry_after is None
