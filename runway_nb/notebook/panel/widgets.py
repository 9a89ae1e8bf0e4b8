"""Small parts that all of the panel's controls are made of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

import ipywidgets

from ...errors import RunwayError
from ...redaction import redact, redact_line
from ...values.plain import is_interrupt, kind_of, words_of

_SHARED: dict[type, Any] = {}


def lean(kind: Any, *arguments: Any, classes: str = "", **traits: Any) -> Any:
    """A widget whose layout and style are those of all others here, with the CSS classes that are named.

    The style sheet says what they look like. A layout and a style of its own would be two more messages for each
    widget. A class or a value that comes later is one more, so give what it begins with.
    """
    traits["_dom_classes"] = classes.split()
    if "tooltip" in kind.class_trait_names():
        traits.setdefault("tooltip", "")  # nothing would be shown as the word null
    traits.setdefault("layout", _shared(ipywidgets.Layout))
    if "style" in kind.class_trait_names():
        traits.setdefault("style", _shared(kind.style.klass))
    return kind(*arguments, **traits)


def _shared(kind: type) -> Any:
    """The one of its kind; a new one when somebody has closed all widgets."""
    if kind not in _SHARED or _SHARED[kind].comm is None:
        _SHARED[kind] = kind()
    return _SHARED[kind]


def button(
    words: str, act: Callable[[], None], classes: str = "", *, hint: str = "", disabled: bool = False
) -> ipywidgets.Button:
    """A button that calls `act` without arguments."""
    made = lean(ipywidgets.Button, description=words, tooltip=hint, disabled=disabled, classes=classes)
    made.on_click(lambda _: act())
    return made


def caption(words: str) -> ipywidgets.HTML:
    """The name of a group."""
    return lean(ipywidgets.HTML, f'<div class="rnb-group">{escape(words)}</div>', classes="rnb-caption")


def line(words: str, kind: str = "rnb-detail") -> str:
    """One line of text as HTML; nothing for no words."""
    return f'<div class="{kind}">{escape(redact_line(words))}</div>' if words else ""


def problem(words: str) -> str:
    """What is wrong with a control, in words; told to screen readers when it appears."""
    return f'<div class="rnb-problem" role="alert">{escape(redact(words))}</div>' if words else ""


@contextmanager
def told(say: Callable[[str], None]) -> Iterator[None]:
    """Stands around what somebody asked for in a page: whatever goes wrong is one line, an observer's exit included."""
    try:
        yield
    except RunwayError as error:
        say(error.message)
    except BaseException as error:  # observers of the user may raise anything
        if is_interrupt(error):
            raise
        say(unexpected(error))


def unexpected(error: BaseException) -> str:
    """An error that nobody has thought of, on one line."""
    return redact(f"{kind_of(error)}: {words_of(error)}")


class Mute(threading.local):
    """While a thread has entered it, its changes come from the program: they are told to nobody.

    Another thread may be that of the user meanwhile, so each has its own.
    """

    def __init__(self) -> None:
        self._depth = 0

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1

    def __bool__(self) -> bool:
        return self._depth > 0
