"""The small widgets that all of the panel's controls are made of, and what stands around their callbacks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from html import escape
from typing import Any

import ipywidgets

from ...errors import RunwayError
from ...redaction import redact, redact_line
from ...values.plain import is_interrupt, kind_of, message_of

_SHARED: dict[type, Any] = {}


def make_widget(kind: Any, *arguments: Any, classes: str = "", **traits: Any) -> Any:
    """Return a widget whose layout and style are those of all others here, with the CSS classes that are named.

    The style sheet says what they look like. A layout and a style of its own would be two more messages for each
    widget. A class or a value that comes later is one more, so give what it begins with.
    """
    synced = _synced(kind)
    traits["_dom_classes"] = classes.split()
    traits["keys"] = [*synced]  # each widget would look for them among all of its traits
    if "tooltip" in synced:
        traits.setdefault("tooltip", "")  # nothing would be shown as the word null
    traits.setdefault("layout", _shared(ipywidgets.Layout))
    if "style" in synced:
        traits.setdefault("style", _shared(kind.style.klass))
    return kind(*arguments, **traits)


@cache
def _synced(kind: Any) -> tuple[str, ...]:
    """Return the names of the traits that a kind of widget shares with its page."""
    return tuple(kind.class_trait_names(sync=True))


def _shared(kind: type) -> Any:
    """Return the one of its kind; a new one when somebody has closed all widgets."""
    if kind not in _SHARED or _SHARED[kind].comm is None:
        _SHARED[kind] = kind()
    return _SHARED[kind]


def button(
    text: str, act: Callable[[], None], classes: str = "", *, hint: str = "", disabled: bool = False
) -> ipywidgets.Button:
    """Return a button that calls `act` without arguments."""
    made = make_widget(ipywidgets.Button, description=text, tooltip=hint, disabled=disabled, classes=classes)
    made.on_click(lambda _: act())
    return made


def caption(text: str) -> ipywidgets.HTML:
    """Return the name of a group."""
    return make_widget(ipywidgets.HTML, f'<div class="rnb-group">{escape(text)}</div>', classes="rnb-caption")


def line(text: str, kind: str = "rnb-detail") -> str:
    """Return one line of text as HTML; nothing for no text."""
    return f'<div class="{kind}">{escape(redact_line(text))}</div>' if text else ""


def problem(text: str, *, spoken: bool = True) -> str:
    """Return what is wrong with a control as HTML, which screen readers read out when it appears, if `spoken`."""
    role = ' role="alert"' if spoken else ""
    return f'<div class="rnb-problem"{role}>{escape(redact(text))}</div>' if text else ""


@contextmanager
def reports_errors(report: Callable[[str], None]) -> Iterator[None]:
    """Stand around what somebody asked for in a page: whatever goes wrong is one line, an observer's exit included."""
    try:
        yield
    except RunwayError as error:
        report(error.message)
    except BaseException as error:  # observers of the user may raise anything
        if is_interrupt(error):
            raise
        report(unexpected(error))


def unexpected(error: BaseException) -> str:
    """Return an error that nobody has thought of, on one line."""
    return redact(f"{kind_of(error)}: {message_of(error)}")


class SuppressEvents(threading.local):
    """While a thread has entered it, its changes come from the program, and are no events of the user.

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


class LastShown:
    """The traits of widgets as they were last set from the state.

    A control is set only when its value in the state has changed: what a user is typing meanwhile stays.
    """

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def taken(self, name: str, control: Any) -> Any:
        """Return the value of a control that the user has changed: the page has it already."""
        self._values[name] = control.value
        return control.value

    def forget(self, name: str) -> None:
        """Set a control the next time, whatever was shown: it is another one, or has other choices."""
        self._values.pop(name, None)

    def show(self, controls: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Set the controls whose values have changed."""
        for name, control in controls.items():
            if name not in self._values or self._values[name] != values[name]:
                self._values[name] = values[name]
                control.value = values[name]
