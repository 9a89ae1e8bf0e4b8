"""The outputs of a saved notebook: found wherever they are kept, and everything else left as it was."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.notebook.bundling.saved_outputs import STATE, VIEW, html_texts, is_notebook, with_html, without_widgets

HTML = '<video src="a.mp4"></video>\n<a href="a.mp4">Open</a>'


def shown(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {"runway_nb": {"place": "x"}}, "data": data}


def widget(model: str) -> dict[str, Any]:
    return shown(**{VIEW: {"model_id": model, "version_major": 2}, "text/plain": "Output()"})


def notebook(*outputs: Any, minor: int = 5, **metadata: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "abc", "source": ["x"], "metadata": {"tags": ["t"]}, "execution_count": 3}
    words = {"cell_type": "markdown", "id": "md", "source": HTML, "metadata": {}}
    kernel = {"name": "python3", "display_name": "Python 3"}
    return {
        "nbformat": 4, "nbformat_minor": minor, "metadata": {"kernelspec": kernel, **metadata},
        "cells": [words, {**cell, "outputs": list(outputs)}],
    }  # fmt: skip


def kept(model: str, html: Any) -> dict[str, Any]:
    """What the page keeps for a widget of ours."""
    output = {"output_type": "display_data", "data": {"text/html": html}, "metadata": {"runway_nb": {"kept": True}}}
    state = {"model_name": "OutputModel", "model_module": "@jupyter-widgets/output", "state": {"outputs": [output]}}
    return {"widgets": {STATE: {"version_major": 2, "version_minor": 0, "state": {model: state, "other": {}}}}}


def test_outputs_and_what_is_kept_for_widgets_are_found() -> None:
    saved = notebook(
        shown(**{"text/html": HTML}), shown(**{"text/html": HTML.splitlines(keepends=True)}), widget("m"),
        **kept("m", "kept"),
    )  # fmt: skip
    assert html_texts(saved) == [HTML, HTML, "kept"]


@pytest.mark.parametrize("minor", [4, 5])
def test_only_html_changes_and_its_form_stays(minor: int) -> None:
    lines = HTML.splitlines(keepends=True)
    saved = notebook(shown(**{"text/html": lines, "text/plain": "a.mp4"}), widget("m"), minor=minor, **kept("m", HTML))
    before = deepcopy(saved)
    changed = with_html(saved, lambda html: html.replace("a.mp4", "b.mp4"))
    assert saved == before
    assert changed["cells"][1]["outputs"][0]["data"]["text/html"] == [line.replace("a.mp4", "b.mp4") for line in lines]
    undone = with_html(changed, lambda html: html.replace("b.mp4", "a.mp4"))
    assert json.dumps(undone) == json.dumps(before)
    if minor == 5:
        nbformat.validate(nbformat.from_dict(changed))


def test_a_page_has_what_is_kept_in_the_place_of_a_widget() -> None:
    saved = notebook(widget("m"), widget("n"), **kept("m", HTML))
    first, second = without_widgets(saved)["cells"][1]["outputs"]
    assert first["data"] == {"text/html": HTML}
    assert second["data"] == {"text/plain": "Output()"}
    assert "widgets" not in without_widgets(saved)["metadata"]
    assert "widgets" in saved["metadata"]


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["cells", "outputs", "data", "text/html", "metadata", "widgets", STATE, "state", VIEW]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(anything, anything, anything)
def test_any_form_is_left_as_it_is(cells: Any, metadata: Any, output: Any) -> None:
    for saved in ({"nbformat": 4, "cells": cells, "metadata": metadata}, notebook(output, **kept("m", output))):
        before = deepcopy(saved)
        assert with_html(saved, lambda html: html) == before
        assert all(isinstance(text, str) for text in html_texts(saved))
        without_widgets(saved)
        assert saved == before
        assert is_notebook(saved) is isinstance(saved["cells"], list)
    assert not is_notebook(cells)
