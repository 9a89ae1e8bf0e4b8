"""`{{name}}`: what a variable may be, and what is told of one that cannot be written down. Nothing is sent then."""

from __future__ import annotations

import enum
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from runway_nb.notebook.language import options, parsing
from runway_nb.template import LONGEST, fill


class Text(str):
    def __str__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no")

    __repr__ = __format__ = __len__ = __contains__ = encode = __str__


class Exits(int):
    def __str__(self, *_: Any) -> Any:
        raise SystemExit

    __repr__ = __format__ = __str__


class NoText(float):
    def __str__(self):
        return 3

    __repr__ = __str__


class Itself(str):
    def __str__(self):
        return self


class Broken:
    def __getattribute__(self, name: str = "") -> Any:
        raise RuntimeError(name)

    __str__ = __repr__ = __getattribute__


class Meta(type):
    def __getattribute__(cls, name):
        raise RuntimeError(name)

    def __subclasscheck__(cls, other):
        raise RuntimeError


class OfMeta(metaclass=Meta):
    pass


class Colour(str, enum.Enum):
    RED = "red"


class Deep(int):
    def __str__(self):
        return str(self)


HUGE = 10**5000


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: "lamp", "lamp"),
        (lambda: "a\nb", "a\nb"),
        (lambda: 3, "3"),
        (lambda: 2.5, "2.5"),
        (lambda: np.float64(2.5), "2.5"),
        (lambda: np.float32(1.5), "1.5"),
        (lambda: np.int64(3), "3"),
        (lambda: np.str_("lamp"), "lamp"),
        (lambda: Decimal("1.50"), "1.50"),
        (lambda: Fraction(1, 3), "1/3"),
        (lambda: Text("lamp"), "lamp"),
        (lambda: Itself("lamp"), "lamp"),
        (lambda: Colour.RED, "red"),
    ],
)
def test_text_and_numbers_of_any_library_are_filled_in(make, text) -> None:
    problems: list[str] = []
    value = make()  # made here: a test run that shows its parameters would break on some
    assert fill("a {{x}}", {"x": value}, problems) == f"a {text}"
    assert problems == []
    assert type(fill("{{x}}", {"x": value}, problems)) is str


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: HUGE, "is a whole number of too many digits: give one that can be written down"),
        (lambda: -HUGE, "is a whole number of too many digits: give one that can be written down"),
        (lambda: Fraction(HUGE), "cannot be written as text: it raises ValueError"),
        (lambda: Exits(3), "cannot be written as text: it raises SystemExit"),
        (lambda: NoText(2), "cannot be written as text: it raises TypeError"),
        (lambda: Deep(1), "cannot be written as text: it raises RecursionError"),
        (lambda: Broken(), "is a Broken: only text and numbers are filled in"),
        (lambda: OfMeta(), "is a OfMeta: only text and numbers are filled in"),
        (lambda: np.zeros(3), "is a ndarray: only text and numbers are filled in"),
        (lambda: b"lamp", "is a bytes: only text and numbers are filled in"),
        (lambda: None, "is a NoneType: only text and numbers are filled in"),
        (lambda: "a\0b", "holds a NUL or half a character (a lone surrogate): take it out"),
        (lambda: "a\ud800", "holds a NUL or half a character (a lone surrogate): take it out"),
        (lambda: "x" * (LONGEST + 1), f"has {LONGEST + 1:,} characters: at most {LONGEST:,} are filled in"),
    ],
)
def test_what_cannot_be_filled_in_is_one_line_in_prompt_and_options(make, told) -> None:
    problems: list[str] = []
    value = make()
    assert fill("{{x}} and {{x}}", {"x": value}, problems) == "{{x}} and {{x}}"
    assert problems == [f"{{{{x}}}} {told}"]
    for option in options.OPTIONS:
        if option.kind != "switch":
            name = "zoom=" if option.kind == "axis" else ""
            assert f"{{{{x}}}} {told}" in parsing.parse(f"{option.flag} {name}{{{{x}}}}", {"x": value}).problems


def test_an_interrupt_is_no_mistake_of_a_variable() -> None:
    class Slow(int):
        def __str__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill("{{x}}", {"x": Slow(1)}, [])
