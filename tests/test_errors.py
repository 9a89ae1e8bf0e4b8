"""The error tree, and what a cell shows of it."""

from __future__ import annotations

import inspect
import re

import pytest

from runway_nb import errors
from runway_nb.errors import ApiError, Detached, InvalidRequest, RateLimited, RunwayError
from support.strategies import TASK_ID

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, RunwayError)]


def _made(kind, message):
    return kind([message]) if kind is InvalidRequest else kind(message)


def test_the_page_of_errors_names_every_class():
    documented = set(re.findall(r"[├└]── (\w+)", errors.__doc__)) | {"RunwayError"}
    assert documented == {kind.__name__ for kind in CLASSES}


@pytest.mark.parametrize("kind", CLASSES)
def test_no_error_shows_a_token_an_email_or_a_whole_id(kind):
    error = _made(kind, f"{TASK_ID} of studio@example.org with user:4711-abcDEF123")
    for text in (str(error), repr(error), error.message, *error._render_traceback_()):
        assert "studio" not in text
        assert "abcDEF123" not in text
        assert "9c2a1f34" in text


@pytest.mark.parametrize("kind", CLASSES)
def test_a_cell_shows_one_line(kind):
    lines = _made(kind, "what happened")._render_traceback_()
    assert len(lines) == 1
    assert lines[0].startswith(f"{kind.__name__}: what happened")


def test_mistakes_are_a_list_with_a_count():
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
def test_an_error_is_also_what_python_calls_it(kind, builtin):
    assert issubclass(kind, builtin)


def test_waiting_that_ends_is_no_failure_of_the_task():
    assert not issubclass(Detached, errors.TaskError)
    assert issubclass(errors.TaskModerated, errors.TaskFailed)


def test_an_api_error_carries_its_status():
    assert ApiError("x", 418).status == 418
    assert RateLimited("x").status == 429
    assert RateLimited("x").retry_after is None
