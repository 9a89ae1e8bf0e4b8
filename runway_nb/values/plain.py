"""What a caller gave, as plain values of Python: read once, on the way in.

Numbers of numpy, pandas and torch, `Decimal`, `Fraction` and whatever else counts as a number become `int`, `float`
and `bool`; texts of other kinds become `str`. What cannot be read becomes `Unusable`, which is refused with a line
like any other mistake. No method of a foreign value can raise past this module.
"""

from __future__ import annotations

import math
import operator
import os
import reprlib
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any, TypeVar

from ..errors import InvalidRequest, RunwayError, masked

T = TypeVar("T")

SHOWN = 60
"""Characters of a value that a message shows at most."""
EXACT = 2**53
"""Up to here a float holds every whole number."""
LARGEST_BITS = 1000
"""Bits of a whole number that is still read; what is larger takes long to print and is no value of ours."""
DIGITS_PER_BIT = math.log10(2)
_DTYPES = "buifU"
"""Kinds of numpy types that are read: switches, whole numbers, floats, texts; no dates, no complex numbers."""
_PLAIN = (str, int, float, bool, type(None))


class Unusable:
    """Stands for a value that cannot be read, and shows itself as that did, in short."""

    __slots__ = ("_text",)

    def __init__(self, value: object) -> None:
        self._text = shown(value)

    def __repr__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unusable) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


# --- shown ------------------------------------------------------------------------------------------


class _Short(reprlib.Repr):
    """Long values with their middle left out, and numbers that Python refuses to print."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 4 * SHOWN

    def repr_int(self, value: int, level: int) -> str:
        if value.bit_length() > LARGEST_BITS:
            return f"a whole number of {int(value.bit_length() * DIGITS_PER_BIT) + 1:,} digits"
        return super().repr_int(value, level)

    def repr_float(self, value: float, _: int) -> str:
        """Return a whole one without `.0`: whoever typed 11 looks for 11."""
        return str(int(value)) if value.is_integer() and abs(value) <= EXACT else float.__repr__(value)


_SHORT = _Short()


def shown(value: object) -> str:
    """Return the value as a message shows it: its `repr` in one short line, without secrets. Never raises."""
    text = _asked(lambda: _SHORT.repr(value), f"<{kind_of(value)}>")
    line = masked("".join(sign if sign.isprintable() else " " for sign in text))
    line = line if is_a(value, str) else " ".join(line.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 3] + "..."


def kind_of(value: object) -> str:
    """Return the name of a value's class, in short. Never raises."""
    return name_of(type(value))[:40]


def name_of(kind: type) -> str:
    """Return the name of a class, whatever its own class makes of such a question."""
    return str(type.__dict__["__name__"].__get__(kind))


def is_a(value: object, *kinds: type) -> bool:
    """Return what `isinstance` would, by the real class of the value: an object may lie about it, or raise."""
    return issubclass(type(value), kinds)


def unexpected(error: BaseException, failure: str = "something unexpected happened") -> RunwayError:
    """Return a foreign error as one line of ours; to be raised `from None`."""
    reason = getattr(error, "strerror", None)
    text = reason if is_a(reason, str) else message_of(error)
    return RunwayError(f"{failure} ({kind_of(error)}{text and ': '}{text})")


def is_interrupt(error: BaseException) -> bool:
    """Return True for an interrupt from the keyboard: it comes to the main thread only."""
    return is_a(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


def message_of(error: BaseException) -> str:
    """Return what a foreign error says, on one line and without secrets; nothing where it cannot even be asked."""
    return _asked(lambda: " ".join(masked(str(error)).split())[: 4 * SHOWN], "")


def _asked(ask: Callable[[], T], otherwise: T) -> T:
    """Return what foreign code answers. It may raise anything, even what is no `Exception`, as code that panics."""
    try:
        return ask()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - see above
        return otherwise


# --- read -------------------------------------------------------------------------------------------


def plain(value: object) -> Any:
    """Return the same value as `str`, `int`, `float`, `bool` or None; `Unusable` for what is none of these."""
    if type(value) in _PLAIN:
        return Unusable(value) if type(value) is int and value.bit_length() > LARGEST_BITS else value
    found = _asked(lambda: _read(value), None)
    return found if type(found) in _PLAIN and found is not None else Unusable(value)


def whole(value: object) -> Any:
    """Return the same as `plain`, and 5.0 is 5."""
    found = plain(value)
    return int(found) if type(found) is float and found.is_integer() and abs(found) <= EXACT else found


def pair(value: object) -> Any:
    """Return two plain values out of a tuple, a list or an array; anything else as `plain` gives it."""
    nothing: list[Any] | None = []
    items = _asked(lambda: _items(value), nothing)
    return plain(value) if items is None else (plain(items[0]), plain(items[1])) if len(items) == 2 else Unusable(value)


def column(value: object) -> tuple[Any, ...] | None:
    """Return the values of an array or of a table's column, which has one dimension; None for anything else."""
    nothing: list[Any] | None = None
    found = _asked(lambda: _listed(value), nothing)
    return None if found is None else tuple(found)


def records(value: object) -> list[dict[Any, Any]] | None:
    """Return the rows of a DataFrame, or of a list of mappings; None for anything else, and without a row."""
    nothing: list[dict[Any, Any]] | None = None
    return _asked(lambda: _rows(value), nothing) or None


def is_missing(value: object) -> bool:
    """Return True for what a table holds where it holds nothing: None, NaN, and what pandas has for it."""
    is_nan = is_a(value, float) and math.isnan(value)  # type: ignore[arg-type]
    return value is None or is_nan or name_of(type(value)) in ("NAType", "NaTType")


def _listed(value: Any) -> list[Any] | None:
    shape: Any = None if is_a(value, str, bytes, Mapping) else _shape(value)
    return list(value.tolist()) if shape is not None and len(shape) == 1 else None


def _rows(value: Any) -> list[dict[Any, Any]] | None:
    listed = value if is_a(value, list, tuple) else value.to_dict("records")
    return [dict(row) for row in listed] if all(is_a(row, Mapping) for row in listed) else None


def _items(value: Any) -> list[Any] | None:
    if is_a(value, tuple, list):
        return list(value[:3])
    if _has(value, "tolist") and _shape(value) == (2,):
        return list(value.tolist())
    return None


def _is_decimal(value: object) -> bool:
    # whoever has a Decimal has loaded its module; nobody else needs it
    module = sys.modules.get("decimal")
    return module is not None and is_a(value, module.Decimal)


def _read(value: Any) -> object:
    """Return a value of another class. May raise whatever that class does."""
    # the class's own reading, whatever a subclass makes of it
    for kind in (str, int, float):
        if is_a(value, kind):
            return plain(kind.__dict__[f"__{'str' if kind is str else kind.__name__}__"](value))
    if _is_decimal(value):
        return _of_float(value, float(value)) if value.is_finite() else None
    if (shape := _shape(value)) is not None:
        return _item(value) if shape == () else None
    if _has(value, "__index__"):
        try:
            return plain(operator.index(value))
        except TypeError:
            pass
    return _of_float(value, float(value)) if _has(value, "__float__") else None


def _item(value: Any) -> object:
    """Return what an array without dimensions holds."""
    kind: Any = getattr(getattr(value, "dtype", None), "kind", None)
    if is_a(kind, str) and kind not in _DTYPES:
        return None
    item: Any = value.item() if _has(value, "item") else None
    # a float that is longer than Python's gives itself
    return _of_float(value, float(value)) if type(item) is type(value) else plain(item)


def _of_float(value: Any, number: float) -> object:
    """Return a float, or the whole number that it stands for."""
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) <= EXACT and bool(value == int(number)) else number


def _shape(value: Any) -> object:
    """Return the shape of an array; None for anything else."""
    shape: Any = getattr(value, "shape", None)
    return tuple(shape) if is_a(shape, tuple) else None


def _has(value: object, method: str) -> bool:
    """Return True when its class defines the method; an object that answers to any name does not get in by that."""
    return callable(next((vars(base)[method] for base in type(value).__mro__ if method in vars(base)), None))


# --- checked ----------------------------------------------------------------------------------------


def checked_text(value: object, name: str) -> str:
    """Return the text of an argument. Raises `InvalidRequest` for anything else."""
    if type(found := plain(value)) is str:
        return found
    raise InvalidRequest([f"{name} is {shown(value)}: give text"])


def checked_texts(values: object, name: str) -> list[str]:
    """Return the texts of a list or tuple. Raises `InvalidRequest` for anything else."""
    if is_a(values, list, tuple):
        return [checked_text(value, f"{name}, each,") for value in values]  # type: ignore[attr-defined]
    raise InvalidRequest([f"{name} is {shown(values)}: give a list of texts"])


def checked_switch(value: object, name: str) -> bool:
    """Return a yes or no. Raises `InvalidRequest` for anything else: a word such as "no" would count as yes."""
    if type(found := plain(value)) is bool:
        return found
    raise InvalidRequest([f"{name} is {shown(value)}: give True or False"])


def checked_whole(value: object, name: str, low: int, high: int) -> int:
    """Return a whole number from a range, both ends included. Raises `InvalidRequest`."""
    if type(found := whole(value)) is int and low <= found <= high:
        return found
    raise InvalidRequest([f"{name} is {shown(value)}: give a whole number from {low} to {high}"])


def checked_number(value: object, name: str, what: str) -> float:
    """Return a finite number; `what` says which one to give. Raises `InvalidRequest`."""
    found = plain(value)
    if is_number(found):
        return found  # type: ignore[no-any-return]
    raise InvalidRequest([f"{name} is {shown(value)}: give {what}"])


def checked_timeout(value: object) -> float | None:
    """Return seconds that something may take; None for as long as it takes. Raises `InvalidRequest`."""
    found = plain(value)
    if value is None or (type(found) is float and found == math.inf):
        return None
    seconds = checked_number(value, "timeout", "seconds, such as 60, or None")
    # a lock waits no longer
    return min(max(0.0, seconds), threading.TIMEOUT_MAX)


def checked_call(value: Any, name: str) -> Callable[..., Any]:
    """Return a function. Raises `InvalidRequest` for what cannot be called."""
    if callable(value):
        return value  # type: ignore[no-any-return]
    raise InvalidRequest([f"{name} is {shown(value)}: give a function"])


def checked_kind(value: Any, name: str, kind: type, hint: str) -> Any:
    """Return the value, when it is of the kind. Raises `InvalidRequest` with what to give."""
    if is_a(value, kind):
        return value
    raise InvalidRequest([f"{name} is {shown(value)}: give {hint}"])


def checked_executor(value: Any) -> Executor:
    """Return an executor. Raises `InvalidRequest` for anything else, such as Dask's client."""
    hint = "one of concurrent.futures, such as ProcessPoolExecutor(); Dask's is client.get_executor()"
    executor: Executor = checked_kind(value, "executor", Executor, hint)
    return executor


def is_number(value: object) -> bool:
    """Return True for a finite plain number; a whole number may be beyond what a float can hold."""
    if type(value) is int:
        return value.bit_length() <= LARGEST_BITS
    return type(value) is float and math.isfinite(value)


HALF = "holds half a character (a lone surrogate): take it out"
"""What is wrong with text that cannot be encoded."""


def can_be_sent(text: str) -> bool:
    """Return False for text with half a character (a lone surrogate), which no file and no request can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def path_text(value: object) -> object:
    """Return the path in an `os.PathLike` as text, a text as `str`, else the value; `Unusable` where asking fails."""
    if is_a(value, str):
        return plain(value)
    if not _has(value, "__fspath__"):
        return value
    found = _asked(lambda: os.fsdecode(os.fspath(value)), None)  # type: ignore[call-overload]
    return Unusable(value) if found is None else found
