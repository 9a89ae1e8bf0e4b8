"""Why a module cannot be imported: which one failed, and why."""

from __future__ import annotations

import pytest

from runway_nb.text.import_problems import import_problem


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("No module named 'av'", name="av"), "av is not installed"),
        (ModuleNotFoundError("av"), "av is not installed"),
        (ModuleNotFoundError(name="numpy"), "av cannot be imported, since numpy is not installed"),
        (ModuleNotFoundError(name="av.core"), "av cannot be imported, since av.core is not installed"),
        (ImportError("libav:\n no such file", name="av"), "av cannot be imported (ImportError: libav: no such file)"),
        (RuntimeError(), "av cannot be imported (RuntimeError)"),
    ],
)  # fmt: skip
def test_the_module_is_named_with_the_reason(error: BaseException, words: str) -> None:
    assert import_problem("av", error) == words


def test_a_long_message_is_cut() -> None:
    assert len(import_problem("av", ImportError("x" * 10_000))) < 300
