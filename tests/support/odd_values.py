"""Values that no documentation promises anything about, as a notebook holds them."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np


class Rude:
    """Raises whatever it is asked."""

    raised: ClassVar[type[BaseException]] = RuntimeError

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise type(self).raised("rude")

    __repr__ = __str__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = _refuse
    __float__ = __index__ = __int__ = __fspath__ = __lt__ = __le__ = __gt__ = __ge__ = __format__ = _refuse
    __getattr__ = _refuse


class Stopping(Rude):
    """The same with what is no `Exception`, as machine code that panics."""

    raised = SystemExit


class RudeText(str):
    """A text whose methods raise."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("rude")

    __repr__ = __str__ = __eq__ = __hash__ = __len__ = __iter__ = __getitem__ = __contains__ = __format__ = _refuse
    strip = encode = lower = casefold = startswith = split = _refuse


class RudeNumber(float):
    """A number whose methods raise."""

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("rude")

    __repr__ = __str__ = __eq__ = __hash__ = __float__ = __int__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    is_integer = __format__ = __abs__ = __bool__ = _refuse


class Liar:
    """An object whose class cannot be asked, such as a dead proxy."""

    @property
    def __class__(self) -> Any:
        raise ReferenceError("gone")

    @__class__.setter
    def __class__(self, _: Any) -> None: ...


class Shouting:
    """Shows itself with a megabyte, over many lines and with signs that steer a terminal."""

    def __repr__(self) -> str:
        return "\x1b[31m\n\u202e" + "x" * 1_000_000


class Level(enum.IntEnum):
    """A whole number by another name."""

    FIVE = 5


class Index:
    """Counts as a whole number."""

    def __index__(self) -> int:
        return 5


class Float:
    """Counts as a number."""

    def __float__(self) -> float:
        return 2.5


class Where:
    """A path that cannot be had."""

    def __fspath__(self) -> str:
        raise OSError("no path")


def _within_itself() -> list[Any]:
    found: list[Any] = [1]
    found.append(found)
    return found


NUMBERS: dict[str, Any] = {
    "int8": np.int8(5),
    "int64": np.int64(5), "uint32": np.uint32(5), "float16": np.float16(5), "float32": np.float32(5),
    "float64": np.float64(5), "longdouble": np.longdouble(5), "0-d": np.array(5), "0-d float": np.array(5.0),
    "Decimal": Decimal("5"), "Decimal 5.00": Decimal("5.00"), "Fraction": Fraction(10, 2), "IntEnum": Level.FIVE,
    "index": Index(), "float": 5.0,
}  # fmt: skip
"""Fives."""

ODD: dict[str, Callable[[], Any]] = {
    "what stops": Stopping,
    "None": lambda: None,
    "True": lambda: True,
    "numpy bool": lambda: np.bool_(True),
    "0": lambda: 0,
    "-1": lambda: -1,
    "5": lambda: 5,
    "-0.0": lambda: -0.0,
    "half": lambda: 0.5,
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "-inf": lambda: -math.inf,
    "numpy nan": lambda: np.float32("nan"),
    "complex": lambda: 1 + 2j,
    "numpy complex": lambda: np.complex128(5),
    "huge": lambda: 10**400,
    "too long to print": lambda: -(10**5000),
    "Decimal nan": lambda: Decimal("sNaN"),
    "Decimal huge": lambda: Decimal("1e999999999"),
    "Fraction third": lambda: Fraction(1, 3),
    "Fraction huge": lambda: Fraction(10**400, 3),
    "float": Float,
    "array": lambda: np.arange(4.0),
    "pair": lambda: np.array([0.5, 0.25]),
    "objects": lambda: np.array([None, "a"], dtype=object),
    "date": lambda: np.datetime64("2026-11-22"),
    "span": lambda: np.timedelta64(5, "s"),
    "text": lambda: "5",
    "no text": lambda: "",
    "blank": lambda: " \t\n",
    "numpy text": lambda: np.array(["landscape"])[0],
    "text of many": lambda: "x" * 200_000,
    "half a character": lambda: "a\ud800b",
    "NUL": lambda: "a\0b.png",
    "nobody's home": lambda: "~nosuchuser/x.png",
    "escape": lambda: "\x1b]0;x\x07\u202e",
    "bytes": lambda: b"landscape",
    "bytearray": lambda: bytearray(b"x"),
    "path": lambda: Path("nothing/here.png"),
    "no path": Where,
    "list": lambda: [1, 2, 3],
    "empty list": list,
    "list in itself": _within_itself,
    "tuple": lambda: (0.5, math.nan),
    "dict": lambda: {"zoom": 4},
    "set": lambda: {1},
    "generator": lambda: (x for x in (1, 2)),
    "class": lambda: int,
    "function": lambda: len,
    "object": object,
    "rude": Rude,
    "rude text": lambda: RudeText("landscape"),
    "rude number": lambda: RudeNumber(5),
    "liar": Liar,
    "shouting": Shouting,
    "deep": lambda: _deep(2000),
    **{f"five as {name}": (lambda value=value: value) for name, value in NUMBERS.items()},  # type: ignore[misc]
}
"""What to call the value, and how to make it."""


def _deep(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found
