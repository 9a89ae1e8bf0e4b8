"""Paths that arguments and settings name, read and checked."""

from __future__ import annotations

from pathlib import Path

from ..errors import InvalidRequest, SettingsError
from ..values.plain import is_a, path_text, shown
from .paths import expanded, whole_path, working_folder


def read_path(value: object, name: str) -> Path:
    """Return the path that an argument names, `~` filled in. Raises `InvalidRequest`."""
    text = path_text(value)
    if not is_a(text, str) or not str(text).strip():
        raise InvalidRequest([f"{name} is {shown(value)}: give a path"])
    try:
        return expanded(str(text))
    except ValueError as error:
        raise InvalidRequest([f"{name} is {shown(text)}: {error}"]) from None


def setting_path(value: object, name: str) -> Path:
    """Return the whole path that a setting names. Raises `SettingsError`."""
    text = path_text(value)
    if not is_a(text, str):
        raise SettingsError(f"{name} is {shown(value)}: give a path")
    try:
        return whole_path(str(text))
    except ValueError as error:
        raise SettingsError(f"{name} is {shown(text)}: {error}") from None


def result_folder(folder: object, output: Path) -> Path:
    """Return the whole path of a notebook's folder. Raises `SettingsError` where a result would have no place in it."""
    found = working_folder() / read_path(folder, "folder")
    if (found / output).is_absolute():
        return found
    raise SettingsError(
        f"output is {shown(str(output))} and the working directory is deleted: set RUNWAY_NB_OUTPUT to a whole path, "
        "or go to another folder with os.chdir"
    )
