"""One field of a create call: what it takes, and how it refuses everything else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .contract import RefusedError, wrong


@dataclass(frozen=True)
class Field:
    """What a field of a create call takes."""

    kind: Literal["text", "number", "integer", "flag"]
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[Any, ...] = ()
    longest: int | None = None

    def read(self, name: str, value: Any) -> Any:
        """Return the value, or raise a refusal that names the field."""
        if not self._has_kind(value):
            raise wrong(name)
        if self.choices and value not in self.choices:
            raise unsupported(name, self.choices)
        if self.longest is not None and len(value) > self.longest:
            raise RefusedError(400, f"{name} is too long")
        if self.kind in ("number", "integer") and not self.low <= value <= self.high:
            raise wrong(name)
        return int(value) if self.kind == "integer" else value

    def _has_kind(self, value: Any) -> bool:
        if self.kind == "text":
            return isinstance(value, str)
        if self.kind == "flag":
            return isinstance(value, bool)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            return False
        return self.kind == "number" or value == int(value)

    def from_text(self, text: str) -> Any:
        """Return the value that a form field spells; the text itself where it spells none."""
        if self.kind == "flag":
            return {"true": True, "false": False}.get(text, text)
        if self.kind == "text":
            return text
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return text


def unsupported(name: str, choices: tuple[Any, ...], when: str = "") -> RefusedError:
    """Return the refusal of a value that is none of the choices (API facts 3.5); `when` says where only those go."""
    return RefusedError(400, f"Supported values for {name}{when}: {', '.join(map(str, choices))}")


def given(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a body that hold something: `null` and an empty text count as left out."""
    return {name: value for name, value in body.items() if value is not None and value != ""}
