"""Messages between the panel and its script in the page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any

import traitlets

from ...redaction import redact_line
from .ownership import Ownership, Person, person_of

_ASKED = 5
"""How often a page is asked to bring the panel into view: its script may still be loading."""
Act = Callable[[Mapping[str, Any]], None]


class Bridge:
    """The connection to the pages that show a panel.

    Args:
        preview: Its script carries the messages.
        fields: The controls by name. A message may bring the values that the page shows: a click can overtake them
            on their way to a busy kernel. What only changes controls brings what was `shown`, which is not taken; the
            answer has what became of controls whose values were still on their way (`late`).
        acts: What is done at a message, by its kind.
        client: Gives the connection by which the running cell or message came.
    """

    def __init__(
        self, preview: Any, fields: Mapping[str, Any], acts: Mapping[str, Act], client: Callable[[], str]
    ) -> None:
        self._preview, self._fields = preview, fields
        self._acts, self._client = acts, client
        self._ownership = Ownership()
        self._displays = self._views = 0
        self._reaches_notebook = False
        self._showing: set[str] = set()
        """The views that have reported themselves and are not known to be gone."""
        self._has_left = False
        self._pieces: dict[str, list[bytes]] = {}
        self._revealed = threading.Event()
        preview.on_msg(lambda _, content, buffers: self._heard(content, buffers))

    @property
    def has_script(self) -> bool:
        """Whether a script has reported that it is there; then the buttons' own messages are followed by its."""
        return self._views > 0

    @property
    def reaches_notebook(self) -> bool:
        """Whether the script can change the notebook's outputs and cells."""
        return self._reaches_notebook

    @property
    def has_lost_displays(self) -> bool:
        """Whether a page may know the display ids no more: it was loaded anew, or a deleted cell is there again."""
        return self._views > self._displays

    @property
    def has_left(self) -> bool:
        """Whether no page shows the panel any more, as its script has said: its output was replaced or deleted."""
        return self._has_left

    def displayed(self) -> None:
        """Count that the kernel has displayed the panel once more; it belongs to who has run the cell."""
        self._displays += 1
        self._ownership = self._ownership.opened(self._client())
        self._tell_owner()

    def is_for(self, client: str) -> bool:
        """Return True when whoever is at a connection may change the panel."""
        return self._ownership.allows(client)

    def keep(self, texts: Mapping[str, Mapping[str, Any]]) -> None:
        """Give the page what shall stand at each display id when the notebook is opened without this kernel."""
        self._preview.texts = dict(texts)

    def put(self, display_id: str, data: Mapping[str, Any]) -> None:
        """Show data at a display id, as `update_display` does for a page that knows it."""
        self._preview.send({"kind": "put", "display_id": display_id, "data": dict(data)})

    def reveal(self, seconds: float) -> bool:
        """Bring the panel into view, and return False where no page answers that it shows it.

        Blocks for so many seconds at most; the thread that takes the page's messages must be another one.
        """
        self._revealed.clear()
        for _ in range(_ASKED):
            self._preview.send({"kind": "reveal"})
            if self._revealed.wait(seconds / _ASKED):
                return True
        return False

    def answer(self, message: Mapping[str, Any], text: str = "", decided: Collection[str] = ()) -> None:
        """Answer a message: what it asked for is done, or is this text; `decided` are the controls that it has set."""
        late = {name: _shown(self._fields[name]) for name in message.get("late", ()) if name in decided}
        more = {"late": late} if late else {}
        self._preview.send({"kind": "answer", "number": message.get("number"), "text": text, **more})

    def whole_file(self, message: Mapping[str, Any]) -> bytes | None:
        """Return a file that comes in pieces, once the last one is there: a server takes no large message."""
        pieces = self._pieces.setdefault(str(message.get("file")), [])
        pieces += message["buffers"]
        if len(pieces) < int(message.get("count", 1)):
            return None
        return b"".join(self._pieces.pop(str(message.get("file"))))

    def announce(self, text: str) -> None:
        """Let a screen reader say a text."""
        self._preview.announcement = redact_line(text)

    def _note(self, content: Mapping[str, Any]) -> None:
        self._views += 1
        self._reaches_notebook = bool(content.get("notebook"))

    def _count(self, view: str, *, is_there: bool) -> None:
        """Note that a view has come or gone; the last word of a page that is closed may be missing."""
        (self._showing.add if is_there else self._showing.discard)(view)
        self._has_left = not self._showing

    def _meet(self, client: str, person: Person) -> None:
        before, self._ownership = self._ownership, self._ownership.met(client, person)
        if self._ownership.owner != before.owner:
            self._views = 0  # those of the others: they neither write results nor lose them
        self._tell_owner()

    def _tell_owner(self) -> None:
        """Tell all pages whose the panel is. A message, not a trait: traits may be saved in the notebook."""
        if self._ownership.is_shared:
            self._preview.send({"kind": "owner", **self._ownership.told()})

    def _heard(self, content: object, buffers: Iterable[Any] = ()) -> None:
        """Do what a message says; rubbish is no message."""
        message: dict[str, Any] = {**content} if isinstance(content, Mapping) else {}
        message |= {"buffers": [bytes(one) for one in buffers], "late": self._late(message.get("shown"))}
        kind, client = message.get("kind"), self._client()
        if kind == "shown":
            self._meet(client, person_of(message))
        if kind in ("shown", "left"):
            self._count(str(message.get("view")), is_there=kind == "shown")
        if self._ownership.allows(client):
            self._obey(kind, message)
        elif "number" in message:
            self.answer(message)  # the page waits for it

    def _obey(self, kind: object, message: Mapping[str, Any]) -> None:
        values = message.get("values")
        if kind == "shown":
            self._note(message)
        if kind == "revealed":
            self._revealed.set()
        for name, value in values.items() if isinstance(values, Mapping) else ():
            if name in self._fields:
                _take(self._fields[name], value)
        if isinstance(kind, str) and kind in self._acts:
            self._acts[kind](message)

    def _late(self, shown: object) -> list[str]:
        """Return the controls that a page shows otherwise than they are here: their values are still on their way."""
        if not isinstance(shown, Mapping):
            return []
        return [name for name, control in self._fields.items() if name in shown and shown[name] != _shown(control)]


def _shown(control: Any) -> Any:
    """Return what a page shows of a control that it knows as it is: of a list the entry."""
    labels = getattr(control, "_options_labels", None)
    return control.value if labels is None or control.index is None else labels[control.index]


def _take(control: Any, value: Any) -> None:
    """Set a control as the page does, which hears nothing of it.

    An entry that is not in a list any more is left, and so is what no control of its kind can show.
    """
    labels = getattr(control, "_options_labels", None)
    with suppress(traitlets.TraitError):
        if labels is None:
            control.set_state({"value": value})
        elif value in labels:
            control.set_state({"index": labels.index(value)})
