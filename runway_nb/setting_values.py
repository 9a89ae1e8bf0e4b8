"""The values of settings, read and checked: from the environment all are texts, from a caller they are anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from .budgets import read_budgets
from .errors import InvalidRequest, SettingsError
from .ledger_address import read_ledger_address
from .models import model_named
from .spec import EMBED, MAX_JOBS_RANGE, MOST_CREDITS
from .storage.given_paths import read_path
from .values.plain import plain, shown, whole

MODERATED_RANGE = (1, 1000)
"""Refusals by moderation within a day: without any, every request would need an explicit yes."""
LONGEST_USER = 254
"""Characters of a user's name: an e-mail address has no more."""
_SWITCHES = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def read_text(name: str, value: object) -> str:
    """Return a text. Raises `SettingsError`, as all of these do."""
    if type(found := plain(value)) is str:
        return found
    raise SettingsError(f"{name} is {shown(value)}: give text")


def read_number(name: str, value: object, low: int, high: int) -> int:
    """Return a whole number, or the text of one, from a range with both ends."""
    found = whole(value)
    if type(found) is str and re.fullmatch(r"[0-9]{1,10}", found.strip()):
        found = int(found)
    if type(found) is int and low <= found <= high:
        return found
    raise SettingsError(f"{name} is {shown(value)}: give a whole number from {low} to {high}")


def read_switch(name: str, value: object) -> bool:
    """Return a yes or no, or what a name of either stands for."""
    found = whole(value)
    name_of_value = str(found).strip().lower() if type(found) in (str, int, bool) else ""
    if name_of_value not in _SWITCHES:
        raise SettingsError(f"{name} is {shown(value)}: give 1 or 0")
    return _SWITCHES[name_of_value]


def read_embed(name: str, value: object) -> str:
    """Return `auto`, `always` or `never`."""
    if (mode := plain(value)) not in EMBED:
        raise SettingsError(f"{name} is {shown(value)}: give {', '.join(EMBED)}")
    return str(mode)


def read_model(name: str, value: object) -> str:
    """Return the name of a model."""
    try:
        return model_named(plain(value)).name
    except InvalidRequest as error:
        raise SettingsError(error.message.replace("model is", f"{name} is", 1)) from None


def read_folder(name: str, value: object) -> Path:
    """Return a path, `~` filled in."""
    try:
        return read_path(value, name)
    except InvalidRequest as error:
        raise SettingsError(error.message) from None


def read_user(name: str, value: object) -> str:
    """Return the name of a user; nothing for none."""
    found = "" if value is None else read_text(name, value).strip()
    if len(found) > LONGEST_USER or not found.isprintable():
        raise SettingsError(f"{name} is no name: give one line of at most {LONGEST_USER} characters")
    return found


READERS: dict[str, Callable[[str, object], object]] = {
    "home": read_folder,
    "ledger": lambda _, value: read_ledger_address(value),
    "output": read_folder,
    "embed": read_embed,
    "multipart": read_switch,
    "reuse": read_switch,
    "max_credits": lambda name, value: None if value is None else read_number(name, value, 0, MOST_CREDITS),
    "max_moderated": lambda name, value: read_number(name, value, *MODERATED_RANGE),
    "model": read_model,
    "unknown_price": read_switch,
    "confirm_credits": lambda name, value: read_number(name, value, 0, MOST_CREDITS),
    "user": read_user,
    "budget": lambda _, value: read_budgets(value),
    "slots": lambda name, value: read_number(name, value, *MAX_JOBS_RANGE),
}
"""How each value of `Settings` is read, but for token and address."""
