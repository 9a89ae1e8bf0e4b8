"""The outputs of a saved notebook, as its JSON has them: HTML, and what stands for widgets. Pure functions.

A notebook may be of anybody: what has another form than nbformat says is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
_HTML = "text/html"

Notebook = dict[str, Any]


def is_notebook(value: object) -> bool:
    """Return True for the JSON of a notebook of nbformat 4, whatever its minor version."""
    return isinstance(value, dict) and value.get("nbformat") == 4 and isinstance(value.get("cells"), list)


def html_texts(notebook: Notebook) -> list[str]:
    """Return all HTML of outputs, those included that are kept for widgets whose kernel is gone."""
    return [text for data in _bundles(notebook) if (text := _text(data.get(_HTML))) is not None]


def cell_texts(notebook: Notebook) -> Iterator[tuple[int, str]]:
    """Yield what is typed in cells and what they printed, with the numbers of the cells, from 1."""
    for number, cell in enumerate(_dicts(notebook.get("cells")), 1):
        outputs = _dicts(cell.get("outputs"))
        saved = [
            cell.get("source"),
            *(part for output in outputs for part in (output.get("text"), output.get("evalue"))),
        ]
        for text in map(_text, saved):
            if text:
                yield number, text


def with_html(notebook: Notebook, change: Callable[[str], str]) -> Notebook:
    """Return the notebook with the HTML of its outputs changed, and nothing else."""
    made = deepcopy(notebook)
    for data in _bundles(made):
        saved = data.get(_HTML)
        text = _text(saved)
        if text is None or (new := change(text)) == text:
            continue
        data[_HTML] = new if isinstance(saved, str) else new.splitlines(keepends=True)
    return made


def without_widgets(notebook: Notebook) -> Notebook:
    """Return the notebook for a page in which no widget lives: what is kept for each stands in its place.

    Of other widgets the text remains.
    """
    made = deepcopy(notebook)
    kept = dict(_kept(made))
    for cell in _dicts(made.get("cells")):
        if isinstance(cell.get("outputs"), list):
            cell["outputs"] = [new for output in cell["outputs"] for new in _unliving(output, kept)]
    if isinstance(made.get("metadata"), dict):
        made["metadata"].pop("widgets", None)
    return made


def _unliving(output: Any, kept: dict[str, list[Any]]) -> list[Any]:
    data = output.get("data") if isinstance(output, dict) else None
    view = data.pop(VIEW, None) if isinstance(data, dict) else None
    model = view.get("model_id") if isinstance(view, dict) else None
    return deepcopy(kept[model]) if isinstance(model, str) and model in kept else [output]


def _bundles(notebook: Notebook) -> Iterator[dict[str, Any]]:
    """Yield the data of every output by MIME type."""
    saved = [output for cell in _dicts(notebook.get("cells")) for output in _dicts(cell.get("outputs"))]
    kept = [output for _, outputs in _kept(notebook) for output in _dicts(outputs)]
    for output in (*saved, *kept):
        if isinstance(output.get("data"), dict):
            yield output["data"]


def _kept(notebook: Notebook) -> Iterator[tuple[str, list[Any]]]:
    """Yield what output widgets hold, by the ids of their models."""
    found: Any = notebook
    for key in ("metadata", "widgets", STATE, "state"):
        found = found.get(key) if isinstance(found, dict) else None
    for model, saved in found.items() if isinstance(found, dict) else ():
        state = saved.get("state") if isinstance(saved, dict) else None
        outputs = state.get("outputs") if isinstance(state, dict) else None
        if isinstance(outputs, list) and outputs:
            yield model, outputs


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    """Return a text that nbformat may have parted into lines."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value if isinstance(value, str) else None
